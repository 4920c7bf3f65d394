//! The overlay rule, one sentence each. The mirror test finds the combinations; these name the rules.

use super::harness::{Harness, Row, row};
use crate::storage::{FlushEnd, ReadPoint, View};

async fn flushed() -> (tempfile::TempDir, Harness) {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    harness.commit(|h, w| (0..10).for_each(|id| h.insert(w, &row("a", id, "old")))).await;
    harness.real_flush().await.unwrap();
    (directory, harness)
}

async fn overlays(harness: &Harness) -> usize {
    let at: ReadPoint = harness.engine.read_point();
    harness.engine.overlays(&at, harness.store.tenant(), harness.shape.table).unwrap()
}

/// What a scan and a get say of one row; they must agree.
async fn find(harness: &Harness, id: i64) -> Option<String> {
    let view: View = harness.now();
    let scanned: Vec<Row> = harness.scan(&view, harness.request()).await;
    let scanned: Vec<_> = scanned.into_iter().filter(|(key, _)| key.1 == id).collect();
    assert!(scanned.len() <= 1, "a row is there twice");
    let got = harness.store.get(&view, &harness.shape, &[harness.key("a", id)], &[0, 1, 2]).await.unwrap();
    let got = got[0].as_ref().map(|found| super::harness::rows(std::slice::from_ref(&found.batch)).remove(0));
    assert_eq!(got, scanned.first().cloned());
    got.and_then(|(_, content)| content)
}

#[tokio::test]
async fn a_row_that_was_deleted_inserted_and_deleted_again_stays_deleted() {
    let (_directory, harness) = flushed().await;
    harness.commit(|h, w| h.delete(w, "a", 3)).await;
    assert_eq!(find(&harness, 3).await, None);
    // The promise of absence is true, and yet history holds the key: the tombstone says so.
    harness.commit(|h, w| h.insert(w, &row("a", 3, "new"))).await;
    assert_eq!(find(&harness, 3).await, Some("new".into()));
    harness.commit(|h, w| h.delete(w, "a", 3)).await;
    assert_eq!(find(&harness, 3).await, None);
    harness.real_flush().await.unwrap();
    assert_eq!(find(&harness, 3).await, None);
    assert_eq!(overlays(&harness).await, 0, "a flush folds the overlay in");
}

#[tokio::test]
async fn a_promise_from_before_a_flush_is_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    harness.commit(|h, w| h.insert(w, &row("a", 5, "old"))).await;
    harness.real_flush().await.unwrap();
    let before = harness.engine.read_point();
    harness.commit(|h, w| h.insert(w, &row("a", 3, "theirs"))).await;
    harness.commit(|h, w| h.insert(w, &row("a", 9, "theirs"))).await;
    harness.real_flush().await.unwrap();
    // Row locks prevent this above; if they ever fail, the newer row wins and none is there twice.
    harness.try_commit(before, |h, w| h.insert(w, &row("a", 3, "ours"))).await.unwrap();
    assert_eq!(find(&harness, 3).await, Some("ours".into()));
    assert_eq!(overlays(&harness).await, 1);
}

#[tokio::test]
async fn a_new_key_after_a_flush_is_no_overlay_even_from_an_old_read_point() {
    let (_directory, harness) = flushed().await;
    let before = harness.engine.read_point();
    harness.commit(|h, w| h.insert(w, &row("a", 11, "x"))).await;
    harness.real_flush().await.unwrap();
    // 20 lies outside of the bounds of every file, which is what a time-ordered id always does.
    harness.try_commit(before, |h, w| h.insert(w, &row("a", 20, "x"))).await.unwrap();
    assert_eq!(overlays(&harness).await, 0);
}

#[tokio::test]
async fn an_update_of_a_flushed_row_hides_it_until_the_next_flush() {
    let (_directory, harness) = flushed().await;
    harness.commit(|h, w| h.put(w, &row("a", 4, "new"))).await;
    assert_eq!(overlays(&harness).await, 1);
    assert_eq!(find(&harness, 4).await, Some("new".into()));
    harness.real_flush().await.unwrap();
    assert_eq!(overlays(&harness).await, 0);
    assert_eq!(find(&harness, 4).await, Some("new".into()));
    assert_eq!(harness.all().await.len(), 10);
}

#[tokio::test]
async fn a_row_inserted_and_deleted_in_one_transaction_leaves_nothing() {
    let (_directory, harness) = flushed().await;
    harness
        .commit(|h, w| {
            h.insert(w, &row("a", 100, "x"));
            h.delete(w, "a", 100);
        })
        .await;
    assert_eq!(find(&harness, 100).await, None);
    assert_eq!(overlays(&harness).await, 0);
}

#[tokio::test]
async fn a_truncate_beside_the_first_flush_is_not_undone_by_it() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    harness.commit(|h, w| (0..10).for_each(|id| h.insert(w, &row("a", id, "old")))).await;
    // The table has no file yet, so only the running flush makes the truncate move the manifest.
    let ticket = harness.begin_flush().await.unwrap();
    harness.commit(|h, w| w.truncate(h.shape.table)).await;
    harness.commit(|h, w| h.insert(w, &row("a", 1, "new"))).await;
    assert_eq!(harness.end_flush(ticket).await, FlushEnd::Moved);
    assert_eq!(harness.all().await, [row("a", 1, "new")]);
}
