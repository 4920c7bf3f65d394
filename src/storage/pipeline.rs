//! The way into the committer: a queue, and a short cut past it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::commit::Commit;
use super::committer::Committer;
use super::flushing::{FlushEnd, FlushTicket, ManifestChange};
use crate::base::ids::{Seq, TableId, TenantId};
use crate::error::StorageError;

/// What the committer is asked to do, in the order of the queue.
pub(super) enum Request {
    Commit(Commit, oneshot::Sender<Result<Seq, StorageError>>),
    BeginFlush(TenantId, TableId, oneshot::Sender<Result<Option<FlushTicket>, StorageError>>),
    EndFlush(FlushTicket, ManifestChange, oneshot::Sender<Result<FlushEnd, StorageError>>),
    Stop,
}

/// A transaction and who waits for it.
pub(super) type Waiting = (Commit, oneshot::Sender<Result<Seq, StorageError>>);

/// The queue before the committer, and the committer, for those who may be served without the queue.
pub(super) struct Pipeline {
    queue: mpsc::Sender<Request>,
    committer: Mutex<Committer>,
    group_bytes: usize,
    /// Whether sessions may commit on their own threads.
    in_place: AtomicBool,
    /// How many transactions in a row nobody else queued beside.
    alone: AtomicU32,
}

/// After so many transactions in a row that had no company, the next one is expected to have none either. Where
/// there is company, groups are worth more than the hops they cost.
const ALONE: u32 = 16;

impl Pipeline {
    /// A pipeline and the other end of its queue, for [`run`](Self::run).
    pub fn new(committer: Committer, queue: usize) -> (Arc<Self>, mpsc::Receiver<Request>) {
        let (queue, requests) = mpsc::channel(queue.max(1));
        let group_bytes = committer.group_bytes;
        let committer = Mutex::new(committer);
        (
            Arc::new(Self {
                queue,
                committer,
                group_bytes,
                in_place: AtomicBool::new(false),
                alone: AtomicU32::new(0),
            }),
            requests,
        )
    }

    pub fn queue(&self) -> &mpsc::Sender<Request> {
        &self.queue
    }

    /// Lets sessions commit on their own threads from now on. Each of their tasks must then run on a thread
    /// where `tokio::task::block_in_place` is allowed.
    pub fn allow_in_place(&self) {
        self.in_place.store(true, Ordering::Relaxed);
    }

    /// Waits until nobody commits. The queue is closed, so nobody begins to.
    pub fn wait(&self) {
        drop(self.committer.lock());
    }

    /// Commits a transaction on the calling thread, if nobody else has something to commit; otherwise gives it
    /// back, for the queue.
    pub fn commit_here(&self, commit: Commit) -> Result<Result<Seq, StorageError>, Commit> {
        let is_alone = self.alone.load(Ordering::Relaxed) >= ALONE && self.is_empty();
        if !is_alone || !self.in_place.load(Ordering::Relaxed) {
            return Err(commit);
        }
        let Some(mut committer) = self.committer.try_lock() else { return Err(commit) };
        // Closed between the look and the lock: the queue says so to whoever asks it.
        if self.queue.is_closed() {
            return Err(commit);
        }
        let (reply, mut answer) = oneshot::channel();
        let bytes = commit.writes.size_bytes();
        tokio::task::block_in_place(|| committer.commit_group(&mut vec![(commit, reply)], bytes));
        drop(committer);
        if !self.is_empty() {
            self.alone.store(0, Ordering::Relaxed);
        }
        let stopped = |_| Err(StorageError::Stopped { reason: "a commit was not answered".into() });
        Ok(answer.try_recv().unwrap_or_else(stopped))
    }

    fn is_empty(&self) -> bool {
        self.queue.capacity() == self.queue.max_capacity()
    }

    /// Serves the queue until it is told to stop or everybody who could ask is gone.
    pub fn run(&self, mut queue: mpsc::Receiver<Request>) {
        let mut group = Vec::new();
        let mut next = None;
        loop {
            let request = match next.take() {
                Some(request) => request,
                None => match queue.blocking_recv() {
                    Some(request) => request,
                    None => return,
                },
            };
            match request {
                Request::Commit(commit, reply) => {
                    let mut bytes = commit.writes.size_bytes();
                    group.push((commit, reply));
                    let mut committer = self.committer.lock();
                    // The group is whatever waits already: waiting for more would add latency to the
                    // lonely writer and is not needed by the many, who queue during the sync.
                    while next.is_none() && bytes < self.group_bytes {
                        match queue.try_recv() {
                            Ok(Request::Commit(commit, reply)) => {
                                bytes += commit.writes.size_bytes();
                                group.push((commit, reply));
                            }
                            Ok(other) => next = Some(other),
                            Err(_) => break,
                        }
                    }
                    let alone = if group.len() == 1 { self.alone.load(Ordering::Relaxed).saturating_add(1) } else { 0 };
                    self.alone.store(alone, Ordering::Relaxed);
                    committer.commit_group(&mut group, bytes);
                }
                Request::BeginFlush(tenant, table, reply) => {
                    let _ = reply.send(self.committer.lock().begin_flush(tenant, table));
                }
                Request::EndFlush(ticket, change, reply) => {
                    let ended = self.committer.lock().end_flush(&ticket, change);
                    drop(ticket);
                    let _ = reply.send(ended);
                }
                Request::Stop => {
                    // What was queued before the stop is done; what comes after finds the queue closed.
                    queue.close();
                }
            }
        }
    }
}
