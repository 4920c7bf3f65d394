//! Errors: SQLSTATE, PostgreSQL's words, the position.

use super::world::{World, numbers};

#[tokio::test]
async fn errors_read_like_postgresql() {
    let world = World::new().await;
    world.create(numbers()).await;
    for (sql, sqlstate, message, position) in [
        ("SELECT * FROM nosuch", "42P01", "relation \"nosuch\" does not exist", Some(15)),
        ("SELECT * FROM s.nosuch", "42P01", "relation \"s.nosuch\" does not exist", Some(15)),
        ("SELECT nosuch FROM numbers", "42703", "column \"nosuch\" does not exist", Some(8)),
        ("SELECT numbers.nosuch FROM numbers", "42703", "column numbers.nosuch does not exist", Some(8)),
        ("SELECT x.n FROM numbers", "42P01", "missing FROM-clause entry for table \"x\"", Some(8)),
        ("SELECT n FROM numbers a, numbers b", "42702", "column reference \"n\" is ambiguous", Some(8)),
        (
            "SELECT nosuch(1, 'x', n) FROM numbers",
            "42883",
            "function nosuch(integer, unknown, integer) does not exist",
            Some(8),
        ),
        (
            "SELECT n, count(*) FROM numbers",
            "42803",
            "column \"numbers.n\" must appear in the GROUP BY clause or be used in an aggregate function",
            Some(8),
        ),
        ("SELECT n FROM numbers WHERE count(*) > 1", "42803", "aggregate functions are not allowed in WHERE", None),
        ("SELECT 1 / 0", "22012", "division by zero", None),
        ("SELECT n FROM numbers WHERE n = 'x'", "22P02", "invalid input syntax for type integer: \"x\"", Some(33)),
        ("SELECT 'x'::uuid", "22P02", "invalid input syntax for type uuid: \"x\"", Some(8)),
        ("SELECT '2024-02-30'::date", "22008", "date/time field value out of range: \"2024-02-30\"", Some(8)),
        ("SELECT 'abc'::timestamp", "22007", "invalid input syntax for type timestamp: \"abc\"", Some(8)),
        ("SELECT 3000000000::int", "22003", "integer out of range", None),
        ("SELECT t = n FROM numbers", "42883", "operator does not exist: text = integer", None),
        ("SELECT id = content FROM messages", "42883", "operator does not exist: uuid = text", None),
        ("SELECT true::date", "42846", "cannot cast type boolean to date", None),
        ("SELECT 'x'::nosuch", "42704", "type \"nosuch\" does not exist", Some(13)),
        ("SELECT n FROM numbers FOR UPDATE", "0A000", "FOR UPDATE is not supported", None),
        ("SELECT n FROM numbers TABLESAMPLE BERNOULLI (10)", "0A000", "TABLESAMPLE is not supported", None),
        ("SELECT n INTO x FROM numbers", "0A000", "SELECT INTO is not supported", None),
        ("SELECT n FROM numbers ORDER BY 3", "42P10", "ORDER BY position 3 is not in select list", None),
        ("SELECT lower(n) FROM numbers", "42883", "function lower(integer) does not exist", Some(8)),
        ("SELECT $0", "42P02", "there is no parameter $0", None),
        (
            "SELECT * FROM other.public.numbers",
            "0A000",
            "cross-database references are not implemented: \"other.public.numbers\"",
            None,
        ),
        ("INSERT INTO nosuch VALUES (1)", "42P01", "relation \"nosuch\" does not exist", Some(13)),
        (
            "INSERT INTO numbers (nosuch) VALUES (1)",
            "42703",
            "column \"nosuch\" of relation \"numbers\" does not exist",
            Some(22),
        ),
        ("INSERT INTO numbers (n) VALUES (1, 2)", "42601", "INSERT has more expressions than target columns", None),
        (
            "INSERT INTO numbers (n, t) VALUES (61, 'x'), (62)",
            "42601",
            "VALUES lists must all be the same length",
            None,
        ),
        (
            "INSERT INTO numbers (n) VALUES (1), ('x')",
            "22P02",
            "invalid input syntax for type integer: \"x\"",
            Some(38),
        ),
        ("SELECT $1", "42P02", "there is no parameter $1", Some(8)),
        ("INSERT INTO numbers (n) VALUES ($1)", "42P02", "there is no parameter $1", Some(33)),
        (
            "INSERT INTO numbers (t) VALUES (E'a\\000b')",
            "22021",
            "invalid byte sequence for encoding \"UTF8\": 0x00",
            None,
        ),
        ("INSERT INTO numbers (n, t) VALUES (1)", "42601", "INSERT has more target columns than expressions", None),
        (
            "INSERT INTO numbers (n) VALUES (true)",
            "42804",
            "column \"n\" is of type integer but expression is of type boolean",
            Some(33),
        ),
        ("INSERT INTO numbers (v) VALUES ('abcd')", "22001", "value too long for type character varying(3)", None),
        ("UPDATE numbers SET n = 1, n = 2", "42601", "multiple assignments to same column \"n\"", None),
        ("UPDATE pg_class SET relname = 'x'", "42501", "permission denied: \"pg_class\" is a system catalog", Some(8)),
    ] {
        let (found, text, place) = world.failure(sql).await;
        assert_eq!((found.as_str(), text.as_str()), (sqlstate, message), "{sql}");
        if position.is_some() {
            assert_eq!(place, position, "{sql}");
        }
    }
}

#[tokio::test]
async fn long_but_flat_statements_run_on_a_small_stack() {
    // Worker threads have two megabytes; everything that the guards let through must fit.
    let world = World::new().await;
    let sums = format!("SELECT 1{}", " + 1".repeat(crate::query::guards::CHAIN - 1));
    assert_eq!(world.lines(&sums).await, [crate::query::guards::CHAIN.to_string()]);
    let disjunction = (0..1000).map(|n| format!("x.n = {n}")).collect::<Vec<_>>().join(" OR ");
    assert_eq!(
        world.lines(&format!("SELECT count(*) FROM generate_series(500, 1500) x(n) WHERE {disjunction}")).await,
        ["500"]
    );
    let list = (0..20_000).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    assert_eq!(
        world.lines(&format!("SELECT count(*) FROM generate_series(1, 10) x(n) WHERE x.n IN ({list})")).await,
        ["10"]
    );
    let unions = format!(
        "SELECT count(*) FROM (SELECT 1{}) u",
        " UNION ALL SELECT 1".repeat(crate::query::guards::SET_OPERATIONS)
    );
    assert_eq!(world.lines(&unions).await, [(crate::query::guards::SET_OPERATIONS + 1).to_string()]);
    let casts = format!("SELECT 1{}", "::int".repeat(crate::query::guards::CHAIN / 3));
    assert_eq!(world.lines(&casts).await, ["1"]);
    let calls = format!("SELECT {}'A'{}", "lower(".repeat(62), ")".repeat(62));
    assert_eq!(world.lines(&calls).await, ["a"]);
    let depth = crate::query::guards::SUBQUERIES - 1;
    assert_eq!(world.lines(&format!("SELECT {}1{}", "(SELECT ".repeat(depth), ")".repeat(depth))).await, ["1"]);
    let nested = format!("SELECT {}1{}", "(".repeat(62), ")".repeat(62));
    assert_eq!(world.lines(&nested).await, ["1"]);
    let texts = format!("SELECT length('a'{})", " || 'a'".repeat(crate::query::guards::CHAIN - 1));
    assert_eq!(world.lines(&texts).await, [crate::query::guards::CHAIN.to_string()]);
}

#[tokio::test]
async fn high_plans_run_on_a_small_stack() {
    let world = World::new().await;
    let height = crate::query::extent::HEIGHT - 2;
    let many =
        |separator: &str, item: &dyn Fn(usize) -> String| (0..height).map(item).collect::<Vec<_>>().join(separator);
    let from = many(", ", &|n| format!("(SELECT 1) t{n}"));
    assert_eq!(world.lines(&format!("SELECT count(*) FROM {from}")).await, ["1"]);
    let steps = many("", &|n| format!(", c{} AS (SELECT x + 1 AS x FROM c{n} WHERE x > 0)", n + 1));
    assert_eq!(
        world.lines(&format!("WITH c0 AS (SELECT 1 AS x){steps} SELECT * FROM c{height}")).await,
        [(height + 1).to_string()]
    );
    let lists = many(" OR ", &|n| format!("x.n IN (SELECT {n})"));
    assert_eq!(world.lines(&format!("SELECT count(*) FROM generate_series(1, 5) x(n) WHERE {lists}")).await, ["5"]);
}
