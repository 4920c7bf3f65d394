//! The hub: who listens where, and the delivery of a commit's events to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use parking_lot::RwLock;

use super::queue::{Notification, Queue, QueueLimits};
use super::subscriber::Subscriber;
use crate::base::ids::{Seq, SessionId, TenantId};
use crate::storage::{CommitObserver, Events, Operation, RowChange, TableChanges};

/// Routes notifications and row changes to the sessions that listen for them.
///
/// Delivery only appends to bounded queues in memory, so the committer, on whose thread it runs, never
/// waits for a client.
#[derive(Debug)]
pub struct Hub {
    limits: QueueLimits,
    tenants: RwLock<HashMap<TenantId, Listeners>>,
}

/// The listeners of one tenant. A map in order of channel names, so that "does anyone listen to a
/// conversation of this table?" is one lookup: the first channel at or after `messages:`.
#[derive(Debug, Default)]
struct Listeners {
    channels: BTreeMap<Arc<str>, Vec<Arc<Queue>>>,
    sessions: BTreeMap<SessionId, Session>,
}

#[derive(Debug)]
struct Session {
    queue: Arc<Queue>,
    channels: BTreeSet<Arc<str>>,
}

/// One session's subscriptions, for `kalam.subscriptions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionInfo {
    pub session: SessionId,
    pub channels: Vec<String>,
    /// Notifications that wait for the session.
    pub queued: usize,
    /// Bytes of channels and payloads that wait for the session.
    pub queued_bytes: usize,
    /// How often the queue was full and was replaced by resync markers.
    pub overflows: u64,
}

impl Hub {
    /// A hub whose sessions get queues of these bounds.
    pub fn new(limits: QueueLimits) -> Arc<Hub> {
        Arc::new(Self { limits, tenants: RwLock::default() })
    }

    /// The end of the hub for a new session, which listens to nothing yet.
    pub fn subscriber(self: &Arc<Self>, tenant: TenantId, session: SessionId) -> Subscriber {
        let queue = Arc::new(Queue::new(session, self.limits));
        let entry = Session { queue: queue.clone(), channels: BTreeSet::new() };
        self.tenants.write().entry(tenant).or_default().sessions.insert(session, entry);
        Subscriber::new(self.clone(), tenant, queue)
    }

    /// The sessions of a tenant that listen to something.
    pub fn subscriptions(&self, tenant: TenantId) -> Vec<SubscriptionInfo> {
        let tenants = self.tenants.read();
        let Some(listeners) = tenants.get(&tenant) else { return Vec::new() };
        let listening = listeners.sessions.iter().filter(|(_, session)| !session.channels.is_empty());
        listening
            .map(|(id, session)| {
                let fill = session.queue.fill();
                SubscriptionInfo {
                    session: *id,
                    channels: session.channels.iter().map(ToString::to_string).collect(),
                    queued: fill.notifications,
                    queued_bytes: fill.bytes,
                    overflows: fill.overflows,
                }
            })
            .collect()
    }

    pub(super) fn listen(&self, tenant: TenantId, channel: &str, queue: &Arc<Queue>) {
        let mut tenants = self.tenants.write();
        let Some(listeners) = tenants.get_mut(&tenant) else { return };
        let Some(session) = listeners.sessions.get_mut(&queue.session) else { return };
        if session.channels.contains(channel) {
            return;
        }
        let channel: Arc<str> = channel.into();
        session.channels.insert(channel.clone());
        listeners.channels.entry(channel).or_default().push(queue.clone());
    }

    pub(super) fn unlisten(&self, tenant: TenantId, channel: &str, queue: &Arc<Queue>) {
        let mut tenants = self.tenants.write();
        let Some(listeners) = tenants.get_mut(&tenant) else { return };
        if let Some(session) = listeners.sessions.get_mut(&queue.session) {
            session.channels.remove(channel);
        }
        listeners.remove(channel, queue.session);
    }

    pub(super) fn leave(&self, tenant: TenantId, session: SessionId) {
        let mut tenants = self.tenants.write();
        let Some(listeners) = tenants.get_mut(&tenant) else { return };
        if let Some(left) = listeners.sessions.remove(&session) {
            for channel in left.channels {
                listeners.remove(&channel, session);
            }
        }
        if listeners.sessions.is_empty() {
            tenants.remove(&tenant);
        }
    }

    pub(super) fn channels(&self, tenant: TenantId, session: SessionId) -> Vec<String> {
        let tenants = self.tenants.read();
        let session = tenants.get(&tenant).and_then(|listeners| listeners.sessions.get(&session));
        session.map(|session| session.channels.iter().map(ToString::to_string).collect()).unwrap_or_default()
    }
}

impl CommitObserver for Hub {
    fn committed(&self, tenant: TenantId, seq: Seq, events: &Events) {
        if events.notifications.is_empty() && events.changes.is_empty() {
            return;
        }
        let tenants = self.tenants.read();
        let Some(listeners) = tenants.get(&tenant) else { return };
        let sender = events.sender.unwrap_or(SessionId(0));
        for changes in &events.changes {
            listeners.deliver_changes(sender, seq, changes);
        }
        for notice in &events.notifications {
            listeners.deliver(&notice.channel, sender, seq, || notice.payload.as_str().into());
        }
    }
}

impl Listeners {
    fn remove(&mut self, channel: &str, session: SessionId) {
        if let Some(queues) = self.channels.get_mut(channel) {
            queues.retain(|queue| queue.session != session);
            if queues.is_empty() {
                self.channels.remove(channel);
            }
        }
    }

    /// Appends to the queue of everyone who listens to `channel`; the payload is made only for listeners.
    fn deliver(&self, channel: &str, sender: SessionId, seq: Seq, payload: impl FnOnce() -> Arc<str>) {
        let Some((channel, queues)) = self.channels.get_key_value(channel) else { return };
        let notification = Notification { sender, channel: channel.clone(), payload: payload() };
        for queue in queues {
            queue.push(seq, notification.clone());
        }
    }

    /// Delivers to every channel whose name begins with `prefix`.
    fn deliver_below(&self, prefix: &str, sender: SessionId, seq: Seq, payload: &Arc<str>) {
        let channels = self.channels.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        for (channel, _) in channels.take_while(|(channel, _)| channel.starts_with(prefix)) {
            self.deliver(channel, sender, seq, || payload.clone());
        }
    }

    fn deliver_changes(&self, sender: SessionId, seq: Seq, changes: &TableChanges) {
        let renderer = &*changes.renderer;
        let table = renderer.channel();
        let whole_table = self.channels.contains_key(table);
        let prefix = format!("{table}:");
        let first_conversation = self.channels.range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded));
        let conversations =
            first_conversation.into_iter().next().is_some_and(|(channel, _)| channel.starts_with(&prefix));
        if !whole_table && !conversations {
            return;
        }
        for change in &changes.rows {
            if change.operation == Operation::Truncate {
                let payload: Arc<str> = renderer.render(seq, change).into();
                self.deliver(table, sender, seq, || payload.clone());
                if renderer.has_conversations() {
                    self.deliver_below(&prefix, sender, seq, &payload);
                }
                continue;
            }
            let channels = if conversations { conversation_channels(&prefix, changes, change) } else { Vec::new() };
            if !whole_table && !channels.iter().any(|channel| self.channels.contains_key(channel.as_str())) {
                continue;
            }
            let payload: Arc<str> = renderer.render(seq, change).into();
            self.deliver(table, sender, seq, || payload.clone());
            for channel in &channels {
                self.deliver(channel, sender, seq, || payload.clone());
            }
        }
    }
}

/// The conversations a change belongs to: the row's, and the old row's when an UPDATE moved it.
fn conversation_channels(prefix: &str, changes: &TableChanges, change: &RowChange) -> Vec<String> {
    let rows = [Some(&change.row), change.old.as_ref()];
    let mut channels: Vec<String> = rows
        .into_iter()
        .flatten()
        .filter_map(|row| changes.renderer.conversation(row))
        .map(|conversation| format!("{prefix}{conversation}"))
        .collect();
    channels.dedup();
    channels
}
