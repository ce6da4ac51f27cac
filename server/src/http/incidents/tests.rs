use super::*;
use crate::domain::clock::{HlcSource, SystemClock};
use crate::domain::entry::{Entry, Seq};
use crate::domain::ids::{NodeId, StaffId};
use crate::domain::incident::Status;
use crate::domain::staff::Role;
use crate::identity::caller::{Caller, StaffCaller};
use crate::log::samples::{draft, filed, incident_of, office, sqlite_log, uuid};
use crate::log::writer::{Announce, writer};

struct ToLive(Arc<Live>);

impl Announce for ToLive {
    fn announce(&mut self, entries: &[(Seq, Arc<Entry>)]) {
        let mut world = self.0.write();
        entries.iter().for_each(|(seq, entry)| drop(world.apply(*seq, entry)));
    }
}

/// A world with one incident on the ground of 07202.
async fn state(folder: &tempfile::TempDir) -> IncidentsState {
    let log = Arc::new(sqlite_log(folder).await);
    let live = Arc::new(Live::default());
    let (appender, tasks) = writer(log, 0, ToLive(Arc::clone(&live)));
    tokio::spawn(tasks);
    appender.append(draft(filed(1))).await.unwrap();
    let (clock, hlc) = (Arc::new(SystemClock), Arc::new(HlcSource::default()));
    IncidentsState { live, recorder: Recorder { appender, clock, hlc, node: NodeId(uuid(9)) } }
}

async fn set(state: &IncidentsState, acting: &str, id: Uuid, status: Status) -> Result<u16, Code> {
    let staff = StaffCaller {
        id: StaffId(uuid(50)),
        name: "佐藤".to_owned(),
        employer: office("07423"),
        home: None,
        acting: office(acting),
        role: Role::Operator,
        check_in: None,
        session: uuid(51),
    };
    let new = JsonBody(NewStatus { id, status });
    let about = PathParams(incident_of(1).0);
    let answer = change_status(State(state.clone()), Who(Caller::Staff(staff)), about, new).await;
    answer.map(|response| response.status().as_u16()).map_err(|error| error.code())
}

#[tokio::test]
async fn a_status_sent_again_after_the_check_out_gets_its_receipt_and_nothing_new_is_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder).await;
    assert_eq!(set(&state, "07202", uuid(60), Status::InProgress).await, Ok(201));
    // The operator checked out and acts for the employer again.
    assert_eq!(set(&state, "07423", uuid(60), Status::InProgress).await, Ok(200));
    assert_eq!(set(&state, "07423", uuid(60), Status::Resolved).await, Err(Code::IdTaken));
    assert_eq!(set(&state, "07423", uuid(61), Status::Resolved).await, Err(Code::OtherOffice));
    let world = state.live.read();
    assert_eq!(*world.incident(incident_of(1)).unwrap().incident.status.get(), Status::InProgress);
}
