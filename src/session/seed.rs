//! The tables that a new tenant starts with.
//!
//! They are made from the same CREATE TABLE statements that a person can read in `catalog/kalam/`, on a
//! catalog that nobody sees yet, so that the tenant and its tables become durable in one commit.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::services::Services;
use super::statement::{create_table, not_supported};
use crate::Result;
use crate::base::ids::SessionId;
use crate::base::shutdown::CancellationToken;
use crate::catalog::types::OutputStyle;
use crate::catalog::{CatalogWrite, Tenant, TenantCatalog, seed};
use crate::query::ast::Statement;
use crate::query::{
    self, ActivityRow, Environment, FlushRow, Host, Known, Rights, SettingRow, Signal, SubscriptionRow,
};

/// Adds the starting tables to the catalog of a new tenant, and answers what to store.
///
/// # Errors
/// When a statement in `catalog/kalam/` is wrong, which a test rules out.
pub(crate) fn tables(
    services: &Services,
    empty: Arc<TenantCatalog>,
) -> Result<(Arc<TenantCatalog>, Vec<CatalogWrite>)> {
    let owner = empty.tenant.owner.clone();
    let (mut catalog, mut writes) = (empty, Vec::new());
    for (_, sql) in seed::NEW_TENANT {
        for parsed in query::parse(sql)? {
            let Statement::CreateTable(create) = &parsed.statement else {
                return Err(not_supported("a starting statement that is not CREATE TABLE"));
            };
            let environment = environment(services, &catalog);
            let definition =
                create_table::definition(&services.planner, &environment, create, "public".to_owned(), owner.clone())?;
            let (next, write) = catalog.with_table(definition)?;
            catalog = Arc::new(next);
            writes.push(write);
        }
    }
    Ok((catalog, writes))
}

fn environment(services: &Services, catalog: &Arc<TenantCatalog>) -> Arc<Environment> {
    let now_us = services.clock.now_us();
    let known = Known {
        user: catalog.tenant.owner.clone(),
        session_user: catalog.tenant.owner.clone(),
        operator: false,
        database: catalog.tenant.name.clone(),
        session: SessionId(0),
        catalog: catalog.clone(),
        search_path: vec!["public".to_owned()],
        clock: services.clock.clone(),
        random: services.random.clone(),
        direct_path: false,
        host: Arc::new(Nobody),
    };
    Arc::new(Environment {
        known: Arc::new(known),
        style: OutputStyle::default(),
        transaction_start_us: now_us,
        statement_start_us: now_us,
        source: None,
        cancel: CancellationToken::new(),
    })
}

/// The host of statements that no session runs.
struct Nobody;

impl Host for Nobody {
    fn setting(&self, _: &str) -> Option<String> {
        None
    }

    fn set_setting(&self, _: &str, _: &str, _: bool) -> Result<String> {
        Err(not_supported("a setting without a session"))
    }

    fn rights(&self) -> Rights {
        Rights { writes: true, defines: true }
    }

    fn started_us(&self) -> i64 {
        0
    }

    fn settings(&self) -> Vec<SettingRow> {
        Vec::new()
    }

    fn notify(&self, _: &str, _: &str) -> Result<()> {
        Err(not_supported("NOTIFY without a session"))
    }

    fn listening_channels(&self) -> Vec<String> {
        Vec::new()
    }

    fn notification_queue_usage(&self) -> f64 {
        0.0
    }

    fn databases(&self) -> Vec<Arc<Tenant>> {
        Vec::new()
    }

    fn activity(&self) -> Vec<ActivityRow> {
        Vec::new()
    }

    fn subscriptions(&self) -> Vec<SubscriptionRow> {
        Vec::new()
    }

    fn flushes(&self) -> Vec<FlushRow> {
        Vec::new()
    }

    fn signal_backend(&self, _: i32, _: Signal) -> Result<bool> {
        Ok(false)
    }

    fn flush(&self, _: &str) -> BoxFuture<'static, Result<i64>> {
        Box::pin(async { Err(not_supported("a flush without a session")) })
    }

    fn reauthenticate(&self, _: &str) -> Result<i64> {
        Err(not_supported("a token without a session"))
    }
}
