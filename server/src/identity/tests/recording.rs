//! What is written down of it in the audit.

use rstest::rstest;

use super::*;
use crate::audit::{self, Action, AuditError, Filter};
use crate::database::statement::statement;

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
