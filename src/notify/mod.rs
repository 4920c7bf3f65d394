//! The hub of LISTEN/NOTIFY and change feeds.
//!
//! PostgreSQL wakes every listening backend for every notification. Here a notification is routed: the
//! hub keeps one map from (tenant, channel) to the queues that listen there, so idle listeners cost
//! nothing, and two tenants with equal channel names cannot meet because the tenant is part of the key.

mod hub;
mod queue;
mod subscriber;
#[cfg(test)]
mod tests;

pub use hub::{Hub, SubscriptionInfo};
pub use queue::{Notification, QueueLimits};
pub use subscriber::Subscriber;
