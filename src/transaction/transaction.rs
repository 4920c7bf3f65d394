//! One transaction: what it reads, what it wants to write, and how its statements begin and end.
//!
//! The statements themselves are in `insert.rs`, `update.rs`, `delete.rs` and `ddl.rs` beside this file; the
//! end of the transaction is in `commit.rs`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::commit::Listening;
use super::constraints::RowCheck;
use super::ddl::TenantChange;
use super::events::EventLog;
use super::locks::{Mode, Owner, Patience, Target};
use super::manager::{Gate, Manager};
use super::statement::{Op, RowWrite, Statement};
use crate::Result;
use crate::base::ids::{SessionId, TableId, TenantId};
use crate::catalog::types::OutputStyle;
use crate::catalog::{Table, TenantCatalog};
use crate::error::{CatalogError, TransactionError};
use crate::storage::{ReadPoint, TenantStore, View, WriteSet};

/// What a transaction sees of others that commit while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement reads the newest committed state; a writer that met a newer row runs again on it.
    #[default]
    ReadCommitted,
    /// All statements read the state at the first one; a writer that met a newer row fails with 40001.
    RepeatableRead,
}

/// A transaction of one session. Dropping it rolls it back.
pub struct Transaction {
    pub(super) manager: Arc<Manager>,
    pub(super) session: SessionId,
    pub(super) gate: Gate,
    store: TenantStore,
    pub(super) locks: Owner,
    /// Tables that are locked and known to be there: asked for each batch, so kept beside the lock table.
    pub(super) tables: Vec<(TableId, Mode)>,
    pub(super) patience: Patience,
    isolation: Isolation,
    read_only: bool,
    pub(super) style: Arc<OutputStyle>,
    pub(super) checks: Option<Arc<dyn RowCheck>>,
    started_at_us: i64,

    pub(super) catalog: Arc<TenantCatalog>,
    /// Whether this transaction holds the definitions lock, so that its own catalog is the newest.
    pub(super) owns_definitions: bool,

    read: OnceLock<ReadPoint>,
    /// The first read point that a decision to write relied on: see [`crate::storage::Commit::read`].
    pub(super) decided: Option<ReadPoint>,
    pub(super) writes: Arc<WriteSet>,
    pub(super) statement: Statement,
    /// Statements that succeeded and are not in the write set yet.
    finished: Vec<Statement>,
    pub(super) tenant_changes: Vec<TenantChange>,
    pub(super) events: EventLog,
    pub(super) listening: Option<Listening>,
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction")
            .field("session", &self.session)
            .field("locks", &self.locks)
            .field("write_bytes", &self.size_bytes())
            .finish_non_exhaustive()
    }
}

impl Transaction {
    pub(super) fn new(manager: Arc<Manager>, tenant: TenantId, session: SessionId) -> Result<Self> {
        let catalog = manager.current_catalog(tenant)?;
        Ok(Self {
            session,
            gate: manager.gate(tenant),
            store: manager.engine.tenant(tenant),
            locks: manager.locks.owner(session),
            tables: Vec::new(),
            patience: Patience::default(),
            isolation: Isolation::default(),
            read_only: false,
            style: manager.style.clone(),
            checks: None,
            started_at_us: manager.clock.now_us(),
            catalog,
            owns_definitions: false,
            read: OnceLock::new(),
            decided: None,
            writes: Arc::default(),
            statement: Statement::default(),
            finished: Vec::new(),
            tenant_changes: Vec::new(),
            events: EventLog::default(),
            listening: None,
            manager,
        })
    }

    // Settings. Each takes effect for what comes after it.

    /// `SET TRANSACTION ISOLATION LEVEL`. The caller refuses it after the first statement (25001).
    pub fn set_isolation(&mut self, isolation: Isolation) {
        self.isolation = isolation;
    }

    /// `SET TRANSACTION READ ONLY`: writes fail with 25006.
    pub fn set_read_only(&mut self, read_only: bool) {
        self.read_only = read_only;
    }

    /// `lock_timeout`; `None` (PostgreSQL's 0) waits for ever.
    pub fn set_lock_timeout(&mut self, timeout: Option<Duration>) {
        self.patience.timeout = timeout;
    }

    /// The token that ends waits of the statements to come with 57014.
    pub fn set_cancel(&mut self, cancel: CancellationToken) {
        self.patience.cancel = Some(cancel);
    }

    /// How values are written in DETAIL texts.
    pub fn set_style(&mut self, style: Arc<OutputStyle>) {
        self.style = style;
    }

    /// Who evaluates CHECK constraints. Writing to a table that has some fails without it.
    pub fn set_checks(&mut self, checks: Arc<dyn RowCheck>) {
        self.checks = Some(checks);
    }

    // What it is.

    pub fn tenant(&self) -> TenantId {
        self.store.tenant()
    }

    pub fn session(&self) -> SessionId {
        self.session
    }

    pub fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// The moment it began, which `now()` shows: microseconds since the Unix epoch.
    pub fn started_at_us(&self) -> i64 {
        self.started_at_us
    }

    /// The rows of its tenant.
    pub fn store(&self) -> &TenantStore {
        &self.store
    }

    /// The definitions that the running statement sees: the newest committed ones, or its own.
    pub fn catalog(&self) -> &Arc<TenantCatalog> {
        &self.catalog
    }

    /// What the running statement reads: its read point, and the writes of the statements before it. A
    /// statement does not see its own writes.
    pub fn view(&self) -> View {
        View { at: self.statement_read(), writes: self.own_writes() }
    }

    /// About how much memory its uncommitted work takes.
    pub fn size_bytes(&self) -> usize {
        let finished: usize = self.finished.iter().map(Statement::bytes).sum();
        self.writes.size_bytes() + self.events.bytes() + self.locks.bytes() + self.statement.bytes() + finished
    }

    /// Whether it has something to commit.
    pub fn has_writes(&self) -> bool {
        !self.writes.is_empty() || !self.statement.is_empty() || !self.finished.is_empty() || !self.events.is_empty()
    }

    // Statements.

    /// Begins a statement, or runs one again after `Applied::Retry`: newest definitions, and (READ
    /// COMMITTED) a new read point. The statement before it is taken to have succeeded.
    ///
    /// # Errors
    /// `UnknownDatabase` when the tenant was dropped.
    pub async fn statement_begin(&mut self) -> Result<()> {
        self.statement_end();
        self.settle();
        // The gate keeps a commit of definitions from falling between the two.
        let gate = self.gate.clone();
        let _open = gate.read().await;
        if self.isolation == Isolation::ReadCommitted || self.read.get().is_none() {
            self.read = self.manager.engine.read_point().into();
        }
        if !self.owns_definitions {
            self.catalog = self.manager.current_catalog(self.tenant())?;
        }
        Ok(())
    }

    /// The statement succeeded: what it did belongs to the transaction, and the statements after the next
    /// [`statement_begin`](Self::statement_begin) see it.
    pub fn statement_end(&mut self) {
        if !self.statement.is_empty() {
            self.finished.push(std::mem::take(&mut self.statement));
        }
    }

    /// Moves what finished statements did into the write set. Not at their end, when the stream that fed
    /// them still has its view and every write would first copy the writes to the table before it.
    pub(super) fn settle(&mut self) {
        for statement in std::mem::take(&mut self.finished) {
            self.apply(statement);
        }
    }

    fn apply(&mut self, statement: Statement) {
        let writes = Arc::make_mut(&mut self.writes);
        for op in statement.ops {
            match op {
                Op::Write { table, key, write, change } => {
                    match write {
                        RowWrite::Insert(row) => writes.insert(&table.shape, key, row),
                        RowWrite::Update(row) => writes.put(&table.shape, key, row),
                        RowWrite::Delete => writes.delete(&table.shape, key),
                    }
                    if let Some(change) = change {
                        self.events.change(&table, change);
                    }
                }
                Op::Truncate(table) => {
                    writes.truncate(table.id);
                    self.events.truncate(&table);
                }
                Op::Definitions { write, dropped, tenant } => {
                    write.apply(writes);
                    dropped.into_iter().for_each(|table| self.events.forget(table));
                    self.tenant_changes.extend(tenant);
                }
            }
        }
        self.events.notices(statement.notices);
    }

    /// The statement failed: nothing of it stays, except its locks.
    pub fn statement_rollback(&mut self) {
        let statement = std::mem::take(&mut self.statement);
        if let Some(catalog) = statement.catalog_before {
            self.catalog = catalog;
        }
    }

    /// Ends the transaction without a trace. The same as dropping it.
    pub fn rollback(self) {}

    // For the statements.

    /// Every statement that writes asks this first.
    pub(super) fn writable(&mut self, statement: &str) -> Result<()> {
        self.settle();
        if self.read_only {
            return Err(TransactionError::ReadOnly(statement.into()).into());
        }
        Ok(())
    }

    /// Adds an operation of the running statement, unless the transaction grows too large.
    pub(super) fn push(&mut self, op: Op) -> Result<()> {
        self.statement.push(op);
        self.check_size()
    }

    pub(super) fn check_size(&self) -> Result<()> {
        if self.size_bytes() > self.manager.max_bytes {
            return Err(TransactionError::TooLarge { maximum_bytes: self.manager.max_bytes }.into());
        }
        Ok(())
    }

    /// Locks a table, once, and makes sure that it is still there and still has the form the statement
    /// was planned for: it may have been dropped between the plan and the lock.
    pub(super) async fn lock_table(&mut self, table: &Table, mode: Mode) -> Result<()> {
        if self.tables.iter().any(|(id, held)| *id == table.id && *held >= mode) {
            return Ok(());
        }
        let target = Target::Table { tenant: self.tenant(), table: table.id };
        self.locks.lock(target, mode, &self.patience).await?;
        let current = match self.owns_definitions {
            true => self.catalog.clone(),
            false => self.manager.current_catalog(self.tenant())?,
        };
        match current.table_by_id(table.id) {
            None => return Err(CatalogError::UnknownRelation(table.name.clone()).into()),
            Some(now) if Arc::ptr_eq(&now.shape, &table.shape) => {}
            Some(_) => return Err(TransactionError::SerializationFailure.into()),
        }
        self.tables.push((table.id, mode));
        Ok(())
    }

    pub(super) fn own_writes(&self) -> Option<Arc<WriteSet>> {
        (!self.writes.is_empty()).then(|| self.writes.clone())
    }

    /// The read point of the running statement.
    pub(super) fn statement_read(&self) -> ReadPoint {
        self.read.get_or_init(|| self.manager.engine.read_point()).clone()
    }

    /// A read point that sees every commit whose locks were released before this call.
    pub(super) fn latest(&self) -> ReadPoint {
        self.manager.engine.read_point()
    }

    /// Remembers that a decision to write relied on what this read point shows.
    pub(super) fn decided_at(&mut self, at: &ReadPoint) {
        if self.decided.is_none() {
            self.decided = Some(at.clone());
        }
    }
}
