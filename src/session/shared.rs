//! The part of a session that functions and running streams reach.
//!
//! A result streams after [`Session::run`](super::Session::run) has returned, and functions in it
//! (`set_config`, `pg_notify`) act on the session. So what they touch is behind an `Arc` with small locks,
//! and what belongs to the transaction waits here until the session hands it over.

use std::sync::Arc;

use futures::future::BoxFuture;
use parking_lot::{Mutex, RwLock};

use super::flushes;
use super::notices::Notices;
use super::principal::{Principal, Role};
use super::registry::Entry;
use super::services::Services;
use super::settings::Settings;
use super::statement::{listen, names};
use crate::Result;
use crate::base::ids::TenantId;
use crate::catalog::Tenant;
use crate::error::{AuthError, SessionError};
use crate::notify::Subscriber;
use crate::query::{ActivityRow, FlushRow, Host, Rights, SettingRow, Signal, SubscriptionRow};
use crate::storage::Notice;

/// Shared by a session, its environments and its streams.
pub(crate) struct Shared {
    pub services: Arc<Services>,
    pub tenant: Arc<Tenant>,
    pub principal: RwLock<Principal>,
    pub settings: Mutex<Settings>,
    pub notices: Mutex<Notices>,
    /// Notifications of functions, not yet handed to the transaction.
    pub outbox: Mutex<Vec<Notice>>,
    pub subscriber: Arc<Subscriber>,
    pub entry: Arc<Entry>,
}

impl Shared {
    pub fn role(&self) -> Role {
        self.principal.read().role
    }

    pub fn user(&self) -> String {
        self.principal.read().user.clone()
    }

    /// Operators see all tenants, others only their own.
    fn sees(&self) -> Option<TenantId> {
        if self.role() == Role::Operator { None } else { Some(self.tenant.id) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.services.registry.leave(self.entry.id);
    }
}

impl Host for Shared {
    fn setting(&self, name: &str) -> Option<String> {
        self.settings.lock().show(name)
    }

    fn set_setting(&self, name: &str, value: &str, local: bool) -> Result<String> {
        let mut settings = self.settings.lock();
        settings.set_text(name, Some(value), local)?;
        Ok(settings.show(name).unwrap_or_default())
    }

    fn rights(&self) -> Rights {
        let role = self.role();
        Rights { writes: role.writes(), defines: role.defines() }
    }

    fn started_us(&self) -> i64 {
        self.services.started_at_us
    }

    fn settings(&self) -> Vec<SettingRow> {
        self.settings.lock().rows()
    }

    fn notify(&self, channel: &str, payload: &str) -> Result<()> {
        let notice = listen::notice(self.role(), channel, payload)?;
        self.outbox.lock().push(notice);
        Ok(())
    }

    fn listening_channels(&self) -> Vec<String> {
        self.subscriber.channels()
    }

    fn notification_queue_usage(&self) -> f64 {
        self.subscriber.usage()
    }

    fn databases(&self) -> Vec<Arc<Tenant>> {
        let sees = self.sees();
        let mut tenants: Vec<_> =
            self.services.catalogs.list().into_iter().filter(|tenant| sees.is_none_or(|id| tenant.id == id)).collect();
        tenants.sort_by(|a, b| a.name.cmp(&b.name));
        tenants
    }

    fn activity(&self) -> Vec<ActivityRow> {
        let principal = self.principal.read();
        let all = matches!(principal.role, Role::Owner | Role::Operator);
        let entries = self.services.registry.list(self.sees());
        let rows = entries.iter().map(|entry| {
            let row = entry.row();
            if all || entry.user == principal.user { row } else { row.without_privilege() }
        });
        rows.collect()
    }

    fn subscriptions(&self) -> Vec<SubscriptionRow> {
        self.services
            .hub
            .subscriptions(self.tenant.id)
            .into_iter()
            .flat_map(|info| {
                let queued = i64::try_from(info.queued).unwrap_or(i64::MAX);
                let pid = info.session.0;
                info.channels.into_iter().map(move |channel| SubscriptionRow { pid, channel, queued })
            })
            .collect()
    }

    fn flushes(&self) -> Vec<FlushRow> {
        let catalog = self.services.catalogs.by_id(self.tenant.id);
        catalog.map(|catalog| flushes::rows(self.services.manager.engine(), &catalog)).unwrap_or_default()
    }

    fn signal_backend(&self, pid: i32, signal: Signal) -> Result<bool> {
        let sees = self.sees();
        let Some(entry) = self.services.registry.get(pid).filter(|entry| sees.is_none_or(|id| entry.tenant.id == id))
        else {
            let message = format!("PID {pid} is not a PostgreSQL server process");
            self.notices.lock().warning("01000", message);
            return Ok(false);
        };
        // PostgreSQL lets a role stop its own sessions, and a superuser all of them.
        if entry.user != self.user() && !matches!(self.role(), Role::Owner | Role::Operator) {
            let what = match signal {
                Signal::Cancel => "to cancel query",
                Signal::Terminate => "to terminate process",
            };
            return Err(SessionError::PermissionDenied(what.into()).into());
        }
        match signal {
            Signal::Cancel => entry.cancel(),
            Signal::Terminate => entry.terminate(),
        }
        Ok(true)
    }

    fn flush(&self, table: &str) -> BoxFuture<'static, Result<i64>> {
        let prepared = self.role().may_write(table).and_then(|()| {
            let name = names::parse(table)?;
            let catalog = self
                .services
                .catalogs
                .by_id(self.tenant.id)
                .ok_or_else(|| crate::error::CatalogError::UnknownDatabase(self.tenant.name.clone()))?;
            let search_path = self.settings.lock().search_path(&self.user());
            names::table(&catalog, &search_path, &name)
        });
        let (engine, tenant) = (self.services.manager.engine().clone(), self.tenant.id);
        Box::pin(async move { flushes::flush(engine, tenant, prepared?).await })
    }

    fn reauthenticate(&self, token: &str) -> Result<i64> {
        let hook = self.services.reauthenticate.read().clone();
        let current = self.principal.read().clone();
        let Some(hook) = hook else {
            return Err(AuthError::NotRenewed { reason: "there is no verifier of tokens".into() }.into());
        };
        let renewed = hook.reauthenticate(&current, token)?;
        if renewed.user != current.user || renewed.tenant_name != current.tenant_name || renewed.role != current.role {
            return Err(AuthError::NotRenewed { reason: "the token is for somebody else".into() }.into());
        }
        let expires_at_us = renewed.expires_at_us;
        *self.principal.write() = renewed;
        Ok(expires_at_us)
    }
}
