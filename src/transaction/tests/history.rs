//! The same statements whether a row is fresh, in history, or changed since it went there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::catalog::Table;
use crate::storage::history::Trigger;
use crate::transaction::OnConflict;

use super::world::{World, delete, pairs, rows, update};

async fn flush(world: &World, table: &Arc<Table>) {
    world.manager.engine().flush(world.tenant, &table.shape, Trigger::Manual).await.unwrap();
}

async fn insert(world: &World, table: &Arc<Table>, new: &[(i32, i32)], on_conflict: OnConflict) -> crate::Result<u64> {
    let mut one = world.begin(1).await;
    let inserted = one.insert(table, pairs(table, new), on_conflict).await?;
    one.commit().await?;
    Ok(inserted.count)
}

/// Runs the same script with a flush after none, some or all of its steps, and a restart at the end.
#[tokio::test]
async fn every_statement_gives_the_same_rows_fresh_flushed_and_mixed() {
    for flushes in [0b00000_u32, 0b00001, 0b11111, 0b01010, 0b10101, 0b00110, 0b10011, 0b01100] {
        let world = World::new().await;
        let table = world.create("t").await;
        let maybe_flush = async |step: u32| {
            if flushes & (1 << step) != 0 {
                flush(&world, &table).await;
            }
        };
        insert(&world, &table, &[(1, 10), (2, 20), (3, 30), (4, 40)], OnConflict::Error).await.unwrap();
        maybe_flush(0).await;
        let refused = insert(&world, &table, &[(9, 9), (3, 0)], OnConflict::Error).await.unwrap_err();
        assert_eq!(refused.report().detail.as_deref(), Some("Key (id)=(3) already exists."));
        let mut one = world.begin(1).await;
        assert_eq!(update(&mut one, &table, |id, _| id <= 2, |id, value| (id, value + 1)).await.unwrap(), (2, 1));
        one.commit().await.unwrap();
        maybe_flush(1).await;
        let mut one = world.begin(1).await;
        assert_eq!(delete(&mut one, &table, |id, _| id == 1 || id == 3).await.unwrap(), (2, 1));
        one.commit().await.unwrap();
        maybe_flush(2).await;
        let added = insert(&world, &table, &[(1, 100), (2, 0), (4, 0), (5, 50)], OnConflict::DoNothing).await.unwrap();
        assert_eq!(added, 2, "flushes {flushes:05b}");
        maybe_flush(3).await;
        let mut one = world.begin(1).await;
        update(&mut one, &table, |id, _| id >= 4, |id, value| (id + 10, value)).await.unwrap();
        one.commit().await.unwrap();
        maybe_flush(4).await;
        let expected = [(1, 100), (2, 21), (14, 40), (15, 50)];
        assert_eq!(world.rows(&table).await, expected, "flushes {flushes:05b}");
        drop(table);
        let world = world.reopen().await;
        let table = world.table("t").unwrap();
        assert_eq!(world.rows(&table).await, expected, "flushes {flushes:05b}, after a restart");
    }
}

#[test]
fn increments_beside_flushes_are_all_counted() {
    const TASKS: i32 = 4;
    const EACH: i32 = 40;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let world = Arc::new(World::new().await);
        let table = world.create("t").await;
        insert(&world, &table, &[(0, 0), (1, 0), (2, 0)], OnConflict::Error).await.unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let flushing = {
            let (world, table, done) = (world.clone(), table.clone(), done.clone());
            tokio::spawn(async move {
                let mut count = 0;
                while !done.load(Ordering::SeqCst) {
                    flush(&world, &table).await;
                    count += 1;
                }
                count
            })
        };
        let tasks = (0..TASKS).map(|task| {
            let (world, table) = (world.clone(), table.clone());
            tokio::spawn(async move {
                for turn in 0..EACH {
                    let mut one = world.begin(task).await;
                    let id = (task + turn) % 3;
                    let (count, _) =
                        update(&mut one, &table, |row, _| row == id, |id, value| (id, value + 1)).await.unwrap();
                    assert_eq!(count, 1);
                    one.commit().await.unwrap();
                }
            })
        });
        for task in futures::future::join_all(tasks).await {
            task.unwrap();
        }
        done.store(true, Ordering::SeqCst);
        assert!(flushing.await.unwrap() > 0);
        let total: i32 = world.rows(&table).await.into_iter().map(|(_, value)| value).sum();
        assert_eq!(total, TASKS * EACH);
    });
}

#[tokio::test]
async fn truncate_of_flushed_rows_rolls_back_and_commits() {
    let world = World::new().await;
    let table = world.create("t").await;
    insert(&world, &table, &[(1, 1), (2, 2)], OnConflict::Error).await.unwrap();
    flush(&world, &table).await;
    insert(&world, &table, &[(3, 3)], OnConflict::Error).await.unwrap();
    let mut one = world.begin(1).await;
    one.truncate(&table).await.unwrap();
    one.statement_begin().await.unwrap();
    assert!(rows(&one, &table).await.is_empty());
    one.insert(&table, pairs(&table, &[(1, 7)]), OnConflict::Error).await.unwrap();
    one.rollback();
    assert_eq!(world.rows(&table).await, [(1, 1), (2, 2), (3, 3)]);
    let mut two = world.begin(1).await;
    two.truncate(&table).await.unwrap();
    two.statement_begin().await.unwrap();
    two.insert(&table, pairs(&table, &[(1, 7)]), OnConflict::Error).await.unwrap();
    two.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 7)]);
    flush(&world, &table).await;
    assert_eq!(world.rows(&table).await, [(1, 7)]);
}
