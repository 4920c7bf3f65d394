//! What statements do within one transaction: reading their own writes, failing, running again.

use crate::base::ids::{SessionId, TenantId};
use crate::catalog::ROWID_COLUMN;
use crate::error::{CatalogError, ErrorKind, TransactionError};
use crate::transaction::{Applied, Isolation, OnConflict};

use super::world::{MAX_BYTES, World, batch, definition, delete, pairs, picked, rows, scan, update};

#[tokio::test]
async fn a_statement_sees_the_writes_of_those_before_it_but_not_its_own() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    let inserted = one.insert(&table, pairs(&table, &[(1, 10), (2, 20)]), OnConflict::Error).await.unwrap();
    assert_eq!(inserted.count, 2);
    assert!(rows(&one, &table).await.is_empty(), "not its own");
    one.statement_begin().await.unwrap();
    assert_eq!(rows(&one, &table).await, [(1, 10), (2, 20)]);
    assert_eq!(update(&mut one, &table, |id, _| id == 2, |id, value| (id, value + 1)).await.unwrap(), (1, 1));
    one.statement_begin().await.unwrap();
    assert_eq!(delete(&mut one, &table, |id, _| id == 1).await.unwrap(), (1, 1));
    one.statement_begin().await.unwrap();
    assert_eq!(rows(&one, &table).await, [(2, 21)]);
    assert!(world.rows(&table).await.is_empty(), "nobody else sees them");
    one.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(2, 21)]);
    assert!(world.manager.locks().is_empty());
}

#[tokio::test]
async fn rollback_leaves_nothing() {
    let world = World::new().await;
    let table = world.create("t").await;
    let seq = world.manager.engine().last_seq();
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10)]), OnConflict::Error).await.unwrap();
    one.notify("news", "never").unwrap();
    one.statement_end();
    assert!(one.has_writes());
    one.rollback();
    assert!(world.rows(&table).await.is_empty());
    assert!(world.manager.locks().is_empty() && world.heard.0.lock().is_empty());
    assert_eq!(world.manager.engine().last_seq(), seq, "no number was taken");
}

#[tokio::test]
async fn a_failing_statement_leaves_nothing_of_all_its_batches() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();
    one.insert(&table, pairs(&table, &[(2, 20), (3, 30)]), OnConflict::Error).await.unwrap();
    one.notify("news", "of the failing statement").unwrap();
    let refused = one.insert(&table, pairs(&table, &[(4, 40), (1, 11)]), OnConflict::Error).await.unwrap_err();
    assert_eq!(refused.sqlstate().0, "23505");
    one.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 10)]);
    assert!(world.heard.0.lock().is_empty());
}

#[tokio::test]
async fn duplicates_are_found_within_a_batch_between_batches_and_among_own_writes() {
    let world = World::new().await;
    let table = world.create("t").await;
    let detail = |error: crate::Error| error.report().detail.unwrap();
    for batches in [vec![vec![(1, 1), (2, 2), (1, 3)]], vec![vec![(1, 1)], vec![(2, 2), (1, 3)]]] {
        let mut one = world.begin(1).await;
        let mut last = None;
        for rows in &batches {
            last = Some(one.insert(&table, pairs(&table, rows), OnConflict::Error).await);
        }
        assert_eq!(detail(last.unwrap().unwrap_err()), "Key (id)=(1) already exists.");
    }
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(7, 7)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();
    let refused = one.insert(&table, pairs(&table, &[(7, 8)]), OnConflict::Error).await.unwrap_err();
    assert_eq!(detail(refused), "Key (id)=(7) already exists.");
}

#[tokio::test]
async fn on_conflict_do_nothing_keeps_the_first_of_equal_keys() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();
    let mut two = world.begin(2).await;
    let some =
        two.insert(&table, pairs(&table, &[(2, 20), (1, 0), (2, 0), (3, 30)]), OnConflict::DoNothing).await.unwrap();
    assert_eq!(some.count, 2);
    assert_eq!(some.rows, pairs(&table, &[(2, 20), (3, 30)]));
    let none = two.insert(&table, pairs(&table, &[(3, 0), (2, 0)]), OnConflict::DoNothing).await.unwrap();
    assert_eq!(none.count, 0);
    two.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 10), (2, 20), (3, 30)]);
}

#[tokio::test]
async fn a_deleted_key_can_be_inserted_again_in_the_same_transaction() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();
    let mut two = world.begin(2).await;
    delete(&mut two, &table, |_, _| true).await.unwrap();
    two.statement_begin().await.unwrap();
    two.insert(&table, pairs(&table, &[(1, 11)]), OnConflict::Error).await.unwrap();
    two.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 11)]);
}

#[tokio::test]
async fn keys_can_be_changed_and_swapped_but_not_doubled() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10), (2, 20), (3, 30)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();
    update(&mut one, &table, |id, _| id < 3, |id, value| (3 - id, value)).await.unwrap();
    one.statement_begin().await.unwrap();
    assert_eq!(rows(&one, &table).await, [(1, 20), (2, 10), (3, 30)]);
    let refused = update(&mut one, &table, |id, _| id == 1, |_, value| (3, value)).await.unwrap_err();
    assert_eq!(refused.report().detail.as_deref(), Some("Key (id)=(3) already exists."));
    one.statement_begin().await.unwrap();
    let refused = update(&mut one, &table, |id, _| id < 3, |_, value| (9, value)).await.unwrap_err();
    assert_eq!(refused.report().detail.as_deref(), Some("Key (id)=(9) already exists."));
    one.statement_begin().await.unwrap();
    update(&mut one, &table, |_, _| true, |id, value| (id + 1, value)).await.unwrap();
    one.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(2, 20), (3, 10), (4, 30)]);
}

#[tokio::test]
async fn a_row_that_a_join_finds_twice_is_changed_once() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10), (2, 20)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();
    let found = scan(&one, &table).await;
    let twice = arrow::compute::concat_batches(&found.schema(), [&found, &found]).unwrap();
    let new = pairs(&table, &[(1, 11), (2, 21), (1, 12), (2, 22)]);
    let Applied::Done(changed) = one.update(&table, &twice, new.clone()).await.unwrap() else { panic!("retry") };
    assert_eq!(changed.count, 2);
    assert_eq!(changed.of(&new).unwrap(), pairs(&table, &[(1, 11), (2, 21)]));
    // The same rows in a later batch of the statement.
    let Applied::Done(changed) = one.update(&table, &found, pairs(&table, &[(1, 0), (2, 0)])).await.unwrap() else {
        panic!("retry")
    };
    assert_eq!(changed.count, 0);
    one.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 11), (2, 21)]);
}

#[tokio::test]
async fn tables_without_a_key_take_equal_rows_and_keep_their_row_ids() {
    let world = World::new().await;
    let table = world.create_as(crate::catalog::TableDefinition { primary_key: None, ..definition("heap") }).await;
    let mut one = world.begin(1).await;
    let inserted = one.insert(&table, pairs(&table, &[(1, 10), (1, 10)]), OnConflict::Error).await.unwrap();
    assert_eq!(inserted.rows, pairs(&table, &[(1, 10), (1, 10)]), "without the hidden column");
    one.insert(&table, pairs(&table, &[(1, 10)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();
    let before = scan(&one, &table).await.column_by_name(ROWID_COLUMN).unwrap().clone();
    update(&mut one, &table, |_, _| true, |id, value| (id, value + 1)).await.unwrap();
    one.commit().await.unwrap();
    let after = scan(&world.begin(2).await, &table).await.column_by_name(ROWID_COLUMN).unwrap().clone();
    assert_eq!(&before, &after);
    assert_eq!(world.rows(&table).await, [(1, 11), (1, 11), (1, 11)]);
}

#[tokio::test]
async fn a_transaction_that_grows_too_large_is_refused_and_others_go_on() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    let long = "x".repeat(1 << 20);
    let mut refused = None;
    for id in 0..8 {
        match one.insert(&table, batch(&table, &[(id, Some(0), Some(&long))]), OnConflict::Error).await {
            Ok(_) => assert!(one.size_bytes() <= MAX_BYTES),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let refused = refused.unwrap();
    assert!(matches!(refused.kind(), ErrorKind::Transaction(TransactionError::TooLarge { .. })), "{refused}");
    assert_eq!(refused.sqlstate().0, "54000");
    drop(one);
    let mut two = world.begin(2).await;
    two.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();
    two.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 1)]);
}

#[tokio::test]
async fn locks_alone_are_bounded_too() {
    const ROWS: i32 = 8_000;
    let world = World::new().await;
    let table = world.create("t").await;
    let batch_of = |at: i32| pairs(&table, &(at * ROWS..(at + 1) * ROWS).map(|id| (id, 0)).collect::<Vec<_>>());
    for at in 0..5 {
        let mut one = world.begin(1).await;
        one.insert(&table, batch_of(at), OnConflict::Error).await.unwrap();
        one.commit().await.unwrap();
    }
    let mut two = world.begin(2).await;
    let mut refused = None;
    for at in 0..5 {
        match two.insert(&table, batch_of(at), OnConflict::DoNothing).await {
            Ok(inserted) => assert_eq!(inserted.count, 0),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    assert_eq!(refused.unwrap().sqlstate().0, "54000");
}

#[tokio::test]
async fn a_read_only_transaction_writes_nothing() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.set_read_only(true);
    let refused = one.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap_err();
    assert_eq!(refused.to_string(), "cannot execute INSERT in a read-only transaction");
    let refused = one.create_table(definition("u")).await.unwrap_err();
    assert_eq!(refused.sqlstate().0, "25006");
    assert_eq!(one.truncate(&table).await.unwrap_err().sqlstate().0, "25006");
}

#[tokio::test]
async fn repeatable_read_keeps_its_snapshot_and_refuses_to_overwrite_newer_rows() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10), (2, 20)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();

    let mut old = world.begin(1).await;
    old.set_isolation(Isolation::RepeatableRead);
    assert_eq!(rows(&old, &table).await, [(1, 10), (2, 20)]);
    let mut new = world.begin(2).await;
    update(&mut new, &table, |id, _| id == 1, |id, _| (id, 11)).await.unwrap();
    new.commit().await.unwrap();
    old.statement_begin().await.unwrap();
    assert_eq!(rows(&old, &table).await, [(1, 10), (2, 20)]);
    update(&mut old, &table, |id, _| id == 2, |id, _| (id, 21)).await.unwrap();
    old.statement_begin().await.unwrap();
    let refused = update(&mut old, &table, |id, _| id == 1, |id, _| (id, 12)).await.unwrap_err();
    assert_eq!(refused.sqlstate().0, "40001");
    drop(old);
    assert_eq!(world.rows(&table).await, [(1, 11), (2, 20)]);
}

#[tokio::test]
async fn a_retry_takes_back_the_batches_before_it() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10), (2, 20)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();

    let mut late = world.begin(1).await;
    let (first, _) = picked(&late, &table, &|id, _| id == 1).await;
    let (second, _) = picked(&late, &table, &|id, _| id == 2).await;
    let Applied::Done(_) = late.update(&table, &first, pairs(&table, &[(1, 11)])).await.unwrap() else {
        panic!("retry")
    };
    let mut early = world.begin(2).await;
    update(&mut early, &table, |id, _| id == 2, |id, _| (id, 25)).await.unwrap();
    early.commit().await.unwrap();
    let retry = late.update(&table, &second, pairs(&table, &[(2, 21)])).await.unwrap();
    assert!(matches!(retry, Applied::Retry));
    late.statement_begin().await.unwrap();
    assert_eq!(rows(&late, &table).await, [(1, 10), (2, 25)], "the first batch is not there");
    assert_eq!(update(&mut late, &table, |_, _| true, |id, value| (id, value + 1)).await.unwrap(), (2, 1));
    late.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 11), (2, 26)]);
}

#[tokio::test]
async fn a_transaction_of_an_unknown_tenant_does_not_begin() {
    let world = World::new().await;
    let refused = world.manager.begin(TenantId(99999), SessionId(1)).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Catalog(CatalogError::UnknownDatabase(_))), "{refused}");
}

#[tokio::test]
async fn commits_survive_a_restart() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10), (2, 20)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();
    drop(table);
    let world = world.reopen().await;
    let table = world.table("t").unwrap();
    assert_eq!(world.rows(&table).await, [(1, 10), (2, 20)]);
}
