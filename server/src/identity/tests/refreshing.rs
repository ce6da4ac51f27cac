//! A session goes on by refresh tokens, each of them once.

use std::num::NonZeroU32;

use rstest::rstest;

use super::super::limits::Limit;
use super::*;

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
