//! The relations of the system as virtual tables: `pg_catalog` over the tenant's catalog, `kalam` over
//! what runs.
//!
//! Their rows are made when a query reads them, from the catalog and snapshot of the query's own
//! transaction, so a table created in a transaction is in `pg_class` for that transaction only.

mod catalog;
mod kalam;
mod sessions;
mod virtual_table;

use std::sync::Arc;

use datafusion::catalog::TableProvider;

use crate::base::ids::Oid;

pub use catalog::{function_name, function_oid};
pub use sessions::batch;
pub use virtual_table::{Rows, VirtualTable};

/// The virtual table of this name.
pub fn table(schema: &str, name: &str) -> Option<Arc<dyn TableProvider>> {
    let found = find(schema, name)?;
    Some(found as Arc<dyn TableProvider>)
}

fn find(schema: &str, name: &str) -> Option<Arc<VirtualTable>> {
    match schema {
        "pg_catalog" => sessions::table(name).or_else(|| catalog::table(schema, name)),
        "kalam" => kalam::table(name).or_else(|| catalog::table(schema, name)),
        _ => catalog::table(schema, name),
    }
}

/// Is there a virtual table of this name?
pub fn exists(schema: &str, name: &str) -> bool {
    find(schema, name).is_some()
}

/// Is it a relation that has no rows, whatever happens?
pub fn is_always_empty(provider: &dyn TableProvider) -> bool {
    (provider as &dyn std::any::Any).downcast_ref::<VirtualTable>().is_some_and(VirtualTable::is_always_empty)
}

/// Schema and name of a relation of the system.
pub fn relation_by_oid(oid: Oid) -> Option<(String, String)> {
    catalog::relation_by_oid(oid)
}

/// The OID of a relation of the system.
pub fn relation_oid(schema: &str, name: &str) -> Option<Oid> {
    catalog::relation_oid(schema, name)
}

/// The name of a role by its OID.
pub fn role_name(environment: &super::environment::Environment, oid: Oid) -> Option<String> {
    catalog::role_name(environment, oid)
}
