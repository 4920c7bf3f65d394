//! The border to the commit pipeline: one transaction in, one sequence number out.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::events::Events;
use super::snapshot::ReadPoint;
use super::write_set::WriteSet;
use crate::base::ids::{Seq, TenantId};
use crate::error::StorageError;

/// One transaction handed to the pipeline.
pub struct Commit {
    pub tenant: TenantId,
    pub writes: Arc<WriteSet>,
    /// The oldest read point that the transaction's decisions (uniqueness, "this row is fresh") used.
    pub read: ReadPoint,
    pub events: Events,
}

/// Decides order and durability of transactions.
///
/// - **Order**: sequence numbers are dense and in commit order; observers see the same order.
/// - **Atomicity**: all writes of a transaction become visible together, or none.
/// - **Durability**: with [`super::Durability::Sync`], `Ok` means the writes survive a power cut.
///
/// # Errors
/// After an error nothing of the transaction is there, and its number is not consumed.
pub trait CommitLog: Send + Sync {
    /// Commits one transaction.
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<Seq, StorageError>>;
}
