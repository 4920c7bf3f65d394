//! Short statements that want more stack, more time or more memory than there is: refused, and nobody else notices.

use crate::support::server::Server;
use crate::support::wire::Wire;

fn many(count: usize, separator: &str, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(separator)
}

/// Each statement gets `state` in one session while another one is answered.
fn refused(statements: &[String], state: &str) {
    let server = Server::plain();
    let mut witness = Wire::connect(&server);
    witness.ok("CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1)");
    let mut wire = Wire::connect(&server);
    wire.ok("SET statement_timeout = '20s'");
    for sql in statements {
        let shown: String = sql.chars().take(100).collect();
        let error = wire.fails(sql);
        assert_eq!(error.sqlstate(), state, "{shown}: {error}");
        if state == "54001" {
            assert!(!error.get('H').is_empty(), "{shown}: {error}");
        }
        assert_eq!(witness.value("SELECT count(*) FROM t"), "1", "{shown}");
    }
    assert_eq!(wire.value("SELECT 'the session goes on'"), "the session goes on");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn plans_that_are_too_high_or_too_large_are_refused() {
    let doubling = |levels| {
        let steps = many(levels, "", |n| format!(", c{} AS (SELECT a.x FROM c{n} a, c{n} b)", n + 1));
        format!("WITH c0 AS (SELECT 1 AS x){steps} SELECT count(*) FROM c{levels}")
    };
    let chain = many(1_000, "", |n| format!(", c{} AS (SELECT * FROM c{n})", n + 1));
    let window = |n| format!("sum(a) OVER (PARTITION BY a ORDER BY id + {n})");
    refused(
        &[
            format!("SELECT 1 FROM {}", many(500, ",", |n| format!("t t{n}"))),
            format!("SELECT count(*) FROM {}", many(700, ",", |n| format!("(SELECT 1) t{n}"))),
            format!("INSERT INTO t SELECT 1, 1 FROM {}", many(900, ",", |n| format!("(SELECT 1) t{n}"))),
            format!("WITH c0 AS (SELECT 1 AS x){chain} SELECT * FROM c1000"),
            format!(
                "SELECT 1 FROM t WHERE {}",
                many(500, " AND ", |n| format!("EXISTS (SELECT 1 FROM t t{n} WHERE t{n}.id = t.id)"))
            ),
            format!(
                "SELECT 1 FROM t WHERE {}",
                many(400, " OR ", |n| format!("id IN (SELECT id FROM t WHERE a = {n})"))
            ),
            format!("DELETE FROM t WHERE {}", many(900, " AND ", |_| "id IN (SELECT 0)".into())),
            format!("SELECT {} FROM t", many(1_600, ", ", window)),
            doubling(16),
            doubling(25),
        ],
        "54001",
    );
}

/// What is just inside the bounds is planned, run and dropped.
#[test]
fn large_plans_run() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1)");
    wire.ok("SET statement_timeout = '60s'");
    let chain = many(190, "", |n| format!(", c{} AS (SELECT x + 1 AS x FROM c{n})", n + 1));
    let exists = many(190, " AND ", |n| format!("EXISTS (SELECT 1 FROM t t{n} WHERE t{n}.id = t.id)"));
    for (sql, answer) in [
        (format!("SELECT count(*) FROM {}", many(190, ",", |n| format!("(SELECT 1) t{n}"))), "1"),
        (format!("SELECT count(*) FROM {}", many(120, ",", |n| format!("t t{n}"))), "1"),
        (format!("SELECT count(*) FROM t{}", many(100, "", |n| format!(" JOIN t t{n} ON t{n}.id = t.id"))), "1"),
        (format!("WITH c0 AS (SELECT id AS x FROM t){chain} SELECT * FROM c190"), "191"),
        // Every level watches for a cancel; the watches must not starve each other.
        (format!("SELECT id FROM t WHERE {exists}"), "1"),
    ] {
        assert_eq!(wire.value(&sql), answer, "{}", &sql[..60]);
    }
}

#[test]
fn values_that_are_too_large_are_refused_before_they_exist() {
    refused(
        &[
            "SELECT length(repeat('x', 2000000000))".into(),
            "SELECT length(lpad('x', 2000000000))".into(),
            "SELECT length(rpad('x', 2000000000, 'ab'))".into(),
            "SELECT length(repeat('x', 900000000) || repeat('x', 900000000))".into(),
            "SELECT length(repeat('x', 200000000) || repeat('x', 200000000))".into(),
            "SELECT length(concat(repeat('x', 200000000), repeat('x', 200000000)))".into(),
            "SELECT length(replace(repeat('x', 1000000), 'x', repeat('y', 1000)))".into(),
            "SELECT length(regexp_replace(repeat('x', 1000000), 'x', repeat('y', 1000), 'g'))".into(),
            "SELECT length(string_agg(repeat('x', 1000000), ',')) FROM generate_series(1, 3000)".into(),
            "SELECT length(string_agg(repeat('x', 10000) || g::text, ',')) FROM generate_series(1, 100000) AS g".into(),
            "SELECT sum(length(s || s)) FROM (SELECT repeat('x', 100000) AS s FROM generate_series(1, 8000)) AS q"
                .into(),
        ],
        "54000",
    );
}

/// No list of its values stands between a series and the end of its time.
#[test]
fn long_series_end_with_their_time() {
    let server = Server::plain();
    let mut wire = Wire::connect(&server);
    wire.ok("CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1)");
    wire.ok("SET statement_timeout = '300ms'");
    for sql in [
        "SELECT count(*) FROM (SELECT generate_series(1, 2000000000)) AS q",
        "SELECT count(*) FROM t, generate_series(1, 2000000000 * t.a)",
        "SELECT count(*) FROM t, LATERAL (SELECT generate_series(t.a, 9000000000)) AS q",
    ] {
        let begun = std::time::Instant::now();
        let error = wire.fails(sql);
        assert_eq!(error.sqlstate(), "57014", "{sql}: {error}");
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{sql}: {:?}", begun.elapsed());
    }
}
