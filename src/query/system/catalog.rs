//! The base tables of `pg_catalog`, whose rows [`crate::catalog::system`] makes.

use std::sync::Arc;

use super::virtual_table::VirtualTable;
use crate::base::ids::Oid;

/// The base table of this name.
pub fn table(_schema: &str, _name: &str) -> Option<Arc<VirtualTable>> {
    None
}

/// Schema and name of a relation of the system.
pub fn relation_by_oid(_oid: Oid) -> Option<(String, String)> {
    None
}

/// The OID of a relation of the system.
pub fn relation_oid(_schema: &str, _name: &str) -> Option<Oid> {
    None
}

/// What `regproc` prints.
pub fn function_name(_oid: Oid) -> Option<String> {
    None
}

/// What `regproc` reads.
pub fn function_oid(_name: &str) -> Option<Oid> {
    None
}

/// The name of a role by its OID.
pub fn role_name(environment: &crate::query::environment::Environment, _oid: Oid) -> Option<String> {
    Some(environment.user.clone())
}
