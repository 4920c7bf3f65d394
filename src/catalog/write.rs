//! The rows of the `meta` column family that a change of definitions writes.

use crate::base::ids::{TableId, TenantId};
use crate::storage::WriteSet;

/// What a change of the catalog adds to its transaction's write set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogWrite {
    pub(super) puts: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) deletes: Vec<Vec<u8>>,
    pub(super) dropped_tables: Vec<TableId>,
    pub(super) dropped_tenants: Vec<TenantId>,
}

impl CatalogWrite {
    /// Adds the change to a write set: definitions, and the end of the rows of dropped tables.
    pub fn apply(self, writes: &mut WriteSet) {
        for (key, value) in self.puts {
            writes.meta_put(key, value);
        }
        for key in self.deletes {
            writes.meta_delete(key);
        }
        for table in self.dropped_tables {
            writes.truncate(table);
        }
        for tenant in self.dropped_tenants {
            writes.drop_tenant(tenant);
        }
    }
}
