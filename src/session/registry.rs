//! All sessions of the server: who is here, what they do, and how to stop them.
//!
//! One entry per session, shared by the session (which writes what it does) and by everybody who looks:
//! `pg_stat_activity`, CancelRequest, `pg_cancel_backend`, `pg_terminate_backend`, DROP DATABASE. A session
//! cannot begin in a database that is being dropped, because both take the registry's lock.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use crate::Result;
use crate::base::ids::{SessionId, TenantId};
use crate::base::random::Random;
use crate::base::shutdown::CancellationToken;
use crate::catalog::Tenant;
use crate::error::CatalogError;
use crate::query::ActivityRow;

/// Longest text of a statement that `pg_stat_activity` shows, in bytes (PostgreSQL's
/// `track_activity_query_size`).
pub const ACTIVITY_QUERY_BYTES: usize = 1_024;

/// The sessions of one server.
#[derive(Debug)]
pub struct Registry {
    inner: RwLock<Inner>,
    next: AtomicI32,
    left: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    sessions: HashMap<i32, Arc<Entry>>,
    closed: HashSet<TenantId>,
}

/// One session.
#[derive(Debug)]
pub struct Entry {
    pub id: SessionId,
    /// The secret of CancelRequest.
    pub secret: i32,
    pub tenant: Arc<Tenant>,
    pub user: String,
    pub started_at_us: i64,
    terminate: CancellationToken,
    live: Mutex<Live>,
}

/// What a session does now.
#[derive(Debug)]
struct Live {
    state: &'static str,
    query: Arc<str>,
    query_start_us: Option<i64>,
    transaction_start_us: Option<i64>,
    state_change_us: i64,
    application_name: String,
    client: Option<(String, i32)>,
    /// Cancels the running statement; `None` while there is none.
    cancel: Option<CancellationToken>,
}

impl Registry {
    /// A registry without sessions.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { inner: RwLock::default(), next: AtomicI32::new(1_000), left: Notify::new() })
    }

    /// Registers a session.
    ///
    /// # Errors
    /// 3D000 when its database is being dropped.
    pub(crate) fn enter(&self, tenant: Arc<Tenant>, user: &str, now_us: i64, random: &Random) -> Result<Arc<Entry>> {
        let mut secret = [0; 4];
        random.fill(&mut secret);
        let mut inner = self.inner.write();
        if inner.closed.contains(&tenant.id) {
            return Err(CatalogError::UnknownDatabase(tenant.name.clone()).into());
        }
        let id = loop {
            let id = self.next.fetch_add(1, Ordering::Relaxed) & i32::MAX;
            if id > 0 && !inner.sessions.contains_key(&id) {
                break id;
            }
        };
        let entry = Arc::new(Entry {
            id: SessionId(id),
            secret: i32::from_be_bytes(secret),
            tenant,
            user: user.to_owned(),
            started_at_us: now_us,
            terminate: CancellationToken::new(),
            live: Mutex::new(Live {
                state: "idle",
                query: Arc::from(""),
                query_start_us: None,
                transaction_start_us: None,
                state_change_us: now_us,
                application_name: String::new(),
                client: None,
                cancel: None,
            }),
        });
        inner.sessions.insert(id, entry.clone());
        Ok(entry)
    }

    pub(crate) fn leave(&self, id: SessionId) {
        self.inner.write().sessions.remove(&id.0);
        self.left.notify_waiters();
    }

    /// How many sessions there are.
    pub fn count(&self) -> usize {
        self.inner.read().sessions.len()
    }

    /// The session of this process id.
    pub fn get(&self, pid: i32) -> Option<Arc<Entry>> {
        self.inner.read().sessions.get(&pid).cloned()
    }

    /// CancelRequest: cancels the running statement of the session with this process id and secret. It says
    /// nothing, whether the session exists or not.
    pub fn cancel(&self, pid: i32, secret: i32) {
        if let Some(entry) = self.get(pid)
            && entry.secret == secret
        {
            entry.cancel();
        }
    }

    /// The sessions of a tenant; all sessions for `None`.
    pub(crate) fn list(&self, tenant: Option<TenantId>) -> Vec<Arc<Entry>> {
        let inner = self.inner.read();
        let mut entries: Vec<_> =
            inner.sessions.values().filter(|entry| tenant.is_none_or(|id| entry.tenant.id == id)).cloned().collect();
        entries.sort_by_key(|entry| entry.id);
        entries
    }

    /// Lets no session into a tenant until the guard is dropped.
    pub(crate) fn close(self: &Arc<Self>, tenant: TenantId) -> Closed {
        self.inner.write().closed.insert(tenant);
        Closed { registry: self.clone(), tenant }
    }

    /// Waits until a tenant (`None`: the server) has no session, but not longer than `grace`.
    pub(crate) async fn wait_until_empty(&self, tenant: Option<TenantId>, grace: Duration) {
        let emptied = async {
            loop {
                // The wait begins before the look, so that nobody leaves unseen in between.
                let left = self.left.notified();
                tokio::pin!(left);
                left.as_mut().enable();
                if self.list(tenant).is_empty() {
                    return;
                }
                left.await;
            }
        };
        // Who asks looks again: sessions that did not end in time are still there.
        let _ = tokio::time::timeout(grace, emptied).await;
    }
}

/// A tenant that no session can enter, as long as this lives.
#[derive(Debug)]
pub(crate) struct Closed {
    registry: Arc<Registry>,
    tenant: TenantId,
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.registry.inner.write().closed.remove(&self.tenant);
    }
}

impl Entry {
    /// Cancels the running statement, if there is one.
    pub fn cancel(&self) {
        if let Some(token) = &self.live.lock().cancel {
            token.cancel();
        }
    }

    /// Ends the session with 57P01.
    pub fn terminate(&self) {
        self.terminate.cancel();
        self.cancel();
    }

    /// Fires when the session has to end.
    pub fn terminated(&self) -> &CancellationToken {
        &self.terminate
    }

    /// What it does now, as `pg_stat_activity` says it.
    pub fn state(&self) -> &'static str {
        self.live.lock().state
    }

    pub(crate) fn set_client(&self, address: String, port: i32) {
        self.live.lock().client = Some((address, port));
    }

    pub(crate) fn set_application_name(&self, name: &str) {
        let mut live = self.live.lock();
        if live.application_name != name {
            live.application_name = name.to_owned();
        }
    }

    pub(crate) fn begin_statement(&self, query: Arc<str>, cancel: CancellationToken, now_us: i64) {
        let mut live = self.live.lock();
        live.state = "active";
        live.query = query;
        live.query_start_us = Some(now_us);
        live.state_change_us = now_us;
        live.cancel = Some(cancel);
    }

    pub(crate) fn set_state(&self, state: &'static str, now_us: i64) {
        let mut live = self.live.lock();
        if state != "active" {
            live.cancel = None;
        }
        if live.state != state {
            live.state = state;
            live.state_change_us = now_us;
        }
    }

    pub(crate) fn set_transaction(&self, started_at_us: Option<i64>) {
        self.live.lock().transaction_start_us = started_at_us;
    }

    pub(crate) fn row(&self) -> ActivityRow {
        let live = self.live.lock();
        let end = live.query.floor_char_boundary(ACTIVITY_QUERY_BYTES);
        ActivityRow {
            database_oid: self.tenant.id.0,
            database: self.tenant.name.clone(),
            pid: self.id.0,
            user: self.user.clone(),
            application_name: live.application_name.clone(),
            client_address: live.client.as_ref().map(|(address, _)| address.clone()),
            client_port: live.client.as_ref().map(|(_, port)| *port),
            backend_start_us: Some(self.started_at_us),
            transaction_start_us: live.transaction_start_us,
            query_start_us: live.query_start_us,
            state_change_us: Some(live.state_change_us),
            state: Some(live.state),
            query: live.query[..end].to_owned(),
            backend_type: Some("client backend"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(id: u32) -> Arc<Tenant> {
        Arc::new(Tenant { id: TenantId(id), name: format!("t{id}"), owner: "kalam".into(), created_at_us: 0 })
    }

    #[test]
    fn only_the_right_secret_cancels() {
        let (registry, random) = (Registry::new(), Random::default());
        let entry = registry.enter(tenant(1), "app", 0, &random).unwrap();
        let token = CancellationToken::new();
        entry.begin_statement(Arc::from("SELECT 1"), token.clone(), 1);
        registry.cancel(entry.id.0, entry.secret.wrapping_add(1));
        registry.cancel(entry.id.0 + 1, entry.secret);
        assert!(!token.is_cancelled());
        registry.cancel(entry.id.0, entry.secret);
        assert!(token.is_cancelled());
    }

    #[test]
    fn a_cancel_between_statements_does_not_reach_the_next_one() {
        let (registry, random) = (Registry::new(), Random::default());
        let entry = registry.enter(tenant(1), "app", 0, &random).unwrap();
        entry.begin_statement(Arc::from("SELECT 1"), CancellationToken::new(), 1);
        entry.set_state("idle", 2);
        entry.cancel();
        let token = CancellationToken::new();
        entry.begin_statement(Arc::from("SELECT 2"), token.clone(), 3);
        assert!(!token.is_cancelled());
    }

    #[test]
    fn nobody_enters_a_closed_tenant() {
        let (registry, random) = (Registry::new(), Random::default());
        let closed = registry.close(TenantId(1));
        assert_eq!(registry.enter(tenant(1), "app", 0, &random).unwrap_err().sqlstate().0, "3D000");
        assert!(registry.enter(tenant(2), "app", 0, &random).is_ok());
        drop(closed);
        assert!(registry.enter(tenant(1), "app", 0, &random).is_ok());
        assert_eq!(registry.list(Some(TenantId(2))).len(), 1);
    }
}
