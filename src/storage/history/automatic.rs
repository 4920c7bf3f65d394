//! The automatic flush: when a table's fresh rows are many, or old and not few.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::activity::FreshTable;
use super::flush::Trigger;
use super::orphans;
use crate::base::ids::{TableId, TenantId};
use crate::base::shutdown::CancellationToken;
use crate::storage::{Engine, Shape};

/// When tables are flushed by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A table with so many bytes of fresh rows is flushed.
    pub max_fresh_bytes: u64,
    /// A table whose oldest fresh row is so old is flushed, if it has `min_fresh_bytes`.
    pub max_age: Duration,
    /// A table with less is never flushed for its age: a flood of small files helps nobody.
    pub min_fresh_bytes: u64,
    /// How often the tables are looked at.
    pub check_interval: Duration,
}

impl Policy {
    /// Whether a table is to be flushed now.
    pub fn is_due(&self, table: &FreshTable, now_us: i64) -> bool {
        let age = Duration::from_micros(u64::try_from(now_us.saturating_sub(table.since_us)).unwrap_or(0));
        table.bytes >= self.max_fresh_bytes || (age >= self.max_age && table.bytes >= self.min_fresh_bytes)
    }
}

/// Where the shapes of tables come from: storage does not know the catalog.
pub trait Shapes: Send + Sync {
    /// The table's shape; `None` when the table is gone.
    fn shape(&self, tenant: TenantId, table: TableId) -> Option<Arc<Shape>>;
}

/// The background work of history: removes the files of truncated and dropped tables, and flushes tables that
/// are due by `policy` (`None`: no automatic flush). Ends with `cancel`, or when the engine is gone; a flush that
/// runs then is finished first.
pub async fn run(engine: Arc<Engine>, shapes: Arc<dyn Shapes>, policy: Option<Policy>, cancel: CancellationToken) {
    let collector = engine.take_obsolete().map(|obsolete| {
        let (registry, directory) = (Arc::clone(engine.registry()), engine.directory().to_owned());
        tokio::spawn(cancel.clone().run_until_cancelled_owned(orphans::collect_obsolete(registry, directory, obsolete)))
    });
    if let Some(policy) = policy {
        let seed = Arc::clone(&engine);
        // Without the estimate only what is written from now on counts.
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || seed.estimate_fresh()).await {
            tracing::warn!(%error, "the sizes of tables could not be estimated");
        }
        flush_when_due(&engine, &*shapes, policy, &cancel).await;
    }
    drop(engine);
    if let Some(collector) = collector {
        // It ends with the token, or when the engine's last handle is gone.
        let _ = collector.await;
    }
}

async fn flush_when_due(engine: &Arc<Engine>, shapes: &dyn Shapes, policy: Policy, cancel: &CancellationToken) {
    let mut failed = HashSet::new();
    let mut ticks = tokio::time::interval(policy.check_interval.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while cancel.run_until_cancelled(ticks.tick()).await.is_some() {
        let now_us = engine.clock().now_us();
        for table in engine.flushes().activity().tables() {
            if cancel.is_cancelled() {
                return;
            }
            if !policy.is_due(&table, now_us) {
                continue;
            }
            let id = (table.tenant, table.table);
            let Some(shape) = shapes.shape(table.tenant, table.table) else {
                engine.flushes().activity().forget(table.tenant, table.table);
                continue;
            };
            // The flush itself logs an error; a table that fails waits one round, so that the others get on.
            if failed.remove(&id) {
                continue;
            }
            if engine.flush(table.tenant, &shape, Trigger::Automatic).await.is_err() {
                failed.insert(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_due_by_size_or_by_age() {
        let policy = Policy {
            max_fresh_bytes: 100,
            max_age: Duration::from_secs(10),
            min_fresh_bytes: 20,
            check_interval: Duration::from_secs(1),
        };
        let due = |bytes, age_s: i64| {
            let table = FreshTable { tenant: TenantId(1), table: TableId(1), bytes, since_us: 5_000_000 };
            policy.is_due(&table, 5_000_000 + age_s * 1_000_000)
        };
        assert!(due(100, 0));
        assert!(!due(99, 9));
        assert!(due(20, 10));
        assert!(!due(19, 1_000_000));
        // A clock that was set back makes nothing old.
        assert!(!due(99, -50));
    }
}
