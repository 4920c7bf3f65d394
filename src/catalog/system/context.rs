//! Who asks for the system's tables, and what they may see.

use std::sync::Arc;

use crate::catalog::{Tenant, TenantCatalog};

/// What the rows of the system's tables are made from.
#[derive(Clone, Copy, Debug)]
pub struct SystemContext<'a> {
    /// The definitions as the session's transaction sees them.
    pub catalog: &'a TenantCatalog,
    /// `current_user`.
    pub user: &'a str,
    /// Operators are superusers in `pg_roles`.
    pub operator: bool,
    /// The tenants that the session may see: the rows of `pg_database`.
    pub tenants: &'a [Arc<Tenant>],
}
