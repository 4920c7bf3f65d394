//! Read points: what a statement sees, fixed by one RocksDB snapshot.
//!
//! Fresh rows, overlay, manifest, catalog and the last `seq` are all rows of the same RocksDB, so one
//! snapshot fixes them together; there is no other way to read. What a snapshot cannot hold on to are
//! the history files that its manifest names. So every read point is registered with the *version*
//! (number of writes made visible) that it sees at least, and a file that left the manifest at version
//! v is deleted only when no read point with a smaller version is alive:
//!
//! ```text
//!   version  5      6 (flush replaces file a by b)      7
//!            |------|-----------------------------------|------>
//!   read point A: registered 5 .......... dropped          file a may be deleted after A
//!   read point B:        registered 6, never reads a
//! ```
//!
//! A read point registers *before* it takes its snapshot, so it may see more than its version and is
//! then only counted as older than it is: a file stays longer, never shorter.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rocksdb::{ColumnFamily, DB, DBPinnableSlice, DBRawIterator, ReadOptions, Snapshot};
use self_cell::self_cell;
use tokio::sync::Notify;

use super::engine::Family;
use super::write_set::WriteSet;
use crate::base::ids::Seq;
use crate::error::StorageError;

/// What a statement reads: one snapshot, and its transaction's own uncommitted writes.
#[derive(Clone)]
pub struct View {
    pub at: ReadPoint,
    pub writes: Option<Arc<WriteSet>>,
}

impl View {
    /// What is committed at a read point.
    pub fn committed(at: ReadPoint) -> Self {
        Self { at, writes: None }
    }
}

/// One moment of the whole database. Cheap to clone; the snapshot lives as long as the last clone.
#[derive(Clone)]
pub struct ReadPoint(Arc<Held>);

struct Held {
    // Declared first, so the snapshot is released before the registration says it is.
    cell: SnapshotCell,
    registered: Registered,
}

struct Frozen<'a> {
    snapshot: Snapshot<'a>,
    /// Options with the snapshot set, for gets: making them costs more than the lookup of the key.
    get: ReadOptions,
    families: [&'a ColumnFamily; Family::COUNT],
}

self_cell!(
    struct SnapshotCell {
        owner: Arc<DB>,
        #[not_covariant]
        dependent: Frozen,
    }
);

impl ReadPoint {
    pub(super) fn take(db: &Arc<DB>, registry: &Arc<Registry>) -> Self {
        let registered = Registered::new(registry);
        let cell = SnapshotCell::new(Arc::clone(db), |db| {
            let snapshot = db.snapshot();
            let mut get = ReadOptions::default();
            get.set_snapshot(&snapshot);
            let families = Family::ALL.map(|family| family.of(db));
            Frozen { snapshot, get, families }
        });
        Self(Arc::new(Held { cell, registered }))
    }

    /// The version that this read point sees at least: see the module's picture.
    pub(super) fn version(&self) -> u64 {
        self.0.registered.version
    }

    /// Whether both are one and the same: then nothing was committed between them. Two that are not may
    /// still show the same.
    pub fn is(&self, other: &ReadPoint) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Gives the value of a key to `read`, in RocksDB's own memory.
    pub(super) fn get<T>(
        &self,
        family: Family,
        key: &[u8],
        read: impl FnOnce(Option<DBPinnableSlice<'_>>) -> T,
    ) -> Result<T, StorageError> {
        self.0.cell.with_dependent(|db, frozen| {
            db.get_pinned_cf_opt(frozen.families[family as usize], key, &frozen.get)
                .map(read)
                .map_err(StorageError::from)
        })
    }

    /// Gives an iterator over a column family at this moment to `read`. The iterator must be bounded by
    /// the options.
    pub(super) fn iterate<T>(
        &self,
        family: Family,
        options: ReadOptions,
        read: impl FnOnce(DBRawIterator<'_>) -> T,
    ) -> T {
        self.0.cell.with_dependent(|_, frozen| {
            read(frozen.snapshot.raw_iterator_cf_opt(frozen.families[family as usize], options))
        })
    }

    /// The sequence number of the last commit that this read point sees.
    ///
    /// # Errors
    /// A read error of RocksDB.
    pub fn seq(&self) -> Result<Seq, StorageError> {
        super::meta::last_seq(self)
    }
}

impl std::fmt::Debug for ReadPoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadPoint").field("version", &self.version()).finish_non_exhaustive()
    }
}

/// All read points that are alive, by version.
#[derive(Default)]
pub(super) struct Registry {
    /// How many writes are visible to new read points.
    version: AtomicU64,
    alive: Mutex<BTreeMap<u64, usize>>,
    released: Notify,
}

impl Registry {
    /// The version that a read point taken now sees at least.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// A write became visible. Returns the version at which it is surely seen.
    pub(super) fn advance(&self) -> u64 {
        self.version.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Whether a read point is alive that may not see `version`.
    pub(super) fn is_held_before(&self, version: u64) -> bool {
        self.alive.lock().first_key_value().is_some_and(|(oldest, _)| *oldest < version)
    }

    /// Resolves when no read point is alive that may not see `version`.
    pub(super) async fn released_before(&self, version: u64) {
        loop {
            let released = self.released.notified();
            if !self.is_held_before(version) {
                return;
            }
            released.await;
        }
    }
}

/// The registration of one read point.
struct Registered {
    registry: Arc<Registry>,
    version: u64,
}

impl Registered {
    fn new(registry: &Arc<Registry>) -> Self {
        // Under the lock, so that whoever looks for older read points after raising the version either
        // sees this one or knows that it reads the newer version.
        let mut alive = registry.alive.lock();
        let version = registry.version();
        *alive.entry(version).or_default() += 1;
        Self { registry: Arc::clone(registry), version }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut alive = self.registry.alive.lock();
        if let Some(count) = alive.get_mut(&self.version) {
            *count -= 1;
            if *count == 0 {
                alive.remove(&self.version);
                self.registry.released.notify_waiters();
            }
        }
    }
}
