//! Every type on the wire, in text and in binary, both ways: byte for byte what PostgreSQL 15 sends.

use crate::support::postgres;
use crate::support::server::Server;
use crate::support::wire::{Message, Wire, bind, describe_portal, execute, parse, tags};

/// Type name, OID, and values as SQL literals; NULL is added to each.
const TYPES: &[(&str, u32, &[&str])] = &[
    ("bool", 16, &["true", "false"]),
    ("int2", 21, &["0", "-1", "32767", "-32768"]),
    ("int4", 23, &["0", "-1", "2147483647", "-2147483648"]),
    ("int8", 20, &["0", "-1", "9223372036854775807", "-9223372036854775808"]),
    (
        "float4",
        700,
        &["0", "-0", "1.5", "0.1", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity", "16777216", "123456.7"],
    ),
    (
        "float8",
        701,
        &[
            "0",
            "-0",
            "1.5",
            "0.1",
            "1.7976931348623157e308",
            "5e-324",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e15",
            "1e16",
            "123456789.125",
            "0.0001",
            "0.00001",
        ],
    ),
    ("numeric(12,4)", 1700, &["0", "1", "-1", "1.5", "-12345678.9999", "99999999.9999", "0.0001", "10000", "1e4"]),
    (
        "numeric(38,0)",
        1700,
        &["0", "99999999999999999999999999999999999999", "-10000000000000000000000000000000000000"],
    ),
    (
        "numeric(60,20)",
        1700,
        &["1234567890123456789012345678901234567890.12345678901234567890", "-0.00000000000000000001"],
    ),
    ("numeric", 1700, &["0", "1.5", "-0.001", "12345678901234567890.123", "100000"]),
    ("text", 25, &["", "a", "naïve 日本語 🙂", "two\nlines\ttab", "back\\slash", "'quoted'"]),
    ("varchar(20)", 1043, &["", "short", "zwanzig Zeichen äöü."]),
    ("bytea", 17, &["\\x", "\\x00ff", "\\xdeadbeef"]),
    ("date", 1082, &["2000-01-01", "1999-12-31", "2024-02-29", "0001-01-01", "9999-12-31", "1970-01-01"]),
    ("time", 1083, &["00:00:00", "23:59:59.999999", "12:34:56.7", "24:00:00"]),
    (
        "timestamp",
        1114,
        &[
            "2000-01-01 00:00:00",
            "1999-12-31 23:59:59.999999",
            "2024-02-29 12:34:56.1",
            "0001-01-01 00:00:00",
            "9999-12-31 23:59:59",
        ],
    ),
    ("timestamptz", 1184, &["2000-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00", "2024-02-29 12:34:56.1+05:30"]),
    (
        "interval",
        1186,
        &[
            "0",
            "1 day",
            "-1 mon",
            "1 year 2 mons 3 days 04:05:06.789",
            "-00:00:00.000001",
            "100 hours",
            "-1 day +01:00:00",
        ],
    ),
    ("uuid", 2950, &["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
    ("json", 114, &["null", "{\"a\" :  [1, 2.50, \"x\"]}", "[]", "\"te\\u0041xt\""]),
    ("jsonb", 3802, &["null", "{\"b\": 1, \"a\": [1, 2.50, {\"c\": null}]}", "[]", "\"te\\u0041xt\"", "1e2", "true"]),
    ("jsonpath", 4072, &["$", "strict $.a[*] ? (@ > 1)", "$.**{2 to last}.size()"]),
    ("int4[]", 1007, &["{}", "{1,NULL,-3}"]),
    ("text[]", 1009, &["{}", "{a,\"b c\",NULL,\"\",\"NULL\",\"q\\\"\"}"]),
    ("bool[]", 1000, &["{t,f,NULL}"]),
    ("numeric(10,2)[]", 1231, &["{1.50,NULL}"]),
    ("uuid[]", 2951, &["{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"]),
    ("timestamptz[]", 1185, &["{\"2024-02-29 12:00:00+00\",infinity}"]),
    ("jsonb[]", 3807, &["{\"{\\\"a\\\": [1, 2]}\",null}"]),
    ("bytea[]", 1001, &["{\"\\\\x00ff\"}"]),
];

/// The values of a DataRow.
type Row = Vec<Option<Vec<u8>>>;

/// Fills a table with the values, then reads them in both formats; the two results, values only.
fn values(wire: &mut Wire, kind: &str, literals: &[&str]) -> (Vec<String>, Vec<Row>) {
    wire.ok("DROP TABLE IF EXISTS t");
    wire.ok(&format!("CREATE TABLE t (id int PRIMARY KEY, v {kind})"));
    for (id, literal) in literals.iter().enumerate() {
        let quoted = literal.replace('\'', "''");
        wire.ok(&format!("INSERT INTO t VALUES ({id}, '{quoted}')"));
    }
    wire.ok(&format!("INSERT INTO t VALUES ({}, NULL)", literals.len()));
    let text = wire.rows("SELECT v FROM t ORDER BY id");
    let binary = wire.pipeline(&[
        parse("", "SELECT v FROM t ORDER BY id", &[]),
        bind("", "", 0, &[], 1),
        describe_portal(""),
        execute("", 0),
    ]);
    (text, data_rows(&binary))
}

fn data_rows(messages: &[Message]) -> Vec<Row> {
    if let Some(error) = messages.iter().find(|message| message.tag == b'E') {
        panic!("{}", error.fields());
    }
    messages.iter().filter(|message| message.tag == b'D').map(Message::values).collect()
}

#[test]
fn values_look_as_postgresql_sends_them() {
    let Some(postgres) = postgres::shared() else { return };
    let mut reference = Wire::plain(postgres.address()).unwrap();
    reference.login("app", &postgres.database(), "").unwrap();
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    let mut differences = Vec::new();
    for (kind, _, literals) in TYPES {
        let expected = values(&mut reference, kind, literals);
        let got = values(&mut wire, kind, literals);
        for (index, literal) in literals.iter().chain(["NULL"].iter()).enumerate() {
            if expected.0[index] != got.0[index] {
                differences.push(format!("{kind} {literal}: text {:?}, not {:?}", got.0[index], expected.0[index]));
            }
            if expected.1[index] != got.1[index] {
                differences.push(format!("{kind} {literal}: binary {:?}, not {:?}", got.1[index], expected.1[index]));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Every value goes in again as a parameter, in both formats, and comes out unchanged.
#[test]
fn parameters_are_read_as_postgresql_reads_them() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    let mut differences = Vec::new();
    for (kind, oid, literals) in TYPES {
        let (text, binary) = values(&mut wire, kind, literals);
        for (format, inputs) in [
            (0i16, text.iter().map(|v| (v != "NULL").then(|| v.clone().into_bytes())).collect::<Vec<_>>()),
            (1i16, binary.iter().map(|row| row[0].clone()).collect()),
        ] {
            wire.ok("TRUNCATE t");
            let mut messages = vec![parse("put", "INSERT INTO t (id, v) VALUES ($1, $2)", &[23, *oid])];
            for (id, input) in inputs.iter().enumerate() {
                let id = if format == 1 { (id as i32).to_be_bytes().to_vec() } else { id.to_string().into_bytes() };
                messages.push(bind("", "put", format, &[Some(&id), input.as_deref()], 0));
                messages.push(execute("", 0));
            }
            messages.push(crate::support::wire::close_statement("put"));
            data_rows(&wire.pipeline(&messages));
            let again = wire.rows("SELECT v FROM t ORDER BY id");
            if again != text {
                differences.push(format!("{kind}, format {format}: {again:?}, not {text:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn row_description_names_type_table_and_column() {
    let Some(postgres) = postgres::shared() else { return };
    let mut reference = Wire::plain(postgres.address()).unwrap();
    reference.login("app", &postgres.database(), "").unwrap();
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    let columns: Vec<String> = TYPES.iter().enumerate().map(|(index, (kind, ..))| format!("c{index} {kind}")).collect();
    let create = format!("CREATE TABLE described ({}, PRIMARY KEY (c2))", columns.join(", "));
    reference.ok(&create);
    wire.ok(&create);
    for sql in ["SELECT * FROM described", "SELECT c1, c2 AS renamed, c10 || 'x' AS made FROM described d"] {
        let describe = |wire: &mut Wire| {
            let table = wire.value("SELECT 'described'::regclass::oid::text");
            let messages = wire.pipeline(&[parse("", sql, &[]), bind("", "", 0, &[], 0), describe_portal("")]);
            assert_eq!(tags(&messages), "12TZ", "{sql}: {messages:?}");
            let row = messages.iter().find(|message| message.tag == b'T').unwrap();
            // The table's OID is its own affair; that it is this table's is not.
            row.columns()
                .into_iter()
                .map(|mut column| {
                    column.table = u32::from(column.table.to_string() == table);
                    column
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(describe(&mut wire), describe(&mut reference), "{sql}");
    }
}

#[test]
fn binary_parameters_that_do_not_fit_their_type_are_refused() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, u uuid, d float8, n numeric, b bool, ts timestamptz, j jsonb)");
    for (column, oid, bytes) in [
        ("id", 23u32, &b"\0\0\0"[..]),
        ("id", 23, b"\0\0\0\0\0"),
        ("u", 2950, b"0123456789abcde"),
        ("d", 701, b"\0\0\0\0"),
        ("n", 1700, b"\0"),
        ("n", 1700, b"\x7f\xff\0\0\0\0\0\0"),
        ("b", 16, b""),
        ("ts", 1184, b"1234567"),
        ("j", 3802, b""),
        ("j", 3802, b"\x02{}"),
    ] {
        let sql = format!("INSERT INTO t ({column}) VALUES ($1)");
        let messages = wire.pipeline(&[parse("", &sql, &[oid]), bind("", "", 1, &[Some(bytes)], 0), execute("", 0)]);
        let error =
            messages.iter().find(|message| message.tag == b'E').unwrap_or_else(|| panic!("{column} took {bytes:?}"));
        let state = error.fields().sqlstate().to_owned();
        assert!(["22P03", "08P01", "0A000"].contains(&state.as_str()), "{column}: {}", error.fields());
    }
    assert_eq!(wire.value("SELECT count(*) FROM t"), "0");
}
