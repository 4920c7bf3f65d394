//! One session's end of the hub.

use std::sync::Arc;

use super::hub::Hub;
use super::queue::{Notification, Queue};
use crate::base::ids::TenantId;

/// What a session listens to and what waits for it. Dropping it ends all its subscriptions.
#[derive(Debug)]
pub struct Subscriber {
    hub: Arc<Hub>,
    tenant: TenantId,
    queue: Arc<Queue>,
}

impl Subscriber {
    pub(super) fn new(hub: Arc<Hub>, tenant: TenantId, queue: Arc<Queue>) -> Self {
        Self { hub, tenant, queue }
    }

    /// Listens to a channel, from the next commit on. Listening twice is listening once.
    pub fn listen(&self, channel: &str) {
        self.hub.listen(self.tenant, channel, &self.queue);
    }

    /// Stops listening to a channel; what is queued for it is dropped.
    pub fn unlisten(&self, channel: &str) {
        self.hub.unlisten(self.tenant, channel, &self.queue);
        self.queue.forget(channel);
    }

    /// Stops listening to everything.
    pub fn unlisten_all(&self) {
        for channel in self.channels() {
            self.unlisten(&channel);
        }
    }

    /// The channels listened to, in order of their names.
    pub fn channels(&self) -> Vec<String> {
        self.hub.channels(self.tenant, self.queue.session)
    }

    /// The next notification that waits, if any.
    pub fn try_next(&self) -> Option<Notification> {
        self.queue.pop()
    }

    /// Resolves when [`try_next`](Self::try_next) has something. Cancel-safe.
    pub async fn ready(&self) {
        self.queue.ready().await;
    }

    /// How full this session's queue is, 0 to 1: `pg_notification_queue_usage()`.
    pub fn usage(&self) -> f64 {
        self.queue.usage()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.hub.leave(self.tenant, self.queue.session);
    }
}
