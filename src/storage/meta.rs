//! The column family `meta`: what the data directory knows beside rows.
//!
//! | key | value | written by |
//! | --- | --- | --- |
//! | `s` | last commit sequence, u64 BE | the committer, with every batch |
//! | `h` … | the manifest of history files: [`super::history`] | the committer, for a flush |
//! | `c` … | the catalog's entries | transactions, through their write sets |
//! | `c` `t` tenant … | the catalog's entries of one tenant; gone with `drop_tenant` | the same |
//!
//! A tenant is u32 BE.

use std::sync::Arc;

use rocksdb::ReadOptions;

use super::engine::{Engine, Family};
use super::keys::successor;
use super::snapshot::ReadPoint;
use crate::base::ids::{Seq, TenantId};
use crate::error::{Result, StorageError};

pub(super) const LAST_SEQ_KEY: &[u8] = b"s";
const CATALOG: u8 = b'c';
const TENANT: u8 = b't';

/// Keys and values, in key order.
pub type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// The catalog's view of `meta`. Writes go through [`super::WriteSet::meta_put`] with the same keys.
#[derive(Clone)]
pub struct MetaStore {
    engine: Arc<Engine>,
}

impl MetaStore {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// A key that belongs to a tenant and disappears with it.
    pub fn tenant_key(tenant: TenantId, suffix: &[u8]) -> Vec<u8> {
        [&[TENANT], &tenant.0.to_be_bytes()[..], suffix].concat()
    }

    /// A read point of the engine: what is committed now.
    pub fn read_point(&self) -> ReadPoint {
        self.engine.read_point()
    }

    /// The value of a key.
    ///
    /// # Errors
    /// A read error of RocksDB.
    pub fn get(&self, at: &ReadPoint, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(at.get(Family::Meta, &catalog_key(key), |value| value.map(|value| value.to_vec()))?)
    }

    /// All entries whose key starts with `prefix`, in key order.
    ///
    /// # Errors
    /// A read error of RocksDB.
    pub fn scan_prefix(&self, at: &ReadPoint, prefix: &[u8]) -> Result<Entries> {
        let mut found = scan(at, &catalog_key(prefix))?;
        for (key, _) in &mut found {
            key.remove(0);
        }
        Ok(found)
    }
}

pub(super) fn catalog_key(key: &[u8]) -> Vec<u8> {
    [&[CATALOG], key].concat()
}

/// The range of a tenant's catalog entries.
pub(super) fn tenant_catalog_prefix(tenant: TenantId) -> Vec<u8> {
    catalog_key(&MetaStore::tenant_key(tenant, b""))
}

/// The last commit that a read point sees.
pub(super) fn last_seq(at: &ReadPoint) -> Result<Seq, StorageError> {
    at.get(Family::Meta, LAST_SEQ_KEY, |value| number(value.as_deref()))?.map(Seq)
}

/// A number of `meta`; 0 when there is none yet.
pub(super) fn number(value: Option<&[u8]>) -> Result<u64, StorageError> {
    match value {
        None => Ok(0),
        Some(bytes) => {
            let bytes = bytes.try_into().map_err(|_| super::row::corrupted("number in meta"))?;
            Ok(u64::from_be_bytes(bytes))
        }
    }
}

/// All entries whose key starts with `prefix`, in key order, with their whole keys.
pub(super) fn scan(at: &ReadPoint, prefix: &[u8]) -> Result<Entries, StorageError> {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(prefix);
    if let Some(upper) = successor(prefix) {
        options.set_iterate_upper_bound(upper);
    }
    at.iterate(Family::Meta, options, |mut iterator| {
        let mut found = Vec::new();
        iterator.seek(prefix);
        while let Some((key, value)) = iterator.item() {
            found.push((key.to_vec(), value.to_vec()));
            iterator.next();
        }
        iterator.status()?;
        Ok(found)
    })
}
