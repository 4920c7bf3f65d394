//! What a transaction tells others when it commits: NOTIFY, and the changes of tables with a change feed.

use std::collections::HashSet;
use std::sync::Arc;

use super::transaction::Transaction;
use crate::Result;
use crate::base::ids::{SessionId, TableId};
use crate::base::limits::{IDENTIFIER_BYTES, NOTIFY_PAYLOAD_BYTES};
use crate::catalog::Table;
use crate::error::TransactionError;
use crate::storage::{Events, Notice, RowChange, TableChanges};

/// The events of the statements that succeeded.
#[derive(Default)]
pub(super) struct EventLog {
    notices: Vec<Notice>,
    /// Channel and payload of each notice.
    told: HashSet<(String, String)>,
    /// In order; consecutive changes of one table are together.
    changes: Vec<(Arc<Table>, Vec<RowChange>)>,
    bytes: usize,
}

impl Transaction {
    /// `NOTIFY channel, payload`: sent at commit. Equal ones of one transaction are sent once.
    ///
    /// # Errors
    /// 22023 for an empty or too long channel, or a too long payload.
    pub fn notify(&mut self, channel: impl Into<String>, payload: impl Into<String>) -> Result<()> {
        self.statement.notify(notice(channel, payload)?);
        self.check_size()
    }
}

/// A notification within PostgreSQL's bounds.
///
/// # Errors
/// 22023 for an empty or too long channel, or a too long payload.
pub fn notice(channel: impl Into<String>, payload: impl Into<String>) -> Result<Notice> {
    let (channel, payload) = (channel.into(), payload.into());
    let refused = if channel.is_empty() {
        "channel name cannot be empty"
    } else if channel.len() > IDENTIFIER_BYTES {
        "channel name too long"
    } else if payload.len() > NOTIFY_PAYLOAD_BYTES {
        "payload string too long"
    } else {
        return Ok(Notice { channel, payload });
    };
    Err(TransactionError::InvalidNotification(refused.into()).into())
}

impl EventLog {
    /// Adds what a statement notified, without repeating what was notified before.
    pub fn notices(&mut self, notices: Vec<Notice>) {
        for notice in notices {
            if self.told.insert((notice.channel.clone(), notice.payload.clone())) {
                self.bytes += 2 * (notice.channel.len() + notice.payload.len());
                self.notices.push(notice);
            }
        }
    }

    /// Adds a row change.
    pub fn change(&mut self, table: &Arc<Table>, change: RowChange) {
        self.bytes += change.row.len() + change.old.as_ref().map_or(0, |old| old.len());
        match self.changes.last_mut() {
            Some((last, rows)) if last.id == table.id => rows.push(change),
            _ => self.changes.push((table.clone(), vec![change])),
        }
    }

    /// The table was emptied: that is all there is to tell of it so far.
    pub fn truncate(&mut self, table: &Arc<Table>) {
        self.forget(table.id);
        if table.changes {
            self.changes.push((table.clone(), vec![RowChange::truncate()]));
        }
    }

    /// The table was emptied or dropped: what happened to its rows before never becomes visible.
    pub fn forget(&mut self, table: TableId) {
        self.changes.retain(|(changed, _)| changed.id != table);
    }

    pub fn is_empty(&self) -> bool {
        self.notices.is_empty() && self.changes.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What the commit carries.
    pub fn finish(self, sender: SessionId) -> Events {
        let changes = self.changes.into_iter().filter_map(|(table, rows)| {
            let renderer = table.change_renderer()?;
            Some(TableChanges { renderer, rows })
        });
        Events { sender: Some(sender), notifications: self.notices, changes: changes.collect() }
    }
}
