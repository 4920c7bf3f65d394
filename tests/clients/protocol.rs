//! What a client reads before its first query, and the small rules of the simple protocol.

use crate::support::postgres;
use crate::support::server::Server;
use crate::support::wire::{Wire, bind, execute, flush, parse, query, ssl_request, sync, tags, untagged};

#[test]
fn parameter_status_is_that_of_postgresql_15() {
    let server = Server::plain();
    let wire = Wire::connect(&server);
    let mut names: Vec<&str> = wire.parameters.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "DateStyle",
        "IntervalStyle",
        "TimeZone",
        "application_name",
        "client_encoding",
        "default_transaction_read_only",
        "in_hot_standby",
        "integer_datetimes",
        "is_superuser",
        "server_encoding",
        "server_version",
        "session_authorization",
        "standard_conforming_strings",
    ];
    assert_eq!(names, expected);
    for (name, value) in [
        ("client_encoding", "UTF8"),
        ("server_encoding", "UTF8"),
        ("DateStyle", "ISO, MDY"),
        ("IntervalStyle", "postgres"),
        ("integer_datetimes", "on"),
        ("standard_conforming_strings", "on"),
        ("session_authorization", "app"),
        ("in_hot_standby", "off"),
        ("default_transaction_read_only", "off"),
    ] {
        assert_eq!(wire.parameters[name], value, "{name}");
    }
    assert!(wire.parameters["server_version"].starts_with("15."), "{}", wire.parameters["server_version"]);
    assert_ne!(wire.key, (0, 0), "BackendKeyData");
}

#[test]
fn settings_of_the_startup_message_are_taken() {
    let server = Server::plain();
    let token = server.token("demo", "app", "owner");
    let mut wire = Wire::to(&server).unwrap();
    let parameters = [
        ("user", "app"),
        ("database", "demo"),
        ("application_name", "a test"),
        ("TimeZone", "Europe/Berlin"),
        ("extra_float_digits", "2"),
        ("options", "-c statement_timeout=5000"),
    ];
    wire.login_with(&parameters, &token).unwrap();
    assert_eq!(wire.parameters["application_name"], "a test");
    assert_eq!(wire.parameters["TimeZone"], "Europe/Berlin");
    assert_eq!(wire.value("SHOW statement_timeout"), "5s");
    // A change is reported.
    wire.ok("SET TimeZone = 'UTC'");
    assert_eq!(wire.parameters["TimeZone"], "UTC");
    wire.ok("SET application_name = 'renamed'");
    assert_eq!(wire.parameters["application_name"], "renamed");
}

/// A client that sends Flush and not Sync reads why its statement failed, and is not left waiting for it.
#[test]
fn errors_of_the_extended_protocol_do_not_wait_for_sync() {
    let server = Server::plain();
    let mut wires = vec![Wire::connect(&server)];
    if let Some(postgres) = postgres::shared() {
        let mut reference = Wire::plain(postgres.address()).unwrap();
        reference.login("app", &postgres.database(), "").unwrap();
        wires.push(reference);
    }
    // PostgreSQL plans at Bind, and would find a division of constants there.
    let late = "SELECT 1 / (x - $1) FROM generate_series(1, 1) AS g(x)";
    for wire in &mut wires {
        for (messages, before, sqlstate) in [
            ([parse("", "selec", &[]), flush()].concat(), "", "42601"),
            // Flush comes too late to be answered, and is not needed.
            (parse("", "selec", &[]), "", "42601"),
            ([parse("", "SELECT 1", &[]), bind("", "nosuch", 0, &[], 0), flush()].concat(), "1", "26000"),
            (
                [parse("", late, &[23]), bind("", "", 0, &[Some(b"1")], 0), execute("", 0), flush()].concat(),
                "12",
                "22012",
            ),
        ] {
            wire.send(&messages).unwrap();
            let mut read = Vec::new();
            while read.last().is_none_or(|message: &crate::support::wire::Message| message.tag != b'E') {
                read.push(wire.message().unwrap());
            }
            assert_eq!(tags(&read), format!("{before}E"));
            assert_eq!(read.last().unwrap().fields().sqlstate(), sqlstate);
            // What follows is skipped up to Sync, once answered.
            wire.send(&[parse("", "SELECT 1", &[]), flush(), sync()].concat()).unwrap();
            assert_eq!(tags(&wire.until_ready().unwrap()), "Z");
        }
    }
}

/// Every spelling that PostgreSQL takes: it looks at letters and digits only.
#[test]
fn client_encoding_is_taken_in_any_spelling() {
    let server = Server::plain();
    let token = server.token("demo", "app", "owner");
    for spelling in ["'utf-8'", "UTF 8", "utf-8", "utf8", "Unicode"] {
        let mut wire = Wire::to(&server).unwrap();
        wire.login_with(&[("user", "app"), ("database", "demo"), ("client_encoding", spelling)], &token).unwrap();
        assert_eq!(wire.parameters["client_encoding"], "UTF8", "{spelling}");
    }
}

/// The same simple queries on both servers: the same messages in the same order.
#[test]
fn simple_queries_answer_as_postgresql_does() {
    let Some(postgres) = postgres::shared() else { return };
    let mut reference = Wire::plain(postgres.address()).unwrap();
    reference.login("app", &postgres.database(), "").unwrap();
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    for sql in [
        "",
        ";",
        "-- a ping",
        "/* a /* nested */ comment */",
        "CREATE TABLE t (id int PRIMARY KEY, v text)",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        "SELECT * FROM t ORDER BY id",
        "SELECT * FROM t WHERE false",
        "SELECT count(*) FROM t; SELECT v FROM t WHERE id = 1",
        "UPDATE t SET v = 'c' WHERE id = 1; DELETE FROM t WHERE id = 2",
        "SELECT v FROM t; SELECT nosuch FROM t; SELECT v FROM t",
        "BEGIN",
        "SELECT nosuch FROM t",
        "SELECT v FROM t",
        "ROLLBACK",
        "BEGIN; INSERT INTO t VALUES (5, 'five')",
        "COMMIT; SELECT count(*) FROM t",
        "CREATE TABLE IF NOT EXISTS t (id int)",
        "DROP TABLE IF EXISTS nosuch",
        "COMMIT",
        "SELECT id FROM t WHERE 1 = 2; ; SELECT v FROM t WHERE id = 5",
        "TRUNCATE t",
        "INSERT INTO t SELECT 1, 'x' WHERE false",
        "SET application_name = 'x'",
        "SHOW application_name",
        "DROP TABLE t",
    ] {
        let seen = |wire: &mut Wire| {
            wire.send(&query(sql)).unwrap();
            let messages = wire.until_ready().unwrap();
            let shown = messages.iter().filter(|m| m.tag != b'S').map(|message| match message.tag {
                b'E' | b'N' => {
                    let fields = message.fields();
                    format!("{} {} {} {}", message.tag as char, fields.get('S'), fields.sqlstate(), fields.message())
                }
                b'C' => message.text(),
                b'D' => format!("{:?}", message.values()),
                b'T' => format!("{:?}", message.columns().iter().map(|c| (c.name.clone(), c.oid)).collect::<Vec<_>>()),
                b'Z' => format!("ready {}", message.body[0] as char),
                other => (other as char).to_string(),
            });
            shown.collect::<Vec<_>>()
        };
        assert_eq!(seen(&mut wire), seen(&mut reference), "{sql:?}");
    }
}

/// psql and libpq ask for GSS encryption first when they can.
#[test]
fn encryption_requests_are_answered() {
    let server = Server::start();
    let mut wire = Wire::plain(server.address()).unwrap();
    wire.send(&untagged(&[&80_877_104u32.to_be_bytes()])).unwrap();
    let mut answer = [0u8; 1];
    assert_eq!(wire.read_some(&mut answer).unwrap(), 1);
    assert_eq!(answer[0], b'N', "no GSS encryption");
    wire.send(&ssl_request()).unwrap();
    assert_eq!(wire.read_some(&mut answer).unwrap(), 1);
    assert_eq!(answer[0], b'S');

    let server = Server::plain();
    let mut wire = Wire::plain(server.address()).unwrap();
    wire.send(&ssl_request()).unwrap();
    assert_eq!(wire.read_some(&mut answer).unwrap(), 1);
    assert_eq!(answer[0], b'N', "TLS is off");
    let token = server.token("demo", "app", "owner");
    wire.login("app", "demo", &token).unwrap();
    assert_eq!(wire.value("SELECT 1"), "1");
}

#[test]
fn an_unknown_protocol_version_is_negotiated_or_refused() {
    let server = Server::plain();
    // 3.2 is newer than what we speak: NegotiateProtocolVersion and on with 3.0.
    let mut wire = Wire::plain(server.address()).unwrap();
    wire.send(&untagged(&[&196_610u32.to_be_bytes(), b"user\0app\0database\0demo\0_pq_.option\0x\0\0"])).unwrap();
    let first = wire.message().unwrap();
    assert_eq!(first.tag, b'v', "{first:?}");
    // 2.0 is older.
    let mut wire = Wire::plain(server.address()).unwrap();
    wire.send(&untagged(&[&131_072u32.to_be_bytes(), b"user\0app\0\0"])).unwrap();
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut wire.socket(), &mut answer).unwrap();
    assert_ne!(answer.first(), Some(&b'R'), "no login");
}
