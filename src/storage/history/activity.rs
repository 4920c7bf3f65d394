//! How much was written to which table since its last flush: what the automatic flush goes by.
//!
//! The committer counts, because it sees every write. After a restart the counts are estimated from
//! RocksDB's files, and the age of what is found begins anew: a flush comes late by that much at most.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::base::clock::Clock;
use crate::base::ids::{TableId, TenantId};

/// The fresh rows of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreshTable {
    pub tenant: TenantId,
    pub table: TableId,
    /// About how many bytes of keys and rows were written.
    pub bytes: u64,
    /// When the first of them was: microseconds since the Unix epoch.
    pub since_us: i64,
}

/// Counts of all tables with fresh rows.
pub struct Activity {
    clock: Arc<dyn Clock>,
    tables: Mutex<HashMap<(TenantId, TableId), Count>>,
}

#[derive(Clone, Copy)]
struct Count {
    bytes: u64,
    since_us: i64,
}

/// What a table's count was when a flush of it began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    bytes: u64,
    at_us: i64,
}

impl Activity {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, tables: Mutex::default() }
    }

    /// Counts bytes written to a table.
    pub(in crate::storage) fn note(&self, tenant: TenantId, table: TableId, bytes: u64) {
        let mut tables = self.tables.lock();
        let count = tables.entry((tenant, table)).or_insert_with(|| Count { bytes: 0, since_us: self.clock.now_us() });
        count.bytes += bytes;
    }

    /// Forgets a table whose rows are gone.
    pub(in crate::storage) fn forget(&self, tenant: TenantId, table: TableId) {
        self.tables.lock().remove(&(tenant, table));
    }

    /// Forgets the tables of a tenant.
    pub(in crate::storage) fn forget_tenant(&self, tenant: TenantId) {
        self.tables.lock().retain(|(owner, _), _| *owner != tenant);
    }

    /// The moment before a flush.
    pub(super) fn mark(&self, tenant: TenantId, table: TableId) -> Mark {
        let at_us = self.clock.now_us();
        let bytes = self.tables.lock().get(&(tenant, table)).map_or(0, |count| count.bytes);
        Mark { bytes, at_us }
    }

    /// What was written before `mark` is flushed; what came later counts from then.
    pub(super) fn flushed(&self, tenant: TenantId, table: TableId, mark: Mark) {
        let mut tables = self.tables.lock();
        if let Some(count) = tables.get_mut(&(tenant, table)) {
            count.bytes = count.bytes.saturating_sub(mark.bytes);
            count.since_us = mark.at_us;
            if count.bytes == 0 {
                tables.remove(&(tenant, table));
            }
        }
    }

    /// All tables with fresh rows.
    pub fn tables(&self) -> Vec<FreshTable> {
        let tables = self.tables.lock();
        let table = |(&(tenant, table), count): (&(TenantId, TableId), &Count)| FreshTable {
            tenant,
            table,
            bytes: count.bytes,
            since_us: count.since_us,
        };
        tables.iter().map(table).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::ManualClock;

    #[test]
    fn what_was_written_during_a_flush_counts_for_the_next_one() {
        let clock = ManualClock::at(1000);
        let activity = Activity::new(clock.clone());
        let (tenant, table) = (TenantId(16384), TableId(1));
        activity.note(tenant, table, 10);
        clock.advance(5);
        let mark = activity.mark(tenant, table);
        activity.note(tenant, table, 7);
        activity.flushed(tenant, table, mark);
        assert_eq!(activity.tables(), [FreshTable { tenant, table, bytes: 7, since_us: 1005 }]);
        let mark = activity.mark(tenant, table);
        activity.flushed(tenant, table, mark);
        assert_eq!(activity.tables(), []);
    }
}
