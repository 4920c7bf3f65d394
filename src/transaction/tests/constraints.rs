//! NOT NULL, CHECK and keys in PostgreSQL's words, and which of them is reported first.

use crate::transaction::OnConflict;

use super::world::{World, batch, pairs, picked, update};
use crate::error::Report;
use crate::transaction::Transaction;

async fn refused(one: &mut Transaction, world: &World, rows: &[(i32, Option<i32>, Option<&str>)]) -> Report {
    let table = world.table("t").unwrap();
    one.insert(&table, batch(&table, rows), OnConflict::Error).await.unwrap_err().report()
}

#[tokio::test]
async fn each_violation_has_its_code_its_words_and_its_fields() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();

    let null = refused(&mut one, &world, &[(2, None, Some("a, b"))]).await;
    assert_eq!(null.sqlstate.0, "23502");
    assert_eq!(null.message, "null value in column \"value\" of relation \"t\" violates not-null constraint");
    assert_eq!(null.detail.as_deref(), Some("Failing row contains (2, null, a, b)."));
    assert_eq!(
        (null.schema.as_deref(), null.table.as_deref(), null.column.as_deref()),
        (Some("public"), Some("t"), Some("value"))
    );

    let check = refused(&mut one, &world, &[(2, Some(-1), None)]).await;
    assert_eq!(check.sqlstate.0, "23514");
    assert_eq!(check.message, "new row for relation \"t\" violates check constraint \"t_value_check\"");
    assert_eq!(check.detail.as_deref(), Some("Failing row contains (2, -1, null)."));
    assert_eq!(check.constraint.as_deref(), Some("t_value_check"));

    let duplicate = refused(&mut one, &world, &[(1, Some(5), None)]).await;
    assert_eq!(duplicate.sqlstate.0, "23505");
    assert_eq!(duplicate.message, "duplicate key value violates unique constraint \"t_pkey\"");
    assert_eq!(duplicate.detail.as_deref(), Some("Key (id)=(1) already exists."));
    assert_eq!(duplicate.constraint.as_deref(), Some("t_pkey"));
}

#[tokio::test]
async fn the_first_row_that_is_wrong_decides_as_row_by_row_would() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();
    let (good, duplicate, null, check) = ((9, Some(1), None), (1, Some(1), None), (2, None, None), (3, Some(-1), None));
    for (rows, code) in [
        ([good, duplicate, null, check], "23505"),
        ([good, null, duplicate, check], "23502"),
        ([good, check, null, duplicate], "23514"),
        ([null, check, duplicate, good], "23502"),
    ] {
        assert_eq!(refused(&mut one, &world, &rows).await.sqlstate.0, code, "{rows:?}");
    }
}

#[tokio::test]
async fn long_values_of_a_failing_row_are_cut() {
    let world = World::new().await;
    world.create("t").await;
    let mut one = world.begin(1).await;
    let long = format!("{}ä{}", "x".repeat(63), "y".repeat(50));
    let report = refused(&mut one, &world, &[(2, None, Some(&long))]).await;
    let expected = format!("Failing row contains (2, null, {}...).", "x".repeat(63));
    assert_eq!(report.detail.as_deref(), Some(expected.as_str()), "cut before the character that crosses the limit");
}

#[tokio::test]
async fn updates_are_checked_like_inserts() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();
    one.statement_begin().await.unwrap();
    let refused = update(&mut one, &table, |_, _| true, |id, _| (id, -1)).await.unwrap_err();
    assert_eq!(refused.sqlstate().0, "23514");
    one.statement_begin().await.unwrap();
    let (identity, _) = picked(&one, &table, &|_, _| true).await;
    let refused = one.update(&table, &identity, batch(&table, &[(1, None, None)])).await.unwrap_err();
    assert_eq!(refused.sqlstate().0, "23502");
    one.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 1)]);
}

#[tokio::test]
async fn a_key_that_is_too_long_is_refused() {
    use crate::catalog::{PrimaryKeyDefinition, TableDefinition};
    let world = World::new().await;
    let definition = super::world::definition("t");
    let key = PrimaryKeyDefinition { name: None, columns: vec!["note".into()] };
    let table = world.create_as(TableDefinition { primary_key: Some(key), ..definition }).await;
    let mut one = world.begin(1).await;
    let long = "k".repeat(10_000);
    let refused = one.insert(&table, batch(&table, &[(1, Some(1), Some(&long))]), OnConflict::Error).await.unwrap_err();
    assert_eq!(refused.sqlstate().0, "54000");
}
