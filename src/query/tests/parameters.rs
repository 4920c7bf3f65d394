//! Types of parameters, inferred before Bind.

use super::world::{World, numbers};
use crate::catalog::types::PgType;
use crate::query::ScalarValue;

#[tokio::test]
async fn every_use_gives_a_type() {
    let mut world = World::new().await;
    world.create(numbers()).await;
    world.direct_path = false;
    for (sql, types) in [
        ("SELECT $1", "text"),
        ("SELECT $1::uuid", "uuid"),
        ("SELECT CAST($1 AS int)", "integer"),
        ("SELECT n FROM numbers WHERE n = $1 AND t = $2", "integer, text"),
        ("SELECT n FROM numbers WHERE $1 < d", "date"),
        ("SELECT n FROM numbers LIMIT $1 OFFSET $2", "bigint, bigint"),
        ("SELECT n FROM numbers WHERE n IN ($1, $2)", "integer, integer"),
        ("SELECT n FROM numbers WHERE d BETWEEN $2 AND $1", "date, date"),
        ("SELECT id FROM messages WHERE id = ANY ($1)", "uuid[]"),
        ("SELECT n FROM numbers WHERE t LIKE $1 || '%'", "text"),
        ("SELECT n FROM numbers WHERE b AND $1", "boolean"),
        ("SELECT metadata->>$1 FROM messages", "text"),
        ("SELECT $1 || 'x'", "text"),
        ("SELECT n FROM numbers WHERE n = $1 OR n::text = $1::text", "integer"),
        ("SELECT CASE WHEN n = $1 THEN 'a' END FROM numbers", "integer"),
        ("SELECT (SELECT max(i.n) FROM numbers i WHERE i.t = $1 AND i.n < o.n) FROM numbers o", "text"),
    ] {
        let bound = match world.bind(sql, &[]).await {
            Ok(bound) => bound,
            Err(error) => panic!("{sql}: {error:?}"),
        };
        let found: Vec<String> = bound.parameters.iter().map(PgType::format).collect();
        assert_eq!(found.join(", "), types, "{sql}");
    }
    assert_eq!(world.bind("SELECT $2::int", &[]).await.unwrap_err().sqlstate().0, "42P18");
}

#[tokio::test]
async fn values_arrive_in_their_places() {
    let world = World::new().await;
    world.create(numbers()).await;
    let insert = "INSERT INTO numbers (n, t, d) VALUES ($1, upper($2), $3), ($1, $2, DEFAULT)";
    let parameters =
        [ScalarValue::Int32(Some(7)), ScalarValue::Utf8(Some("seven".into())), ScalarValue::Date32(Some(0))];
    world.run_with(insert, &[], &parameters).await.unwrap();
    assert_eq!(world.lines("SELECT n, t, d FROM numbers ORDER BY t").await, ["7|SEVEN|1970-01-01", "7|seven|∅"]);
    let select = "SELECT t, (SELECT max(i.t) FROM numbers i WHERE i.n = $1 AND i.t <> o.t) FROM numbers o WHERE n = $1 ORDER BY t LIMIT $2";
    let answer =
        world.run_with(select, &[], &[ScalarValue::Int32(Some(7)), ScalarValue::Int64(Some(1))]).await.unwrap();
    assert_eq!(answer.lines(), ["SEVEN|seven"]);
    world
        .run_with(
            "UPDATE numbers SET x = $1, v = $2 WHERE t = $3",
            &[],
            &[
                ScalarValue::Decimal128(Some(125), 10, 2),
                ScalarValue::Utf8(Some("ab".into())),
                ScalarValue::Utf8(Some("seven".into())),
            ],
        )
        .await
        .unwrap();
    assert_eq!(world.lines("SELECT x, v FROM numbers WHERE t = 'seven'").await, ["1.25|ab"]);
}
