//! Tenants, schemas, tables, columns, types and their OIDs.
//!
//! A [`TenantCatalog`] is an immutable snapshot of everything one tenant has defined. A statement that
//! changes definitions makes the next version of it, with the rows of the `meta` column family that say
//! the same, and hands those to its transaction: a rolled-back CREATE TABLE was never there.
//! [`Catalogs`] holds the committed version of every tenant.

pub mod describe;
pub mod facts;
pub mod seed;
pub mod system;
pub mod types;

mod catalogs;
mod change;
mod meta_keys;
mod model;
mod names;
mod oids;
mod tenant_catalog;
mod write;

#[cfg(test)]
mod restart_tests;
#[cfg(test)]
mod tests;

pub use catalogs::{Catalogs, SYSTEM_DATABASE};
pub use change::ChangeRenderer;
pub use model::{
    Check, CheckDefinition, Column, ColumnDefinition, PrimaryKey, PrimaryKeyDefinition, ROWID_COLUMN, Schema, Table,
    TableDefinition, Tenant,
};
pub use tenant_catalog::TenantCatalog;
pub use write::CatalogWrite;
