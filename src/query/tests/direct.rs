//! Direct paths: they are taken where they should be, and answer as the planned path does.

use super::world::World;
use crate::query::ScalarValue;

async fn filled() -> World {
    let world = World::new().await;
    for conversation in ["a", "b", ""] {
        for number in 1..=5 {
            world
                .run(&format!(
                    "INSERT INTO messages (conversation_id, id, content) VALUES
                     ('{conversation}', '00000000-0000-7000-8000-00000000000{number}', 'm{number}')"
                ))
                .await
                .unwrap();
        }
    }
    world
}

const DIRECT: [&str; 12] = [
    "SELECT * FROM messages WHERE conversation_id = 'a' AND id = '00000000-0000-7000-8000-000000000003'",
    "SELECT content, content AS again FROM messages m WHERE '00000000-0000-7000-8000-000000000003' = m.id AND m.conversation_id = 'a'",
    "SELECT content FROM messages WHERE conversation_id = 'a' AND id = '00000000-0000-7000-8000-000000000009'",
    "SELECT content FROM messages WHERE conversation_id = 'a' ORDER BY id DESC LIMIT 2",
    "SELECT content FROM messages WHERE conversation_id = 'a' ORDER BY id LIMIT 2",
    "SELECT content FROM public.messages WHERE conversation_id = 'a' ORDER BY conversation_id, id",
    "SELECT content FROM messages WHERE (conversation_id = '') ORDER BY id DESC",
    "SELECT content FROM messages WHERE conversation_id = 'nobody' ORDER BY id DESC LIMIT 50",
    "SELECT conversation_id, content FROM messages ORDER BY conversation_id DESC, id DESC LIMIT 7",
    "SELECT content FROM messages WHERE conversation_id = 'a' ORDER BY id LIMIT 0",
    "SELECT content, id FROM messages WHERE conversation_id = 'a'::text AND id = '00000000-0000-7000-8000-000000000003'::uuid",
    "SELECT content FROM messages WHERE conversation_id = 'b' ORDER BY id LIMIT 100",
];

#[tokio::test]
async fn direct_and_planned_paths_agree() {
    let mut world = filled().await;
    for sql in DIRECT {
        world.direct_path = true;
        assert!(world.bind(sql, &[]).await.unwrap().is_direct(), "{sql}");
        let direct = world.run(sql).await.unwrap();
        world.direct_path = false;
        assert!(!world.bind(sql, &[]).await.unwrap().is_direct(), "{sql}");
        let planned = world.run(sql).await.unwrap();
        assert_eq!(direct, planned, "{sql}");
    }
}

#[tokio::test]
async fn other_queries_are_planned() {
    let world = filled().await;
    for sql in [
        "SELECT count(*) FROM messages WHERE conversation_id = 'a'",
        "SELECT content FROM messages WHERE conversation_id = 'a' ORDER BY content",
        "SELECT content FROM messages WHERE conversation_id = 'a' AND content = 'm1'",
        "SELECT content FROM messages WHERE conversation_id = 'a' OR id = '00000000-0000-7000-8000-000000000003'",
        "SELECT content FROM messages WHERE id = '00000000-0000-7000-8000-000000000003'",
        "SELECT content FROM messages WHERE conversation_id = 'a' ORDER BY id LIMIT 2 OFFSET 1",
        "SELECT content AS id FROM messages WHERE conversation_id = 'a' ORDER BY id",
        "SELECT DISTINCT content FROM messages WHERE conversation_id = 'a'",
        "SELECT content FROM messages",
        "SELECT relname FROM pg_class",
        "SELECT content FROM messages WHERE conversation_id = 'a' ORDER BY id NULLS FIRST",
        "SELECT content FROM messages WHERE conversation_id = lower('A')",
    ] {
        let bound = world.bind(sql, &[]).await.unwrap();
        assert!(!bound.is_direct(), "{sql}");
        world.run(sql).await.unwrap();
    }
}

#[tokio::test]
async fn parameters_run_on_the_direct_path() {
    let world = filled().await;
    let sql = "SELECT content FROM messages WHERE conversation_id = $1 ORDER BY id DESC LIMIT $2";
    let bound = world.bind(sql, &[]).await.unwrap();
    assert!(bound.is_direct());
    assert_eq!(bound.parameters.iter().map(ToString::to_string).collect::<Vec<_>>(), ["text", "bigint"]);
    let text = |text: &str| ScalarValue::Utf8(Some(text.into()));
    let answer = world.run_with(sql, &[], &[text("a"), ScalarValue::Int64(Some(2))]).await.unwrap();
    assert_eq!(answer.lines(), ["m5", "m4"]);
    let answer = world.run_with(sql, &[], &[ScalarValue::Utf8(None), ScalarValue::Int64(Some(2))]).await.unwrap();
    assert!(answer.lines().is_empty());
    let answer = world.run_with(sql, &[], &[text("a"), ScalarValue::Int64(None)]).await.unwrap();
    assert_eq!(answer.lines().len(), 5);
    let failed = world.run_with(sql, &[], &[text("a"), ScalarValue::Int64(Some(-1))]).await.unwrap_err();
    assert_eq!(failed.sqlstate().0, "2201W");
}

#[tokio::test]
async fn a_bad_literal_fails_as_on_the_planned_path() {
    let mut world = filled().await;
    let sql = "SELECT content FROM messages WHERE conversation_id = 'a' AND id = 'nonsense'";
    let direct = world.failure(sql).await;
    assert_eq!(
        (direct.0.as_str(), direct.1.as_str(), direct.2),
        ("22P02", "invalid input syntax for type uuid: \"nonsense\"", Some(67))
    );
    world.direct_path = false;
    assert_eq!(world.failure(sql).await.0, direct.0);
}
