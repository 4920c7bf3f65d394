//! One transaction's side of the lock table: what it holds, and how it waits.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::name::{Name, encode};
use super::table::{Attempt, Holder, LockTable, Mode, OwnerId, Release, Target};
use crate::base::ids::SessionId;
use crate::error::TransactionError;

/// How long a transaction is willing to wait.
#[derive(Clone, Debug, Default)]
pub struct Patience {
    /// PostgreSQL's `lock_timeout`, for each lock by itself; `None` waits for ever.
    pub timeout: Option<Duration>,
    /// Ends the wait with 57014.
    pub cancel: Option<CancellationToken>,
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
    held: Vec<Name>,
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

    fn remember(&mut self, name: Name) {
        self.bytes += name.bytes().len() + LOCK_OVERHEAD_BYTES;
        self.held.push(name);
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
        let sought = self.table.name(&self.scratch);
        match self.table.try_lock(sought, wanted) {
            Attempt::Granted(name) => {
                self.remember(name);
                Ok(Granted::New)
            }
            Attempt::Held => Ok(Granted::Held),
            Attempt::Busy => {
                let name = Name::keep(sought);
                self.wait(name, wanted, patience).await
            }
        }
    }

    async fn wait(&mut self, name: Name, wanted: Holder, patience: &Patience) -> Result<Granted, TransactionError> {
        // Only a table's lock has a weaker mode that the owner may hold already.
        let stronger = name.bytes().first() == Some(&b't') && self.held.contains(&name);
        let table = self.table.clone();
        let woken = {
            let mut graph = table.graph.lock();
            let woken = match table.enqueue(&name, wanted) {
                Ok(woken) => woken,
                Err(Attempt::Granted(name)) => {
                    self.remember(name);
                    return Ok(Granted::Waited);
                }
                Err(_) => return Ok(Granted::Held),
            };
            graph.start(name.clone(), wanted);
            if let Some(detail) = graph.deadlock(&table, self.id) {
                graph.end(self.id);
                table.leave(&name, self.id, if stronger { Release::Nothing } else { Release::Granted });
                return Err(TransactionError::Deadlock { detail });
            }
            woken
        };
        let mut place = Place { owner: self, name, stronger, granted: false };
        let canceled = async {
            match &patience.cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        };
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
            () = canceled => Err(TransactionError::Canceled),
            () = limit => Err(TransactionError::LockTimeout),
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        for name in self.held.drain(..) {
            self.table.release(&name, self.id);
        }
    }
}

/// A place in a queue. Dropped when the lock came, or when the wait ended in any other way.
struct Place<'a> {
    owner: &'a mut Owner,
    name: Name,
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
            table.leave(&self.name, self.owner.id, release);
        } else if !self.stronger {
            self.owner.remember(self.name.clone());
        }
    }
}
