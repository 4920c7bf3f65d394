//! The schemas that every tenant has and nobody can change.

use crate::base::ids::Oid;

/// Name and OID of each schema of the system. `pg_catalog` has PostgreSQL's OID; the other two are below
/// the OIDs of users.
pub const SCHEMAS: [(&str, Oid); 4] =
    [("pg_catalog", 11), ("pg_toast", 99), ("information_schema", 13_000), ("kalam", 13_001)];

/// The OID of a schema of the system.
pub fn schema_oid(name: &str) -> Option<Oid> {
    SCHEMAS.iter().find(|(schema, _)| *schema == name).map(|(_, oid)| *oid)
}
