//! What all transactions of a database share: the engine, the catalogs, the lock table.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::locks::LockTable;
use super::transaction::Transaction;
use crate::Result;
use crate::base::clock::Clock;
use crate::base::ids::{SessionId, TenantId};
use crate::base::random::Random;
use crate::catalog::types::OutputStyle;
use crate::catalog::{Catalogs, TenantCatalog};
use crate::error::CatalogError;
use crate::storage::{CommitLog, Engine};

/// Begins transactions. One per database.
pub struct Manager {
    pub(super) engine: Arc<Engine>,
    pub(super) log: Arc<dyn CommitLog>,
    pub(super) catalogs: Arc<Catalogs>,
    pub(super) locks: Arc<LockTable>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<Random>,
    /// `transaction.max_bytes`: the most memory that one transaction's uncommitted work may take.
    pub(super) max_bytes: usize,
    /// How DETAIL texts are written until a session says otherwise.
    pub(super) style: Arc<OutputStyle>,
    gates: Mutex<HashMap<TenantId, Gate>>,
}

/// Keeps a tenant's catalog and its read points in step. A statement passes it (shared) while it takes
/// both; a commit that changes definitions holds it (exclusive) from the write until the new catalog is
/// published. So no statement sees a dropped table as an empty one.
pub(super) type Gate = Arc<tokio::sync::RwLock<()>>;

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manager").field("locks", &self.locks).finish_non_exhaustive()
    }
}

impl Manager {
    /// A manager over an open engine whose catalogs are loaded. `max_bytes` bounds each transaction.
    pub fn new(
        engine: Arc<Engine>,
        catalogs: Arc<Catalogs>,
        clock: Arc<dyn Clock>,
        random: Arc<Random>,
        max_bytes: usize,
    ) -> Arc<Self> {
        let log: Arc<dyn CommitLog> = engine.clone();
        Self::with_log(engine, log, catalogs, clock, random, max_bytes)
    }

    /// As [`new`](Self::new), with another commit log than the engine's own.
    pub fn with_log(
        engine: Arc<Engine>,
        log: Arc<dyn CommitLog>,
        catalogs: Arc<Catalogs>,
        clock: Arc<dyn Clock>,
        random: Arc<Random>,
        max_bytes: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            engine,
            log,
            catalogs,
            locks: LockTable::new(),
            clock,
            random,
            max_bytes,
            style: Arc::default(),
            gates: Mutex::default(),
        })
    }

    /// Begins a transaction of a session in a tenant. It takes no read point yet: the first
    /// [`Transaction::statement_begin`] does.
    ///
    /// # Errors
    /// `UnknownDatabase` when the tenant is gone.
    pub fn begin(self: &Arc<Self>, tenant: TenantId, session: SessionId) -> Result<Transaction> {
        Transaction::new(self.clone(), tenant, session)
    }

    /// The catalogs that transactions change.
    pub fn catalogs(&self) -> &Arc<Catalogs> {
        &self.catalogs
    }

    /// The engine below.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The lock table, to look at.
    pub fn locks(&self) -> &Arc<LockTable> {
        &self.locks
    }

    /// The committed catalog of a tenant.
    pub(super) fn current_catalog(&self, tenant: TenantId) -> Result<Arc<TenantCatalog>> {
        let catalog = self.catalogs.by_id(tenant);
        Ok(catalog.ok_or_else(|| CatalogError::UnknownDatabase(tenant.to_string()))?)
    }

    pub(super) fn gate(&self, tenant: TenantId) -> Gate {
        self.gates.lock().entry(tenant).or_default().clone()
    }

    pub(super) fn forget_gate(&self, tenant: TenantId) {
        self.gates.lock().remove(&tenant);
    }
}
