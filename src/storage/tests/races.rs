//! Commits, flushes and reads at the same time, on several threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::harness::{Harness, row};
use crate::storage::FlushEnd;

/// Writers own one conversation each and count up a row while they insert others. At every read point,
/// each writer's rows must be a state between two of its commits, whatever flushes run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flushes_beside_commits_lose_and_double_nothing() {
    const WRITERS: usize = 3;
    const ROUNDS: i64 = 120;
    let directory = tempfile::tempdir().unwrap();
    let harness = Arc::new(Harness::open(directory.path()));
    let done = Arc::new(AtomicBool::new(false));

    let flusher = tokio::spawn({
        let (harness, done) = (Arc::clone(&harness), Arc::clone(&done));
        async move {
            let mut flushes = 0;
            while !done.load(Ordering::SeqCst) {
                if flushes % 3 == 0 {
                    assert!(matches!(harness.flush().await, FlushEnd::Done { .. }));
                } else {
                    harness.real_flush().await.unwrap();
                }
                flushes += 1;
            }
            flushes
        }
    });
    let reader = tokio::spawn({
        let (harness, done) = (Arc::clone(&harness), Arc::clone(&done));
        async move {
            while !done.load(Ordering::SeqCst) {
                let mut conversations: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
                for ((conversation, id), content) in harness.all().await {
                    conversations.entry(conversation).or_default().push((id, content.unwrap()));
                }
                for rows in conversations.values() {
                    // Row 0 holds the round; the rows of all rounds so far but the deleted one are there.
                    let round: i64 = rows[0].1.parse().unwrap();
                    let expected: Vec<i64> = (0..=round).filter(|id| *id == 0 || id % 5 != 0 || *id == round).collect();
                    assert_eq!(rows.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected);
                }
            }
        }
    });
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let harness = Arc::clone(&harness);
            tokio::spawn(async move {
                let name = format!("writer {writer}");
                for round in 1..=ROUNDS {
                    harness
                        .commit(|h, w| {
                            let count = row(&name, 0, &round.to_string());
                            if round == 1 {
                                h.insert(w, &count)
                            } else {
                                h.put(w, &count)
                            }
                            h.insert(w, &row(&name, round, "x"));
                            if (round - 1) % 5 == 0 && round > 1 {
                                h.delete(w, &name, round - 1);
                            }
                        })
                        .await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    reader.await.unwrap();
    assert!(flusher.await.unwrap() > 0);
    harness.flush().await;
    let rows = harness.all().await;
    let per_writer = (1..=ROUNDS).filter(|id| id % 5 != 0 || *id == ROUNDS).count() + 1;
    assert_eq!(rows.len(), WRITERS * per_writer);
    assert_eq!(harness.engine.last_seq().0, WRITERS as u64 * ROUNDS as u64);
}

/// A table that grows by new keys only needs no overlay, even when every flush runs beside inserts:
/// otherwise each flush would rewrite the files of the one before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inserts_beside_a_flush_do_not_become_overlays() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    for round in 0..5 {
        harness.commit(|h, w| (0..10).for_each(|id| h.insert(w, &row("a", round * 100 + id, "x")))).await;
        let ticket = harness.begin_flush().await.unwrap();
        harness.commit(|h, w| (10..20).for_each(|id| h.insert(w, &row("a", round * 100 + id, "x")))).await;
        harness.end_flush(ticket).await;
        let at = harness.engine.read_point();
        assert_eq!(harness.engine.overlays(&at, harness.store.tenant(), harness.shape.table).unwrap(), 0);
    }
    assert_eq!(harness.all().await.len(), 100);
}
