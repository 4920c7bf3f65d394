//! What a statement knows about its session: who asks, where names are looked up, what time it is.
//!
//! An [`Environment`] is made by the session for every statement and shared by binding and execution. It
//! travels to functions and virtual tables inside DataFusion's configuration (`planner::EnvironmentExtension`),
//! because that is the one thing DataFusion hands to both. Everything that the query floor may *do* to the
//! outside (notify, change a setting, flush) goes through the [`Host`] trait that the session implements,
//! so that this floor never looks up.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::base::clock::Clock;
use crate::base::ids::SessionId;
use crate::base::random::Random;
use crate::base::shutdown::CancellationToken;
use crate::catalog::types::OutputStyle;
use crate::catalog::{Tenant, TenantCatalog};
use crate::error::Result;

/// What a statement knows about its session. Cheap to clone through its `Arc`.
#[derive(Clone)]
pub struct Environment {
    /// What statements have in common until the catalog or a setting changes; its fields are read as if they
    /// were fields of the environment.
    pub known: Arc<Known>,
    /// TimeZone, DateStyle and the other settings that decide how values read and print.
    pub style: OutputStyle,
    /// `now()`: when the transaction began, microseconds since the Unix epoch.
    pub transaction_start_us: i64,
    /// `statement_timestamp()`.
    pub statement_start_us: i64,
    /// The whole text that positions of errors count in; `None` for statements without a text of their own.
    pub source: Option<Arc<str>>,
    /// Fires when the statement is to end, also while it is planned.
    pub cancel: CancellationToken,
}

impl Deref for Environment {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.known
    }
}

/// What a session knows between statements: made anew when the catalog or a setting that matters changes.
pub struct Known {
    /// `current_user`.
    pub user: String,
    /// `session_user`.
    pub session_user: String,
    /// Does the user see and do what belongs to operators?
    pub operator: bool,
    /// `current_database()`: the tenant's name.
    pub database: String,
    /// `pg_backend_pid()`.
    pub session: SessionId,
    /// The catalog as the transaction sees it.
    pub catalog: Arc<TenantCatalog>,
    /// The schemas of `search_path` that exist, in order, without the implicit `pg_catalog`.
    pub search_path: Vec<String>,
    /// `clock_timestamp()` and the time inside `uuidv7()`.
    pub clock: Arc<dyn Clock>,
    /// `gen_random_uuid()`, `uuidv7()`, `random()`.
    pub random: Arc<Random>,
    /// May statements run on direct paths? (`kalam.direct_path`)
    pub direct_path: bool,
    /// The session, for functions that read or change it.
    pub host: Arc<dyn Host>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("user", &self.user)
            .field("database", &self.database)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// The session as functions and virtual tables see it. All methods answer at once except the ones that
/// return a future; none may block.
pub trait Host: Send + Sync {
    /// The value of a setting as SHOW prints it; `None` when there is no such setting.
    fn setting(&self, name: &str) -> Option<String>;
    /// `set_config`: changes a setting (until the end of the transaction when `local`), answers its new value.
    fn set_setting(&self, name: &str, value: &str, local: bool) -> Result<String>;
    /// What the user may do beside reading.
    fn rights(&self) -> Rights;
    /// When the server started, microseconds since the Unix epoch.
    fn started_us(&self) -> i64;
    /// The rows of `pg_settings`.
    fn settings(&self) -> Vec<SettingRow>;
    /// `pg_notify`: queues a notification that leaves at commit.
    fn notify(&self, channel: &str, payload: &str) -> Result<()>;
    /// `pg_listening_channels()`.
    fn listening_channels(&self) -> Vec<String>;
    /// `pg_notification_queue_usage()`, between 0 and 1.
    fn notification_queue_usage(&self) -> f64;
    /// The tenants that this session may see, in order of name (`pg_database`, `kalam.tenants`).
    fn databases(&self) -> Vec<Arc<Tenant>>;
    /// The rows of `pg_stat_activity` that this session may see: those of its own tenant, or all for an operator.
    /// Of other users, members and readers see only that they are there.
    fn activity(&self) -> Vec<ActivityRow>;
    /// The rows of `kalam.subscriptions`: who listens to what in this tenant.
    fn subscriptions(&self) -> Vec<SubscriptionRow>;
    /// The rows of `kalam.flushes`: the last flushes of this tenant.
    fn flushes(&self) -> Vec<FlushRow>;
    /// `pg_cancel_backend` and `pg_terminate_backend`: false when there is no such session to see.
    fn signal_backend(&self, pid: i32, signal: Signal) -> Result<bool>;
    /// `kalam.flush(table)`: moves the fresh rows of a table into history, answers how many were moved.
    fn flush(&self, table: &str) -> BoxFuture<'static, Result<i64>>;
    /// `kalam.reauthenticate(jwt)`: prolongs the session, answers its new end (microseconds since the Unix epoch).
    fn reauthenticate(&self, token: &str) -> Result<i64>;
}

/// What a user may do beside reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Change rows.
    pub writes: bool,
    /// Change definitions.
    pub defines: bool,
}

/// What `pg_cancel_backend` and `pg_terminate_backend` do to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Cancel,
    Terminate,
}

/// One row of `pg_settings`.
#[derive(Clone, Debug, Default)]
pub struct SettingRow {
    pub name: String,
    pub value: String,
    /// `user`, `internal`, `superuser`, …
    pub context: &'static str,
    /// `bool`, `string`, `integer`, `real`, `enum`.
    pub kind: &'static str,
    pub description: &'static str,
    pub default: String,
    /// `default`, `session`, `client`, …
    pub source: &'static str,
}

/// One row of `pg_stat_activity`.
#[derive(Clone, Debug)]
pub struct ActivityRow {
    pub database_oid: u32,
    pub database: String,
    pub pid: i32,
    pub user: String,
    pub application_name: String,
    pub client_address: Option<String>,
    pub client_port: Option<i32>,
    pub backend_start_us: Option<i64>,
    pub transaction_start_us: Option<i64>,
    pub query_start_us: Option<i64>,
    pub state_change_us: Option<i64>,
    /// `active`, `idle`, `idle in transaction`, `idle in transaction (aborted)`.
    pub state: Option<&'static str>,
    pub query: String,
    pub backend_type: Option<&'static str>,
}

impl ActivityRow {
    /// What PostgreSQL shows of it to a user without the right to see more.
    #[must_use]
    pub fn without_privilege(self) -> Self {
        Self {
            client_address: None,
            client_port: None,
            backend_start_us: None,
            transaction_start_us: None,
            query_start_us: None,
            state_change_us: None,
            state: None,
            query: "<insufficient privilege>".into(),
            backend_type: None,
            ..self
        }
    }
}

/// One row of `kalam.subscriptions`.
#[derive(Clone, Debug)]
pub struct SubscriptionRow {
    pub pid: i32,
    pub channel: String,
    /// Notifications that wait for this session.
    pub queued: i64,
}

/// One row of `kalam.flushes`.
#[derive(Clone, Debug)]
pub struct FlushRow {
    pub table: String,
    pub started_at_us: i64,
    pub duration_us: i64,
    pub rows: i64,
    pub files: i32,
    pub bytes: i64,
    /// `None` when it succeeded.
    pub error: Option<String>,
}
