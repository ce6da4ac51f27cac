//! Who has an account, signs in, and may do what.

use std::num::NonZeroU32;

use rstest::rstest;

use super::super::limits::Limit;
use super::*;

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
