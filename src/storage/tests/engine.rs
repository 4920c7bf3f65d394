//! The engine's promises: order, atomicity, durability, isolation of tenants.

use std::sync::Arc;

use parking_lot::Mutex;

use super::harness::{Harness, TABLE, TENANT, options, row, shape_of};
use crate::base::clock::ManualClock;
use crate::base::ids::{Seq, SessionId, TableId, TenantId};
use crate::error::StorageError;
use crate::storage::{Commit, CommitLog, CommitObserver, Engine, Events, MetaStore, Notice, View, WriteSet};

fn clock() -> Arc<ManualClock> {
    ManualClock::at(0)
}

#[tokio::test]
async fn numbers_are_dense_and_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    {
        let harness = Harness::open(directory.path());
        assert_eq!(harness.engine.last_seq(), Seq(0));
        for number in 1..=3 {
            assert_eq!(harness.commit(|h, w| h.insert(w, &row("a", number, "x"))).await, Seq(number as u64));
        }
        assert_eq!(harness.engine.read_point().seq().unwrap(), Seq(3));
    }
    let harness = Harness::open(directory.path());
    assert_eq!(harness.engine.last_seq(), Seq(3));
    assert_eq!(harness.commit(|h, w| h.insert(w, &row("a", 4, "x"))).await, Seq(4));
    assert_eq!(harness.all().await, (1..=4).map(|id| row("a", id, "x")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_directory_has_one_owner_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::open(options(directory.path()), clock(), Arc::new(())).unwrap();
    let second = Engine::open(options(directory.path()), clock(), Arc::new(()));
    assert!(matches!(second, Err(StorageError::Locked { .. })));
    drop(engine);
    Engine::open(options(directory.path()), clock(), Arc::new(())).unwrap();
}

#[tokio::test]
async fn a_closed_engine_reads_but_does_not_write() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    harness.commit(|h, w| h.insert(w, &row("a", 1, "x"))).await;
    harness.engine.close().await;
    harness.engine.close().await;
    let refused = harness.try_commit(harness.engine.read_point(), |h, w| h.insert(w, &row("a", 2, "x"))).await;
    assert!(matches!(refused, Err(StorageError::Stopped { .. })));
    assert!(harness.engine.begin_flush(TENANT, TABLE).await.is_err());
    assert_eq!(harness.all().await, [row("a", 1, "x")]);
}

/// Remembers what it was told; panics when told to.
#[derive(Default)]
struct Listener {
    heard: Mutex<Vec<(TenantId, Seq, String)>>,
}

impl CommitObserver for Listener {
    fn committed(&self, tenant: TenantId, seq: Seq, events: &Events) {
        for notice in &events.notifications {
            assert_ne!(notice.payload, "panic", "as the test wants");
            self.heard.lock().push((tenant, seq, notice.payload.clone()));
        }
    }
}

fn notice(payload: &str) -> Events {
    let notifications = vec![Notice { channel: "c".into(), payload: payload.into() }];
    Events { sender: Some(SessionId(1)), notifications, changes: Vec::new() }
}

async fn notify(harness: &Harness, payload: &str) -> Result<Seq, StorageError> {
    let read = harness.engine.read_point();
    let commit = Commit { tenant: TENANT, writes: Arc::new(WriteSet::default()), read, events: notice(payload) };
    harness.engine.commit(commit).await
}

#[tokio::test]
async fn an_observer_hears_commits_in_order_before_their_sessions_wake() {
    let directory = tempfile::tempdir().unwrap();
    let listener = Arc::new(Listener::default());
    let harness = Harness::observed(directory.path(), Arc::clone(&listener) as Arc<dyn CommitObserver>);
    // Eight at once, so that they share groups.
    let payloads: Vec<String> = (0..8).map(|number| number.to_string()).collect();
    let commits = payloads.iter().map(|payload| notify(&harness, payload));
    let seqs = futures::future::try_join_all(commits).await.unwrap();
    let heard = listener.heard.lock().clone();
    assert_eq!(heard.iter().map(|(_, seq, _)| seq.0).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    for (payload, seq) in payloads.iter().zip(seqs) {
        assert!(heard.contains(&(TENANT, seq, payload.clone())));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_on_the_threads_of_their_sessions_keep_one_order() {
    const SESSIONS: i64 = 8;
    const COMMITS: i64 = 50;
    let directory = tempfile::tempdir().unwrap();
    let listener = Arc::new(Listener::default());
    let harness = Arc::new(Harness::observed(directory.path(), Arc::clone(&listener) as Arc<dyn CommitObserver>));
    harness.engine.commit_in_place();
    let sessions = (0..SESSIONS).map(|session| {
        let harness = Arc::clone(&harness);
        tokio::spawn(async move {
            let mut last = Seq(0);
            for number in 0..COMMITS {
                let mut writes = WriteSet::default();
                harness.insert(&mut writes, &row("a", session * COMMITS + number, "x"));
                let read = harness.engine.read_point();
                let commit = Commit { tenant: TENANT, writes: Arc::new(writes), read, events: notice("x") };
                let seq = harness.engine.commit(commit).await.unwrap();
                assert!(seq > last && harness.engine.read_point().seq().unwrap() >= seq);
                last = seq;
                if number == COMMITS / 2 {
                    // What does not go the short way shares the order.
                    if let Some(ticket) = harness.engine.begin_flush(TENANT, TABLE).await.unwrap() {
                        drop(ticket);
                    }
                }
            }
        })
    });
    futures::future::try_join_all(sessions).await.unwrap();
    let all = (SESSIONS * COMMITS) as u64;
    let heard: Vec<u64> = listener.heard.lock().iter().map(|(_, seq, _)| seq.0).collect();
    assert_eq!(heard, (1..=all).collect::<Vec<_>>());
    assert_eq!(harness.all().await, (0..SESSIONS * COMMITS).map(|id| row("a", id, "x")).collect::<Vec<_>>());
    harness.engine.close().await;
    assert!(matches!(notify(&harness, "late").await, Err(StorageError::Stopped { .. })));
}

#[tokio::test]
async fn a_panic_of_an_observer_does_not_stop_commits() {
    let directory = tempfile::tempdir().unwrap();
    let listener = Arc::new(Listener::default());
    let harness = Harness::observed(directory.path(), Arc::clone(&listener) as Arc<dyn CommitObserver>);
    notify(&harness, "panic").await.unwrap();
    notify(&harness, "after").await.unwrap();
    assert_eq!(*listener.heard.lock(), [(TENANT, Seq(2), "after".to_string())]);
}

#[tokio::test]
async fn a_read_point_does_not_move() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    harness.commit(|h, w| h.insert(w, &row("a", 1, "old"))).await;
    let before = harness.now();
    harness.commit(|h, w| h.put(w, &row("a", 1, "new"))).await;
    assert_eq!(harness.scan(&before, harness.request()).await, [row("a", 1, "old")]);
    assert_eq!(before.at.seq().unwrap(), Seq(1));
    harness.flush().await;
    harness.commit(|h, w| w.truncate(h.shape.table)).await;
    assert_eq!(harness.scan(&before, harness.request()).await, [row("a", 1, "old")]);
    assert_eq!(harness.all().await, []);
}

#[tokio::test]
async fn tenants_with_equal_tables_and_keys_never_meet() {
    let directory = tempfile::tempdir().unwrap();
    let one = Harness::open(directory.path());
    let two = Harness::with(Arc::clone(&one.engine), TenantId(TENANT.0 + 1), TABLE);
    let other_table = Harness::with(Arc::clone(&one.engine), TENANT, TableId(TABLE.0 + 1));
    one.commit(|h, w| h.insert(w, &row("a", 1, "one"))).await;
    two.commit(|h, w| h.insert(w, &row("a", 1, "two"))).await;
    other_table.commit(|h, w| h.insert(w, &row("a", 1, "three"))).await;
    for flushed in [false, true] {
        assert_eq!(one.all().await, [row("a", 1, "one")], "flushed: {flushed}");
        assert_eq!(two.all().await, [row("a", 1, "two")]);
        assert_eq!(other_table.all().await, [row("a", 1, "three")]);
        one.flush().await;
        two.flush().await;
    }
    two.commit(|h, w| w.truncate(h.shape.table)).await;
    one.commit(|_, w| w.drop_tenant(TenantId(TENANT.0 + 1))).await;
    assert_eq!(one.all().await, [row("a", 1, "one")]);
    assert_eq!(two.all().await, []);
}

#[tokio::test]
async fn a_dropped_tenant_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    let mut obsolete = harness.engine.take_obsolete().unwrap();
    let (mine, other) = (MetaStore::tenant_key(TENANT, b"x"), MetaStore::tenant_key(TenantId(9), b"x"));
    harness
        .commit(|h, w| {
            w.meta_put(mine.clone(), b"1".to_vec());
            w.meta_put(other.clone(), b"2".to_vec());
            h.insert(w, &row("a", 1, "x"));
        })
        .await;
    harness.flush().await;
    let files = harness.store.history_files(&harness.engine.read_point(), TABLE).unwrap();
    harness.commit(|h, w| h.put(w, &row("a", 1, "y"))).await;
    harness.commit(|_, w| w.drop_tenant(TENANT)).await;
    assert_eq!(harness.all().await, []);
    let meta = harness.engine.meta();
    let now = meta.read_point();
    assert_eq!(meta.get(&now, &mine).unwrap(), None);
    assert_eq!(meta.get(&now, &other).unwrap(), Some(b"2".to_vec()));
    let gone = obsolete.try_recv().unwrap();
    assert_eq!(
        gone.files.iter().map(|file| file.id).collect::<Vec<_>>(),
        files.iter().map(|file| file.id).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_catalog_is_written_with_the_rows_and_read_at_a_read_point() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    harness.commit(|_, w| (1..=3u8).for_each(|n| w.meta_put(vec![b'k', n], vec![n]))).await;
    let meta = harness.engine.meta();
    let before = meta.read_point();
    harness.commit(|_, w| w.meta_delete(vec![b'k', 2])).await;
    let now = meta.read_point();
    assert_eq!(meta.scan_prefix(&before, b"k").unwrap().len(), 3);
    assert_eq!(meta.scan_prefix(&now, b"k").unwrap(), [(vec![b'k', 1], vec![1]), (vec![b'k', 3], vec![3])]);
    assert_eq!(meta.scan_prefix(&now, b"l").unwrap(), []);
}

#[tokio::test]
async fn truncate_keeps_what_the_same_transaction_writes_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    for flushed in [false, true] {
        harness.commit(|h, w| (1..5).for_each(|id| h.put(w, &row("a", id, "old")))).await;
        if flushed {
            harness.flush().await;
        }
        let mut writes = WriteSet::default();
        harness.put(&mut writes, &row("a", 1, "lost"));
        writes.truncate(TABLE);
        harness.put(&mut writes, &row("a", 2, "kept"));
        let writes = Arc::new(writes);
        let view = View { at: harness.engine.read_point(), writes: Some(Arc::clone(&writes)) };
        let expected = [row("a", 2, "kept")];
        assert_eq!(harness.scan(&view, harness.request()).await, expected, "flushed: {flushed}");
        let read = harness.engine.read_point();
        harness.engine.commit(Commit { tenant: TENANT, writes, read, events: Events::default() }).await.unwrap();
        assert_eq!(harness.all().await, expected, "flushed: {flushed}");
    }
}

#[tokio::test]
async fn replaced_files_are_released_by_the_last_older_read_point() {
    let directory = tempfile::tempdir().unwrap();
    let harness = Harness::open(directory.path());
    harness.commit(|h, w| h.insert(w, &row("a", 1, "x"))).await;
    let old = harness.engine.read_point();
    let crate::storage::FlushEnd::Done { version } = harness.flush().await else { panic!("nothing moved") };
    let young = harness.engine.read_point();
    let released = harness.engine.released_before(version);
    tokio::pin!(released);
    assert!(futures::poll!(released.as_mut()).is_pending());
    drop(old);
    released.await;
    drop(young);
}

#[test]
fn a_write_set_counts_its_bytes() {
    let shape = shape_of(TABLE);
    let mut writes = WriteSet::default();
    assert!(writes.is_empty());
    writes.put(&shape, vec![1; 10], vec![0; 100]);
    let one = writes.size_bytes();
    assert!(one >= 110);
    writes.put(&shape, vec![1; 10], vec![0; 100]);
    assert_eq!(writes.size_bytes(), one);
    writes.delete(&shape, vec![1; 10]);
    assert_eq!(writes.size_bytes(), one - 100);
    writes.truncate(TABLE);
    assert!(writes.contains_table(TABLE) && writes.size_bytes() < one);
}
