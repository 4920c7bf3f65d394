//! The system's schemas and relations, as PostgreSQL's catalogs show them.

mod schemas;

pub use schemas::{SCHEMAS, schema_oid};
