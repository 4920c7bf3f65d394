//! The sharded table itself: grants, queues and releases, all without waiting.
//!
//! Everything here runs under one shard's mutex for a few dozen nanoseconds. Waiting is the business of
//! [`super::owner`], finding deadlocks that of [`super::graph`].

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::graph::Graph;
use super::name::{BuildCarried, Name, Named, Sought};
use super::owner::Owner;
use crate::base::ids::{SessionId, TableId, TenantId};

/// A power of two, far above the number of cores: two transactions rarely meet in one shard.
const SHARDS: usize = 64;
/// A shard's map gives memory back when a transaction with very many locks ended.
const SHRINK_ABOVE: usize = 4096;

/// What can be locked. Row keys are the encoded primary key, without any prefix.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    Row {
        tenant: TenantId,
        table: TableId,
        key: &'a [u8],
    },
    Table {
        tenant: TenantId,
        table: TableId,
    },
    /// The tenant's catalog: held by the one transaction that changes definitions.
    Definitions {
        tenant: TenantId,
    },
}

/// How strong a lock is. Rows and definitions are only ever locked exclusively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Many transactions write rows of one table at once (PostgreSQL's RowExclusiveLock).
    RowExclusive,
    /// Nobody else (PostgreSQL's AccessExclusiveLock, without keeping readers out).
    AccessExclusive,
}

impl Mode {
    fn conflicts(self, other: Mode) -> bool {
        !(self == Mode::RowExclusive && other == Mode::RowExclusive)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Mode::RowExclusive => "RowExclusiveLock",
            Mode::AccessExclusive => "AccessExclusiveLock",
        }
    }
}

/// One transaction in the lock table. Never reused while the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct OwnerId(pub u64);

#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub id: OwnerId,
    pub session: SessionId,
    pub mode: Mode,
}

struct Waiter {
    holder: Holder,
    wake: oneshot::Sender<()>,
}

/// One lock that somebody holds. Nearly always there is one holder and nobody waits: both are inline.
#[derive(Default)]
struct Entry {
    first: Option<Holder>,
    more: Vec<Holder>,
    queue: VecDeque<Waiter>,
}

type Shard = HashMap<Name, Entry, BuildCarried>;

/// What an attempt found.
pub(super) enum Attempt {
    /// Free: the caller now holds it, and must remember the key to release it.
    Granted(Name),
    /// The caller held it already, at least as strongly.
    Held,
    /// Somebody is in the way.
    Busy,
}

/// All locks of one database. Cheap when nobody collides: see the module's picture.
pub struct LockTable {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    pub(super) graph: Mutex<Graph>,
    next_owner: AtomicU64,
}

impl std::fmt::Debug for LockTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LockTable").field("held", &self.len()).finish_non_exhaustive()
    }
}

impl LockTable {
    /// An empty table.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            graph: Mutex::default(),
            next_owner: AtomicU64::new(1),
        })
    }

    /// A new owner of locks: one per transaction. What it holds is released when it is dropped.
    pub fn owner(self: &Arc<Self>, session: SessionId) -> Owner {
        Owner::new(self.clone(), OwnerId(self.next_owner.fetch_add(1, Ordering::Relaxed)), session)
    }

    /// How many locks are held: zero when no transaction is open.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether nothing is locked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many transactions wait for a lock.
    pub fn waiting(&self) -> usize {
        self.graph.lock().len()
    }

    /// The name of a lock, from its encoded bytes.
    pub(super) fn name<'a>(&self, bytes: &'a [u8]) -> Sought<'a> {
        Sought { hash: self.hasher.hash_one(bytes), bytes }
    }

    fn shard(&self, name: Sought<'_>) -> &Mutex<Shard> {
        // The map in the shard takes its buckets from the low bits and its tags from the highest seven.
        let shard = usize::try_from((name.hash >> 32) % (SHARDS as u64)).expect("less than SHARDS");
        &self.shards[shard]
    }

    /// Takes the lock if that is possible at once. Never overtakes those who wait already, except that an
    /// owner may strengthen what it holds.
    pub(super) fn try_lock(&self, sought: Sought<'_>, wanted: Holder) -> Attempt {
        let mut shard = self.shard(sought).lock();
        let Some(entry) = shard.get_mut(&sought as &dyn Named) else {
            let name = Name::keep(sought);
            shard.insert(name.clone(), Entry { first: Some(wanted), ..Entry::default() });
            return Attempt::Granted(name);
        };
        match entry.mode_of(wanted.id) {
            Some(mode) if mode >= wanted.mode => Attempt::Held,
            Some(_) if entry.admits(wanted) => {
                entry.admit(wanted);
                Attempt::Held
            }
            None if entry.queue.is_empty() && entry.admits(wanted) => {
                entry.admit(wanted);
                let (name, _) = shard.get_key_value(&sought as &dyn Named).expect("the entry was just used");
                Attempt::Granted(name.clone())
            }
            _ => Attempt::Busy,
        }
    }

    /// Joins the queue, unless the lock came free in the meantime. Called under the graph's mutex.
    pub(super) fn enqueue(&self, name: &Name, wanted: Holder) -> Result<oneshot::Receiver<()>, Attempt> {
        match self.try_lock(name.sought(), wanted) {
            Attempt::Busy => {}
            attempt => return Err(attempt),
        }
        let mut shard = self.shard(name.sought()).lock();
        let entry = shard.entry(name.clone()).or_default();
        let (wake, woken) = oneshot::channel();
        let waiter = Waiter { holder: wanted, wake };
        // An owner that strengthens its lock goes first: those behind it wait for it anyway.
        if entry.mode_of(wanted.id).is_some() {
            entry.queue.push_front(waiter);
        } else {
            entry.queue.push_back(waiter);
        }
        // The lock may have come free between the two steps; then the queue moves at once.
        entry.advance();
        Ok(woken)
    }

    /// Leaves the queue; if the lock was granted in the meantime and `release` says so, gives it back.
    pub(super) fn leave(&self, name: &Name, id: OwnerId, release: Release) {
        let mut shard = self.shard(name.sought()).lock();
        let Some(entry) = shard.get_mut(name) else { return };
        let waiting = entry.queue.len();
        entry.queue.retain(|waiter| waiter.holder.id != id);
        if entry.queue.len() == waiting && release == Release::Granted {
            entry.remove(id);
        }
        entry.advance();
        if entry.is_free() {
            Self::forget(&mut shard, name);
        }
    }

    /// Gives one lock back and wakes those who can go on.
    pub(super) fn release(&self, name: &Name, id: OwnerId) {
        let mut shard = self.shard(name.sought()).lock();
        let Some(entry) = shard.get_mut(name) else { return };
        entry.remove(id);
        if !entry.queue.is_empty() {
            entry.advance();
        }
        if entry.is_free() {
            Self::forget(&mut shard, name);
        }
    }

    fn forget(shard: &mut Shard, name: &Name) {
        shard.remove(name);
        if shard.capacity() > SHRINK_ABOVE && shard.len() < shard.capacity() / 8 {
            shard.shrink_to(shard.capacity() / 4);
        }
    }

    /// Whom `id` waits for at `name`: conflicting holders, and conflicting waiters ahead of it. Empty when
    /// it is not in the queue (any more).
    pub(super) fn blockers(&self, name: &Name, id: OwnerId) -> Vec<Holder> {
        let shard = self.shard(name.sought()).lock();
        let Some(entry) = shard.get(name) else { return Vec::new() };
        let Some(place) = entry.queue.iter().position(|waiter| waiter.holder.id == id) else { return Vec::new() };
        let wanted = entry.queue[place].holder;
        let ahead = entry.queue.iter().take(place).map(|waiter| waiter.holder);
        entry.holders().chain(ahead).filter(|other| other.id != id && other.mode.conflicts(wanted.mode)).collect()
    }
}

/// What [`LockTable::leave`] does with a lock that was granted while its owner gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Release {
    /// Nobody remembers it: give it back.
    Granted,
    /// The owner held it before and only wanted it stronger: its end releases it.
    Nothing,
}

impl Entry {
    fn is_free(&self) -> bool {
        self.first.is_none() && self.queue.is_empty()
    }

    fn holders(&self) -> impl Iterator<Item = Holder> {
        self.first.iter().chain(&self.more).copied()
    }

    fn mode_of(&self, id: OwnerId) -> Option<Mode> {
        self.holders().find(|holder| holder.id == id).map(|holder| holder.mode)
    }

    fn admits(&self, wanted: Holder) -> bool {
        self.holders().all(|holder| holder.id == wanted.id || !holder.mode.conflicts(wanted.mode))
    }

    fn admit(&mut self, wanted: Holder) {
        if let Some(own) = self.first.iter_mut().chain(&mut self.more).find(|holder| holder.id == wanted.id) {
            own.mode = own.mode.max(wanted.mode);
        } else if self.first.is_none() {
            self.first = Some(wanted);
        } else {
            self.more.push(wanted);
        }
    }

    fn remove(&mut self, id: OwnerId) {
        if self.first.is_some_and(|holder| holder.id == id) {
            self.first = self.more.pop();
        } else if let Some(place) = self.more.iter().position(|holder| holder.id == id) {
            self.more.swap_remove(place);
        }
    }

    /// Lets everybody in who stands at the head of the queue and fits.
    fn advance(&mut self) {
        while let Some(waiter) = self.queue.front() {
            if !self.admits(waiter.holder) {
                return;
            }
            let waiter = self.queue.pop_front().expect("the queue has a front");
            self.admit(waiter.holder);
            // A receiver that is gone means its owner is leaving: it gives the lock back under the graph's mutex.
            let _ = waiter.wake.send(());
        }
    }
}
