//! A session: its identity, its transaction, its settings, and the names of its statements and portals.
//!
//! ```text
//!            run / prepare / execute                    BEGIN
//!   Idle ───────────────────────────▶ Implicit ───────────────────▶ InBlock
//!    ▲ ▲                                 │ sync: commit               │ │
//!    │ └──────────── fail: rollback ◀────┘          COMMIT, ROLLBACK  │ │ fail
//!    │                                                                │ ▼
//!    └────────────────────────────────────────────────────────────────┴ Failed
//! ```
//!
//! Outside a block, everything up to [`Session::sync`] is one implicit transaction: a simple query with
//! several statements, or the messages of a pipeline. [`super::run`] runs statements, [`super::extended`]
//! has the prepared ones, [`super::embed`] is for programs that use the database in-process.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::notices::{NoticeLevel, NoticeReport};
use super::outcome::TransactionStatus;
use super::portal::Portal;
use super::prepared::{PlanCache, Prepared};
use super::principal::Principal;
use super::registry::Entry;
use super::services::Services;
use super::settings::Settings;
use super::shared::Shared;
use super::statement::command::{self, Parsed};
use crate::Result;
use crate::base::ids::SessionId;
use crate::base::shutdown::CancellationToken;
use crate::catalog::TenantCatalog;
use crate::catalog::types::{ObjectNames, OutputStyle};
use crate::error::CatalogError;
use crate::notify::Subscriber;
use crate::query::functions::names::SessionNames;
use crate::query::{Environment, Known};
use crate::transaction::{Isolation, Transaction};

/// One client's session, in one database for life.
pub struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) transaction: Option<Transaction>,
    /// Where a COPY FROM STDIN puts the transaction back that it works on.
    pub(super) lent: Arc<Mutex<Option<Transaction>>>,
    pub(super) block: Block,
    /// Whether a query ran in the transaction: its isolation level is fixed then.
    pub(super) queried: bool,
    pub(super) statements: HashMap<String, Arc<Prepared>>,
    pub(super) portals: HashMap<String, Portal>,
    pub(super) plans: PlanCache,
    pub(super) requests: u64,
    remembered: Mutex<Option<Remembered>>,
}

/// What kind of transaction is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    None,
    Implicit,
    Explicit,
    Failed,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id()).field("block", &self.block).finish_non_exhaustive()
    }
}

impl Session {
    /// A session for a verified principal.
    ///
    /// # Errors
    /// 3D000 if its database does not exist.
    pub(crate) fn new(services: &Arc<Services>, principal: Principal) -> Result<Self> {
        let catalog = services
            .catalogs
            .get(&principal.tenant_name)
            .ok_or_else(|| CatalogError::UnknownDatabase(principal.tenant_name.clone()))?;
        let tenant = catalog.tenant.clone();
        let now_us = services.clock.now_us();
        let entry = services.registry.enter(tenant.clone(), &principal.user, now_us, &services.random)?;
        // The tenant may have been dropped between the look and the entry; a later drop sees the entry.
        if services.catalogs.by_id(tenant.id).is_none() {
            services.registry.leave(entry.id);
            return Err(CatalogError::UnknownDatabase(tenant.name.clone()).into());
        }
        let limits = &services.limits;
        let defaults = [
            ("statement_timeout", limits.statement_timeout.as_millis().to_string()),
            ("lock_timeout", limits.lock_timeout.as_millis().to_string()),
        ];
        let settings = Settings::new(&principal.user, &defaults);
        let shared = Shared {
            subscriber: Arc::new(services.hub.subscriber(tenant.id, entry.id)),
            services: services.clone(),
            tenant,
            principal: parking_lot::RwLock::new(principal),
            settings: Mutex::new(settings),
            notices: Mutex::default(),
            outbox: Mutex::default(),
            entry,
        };
        Ok(Self {
            plans: PlanCache::new(limits.plans),
            shared: Arc::new(shared),
            transaction: None,
            lent: Arc::default(),
            block: Block::None,
            queried: false,
            statements: HashMap::new(),
            portals: HashMap::new(),
            requests: 0,
            remembered: Mutex::default(),
        })
    }

    // What it is.

    /// The process id of BackendKeyData.
    pub fn id(&self) -> SessionId {
        self.shared.entry.id
    }

    /// The secret of BackendKeyData.
    pub fn secret(&self) -> i32 {
        self.shared.entry.secret
    }

    /// Its entry in the registry: who looks at the session from outside.
    pub fn entry(&self) -> &Arc<Entry> {
        &self.shared.entry
    }

    /// Who it acts for.
    pub fn principal(&self) -> Principal {
        self.shared.principal.read().clone()
    }

    /// When its token ends, in microseconds since the Unix epoch: `kalam.reauthenticate` moves it.
    pub fn expires_at_us(&self) -> i64 {
        self.shared.principal.read().expires_at_us
    }

    /// What ReadyForQuery says.
    pub fn status(&self) -> TransactionStatus {
        match self.block {
            Block::None | Block::Implicit => TransactionStatus::Idle,
            Block::Explicit => TransactionStatus::InBlock,
            Block::Failed => TransactionStatus::Failed,
        }
    }

    /// Its notifications.
    pub fn subscriber(&self) -> &Subscriber {
        &self.shared.subscriber
    }

    /// Fires when somebody ends the session: `pg_terminate_backend`, DROP DATABASE … WITH (FORCE).
    pub fn terminated(&self) -> CancellationToken {
        self.shared.entry.terminated().clone()
    }

    /// Cancels the running statement, as CancelRequest does. It may be called from another thread through
    /// [`entry`](Self::entry).
    pub fn cancel(&self) {
        self.shared.entry.cancel();
    }

    /// How values are written and read now: what the encoder of results and the decoder of parameters need.
    pub fn style(&self) -> Arc<OutputStyle> {
        let shared = &self.shared;
        let (catalog, now_us) = match &self.transaction {
            Some(transaction) => (Some(transaction.catalog().clone()), transaction.started_at_us()),
            None => (shared.services.catalogs.by_id(shared.tenant.id), shared.services.clock.now_us()),
        };
        Arc::new(match catalog {
            Some(catalog) => self.known(&catalog, now_us).1,
            None => OutputStyle { now_us: Some(now_us), ..OutputStyle::clone(shared.settings.lock().style()) },
        })
    }

    /// How long the client may be silent, in milliseconds: in a transaction block or outside of one. 0 is for
    /// ever.
    pub fn idle_timeout_ms(&self) -> u64 {
        let settings = self.shared.settings.lock();
        match self.block {
            Block::None | Block::Implicit => settings.current().idle_session_timeout_ms,
            Block::Explicit | Block::Failed => settings.current().idle_in_transaction_timeout_ms,
        }
    }

    /// A setting as SHOW writes it.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.shared.settings.lock().show(name)
    }

    /// A parameter of the startup packet: also what RESET goes back to.
    ///
    /// # Errors
    /// As SET.
    pub fn set_startup(&mut self, name: &str, value: &str) -> Result<()> {
        self.shared.settings.lock().set_startup(name, value)?;
        self.show_application_name();
        Ok(())
    }

    /// Where the client connects from, for `pg_stat_activity`.
    pub fn set_client(&mut self, address: impl Into<String>, port: u16) {
        self.shared.entry.set_client(address.into(), i32::from(port));
    }

    /// Notices since the last call, those that `client_min_messages` lets through.
    pub fn take_notices(&mut self) -> Vec<NoticeReport> {
        let mut notices = self.shared.notices.lock().take();
        if !notices.is_empty() {
            let settings = self.shared.settings.lock();
            let least = settings.get("client_min_messages");
            notices.retain(|notice| match notice.level {
                NoticeLevel::Notice => !matches!(least, "warning" | "error"),
                NoticeLevel::Warning => least != "error",
            });
        }
        notices
    }

    /// The parameters that the client has to be told (ParameterStatus): all of them the first time, then
    /// those that changed.
    pub fn take_parameter_changes(&mut self) -> Vec<(String, String)> {
        self.shared.settings.lock().take_changes()
    }

    /// Cuts a query string into its statements and parses each of them.
    ///
    /// # Errors
    /// 42601 or 54001 with the place; then none of them may run.
    pub fn split(&self, sql: &str) -> Result<Vec<Parsed>> {
        command::split(sql)
    }

    // The transaction.

    /// Ends the implicit transaction, if there is one, by committing it. For Sync, and for the end of a
    /// simple query. A statement is only acknowledged when this has succeeded.
    ///
    /// # Errors
    /// Those of the commit; then nothing of the transaction is there.
    pub async fn sync(&mut self) -> Result<()> {
        self.reclaim();
        let outcome = if self.block == Block::Implicit { self.commit().await } else { Ok(()) };
        self.idle();
        outcome
    }

    /// A statement failed, here or while its result was sent: the implicit transaction is rolled back, or
    /// the block accepts nothing but its end.
    pub fn fail(&mut self) {
        self.reclaim();
        match self.block {
            Block::None | Block::Implicit => self.rollback(),
            Block::Explicit | Block::Failed => {
                self.rollback();
                self.block = Block::Failed;
            }
        }
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        self.block = Block::None;
        self.portals.clear();
        let Some(mut transaction) = self.transaction.take() else {
            self.shared.settings.lock().end_transaction(true);
            return Ok(());
        };
        let outbox = std::mem::take(&mut *self.shared.outbox.lock());
        let mut outcome = Ok(());
        for notice in outbox {
            if outcome.is_ok() {
                outcome = transaction.notify(notice.channel, notice.payload);
            }
        }
        if outcome.is_ok() {
            outcome = transaction.commit().await.map(|_| ());
        }
        self.shared.settings.lock().end_transaction(outcome.is_ok());
        self.shared.entry.set_transaction(None);
        outcome
    }

    pub(super) fn rollback(&mut self) {
        self.block = Block::None;
        self.portals.clear();
        self.shared.outbox.lock().clear();
        if let Some(transaction) = self.transaction.take() {
            transaction.rollback();
        }
        self.shared.settings.lock().end_transaction(false);
        self.shared.entry.set_transaction(None);
    }

    /// Takes the transaction back that a COPY worked on.
    pub(super) fn reclaim(&mut self) {
        if self.transaction.is_none() {
            self.transaction = self.lent.lock().take();
        }
    }

    /// Opens a transaction if there is none.
    pub(super) fn ensure_transaction(&mut self) -> Result<&mut Transaction> {
        self.reclaim();
        if self.transaction.is_none() {
            let services = &self.shared.services;
            let mut transaction = services.manager.begin(self.shared.tenant.id, self.id())?;
            let mut settings = self.shared.settings.lock();
            let current = settings.current().clone();
            if current.repeatable_read {
                transaction.set_isolation(Isolation::RepeatableRead);
                settings.set_text("transaction_isolation", Some("repeatable read"), true)?;
            }
            if current.read_only {
                transaction.set_read_only(true);
                settings.set_text("transaction_read_only", Some("on"), true)?;
            }
            drop(settings);
            self.shared.entry.set_transaction(Some(transaction.started_at_us()));
            self.queried = false;
            self.transaction = Some(transaction);
            if self.block == Block::None {
                self.block = Block::Implicit;
            }
        }
        Ok(self.transaction.as_mut().expect("it was opened above"))
    }

    /// Shows outside what the session does now.
    fn idle(&mut self) {
        let state = match self.block {
            Block::None | Block::Implicit => "idle",
            Block::Explicit => "idle in transaction",
            Block::Failed => "idle in transaction (aborted)",
        };
        self.show_application_name();
        self.shared.entry.set_state(state, self.shared.services.clock.now_us());
    }

    fn show_application_name(&self) {
        let current = self.shared.settings.lock().current().clone();
        self.shared.entry.set_application_name(&current.application_name);
    }

    /// What a statement knows of its session, with the catalog that its transaction sees.
    pub(super) fn environment(
        &self,
        transaction: &Transaction,
        source: Option<Arc<str>>,
        cancel: CancellationToken,
    ) -> Arc<Environment> {
        let (known, style) = self.known(transaction.catalog(), transaction.started_at_us());
        Arc::new(Environment {
            known,
            style,
            transaction_start_us: transaction.started_at_us(),
            statement_start_us: self.shared.services.clock.now_us(),
            source,
            cancel,
        })
    }

    /// What the session knows as long as this catalog and the settings stay as they are, and the style in
    /// which a transaction that began at `now_us` reads and writes values.
    fn known(&self, catalog: &Arc<TenantCatalog>, now_us: i64) -> (Arc<Known>, OutputStyle) {
        let shared = &self.shared;
        let settings = shared.settings.lock();
        let mut style = OutputStyle::clone(settings.style());
        style.now_us = Some(now_us);
        let mut remembered = self.remembered.lock();
        if let Some(remembered) = &*remembered
            && remembered.generation == settings.generation()
            && Arc::ptr_eq(&remembered.known.catalog, catalog)
        {
            style.names = Some(remembered.names.clone());
            return (remembered.known.clone(), style);
        }
        let user = shared.user();
        let search_path: Vec<String> =
            settings.search_path(&user).into_iter().filter(|schema| catalog.has_schema(schema)).collect();
        let names: Arc<dyn ObjectNames> = Arc::new(SessionNames::new(catalog.clone(), search_path.clone()));
        let known = Arc::new(Known {
            session_user: user.clone(),
            user,
            operator: shared.role() == super::principal::Role::Operator,
            database: shared.tenant.name.clone(),
            session: shared.entry.id,
            search_path,
            catalog: catalog.clone(),
            clock: shared.services.clock.clone(),
            random: shared.services.random.clone(),
            direct_path: settings.current().direct_path,
            host: shared.clone(),
        });
        style.names = Some(names.clone());
        *remembered = Some(Remembered { generation: settings.generation(), known: known.clone(), names });
        (known, style)
    }
}

/// What a session knew at its last statement, and at which generation of its settings.
struct Remembered {
    generation: u64,
    known: Arc<Known>,
    names: Arc<dyn ObjectNames>,
}
