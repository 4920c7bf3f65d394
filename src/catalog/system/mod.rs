//! The system's schemas and relations, as PostgreSQL's catalogs show them.
//!
//! Nothing here is a copy of a PostgreSQL installation. Columns are declared in SQL under `catalog/`, rows
//! are made from a tenant's definitions when somebody asks, views are SQL over the two.
//!
//! ```text
//!   catalog/pg_catalog/tables.sql      columns ─┐
//!   TenantCatalog (SystemContext) ── rows/*.rs ─┴─> RecordBatch
//!   catalog/pg_catalog/empty.sql       columns; never a row
//!   catalog/pg_catalog/provided.sql    columns; rows from the floors above
//!   catalog/kalam/provided.sql         the same
//!   catalog/*/views/*.sql              bound as SQL by the query floor
//! ```

mod cells;
mod context;
mod declaration;
mod functions;
mod roles;
mod rows;
mod schemas;
mod table;
mod views;

#[cfg(test)]
mod tests;

pub use cells::Cell;
pub use context::SystemContext;
pub use functions::{function_arguments, function_identity, function_name, function_oid, function_result, signatures};
pub use roles::{role_name, role_oid};
pub use schemas::{SCHEMAS, schema_oid};
pub use table::{Source, SystemColumn, SystemTable, table, tables};
pub use views::{View, view, views};

use crate::base::ids::Oid;

/// The OID of a relation of the system, by schema and name.
pub fn relation_oid(schema: &str, name: &str) -> Option<Oid> {
    let view = || views().iter().find(|view| view.schema == schema && view.name == name).map(|view| view.oid);
    table(schema, name).map(|table| table.oid).or_else(view)
}

/// Schema and name of a relation of the system.
pub fn relation_by_oid(oid: Oid) -> Option<(&'static str, &'static str)> {
    let view = || views().iter().find(|view| view.oid == oid).map(|view| (view.schema, view.name));
    tables().iter().find(|table| table.oid == oid).map(|table| (table.schema, table.name)).or_else(view)
}
