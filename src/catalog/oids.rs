//! Counters of OIDs: given out in memory, stored with the definitions that use them.
//!
//! A counter never goes back. What a rolled-back transaction took is lost until the next start, when it
//! was never used by anything.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::base::ids::Oid;

/// PostgreSQL's `FirstNormalObjectId`: smaller OIDs belong to the system.
pub(super) const FIRST_USER_OID: Oid = 16384;

/// Gives out OIDs in order.
#[derive(Debug)]
pub(super) struct OidCounter(AtomicU32);

impl OidCounter {
    /// A counter that goes on at `next`.
    pub(super) fn starting_at(next: Oid) -> Self {
        Self(AtomicU32::new(next.max(FIRST_USER_OID)))
    }

    /// An OID that was not given out before.
    pub(super) fn take(&self) -> Oid {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    /// The OID that would be given out next: what is stored.
    pub(super) fn next(&self) -> Oid {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that no other catalog version of this process has, committed or not. Caches keyed by it
/// cannot mix up two transactions that each made "the next version".
pub(super) fn next_version() -> u64 {
    static VERSION: AtomicU64 = AtomicU64::new(1);
    VERSION.fetch_add(1, Ordering::Relaxed)
}
