//! NOTIFY, LISTEN and change events: at commit, in order, or not at all.

use std::sync::Arc;

use crate::base::ids::SessionId;
use crate::catalog::TableDefinition;
use crate::notify::{Hub, QueueLimits};
use crate::transaction::OnConflict;

use super::world::{World, definition, delete, pairs, update};

fn texts(world: &World) -> Vec<String> {
    world.heard.0.lock().drain(..).map(|(_, text)| text).collect()
}

#[tokio::test]
async fn equal_notifications_of_a_transaction_are_sent_once_and_in_order() {
    let world = World::new().await;
    let mut one = world.begin(1).await;
    for payload in ["a", "b", "a"] {
        one.notify("news", payload).unwrap();
        one.statement_begin().await.unwrap();
    }
    one.notify("other", "a").unwrap();
    one.notify("news", "c").unwrap();
    one.statement_rollback();
    one.notify("other", "d").unwrap();
    assert!(texts(&world).is_empty(), "not before the commit");
    one.commit().await.unwrap();
    assert_eq!(texts(&world), ["news:a", "news:b", "other:d"]);
}

#[tokio::test]
async fn notifications_that_postgresql_refuses_are_refused() {
    let world = World::new().await;
    let mut one = world.begin(1).await;
    for (channel, payload, message) in [
        (String::new(), String::new(), "channel name cannot be empty"),
        ("c".repeat(64), String::new(), "channel name too long"),
        ("c".into(), "p".repeat(8000), "payload string too long"),
    ] {
        let refused = one.notify(channel, payload).unwrap_err();
        assert_eq!((refused.sqlstate().0, refused.to_string().as_str()), ("22023", message));
    }
    one.notify("c".repeat(63), "p".repeat(7999)).unwrap();
}

#[tokio::test]
async fn row_changes_of_a_table_with_a_feed_are_told_with_their_seq() {
    let world = World::new().await;
    let table = world.create_as(TableDefinition { changes: true, ..definition("t") }).await;
    let quiet = world.create("quiet").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10), (2, 20)]), OnConflict::Error).await.unwrap();
    one.insert(&quiet, pairs(&quiet, &[(1, 10)]), OnConflict::Error).await.unwrap();
    let seq = one.commit().await.unwrap();
    let mut two = world.begin(1).await;
    update(&mut two, &table, |id, _| id == 1, |id, value| (id, value + 1)).await.unwrap();
    two.statement_begin().await.unwrap();
    delete(&mut two, &table, |id, _| id == 2).await.unwrap();
    let next = two.commit().await.unwrap();
    assert_eq!(
        texts(&world),
        [
            format!(
                r#" {{"table":"t","op":"insert","seq":{seq},"key":{{"id":1}},"row":{{"id":1,"value":10,"note":"note"}}}}"#
            ),
            format!(
                r#" {{"table":"t","op":"insert","seq":{seq},"key":{{"id":2}},"row":{{"id":2,"value":20,"note":"note"}}}}"#
            ),
            format!(
                r#" {{"table":"t","op":"update","seq":{next},"key":{{"id":1}},"row":{{"id":1,"value":11,"note":"note"}}}}"#
            ),
            format!(r#" {{"table":"t","op":"delete","seq":{next},"key":{{"id":2}},"row":null}}"#),
        ]
    );
}

#[tokio::test]
async fn a_row_that_changes_its_key_is_told_as_one_that_goes_and_one_that_comes() {
    let world = World::new().await;
    let table = world.create_as(TableDefinition { changes: true, ..definition("t") }).await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10), (2, 20)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();
    texts(&world);
    let mut two = world.begin(1).await;
    update(&mut two, &table, |_, _| true, |id, value| (if id == 1 { 5 } else { id }, value)).await.unwrap();
    two.commit().await.unwrap();
    let told: Vec<serde_json::Value> = texts(&world).iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let told: Vec<(&str, i64)> =
        told.iter().map(|change| (change["op"].as_str().unwrap(), change["key"]["id"].as_i64().unwrap())).collect();
    assert_eq!(told, [("delete", 1), ("insert", 5), ("update", 2)]);
}

#[tokio::test]
async fn a_truncate_is_told_instead_of_the_changes_before_it() {
    let world = World::new().await;
    let table = world.create_as(TableDefinition { changes: true, ..definition("t") }).await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();
    one.truncate(&table).await.unwrap();
    one.statement_begin().await.unwrap();
    one.insert(&table, pairs(&table, &[(2, 20)]), OnConflict::Error).await.unwrap();
    assert!(texts(&world).is_empty(), "not before the commit");
    let seq = one.commit().await.unwrap();
    assert_eq!(
        texts(&world),
        [
            format!(r#" {{"table":"t","op":"truncate","seq":{seq}}}"#),
            format!(
                r#" {{"table":"t","op":"insert","seq":{seq},"key":{{"id":2}},"row":{{"id":2,"value":20,"note":"note"}}}}"#
            ),
        ]
    );
    // Twice is once, and a transaction that ends in nothing tells nothing.
    let mut two = world.begin(1).await;
    two.truncate(&table).await.unwrap();
    two.statement_begin().await.unwrap();
    two.truncate(&table).await.unwrap();
    let seq = two.commit().await.unwrap();
    assert_eq!(texts(&world), [format!(r#" {{"table":"t","op":"truncate","seq":{seq}}}"#)]);
    let mut three = world.begin(1).await;
    three.truncate(&table).await.unwrap();
    three.rollback();
    let quiet = world.create("quiet").await;
    let mut four = world.begin(1).await;
    four.truncate(&quiet).await.unwrap();
    four.commit().await.unwrap();
    assert!(texts(&world).is_empty());
}

#[tokio::test]
async fn listen_and_unlisten_take_effect_at_commit() {
    let world = World::new().await;
    let hub = Hub::new(QueueLimits::default());
    let subscriber = Arc::new(hub.subscriber(world.tenant, SessionId(1)));
    subscriber.listen("old");

    let mut undone = world.begin(1).await;
    undone.listen(&subscriber, "never");
    undone.unlisten(&subscriber, "old");
    undone.rollback();
    assert_eq!(subscriber.channels(), ["old"]);

    let mut one = world.begin(1).await;
    one.listen(&subscriber, "a");
    one.listen(&subscriber, "b");
    one.unlisten(&subscriber, "a");
    one.unlisten(&subscriber, "old");
    assert_eq!(subscriber.channels(), ["old"]);
    one.commit().await.unwrap();
    assert_eq!(subscriber.channels(), ["b"]);

    let mut two = world.begin(1).await;
    two.listen(&subscriber, "c");
    two.unlisten_all(&subscriber);
    two.listen(&subscriber, "d");
    two.notify("news", "beside it").unwrap();
    two.commit().await.unwrap();
    assert_eq!(subscriber.channels(), ["d"]);
}
