//! The room as a whole, against a real database.

mod accounts;
mod recording;
mod refreshing;
mod tokens;

use std::sync::Mutex;

use jiff::{SignedDuration, ToSpan};

use super::registry::NewAccount;
use super::*;
use crate::audit::{Actor, By};
use crate::database::scratch::Scratch;
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
