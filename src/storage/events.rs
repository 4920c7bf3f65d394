//! What a commit tells its observers. Storage defines the observer, the hub of floor 1 implements it.

use std::sync::Arc;

use bytes::Bytes;

use crate::base::ids::{Seq, SessionId, TenantId};

/// Called on the committer's thread, in commit order, after the batch is durable and before the
/// committing session is woken, so that a session's own notifications are queued before its
/// ReadyForQuery. Must not block.
pub trait CommitObserver: Send + Sync {
    /// The transaction with number `seq` is committed.
    fn committed(&self, tenant: TenantId, seq: Seq, events: &Events);
}

/// An observer for tests and tools that need none.
impl CommitObserver for () {
    fn committed(&self, _: TenantId, _: Seq, _: &Events) {}
}

/// What one transaction tells; made by the transaction before it knows its `seq`.
#[derive(Default)]
pub struct Events {
    pub sender: Option<SessionId>,
    pub notifications: Vec<Notice>,
    pub changes: Vec<TableChanges>,
}

impl Events {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.notifications.is_empty() && self.changes.is_empty()
    }
}

/// One `NOTIFY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub channel: String,
    pub payload: String,
}

/// The committed changes of one table, with the means to render them if somebody listens.
pub struct TableChanges {
    pub renderer: Arc<dyn RenderChange>,
    pub rows: Vec<RowChange>,
}

/// What happened to a row, or to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Insert,
    Update,
    Delete,
    /// Every row of the table is gone.
    Truncate,
}

/// One change of a table.
#[derive(Clone, Debug)]
pub struct RowChange {
    pub operation: Operation,
    /// The encoded value: the new row, or for `Delete` the row that was deleted. Empty for `Truncate`.
    pub row: Bytes,
    /// For `Update`: the row as it was.
    pub old: Option<Bytes>,
}

impl RowChange {
    /// All rows of the table are gone.
    pub fn truncate() -> Self {
        Self { operation: Operation::Truncate, row: Bytes::new(), old: None }
    }
}

/// Turns row changes of one table into text. Called only for channels that somebody listens to.
pub trait RenderChange: Send + Sync {
    /// The table's channel.
    fn channel(&self) -> &str;
    /// Whether the rows of the table belong to conversations.
    fn has_conversations(&self) -> bool;
    /// The conversation a row belongs to, if the table has conversations.
    fn conversation(&self, row: &[u8]) -> Option<String>;
    /// The JSON of a change.
    fn render(&self, seq: Seq, change: &RowChange) -> String;
}
