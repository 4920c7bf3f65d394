//! The engine: one RocksDB, its committer, and the handles made from them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use rocksdb::{ColumnFamily, DB, Range, ReadOptions, WriteOptions};
use tokio::sync::{mpsc, oneshot};

use super::address::Address;
use super::commit::{Commit, CommitLog};
use super::committer::{Committer, Obsolete, Shared};
use super::events::CommitObserver;
use super::flushing::{FlushEnd, FlushTicket, ManifestChange};
use super::hidden::Hidden;
use super::meta::MetaStore;
use super::options::{Durability, StorageOptions};
use super::pipeline::{Pipeline, Request};
use super::range::KeyRange;
use super::snapshot::{ReadPoint, Registry};
use super::store::TenantStore;
use super::{directory, history, meta, rocks};
use crate::base::clock::Clock;
use crate::base::ids::{Seq, TableId, TenantId};
use crate::error::StorageError;

/// The column families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Format, last sequence, manifest, catalog: [`super::meta`].
    Meta,
    /// tenant | table | key → row.
    Rows,
    /// tenant | table | key → nothing, for every entry of `Rows` that overlays history.
    Indexes,
    /// Reserved for the log of changes.
    Changes,
}

impl Family {
    pub(super) const COUNT: usize = 4;
    pub(super) const ALL: [Family; Family::COUNT] = [Self::Meta, Self::Rows, Self::Indexes, Self::Changes];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Rows => "rows",
            Self::Indexes => "indexes",
            Self::Changes => "changes",
        }
    }

    pub(super) fn of(self, db: &DB) -> &ColumnFamily {
        db.cf_handle(self.name()).expect("every column family is opened with the database")
    }
}

/// One open data directory.
pub struct Engine {
    shared: Arc<Shared>,
    pipeline: Arc<Pipeline>,
    committer: Mutex<Option<JoinHandle<()>>>,
    obsolete: Mutex<Option<mpsc::UnboundedReceiver<Obsolete>>>,
    history: Arc<history::Reader>,
    flushes: Arc<history::Flushes>,
    options: StorageOptions,
    clock: Arc<dyn Clock>,
}

impl Engine {
    /// Opens or makes a data directory and starts its committer.
    ///
    /// # Errors
    /// `Locked` when another process has it; `UnknownFormat` when another version wrote it; `Corrupted`
    /// when the log has a bad record that is not its torn end.
    pub fn open(
        options: StorageOptions,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn CommitObserver>,
    ) -> Result<Arc<Engine>, StorageError> {
        directory::prepare(&options.directory)?;
        let db = rocks::open(&directory::rocksdb(&options.directory), &options)?;
        directory::sync(&options.directory)?;
        let history = history::Reader::new(&options.directory, options.history_cache_bytes).map_err(storage_error)?;
        let registry = Arc::new(Registry::default());
        let now = ReadPoint::take(&db, &registry);
        let last_seq = now.seq()?;
        let entries = meta::scan(&now, &history::manifest::all_prefix())?;
        let files = entries.iter().map(|(_, entry)| history::manifest::decode(entry)).collect::<Result<Vec<_>, _>>()?;
        history::orphans::collect(&options.directory, &files)?;
        drop(now);
        let flushes = Arc::new(history::Flushes::new(Arc::clone(&clock)));
        let (obsolete, obsolete_receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            db,
            registry,
            current: Mutex::new(None),
            last_seq: AtomicU64::new(last_seq.0),
            recordings: Arc::default(),
            manifests: history::ManifestCache::default(),
            flushes: Arc::clone(&flushes),
            obsolete,
        });
        let mut write = WriteOptions::default();
        write.set_sync(options.durability == Durability::Sync);
        let committer = Committer::new(Arc::clone(&shared), observer, write, options.group_bytes);
        let (pipeline, requests) = Pipeline::new(committer, options.commit_queue);
        let served = Arc::clone(&pipeline);
        let committer = std::thread::Builder::new().name("committer".into()).spawn(move || served.run(requests))?;
        Ok(Arc::new(Engine {
            shared,
            pipeline,
            committer: Mutex::new(Some(committer)),
            obsolete: Mutex::new(Some(obsolete_receiver)),
            history,
            flushes,
            options,
            clock,
        }))
    }

    /// The handle to the rows of one tenant.
    pub fn tenant(self: &Arc<Self>, tenant: TenantId) -> TenantStore {
        TenantStore::new(Arc::clone(self), tenant)
    }

    /// What is committed now. Sees every commit whose caller was woken before. Shared by all who ask
    /// between two commits, so taking one costs next to nothing.
    pub fn read_point(self: &Arc<Self>) -> ReadPoint {
        self.shared.read_point()
    }

    /// The number of the last commit.
    pub fn last_seq(&self) -> Seq {
        Seq(self.shared.last_seq.load(Ordering::Acquire))
    }

    /// The key-value store of the catalog.
    pub fn meta(self: &Arc<Self>) -> MetaStore {
        MetaStore::new(Arc::clone(self))
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        &self.options.directory
    }

    /// The options that the engine was opened with.
    pub fn options(&self) -> &StorageOptions {
        &self.options
    }

    /// The clock that the engine was opened with.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The reader of history files.
    pub fn history_reader(&self) -> &Arc<history::Reader> {
        &self.history
    }

    /// What flushes of all tables share: the last reports, and what was written since.
    pub fn flushes(&self) -> &Arc<history::Flushes> {
        &self.flushes
    }

    /// Counts what RocksDB's files hold of every table as written since the last flush: after a restart
    /// nothing else is known of it. Blocks.
    ///
    /// # Errors
    /// A read error of RocksDB.
    pub(super) fn estimate_fresh(&self) -> Result<(), StorageError> {
        let now = self.shared.read_point();
        let db = &self.shared.db;
        let mut from = Vec::new();
        loop {
            let mut options = ReadOptions::default();
            options.set_iterate_lower_bound(from.clone());
            let found = now.iterate(Family::Rows, options, |mut iterator| {
                iterator.seek_to_first();
                iterator.status().map(|()| iterator.key().and_then(Address::of_key))
            })?;
            let Some((tenant, table)) = found else { return Ok(()) };
            let (first, end) = Address::new(tenant, table).all();
            let sizes = db.get_approximate_sizes_cf(Family::Rows.of(db), &[Range::new(&first, &end)]);
            self.flushes.activity().note(tenant, table, sizes.iter().sum());
            from = end;
        }
    }

    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.shared.registry
    }

    /// The manifest of a table at a read point: its version, and its files sorted by their first key.
    ///
    /// # Errors
    /// A read error, or an entry that is corrupted.
    pub fn manifest(
        &self,
        at: &ReadPoint,
        tenant: TenantId,
        table: TableId,
    ) -> Result<(u64, history::Files), StorageError> {
        self.shared.manifest(at, tenant, table)
    }

    /// How many fresh entries of a table hide a row of history, or may. Takes time proportional to it.
    ///
    /// # Errors
    /// A read error.
    pub fn overlays(&self, at: &ReadPoint, tenant: TenantId, table: TableId) -> Result<usize, StorageError> {
        Hidden::read(at, &Address::new(tenant, table), &KeyRange::all(), None).map(|hidden| hidden.len())
    }

    /// Begins to flush a table: from here on, keys written to it are recorded. `None` when a flush of
    /// the table is running already.
    ///
    /// # Errors
    /// `Stopped` when the engine is closed.
    pub async fn begin_flush(&self, tenant: TenantId, table: TableId) -> Result<Option<FlushTicket>, StorageError> {
        self.ask(|reply| Request::BeginFlush(tenant, table, reply)).await
    }

    /// Ends a flush: one synced batch that replaces the fresh rows of the ticket's read point by files.
    ///
    /// # Errors
    /// A write error; nothing changed then, and the new files are to be deleted.
    pub async fn end_flush(&self, ticket: FlushTicket, change: ManifestChange) -> Result<FlushEnd, StorageError> {
        self.ask(|reply| Request::EndFlush(ticket, change, reply)).await
    }

    /// Lets sessions that are alone commit on their own threads instead of the committer's, which spares them two
    /// hops between threads. For a server: every task that commits must run on a multi-threaded runtime, outside
    /// of a `LocalSet`, because its thread is blocked meanwhile (`tokio::task::block_in_place`).
    pub fn commit_in_place(&self) {
        self.pipeline.allow_in_place();
    }

    /// Compacts the fresh rows of a table, so that a deleted range costs later scans nothing. Blocks for
    /// as long as it takes: call it on a blocking thread.
    pub fn compact(&self, tenant: TenantId, table: TableId) {
        let (from, to) = Address::new(tenant, table).all();
        for family in [Family::Rows, Family::Indexes] {
            let db = &self.shared.db;
            db.compact_range_cf_opt(family.of(db), Some(&from), Some(&to), &rocks::compact_options());
        }
    }

    /// RocksDB itself, for tests that look at its files.
    #[cfg(test)]
    pub(super) fn database(&self) -> &rocksdb::DB {
        &self.shared.db
    }

    /// Resolves when no read point is alive that may not see `version`: then what left the manifest at
    /// that version may leave the disk.
    pub async fn released_before(&self, version: u64) {
        self.shared.registry.released_before(version).await;
    }

    /// The history files that TRUNCATE and DROP take out of the manifest. `None` after the first call:
    /// there is one collector.
    pub fn take_obsolete(&self) -> Option<mpsc::UnboundedReceiver<Obsolete>> {
        self.obsolete.lock().take()
    }

    /// Stops the committer after it has drained its queue. Later commits fail with `Stopped`; reads go on.
    pub async fn close(&self) {
        // A queue that is closed already has its committer on the way out.
        let _ = self.pipeline.queue().send(Request::Stop).await;
        let committer = self.committer.lock().take();
        if let Some(committer) = committer {
            let pipeline = Arc::clone(&self.pipeline);
            let joined = tokio::task::spawn_blocking(move || committer.join().inspect(|()| pipeline.wait())).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the committer ended with a panic");
            }
        }
        *self.shared.current.lock() = None;
        // With durability "os" the last commits may be in the operating system only.
        if let Err(error) = self.shared.db.flush_wal(true) {
            tracing::error!(%error, "the log could not be synced at the end");
        }
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, StorageError>>) -> Request,
    ) -> Result<T, StorageError> {
        let (reply, answer) = oneshot::channel();
        self.pipeline.queue().send(request(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl CommitLog for Engine {
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<Seq, StorageError>> {
        let queue = self.pipeline.queue().clone();
        // The future may outlive the engine, which must not keep the data directory open.
        let pipeline = Arc::downgrade(&self.pipeline);
        Box::pin(async move {
            let commit = match pipeline.upgrade().map(|pipeline| pipeline.commit_here(commit)) {
                Some(Ok(done)) => return done,
                Some(Err(commit)) => commit,
                None => return Err(stopped()),
            };
            let (reply, answer) = oneshot::channel();
            queue.send(Request::Commit(commit, reply)).await.map_err(|_| stopped())?;
            answer.await.map_err(|_| stopped())?
        })
    }
}

impl Drop for Engine {
    /// Waits for the committer, so that the lock of the data directory is free when the engine is gone.
    fn drop(&mut self) {
        if let Some(committer) = self.committer.lock().take() {
            // A full queue has a committer at work that makes room; a closed one is what is wanted.
            while matches!(self.pipeline.queue().try_send(Request::Stop), Err(mpsc::error::TrySendError::Full(_))) {
                std::thread::yield_now();
            }
            if committer.join().is_err() {
                tracing::error!("the committer ended with a panic");
            }
            self.pipeline.wait();
        }
    }
}

/// The storage error inside; the parts of storage that answer to clients use the crate's error.
fn storage_error(error: crate::Error) -> StorageError {
    match error.into_kind() {
        crate::error::ErrorKind::Storage(error) => error,
        other => StorageError::Stopped { reason: other.to_string() },
    }
}

fn stopped() -> StorageError {
    StorageError::Stopped { reason: "the engine is closed".into() }
}
