//! The name of a lock: bytes that say what is locked, hashed once.
//!
//! One lock is looked up several times: to choose the shard, to take it, to give it back, to forget it. The
//! keys come from users, so the hash is keyed (SipHash) and costs more than the rest of a lookup; it is
//! computed once per lock and carried along.

use std::borrow::Borrow;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use super::table::Target;
use crate::base::ids::TableId;

/// The name of a lock that somebody holds or waits for.
#[derive(Clone, Debug)]
pub(super) struct Name {
    hash: u64,
    bytes: Arc<[u8]>,
}

/// A name that is only looked up.
#[derive(Clone, Copy)]
pub(super) struct Sought<'a> {
    pub hash: u64,
    pub bytes: &'a [u8],
}

/// What an owned name and a sought one have in common, so that a map of the one finds the other.
pub(super) trait Named {
    fn sought(&self) -> Sought<'_>;
}

impl Name {
    /// Keeps the name of a new lock.
    pub fn keep(sought: Sought<'_>) -> Self {
        Self { hash: sought.hash, bytes: sought.bytes.into() }
    }

    /// The bytes made by [`encode`].
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Named for Name {
    fn sought(&self) -> Sought<'_> {
        Sought { hash: self.hash, bytes: &self.bytes }
    }
}

impl Named for Sought<'_> {
    fn sought(&self) -> Sought<'_> {
        *self
    }
}

impl PartialEq for dyn Named + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.sought().bytes == other.sought().bytes
    }
}

impl Eq for dyn Named + '_ {}

impl Hash for dyn Named + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.sought().hash);
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<'a> Borrow<dyn Named + 'a> for Name {
    fn borrow(&self) -> &(dyn Named + 'a) {
        self
    }
}

/// Takes the hash that a name carries as it is.
#[derive(Clone, Copy, Default)]
pub(super) struct Carried(u64);

pub(super) type BuildCarried = BuildHasherDefault<Carried>;

impl Hasher for Carried {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The bytes of a target: kind, tenant, table, key. Distinct targets have distinct bytes.
pub(super) fn encode(target: Target<'_>, out: &mut Vec<u8>) {
    out.clear();
    let (kind, tenant, table, key): (u8, _, _, &[u8]) = match target {
        Target::Row { tenant, table, key } => (b'r', tenant, table, key),
        Target::Table { tenant, table } => (b't', tenant, table, &[]),
        Target::Definitions { tenant } => (b'd', tenant, TableId(0), &[]),
    };
    out.reserve(9 + key.len());
    out.push(kind);
    out.extend_from_slice(&tenant.0.to_be_bytes());
    out.extend_from_slice(&table.0.to_be_bytes());
    out.extend_from_slice(key);
}
