//! Where rows lie: tenant and table in front of every key of `rows` and `indexes`.
//!
//! ```text
//!   | tenant u32 BE | table u32 BE | memcomparable primary key |
//! ```
//!
//! The only place that puts a tenant into a key and takes it off again. What comes back from RocksDB is
//! checked against the prefix that was asked for, so that a wrong bound is an error and never a leak.

use rocksdb::ReadOptions;

use super::keys::successor;
use super::range::KeyRange;
use crate::base::ids::{TableId, TenantId};
use crate::error::StorageError;
use std::ops::Bound;

/// Bytes in front of the primary key.
pub(super) const PREFIX_BYTES: usize = 8;

/// The prefix of all keys of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address([u8; PREFIX_BYTES]);

impl Address {
    pub(super) fn new(tenant: TenantId, table: TableId) -> Self {
        let mut prefix = [0; PREFIX_BYTES];
        prefix[..4].copy_from_slice(&tenant.0.to_be_bytes());
        prefix[4..].copy_from_slice(&table.0.to_be_bytes());
        Self(prefix)
    }

    /// The tenant and the table that a full key begins with.
    pub(super) fn of_key(full: &[u8]) -> Option<(TenantId, TableId)> {
        let (tenant, rest) = full.split_first_chunk()?;
        let (table, _) = rest.split_first_chunk()?;
        Some((TenantId(u32::from_be_bytes(*tenant)), TableId(u32::from_be_bytes(*table))))
    }

    /// The prefix itself.
    pub(super) fn prefix(&self) -> &[u8; PREFIX_BYTES] {
        &self.0
    }

    /// Replaces `out` by the full key.
    pub(super) fn key<'a>(&self, key: &[u8], out: &'a mut Vec<u8>) -> &'a [u8] {
        out.clear();
        out.extend_from_slice(&self.0);
        out.extend_from_slice(key);
        out
    }

    /// Calls `with` with the full key, made on the stack when it is short.
    pub(super) fn with_key<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> T {
        const SHORT: usize = 256;
        let length = PREFIX_BYTES + key.len();
        if length > SHORT {
            return with(&[&self.0, key].concat());
        }
        let mut full = [0; SHORT];
        full[..PREFIX_BYTES].copy_from_slice(&self.0);
        full[PREFIX_BYTES..length].copy_from_slice(key);
        with(&full[..length])
    }

    /// The primary key inside a full key.
    ///
    /// # Errors
    /// `ForeignKey` when the key belongs to another table or tenant.
    pub(super) fn strip<'a>(&self, full: &'a [u8]) -> Result<&'a [u8], StorageError> {
        full.strip_prefix(&self.0).ok_or(StorageError::ForeignKey)
    }

    /// The full keys of the whole table: first (included) and end (excluded).
    pub(super) fn all(&self) -> (Vec<u8>, Vec<u8>) {
        self.bounds(&KeyRange::all())
    }

    /// The full keys of a range: first (included) and end (excluded).
    pub(super) fn bounds(&self, range: &KeyRange) -> (Vec<u8>, Vec<u8>) {
        let with = |key: &[u8], more: &[u8]| [&self.0, key, more].concat();
        let lower = match &range.lower {
            Bound::Included(key) => with(key, &[]),
            // The smallest key above another one is that key with a zero byte behind it.
            Bound::Excluded(key) => with(key, &[0]),
            Bound::Unbounded => with(&[], &[]),
        };
        let upper = match &range.upper {
            Bound::Included(key) => with(key, &[0]),
            Bound::Excluded(key) => with(key, &[]),
            Bound::Unbounded => successor(&self.0).unwrap_or_else(|| vec![0xFF; PREFIX_BYTES + 1]),
        };
        (lower, upper)
    }

    /// Options of an iterator that cannot leave the range.
    pub(super) fn options(&self, range: &KeyRange) -> ReadOptions {
        let (lower, upper) = self.bounds(range);
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(lower);
        options.set_iterate_upper_bound(upper);
        options
    }
}

/// The keys of all tables of a tenant: first (included) and end (excluded).
pub(super) fn tenant_bounds(tenant: TenantId) -> (Vec<u8>, Vec<u8>) {
    let prefix = tenant.0.to_be_bytes();
    (prefix.to_vec(), successor(&prefix).unwrap_or_else(|| vec![0xFF; PREFIX_BYTES + 1]))
}
