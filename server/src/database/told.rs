//! How a failure is told: on one line, every cause once; and one that lasts not at every try.

use std::error::Error;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use tokio::time::Instant;

use crate::domain::text::one_line;

/// A cause that goes on is told of again after so long.
const AGAIN: Duration = Duration::from_secs(60);

/// Causes that are told of within that time at most, for some name what is another one each time.
const CAUSES: usize = 4;

/// "Other objects depend on it": <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
const POSTGRES_DEPENDS: &str = "2BP01";

/// What was told of something that is tried again and again, and fails: each cause once, and once a minute after that,
/// also where causes take turns.
#[derive(Debug, Default)]
pub struct Trouble {
    told: Vec<(String, Instant)>,
    /// Failures of which nothing was told yet.
    untold: usize,
}

impl Trouble {
    /// Notes that `count` tries failed for this cause. `Some`: it is to be told now, and stands for so many.
    pub fn note(&mut self, cause: &str, count: usize) -> Option<usize> {
        self.untold += count;
        self.told.retain(|(_, at)| at.elapsed() < AGAIN);
        if self.told.len() >= CAUSES || self.told.iter().any(|(told, _)| told == cause) {
            return None;
        }
        self.told.push((cause.to_owned(), Instant::now()));
        Some(std::mem::take(&mut self.untold))
    }

    /// Notes that it succeeds again. Whether there was any trouble.
    pub fn over(&mut self) -> bool {
        let trouble = std::mem::take(self);
        !trouble.told.is_empty() || trouble.untold > 0
    }
}

/// An error with its causes, on one line. Many an error repeats its cause: that is said once.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = text(error);
    for cause in std::iter::successors(error.source(), |error| (*error).source()) {
        let text = text(cause);
        if let Some(kept) = line.strip_suffix(&cause.to_string()).map(str::len) {
            line.truncate(kept);
            line.push_str(&text);
        } else if !line.ends_with(&text) {
            line = format!("{line}: {text}");
        }
    }
    one_line(&line)
}

/// What one error says. Of PostgreSQL's, not the line of its own source that the driver adds.
fn text(error: &(dyn Error + 'static)) -> String {
    if let Some(sqlx::Error::Database(refusal)) = error.downcast_ref() {
        format!("error returned from database: {}", refusal_text(refusal.as_ref()))
    } else if let Some(refusal) = error.downcast_ref::<Box<dyn DatabaseError>>() {
        refusal_text(refusal.as_ref())
    } else {
        error.to_string()
    }
}

fn refusal_text(refusal: &(dyn DatabaseError + 'static)) -> String {
    let Some(refusal) = refusal.try_downcast_ref::<PgDatabaseError>() else { return refusal.to_string() };
    match refusal.detail() {
        // Which they are. Other details may repeat a row, and with it contact details.
        Some(detail) if refusal.code() == POSTGRES_DEPENDS => {
            format!("{}: {}", refusal.message(), detail.replace('\n', "; "))
        }
        _ => refusal.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::database::scratch::Scratch;
    use crate::database::{Database, DatabaseError as Ours, Location};

    #[test]
    fn a_cause_that_an_error_repeats_is_said_once() {
        let refused = || sqlx::Error::Io(io::Error::new(io::ErrorKind::ConnectionRefused, "Connection refused"));
        assert_eq!(chain(&refused()), "error communicating with database: Connection refused");
        let above = Ours::Connect(Location::File("a.sqlite".into()), refused());
        assert_eq!(
            chain(&above),
            "the database a.sqlite cannot be reached: error communicating with database: Connection refused"
        );
        let behind = anyhow::Error::from(refused()).context("the log\ncannot be read");
        assert_eq!(
            chain(behind.as_ref()),
            "the log cannot be read: error communicating with database: Connection refused"
        );
    }

    #[tokio::test]
    async fn what_postgresql_refuses_is_told_without_its_source_line_and_without_the_row() {
        let Some(scratch) = Scratch::new() else { return };
        let Ok(Database::Postgres(pool)) = Database::open(&scratch.location()).await else { panic!("PostgreSQL") };
        let refused = async |statement| sqlx::raw_sql(statement).execute(&pool).await.unwrap_err();
        let missing = refused("SELECT 1 FROM nothing").await;
        assert!(missing.to_string().contains(" at line "), "the driver has changed: {missing}");
        let expected = "error returned from database: relation \"nothing\" does not exist";
        assert_eq!(chain(&missing), expected);
        let above = sqlx::migrate::MigrateError::Execute(missing);
        assert_eq!(chain(&above), format!("while executing migrations: {expected}"));
        let row =
            refused("CREATE TEMPORARY TABLE t (phone text CHECK (phone = '')); INSERT INTO t VALUES ('0278')").await;
        assert!(chain(&row).contains("violates check constraint") && !chain(&row).contains("0278"), "{}", chain(&row));
        pool.close().await;
    }

    #[tokio::test(start_paused = true)]
    async fn causes_that_take_turns_are_told_once_and_then_once_a_minute() {
        let mut trouble = Trouble::default();
        assert_eq!((trouble.note("refused", 2), trouble.note("reset", 3)), (Some(2), Some(3)));
        for _ in 0..59 {
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_eq!((trouble.note("refused", 1), trouble.note("reset", 1)), (None, None));
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((trouble.note("reset", 1), trouble.note("refused", 1)), (Some(119), Some(1)));
        assert!(trouble.over() && !trouble.over());
        assert_eq!(trouble.note("reset", 1), Some(1), "another outage");
    }

    #[tokio::test(start_paused = true)]
    async fn causes_that_are_never_the_same_are_told_a_few_times_a_minute() {
        let mut trouble = Trouble::default();
        let told = (0..600).filter(|number| trouble.note(&format!("file {number}"), 1).is_some()).count();
        assert_eq!(told, CAUSES);
    }
}
