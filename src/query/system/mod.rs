//! The relations of the system as virtual tables.
//!
//! What they are called and which columns they have is declared under `catalog/`; the rows of `pg_catalog`
//! are made from the tenant's definitions by [`crate::catalog::system`], the rows of what runs (sessions,
//! settings, flushes, history files) by [`provided`]. Both are made when a query reads them, from the
//! catalog and snapshot of the query's own transaction: a table created in a transaction is in `pg_class`
//! for that transaction only.

mod provided;
mod virtual_table;

use std::any::Any;
use std::sync::Arc;

use datafusion::catalog::TableProvider;

use super::environment::Environment;
use crate::base::ids::Oid;
use crate::catalog::system as catalog;

pub use virtual_table::{Rows, VirtualTable, batch};

/// The virtual table of this name.
pub fn table(schema: &str, name: &str) -> Option<Arc<dyn TableProvider>> {
    let table = catalog::table(schema, name)?;
    Some(virtual_table::of_system(table))
}

/// Is there a virtual table of this name?
pub fn exists(schema: &str, name: &str) -> bool {
    catalog::table(schema, name).is_some()
}

/// Is it a relation that has no rows, whatever happens?
pub fn is_always_empty(provider: &dyn TableProvider) -> bool {
    (provider as &dyn Any).downcast_ref::<VirtualTable>().is_some_and(VirtualTable::is_always_empty)
}

/// Schema and name of a relation of the system.
pub fn relation_by_oid(oid: Oid) -> Option<(String, String)> {
    catalog::relation_by_oid(oid).map(|(schema, name)| (schema.to_owned(), name.to_owned()))
}

/// The OID of a relation of the system.
pub fn relation_oid(schema: &str, name: &str) -> Option<Oid> {
    catalog::relation_oid(schema, name)
}

/// What `regproc` prints.
pub fn function_name(oid: Oid) -> Option<String> {
    catalog::function_name(oid)
}

/// What `regproc` reads.
pub fn function_oid(name: &str) -> Option<Oid> {
    catalog::function_oid(name)
}

/// The name of a role that the session can know of.
pub fn role_name(environment: &Environment, oid: Oid) -> Option<String> {
    let tenants = environment.host.databases();
    catalog::role_name(&virtual_table::system_context(environment, &tenants), oid)
}
