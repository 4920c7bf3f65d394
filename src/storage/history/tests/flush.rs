//! Flushes of a real engine, one situation each.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;

use super::fixture::{Row, TABLE, TENANT, commit, encoded, key, open, open_with, shape, versions};
use crate::base::ids::{TableId, TenantId};
use crate::base::shutdown::CancellationToken;
use crate::storage::history::flush::{Flush, FlushReport, Trigger};
use crate::storage::history::{Limits, Policy, Shapes, automatic};
use crate::storage::{Engine, ScanRequest, Shape, View};

fn flush_of(engine: &Arc<Engine>) -> Flush {
    Flush { engine: Arc::clone(engine), tenant: TENANT, shape: shape() }
}

fn nothing() -> FlushReport {
    FlushReport::new(TENANT, TABLE, Trigger::Manual, 0)
}

async fn flush(engine: &Arc<Engine>) -> FlushReport {
    engine.flush(TENANT, &shape(), Trigger::Manual).await.unwrap()
}

async fn put(engine: &Arc<Engine>, number: u32, version: i32) {
    let row = Row { number, version };
    commit(engine, |writes| writes.put(&shape(), key(row), encoded(row))).await;
}

async fn insert(engine: &Arc<Engine>, numbers: std::ops::Range<u32>) {
    commit(engine, |writes| {
        for number in numbers {
            let row = Row { number, version: number as i32 };
            writes.insert(&shape(), key(row), encoded(row));
        }
    })
    .await;
}

async fn delete(engine: &Arc<Engine>, number: u32) {
    commit(engine, |writes| writes.delete(&shape(), key(Row { number, version: 0 }))).await;
}

async fn all(engine: &Arc<Engine>) -> Vec<i32> {
    let store = engine.tenant(TENANT);
    let view = View::committed(engine.read_point());
    let batches: Vec<_> = store.scan(view, shape(), ScanRequest::all(vec![2])).try_collect().await.unwrap();
    let mut versions = versions(&batches);
    versions.sort_unstable();
    versions
}

/// All history files below a data directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let table = directory.join(format!("history/{TENANT}/{TABLE}"));
    let Ok(entries) = std::fs::read_dir(table) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn fresh_rows(engine: &Arc<Engine>) -> u64 {
    engine.flushes().activity().tables().iter().map(|table| table.bytes).sum()
}

#[tokio::test]
async fn a_flush_moves_all_rows_and_a_second_one_does_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    insert(&engine, 0..300).await;
    let report = flush(&engine).await;
    assert_eq!((report.rows, report.files_removed, report.seq), (300, 0, engine.last_seq()));
    assert_eq!(report.files_added, files(directory.path()).len());
    assert!(report.files_added > 1 && report.bytes > 0);
    assert_eq!(all(&engine).await, (0..300).collect::<Vec<_>>());
    assert_eq!(fresh_rows(&engine), 0);
    let again = flush(&engine).await;
    assert_eq!((again.rows, again.files_added, again.files_removed), (0, 0, 0));
    assert_eq!(engine.flushes().recent(TENANT), [report, again]);
    assert_eq!(engine.flushes().recent(TenantId(7)), []);
}

#[tokio::test]
async fn a_deleted_row_stays_away_over_flushes_and_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = open(directory.path());
    insert(&engine, 0..50).await;
    flush(&engine).await;
    delete(&engine, 7).await;
    put(&engine, 8, 1008).await;
    let mut expected: Vec<i32> = (0..50).filter(|number| *number != 7 && *number != 8).chain([1008]).collect();
    expected.sort_unstable();
    for _ in 0..3 {
        assert_eq!(all(&engine).await, expected);
        flush(&engine).await;
        assert_eq!(all(&engine).await, expected);
        engine.close().await;
        drop(engine);
        engine = open(directory.path());
    }
    // And its key is free again.
    insert(&engine, 7..8).await;
    flush(&engine).await;
    expected.push(7);
    expected.sort_unstable();
    assert_eq!(all(&engine).await, expected);
}

#[tokio::test]
async fn writes_during_a_flush_lie_over_the_new_files() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    insert(&engine, 0..20).await;
    let prepared = flush_of(&engine).prepare().await.unwrap().unwrap();
    put(&engine, 3, 1003).await;
    delete(&engine, 4).await;
    insert(&engine, 20..22).await;
    delete(&engine, 5).await;
    insert(&engine, 5..6).await;
    let report = flush_of(&engine).finish(prepared, nothing()).await.unwrap();
    assert_eq!(report.rows, 20);
    let mut expected: Vec<i32> = (0..22).filter(|number| *number != 3 && *number != 4).chain([1003]).collect();
    expected.sort_unstable();
    assert_eq!(all(&engine).await, expected);
    // What was written meanwhile counts for the next flush.
    assert!(fresh_rows(&engine) > 0);
    let report = flush(&engine).await;
    assert_eq!(report.files_removed, 1);
    assert_eq!(all(&engine).await, expected);
    assert_eq!(fresh_rows(&engine), 0);
}

#[tokio::test]
async fn a_truncate_during_a_flush_wins() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    insert(&engine, 0..20).await;
    let prepared = flush_of(&engine).prepare().await.unwrap().unwrap();
    commit(&engine, |writes| writes.truncate(TABLE)).await;
    insert(&engine, 30..31).await;
    let report = flush_of(&engine).finish(prepared, nothing()).await.unwrap();
    assert_eq!((report.rows, report.files_added), (0, 0));
    assert_eq!(files(directory.path()), Vec::<PathBuf>::new());
    assert_eq!(all(&engine).await, [30]);
}

#[tokio::test]
async fn a_drop_of_the_tenant_during_a_flush_wins() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    insert(&engine, 0..20).await;
    let prepared = flush_of(&engine).prepare().await.unwrap().unwrap();
    commit(&engine, |writes| writes.drop_tenant(TENANT)).await;
    let report = flush_of(&engine).finish(prepared, nothing()).await.unwrap();
    assert_eq!(report.files_added, 0);
    assert_eq!(files(directory.path()), Vec::<PathBuf>::new());
    assert_eq!(all(&engine).await, Vec::<i32>::new());
}

#[tokio::test]
async fn a_crash_before_the_manifest_leaves_only_orphans() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    insert(&engine, 0..20).await;
    flush(&engine).await;
    let kept = files(directory.path());
    insert(&engine, 20..40).await;
    delete(&engine, 1).await;
    let prepared = flush_of(&engine).prepare().await.unwrap().unwrap();
    assert!(files(directory.path()).len() > kept.len());
    drop(prepared);
    drop(engine);
    let engine = open(directory.path());
    assert_eq!(files(directory.path()), kept);
    let expected: Vec<i32> = (0..40).filter(|number| *number != 1).collect();
    assert_eq!(all(&engine).await, expected);
    flush(&engine).await;
    assert_eq!(all(&engine).await, expected);
}

#[tokio::test]
async fn an_end_that_fails_keeps_the_files_until_the_log_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    insert(&engine, 0..20).await;
    let prepared = flush_of(&engine).prepare().await.unwrap().unwrap();
    engine.close().await;
    assert!(flush_of(&engine).finish(prepared, nothing()).await.is_err());
    // For all that is known here, the log may name them.
    assert!(!files(directory.path()).is_empty());
    drop(engine);
    let engine = open(directory.path());
    assert_eq!(files(directory.path()), Vec::<PathBuf>::new());
    assert_eq!(all(&engine).await, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_replaced_file_stays_for_older_readers() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    insert(&engine, 0..20).await;
    flush(&engine).await;
    let old = files(directory.path());
    let before = View::committed(engine.read_point());
    delete(&engine, 3).await;
    flush(&engine).await;
    assert!(old.iter().all(|file| file.exists()));
    let rows: Vec<_> =
        engine.tenant(TENANT).scan(before, shape(), ScanRequest::all(vec![2])).try_collect().await.unwrap();
    assert_eq!(versions(&rows).len(), 20);
    drop(rows);
    let gone = async {
        while old.iter().any(|file| file.exists()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("the old file is removed when its reader is gone");
    assert_eq!(all(&engine).await.len(), 19);
}

#[tokio::test]
async fn many_small_files_become_few() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open_with(directory.path(), Limits::default());
    let mut most = 0;
    for round in 0..20 {
        insert(&engine, round * 5..round * 5 + 5).await;
        flush(&engine).await;
        let (_, files) = engine.manifest(&engine.read_point(), TENANT, TABLE).unwrap();
        most = most.max(files.len());
    }
    assert!(most <= 9, "{most} files");
    assert_eq!(all(&engine).await, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn two_flushes_of_one_table_take_turns() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    insert(&engine, 0..50).await;
    let (first, second) = tokio::join!(flush(&engine), flush(&engine));
    assert_eq!(first.rows + second.rows, 50);
    assert_eq!(all(&engine).await, (0..50).collect::<Vec<_>>());
}

struct OneTable;

impl Shapes for OneTable {
    fn shape(&self, tenant: TenantId, table: TableId) -> Option<Arc<Shape>> {
        (tenant == TENANT && table == TABLE).then(shape)
    }
}

#[tokio::test]
async fn the_automatic_flush_finds_rows_of_before_the_restart() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    insert(&engine, 0..300).await;
    engine.close().await;
    drop(engine);
    let engine = open(directory.path());
    let cancel = CancellationToken::new();
    let policy = Policy {
        max_fresh_bytes: 1000,
        max_age: Duration::from_secs(3600),
        min_fresh_bytes: 0,
        check_interval: Duration::from_millis(1),
    };
    let background =
        tokio::spawn(automatic::run(Arc::clone(&engine), Arc::new(OneTable), Some(policy), cancel.clone()));
    let flushed = async {
        while engine.flushes().recent(TENANT).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), flushed).await.expect("the table is flushed by itself");
    cancel.cancel();
    background.await.unwrap();
    let report = &engine.flushes().recent(TENANT)[0];
    assert_eq!((report.rows, report.trigger), (300, Trigger::Automatic));
}

#[tokio::test]
async fn the_files_of_a_truncated_table_are_removed() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(directory.path());
    let cancel = CancellationToken::new();
    let background = tokio::spawn(automatic::run(Arc::clone(&engine), Arc::new(OneTable), None, cancel.clone()));
    insert(&engine, 0..50).await;
    flush(&engine).await;
    assert!(!files(directory.path()).is_empty());
    commit(&engine, |writes| writes.truncate(TABLE)).await;
    let gone = async {
        while !files(directory.path()).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("the files are removed");
    cancel.cancel();
    background.await.unwrap();
}
