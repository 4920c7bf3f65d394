//! The small statements as clients write them, and PostgreSQL's words for what they are not.

use super::*;

fn read(text: &str) -> String {
    match utility(text) {
        Ok(Some(utility)) => format!("{utility:?}"),
        Ok(None) => "sql".into(),
        Err(error) => {
            let position = error.report().position.map(|at| format!(" at {at}")).unwrap_or_default();
            format!("{}: {error}{position}", error.sqlstate())
        }
    }
}

#[test]
fn transactions() {
    assert_eq!(
        read("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
        "Begin { modes: Modes { isolation: Some(RepeatableRead), read_only: Some(true), deferrable: None }, start: false }"
    );
    assert!(read("START TRANSACTION READ WRITE NOT DEFERRABLE").contains("start: true"));
    assert_eq!(read("END WORK"), "Commit { chain: false }");
    assert_eq!(read("ROLLBACK AND CHAIN"), "Rollback { chain: true }");
    assert_eq!(read("ROLLBACK TO SAVEPOINT a"), "NotSupported(\"SAVEPOINT\")");
    assert_eq!(read("begin foo"), "42601: syntax error at or near \"foo\" at 7");
    assert_eq!(read("START"), "42601: syntax error at end of input at 6");
}

#[test]
fn settings() {
    assert_eq!(
        read("SET search_path TO \"$user\", Public"),
        "Set { name: \"search_path\", local: false, value: Some([\"$user\", \"public\"]) }"
    );
    assert_eq!(read("SET LOCAL work_mem = -1"), "Set { name: \"work_mem\", local: true, value: Some([\"-1\"]) }");
    assert_eq!(read("SET TIME ZONE 'UTC'"), "Set { name: \"timezone\", local: false, value: Some([\"UTC\"]) }");
    assert_eq!(read("SET SESSION app.user TO DEFAULT"), "Set { name: \"app.user\", local: false, value: None }");
    assert_eq!(read("SET NAMES 'UTF8'"), "Set { name: \"client_encoding\", local: false, value: Some([\"UTF8\"]) }");
    assert_eq!(read("SHOW TRANSACTION ISOLATION LEVEL"), "Show(Some(\"transaction_isolation\"))");
    assert_eq!(read("RESET ALL"), "Reset(None)");
    assert_eq!(read("SET a b"), "42601: syntax error at or near \"b\" at 7");
}

#[test]
fn listening() {
    assert_eq!(read("LISTEN \"a B\""), "Listen(\"a B\")");
    assert_eq!(read("UNLISTEN *"), "Unlisten(None)");
    assert_eq!(read("NOTIFY Foo, 'it''s'"), "Notify { channel: \"foo\", payload: Some(\"it's\") }");
    assert_eq!(read("NOTIFY foo, bar"), "42601: syntax error at or near \"bar\" at 13");
}

#[test]
fn definitions() {
    assert_eq!(
        read("DROP DATABASE IF EXISTS a WITH (FORCE)"),
        "DropDatabase { name: \"a\", if_exists: true, force: true }"
    );
    let plain = "CreateDatabase { name: \"a\", owner: None }";
    assert_eq!(read("CREATE DATABASE a ENCODING 'UTF8' TEMPLATE template0"), plain);
    assert_eq!(
        read("CREATE DATABASE a LC_COLLATE 'C' LC_CTYPE = DEFAULT CONNECTION LIMIT -1 IS_TEMPLATE false"),
        plain
    );
    assert_eq!(
        read("CREATE DATABASE a WITH OWNER app ENCODING = 6"),
        "CreateDatabase { name: \"a\", owner: Some(\"app\") }"
    );
    for refused in ["TEMPLATE demo", "ENCODING 'LATIN1'", "LOCALE 'C'", "LC_COLLATE 'de_DE'", "CONNECTION LIMIT 5"] {
        assert!(read(&format!("CREATE DATABASE a {refused}")).starts_with("0A000: "), "{refused}");
    }
    assert_eq!(read("CREATE DATABASE a nosuch 5"), "42601: option \"nosuch\" not recognized at 19");
    assert_eq!(read("CREATE DATABASE a OWNER b OWNER c"), "42601: conflicting or redundant options at 27");
    assert_eq!(read("CREATE TABLE a (b int)"), "sql");
    assert_eq!(read("CREATE UNIQUE INDEX ON a (b)"), "NotSupported(\"CREATE UNIQUE INDEX\")");
    assert_eq!(read("CREATE OR REPLACE VIEW a AS SELECT 1"), "NotSupported(\"CREATE VIEW\")");
    assert_eq!(read("ALTER TABLE a ADD b int"), "NotSupported(\"ALTER TABLE\")");
    assert_eq!(read("SELECT 1"), "sql");
    assert_eq!(
        read("TRUNCATE a, ONLY b.c RESTART IDENTITY"),
        "Truncate { names: [Name { parts: [\"a\"], position: 10 }, Name { parts: [\"b\", \"c\"], position: 18 }] }"
    );
}

#[test]
fn prepared_statements_keep_the_texts_of_their_parts() {
    assert_eq!(
        read("EXECUTE p(1, f(2, 3), 'a,b')"),
        "Execute { name: \"p\", arguments: [\"1\", \"f(2, 3)\", \"'a,b'\"] }"
    );
    assert_eq!(read("EXECUTE p(1,)"), "42601: syntax error at or near \")\" at 13");
    let prepared = read("PREPARE p (int, numeric(10,2)) AS SELECT $1");
    assert!(prepared.starts_with("Prepare { name: \"p\", types: [\"int\", \"numeric(10,2)\"]"), "{prepared}");
}

#[test]
fn explain_reads_both_forms_of_its_options() {
    assert!(read("EXPLAIN ANALYZE VERBOSE SELECT 1").contains("analyze: true, verbose: true, json: false"));
    assert!(read("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE p").contains("analyze: false, verbose: true, json: true"));
    assert_eq!(read("EXPLAIN (FOO) SELECT 1"), "42601: unrecognized EXPLAIN option \"foo\" at 10");
}
