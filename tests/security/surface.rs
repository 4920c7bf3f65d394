//! SQL cannot reach files, URLs, programs or the engine's own settings.

use crate::support::server::Server;
use crate::support::wire::Wire;

#[test]
fn sql_reaches_no_files_and_no_network() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    let secret = server.data().join("secret.csv");
    std::fs::write(&secret, "a,b\nthe secret,2\n").unwrap();
    let path = secret.to_str().unwrap().to_owned();
    for sql in [
        format!("CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '{path}'"),
        format!("CREATE EXTERNAL TABLE x (a text) STORED AS CSV LOCATION 'file://{path}'"),
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION 'http://127.0.0.1:1/x'".to_owned(),
        format!("SELECT * FROM '{path}'"),
        format!("SELECT * FROM \"{path}\""),
        format!("SELECT * FROM 'file://{path}'"),
        format!("SELECT * FROM read_csv('{path}')"),
        format!("SELECT * FROM parquet_metadata('{path}')"),
        format!("SELECT pg_read_file('{path}')"),
        "SELECT pg_ls_dir('/')".to_owned(),
        "SELECT lo_import('/etc/passwd')".to_owned(),
        format!("COPY messages FROM '{path}'"),
        format!("COPY messages TO '{path}.out'"),
        format!("COPY messages TO '{path}.out' STORED AS CSV"),
        "COPY messages TO PROGRAM 'cat'".to_owned(),
        format!("CREATE TABLE x AS SELECT * FROM '{path}'"),
        format!("INSERT INTO messages SELECT * FROM '{path}'"),
        format!("LOAD '{path}'"),
        "CREATE FUNCTION f() RETURNS int AS 'x', 'y' LANGUAGE C".to_owned(),
        "DO $$ BEGIN END $$".to_owned(),
        "ALTER SYSTEM SET max_connections = 1".to_owned(),
        "CREATE CATALOG c".to_owned(),
        "CREATE EXTENSION file_fdw".to_owned(),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "SET datafusion.runtime.memory_limit = '100G'".to_owned(),
        "SET datafusion.catalog.location = '/'".to_owned(),
        "SHOW datafusion.execution.batch_size".to_owned(),
        "SHOW ALL datafusion".to_owned(),
        "RESET datafusion.execution.batch_size".to_owned(),
        "SELECT set_config('datafusion.execution.batch_size', '1', false)".to_owned(),
        "SELECT current_setting('datafusion.execution.batch_size')".to_owned(),
        "EXPLAIN ANALYZE CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'".to_owned(),
        "PREPARE p AS CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'".to_owned(),
    ] {
        let (reply, error) = wire.run_all(&sql);
        let Some(error) = error else { panic!("{sql}: {reply:?}") };
        assert!(!error.sqlstate().starts_with("XX"), "{sql}: {error}");
        let text = format!("{error} {} {}", error.get('D'), error.get('H'));
        assert!(!text.contains("the secret"), "{sql}: {text}");
        // Whether a file exists is not told either; its path is repeated only if the client wrote it.
        assert!(!text.contains("No such file") && !text.contains("Permission denied (os"), "{sql}: {text}");
    }
    assert!(!secret.with_extension("csv.out").exists());
    assert!(wire.rows("SHOW ALL").iter().all(|line| !line.contains("datafusion")));
}

/// Errors of the inside stay inside: no paths of the server in what a client is told.
#[test]
fn errors_do_not_show_the_server() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    let data = server.data().to_str().unwrap().to_owned();
    for sql in [
        "SELECT kalam.flush('nosuchtable')",
        "SELECT kalam.flush(NULL)",
        "SELECT kalam.flush('')",
        "SELECT * FROM kalam.nosuchview",
        "SELECT nosuch()",
        "CREATE DATABASE x",
        "DROP DATABASE demo",
    ] {
        if let (_, Some(error)) = wire.run_all(sql) {
            let text = format!("{:?}", error.0);
            assert!(!text.contains(&data), "{sql}: {text}");
            assert!(!error.sqlstate().starts_with("XX"), "{sql}: {error}");
            for word in ["DataFusion", "datafusion", "Arrow error", "rocksdb", "RocksDB", "sqlparser", "panicked"] {
                assert!(!text.contains(word), "{sql}: {text}");
            }
        }
    }
    let files = wire.ok("SELECT * FROM kalam.history_files");
    assert!(files.rows.iter().flatten().flatten().all(|value| !value.contains(&data)));
}

/// Statements that are not there yet say so: 0A000 or a syntax error, never a pretended success.
#[test]
fn what_is_not_supported_says_so() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, v int)");
    for sql in [
        "CREATE INDEX i ON t (v)",
        "CREATE UNIQUE INDEX i ON t (v)",
        "CREATE TABLE u (id int PRIMARY KEY, v int UNIQUE)",
        "CREATE TABLE u (id int PRIMARY KEY, v int REFERENCES t (id))",
        "CREATE TABLE u (id int GENERATED ALWAYS AS IDENTITY)",
        "CREATE TABLE u (id serial PRIMARY KEY)",
        "CREATE TABLE u (id int, v int GENERATED ALWAYS AS (id * 2) STORED)",
        "CREATE TABLE u PARTITION OF t DEFAULT",
        "CREATE TABLE u (a int) INHERITS (t)",
        "CREATE VIEW v AS SELECT * FROM t",
        "CREATE MATERIALIZED VIEW v AS SELECT * FROM t",
        "CREATE SEQUENCE s",
        "CREATE TYPE mood AS ENUM ('sad')",
        "CREATE DOMAIN d AS int",
        "CREATE TRIGGER tr AFTER INSERT ON t EXECUTE FUNCTION f()",
        "CREATE POLICY p ON t",
        "CREATE ROLE r",
        "GRANT SELECT ON t TO app",
        "ALTER TABLE t ADD COLUMN w int",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "INSERT INTO t VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET v = 2",
        "BEGIN ISOLATION LEVEL SERIALIZABLE",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SELECT * FROM t FOR UPDATE",
        "SELECT * FROM t FOR SHARE SKIP LOCKED",
        "LOCK TABLE t",
        "PREPARE TRANSACTION 'x'",
        "MERGE INTO t USING t AS s ON false WHEN NOT MATCHED THEN DO NOTHING",
        "UPDATE t SET v = s.v FROM t AS s WHERE s.id = t.id",
        "DELETE FROM t USING t AS s WHERE s.id = t.id",
        "COPY t TO STDOUT WITH (FORMAT binary)",
    ] {
        let (reply, error) = wire.run_all(sql);
        // Some of these may be supported already: then they must not be pretended, which their own tests show.
        if reply.status != 'I' {
            wire.ok("ROLLBACK");
        }
        let Some(error) = error else {
            println!("supported: {sql}");
            continue;
        };
        assert!(
            ["0A000", "42601", "42P07", "42704", "42883", "42P13", "25001", "25P01"].contains(&error.sqlstate()),
            "{sql}: {error}"
        );
        assert!(!error.message().is_empty());
    }
}
