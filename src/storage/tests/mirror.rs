//! A mirror: random transactions, flushes, truncations and restarts, and after each step every way of
//! reading must agree with a plain map. Read points of the past are read again with the maps of the past.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::TryStreamExt;
use proptest::prelude::*;

use super::harness::{Harness, Row, row, rows};
use crate::storage::{FlushEnd, FlushTicket, KeyRange, ScanOrder, ScanRequest, View, WriteSet};

type Mirror = BTreeMap<(String, i64), Option<String>>;

#[derive(Clone, Debug)]
enum Step {
    /// One transaction: keys, and whether to write or to delete each.
    Commit(Vec<(u8, u8, bool)>),
    /// The server's flush.
    Flush,
    /// A flush that rewrites everything.
    Rewrite,
    /// A flush that goes on while later steps run, until `EndFlush`.
    BeginFlush,
    EndFlush,
    /// Keep a read point of this moment.
    Keep,
    Truncate,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let write = (0..3u8, 0..8u8, prop::bool::weighted(0.7));
    prop_oneof![
        8 => prop::collection::vec(write, 1..6).prop_map(Step::Commit),
        3 => Just(Step::Flush),
        1 => Just(Step::Rewrite),
        2 => Just(Step::BeginFlush),
        2 => Just(Step::EndFlush),
        1 => Just(Step::Keep),
        1 => Just(Step::Truncate),
        1 => Just(Step::Restart),
    ]
}

fn name(conversation: u8) -> String {
    // A prefix of another name, and bytes that need escaping.
    ["a", "a\0b", "ab"][usize::from(conversation)].into()
}

/// Every way of reading, against the mirror.
async fn check(harness: &Harness, view: &View, mirror: &Mirror) {
    let expected: Vec<Row> = mirror.iter().map(|(key, content)| (key.clone(), content.clone())).collect();
    let reversed: Vec<Row> = expected.iter().rev().cloned().collect();
    assert_eq!(harness.scan(view, harness.request()).await, expected, "forward");
    let reverse = ScanRequest { order: ScanOrder::Reverse, ..harness.request() };
    assert_eq!(harness.scan(view, reverse.clone()).await, reversed, "reverse");
    let unordered = ScanRequest { order: ScanOrder::Unordered, ..harness.request() };
    let mut found = harness.scan(view, unordered.clone()).await;
    found.sort();
    assert_eq!(found, expected, "unordered");
    let parts = harness.store.scan_parts(view.clone(), Arc::clone(&harness.shape), unordered).await.unwrap();
    let mut found = Vec::new();
    for part in parts {
        found.extend(rows(&part.try_collect::<Vec<_>>().await.unwrap()));
    }
    found.sort();
    assert_eq!(found, expected, "parts");
    for limit in [1, 3, 10] {
        let few = ScanRequest { limit: Some(limit), ..reverse.clone() };
        assert_eq!(harness.scan(view, few).await, reversed[..limit.min(reversed.len())], "limit {limit}");
    }
    let from = harness.key("a\0b", 4);
    let middle = KeyRange { lower: std::ops::Bound::Excluded(from), upper: std::ops::Bound::Unbounded };
    let later = ScanRequest { range: middle, ..harness.request() };
    let behind = expected.iter().filter(|(key, _)| *key > ("a\0b".to_string(), 4)).cloned().collect::<Vec<_>>();
    assert_eq!(harness.scan(view, later).await, behind, "range");

    let keys: Vec<(String, i64)> = (0..3).flat_map(|c| (0..8).map(move |id| (name(c), id))).collect();
    let encoded: Vec<Vec<u8>> = keys.iter().map(|(conversation, id)| harness.key(conversation, *id)).collect();
    let contains = harness.store.contains(view, &harness.shape, &encoded).await.unwrap();
    let found = harness.store.get(view, &harness.shape, &encoded, &[0, 1, 2]).await.unwrap();
    for ((key, contains), found) in keys.iter().zip(contains).zip(found) {
        assert_eq!(contains, mirror.contains_key(key), "contains {key:?}");
        let found = found.map(|found| rows(&[found.batch]).remove(0).1);
        assert_eq!(found, mirror.get(key).cloned(), "get {key:?}");
    }
}

async fn run(steps: Vec<Step>) {
    let directory = tempfile::tempdir().unwrap();
    let mut harness = Harness::open(directory.path());
    let mut mirror = Mirror::new();
    let mut kept: Vec<(View, Mirror)> = Vec::new();
    let mut flush: Option<FlushTicket> = None;
    let mut truncated = false;
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Commit(changes) => {
                // Decided at a read point that may be older than the last flush, as a transaction's is.
                let read = kept.last().filter(|(_, past)| *past == mirror).map(|(view, _)| view.at.clone());
                let read = read.unwrap_or_else(|| harness.engine.read_point());
                let mut writes = WriteSet::default();
                let before = mirror.clone();
                for (conversation, id, put) in changes {
                    let new = row(&name(conversation), i64::from(id), &format!("step {number}"));
                    if !put {
                        mirror.remove(&new.0);
                        harness.delete(&mut writes, &new.0.0, new.0.1);
                    } else {
                        let absent = !mirror.contains_key(&new.0);
                        mirror.insert(new.0.clone(), new.1.clone());
                        if absent { harness.insert(&mut writes, &new) } else { harness.put(&mut writes, &new) }
                    }
                }
                let writes = Arc::new(writes);
                // A transaction sees its own writes before it commits; others do not.
                let own = View { at: read.clone(), writes: Some(Arc::clone(&writes)) };
                check(&harness, &own, &mirror).await;
                check(&harness, &harness.now(), &before).await;
                harness.try_commit(read, |_, set| *set = (*writes).clone()).await.unwrap();
            }
            Step::Flush => {
                // One flush of a table at a time.
                assert_eq!(harness.real_flush().await.is_ok(), flush.is_none());
            }
            Step::Rewrite => {
                if flush.is_none() {
                    assert!(matches!(harness.flush().await, FlushEnd::Done { .. }));
                } else {
                    assert!(harness.begin_flush().await.is_none());
                }
            }
            Step::BeginFlush => {
                if flush.is_none() {
                    flush = harness.begin_flush().await;
                    truncated = false;
                }
            }
            Step::EndFlush => {
                if let Some(ticket) = flush.take() {
                    let ended = harness.end_flush(ticket).await;
                    assert_eq!(matches!(ended, FlushEnd::Moved), truncated);
                }
            }
            Step::Keep => kept.push((harness.now(), mirror.clone())),
            Step::Truncate => {
                truncated = true;
                mirror.clear();
                harness.commit(|h, w| w.truncate(h.shape.table)).await;
            }
            Step::Restart => {
                kept.clear();
                flush = None;
                drop(harness);
                harness = Harness::open(directory.path());
            }
        }
        check(&harness, &harness.now(), &mirror).await;
    }
    for (view, past) in &kept {
        check(&harness, view, past).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn every_read_agrees_with_a_map(steps in prop::collection::vec(step(), 1..24)) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap().block_on(run(steps));
    }
}
