//! The committer: the one place that gives transactions their order.
//!
//! ```text
//!   sessions --> bounded queue --> its thread: take what waits (never wait for more)
//!                                    assign seq, stamp rows, decide overlay flags
//!                                    one WriteBatch, one WAL sync
//!                                    new read points see it
//!                                    observers, in commit order
//!                                    wake the sessions
//! ```
//!
//! A session that finds the queue empty and the committer idle may do this itself, for its own transaction, on a
//! thread that may block ([`Pipeline::commit_here`](super::pipeline::Pipeline::commit_here)): two hops between threads cost a lonely writer about as much
//! as half a sync of the disk. Under load the queue is not empty, and the thread makes groups.
//!
//! A failed write fails every transaction of its group and consumes no `seq`. RocksDB refuses further
//! writes after a failed one; when the disk was full it polls for free space itself (every five
//! seconds, `SstFileManagerImpl::ClearError`, until there is room for the largest memtable, see
//! [`super::rocks`]), writes its memtables out and starts a new log, so the
//! torn end of the old one is never read. Until then each commit fails with the same error. A
//! transaction that failed may still be in the unsynced end of the log if the *process* dies before
//! that: its client was told "not committed" by a server that then crashed, which a client must treat
//! as unknown anyway. It is never there twice, and never half.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rocksdb::{DB, WriteBatch, WriteOptions};
use tokio::sync::mpsc;

use super::address::{Address, tenant_bounds};
use super::commit::Commit;
use super::engine::Family;
use super::events::CommitObserver;
use super::flushing::{FlushEnd, FlushTicket, ManifestChange, Recordings};
use super::history::{Files, Flushes, HistoryFile, ManifestCache, manifest};
use super::meta;
use super::overlay::{TableState, Target, Writer};
use super::pipeline::Waiting;
use super::row::{self, Header};
use super::snapshot::{ReadPoint, Registry};
use crate::base::ids::{Seq, TableId, TenantId};
use crate::error::StorageError;

/// History files that left the manifest with a commit (TRUNCATE, DROP): to be deleted when no read
/// point older than `version` is alive.
#[derive(Clone, Debug)]
pub struct Obsolete {
    pub version: u64,
    pub files: Vec<Arc<HistoryFile>>,
}

/// What the committer shares with the engine.
pub(super) struct Shared {
    pub(super) db: Arc<DB>,
    pub(super) registry: Arc<Registry>,
    /// The newest read point, shared by all who ask before the next commit.
    pub(super) current: Mutex<Option<ReadPoint>>,
    pub(super) last_seq: AtomicU64,
    pub(super) recordings: Arc<Recordings>,
    pub(super) manifests: ManifestCache,
    pub(super) flushes: Arc<Flushes>,
    pub(super) obsolete: mpsc::UnboundedSender<Obsolete>,
}

impl Shared {
    /// What is committed now.
    pub(super) fn read_point(&self) -> ReadPoint {
        let mut current = self.current.lock();
        match &*current {
            Some(read_point) if read_point.version() == self.registry.version() => read_point.clone(),
            _ => current.insert(ReadPoint::take(&self.db, &self.registry)).clone(),
        }
    }

    /// The manifest of a table as a read point sees it: its version and its files.
    pub(super) fn manifest(
        &self,
        at: &ReadPoint,
        tenant: TenantId,
        table: TableId,
    ) -> Result<(u64, Files), StorageError> {
        let version = manifest_version(at, tenant, table)?;
        if version == 0 {
            return Ok((0, Arc::new([])));
        }
        let files = self.manifests.get(tenant, table, version, || {
            let entries = meta::scan(at, &manifest::table_prefix(tenant, table))?;
            Ok::<_, StorageError>(entries.into_iter().map(|(_, value)| value).collect())
        })?;
        Ok((version, files))
    }

    /// A write is durable: new read points see it. Returns the version at which it is surely seen.
    fn publish(&self) -> u64 {
        let version = self.registry.advance();
        // The shared read point would keep replaced history files on the disk for as long as nobody reads.
        let old = self.current.lock().take();
        drop(old);
        version
    }
}

/// Most tables whose state is remembered. One that falls out is read again.
const REMEMBERED_TABLES: usize = 16 * 1024;

pub(super) struct Committer {
    /// Between the begin and the end of a commit. Still set at the next one: there was a panic in between, and
    /// nothing that is remembered can be relied on.
    committing: bool,
    shared: Arc<Shared>,
    observer: Arc<dyn CommitObserver>,
    options: WriteOptions,
    pub(super) group_bytes: usize,
    tables: HashMap<(TenantId, TableId), TableState>,
    flushes: u64,
}

/// One group under construction.
struct Group<'a> {
    writer: Writer<'a>,
    obsolete: Vec<Arc<HistoryFile>>,
}

impl Committer {
    pub(super) fn new(
        shared: Arc<Shared>,
        observer: Arc<dyn CommitObserver>,
        options: WriteOptions,
        group_bytes: usize,
    ) -> Self {
        Self { committing: false, shared, observer, options, group_bytes, tables: HashMap::new(), flushes: 0 }
    }

    pub(super) fn commit_group(&mut self, group: &mut Vec<Waiting>, bytes: usize) {
        if self.committing {
            for (_, reply) in group.drain(..) {
                let _ = reply.send(Err(StorageError::Stopped { reason: "a commit panicked".into() }));
            }
            return;
        }
        self.committing = true;
        self.commit(group, bytes);
        self.committing = false;
    }

    fn commit(&mut self, group: &mut Vec<Waiting>, bytes: usize) {
        let first = self.shared.last_seq.load(Ordering::Acquire) + 1;
        match self.write_group(group, bytes, first) {
            Ok(()) => {
                for ((commit, reply), seq) in group.drain(..).zip(first..) {
                    let seq = Seq(seq);
                    if !commit.events.is_empty() {
                        self.observe(commit.tenant, seq, &commit);
                    }
                    // A session that went away does not undo its commit.
                    let _ = reply.send(Ok(seq));
                }
            }
            Err(error) => {
                tracing::error!(%error, source = ?std::error::Error::source(&error), "a group commit failed");
                // What was remembered of the tables may include writes that did not happen.
                self.tables.clear();
                for (_, reply) in group.drain(..) {
                    let _ = reply.send(Err(copy(&error)));
                }
            }
        }
    }

    fn observe(&self, tenant: TenantId, seq: Seq, commit: &Commit) {
        // A panic of an observer must not take the committer, and with it every session, along.
        let observed = std::panic::catch_unwind(AssertUnwindSafe(|| {
            self.observer.committed(tenant, seq, &commit.events);
        }));
        if observed.is_err() {
            tracing::error!(%tenant, %seq, "an observer of commits panicked; its notifications are lost");
        }
    }

    fn write_group(&mut self, commits: &[Waiting], bytes: usize, first: u64) -> Result<(), StorageError> {
        let shared = Arc::clone(&self.shared);
        let mut group = Group { writer: Writer::new(&shared.db, bytes + 64), obsolete: Vec::new() };
        let mut last = first;
        for ((commit, _), seq) in commits.iter().zip(first..) {
            self.add(&mut group, commit, Seq(seq))?;
            last = seq;
        }
        let meta = Family::Meta.of(&shared.db);
        group.writer.batch.put_cf(meta, meta::LAST_SEQ_KEY, last.to_be_bytes());
        shared.db.write_opt(group.writer.batch, &self.options)?;
        shared.last_seq.store(last, Ordering::Release);
        let version = shared.publish();
        if !group.obsolete.is_empty() {
            // Nobody listens only while the engine closes; files left behind are collected at the next start.
            let _ = shared.obsolete.send(Obsolete { version, files: group.obsolete });
        }
        Ok(())
    }

    /// Adds one transaction to the batch.
    fn add(&mut self, group: &mut Group<'_>, commit: &Commit, seq: Seq) -> Result<(), StorageError> {
        let shared = Arc::clone(&self.shared);
        let meta = Family::Meta.of(&shared.db);
        for &tenant in commit.writes.dropped_tenants() {
            self.drop_tenant(group, tenant)?;
        }
        for (key, value) in commit.writes.meta() {
            let key = meta::catalog_key(key);
            match value {
                Some(value) => group.writer.batch.put_cf(meta, key, value),
                None => group.writer.batch.delete_cf(meta, key),
            }
        }
        for (table, writes) in commit.writes.tables() {
            let address = Address::new(commit.tenant, table);
            let mut state = self.state(commit.tenant, table)?;
            if writes.truncated {
                self.truncate(group, commit.tenant, table, &mut state);
            }
            // Without history there is nothing that could have moved, which spares small tables a read.
            let moved =
                !state.files.is_empty() && manifest_version(&commit.read, commit.tenant, table)? != state.version;
            if let Some(shape) = &writes.shape {
                let target = Target { address, shape, seq, moved };
                for (key, write) in &writes.rows {
                    group.writer.write(&target, &mut state, key, write)?;
                }
            }
            shared.recordings.record(commit.tenant, table, writes.rows.keys());
            if !writes.rows.is_empty() {
                shared.flushes.activity().note(commit.tenant, table, writes.bytes() as u64);
            }
            self.tables.insert((commit.tenant, table), state);
        }
        Ok(())
    }

    fn truncate(&self, group: &mut Group<'_>, tenant: TenantId, table: TableId, state: &mut TableState) {
        group.writer.clear(&Address::new(tenant, table));
        self.shared.flushes.activity().forget(tenant, table);
        // A running flush must notice, also one that would write the table's first file.
        if !state.files.is_empty() || self.shared.recordings.is_running(tenant, table) {
            let meta = Family::Meta.of(&self.shared.db);
            for file in state.files.iter() {
                group.writer.batch.delete_cf(meta, manifest::file_key(file));
            }
            state.version += 1;
            let version = manifest::encode_version(state.version);
            group.writer.batch.put_cf(meta, manifest::version_key(tenant, table), version);
            group.obsolete.extend(state.files.iter().cloned());
            state.files = Arc::new([]);
        }
        state.overlays = false;
    }

    fn drop_tenant(&mut self, group: &mut Group<'_>, tenant: TenantId) -> Result<(), StorageError> {
        let now = ReadPoint::take(&self.shared.db, &self.shared.registry);
        for (_, value) in meta::scan(&now, &manifest::tenant_prefix(tenant))? {
            group.obsolete.push(Arc::new(manifest::decode(&value)?));
        }
        let batch = &mut group.writer.batch;
        let (from, to) = tenant_bounds(tenant);
        for family in [Family::Rows, Family::Indexes, Family::Changes] {
            batch.delete_range_cf(family.of(&self.shared.db), &from, &to);
        }
        for prefix in
            [manifest::tenant_prefix(tenant), manifest::version_prefix(tenant), meta::tenant_catalog_prefix(tenant)]
        {
            let to = super::keys::successor(&prefix).expect("a prefix of meta starts with a letter");
            batch.delete_range_cf(Family::Meta.of(&self.shared.db), prefix, to);
        }
        self.shared.recordings.stop_tenant(tenant);
        self.shared.flushes.activity().forget_tenant(tenant);
        self.tables.retain(|(owner, _), _| *owner != tenant);
        Ok(())
    }

    pub(super) fn begin_flush(
        &mut self,
        tenant: TenantId,
        table: TableId,
    ) -> Result<Option<FlushTicket>, StorageError> {
        let manifest_version = self.state(tenant, table)?.version;
        self.flushes += 1;
        let number = self.flushes;
        let recordings = Arc::clone(&self.shared.recordings);
        if !recordings.start(tenant, table, number) {
            return Ok(None);
        }
        let at = self.shared.read_point();
        Ok(Some(FlushTicket { tenant, table, at, manifest_version, number, recordings }))
    }

    pub(super) fn end_flush(&mut self, ticket: &FlushTicket, change: ManifestChange) -> Result<FlushEnd, StorageError> {
        let (tenant, table) = (ticket.tenant, ticket.table);
        let version = self.state(tenant, table)?.version;
        let recorded = self.shared.recordings.stop(tenant, table, ticket.number);
        let Some(keys) = recorded.filter(|_| version == ticket.manifest_version) else {
            return Ok(FlushEnd::Moved);
        };
        let shared = Arc::clone(&self.shared);
        let (rows, indexes) = (Family::Rows.of(&shared.db), Family::Indexes.of(&shared.db));
        let address = Address::new(tenant, table);
        let mut batch = WriteBatch::default();
        let (from, to) = address.all();
        batch.delete_range_cf(rows, &from, &to);
        batch.delete_range_cf(indexes, &from, &to);
        let mut full = Vec::new();
        for key in &keys {
            address.key(key, &mut full);
            let flushed = ticket.at.get(Family::Rows, &full, |value| Header::read_optional(value.as_deref()))??;
            let now = shared.db.get_pinned_cf(rows, &full)?;
            if let Some((value, overlay)) = after_flush(flushed, now.as_deref(), self.last_seq())? {
                batch.put_cf(rows, &full, value);
                if overlay {
                    batch.put_cf(indexes, &full, []);
                }
            }
        }
        let meta = Family::Meta.of(&shared.db);
        for (key, value) in change.add {
            batch.put_cf(meta, key, value);
        }
        for key in change.remove {
            batch.delete_cf(meta, key);
        }
        batch.put_cf(meta, manifest::version_key(tenant, table), manifest::encode_version(version + 1));
        // The files are on the disk already; deleting the rows must be as durable, whatever the setting.
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.tables.remove(&(tenant, table));
        shared.db.write_opt(batch, &options)?;
        Ok(FlushEnd::Done { version: shared.publish() })
    }

    fn last_seq(&self) -> Seq {
        Seq(self.shared.last_seq.load(Ordering::Acquire))
    }

    /// What is known of a table, read if it is not remembered.
    fn state(&mut self, tenant: TenantId, table: TableId) -> Result<TableState, StorageError> {
        if let Some(state) = self.tables.get(&(tenant, table)) {
            return Ok(state.clone());
        }
        if self.tables.len() >= REMEMBERED_TABLES {
            self.tables.clear();
        }
        let now = ReadPoint::take(&self.shared.db, &self.shared.registry);
        let (version, files) = self.shared.manifest(&now, tenant, table)?;
        let address = Address::new(tenant, table);
        let options = address.options(&super::KeyRange::all());
        let overlays = now.iterate(Family::Indexes, options, |mut iterator| {
            iterator.seek(address.prefix());
            iterator.status().map(|()| iterator.valid())
        })?;
        let state = TableState { version, files, overlays };
        self.tables.insert((tenant, table), state.clone());
        Ok(state)
    }
}

/// The fresh entry of a key after a flush, and whether it overlays history.
///
/// `flushed`: the entry that the flush read. `now`: the entry at its end, after commits that ran beside it.
fn after_flush(flushed: Option<Header>, now: Option<&[u8]>, seq: Seq) -> Result<Option<(Vec<u8>, bool)>, StorageError> {
    // A row that the flush read is in the new files; a tombstone that it read has been carried out; and
    // where it read nothing, history is as it was and the entry's own flag is still right.
    let in_history = flushed.map(|header| !header.tombstone);
    let header = Header::read_optional(now)?;
    let live = header.is_some_and(|header| !header.tombstone);
    let overlay = in_history.unwrap_or_else(|| header.is_some_and(|header| header.overlay));
    Ok(match now {
        Some(now) if live => {
            let mut value = now.to_vec();
            let seq = header.map_or(seq, |header| header.seq);
            row::stamp(&mut value, seq, overlay);
            Some((value, overlay))
        }
        _ if overlay => Some((row::tombstone(header.map_or(seq, |header| header.seq)).to_vec(), true)),
        _ => None,
    })
}

/// The manifest version that a read point sees.
fn manifest_version(at: &ReadPoint, tenant: TenantId, table: TableId) -> Result<u64, StorageError> {
    at.get(Family::Meta, &manifest::version_key(tenant, table), |value| manifest::decode_version(value.as_deref()))?
}

/// The same error for another transaction of the group.
fn copy(error: &StorageError) -> StorageError {
    match error {
        StorageError::DiskFull { source } => {
            StorageError::DiskFull { source: std::io::Error::new(source.kind(), source.to_string()) }
        }
        StorageError::RocksDb { source } => StorageError::RocksDb { source: source.clone() },
        StorageError::Corrupted { what } => StorageError::Corrupted { what: what.clone() },
        StorageError::ForeignKey => StorageError::ForeignKey,
        other => StorageError::Stopped { reason: other.to_string() },
    }
}
