//! The bounded queue of one session, and what happens when its consumer falls behind.
//!
//! A writer never waits for a reader. When a queue is full, everything in it is thrown away and each
//! affected channel gets one marker instead: `{"resync":true,"after":<seq>}`. It promises that nothing
//! up to that seq was lost on the channel. Until the marker is taken, more events of the channel are
//! covered by it and dropped too; after that the channel flows again. The client reads the rows with a
//! higher seq from the table and misses nothing.
//!
//! ```text
//!   queued        7 8 8 9 | 10 does not fit
//!   after         {"resync":true,"after":6}      (7 was the first one lost)
//!   11, 12        dropped, the marker covers them
//!   marker taken
//!   13            queued
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::base::ids::{Seq, SessionId};

/// The bounds of one session's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Most notifications that wait for one session.
    pub notifications: usize,
    /// Most bytes of channels and payloads that wait for one session.
    pub bytes: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { notifications: 10_000, bytes: 16 * 1024 * 1024 }
    }
}

/// What a listening session receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The session that sent it; 0 for a resync marker.
    pub sender: SessionId,
    pub channel: Arc<str>,
    pub payload: Arc<str>,
}

/// The queue of one session.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) session: SessionId,
    limits: QueueLimits,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    queued: VecDeque<(Seq, Notification)>,
    bytes: usize,
    /// Channels with a marker that was not taken yet, and the first seq that was lost on each.
    lost: BTreeMap<Arc<str>, Seq>,
    overflows: u64,
}

/// How full a queue is, for `kalam.subscriptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fill {
    pub(super) notifications: usize,
    pub(super) bytes: usize,
    pub(super) overflows: u64,
}

impl Queue {
    pub(super) fn new(session: SessionId, limits: QueueLimits) -> Self {
        Self { session, limits, state: Mutex::default(), wake: Notify::new() }
    }

    /// Queues a notification of the commit `seq`, or notes that it was lost.
    pub(super) fn push(&self, seq: Seq, notification: Notification) {
        let mut state = self.state.lock();
        if state.lost.contains_key(&notification.channel) {
            return;
        }
        let bytes = size(&notification);
        if state.queued.len() >= self.limits.notifications || state.bytes + bytes > self.limits.bytes {
            state.overflow(seq, notification.channel);
        } else {
            state.bytes += bytes;
            state.queued.push_back((seq, notification));
        }
        drop(state);
        self.wake.notify_one();
    }

    /// The next notification. Markers come first: they stand for what was queued before everything else.
    pub(super) fn pop(&self) -> Option<Notification> {
        let mut state = self.state.lock();
        if let Some((channel, first_lost)) = state.lost.pop_first() {
            let payload = format!("{{\"resync\":true,\"after\":{}}}", first_lost.0.saturating_sub(1));
            return Some(Notification { sender: SessionId(0), channel, payload: payload.into() });
        }
        let (_, notification) = state.queued.pop_front()?;
        state.bytes -= size(&notification);
        Some(notification)
    }

    /// Forgets what is queued for a channel that is not listened to any more.
    pub(super) fn forget(&self, channel: &str) {
        let mut state = self.state.lock();
        state.lost.remove(channel);
        state.queued.retain(|(_, notification)| &*notification.channel != channel);
        state.bytes = state.queued.iter().map(|(_, notification)| size(notification)).sum();
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.state.lock();
        state.queued.is_empty() && state.lost.is_empty()
    }

    /// Resolves when something is queued. One waiter at a time: the session that owns the queue.
    pub(super) async fn ready(&self) {
        while self.is_empty() {
            self.wake.notified().await;
        }
    }

    pub(super) fn fill(&self) -> Fill {
        let state = self.state.lock();
        Fill { notifications: state.queued.len() + state.lost.len(), bytes: state.bytes, overflows: state.overflows }
    }

    /// The used part of the queue, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub(super) fn usage(&self) -> f64 {
        let fill = self.fill();
        let by_count = fill.notifications as f64 / self.limits.notifications.max(1) as f64;
        let by_bytes = fill.bytes as f64 / self.limits.bytes.max(1) as f64;
        by_count.max(by_bytes).min(1.0)
    }
}

impl State {
    fn overflow(&mut self, seq: Seq, channel: Arc<str>) {
        self.overflows += 1;
        self.bytes = 0;
        for (queued_at, notification) in self.queued.drain(..) {
            // The queue is in commit order, so the first entry of a channel is the oldest one lost.
            self.lost.entry(notification.channel).or_insert(queued_at);
        }
        self.lost.entry(channel).or_insert(seq);
    }
}

fn size(notification: &Notification) -> usize {
    notification.channel.len() + notification.payload.len()
}
