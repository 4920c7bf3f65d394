//! Definitions inside transactions: rolled back, beside readers, beside writers.

use crate::base::ids::{SessionId, TenantId};
use crate::transaction::{DropBehavior, OnConflict};

use super::world::{World, definition, pairs, rows, update};

#[tokio::test]
async fn a_rolled_back_create_was_never_there() {
    let world = World::new().await;
    let mut one = world.begin(1).await;
    let table = one.create_table(definition("t")).await.unwrap();
    one.statement_begin().await.unwrap();
    assert!(one.catalog().table("public", "t").is_some(), "the transaction sees it");
    assert!(world.table("t").is_none(), "nobody else does");
    one.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();
    assert_eq!(rows(&one, &table).await, [(1, 1)]);
    one.rollback();
    assert!(world.table("t").is_none());
    let world = world.reopen().await;
    assert!(world.table("t").is_none());
}

#[tokio::test]
async fn a_table_its_rows_and_its_end_are_one_commit_each() {
    let world = World::new().await;
    let mut one = world.begin(1).await;
    let table = one.create_table(definition("t")).await.unwrap();
    one.statement_begin().await.unwrap();
    one.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();
    let world = world.reopen().await;
    let table = world.table("t").unwrap();
    assert_eq!(world.rows(&table).await, [(1, 1)]);

    let mut two = world.begin(2).await;
    two.drop_table(&table).await.unwrap();
    two.statement_begin().await.unwrap();
    assert!(two.catalog().table("public", "t").is_none());
    let again = two.create_table(definition("t")).await.unwrap();
    assert_ne!(again.id, table.id);
    two.commit().await.unwrap();
    assert_eq!(world.table("t").unwrap().id, again.id);
    assert!(world.rows(&again).await.is_empty());
    let world = world.reopen().await;
    assert_eq!(world.table("t").unwrap().id, again.id);
}

#[tokio::test]
async fn truncate_and_drop_roll_back_to_all_rows() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 1), (2, 2)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();

    let mut two = world.begin(2).await;
    two.truncate(&table).await.unwrap();
    two.statement_begin().await.unwrap();
    assert!(rows(&two, &table).await.is_empty());
    two.insert(&table, pairs(&table, &[(1, 9)]), OnConflict::Error).await.unwrap();
    two.statement_begin().await.unwrap();
    assert_eq!(rows(&two, &table).await, [(1, 9)]);
    two.drop_table(&table).await.unwrap();
    two.statement_begin().await.unwrap();
    let refused = two.insert(&table, pairs(&table, &[(5, 5)]), OnConflict::Error).await.unwrap_err();
    assert_eq!(refused.sqlstate().0, "42P01", "a plan made before the DROP");
    two.rollback();
    assert_eq!(world.rows(&table).await, [(1, 1), (2, 2)]);
    assert!(world.table("t").is_some() && world.manager.locks().is_empty());

    let mut three = world.begin(3).await;
    three.truncate(&table).await.unwrap();
    three.statement_begin().await.unwrap();
    three.insert(&table, pairs(&table, &[(1, 9)]), OnConflict::Error).await.unwrap();
    three.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 9)]);
}

#[tokio::test]
async fn a_failed_statement_takes_its_definitions_back() {
    let world = World::new().await;
    let mut one = world.begin(1).await;
    one.create_schema("s", "app").await.unwrap();
    one.statement_begin().await.unwrap();
    one.create_table(definition("t")).await.unwrap();
    one.statement_rollback();
    assert!(one.catalog().table("public", "t").is_none());
    assert!(one.catalog().schema("s").is_some());
    one.commit().await.unwrap();
    assert!(world.table("t").is_none() && world.catalog().schema("s").is_some());
    let world = world.reopen().await;
    assert!(world.table("t").is_none() && world.catalog().schema("s").is_some());
}

#[tokio::test]
async fn readers_go_on_with_their_snapshot_beside_ddl() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();

    let mut reader = world.begin(2).await;
    let mut dropper = world.begin(3).await;
    dropper.drop_table(&table).await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 1)], "not blocked by the uncommitted DROP");
    dropper.commit().await.unwrap();
    assert_eq!(rows(&reader, &table).await, [(1, 1)], "the statement keeps its read point");
    reader.statement_begin().await.unwrap();
    assert!(reader.catalog().table("public", "t").is_none());
}

#[tokio::test]
async fn drop_and_truncate_wait_for_writers_and_writers_for_them() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut writer = world.begin(1).await;
    writer.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();

    let mut truncater = world.begin(2).await;
    let mut truncate = Box::pin(truncater.truncate(&table));
    world.until_it_waits(&mut truncate).await;
    writer.commit().await.unwrap();
    truncate.await.unwrap();

    // An UPDATE that found the row before the TRUNCATE finds nothing after it.
    let mut late = world.begin(3).await;
    assert_eq!(rows(&late, &table).await, [(1, 1)]);
    {
        let mut update = Box::pin(update(&mut late, &table, |_, _| true, |id, value| (id, value + 1)));
        world.until_it_waits(&mut update).await;
        truncater.commit().await.unwrap();
        assert_eq!(update.await.unwrap(), (0, 2));
    }
    late.commit().await.unwrap();

    let mut dropper = world.begin(4).await;
    dropper.drop_table(&table).await.unwrap();
    let mut inserter = world.begin(5).await;
    {
        let mut insert = Box::pin(inserter.insert(&table, pairs(&table, &[(2, 2)]), OnConflict::Error));
        world.until_it_waits(&mut insert).await;
        dropper.commit().await.unwrap();
        assert_eq!(insert.await.unwrap_err().to_string(), "relation \"t\" does not exist");
    }
    drop(inserter);
    assert!(world.manager.locks().is_empty());
}

#[tokio::test]
async fn two_creations_of_one_name_wait_and_the_second_is_refused() {
    let world = World::new().await;
    let mut one = world.begin(1).await;
    one.create_table(definition("t")).await.unwrap();
    let mut two = world.begin(2).await;
    let mut second = Box::pin(two.create_table(definition("t")));
    world.until_it_waits(&mut second).await;
    one.commit().await.unwrap();
    assert_eq!(second.await.unwrap_err().sqlstate().0, "42P07");
}

#[tokio::test]
async fn a_schema_with_tables_is_dropped_only_by_cascade() {
    let world = World::new().await;
    let mut one = world.begin(1).await;
    one.create_schema("s", "app").await.unwrap();
    one.statement_begin().await.unwrap();
    let inside =
        one.create_table(crate::catalog::TableDefinition { schema: "s".into(), ..definition("t") }).await.unwrap();
    one.commit().await.unwrap();
    let mut two = world.begin(2).await;
    let refused = two.drop_schema("s", DropBehavior::Restrict).await.unwrap_err().report();
    assert_eq!(refused.sqlstate.0, "2BP01");
    assert_eq!(refused.message, "cannot drop schema s because other objects depend on it");
    assert_eq!(refused.detail.as_deref(), Some("table s.t depends on schema s"));
    two.drop_schema("s", DropBehavior::Cascade).await.unwrap();
    two.commit().await.unwrap();
    assert!(world.catalog().schema("s").is_none() && world.catalog().table_by_id(inside.id).is_none());
}

#[tokio::test]
async fn tenants_come_and_go_with_their_commit() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();

    let operator = || world.manager.begin(TenantId::SYSTEM, SessionId(9)).unwrap();
    let mut undone = operator();
    undone.create_tenant("other", "app").await.unwrap();
    assert!(world.manager.catalogs().get("other").is_none());
    undone.rollback();
    assert!(world.manager.catalogs().get("other").is_none());

    let mut twice = operator();
    assert_eq!(twice.create_tenant("demo", "app").await.unwrap_err().sqlstate().0, "42P04");
    drop(twice);

    let mut writer = world.begin(2).await;
    writer.insert(&table, pairs(&table, &[(2, 2)]), OnConflict::Error).await.unwrap();
    let mut dropping = operator();
    {
        let mut drop_demo = Box::pin(dropping.drop_tenant("demo"));
        world.until_it_waits(&mut drop_demo).await;
        writer.commit().await.unwrap();
        drop_demo.await.unwrap();
    }
    let mut late = world.begin(3).await;
    {
        let mut insert = Box::pin(late.insert(&table, pairs(&table, &[(3, 3)]), OnConflict::Error));
        world.until_it_waits(&mut insert).await;
        dropping.commit().await.unwrap();
        assert_eq!(insert.await.unwrap_err().sqlstate().0, "3D000");
    }
    assert_eq!(late.statement_begin().await.unwrap_err().sqlstate().0, "3D000");
    drop(late);
    let world = world.reopen().await;
    assert!(world.manager.catalogs().get("demo").is_none());
}
