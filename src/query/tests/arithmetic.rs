//! Arithmetic: types, overflow, division by zero.

use super::world::{World, numbers};

#[tokio::test]
async fn numbers_do_not_wrap_around() {
    let mut world = World::new().await;
    world.create(numbers()).await;
    world.run("INSERT INTO numbers (n) VALUES (2147483647)").await.unwrap();
    world.direct_path = false;
    for (expression, message) in [
        ("n + 1", "integer out of range"),
        ("n * n", "integer out of range"),
        ("-n - 2", "integer out of range"),
        ("-(-n - 1)", "integer out of range"),
        ("(n + 1) + n::int8", "integer out of range"),
        ("32767::int2 + 1::int2", "smallint out of range"),
        ("9223372036854775807 + 1", "bigint out of range"),
        ("9223372036854775807 * n", "bigint out of range"),
        ("(-9223372036854775807 - 1) / -1", "bigint out of range"),
        ("-(-9223372036854775807 - 1)", "bigint out of range"),
        ("n::int2", "smallint out of range"),
        ("1e308::float8 * 10", "value out of range: overflow"),
        ("1e-300::float8 * 1e-300::float8", "value out of range: underflow"),
    ] {
        let failure = world.failure(&format!("SELECT {expression} FROM numbers")).await;
        assert_eq!((failure.0.as_str(), failure.1.as_str()), ("22003", message), "{expression}");
        let failure = world.failure(&format!("SELECT n FROM numbers WHERE {expression} > 0")).await;
        assert_eq!(failure.0, "22003", "{expression}");
    }
    for expression in ["n / 0", "n % 0", "n / 0.0", "1.5 / 0", "n::float8 / 0", "1 / (n - n)"] {
        assert_eq!(world.failure(&format!("SELECT {expression} FROM numbers")).await.0, "22012", "{expression}");
    }
    assert_eq!(world.failure("UPDATE numbers SET n = n + 1").await.1, "integer out of range");
}

#[tokio::test]
async fn arithmetic_has_postgresqls_types() {
    let world = World::new().await;
    world.create(numbers()).await;
    world.run("INSERT INTO numbers (n) VALUES (7), (-7)").await.unwrap();
    let answer = world
        .run(
            "SELECT n + 1, n::int8 + 1, n / 2, n % 2, -n, n * 1.5, n / 2::float8, n::float4 * n::float4, 1 + 1
              FROM numbers ORDER BY n + 0",
        )
        .await
        .unwrap();
    assert_eq!(answer.lines(), ["-6|-6|-3|-1|7|-10.5|-3.5|49|2", "8|8|3|1|-7|10.5|3.5|49|2"]);
    let types = answer.types();
    assert_eq!(types[..5], ["integer", "bigint", "integer", "integer", "integer"]);
    assert_eq!(types[6..], ["double precision", "real", "integer"]);
    assert_eq!(
        world
            .lines("SELECT n % 2 + 1, count(*), sum(n * 2), - n FROM numbers GROUP BY n % 2 + 1, - n ORDER BY 1")
            .await,
        ["0|1|-14|7", "2|1|14|-7"]
    );
    assert_eq!(world.lines("SELECT n FROM numbers LIMIT 2 - 1 OFFSET 1 + 1").await, Vec::<String>::new());
}
