//! The database beneath the log, its projection and the accounts: a SQLite file in the data folder, or
//! PostgreSQL with PostGIS. Connects and brings the tables up to date; what is in them, the rooms know.

#[cfg(test)]
pub(crate) mod scratch;
pub mod statement;
pub mod told;
pub mod value;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Row, SqlStr, SqlitePool};

/// Connections for everything but appends.
const CONNECTIONS: u32 = 4;

/// How long a SQLite statement waits for another process's lock on the file.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of a page of a new SQLite file. A commit of a few dozen reports fills a few of these, and each page
/// is two writes.
const PAGE: u32 = 16 * 1024;

/// Pages of SQLite's write-ahead log at which a commit itself copies them into the file: 64 MiB. Until then
/// the log has that done beside its appends.
const LONGEST_WAL: &str = "4096";

/// How long anybody waits for a connection to PostgreSQL.
pub(crate) const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// How long PostgreSQL may take for a statement. A line that swallows everything is given up then.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take for a statement that is about whole tables, however large they are.
pub(crate) const WHOLE_TABLE_PATIENCE: Duration = Duration::from_secs(4 * 3_600);

/// What every session asks of PostgreSQL. Our tables lie in a schema of their own; PostGIS lies where its
/// owner put it. The server notices within half a minute that a machine at the other end is gone, and ends
/// the session and its locks (<https://www.postgresql.org/docs/15/runtime-config-connection.html>).
const SESSION: [(&str, &str); 4] = [
    ("search_path", "sokuho,public,postgis,extensions"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// Result codes, <https://sqlite.org/rescode.html>: the disk is full, also for the memory that processes share; a page
/// is damaged; the file is none of SQLite's.
const SQLITE_FULL: [i32; 2] = [13, 4874];
const SQLITE_DAMAGED: [i32; 2] = [11, 26];

/// Error codes, <https://www.postgresql.org/docs/15/errcodes-appendix.html>: the disk is full; data or an index
/// is damaged; an error that has no code of its own.
const POSTGRES_FULL: [&str; 1] = ["53100"];
const POSTGRES_DAMAGED: [&str; 2] = ["XX001", "XX002"];
const POSTGRES_INTERNAL: &str = "XX000";

/// PostgreSQL's routines by which a new session leaves what it has learnt of the tables in a file. Where that file has
/// no room the session is refused, without the code for it
/// (<https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/utils/cache/relcache.c>).
const POSTGRES_LEAVES: [&str; 2] = ["write_relcache_init_file", "write_item"];

/// Damages that are asked for at most.
const MOST_DAMAGES: usize = 100;

/// The address of a PostgreSQL database, `postgres://user:password@host:port/name?sslmode=verify-full`. Its
/// password is never printed.
#[derive(Clone)]
pub struct PostgresUrl(Box<PgConnectOptions>);

/// The text is no address of a PostgreSQL database. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address of PostgreSQL is postgres://user:password@host:port/name")]
pub struct NotAPostgresUrl;

impl FromStr for PostgresUrl {
    type Err = NotAPostgresUrl;
    fn from_str(text: &str) -> Result<Self, NotAPostgresUrl> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(NotAPostgresUrl);
        }
        text.parse().map(|options| Self(Box::new(options))).map_err(|_| NotAPostgresUrl)
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(options) = self;
        let name = options.get_database().unwrap_or_else(|| options.get_username());
        write!(f, "postgres://{}@{}:{}/{name}", options.get_username(), options.get_host(), options.get_port())
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// PostgreSQL.
    Postgres(PostgresUrl),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file cannot be made.
    #[error("{0} cannot be made")]
    File(PathBuf, #[source] std::io::Error),
    /// It does not answer, or does not let us in.
    #[error("the database {0} cannot be reached")]
    Connect(Location, #[source] sqlx::Error),
    /// A newer program has changed its tables.
    #[error("a newer program wrote the database {0} (its migration {1} is not known here): start that one")]
    Newer(Location, i64),
    /// There is no room for what even a start writes.
    #[error("the disk of the database {0} is full")]
    Full(Location, #[source] MigrateError),
    /// What it holds is damaged.
    #[error("the database {0} is damaged")]
    Damaged(Location, #[source] MigrateError),
    /// Its tables cannot be brought up to date: it is no such database, or we may not.
    #[error("the tables of the database {0} cannot be brought up to date")]
    Migrate(Location, #[source] MigrateError),
}

/// An open database whose tables are up to date.
#[derive(Clone, Debug)]
pub enum Database {
    /// SQLite.
    Sqlite(SqlitePool),
    /// PostgreSQL with PostGIS.
    Postgres(PgPool),
}

impl Database {
    /// Opens the database and brings its tables up to date. A SQLite file that is not there is made,
    /// readable by its owner alone; a PostgreSQL database must be there.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(location: &Location) -> Result<Self, DatabaseError> {
        let migrate = |error| match error {
            MigrateError::VersionMissing(number) => DatabaseError::Newer(location.clone(), number),
            MigrateError::Execute(ref cause) | MigrateError::ExecuteMigration(ref cause, _) if is_full(cause) => {
                DatabaseError::Full(location.clone(), error)
            }
            MigrateError::Execute(ref cause) | MigrateError::ExecuteMigration(ref cause, _) if is_damaged(cause) => {
                DatabaseError::Damaged(location.clone(), error)
            }
            other => DatabaseError::Migrate(location.clone(), other),
        };
        let connect = |error| DatabaseError::Connect(location.clone(), error);
        match location {
            Location::File(path) => {
                create(path).map_err(|error| DatabaseError::File(path.clone(), error))?;
                let pool = sqlite_pool(CONNECTIONS).connect_lazy_with(sqlite_options(path));
                migrations(Edition::Sqlite).run(&pool).await.map_err(migrate)?;
                Ok(Self::Sqlite(pool))
            }
            Location::Postgres(PostgresUrl(options)) => {
                let options =
                    options.as_ref().clone().options(SESSION).application_name("sokuho").disable_statement_logging();
                let mut connection = first_connection(&options).await.map_err(connect)?;
                migrations(Edition::Postgres).run(&mut connection).await.map_err(migrate)?;
                connection.close().await.map_err(connect)?;
                let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(CONNECT_PATIENCE);
                // A statement that was given up may have left its connection silent, and the pool would wait for
                // it without end before it makes another in its place.
                let pool = pool.after_release(|connection, _| {
                    Box::pin(async { in_time(CONNECT_PATIENCE, connection.ping()).await.map(|()| true) })
                });
                Ok(Self::Postgres(pool.connect_lazy_with(options)))
            }
        }
    }

    /// Opens a database that is there for looking at it alone: makes nothing, brings nothing up to date, and
    /// writes nothing. A node may run on it.
    ///
    /// # Errors
    /// [`DatabaseError::Newer`], [`DatabaseError::Connect`].
    pub async fn look(location: &Location) -> Result<Self, DatabaseError> {
        let connect = |error| DatabaseError::Connect(location.clone(), error);
        let newest = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";
        let (database, edition, newest): (_, _, i64) = match location {
            Location::File(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .read_only(true)
                    .busy_timeout(LOCK_PATIENCE)
                    .disable_statement_logging();
                let pool = sqlite_pool(1).connect_lazy_with(options);
                let newest = sqlx::query_scalar(newest).fetch_one(&pool).await.map_err(connect)?;
                (Self::Sqlite(pool), Edition::Sqlite, newest)
            }
            Location::Postgres(PostgresUrl(options)) => {
                let options = options.clone().options(SESSION).options([("default_transaction_read_only", "on")]);
                let options = options.application_name("sokuho check").disable_statement_logging();
                let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT_PATIENCE);
                let mut connection = first_connection(&options).await.map_err(connect)?;
                let newest = sqlx::query_scalar(newest).fetch_one(&mut connection).await.map_err(connect)?;
                connection.close().await.map_err(connect)?;
                (Self::Postgres(pool.connect_lazy_with(options)), Edition::Postgres, newest)
            }
        };
        let known = migrations(edition).iter().map(|migration| migration.version).max().unwrap_or(0);
        if newest > known {
            return Err(DatabaseError::Newer(location.clone(), newest));
        }
        Ok(database)
    }

    /// What SQLite itself finds wrong with its file: pages, indexes, constraints, references
    /// (<https://sqlite.org/pragma.html#pragma_integrity_check>). Reads the whole file. PostgreSQL's files are
    /// looked after by its own means (`pg_amcheck`, checksums).
    ///
    /// # Errors
    /// If the check cannot be made.
    pub async fn damages(&self) -> Result<Vec<String>, sqlx::Error> {
        let Self::Sqlite(pool) = self else { return Ok(Vec::new()) };
        let mut said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(pool).await?;
        said.retain(|line| line != "ok");
        for orphan in sqlx::query("PRAGMA foreign_key_check").fetch_all(pool).await? {
            said.push(format!("a row of {} refers to what is not there", orphan.try_get::<&str, _>(0)?));
        }
        said.truncate(MOST_DAMAGES);
        Ok(said)
    }

    /// Waits for what runs and closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

enum Edition {
    Sqlite,
    Postgres,
}

fn migrations(edition: Edition) -> Migrator {
    match edition {
        Edition::Sqlite => sqlx::migrate!("migrations/sqlite"),
        Edition::Postgres => {
            let mut migrator = sqlx::migrate!("migrations/postgres");
            migrator.create_schema("sokuho");
            migrator
        }
    }
}

/// The statements of PostgreSQL's migrations, in their order.
pub(crate) fn postgres_migrations() -> Vec<SqlStr> {
    migrations(Edition::Postgres).iter().map(|migration| migration.sql.clone()).collect()
}

/// Not through the pool, which asks a server that refuses again and again, and does not say why.
async fn first_connection(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    tokio::time::timeout(CONNECT_PATIENCE, options.connect()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// A pool of connections to a SQLite file, kept until it is closed.
pub(crate) fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// WAL and full sync: what is committed survives a power cut.
fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .page_size(PAGE)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(LOCK_PATIENCE)
        .pragma("wal_autocheckpoint", LONGEST_WAL)
        .row_buffer_size(512)
        .disable_statement_logging()
}

/// Creates the file if there is none. It will hold contact details and password hashes, so nobody else on
/// the machine may read it; SQLite gives the files beside it the same permissions.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Gives up what PostgreSQL does not answer in time.
pub(crate) async fn in_time<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late =
        || std::io::Error::new(std::io::ErrorKind::TimedOut, format!("no answer within {} s", patience.as_secs()));
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_| Err(sqlx::Error::Io(late())))
}

/// Whether the database says that its disk is full.
pub(crate) fn is_full(error: &sqlx::Error) -> bool {
    says(error, &SQLITE_FULL, &POSTGRES_FULL) || finds_no_room_for_a_session(error)
}

/// Whether the database says that what it holds is damaged.
pub(crate) fn is_damaged(error: &sqlx::Error) -> bool {
    says(error, &SQLITE_DAMAGED, &POSTGRES_DAMAGED)
}

fn finds_no_room_for_a_session(error: &sqlx::Error) -> bool {
    let refusal = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    refusal.is_some_and(|refusal| {
        refusal.code() == POSTGRES_INTERNAL
            && refusal.routine().is_some_and(|routine| POSTGRES_LEAVES.contains(&routine))
    })
}

fn says(error: &sqlx::Error, sqlite: &[i32], postgres: &[&str]) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    match (error.try_downcast_ref::<PgDatabaseError>(), error.code()) {
        (Some(error), _) => postgres.contains(&error.code()),
        (None, code) => code.and_then(|code| code.parse().ok()).is_some_and(|code: i32| {
            // The lower eight bits of an extended result code are the code itself.
            sqlite.contains(&code) || sqlite.contains(&(code & 0xFF))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_printed_without_its_password() {
        let url: PostgresUrl = "postgres://sokuho:hunter2@db.example:6432/bosai?sslmode=verify-full".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://sokuho@db.example:6432/bosai");
        assert!(!format!("{url:?} {:?}", Location::Postgres(url.clone())).contains("hunter2"));
    }

    #[test]
    fn other_addresses_are_refused_without_being_repeated() {
        for text in ["mysql://u:hunter2@h/d", "sokuho.sqlite", "", "postgres://[hunter2"] {
            let error = text.parse::<PostgresUrl>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[tokio::test]
    async fn a_server_that_refuses_is_named_at_once() {
        let url = "postgres://sokuho:hunter2@127.0.0.1:1/bosai".parse().unwrap();
        let location = Location::Postgres(url);
        for error in [Database::open(&location).await.unwrap_err(), Database::look(&location).await.unwrap_err()] {
            assert!(matches!(error, DatabaseError::Connect(..)), "{error:?}");
            assert_eq!(error.to_string(), "the database postgres://sokuho@127.0.0.1:1/bosai cannot be reached");
            assert!(told::chain(&error).contains("refused"), "{error:?}");
        }
    }

    #[tokio::test]
    async fn opening_postgres_twice_makes_its_tables_once() {
        let Some(scratch) = scratch::Scratch::new() else { return };
        for _ in 0..2 {
            let Ok(Database::Postgres(pool)) = Database::open(&scratch.location()).await else { panic!("PostgreSQL") };
            let made: bool =
                sqlx::query_scalar("SELECT to_regclass('sokuho.entry') IS NOT NULL").fetch_one(&pool).await.unwrap();
            assert!(made);
            pool.close().await;
        }
    }
}
