//! What every session of a database uses, made once and wired together in `database.rs`.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::RwLock;

use super::principal::Principal;
use super::registry::Registry;
use crate::Result;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::catalog::Catalogs;
use crate::notify::Hub;
use crate::query::Planner;
use crate::transaction::Manager;

/// The parts that sessions use.
pub struct Services {
    pub manager: Arc<Manager>,
    pub catalogs: Arc<Catalogs>,
    pub planner: Arc<Planner>,
    pub hub: Arc<Hub>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<Random>,
    pub registry: Arc<Registry>,
    /// Makes and erases tenants.
    pub tenants: Arc<dyn Tenants>,
    pub limits: Limits,
    /// When the server started.
    pub started_at_us: i64,
    pub reauthenticate: RwLock<Option<Arc<dyn Reauthenticate>>>,
}

impl Services {
    /// Sets who verifies the token of `kalam.reauthenticate`.
    pub fn set_reauthenticate(&self, hook: Arc<dyn Reauthenticate>) {
        *self.reauthenticate.write() = Some(hook);
    }
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Services").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The bounds of one session, from the settings of the server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most prepared statements.
    pub prepared_statements: usize,
    /// Plans that a session keeps by text.
    pub plans: usize,
    /// Most bytes of one transaction's uncommitted writes.
    pub transaction_bytes: usize,
    /// Most channels listened to.
    pub channels: usize,
    /// `statement_timeout` and `lock_timeout` of a new session.
    pub statement_timeout: Duration,
    pub lock_timeout: Duration,
    /// A statement that takes longer is logged as a warning; zero: none is.
    pub slow_statement: Duration,
}

/// Verifies the token of `kalam.reauthenticate`. The server implements it; without one the function is refused.
pub trait Reauthenticate: Send + Sync {
    /// Verifies a token that has to renew the session of `current`.
    ///
    /// # Errors
    /// [`crate::error::AuthError::NotRenewed`] when the token is not valid, or is for somebody else.
    fn reauthenticate(&self, current: &Principal, token: &str) -> Result<Principal>;
}

/// Makes and erases tenants.
pub trait Tenants: Send + Sync {
    /// CREATE DATABASE: the tenant and the tables that it starts with, in one commit.
    fn create(self: Arc<Self>, name: &str, owner: &str) -> BoxFuture<'static, Result<()>>;
    /// DROP DATABASE: the tenant and all its rows, in one commit.
    fn drop(self: Arc<Self>, name: &str, force: bool) -> BoxFuture<'static, Result<()>>;
}
