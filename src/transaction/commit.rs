//! The end of a transaction: into the commit pipeline, and what follows a commit.
//!
//! ```text
//!  definitions changed? ─► gate (exclusive) ─┐
//!  LISTEN ───────────────────────────────────┤ before the write, so that no commit after this one is missed
//!  write set + events ─► CommitLog ─► seq ───┤
//!  UNLISTEN, new catalog published ──────────┤
//!  gate, then locks released ────────────────┘
//! ```
//!
//! The whole sequence runs to its end even when the caller goes away in the middle (a client that
//! disconnects during COMMIT): releasing the locks of a commit that is still in the queue would let
//! another writer read the rows as they were before it, and lose its updates.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use tokio::runtime::Handle;

use super::transaction::Transaction;
use crate::Result;
use crate::base::ids::Seq;
use crate::notify::Subscriber;
use crate::storage::Commit;

/// LISTEN and UNLISTEN of a transaction, in order.
pub(super) struct Listening {
    subscriber: Arc<Subscriber>,
    steps: Vec<Step>,
}

enum Step {
    Listen(String),
    Unlisten(String),
    UnlistenAll,
}

/// What the steps come to.
#[derive(Default)]
struct Subscriptions {
    subscriber: Option<Arc<Subscriber>>,
    begin: Vec<String>,
    end: Vec<String>,
}

impl Transaction {
    /// `LISTEN channel`: from the commit on.
    pub fn listen(&mut self, subscriber: &Arc<Subscriber>, channel: impl Into<String>) {
        self.subscribe(subscriber, Step::Listen(channel.into()));
    }

    /// `UNLISTEN channel`: from the commit on.
    pub fn unlisten(&mut self, subscriber: &Arc<Subscriber>, channel: impl Into<String>) {
        self.subscribe(subscriber, Step::Unlisten(channel.into()));
    }

    /// `UNLISTEN *`: from the commit on.
    pub fn unlisten_all(&mut self, subscriber: &Arc<Subscriber>) {
        self.subscribe(subscriber, Step::UnlistenAll);
    }

    fn subscribe(&mut self, subscriber: &Arc<Subscriber>, step: Step) {
        let fresh = || Listening { subscriber: subscriber.clone(), steps: Vec::new() };
        self.listening.get_or_insert_with(fresh).steps.push(step);
    }

    /// Makes everything durable and visible, in one step. The session's own notifications are in its
    /// queue when this returns.
    ///
    /// # Durability
    /// As the engine's setting says: with `sync`, `Ok` means that the writes survive a power cut.
    ///
    /// # Errors
    /// Those of storage. Then nothing of the transaction is there.
    pub async fn commit(mut self) -> Result<Seq> {
        self.statement_end();
        self.settle();
        let subscriptions = self.listening.take().map(Listening::outcome).unwrap_or_default();
        let events = std::mem::take(&mut self.events).finish(self.session);
        if self.writes.is_empty() && events.is_empty() {
            subscriptions.begin();
            subscriptions.end();
            return Ok(self.manager.engine.last_seq());
        }
        let read = match self.decided.take() {
            Some(read) => read,
            None => self.statement_read(),
        };
        let commit = Commit { tenant: self.tenant(), writes: self.writes.clone(), read, events };
        let finish = async move {
            let gate = if self.owns_definitions { Some(self.gate.clone().write_owned().await) } else { None };
            subscriptions.begin();
            match self.manager.log.commit(commit).await {
                Ok(seq) => {
                    subscriptions.end();
                    if self.owns_definitions {
                        self.publish();
                    }
                    drop(gate);
                    // The locks go with `self`, after others can see what they protected.
                    drop(self);
                    Ok(seq)
                }
                Err(error) => {
                    subscriptions.undo();
                    Err(error.into())
                }
            }
        };
        ToTheEnd::new(Box::pin(finish)).await
    }
}

impl Listening {
    fn outcome(self) -> Subscriptions {
        let before: BTreeSet<String> = self.subscriber.channels().into_iter().collect();
        let mut after = before.clone();
        for step in self.steps {
            match step {
                Step::Listen(channel) => {
                    after.insert(channel);
                }
                Step::Unlisten(channel) => {
                    after.remove(&channel);
                }
                Step::UnlistenAll => after.clear(),
            }
        }
        Subscriptions {
            begin: after.difference(&before).cloned().collect(),
            end: before.difference(&after).cloned().collect(),
            subscriber: Some(self.subscriber),
        }
    }
}

impl Subscriptions {
    fn begin(&self) {
        if let Some(subscriber) = &self.subscriber {
            self.begin.iter().for_each(|channel| subscriber.listen(channel));
        }
    }

    fn end(&self) {
        if let Some(subscriber) = &self.subscriber {
            self.end.iter().for_each(|channel| subscriber.unlisten(channel));
        }
    }

    /// The commit failed: what began with it ends.
    fn undo(&self) {
        if let Some(subscriber) = &self.subscriber {
            self.begin.iter().for_each(|channel| subscriber.unlisten(channel));
        }
    }
}

/// A future that goes on in the background when it is dropped half way.
struct ToTheEnd<T: Send + 'static> {
    future: Option<BoxFuture<'static, T>>,
    runtime: Handle,
}

impl<T: Send + 'static> ToTheEnd<T> {
    fn new(future: BoxFuture<'static, T>) -> Self {
        Self { future: Some(future), runtime: Handle::current() }
    }
}

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let future = self.future.as_mut().expect("not polled after it was ready");
        let ready = std::task::ready!(future.as_mut().poll(context));
        self.future = None;
        Poll::Ready(ready)
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        if let Some(future) = self.future.take() {
            self.runtime.spawn(future);
        }
    }
}
