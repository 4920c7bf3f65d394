//! INSERT, UPDATE, DELETE: which rows, which values.

use super::world::{World, numbers};

#[tokio::test]
async fn insert_fills_defaults_and_returns_rows() {
    let world = World::new().await;
    let answer = world
        .run("INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'hello') RETURNING author, created_at, content AS text, length(content) + 1, id = id")
        .await
        .unwrap();
    assert_eq!(answer.lines(), ["app|2024-02-29 12:00:00+00|hello|6|t"]);
    assert_eq!(answer.names(), ["author", "created_at", "text", "?column?", "?column?"]);
    let again = world
        .run("INSERT INTO messages AS m VALUES ('lobby', '00000000-0000-7000-8000-000000000001', DEFAULT, 'me') RETURNING m.*")
        .await
        .unwrap();
    assert_eq!(again.lines(), ["lobby|00000000-0000-7000-8000-000000000001|user|me|∅|∅|∅|2024-02-29 12:00:00+00"]);
    let kept = world
        .run("INSERT INTO messages VALUES ('lobby', '00000000-0000-7000-8000-000000000001') ON CONFLICT (conversation_id, id) DO NOTHING RETURNING id")
        .await
        .unwrap();
    assert!(kept.rows.is_empty());
    assert_eq!(
        world.failure("INSERT INTO messages VALUES ('lobby', '00000000-0000-7000-8000-000000000001')").await.0,
        "23505"
    );
    assert_eq!(world.failure("INSERT INTO messages VALUES ('x') ON CONFLICT (author) DO NOTHING").await.0, "42P10");
    assert_eq!(
        world
            .failure("INSERT INTO messages VALUES ('x') ON CONFLICT (conversation_id, id) DO UPDATE SET content = 'y'")
            .await
            .0,
        "0A000"
    );
    let refused = world.failure("INSERT INTO messages (conversation_id, role) VALUES ('x', 'nobody')").await;
    assert_eq!(
        (refused.0.as_str(), refused.1.as_str()),
        ("23514", "new row for relation \"messages\" violates check constraint \"messages_role_check\"")
    );
    assert_eq!(world.failure("INSERT INTO messages (content) VALUES ('x')").await.0, "23502");
}

#[tokio::test]
async fn insert_takes_rows_from_a_query() {
    let world = World::new().await;
    world.create(numbers()).await;
    world.run("INSERT INTO numbers (n, t, x) SELECT g, 'n' || g, g / 2.0 FROM generate_series(1, 3) g").await.unwrap();
    assert_eq!(world.lines("SELECT n, t, x FROM numbers ORDER BY n").await, ["1|n1|0.50", "2|n2|1.00", "3|n3|1.50"]);
    world.run("INSERT INTO messages (conversation_id, content, reply_to, created_at) SELECT 'copy', t, '00000000-0000-7000-8000-000000000001', d FROM numbers").await.unwrap();
    assert_eq!(
        world
            .lines("SELECT count(DISTINCT id), count(created_at), min(author), min(reply_to::text) FROM messages")
            .await,
        ["3|0|app|00000000-0000-7000-8000-000000000001"]
    );
    assert_eq!(world.failure("INSERT INTO numbers (n) SELECT t FROM numbers").await.0, "42804");
    world.run("INSERT INTO numbers DEFAULT VALUES").await.unwrap();
    assert_eq!(world.lines("SELECT count(*) FROM numbers WHERE n IS NULL").await, ["1"]);
}

#[tokio::test]
async fn update_changes_what_where_finds() {
    let world = World::new().await;
    world.create(numbers()).await;
    world.run("INSERT INTO numbers (n, t) VALUES (1, 'a'), (2, 'b'), (3, 'c')").await.unwrap();
    let answer = world
        .run("UPDATE numbers AS x SET n = x.n * 10, t = upper(t), v = NULL, b = DEFAULT WHERE x.n IN (SELECT n FROM numbers WHERE t <> 'a') RETURNING n, t")
        .await
        .unwrap();
    let mut lines = answer.lines();
    lines.sort();
    assert_eq!(lines, ["20|B", "30|C"]);
    assert_eq!(world.lines("SELECT n, t FROM numbers ORDER BY n").await, ["1|a", "20|B", "30|C"]);
    world.run("UPDATE numbers SET (n, t) = (5, 'five') WHERE n = 1").await.unwrap();
    world
        .run("UPDATE numbers SET d = '2024-01-01', x = o.n FROM (VALUES (20), (20)) o(n) WHERE numbers.n = o.n")
        .await
        .unwrap();
    assert_eq!(world.lines("SELECT n, d, x FROM numbers WHERE d IS NOT NULL").await, ["20|2024-01-01|20.00"]);
    world.run("UPDATE numbers SET t = 'none' WHERE false").await.unwrap();
    assert_eq!(world.lines("SELECT count(*) FROM numbers WHERE t = 'none'").await, ["0"]);
    world
        .run("UPDATE numbers SET t = (SELECT max(t) FROM numbers i WHERE i.n < numbers.n) WHERE n = 30")
        .await
        .unwrap();
    assert_eq!(world.lines("SELECT t FROM numbers WHERE n = 30").await, ["five"]);
}

#[tokio::test]
async fn delete_removes_what_where_finds() {
    let world = World::new().await;
    world.create(numbers()).await;
    world.run("INSERT INTO numbers (n, t) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, NULL)").await.unwrap();
    let answer = world
        .run("DELETE FROM numbers WHERE EXISTS (SELECT 1 FROM numbers i WHERE i.n = numbers.n + 2) RETURNING t")
        .await
        .unwrap();
    let mut lines = answer.lines();
    lines.sort();
    assert_eq!(lines, ["a", "b"]);
    world.run("DELETE FROM numbers USING (VALUES (3), (3)) v(x) WHERE n = v.x").await.unwrap();
    assert_eq!(world.lines("SELECT n FROM numbers").await, ["4"]);
    world.run("DELETE FROM numbers").await.unwrap();
    assert_eq!(world.lines("SELECT count(*) FROM numbers").await, ["0"]);
}
