//! Identifiers as types, so that a tenant can never be passed where a table is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One tenant: a PostgreSQL *database*. It is also the database's OID. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub u32);

impl TenantId {
    /// The system database `kalam`, where operators connect. It exists in every data directory.
    pub const SYSTEM: TenantId = TenantId(1);
    /// The first id given to a tenant made by `CREATE DATABASE` (PostgreSQL's `FirstNormalObjectId`).
    pub const FIRST: TenantId = TenantId(16384);
}

/// One table of a tenant. It is also the table's OID in `pg_class`. Never reused within a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TableId(pub u32);

/// An object identifier as PostgreSQL's catalogs use it.
pub type Oid = u32;

/// The commit sequence: one 64-bit number per commit, assigned in commit order, dense, starting at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// One session on this server: the process id that BackendKeyData, NOTIFY and `pg_backend_pid()` show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub i32);

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
