//! What reads cost and refuse: history stays closed when it can, a cancel ends a scan, ranges are exact.

use std::ops::Bound;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt64Array};
use futures::{StreamExt, TryStreamExt};

use super::harness::{Harness, Row, row, rows};
use crate::storage::history::{KEY_COLUMN, SEQ_COLUMN};
use crate::storage::{KeyRange, ScanOrder, ScanRequest, Source, View, WriteSet, keys};

fn conversation(harness: &Harness, name: &str) -> KeyRange {
    let value: arrow::array::ArrayRef = Arc::new(arrow::array::StringArray::from(vec![name]));
    let mut prefix = Vec::new();
    keys::encode_key_prefix(&harness.shape, &[value], &mut prefix).unwrap();
    KeyRange::prefix(prefix)
}

/// Three conversations; ids 0..50 flushed, 50..100 fresh.
async fn half_flushed() -> (tempfile::TempDir, Harness) {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    for half in [0..50, 50..100] {
        harness
            .commit(|h, w| {
                for id in half {
                    ["a", "b", "c"].iter().for_each(|name| h.insert(w, &row(name, id, "x")));
                }
            })
            .await;
        if harness.engine.last_seq().0 == 1 {
            harness.flush().await;
        }
    }
    (directory, harness)
}

fn latest(harness: &Harness, name: &str, limit: usize) -> ScanRequest {
    ScanRequest {
        range: conversation(harness, name),
        order: ScanOrder::Reverse,
        limit: Some(limit),
        ..harness.request()
    }
}

#[tokio::test]
async fn the_latest_rows_open_history_only_when_fresh_ones_do_not_suffice() {
    let (_directory, harness) = half_flushed().await;
    let opened = || harness.engine.history_reader().counters().files_opened();
    let before = opened();
    let expected = |ids: std::ops::Range<i64>| ids.rev().map(|id| row("b", id, "x")).collect::<Vec<Row>>();
    assert_eq!(harness.scan(&harness.now(), latest(&harness, "b", 20)).await, expected(80..100));
    assert_eq!(harness.scan(&harness.now(), latest(&harness, "b", 50)).await, expected(50..100));
    assert_eq!(opened(), before, "50 fresh rows satisfy the latest 50");
    assert_eq!(harness.scan(&harness.now(), latest(&harness, "b", 60)).await, expected(40..100));
    assert!(opened() > before);
    assert_eq!(harness.scan(&harness.now(), latest(&harness, "missing", 60)).await, []);
}

#[tokio::test]
async fn a_key_outside_of_a_files_bounds_does_not_open_it() {
    let (_directory, harness) = half_flushed().await;
    let before = harness.engine.history_reader().counters().files_opened();
    let keys = [harness.key("b", 500), harness.key("a", -1), harness.key("zzz", 3), harness.key("b", 70)];
    let found = harness.store.contains(&harness.now(), &harness.shape, &keys).await.unwrap();
    assert_eq!(found, [false, false, false, true]);
    assert_eq!(harness.engine.history_reader().counters().files_opened(), before);
}

#[tokio::test]
async fn a_get_says_where_it_found_the_row() {
    let (_directory, harness) = half_flushed().await;
    let mut writes = WriteSet::default();
    harness.put(&mut writes, &row("a", 2, "own"));
    harness.delete(&mut writes, "a", 3);
    let view = View { at: harness.engine.read_point(), writes: Some(Arc::new(writes)) };
    let keys = [1, 2, 3, 70, 1, 500].map(|id| harness.key("a", id));
    let found = harness.store.get(&view, &harness.shape, &keys, &[0, 1, 2]).await.unwrap();
    let seen: Vec<_> = found
        .iter()
        .map(|found| {
            found.as_ref().map(|found| (rows(std::slice::from_ref(&found.batch)).remove(0), found.seq.0, found.source))
        })
        .collect();
    let expected = [
        Some((row("a", 1, "x"), 1, Source::History)),
        Some((row("a", 2, "own"), 0, Source::Writes)),
        None,
        Some((row("a", 70, "x"), 2, Source::Fresh)),
        Some((row("a", 1, "x"), 1, Source::History)),
        None,
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn many_keys_are_found_as_few_are() {
    let (_directory, harness) = half_flushed().await;
    let ids: Vec<i64> = (0..120).rev().collect();
    let keys: Vec<Vec<u8>> = ids.iter().map(|id| harness.key("c", *id)).collect();
    let contains = harness.store.contains(&harness.now(), &harness.shape, &keys).await.unwrap();
    assert_eq!(contains, ids.iter().map(|id| *id < 100).collect::<Vec<_>>());
    let found = harness.store.get(&harness.now(), &harness.shape, &keys, &[2]).await.unwrap();
    for (id, found) in ids.iter().zip(found) {
        let value = found.map(|found| found.batch.column(0).as_primitive::<arrow::datatypes::Int64Type>().value(0));
        assert_eq!(value, (*id < 100).then_some(*id));
    }
}

#[tokio::test]
async fn a_cancel_ends_a_scan_with_57014() {
    let (_directory, harness) = half_flushed().await;
    for order in [ScanOrder::Unordered, ScanOrder::Forward] {
        let request = ScanRequest { order, ..harness.request() };
        let cancel = request.cancel.clone();
        let mut stream = harness.store.scan(harness.now(), Arc::clone(&harness.shape), request);
        assert_eq!(stream.next().await.unwrap().unwrap().num_rows(), 7);
        cancel.cancel();
        assert_eq!(stream.next().await.unwrap().unwrap_err().sqlstate().0, "57014");
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn an_empty_projection_counts_and_identity_identifies() {
    let (_directory, harness) = half_flushed().await;
    for order in [ScanOrder::Unordered, ScanOrder::Forward, ScanOrder::Reverse] {
        let request = ScanRequest { projection: Vec::new(), order, ..harness.request() };
        let stream = harness.store.scan(harness.now(), Arc::clone(&harness.shape), request);
        let batches: Vec<RecordBatch> = stream.try_collect().await.unwrap();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 300);
        assert!(batches.iter().all(|batch| batch.num_columns() == 0));

        let request = ScanRequest { with_identity: true, order, ..harness.request() };
        let stream = harness.store.scan(harness.now(), Arc::clone(&harness.shape), request);
        let batches: Vec<RecordBatch> = stream.try_collect().await.unwrap();
        for batch in &batches {
            let keys = batch.column_by_name(KEY_COLUMN).unwrap().as_binary::<i32>();
            let seqs: &UInt64Array = batch.column_by_name(SEQ_COLUMN).unwrap().as_primitive();
            for (at, ((name, id), _)) in rows(std::slice::from_ref(batch)).into_iter().enumerate() {
                assert_eq!(keys.value(at), harness.key(&name, id));
                assert_eq!(seqs.value(at), if id < 50 { 1 } else { 2 });
            }
            assert_eq!(keys.null_count(), 0);
        }
    }
}

#[tokio::test]
async fn a_range_includes_and_excludes_as_it_says() {
    let (_directory, harness) = half_flushed().await;
    let key = |id| harness.key("b", id);
    let cases = [
        (Bound::Included(key(48)), Bound::Excluded(key(52)), 48..52),
        (Bound::Excluded(key(48)), Bound::Included(key(52)), 49..53),
        (Bound::Included(key(52)), Bound::Included(key(52)), 52..53),
        (Bound::Excluded(key(52)), Bound::Excluded(key(52)), 0..0),
        (Bound::Included(key(60)), Bound::Excluded(key(40)), 0..0),
    ];
    for (lower, upper, ids) in cases {
        let range = KeyRange { lower, upper };
        for order in [ScanOrder::Unordered, ScanOrder::Forward, ScanOrder::Reverse] {
            let request = ScanRequest { range: range.clone(), order, ..harness.request() };
            let mut found = harness.scan(&harness.now(), request).await;
            found.sort();
            assert_eq!(found, ids.clone().map(|id| row("b", id, "x")).collect::<Vec<_>>(), "{order:?} {range:?}");
        }
    }
}
