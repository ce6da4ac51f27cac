//! Tokens that the node gave, and who knows of them when.

use std::time::Duration;

use rstest::rstest;

use super::super::looking::LOOKS_APART;
use super::*;
use crate::database::statement::statement;

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
async fn a_token_of_another_node_is_invalid_even_under_the_same_key(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some(f) = fixture_on(on).await else { return };
    let other = registry(&f.database, &f.folder, &f.clock, NodeId(Uuid::from_u128(8))).await;
    let (_, foreign) = other.make_wall_token(office("07202"), "", &by()).await.unwrap();
    f.identity.look().await;
    assert_eq!(f.identity.caller(&foreign), Err(TokenError::Invalid));
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
