//! The only place that wires the parts together.
//!
//! ```text
//!   Config ─► Engine (storage) ◄──── Hub observes commits
//!                │    └─► history: flush by itself
//!             Catalogs ─► Manager (transactions)
//!                              └─► Planner ─► Services ─► Session …
//! ```
//!
//! A [`Database`] is one open data directory. Programs use it in-process; the server is one such program.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::{Mutex, RwLock};
use tokio::task::JoinHandle;

use crate::base::clock::{Clock, SystemClock};
use crate::base::ids::{SessionId, TableId, TenantId};
use crate::base::random::Random;
use crate::base::shutdown::CancellationToken;
use crate::catalog::{Catalogs, Tenant};
use crate::config::Config;
use crate::error::{CatalogError, Result, SessionError, StorageError};
use crate::notify::Hub;
use crate::query::Planner;
use crate::session::{Principal, Reauthenticate, Registry, Services, Session, Tenants, starting_tables};
use crate::storage::history::{Shapes, automatic};
use crate::storage::{Commit, CommitLog, Engine, Events, Shape, WriteSet};
use crate::transaction::Manager;

mod parts;

use parts::Parts;

/// How long DROP DATABASE … WITH (FORCE), and [`Database::close`], wait for sessions to end.
const GRACE: Duration = Duration::from_secs(5);

/// An open data directory.
pub struct Database {
    services: Arc<Services>,
    engine: Arc<Engine>,
    shutdown: CancellationToken,
    background: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("services", &self.services).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens a data directory, and makes it first if it is not there. A new one has the system database
    /// `kalam` and no tenant: see [`create_tenant`](Self::create_tenant).
    ///
    /// # Errors
    /// The directory is locked by another process, was written by another version of the format, or cannot
    /// be read.
    pub async fn open(config: Config) -> Result<Arc<Database>> {
        Self::open_with(config, Arc::new(SystemClock)).await
    }

    /// As [`open`](Self::open), with a clock of the caller's.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(config: Config, clock: Arc<dyn Clock>) -> Result<Arc<Database>> {
        config.validate()?;
        let Parts { storage, queue, planner, limits, policy, spill } = Parts::of(&config);
        let hub = Hub::new(queue);
        let (observer, engine_clock) = (hub.clone(), clock.clone());
        let engine = tokio::task::spawn_blocking(move || Engine::open(storage, engine_clock, observer))
            .await
            .map_err(|_| SessionError::Panicked)??;
        let catalogs = Catalogs::open(&engine.meta(), &engine.read_point())?;
        let random = Arc::new(Random::default());
        let manager =
            Manager::new(engine.clone(), catalogs.clone(), clock.clone(), random.clone(), limits.transaction_bytes);
        // What a killed process left there is of no use to anybody; the lock on the data directory is held.
        empty(&spill).map_err(|source| StorageError::Io { source })?;
        let planner = Arc::new(Planner::new(planner)?);
        let services = Arc::new_cyclic(|services: &std::sync::Weak<Services>| Services {
            started_at_us: clock.now_us(),
            tenants: Arc::new(TenantMaker { services: services.clone(), turn: tokio::sync::Mutex::new(()) }),
            manager,
            catalogs: catalogs.clone(),
            planner,
            hub,
            clock,
            random,
            registry: Registry::new(),
            limits,
            reauthenticate: RwLock::default(),
        });
        let shutdown = CancellationToken::new();
        let background =
            tokio::spawn(automatic::run(engine.clone(), Arc::new(CatalogShapes(catalogs)), policy, shutdown.clone()));
        Ok(Arc::new(Database { services, engine, shutdown, background: Mutex::new(Some(background)) }))
    }

    /// A session for a verified principal.
    ///
    /// # Errors
    /// 3D000 if its database does not exist; 57P01 after [`close`](Self::close).
    pub fn session(self: &Arc<Self>, principal: Principal) -> Result<Session> {
        if self.shutdown.is_cancelled() {
            return Err(SessionError::Shutdown.into());
        }
        Session::new(&self.services, principal)
    }

    /// All tenants, the system database first.
    pub fn tenants(&self) -> Vec<Arc<Tenant>> {
        self.services.catalogs.list()
    }

    /// Makes a tenant with the tables that every tenant starts with.
    ///
    /// # Errors
    /// 42P04 if there is one of this name.
    pub async fn create_tenant(&self, name: &str, owner: &str) -> Result<()> {
        self.services.tenants.clone().create(name, owner).await
    }

    /// Erases a tenant with everything it has. `Force::Yes` ends its sessions first.
    ///
    /// # Errors
    /// 3D000 if there is none, 55006 if sessions are connected to it.
    pub async fn drop_tenant(&self, name: &str, force: Force) -> Result<()> {
        self.services.tenants.clone().drop(name, force == Force::Yes).await
    }

    /// All sessions: CancelRequest, `pg_stat_activity`.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.services.registry
    }

    /// The clock that everything here uses.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.services.clock
    }

    /// Sets who verifies the token of `kalam.reauthenticate`.
    pub fn set_reauthenticate(&self, hook: Arc<dyn Reauthenticate>) {
        self.services.set_reauthenticate(hook);
    }

    /// Lets a session that commits alone do so on its own thread. For servers: see [`Engine::commit_in_place`].
    pub fn commit_in_place(&self) {
        self.engine.commit_in_place();
    }

    /// Ends everything in order: no new sessions, the sessions that are here are told to end and waited for,
    /// then the background work, then the commit pipeline with all that is queued in it.
    pub async fn close(&self) {
        self.shutdown.cancel();
        for entry in self.services.registry.list(None) {
            entry.terminate();
        }
        self.services.registry.wait_until_empty(None, GRACE).await;
        let background = self.background.lock().take();
        if let Some(background) = background {
            // It ends with the token; a panic in it was logged where it happened.
            let _ = background.await;
        }
        self.engine.close().await;
    }
}

/// Whether the sessions of a tenant are ended before it is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    No,
    Yes,
}

/// Makes a directory without anything in it.
fn empty(directory: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(directory),
    }
}

/// Where the automatic flush learns the forms of tables.
struct CatalogShapes(Arc<Catalogs>);

impl Shapes for CatalogShapes {
    fn shape(&self, tenant: TenantId, table: TableId) -> Option<Arc<Shape>> {
        Some(self.0.by_id(tenant)?.table_by_id(table)?.shape.clone())
    }
}

/// Makes and erases tenants, one at a time.
struct TenantMaker {
    services: std::sync::Weak<Services>,
    turn: tokio::sync::Mutex<()>,
}

impl Tenants for TenantMaker {
    fn create(self: Arc<Self>, name: &str, owner: &str) -> BoxFuture<'static, Result<()>> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        // A task of its own: a client that goes away in the middle leaves no half-published tenant.
        let task = tokio::spawn(async move {
            let services = self.services.upgrade().ok_or(SessionError::Shutdown)?;
            let _turn = self.turn.lock().await;
            create(&services, &name, &owner).await
        });
        Box::pin(async move { task.await.map_err(|_| SessionError::Panicked)? })
    }

    fn drop(self: Arc<Self>, name: &str, force: bool) -> BoxFuture<'static, Result<()>> {
        let name = name.to_owned();
        let task = tokio::spawn(async move {
            let services = self.services.upgrade().ok_or(SessionError::Shutdown)?;
            let _turn = self.turn.lock().await;
            erase(&services, &name, force).await
        });
        Box::pin(async move { task.await.map_err(|_| SessionError::Panicked)? })
    }
}

/// The tenant and its tables, in one commit.
async fn create(services: &Services, name: &str, owner: &str) -> Result<()> {
    let (empty, write) = services.catalogs.create_tenant(name, owner, services.clock.now_us())?;
    let (catalog, writes) = starting_tables(services, empty)?;
    let mut set = WriteSet::default();
    for write in std::iter::once(write).chain(writes) {
        write.apply(&mut set);
    }
    let engine = services.manager.engine();
    let commit = Commit {
        tenant: catalog.tenant.id,
        writes: Arc::new(set),
        read: engine.read_point(),
        events: Events::default(),
    };
    engine.commit(commit).await?;
    tracing::info!(tenant = name, owner, "created a tenant");
    services.catalogs.publish_new(catalog)
}

/// Ends the tenant's sessions if it may, then erases it.
async fn erase(services: &Services, name: &str, force: bool) -> Result<()> {
    let tenant = services.catalogs.get(name).ok_or_else(|| CatalogError::UnknownDatabase(name.to_owned()))?.tenant.id;
    let registry = &services.registry;
    let _closed = registry.close(tenant);
    if force {
        for entry in registry.list(Some(tenant)) {
            entry.terminate();
        }
        registry.wait_until_empty(Some(tenant), GRACE).await;
    }
    let others = registry.list(Some(tenant)).len();
    if others > 0 {
        let message = format!("database \"{name}\" is being accessed by other users");
        let detail = match others {
            1 => "There is 1 other session using the database.".to_owned(),
            many => format!("There are {many} other sessions using the database."),
        };
        return Err(SessionError::ObjectInUse { message, detail: Some(detail) }.into());
    }
    let mut transaction = services.manager.begin(TenantId::SYSTEM, SessionId(0))?;
    transaction.statement_begin().await?;
    transaction.drop_tenant(name).await?;
    transaction.commit().await?;
    tracing::info!(tenant = name, "erased a tenant");
    Ok(())
}

#[cfg(test)]
mod tests;
