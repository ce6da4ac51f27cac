//! The room as a whole, against a real database.

use std::sync::Mutex;

use jiff::{SignedDuration, ToSpan};
use rstest::rstest;

use super::registry::NewAccount;
use super::*;
use crate::audit::{self, Action, Actor, AuditError, By, Filter};
use crate::database::scratch::Scratch;
use crate::database::statement::statement;
use crate::database::{Database, Location};
use crate::domain::check_in::Acting;
use crate::domain::clock::{Clock, SystemEntropy};
use crate::domain::ids::{CheckInId, NodeId, StaffId};

/// A clock that tests set.
pub(crate) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub(crate) fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Check-ins that tests set.
#[derive(Default)]
pub(crate) struct TestPresence(Mutex<HashMap<StaffId, Acting>>);

impl Presence for TestPresence {
    fn acting(&self, staff: StaffId) -> Option<Acting> {
        self.0.lock().unwrap().get(&staff).cloned()
    }
}

pub(crate) struct Fixture {
    pub(crate) clock: Arc<TestClock>,
    presence: Arc<TestPresence>,
    pub(crate) identity: Arc<Identity>,
    database: Database,
    folder: tempfile::TempDir,
    /// Dropped after its connections.
    _scratch: Option<Scratch>,
}

/// Which database a test runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

/// On SQLite.
pub(crate) async fn fixture() -> Fixture {
    fixture_over(Settings::default(), None).await
}

/// On SQLite; `live`: over other check-ins than those that tests set.
pub(crate) async fn fixture_over(settings: Settings, live: Option<Arc<dyn Presence>>) -> Fixture {
    built(On::Sqlite, settings, live).await.unwrap()
}

/// On either database; `None` where there is no PostgreSQL, after saying so.
async fn fixture_on(on: On) -> Option<Fixture> {
    built(on, Settings::default(), None).await
}

async fn built(on: On, settings: Settings, live: Option<Arc<dyn Presence>>) -> Option<Fixture> {
    let folder = tempfile::tempdir().unwrap();
    let (scratch, location) = match on {
        On::Sqlite => (None, Location::File(folder.path().join("sokuho.sqlite"))),
        On::Postgres => {
            let scratch = Scratch::new()?;
            let location = scratch.location();
            (Some(scratch), location)
        }
    };
    let database = Database::open(&location).await.unwrap();
    let clock = Arc::new(TestClock(Mutex::new("2026-07-01T00:00:00Z".parse().unwrap())));
    let presence = Arc::new(TestPresence::default());
    let registry = registry(&database, &folder, &clock, NodeId(Uuid::from_u128(7))).await;
    let seen = live.unwrap_or_else(|| Arc::<TestPresence>::clone(&presence));
    let identity = Arc::new(Identity::new(registry, seen, settings).await.unwrap());
    Some(Fixture { clock, presence, identity, database, folder, _scratch: scratch })
}

async fn registry(database: &Database, folder: &tempfile::TempDir, clock: &Arc<TestClock>, node: NodeId) -> Registry {
    let (keys, clock) = (folder.path().join("keys"), Arc::<TestClock>::clone(clock));
    Registry::open(database.clone(), &keys, node, clock, Arc::new(SystemEntropy)).await.unwrap()
}

/// Somebody at the command line.
pub(crate) fn by() -> By {
    By { actor: Actor::CommandLine { user: Some("root".to_owned()) }, office: None, reason: None }
}

impl Fixture {
    /// Makes an account of office 07202.
    pub(crate) async fn account(&self, name: &str, role: Role) -> StaffId {
        self.account_at(name, role, "07202").await
    }

    pub(crate) async fn account_at(&self, name: &str, role: Role, work_office: &str) -> StaffId {
        let new = new_account(name, role, work_office);
        let account = self.identity.registry().add_account(new, &by()).await.unwrap();
        self.identity.look().await;
        account.staff.id
    }

    pub(crate) async fn sign_in(&self, name: &str) -> SessionTokens {
        self.identity.sign_in(name, PASSWORD, None).await.unwrap()
    }

    fn staff(&self, tokens: &SessionTokens) -> StaffCaller {
        match self.identity.caller(&tokens.access).unwrap() {
            Caller::Staff(staff) => staff,
            other => panic!("{other:?}"),
        }
    }

    fn check_in(&self, staff: StaffId, at: &str, role: Option<Role>) {
        let acting = Acting { check_in: CheckInId(Uuid::from_u128(1)), office: office(at), role };
        self.presence.0.lock().unwrap().insert(staff, acting);
    }
}

fn new_account(name: &str, role: Role, work_office: &str) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        display_name: format!("職員 {name}"),
        password: PASSWORD.to_owned(),
        work_office: office(work_office),
        home_office: Some(office("07423")),
        role,
    }
}

pub(crate) fn office(code: &str) -> OfficeCode {
    code.parse().unwrap()
}

#[rstest]
#[tokio::test]
async fn signing_in_needs_the_right_password_and_does_not_tell_which_was_wrong(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("Sato", Role::Field).await;
    let tokens = f.sign_in("SATO").await;
    assert_eq!(f.staff(&tokens).name, "職員 Sato");
    for (name, password) in [("sato", "wrong horse battery"), ("suzuki", PASSWORD), ("佐藤", PASSWORD), ("", "")] {
        let refused = f.identity.sign_in(name, password, None).await;
        assert!(matches!(refused, Err(SignInError::Wrong)), "{name}: {refused:?}");
    }
    f.identity.registry().set_disabled("sato", true, &by()).await.unwrap();
    assert!(matches!(f.identity.sign_in("sato", PASSWORD, None).await, Err(SignInError::Wrong)));
}

#[rstest]
#[tokio::test]
async fn account_names_are_unique_whatever_their_case_and_fields_are_checked(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let new = |name: &str, display_name: &str, password: &str| NewAccount {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        password: password.to_owned(),
        work_office: office("07202"),
        home_office: None,
        role: Role::Viewer,
    };
    let registry = f.identity.registry();
    assert!(matches!(registry.add_account(new("SATO", "x", PASSWORD), &by()).await, Err(IdentityError::NameTaken)));
    assert!(matches!(registry.add_account(new("s ato", "x", PASSWORD), &by()).await, Err(IdentityError::BadName)));
    for bad in ["a\nb", "佐藤\u{202E}者理管", "\u{200F}佐藤"] {
        let refused = registry.add_account(new("abe", bad, PASSWORD), &by()).await;
        assert!(matches!(refused, Err(IdentityError::BadDisplayName)), "{bad:?}");
    }
    assert!(matches!(registry.add_account(new("abe", "x", "short"), &by()).await, Err(IdentityError::BadPassword)));
    assert_eq!(registry.accounts().await.unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn an_access_token_ends_after_a_quarter_of_an_hour_and_a_refresh_gives_the_next(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let first = f.sign_in("sato").await;
    f.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(f.identity.caller(&first.access), Err(TokenError::Expired));
    let second = f.identity.refresh(&first.refresh, None).await.unwrap();
    assert_ne!(second.refresh, first.refresh);
    assert_eq!(second.refresh_expires_at, first.refresh_expires_at, "the session does not grow");
    f.staff(&second);
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_is_given_again_within_the_grace_without_a_second_branch(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let first = f.sign_in("sato").await;
    let lost = f.identity.refresh(&first.refresh, None).await.unwrap();
    f.clock.advance(SignedDuration::from_secs(30));
    let again = f.identity.refresh(&first.refresh, None).await.unwrap();
    assert_eq!(again.refresh, lost.refresh);
    f.staff(&again);
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_is_given_again_until_its_successor_was_used(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let first = f.sign_in("sato").await;
    f.staff(&first);
    f.identity.refresh(&first.refresh, None).await.unwrap();
    for _ in 0..3 {
        f.clock.advance(SignedDuration::from_mins(20));
        f.identity.refresh(&first.refresh, None).await.unwrap();
    }
    let arrived = f.identity.refresh(&first.refresh, None).await.unwrap();
    f.staff(&arrived);
    f.clock.advance(SignedDuration::from_secs(31));
    f.clock.advance(SignedDuration::from_mins(1));
    let stolen = f.identity.refresh(&first.refresh, None).await;
    assert!(matches!(stolen, Err(RefreshError::Token(TokenError::Revoked))), "{stolen:?}");
    assert_eq!(f.identity.caller(&arrived.access), Err(TokenError::Revoked));
    assert!(f.identity.used.lock().unwrap().is_empty(), "only live sessions are remembered");
}

#[rstest]
#[tokio::test]
async fn what_was_used_before_a_restart_is_not_known_so_that_only_the_grace_holds(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let first = f.sign_in("sato").await;
    let second = f.identity.refresh(&first.refresh, None).await.unwrap();
    f.staff(&second);
    f.clock.advance(SignedDuration::from_secs(20));
    let again = registry(&f.database, &f.folder, &f.clock, NodeId(Uuid::from_u128(7))).await;
    let restarted = Identity::new(again, Arc::<TestPresence>::clone(&f.presence), Settings::default()).await.unwrap();
    restarted.refresh(&first.refresh, None).await.unwrap();
    f.clock.advance(SignedDuration::from_secs(20));
    let stolen = restarted.refresh(&first.refresh, None).await;
    assert!(matches!(stolen, Err(RefreshError::Token(TokenError::Revoked))), "{stolen:?}");
}

#[rstest]
#[tokio::test]
async fn a_token_that_the_command_line_made_just_now_is_taken_at_once(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    let command_line = registry(&f.database, &f.folder, &f.clock, NodeId(Uuid::from_u128(7))).await;
    let (wall, token) = command_line.make_wall_token(office("07202"), "", &by()).await.unwrap();
    assert_eq!(f.identity.caller(&token), Err(TokenError::Revoked), "no look has been made yet");
    let caller = f.identity.establish(&token).await;
    assert_eq!(caller, Ok(Caller::Wall { token: wall.id, office: office("07202") }));
    command_line.revoke_wall_token(wall.id, &by()).await.unwrap();
    f.identity.look().await;
    assert_eq!(f.identity.establish(&token).await, Err(TokenError::Revoked));
    f.clock.advance(SignedDuration::from_secs(6));
    assert!(!f.identity.is_new(&token), "an older token costs no look");
}

#[rstest]
#[tokio::test]
async fn however_many_bring_a_new_token_that_is_not_known_looks_are_few(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    let command_line = registry(&f.database, &f.folder, &f.clock, NodeId(Uuid::from_u128(7))).await;
    let (_, token) = command_line.make_wall_token(office("07202"), "", &by()).await.unwrap();
    f.database.execute(statement("DELETE FROM wall_token")).await.unwrap();
    let began = tokio::time::Instant::now();
    let asked = futures_util::future::join_all((0..1_000).map(|_| f.identity.establish(&token))).await;
    assert!(asked.iter().all(|caller| *caller == Err(TokenError::Revoked)));
    f.identity.establish(&token).await.unwrap_err();
    f.identity.establish(&token).await.unwrap_err();
    assert!(began.elapsed() >= LOOKS_APART * 2, "three looks at least so far apart");
}

#[rstest]
#[tokio::test]
async fn an_old_refresh_token_that_comes_back_revokes_the_session_and_no_other(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let other = f.sign_in("sato").await;
    for too_late in [true, false] {
        let first = f.sign_in("sato").await;
        let mut newest = f.identity.refresh(&first.refresh, None).await.unwrap();
        f.staff(&newest);
        if too_late {
            f.clock.advance(SignedDuration::from_secs(31));
        } else {
            newest = f.identity.refresh(&newest.refresh, None).await.unwrap();
        }
        let reused = f.identity.refresh(&first.refresh, None).await;
        assert!(matches!(reused, Err(RefreshError::Token(TokenError::Revoked))), "{reused:?}");
        let after = f.identity.refresh(&newest.refresh, None).await;
        assert!(matches!(after, Err(RefreshError::Token(TokenError::Revoked))), "{after:?}");
        assert_eq!(f.identity.caller(&newest.access), Err(TokenError::Revoked));
    }
    f.staff(&other);
    f.identity.refresh(&other.refresh, None).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_session_ends_after_fourteen_days_however_often_it_was_refreshed(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let mut tokens = f.sign_in("sato").await;
    for _ in 0..14 {
        f.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
        tokens = f.identity.refresh(&tokens.refresh, None).await.unwrap();
    }
    assert_eq!(tokens.access_expires_at, tokens.refresh_expires_at, "no access beyond the session");
    f.clock.advance(SignedDuration::from_mins(1));
    assert!(matches!(f.identity.refresh(&tokens.refresh, None).await, Err(RefreshError::Token(TokenError::Expired))));
    f.identity.keep_house().await.unwrap();
    assert!(matches!(f.identity.refresh(&tokens.refresh, None).await, Err(RefreshError::Token(TokenError::Invalid))));
}

#[rstest]
#[case::nothing("")]
#[case::not_base64("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]
#[case::never_given("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
#[tokio::test]
async fn a_refresh_token_that_we_never_gave_is_invalid(
    #[case] token: &str,
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    let refused = f.identity.refresh(token, None).await;
    assert!(matches!(refused, Err(RefreshError::Token(TokenError::Invalid))), "{refused:?}");
}

#[rstest]
#[tokio::test]
async fn a_refresh_token_that_we_never_gave_waits_for_no_writer_and_counts_against_its_address(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let unknown_per_address = Limit::per_five_minutes(NonZeroU32::new(3).unwrap());
    let Some(f) = built(on, Settings { unknown_per_address, ..Settings::default() }, None).await else { return };
    let (here, there) = (Some(IpAddr::from([192, 0, 2, 1])), Some(IpAddr::from([192, 0, 2, 2])));
    let writer = f.database.write().await.unwrap();
    for _ in 0..3 {
        let refused = f.identity.refresh(&"A".repeat(43), here).await;
        assert!(matches!(refused, Err(RefreshError::Token(TokenError::Invalid))), "{refused:?}");
    }
    drop(writer);
    let refused = f.identity.refresh(&"A".repeat(43), here).await;
    assert!(matches!(refused, Err(RefreshError::TooMany { retry_after_s: 1..=101 })), "{refused:?}");
    let refused = f.identity.refresh(&"A".repeat(43), there).await;
    assert!(matches!(refused, Err(RefreshError::Token(TokenError::Invalid))), "{refused:?}");
}

#[rstest]
#[tokio::test]
async fn mistakes_of_one_behind_an_address_end_the_sessions_of_nobody_else_there(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let few = Limit::per_five_minutes(NonZeroU32::new(2).unwrap());
    let settings = Settings { per_address: few, unknown_per_address: few, ..Settings::default() };
    let Some(f) = built(on, settings, None).await else { return };
    f.account("sato", Role::Field).await;
    let mut tokens = f.sign_in("sato").await;
    let town_hall = Some(IpAddr::from([192, 0, 2, 1]));
    for _ in 0..4 {
        let _ = f.identity.sign_in("abe", "wrong password", town_hall).await;
        let _ = f.identity.refresh(&"A".repeat(43), town_hall).await;
    }
    let refused = f.identity.sign_in("abe", "wrong password", town_hall).await;
    assert!(matches!(refused, Err(SignInError::TooMany { .. })), "{refused:?}");
    for _ in 0..3 {
        tokens = f.identity.refresh(&tokens.refresh, town_hall).await.unwrap();
    }
}

#[tokio::test]
async fn what_fails_on_our_side_is_no_mistake_of_who_signs_in() {
    let f = fixture().await;
    f.account("sato", Role::Field).await;
    f.database.close().await;
    for _ in 0..12 {
        let failed = f.identity.sign_in("sato", PASSWORD, Some(IpAddr::from([192, 0, 2, 1]))).await;
        assert!(matches!(failed, Err(SignInError::Identity(_))), "{failed:?}");
    }
}

#[rstest]
#[tokio::test]
async fn an_account_has_at_most_sixteen_sessions_and_the_oldest_goes_first(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let oldest = f.sign_in("sato").await;
    for _ in 0..sessions::PER_ACCOUNT {
        f.clock.advance(SignedDuration::from_secs(1));
        f.sign_in("sato").await;
    }
    f.identity.look().await;
    assert_eq!(f.identity.caller(&oldest.access), Err(TokenError::Revoked));
    assert_eq!(f.identity.registry().revoke_sessions("sato", &by()).await.unwrap(), u64::from(sessions::PER_ACCOUNT));
}

#[rstest]
#[tokio::test]
async fn an_account_that_another_process_has_just_made_signs_in_before_the_next_look(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    let command_line = registry(&f.database, &f.folder, &f.clock, NodeId(Uuid::from_u128(7))).await;
    let new = NewAccount {
        name: "sato".to_owned(),
        display_name: "佐藤".to_owned(),
        password: PASSWORD.to_owned(),
        work_office: office("07202"),
        home_office: None,
        role: Role::Field,
    };
    let account = command_line.add_account(new, &by()).await.unwrap();
    let tokens = f.sign_in("sato").await;
    assert_eq!(f.staff(&tokens).id, account.staff.id);
}

#[rstest]
#[tokio::test]
async fn what_another_process_changes_is_seen_at_the_next_look(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    f.account("abe", Role::Field).await;
    f.account("ito", Role::Field).await;
    let (sato, abe, ito) = (f.sign_in("sato").await, f.sign_in("abe").await, f.sign_in("ito").await);
    let command_line = registry(&f.database, &f.folder, &f.clock, NodeId(Uuid::from_u128(7))).await;
    let (wall, wall_token) = command_line.make_wall_token(office("07202"), "本部", &by()).await.unwrap();
    command_line.set_disabled("sato", true, &by()).await.unwrap();
    command_line.revoke_sessions("abe", &by()).await.unwrap();
    command_line.set_password("ito", "another fine password", &by()).await.unwrap();
    f.identity.look().await;
    for tokens in [&sato, &abe, &ito] {
        assert_eq!(f.identity.caller(&tokens.access), Err(TokenError::Revoked));
        let refused = f.identity.refresh(&tokens.refresh, None).await;
        assert!(matches!(refused, Err(RefreshError::Token(TokenError::Revoked))), "{refused:?}");
    }
    let caller = f.identity.caller(&wall_token).unwrap();
    assert_eq!(caller, Caller::Wall { token: wall.id, office: office("07202") });
    f.identity.still_valid(wall.id).unwrap();
    command_line.revoke_wall_token(wall.id, &by()).await.unwrap();
    assert!(matches!(command_line.revoke_wall_token(wall.id, &by()).await, Err(IdentityError::UnknownWallToken)));
    f.identity.look().await;
    assert_eq!(f.identity.caller(&wall_token), Err(TokenError::Revoked));
    assert_eq!(f.identity.still_valid(wall.id), Err(TokenError::Revoked));
}

#[rstest]
#[tokio::test]
async fn the_running_watch_sees_a_revocation_by_itself(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let tokens = f.sign_in("sato").await;
    let revoked = async {
        f.identity.registry().revoke_sessions("sato", &by()).await.unwrap();
        while f.identity.caller(&tokens.access).is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = f.identity.run() => panic!("the watch ended"),
        outcome = tokio::time::timeout(Duration::from_secs(30), revoked) => outcome.unwrap(),
    }
}

#[rstest]
#[tokio::test]
async fn signing_out_revokes_the_session_at_once(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let tokens = f.sign_in("sato").await;
    let session = f.staff(&tokens).session;
    f.identity.still_valid(session).unwrap();
    f.identity.sign_out(session).await.unwrap();
    assert_eq!(f.identity.caller(&tokens.access), Err(TokenError::Revoked));
    assert_eq!(f.identity.still_valid(session), Err(TokenError::Revoked));
}

#[rstest]
#[tokio::test]
async fn a_token_of_another_node_is_invalid_even_under_the_same_key(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    let other = registry(&f.database, &f.folder, &f.clock, NodeId(Uuid::from_u128(8))).await;
    let (_, foreign) = other.make_wall_token(office("07202"), "", &by()).await.unwrap();
    f.identity.look().await;
    assert_eq!(f.identity.caller(&foreign), Err(TokenError::Invalid));
}

#[rstest]
#[tokio::test]
async fn away_from_home_even_an_admin_has_only_what_the_check_in_gives(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    let id = f.account("sato", Role::Admin).await;
    let tokens = f.sign_in("sato").await;
    let at_work = f.staff(&tokens);
    assert_eq!((at_work.acting, at_work.role, at_work.check_in), (office("07202"), Role::Admin, None));
    for (role, expected) in
        [(None, Role::Field), (Some(Role::Field), Role::Field), (Some(Role::Operator), Role::Operator)]
    {
        f.check_in(id, "07423", role);
        let away = f.staff(&tokens);
        assert_eq!((away.acting, away.employer, away.role), (office("07423"), office("07202"), expected));
        assert!(away.check_in.is_some());
    }
    f.check_in(id, "07202", Some(Role::Field));
    assert_eq!(f.staff(&tokens).role, Role::Admin, "at the employer's own office the account's role holds");
}

#[rstest]
#[tokio::test]
async fn a_media_ticket_lives_twelve_hours_and_never_longer_than_its_session(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let tokens = f.sign_in("sato").await;
    let caller = f.identity.caller(&tokens.access).unwrap();
    let (ticket, until) = f.identity.media_ticket(&caller).unwrap();
    assert_eq!(until, f.clock.now() + 12.hours());
    assert_eq!(f.identity.check_media_ticket(&ticket), Ok(caller.clone()));
    assert_eq!(f.identity.caller(&ticket), Err(TokenError::Invalid), "a ticket is no bearer token");
    assert_eq!(f.identity.check_media_ticket(&tokens.access), Err(TokenError::Invalid));
    f.clock.advance(SignedDuration::from_hours(12));
    assert_eq!(f.identity.check_media_ticket(&ticket), Err(TokenError::Expired));
    f.clock.advance(SignedDuration::from_hours(14 * 24 - 13));
    let (late, until) = f.identity.media_ticket(&caller).unwrap();
    assert_eq!(until, tokens.refresh_expires_at);
    let Caller::Staff(staff) = &caller else { panic!() };
    f.identity.sign_out(staff.session).await.unwrap();
    assert_eq!(f.identity.check_media_ticket(&late), Err(TokenError::Revoked));
    assert_eq!(f.identity.media_ticket(&Caller::Public), Err(TokenError::Invalid));
}

#[rstest]
#[tokio::test]
async fn a_walls_ticket_and_last_use_belong_to_its_token(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    let (wall, token) = f.identity.registry().make_wall_token(office("07423"), "", &by()).await.unwrap();
    f.identity.look().await;
    let caller = f.identity.caller(&token).unwrap();
    let (ticket, _) = f.identity.media_ticket(&caller).unwrap();
    assert_eq!(f.identity.check_media_ticket(&ticket), Ok(caller));
    f.identity.keep_house().await.unwrap();
    let listed = f.identity.registry().wall_tokens().await.unwrap();
    assert_eq!(listed[0].last_use, Some(f.clock.now()));
    f.clock.advance(wall_tokens::LIFETIME);
    assert_eq!(f.identity.caller(&token), Err(TokenError::Expired));
    assert_eq!(f.identity.still_valid(wall.id), Err(TokenError::Expired));
}

#[rstest]
#[tokio::test]
async fn the_demonstration_makes_its_accounts_once_for_any_region(#[values(On::Sqlite, On::Postgres)] on: On) {
    use crate::domain::office::{Office, OfficeKind};
    let Some(f) = fixture_on(on).await else { return };
    let of = |code: &str, kind, english: &str, neighbours: &[&str]| Office {
        code: office(code),
        kind,
        name: format!("{english}の機関"),
        kana: String::new(),
        english: english.to_owned(),
        label: crate::domain::position::Position::new(37.0, 139.0).unwrap(),
        neighbours: neighbours.iter().map(|code| office(code)).collect(),
    };
    let offices = [
        of("99201", OfficeKind::Municipality, "Kita City", &["99301"]),
        of("99301", OfficeKind::Municipality, "Minami Town", &["99201"]),
        of("99302", OfficeKind::Municipality, "Minami Village", &["99301"]),
        of("99000-hoku-shinko", OfficeKind::Prefecture, "North Development Bureau", &[]),
    ];
    let demo = demo::ensure(f.identity.registry(), &offices).await.unwrap();
    let names: Vec<&str> = demo.made.iter().map(|(account, _)| account.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "kita-field",
            "kita-operator",
            "minami-99301-field",
            "minami-99301-operator",
            "minami-99302-field",
            "minami-99302-operator",
            "hoku-shinko-operator",
            "admin"
        ]
    );
    assert_eq!(demo.made[0].0.staff.home_office, Some(office("99301")));
    let (account, password) = &demo.made[7];
    f.identity.sign_in(&account.name, password, None).await.unwrap();
    let later = demo::ensure(f.identity.registry(), &offices).await.unwrap();
    assert!(later.made.is_empty());
    assert_eq!(later.walls, demo.walls);
    assert_eq!(demo.walls.len(), 4);
}

#[rstest]
#[tokio::test]
async fn a_password_that_was_replaced_while_it_was_checked_begins_no_session(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    let id = f.account("sato", Role::Field).await;
    let registry = f.identity.registry();
    let (_, old_hash) = registry.credentials("sato").await.unwrap().unwrap();
    registry.set_password("sato", "another fine password", &by()).await.unwrap();
    let begun = registry.begin_session(id, &old_hash, &Lifetimes::default()).await;
    assert!(matches!(begun, Err(IdentityError::UnknownAccount)), "{begun:?}");
}

#[rstest]
#[tokio::test]
async fn every_change_of_accounts_and_tokens_is_recorded_with_who_made_it(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    let registry = f.identity.registry();
    f.account("sato", Role::Field).await;
    let first = f.sign_in("sato").await;
    let staff = Actor::Staff { id: StaffId(Uuid::from_u128(5)), name: Some("佐藤".to_owned()) };
    let admin =
        By { actor: staff, office: Some(office("07000-aizu-shinko")), reason: Some("異動のため".to_owned()) };
    assert!(registry.set_disabled("sato", true, &admin).await.unwrap());
    assert!(!registry.set_disabled("sato", true, &by()).await.unwrap(), "it was disabled before");
    assert!(registry.set_disabled("sato", false, &by()).await.unwrap());
    assert!(!registry.set_disabled("sato", false, &by()).await.unwrap(), "it was enabled before");
    registry.set_password("sato", PASSWORD, &by()).await.unwrap();
    registry.revoke_sessions("SATO", &by()).await.unwrap();
    let (wall, _) = registry.make_wall_token(office("07423"), "", &by()).await.unwrap();
    registry.revoke_wall_token(wall.id, &by()).await.unwrap();
    // What does not happen leaves no record.
    registry.revoke_wall_token(wall.id, &by()).await.unwrap_err();
    registry.set_disabled("abe", true, &by()).await.unwrap_err();
    let taken = NewAccount { name: "Sato".to_owned(), ..new_account("sato", Role::Field, "07202") };
    registry.add_account(taken, &by()).await.unwrap_err();
    f.identity.refresh(&first.refresh, None).await.unwrap_err();

    let mut records = Vec::new();
    let keep = |record| {
        records.push(record);
        Ok::<(), AuditError>(())
    };
    audit::list(&f.database, &Filter::default(), keep).await.unwrap();
    assert!(records.iter().all(|record| record.at == f.clock.now()));
    let told = records.iter().map(|r| (r.action, r.subject.as_str(), r.by.office.as_ref().map(OfficeCode::as_str)));
    let wall = wall.id.to_string();
    let here = Some("07202");
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (Action::AccountMade, "sato", here),
            (Action::AccountDisabled, "sato", Some("07000-aizu-shinko")),
            (Action::AccountEnabled, "sato", here),
            (Action::PasswordSet, "sato", here),
            (Action::SessionsRevoked, "sato", here),
            (Action::WallTokenMade, wall.as_str(), Some("07423")),
            (Action::WallTokenRevoked, wall.as_str(), Some("07423")),
        ]
    );
    assert_eq!(records[0].by.actor, by().actor);
    assert_eq!(records[1].by, admin);
}

#[rstest]
#[tokio::test]
async fn a_change_that_cannot_be_recorded_does_not_happen(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    f.database.execute(statement("ALTER TABLE audit RENAME TO away")).await.unwrap();
    let registry = f.identity.registry();
    let refused = registry.add_account(new_account("abe", Role::Field, "07202"), &by()).await;
    assert!(matches!(refused, Err(IdentityError::Storage(_))), "{refused:?}");
    registry.set_disabled("sato", true, &by()).await.unwrap_err();
    registry.make_wall_token(office("07202"), "", &by()).await.unwrap_err();
    let accounts = registry.accounts().await.unwrap();
    assert_eq!(accounts.iter().map(|a| (a.name.as_str(), a.disabled)).collect::<Vec<_>>(), [("sato", false)]);
    assert!(registry.wall_tokens().await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_session_that_ends_because_an_old_token_came_back_is_recorded_as_the_nodes_doing(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let first = f.sign_in("sato").await;
    let session = f.staff(&first).session;
    let second = f.identity.refresh(&first.refresh, None).await.unwrap();
    f.identity.refresh(&second.refresh, None).await.unwrap();
    f.identity.refresh(&first.refresh, None).await.unwrap_err();
    let mut records = Vec::new();
    let keep = |record: audit::Record| {
        records.push((record.action, record.subject, record.by.actor));
        Ok::<(), AuditError>(())
    };
    audit::list(&f.database, &Filter::default(), keep).await.unwrap();
    assert_eq!(records[1..], [(Action::SessionRevoked, session.to_string(), Actor::Node)]);
}

#[rstest]
#[tokio::test]
async fn of_many_who_refresh_the_same_token_at_once_all_get_the_same_successor(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let Some(f) = fixture_on(on).await else { return };
    f.account("sato", Role::Field).await;
    let first = f.sign_in("sato").await;
    let asked = futures_util::future::join_all((0..8).map(|_| f.identity.refresh(&first.refresh, None))).await;
    let successors: Vec<String> = asked.into_iter().map(|tokens| tokens.unwrap().refresh).collect();
    assert!(successors.iter().all(|token| *token == successors[0]));
}
