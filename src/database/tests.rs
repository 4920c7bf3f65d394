//! The database end to end, in-process: statements in, rows out, as a client would see them.

mod settings;

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};

use super::{Database, Force};
use crate::catalog::types::OutputStyle;
use crate::catalog::types::text::TextEncoder;
use crate::config::Config;
use crate::error::Error;
use crate::session::{Outcome, Principal, Role, SERVER_VERSION, Session, TransactionStatus};

/// A database in a directory of its own, with the tenant `demo`.
struct Bench {
    database: Arc<Database>,
    config: Config,
    _directory: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A database whose settings differ from the defaults.
    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.storage.directory = directory.path().join("data");
        config.flush.automatic = false;
        change(&mut config);
        let database = Database::open(config.clone()).await.unwrap();
        database.create_tenant("demo", "app").await.unwrap();
        Self { database, config, _directory: directory }
    }

    fn session(&self) -> Session {
        self.session_as(Role::Owner, "demo")
    }

    fn session_as(&self, role: Role, tenant: &str) -> Session {
        self.database.session(Principal::embedded("app", tenant, role)).unwrap()
    }
}

/// The rows of a query, each as `a|b|c`, NULL as nothing.
async fn rows(session: &mut Session, sql: &str) -> Vec<String> {
    let result = session.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {}", told(&error)));
    result.batches.iter().flat_map(|batch| lines(batch, &result.columns)).collect()
}

fn lines(batch: &RecordBatch, columns: &[crate::query::OutputColumn]) -> Vec<String> {
    let style = OutputStyle::default();
    let encoders: Vec<_> = columns
        .iter()
        .zip(batch.schema().fields())
        .map(|(column, field)| TextEncoder::new(field, &column.data_type, &style).unwrap())
        .collect();
    (0..batch.num_rows())
        .map(|row| {
            let cells = encoders.iter().zip(batch.columns()).map(|(encoder, values)| {
                let mut out = Vec::new();
                if !values.is_null(row) {
                    encoder.write(values.as_ref(), row, &mut out);
                }
                String::from_utf8(out).unwrap()
            });
            cells.collect::<Vec<_>>().join("|")
        })
        .collect()
}

/// An error as `SQLSTATE: message / DETAIL / CONTEXT`.
fn told(error: &Error) -> String {
    let report = error.report();
    let mut text = format!("{}: {}", report.sqlstate, report.message);
    for more in [report.detail, report.context].into_iter().flatten() {
        text = format!("{text} / {more}");
    }
    text
}

async fn fails(session: &mut Session, sql: &str) -> String {
    match session.execute(sql).await {
        Ok(_) => panic!("{sql} must fail"),
        Err(error) => told(&error),
    }
}

async fn run(session: &mut Session, sql: &str) -> u64 {
    session.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {}", told(&error)))
}

/// Feeds COPY FROM STDIN in small pieces.
async fn copy_in(session: &mut Session, sql: &str, data: &[u8]) -> Result<String, String> {
    let parsed = session.split(sql).unwrap().remove(0);
    let outcome = async {
        let Outcome::CopyIn(mut copy) = session.run(&parsed, Vec::new()).await? else { panic!("not a COPY") };
        for piece in data.chunks(7) {
            copy.write(piece).await?;
        }
        copy.finish().await
    };
    match outcome.await {
        Ok(tag) => session.sync().await.map(|()| tag).map_err(|error| told(&error)),
        Err(error) => {
            session.fail();
            Err(told(&error))
        }
    }
}

async fn copy_out(session: &mut Session, sql: &str) -> String {
    use futures::StreamExt;
    let parsed = session.split(sql).unwrap().remove(0);
    let Outcome::CopyOut(mut copy) = session.run(&parsed, Vec::new()).await.unwrap() else { panic!("not a COPY") };
    let mut out = Vec::new();
    while let Some(piece) = copy.stream.next().await {
        out.extend_from_slice(piece.unwrap().bytes());
    }
    let text = format!("{}{}", String::from_utf8(out).unwrap(), copy.tag());
    drop(copy);
    session.sync().await.unwrap();
    text
}

#[tokio::test]
async fn the_main_job() {
    let bench = Bench::new().await;
    let mut session = bench.session();
    let inserted = rows(
        &mut session,
        "INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'hello'), ('lobby', 'again') \
         RETURNING author, role, content",
    )
    .await;
    assert_eq!(inserted, ["app|user|hello", "app|user|again"]);
    let latest = "SELECT author, content FROM messages WHERE conversation_id = 'lobby' ORDER BY id DESC LIMIT 50";
    assert_eq!(rows(&mut session, latest).await, ["app|again", "app|hello"]);
    assert_eq!(rows(&mut session, "SELECT kalam.flush('messages')").await, ["2"]);
    assert_eq!(rows(&mut session, latest).await, ["app|again", "app|hello"]);
    assert_eq!(
        rows(
            &mut session,
            "SELECT date_trunc('day', created_at) = date_trunc('day', now()), count(*) FROM messages GROUP BY 1"
        )
        .await,
        ["t|2"]
    );
    assert_eq!(run(&mut session, "UPDATE messages SET content = 'bye' WHERE content = 'again'").await, 1);
    assert_eq!(run(&mut session, "DELETE FROM messages WHERE content = 'hello'").await, 1);
    assert_eq!(rows(&mut session, latest).await, ["app|bye"]);
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let bench = Bench::new().await;
    let mut session = bench.session();
    run(&mut session, "CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'x')").await;
    run(&mut session, "CREATE SCHEMA s; CREATE TABLE s.t (a int)").await;
    drop(session);
    bench.database.close().await;
    let Bench { database, config, _directory } = bench;
    drop(database);
    let database = Database::open(config.clone()).await.unwrap();
    let bench = Bench { database, config, _directory };
    let mut session = bench.session();
    assert_eq!(rows(&mut session, "SELECT a, b FROM t").await, ["1|x"]);
    assert_eq!(rows(&mut session, "SELECT count(*) FROM s.t").await, ["0"]);
    assert_eq!(bench.database.tenants().len(), 2);
}

#[tokio::test]
async fn a_query_string_is_one_transaction() {
    let bench = Bench::new().await;
    let mut session = bench.session();
    run(&mut session, "CREATE TABLE t (a int PRIMARY KEY)").await;
    let error = fails(&mut session, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)").await;
    assert_eq!(error, "23505: duplicate key value violates unique constraint \"t_pkey\" / Key (a)=(1) already exists.");
    assert_eq!(rows(&mut session, "SELECT count(*) FROM t").await, ["0"]);
    assert_eq!(
        fails(&mut session, "INSERT INTO t VALUES (1); SELEC").await,
        "42601: syntax error at or near \"SELEC\""
    );
    assert_eq!(rows(&mut session, "SELECT count(*) FROM t").await, ["0"]);
}

#[tokio::test]
async fn blocks_commit_roll_back_and_fail() {
    let bench = Bench::new().await;
    let (mut one, mut two) = (bench.session(), bench.session());
    run(&mut one, "CREATE TABLE t (a int PRIMARY KEY)").await;
    run(&mut one, "BEGIN").await;
    assert_eq!(one.status(), TransactionStatus::InBlock);
    run(&mut one, "INSERT INTO t VALUES (1)").await;
    assert_eq!(rows(&mut one, "SELECT a FROM t").await, ["1"]);
    assert!(rows(&mut two, "SELECT a FROM t").await.is_empty());
    run(&mut one, "COMMIT").await;
    assert_eq!(rows(&mut two, "SELECT a FROM t").await, ["1"]);
    run(&mut one, "BEGIN; INSERT INTO t VALUES (2)").await;
    assert!(fails(&mut one, "INSERT INTO t VALUES (1)").await.starts_with("23505"));
    assert_eq!(one.status(), TransactionStatus::Failed);
    let aborted = "25P02: current transaction is aborted, commands ignored until end of transaction block";
    assert_eq!(fails(&mut one, "SELECT 1").await, aborted);
    run(&mut one, "COMMIT").await;
    assert_eq!(one.status(), TransactionStatus::Idle);
    assert_eq!(rows(&mut one, "SELECT count(*) FROM t").await, ["1"]);
    run(&mut one, "COMMIT").await;
    assert_eq!(one.take_notices().pop().unwrap().message, "there is no transaction in progress");
}

#[tokio::test]
async fn definitions_are_transactional() {
    let bench = Bench::new().await;
    let mut session = bench.session();
    run(&mut session, "BEGIN; CREATE TABLE t (a int); INSERT INTO t VALUES (1)").await;
    assert_eq!(rows(&mut session, "SELECT a FROM t").await, ["1"]);
    run(&mut session, "ROLLBACK").await;
    assert_eq!(fails(&mut session, "SELECT a FROM t").await, "42P01: relation \"t\" does not exist");
    run(&mut session, "CREATE TABLE t (a int); CREATE TABLE IF NOT EXISTS t (b int)").await;
    assert_eq!(session.take_notices()[0].message, "relation \"t\" already exists, skipping");
    assert_eq!(fails(&mut session, "CREATE TABLE t (a int)").await, "42P07: relation \"t\" already exists");
    run(&mut session, "INSERT INTO t VALUES (1); TRUNCATE t").await;
    assert_eq!(rows(&mut session, "SELECT count(*) FROM t").await, ["0"]);
    run(&mut session, "DROP TABLE t; DROP TABLE IF EXISTS t").await;
    assert_eq!(session.take_notices()[0].message, "table \"t\" does not exist, skipping");
    assert_eq!(fails(&mut session, "DROP TABLE t").await, "42P01: table \"t\" does not exist");
}

#[tokio::test]
async fn what_is_not_there_yet_is_named() {
    let bench = Bench::new().await;
    let mut session = bench.session();
    for (sql, message) in [
        ("CREATE TABLE t (a int UNIQUE)", "0A000: UNIQUE is not supported"),
        ("CREATE TABLE t (a int REFERENCES messages)", "0A000: FOREIGN KEY is not supported"),
        ("CREATE TABLE t (a serial)", "0A000: type serial is not supported"),
        ("CREATE INDEX ON messages (author)", "0A000: CREATE INDEX is not supported"),
        ("CREATE VIEW v AS SELECT 1", "0A000: CREATE VIEW is not supported"),
        ("SAVEPOINT a", "0A000: SAVEPOINT is not supported"),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "0A000: isolation level SERIALIZABLE is not supported"),
        ("ALTER TABLE messages ADD x int", "0A000: ALTER TABLE is not supported"),
    ] {
        assert_eq!(fails(&mut session, sql).await, message);
        assert_eq!(session.status(), TransactionStatus::Idle, "{sql} must not leave a block behind");
    }
}

#[tokio::test]
async fn roles_bound_what_a_session_may_do() {
    let bench = Bench::new().await;
    let mut reader = bench.session_as(Role::Reader, "demo");
    let mut member = bench.session_as(Role::Member, "demo");
    assert_eq!(rows(&mut reader, "SELECT count(*) FROM messages").await, ["0"]);
    let insert = "INSERT INTO messages (conversation_id) VALUES ('a')";
    for sql in [insert, "UPDATE messages SET content = 'x'", "DELETE FROM messages", "TRUNCATE messages"] {
        assert_eq!(fails(&mut reader, sql).await, "42501: permission denied for table messages", "{sql}");
    }
    assert_eq!(run(&mut member, insert).await, 1);
    assert_eq!(fails(&mut member, "CREATE TABLE t (a int)").await, "42501: permission denied for schema public");
    assert_eq!(fails(&mut member, "DROP TABLE messages").await, "42501: must be owner of table messages");
    assert_eq!(fails(&mut member, "CREATE DATABASE d").await, "42501: permission denied to create database");
    assert_eq!(fails(&mut bench.session(), "DROP DATABASE kalam").await, "42501: must be owner of database kalam");
}

#[tokio::test]
async fn operators_make_and_erase_databases() {
    let bench = Bench::new().await;
    let mut operator = bench.session_as(Role::Operator, "kalam");
    run(&mut operator, "CREATE DATABASE acme").await;
    assert_eq!(fails(&mut operator, "CREATE DATABASE acme").await, "42P04: database \"acme\" already exists");
    assert_eq!(
        fails(&mut operator, "BEGIN; CREATE DATABASE b").await,
        "25001: CREATE DATABASE cannot run inside a transaction block"
    );
    run(&mut operator, "ROLLBACK").await;
    let mut session = bench.session_as(Role::Owner, "acme");
    assert_eq!(rows(&mut session, "SELECT count(*) FROM messages").await, ["0"]);
    assert_eq!(
        fails(&mut operator, "DROP DATABASE acme").await,
        "55006: database \"acme\" is being accessed by other users / There is 1 other session using the database."
    );
    let ended = session.terminated();
    let leaves = tokio::spawn(async move {
        ended.cancelled().await;
        drop(session);
    });
    run(&mut operator, "DROP DATABASE acme WITH (FORCE)").await;
    leaves.await.unwrap();
    assert_eq!(fails(&mut operator, "DROP DATABASE acme").await, "3D000: database \"acme\" does not exist");
    run(&mut operator, "DROP DATABASE IF EXISTS acme").await;
    let gone = bench.database.session(Principal::embedded("app", "acme", Role::Owner)).unwrap_err();
    assert_eq!(told(&gone), "3D000: database \"acme\" does not exist");
    bench.database.drop_tenant("demo", Force::No).await.unwrap();
}

#[tokio::test]
async fn listeners_hear_commits_and_nothing_else() {
    let bench = Bench::new().await;
    let (mut one, mut two) = (bench.session(), bench.session());
    run(&mut one, "LISTEN news").await;
    run(&mut two, "BEGIN; NOTIFY news, 'lost'; ROLLBACK").await;
    run(&mut two, "BEGIN; NOTIFY news, 'a'; NOTIFY news, 'a'; SELECT pg_notify('news', 'b'); COMMIT").await;
    let first = one.next_notification().await;
    assert_eq!((first.sender, &*first.channel, &*first.payload), (two.id(), "news", "a"));
    assert_eq!(&*one.next_notification().await.payload, "b");
    assert!(one.subscriber().try_next().is_none());
    run(&mut one, "BEGIN; UNLISTEN news; ROLLBACK").await;
    run(&mut one, "NOTIFY news").await;
    assert_eq!(one.next_notification().await.sender, one.id());
    run(&mut one, "UNLISTEN *; LISTEN messages").await;
    run(&mut two, "NOTIFY news; INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'hi')").await;
    let change: serde_json::Value = serde_json::from_str(&one.next_notification().await.payload).unwrap();
    assert_eq!((&change["op"], &change["row"]["content"]), (&"insert".into(), &"hi".into()));
}

#[tokio::test]
async fn settings_follow_the_transaction() {
    let bench = Bench::new().await;
    let mut session = bench.session();
    assert_eq!(rows(&mut session, "SHOW server_version").await, [SERVER_VERSION]);
    run(&mut session, "BEGIN; SET LOCAL statement_timeout = '5s'; SET TIME ZONE 'Europe/Berlin'").await;
    assert_eq!(rows(&mut session, "SHOW statement_timeout").await, ["5s"]);
    assert_eq!(rows(&mut session, "SHOW TIME ZONE").await, ["Europe/Berlin"]);
    run(&mut session, "COMMIT").await;
    assert_eq!(rows(&mut session, "SHOW statement_timeout").await, ["0"]);
    assert_eq!(rows(&mut session, "SHOW TimeZone").await, ["Europe/Berlin"]);
    assert_eq!(rows(&mut session, "SELECT set_config('app.x', 'y', false), current_setting('app.x')").await, ["y|y"]);
    assert_eq!(
        fails(&mut session, "SET datafusion.runtime.memory_limit = '1G'").await,
        "42704: unrecognized configuration parameter \"datafusion.runtime.memory_limit\""
    );
    run(&mut session, "BEGIN READ ONLY").await;
    assert_eq!(
        fails(&mut session, "INSERT INTO messages (conversation_id) VALUES ('a')").await,
        "25006: cannot execute INSERT in a read-only transaction"
    );
    run(&mut session, "ROLLBACK; DISCARD ALL").await;
    assert_eq!(rows(&mut session, "SHOW TimeZone").await, ["UTC"]);
}

#[tokio::test]
async fn prepared_statements_and_portals() {
    use futures::StreamExt;
    let bench = Bench::new().await;
    let mut session = bench.session();
    run(&mut session, "CREATE TABLE t (a int PRIMARY KEY, b text)").await;
    session.prepare("put", "INSERT INTO t VALUES ($1, $2)", &[]).await.unwrap();
    let parameters = session.statement("put").unwrap().parameters().to_vec();
    assert_eq!(parameters, [crate::catalog::types::PgType::Int4, crate::catalog::types::PgType::Text]);
    for (a, b) in [(1, "x"), (2, "y")] {
        let values = vec![
            datafusion::common::ScalarValue::Int32(Some(a)),
            datafusion::common::ScalarValue::Utf8(Some(b.into())),
        ];
        session.bind("", "put", values).await.unwrap();
        let outcome = session.execute_portal("").await.unwrap();
        assert!(matches!(outcome, Outcome::Command { tag } if tag == "INSERT 0 1"));
    }
    session.sync().await.unwrap();
    session.prepare("get", "SELECT b FROM t WHERE a = $1", &[]).await.unwrap();
    assert_eq!(session.statement("get").unwrap().columns().unwrap()[0].name, "b");
    session.bind("c", "get", vec![datafusion::common::ScalarValue::Int32(Some(2))]).await.unwrap();
    let duplicate = session.bind("c", "get", vec![datafusion::common::ScalarValue::Int32(Some(2))]).await.unwrap_err();
    assert_eq!(told(&duplicate), "42P03: portal \"c\" already exists");
    session.sync().await.unwrap();
    session.bind("", "get", vec![datafusion::common::ScalarValue::Int32(Some(2))]).await.unwrap();
    let Outcome::Rows { columns, mut stream, .. } = session.execute_portal("").await.unwrap() else { panic!() };
    let batch = stream.next().await.unwrap().unwrap();
    assert_eq!(lines(&batch, &columns), ["y"]);
    drop(stream);
    session.sync().await.unwrap();
    assert_eq!(told(&session.statement("nosuch").unwrap_err()), "26000: prepared statement \"nosuch\" does not exist");
    let two = session.prepare("", "SELECT 1; SELECT 2", &[]).await.unwrap_err();
    assert_eq!(told(&two), "42601: cannot insert multiple commands into a prepared statement");
    session.sync().await.unwrap();
    assert_eq!(rows(&mut session, "EXECUTE get(1)").await, ["x"]);
    run(&mut session, "PREPARE g2 (int) AS SELECT a FROM t WHERE a > $1 ORDER BY a; DEALLOCATE get").await;
    assert_eq!(rows(&mut session, "EXECUTE g2(0)").await, ["1", "2"]);
    run(&mut session, "DROP TABLE t; CREATE TABLE t (a bigint)").await;
    assert_eq!(fails(&mut session, "EXECUTE g2(0)").await, "0A000: cached plan must not change result type");
}

#[tokio::test]
async fn copy_reads_and_writes_lines() {
    let bench = Bench::new().await;
    let mut session = bench.session();
    run(&mut session, "CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL, c int DEFAULT 7 CHECK (c > 0))").await;
    assert_eq!(copy_in(&mut session, "COPY t (a, b) FROM STDIN", b"1\tx\\ty\n2\t\n").await.unwrap(), "COPY 2");
    let csv = "COPY t FROM STDIN WITH (FORMAT csv, HEADER)";
    assert_eq!(copy_in(&mut session, csv, b"a,b,c\n3,\"q,\"\"\n\",9\n").await.unwrap(), "COPY 1");
    assert_eq!(copy_out(&mut session, "COPY t TO STDOUT").await, "1\tx\\ty\t7\n2\t\t7\n3\tq,\"\\n\t9\nCOPY 3");
    assert_eq!(
        copy_out(&mut session, "COPY (SELECT a, b FROM t WHERE a > 1 ORDER BY a) TO STDOUT CSV HEADER").await,
        "a,b\n2,\"\"\n3,\"q,\"\"\n\"\nCOPY 2"
    );
    for (data, message) in [
        (&b"4\ta\tb\n"[..], "22P02: invalid input syntax for type integer: \"b\" / COPY t, line 1, column c: \"b\""),
        (b"4\ta\t1\n5\n", "22P04: missing data for column \"b\" / COPY t, line 2: \"5\""),
        (b"4\ta\t1\tz\n", "22P04: extra data after last expected column / COPY t, line 1: \"4\ta\t1\tz\""),
        (
            b"4\ta\t1\n1\tb\t2\n",
            "23505: duplicate key value violates unique constraint \"t_pkey\" / Key (a)=(1) already exists. / COPY t, line 2",
        ),
        (
            b"4\t\\N\t1\n",
            "23502: null value in column \"b\" of relation \"t\" violates not-null constraint / \
             Failing row contains (4, null, 1). / COPY t, line 1: \"4\t\\N\t1\"",
        ),
        (
            b"4\tb\t1\n5\tb\t0\n",
            "23514: new row for relation \"t\" violates check constraint \"t_c_check\" / \
             Failing row contains (5, b, 0). / COPY t, line 2: \"5\tb\t0\"",
        ),
    ] {
        assert_eq!(copy_in(&mut session, "COPY t FROM STDIN", data).await.unwrap_err(), message);
    }
    assert_eq!(rows(&mut session, "SELECT count(*) FROM t").await, ["3"]);
    assert!(fails(&mut session, "COPY t FROM '/etc/passwd'").await.starts_with("42501"));
}

#[tokio::test]
async fn inserts_convert_and_refuse_as_postgresql() {
    let bench = Bench::new().await;
    let mut session = bench.session();
    run(&mut session, "CREATE TABLE t (a int PRIMARY KEY, v varchar(3), n numeric(4,2), d date, s smallint DEFAULT 5)")
        .await;
    let returning = "INSERT INTO t VALUES (1, 'abc', 1.005, '2024-02-29', DEFAULT), (2, 'x', 9, NULL, 3) RETURNING *";
    assert_eq!(rows(&mut session, returning).await, ["1|abc|1.01|2024-02-29|5", "2|x|9.00||3"]);
    for (sql, message) in [
        ("INSERT INTO t (a, v) VALUES (3, 'abcd')", "22001: value too long for type character varying(3)"),
        ("INSERT INTO t (a, s) VALUES (3, 100000)", "22003: smallint out of range"),
        ("INSERT INTO t (a) VALUES ('x')", "22P02: invalid input syntax for type integer: \"x\""),
        ("INSERT INTO t (a, d) VALUES (3, '2023-02-29')", "22008: date/time field value out of range: \"2023-02-29\""),
        ("INSERT INTO t (a) VALUES (true)", "42804: column \"a\" is of type integer but expression is of type boolean"),
        ("INSERT INTO t (nosuch) VALUES (1)", "42703: column \"nosuch\" of relation \"t\" does not exist"),
        (
            "INSERT INTO t VALUES (NULL)",
            "23502: null value in column \"a\" of relation \"t\" violates not-null constraint / Failing row contains (null, null, null, null, 5).",
        ),
        ("INSERT INTO t (a, v) VALUES (1)", "42601: INSERT has more target columns than expressions"),
    ] {
        assert_eq!(fails(&mut session, sql).await, message);
    }
    assert_eq!(run(&mut session, "INSERT INTO t VALUES (1), (3) ON CONFLICT DO NOTHING").await, 1);
    assert_eq!(run(&mut session, "INSERT INTO t (a, v) SELECT a + 10, v FROM t WHERE a < 3").await, 2);
    assert_eq!(run(&mut session, "DELETE FROM t WHERE a IN (SELECT a + 10 FROM t WHERE v = 'abc')").await, 1);
    assert_eq!(rows(&mut session, "UPDATE t SET s = s + 1 WHERE a = 2 RETURNING a, s").await, ["2|4"]);
    assert_eq!(rows(&mut session, "SELECT a FROM t ORDER BY a").await, ["1", "2", "3", "12"]);
}

#[tokio::test]
async fn concurrent_increments_lose_nothing() {
    let bench = Bench::new().await;
    run(&mut bench.session(), "CREATE TABLE t (a int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0)").await;
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let mut session = bench.session();
            tokio::spawn(async move {
                for _ in 0..25 {
                    assert_eq!(run(&mut session, "UPDATE t SET n = n + 1 WHERE a = 1").await, 1);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(rows(&mut bench.session(), "SELECT n FROM t").await, ["100"]);
}

#[tokio::test]
async fn a_running_statement_can_be_canceled() {
    let bench = Bench::new().await;
    let (mut one, mut two) = (bench.session(), bench.session());
    run(&mut one, "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)").await;
    run(&mut one, "BEGIN; DELETE FROM t").await;
    let (pid, secret) = (two.id().0, two.secret());
    let entry = two.entry().clone();
    let waiter = tokio::spawn(async move { fails(&mut two, "DELETE FROM t").await });
    while entry.state() != "active" {
        tokio::task::yield_now().await;
    }
    bench.database.registry().cancel(pid, secret);
    assert_eq!(waiter.await.unwrap(), "57014: canceling statement due to user request");
    run(&mut one, "ROLLBACK").await;
    let mut three = bench.session();
    run(&mut one, "BEGIN; DELETE FROM t").await;
    run(&mut three, "SET statement_timeout = '20ms'").await;
    assert_eq!(fails(&mut three, "DELETE FROM t").await, "57014: canceling statement due to statement timeout");
}

#[tokio::test]
async fn explain_shows_a_plan() {
    let bench = Bench::new().await;
    let mut session = bench.session();
    assert!(!rows(&mut session, "EXPLAIN SELECT * FROM messages WHERE content LIKE 'a%'").await.is_empty());
    let plan = rows(&mut session, "EXPLAIN ANALYZE INSERT INTO messages (conversation_id) VALUES ('a')").await;
    assert_eq!(plan[0], "Insert on messages");
    assert_eq!(rows(&mut session, "SELECT count(*) FROM messages").await, ["1"]);
}

#[tokio::test]
async fn tenants_with_equal_names_never_meet() {
    let bench = Bench::new().await;
    bench.database.create_tenant("other", "app").await.unwrap();
    let mut one = bench.session();
    let mut two = bench.session_as(Role::Owner, "other");
    run(&mut two, "LISTEN messages; LISTEN news").await;
    run(&mut one, "INSERT INTO messages (conversation_id, content) VALUES ('a', 'secret'); NOTIFY news").await;
    assert!(rows(&mut two, "SELECT content FROM messages").await.is_empty());
    assert!(two.subscriber().try_next().is_none());
    assert_eq!(rows(&mut two, "SELECT datname FROM pg_database ORDER BY 1").await, ["other"]);
    let pid = one.id().0;
    assert_eq!(rows(&mut two, &format!("SELECT pg_terminate_backend({pid})")).await, ["f"]);
    assert!(!one.terminated().is_cancelled());
}

#[tokio::test]
async fn one_row_by_its_key_is_changed_the_same_with_and_without_a_plan() {
    for direct in ["on", "off"] {
        let bench = Bench::new().await;
        let mut session = bench.session();
        run(&mut session, &format!("SET kalam.direct_path = {direct}")).await;
        run(&mut session, "CREATE TABLE t (a int, b text, c text, d int NOT NULL DEFAULT 0, PRIMARY KEY (a, b))").await;
        run(&mut session, "INSERT INTO t VALUES (1, 'x', 'old'), (2, 'x', 'old'), (1, 'y', 'old')").await;
        assert_eq!(
            rows(&mut session, "UPDATE t SET c = 'new', d = 5 WHERE b = 'x' AND 1 = a RETURNING *").await,
            ["1|x|new|5"]
        );
        run(&mut session, "SELECT kalam.flush('t')").await;
        assert_eq!(run(&mut session, "UPDATE t AS u SET c = NULL WHERE (u.a = 2 AND u.b = 'x')").await, 1);
        assert_eq!(run(&mut session, "UPDATE t SET c = 'z' WHERE a = 3 AND b = 'x'").await, 0);
        assert_eq!(run(&mut session, "UPDATE t SET c = 'z' WHERE a = 1.5 AND b = 'x'").await, 0);
        let null = "23502: null value in column \"d\" of relation \"t\" violates not-null constraint / \
                    Failing row contains (1, x, new, null).";
        assert_eq!(
            fails(&mut session, "UPDATE t SET d = $1 WHERE a = 1 AND b = 'x'").await,
            "42P02: there is no parameter $1"
        );
        session.prepare("p", "UPDATE t SET d = $1 WHERE a = $2 AND b = $3", &[]).await.unwrap();
        let values = |a: Option<i32>, d| {
            use datafusion::common::ScalarValue::{Int32, Utf8};
            vec![Int32(d), Int32(a), Utf8(Some("x".into()))]
        };
        session.bind("", "p", values(Some(1), None)).await.unwrap();
        assert_eq!(told(&session.execute_portal("").await.unwrap_err()), null);
        session.sync().await.unwrap();
        for (a, d, tag) in [(Some(1), 7, "UPDATE 1"), (None, 7, "UPDATE 0"), (Some(2), 8, "UPDATE 1")] {
            session.bind("", "p", values(a, Some(d))).await.unwrap();
            assert!(
                matches!(session.execute_portal("").await.unwrap(), Outcome::Command { tag: found } if found == tag)
            );
            session.sync().await.unwrap();
        }
        assert_eq!(rows(&mut session, "DELETE FROM t WHERE a = 1 AND b = 'y' RETURNING c").await, ["old"]);
        assert_eq!(run(&mut session, "DELETE FROM t WHERE a = 1 AND b = 'y'").await, 0);
        assert_eq!(rows(&mut session, "SELECT * FROM t ORDER BY a").await, ["1|x|new|7", "2|x||8"], "direct {direct}");
        assert!(fails(&mut session, "UPDATE t SET c = 'z' WHERE a = 'q' AND b = 'x'").await.starts_with("22P02"));
    }
}
