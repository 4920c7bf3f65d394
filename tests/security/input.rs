//! Bad input of a session that is logged in: each gets its SQLSTATE, loses nothing, and others are served.

use crate::support::server::Server;
use crate::support::wire::{Wire, bind, execute, frame, parse, query, sync, tags};

#[test]
fn broken_messages_after_login_end_that_session_only() {
    let server = Server::plain();
    let mut witness = Wire::connect(&server);
    witness.ok("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    let huge = |tag: u8, length: u32| [vec![tag], length.to_be_bytes().to_vec()].concat();
    let attacks: Vec<Vec<u8>> = vec![
        vec![0; 64],
        vec![0xff; 64],
        huge(b'Q', 0),
        huge(b'Q', 3),
        huge(b'Q', u32::MAX),
        huge(b'Q', 0x7fff_ffff),
        huge(b'd', 0x7fff_ffff),
        frame(b'?', &[b"unknown"]),
        frame(b'Q', &[b"DELETE FROM t"]),
        frame(b'Q', &[b"DELETE FROM t\0DELETE FROM t\0"]),
        frame(b'P', &[b"no end"]),
        frame(b'P', &[b"\0SELECT 1\0\x7f\xff"]),
        frame(b'P', &[b"\0SELECT 1\0\xff\xff"]),
        frame(b'B', &[b"\0\0\x7f\xff"]),
        frame(b'B', &[b"\0\0\0\0\x7f\xff\0\0\0\x01"]),
        frame(b'B', &[b"\0\0\0\x01\0\x01\0\x01\x7f\xff\xff\xff1"]),
        frame(b'B', &[b"\0\0\0\x01\0\x07\0\0\0\0"]),
        frame(b'E', &[b"\0"]),
        frame(b'D', &[b"X\0"]),
        frame(b'D', &[]),
        frame(b'C', &[b"S"]),
        frame(b'd', &[b"data outside of COPY"]),
        frame(b'c', &[]),
        frame(b'F', &[b"\0\0\0\x01"]),
        frame(b'p', &[b"a second password\0"]),
    ];
    for attack in attacks {
        let mut wire = Wire::connect(&server);
        wire.send(&attack).unwrap();
        let _ = wire.send(&sync());
        let _ = wire.socket().shutdown(std::net::Shutdown::Write);
        // An answer, an error or the end: but an end, and nothing of the attack done.
        wire.until_closed();
        assert_eq!(witness.value("SELECT count(*) FROM t"), "1", "{attack:?}");
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn an_oversized_message_is_refused_by_its_length() {
    let server = Server::serve(&[("server", "max_message_bytes = 100000")]);
    let mut wire = Wire::connect(&server);
    let (large, limit) = ("x".repeat(200_000), "x".repeat(90_000));
    assert_eq!(wire.value(&format!("SELECT length('{limit}')")), "90000");
    wire.send(&query(&format!("SELECT length('{large}')"))).unwrap();
    let messages = wire.until_closed();
    let fields = messages[0].fields();
    assert!(["08P01", "54000"].contains(&fields.sqlstate()), "{fields}");
    assert_eq!(Wire::connect(&server).value("SELECT 'others'"), "others");
}

#[test]
fn text_that_is_no_text_is_refused() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, v text, w varchar(10), j jsonb)");
    // Invalid UTF-8 in a statement.
    wire.send(&frame(b'Q', &[b"SELECT '\xff\xfe'\0"])).unwrap();
    let messages = wire.until_ready().unwrap();
    assert_eq!(messages[0].fields().sqlstate(), "22021", "{:?}", messages[0].fields());
    assert_eq!(messages[0].fields().message(), "invalid byte sequence for encoding \"UTF8\": 0xff");
    // In a parameter, in both formats; and NUL.
    for (bytes, shown) in [
        (&b"ab\xffcd"[..], "0xff"),
        (b"\xc3\x28", "0xc3 0x28"),
        (b"\xed\xa0\x80", "0xed 0xa0 0x80"),
        (b"a\0b", "0x00"),
        (b"\xe6\x97", "0xe6 0x97"),
    ] {
        for format in [0, 1] {
            for column in ["v", "w"] {
                let sql = format!("INSERT INTO t (id, {column}) VALUES (1, $1)");
                let messages =
                    wire.pipeline(&[parse("", &sql, &[]), bind("", "", format, &[Some(bytes)], 0), execute("", 0)]);
                let error =
                    messages.iter().find(|m| m.tag == b'E').unwrap_or_else(|| panic!("{bytes:?} was taken")).fields();
                assert_eq!(error.sqlstate(), "22021", "{error}");
                assert_eq!(error.message(), format!("invalid byte sequence for encoding \"UTF8\": {shown}"));
            }
        }
    }
    // In COPY.
    for (text, state) in [(&b"1\t\xff\n"[..], "22021"), (b"1\ta\0b\n", "22021"), (b"1\t\\x00\n", "22021")] {
        wire.send(&query("COPY t (id, v) FROM STDIN")).unwrap();
        assert_eq!(wire.message().unwrap().tag, b'G');
        wire.send(&[frame(b'd', &[text]), frame(b'c', &[])].concat()).unwrap();
        let messages = wire.until_ready().unwrap();
        assert_eq!(messages[0].fields().sqlstate(), state, "{:?}", messages[0].fields());
    }
    // NUL by an escape, and in JSON.
    assert_eq!(wire.fails("INSERT INTO t (id, j) VALUES (1, '\"\\u0000\"')").sqlstate(), "22P05");
    assert_eq!(wire.value("SELECT count(*) FROM t"), "0");
}

#[test]
fn monstrous_statements_are_refused_and_do_not_crash() {
    let server = Server::plain();
    let mut witness = Wire::connect(&server);
    let n = 10_000;
    let terms = |separator: &str, term: &str| vec![term; n].join(separator);
    let statements = [
        format!("SELECT {}", terms("+", "1")),
        format!("SELECT {}", terms("||", "'x'")),
        format!("SELECT 1 WHERE {}", terms(" OR ", "1 = 2")),
        format!("SELECT 1 WHERE {}", terms(" AND ", "1 = 1")),
        format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n)),
        format!("SELECT {}1", "- ".repeat(n)),
        format!("SELECT {}true", "NOT ".repeat(n)),
        format!("SELECT {}1{}", "abs(".repeat(n), ")".repeat(n)),
        format!("SELECT {}1{}", "(SELECT ".repeat(n), ")".repeat(n)),
        format!("SELECT 1 {}", "UNION ALL SELECT 1 ".repeat(n)),
        format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(n), " END".repeat(n)),
        format!("SELECT 1{}", "::int".repeat(n)),
        format!("SELECT * FROM {}messages{}", "(SELECT * FROM ".repeat(n), ") AS s".repeat(n)),
        format!("CREATE TABLE deep (id int PRIMARY KEY, v int DEFAULT {})", terms("+", "1")),
        format!("CREATE TABLE deep (id int PRIMARY KEY, v int CHECK ({}))", terms(" OR ", "v = 1")),
        format!("DELETE FROM messages WHERE {}", terms(" OR ", "content = 'x'")),
    ];
    for sql in statements {
        let mut wire = Wire::connect(&server);
        let error = wire.fails(&sql);
        assert_eq!(error.sqlstate(), "54001", "{}…: {error}", &sql[..60]);
        let messages = wire.pipeline(&[parse("", &sql, &[])]);
        assert_eq!(tags(&messages), "EZ", "{}…", &sql[..60]);
        assert_eq!(messages[0].fields().sqlstate(), "54001", "{}…", &sql[..60]);
        assert_eq!(wire.value("SELECT 'the session goes on'"), "the session goes on");
        assert_eq!(witness.value("SELECT 'others'"), "others");
    }
    // Long is not deep: a list of values is data.
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, v text)");
    let rows: Vec<String> = (0..n).map(|id| format!("({id}, 'value {id}')")).collect();
    wire.ok(&format!("INSERT INTO t VALUES {}", rows.join(", ")));
    assert_eq!(wire.value("SELECT count(*) FROM t"), n.to_string());
}

#[test]
fn numbers_and_dates_out_of_range_have_their_codes() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, s smallint, i int, l bigint, n numeric(5,2), d date, ts timestamptz, tm time)");
    for (column, value, state) in [
        ("s", "40000", "22003"),
        ("i", "3000000000", "22003"),
        ("l", "10000000000000000000", "22003"),
        ("n", "1000", "22003"),
        ("d", "'2023-02-29'", "22008"),
        ("d", "'not a date'", "22007"),
        ("d", "'2024-13-45'", "22008"),
        ("ts", "'2024-02-30 00:00:00'", "22008"),
        ("ts", "'tea time'", "22007"),
        ("tm", "'25:00'", "22008"),
        ("i", "'twelve'", "22P02"),
    ] {
        let error = wire.fails(&format!("INSERT INTO t (id, {column}) VALUES (1, {value})"));
        assert_eq!(error.sqlstate(), state, "{column} = {value}: {error}");
    }
    wire.ok("INSERT INTO t (id, i) VALUES (1, 2147483647)");
    assert_eq!(wire.fails("UPDATE t SET i = i + 1").sqlstate(), "22003");
    assert_eq!(wire.fails("SELECT i / 0 FROM t").sqlstate(), "22012");
    assert_eq!(wire.value("SELECT i FROM t"), "2147483647");
}

/// Keys longer than the storage takes.
#[test]
fn an_oversized_key_is_refused() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (k text PRIMARY KEY, v text)");
    let error = wire.fails("INSERT INTO t VALUES (repeat('k', 100000), 'v')");
    assert_eq!(error.sqlstate(), "54000", "{error}");
    wire.ok("INSERT INTO t VALUES ('k', repeat('v', 5000000))");
    assert_eq!(wire.value("SELECT length(v) FROM t"), "5000000");
}

/// Memory has a bound, and reaching it is an error of that statement.
#[test]
fn a_hungry_statement_is_stopped() {
    let server = Server::serve(&[("query", "memory_bytes = 33554432"), ("query", "max_spill_bytes = 33554432")]);
    let mut wire = Wire::connect(&server);
    let hungry =
        "SELECT count(*) FROM (SELECT a.x, count(*) FROM generate_series(1, 3000000) AS a(x) GROUP BY a.x) AS s";
    match wire.run(hungry) {
        Err(error) => assert!(["53200", "53100"].contains(&error.sqlstate()), "{error}"),
        Ok(reply) => assert_eq!(reply.rows[0][0].as_deref(), Some("3000000"), "spilling is allowed, lying is not"),
    }
    assert_eq!(wire.value("SELECT 'on'"), "on");
    assert_eq!(Wire::connect(&server).value("SELECT 'others'"), "others");
}
