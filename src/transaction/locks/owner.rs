//! One transaction's side of the lock table: what it holds, and how it waits.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::table::{Attempt, Holder, LockTable, Mode, OwnerId, Release, Target, encode};
use crate::base::ids::SessionId;
use crate::error::TransactionError;

/// How long a transaction is willing to wait.
#[derive(Clone, Debug, Default)]
pub struct Patience {
    /// PostgreSQL's `lock_timeout`, for each lock by itself; `None` waits for ever.
    pub timeout: Option<Duration>,
    /// Ends the wait with 57014.
    pub cancel: CancellationToken,
}

/// How a lock was got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// It was free.
    New,
    /// Only after others had let go: what they protected may have changed.
    Waited,
    /// This owner held it already.
    Held,
}

/// The locks of one transaction. Dropping it releases all of them and wakes those who wait.
#[derive(Debug)]
pub struct Owner {
    table: Arc<LockTable>,
    id: OwnerId,
    session: SessionId,
    held: Vec<Arc<[u8]>>,
    bytes: usize,
    scratch: Vec<u8>,
}

/// Memory counted for a lock beside its key: the entry in the table, the place in the list.
const LOCK_OVERHEAD_BYTES: usize = 128;

impl Owner {
    pub(super) fn new(table: Arc<LockTable>, id: OwnerId, session: SessionId) -> Self {
        Self { table, id, session, held: Vec::new(), bytes: 0, scratch: Vec::new() }
    }

    /// How many locks this owner holds.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// About how much memory the locks take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn remember(&mut self, key: Arc<[u8]>) {
        self.bytes += key.len() + LOCK_OVERHEAD_BYTES;
        self.held.push(key);
    }

    /// Takes the lock, waiting in FIFO order behind those who came before.
    ///
    /// Cancel-safe: a dropped future leaves the queue and holds nothing new.
    ///
    /// # Errors
    /// `Deadlock` at once when waiting would close a cycle, `LockTimeout`, `Canceled`. Locks got earlier stay held.
    pub async fn lock(
        &mut self,
        target: Target<'_>,
        mode: Mode,
        patience: &Patience,
    ) -> Result<Granted, TransactionError> {
        encode(target, &mut self.scratch);
        let wanted = Holder { id: self.id, session: self.session, mode };
        match self.table.try_lock(&self.scratch, wanted) {
            Attempt::Granted(key) => {
                self.remember(key);
                Ok(Granted::New)
            }
            Attempt::Held => Ok(Granted::Held),
            Attempt::Busy => {
                let key: Arc<[u8]> = self.scratch.as_slice().into();
                self.wait(key, wanted, patience).await
            }
        }
    }

    async fn wait(
        &mut self,
        key: Arc<[u8]>,
        wanted: Holder,
        patience: &Patience,
    ) -> Result<Granted, TransactionError> {
        // Only a table's lock has a weaker mode that the owner may hold already.
        let stronger = key.first() == Some(&b't') && self.held.contains(&key);
        let table = self.table.clone();
        let woken = {
            let mut graph = table.graph.lock();
            let woken = match table.enqueue(&key, wanted) {
                Ok(woken) => woken,
                Err(Attempt::Granted(key)) => {
                    self.remember(key);
                    return Ok(Granted::Waited);
                }
                Err(_) => return Ok(Granted::Held),
            };
            graph.start(key.clone(), wanted);
            if let Some(detail) = graph.deadlock(&table, self.id) {
                graph.end(self.id);
                table.leave(&key, self.id, if stronger { Release::Nothing } else { Release::Granted });
                return Err(TransactionError::Deadlock { detail });
            }
            woken
        };
        let mut place = Place { owner: self, key, stronger, granted: false };
        let limit = async {
            match patience.timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = woken => {
                place.granted = true;
                Ok(Granted::Waited)
            }
            () = patience.cancel.cancelled() => Err(TransactionError::Canceled),
            () = limit => Err(TransactionError::LockTimeout),
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        for key in self.held.drain(..) {
            self.table.release(&key, self.id);
        }
    }
}

/// A place in a queue. Dropped when the lock came, or when the wait ended in any other way.
struct Place<'a> {
    owner: &'a mut Owner,
    key: Arc<[u8]>,
    stronger: bool,
    granted: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let table = self.owner.table.clone();
        let mut graph = table.graph.lock();
        graph.end(self.owner.id);
        if !self.granted {
            let release = if self.stronger { Release::Nothing } else { Release::Granted };
            table.leave(&self.key, self.owner.id, release);
        } else if !self.stronger {
            self.owner.remember(self.key.clone());
        }
    }
}
