//! The hub's promises: order, self-delivery, routing by tenant and channel, and that nobody waits.

use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::base::ids::{Seq, SessionId, TenantId};
use crate::storage::{CommitObserver, Events, Notice, Operation, RenderChange, RowChange, TableChanges};

const ACME: TenantId = TenantId(16384);
const OTHER: TenantId = TenantId(16385);

fn notify(hub: &Hub, tenant: TenantId, seq: u64, sender: i32, sent: &[(&str, &str)]) {
    let notifications =
        sent.iter().map(|(channel, payload)| Notice { channel: (*channel).into(), payload: (*payload).into() });
    let events =
        Events { sender: Some(SessionId(sender)), notifications: notifications.collect(), ..Events::default() };
    hub.committed(tenant, Seq(seq), &events);
}

fn taken(subscriber: &Subscriber) -> Vec<(String, String)> {
    std::iter::from_fn(|| subscriber.try_next()).map(|n| (n.channel.to_string(), n.payload.to_string())).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(channel, payload)| ((*channel).to_owned(), (*payload).to_owned())).collect()
}

/// Rows are `conversation/text`; a rendering is `op seq text`.
struct Chat;

impl RenderChange for Chat {
    fn channel(&self) -> &str {
        "messages"
    }

    fn has_conversations(&self) -> bool {
        true
    }

    fn conversation(&self, row: &[u8]) -> Option<String> {
        Some(std::str::from_utf8(row).unwrap().split_once('/').unwrap().0.to_owned())
    }

    fn render(&self, seq: Seq, change: &RowChange) -> String {
        let row = std::str::from_utf8(&change.row).unwrap();
        let text = row.split_once('/').map_or(row, |(_, text)| text);
        format!("{:?} {seq} {text}", change.operation)
    }
}

fn change(hub: &Hub, tenant: TenantId, seq: u64, operation: Operation, row: &str, old: Option<&str>) {
    let rows = vec![RowChange {
        operation,
        row: Bytes::copy_from_slice(row.as_bytes()),
        old: old.map(|old| Bytes::copy_from_slice(old.as_bytes())),
    }];
    let changes = vec![TableChanges { renderer: Arc::new(Chat), rows }];
    hub.committed(tenant, Seq(seq), &Events { sender: Some(SessionId(1)), notifications: Vec::new(), changes });
}

#[test]
fn notifications_arrive_in_send_order_also_at_the_sender() {
    let hub = Hub::new(QueueLimits::default());
    let sender = hub.subscriber(ACME, SessionId(1));
    let other = hub.subscriber(ACME, SessionId(2));
    for subscriber in [&sender, &other] {
        subscriber.listen("a");
        subscriber.listen("b");
    }
    notify(&hub, ACME, 1, 1, &[("b", "1"), ("a", "2"), ("c", "3")]);
    notify(&hub, ACME, 2, 1, &[("a", "4")]);
    let expected = pairs(&[("b", "1"), ("a", "2"), ("a", "4")]);
    assert_eq!(taken(&sender), expected);
    assert_eq!(taken(&other), expected);
}

#[test]
fn the_sender_is_named() {
    let hub = Hub::new(QueueLimits::default());
    let subscriber = hub.subscriber(ACME, SessionId(1));
    subscriber.listen("a");
    notify(&hub, ACME, 1, 77, &[("a", "")]);
    assert_eq!(subscriber.try_next().unwrap().sender, SessionId(77));
}

#[test]
fn tenants_with_equal_channels_never_meet() {
    let hub = Hub::new(QueueLimits::default());
    let mine = hub.subscriber(ACME, SessionId(1));
    let theirs = hub.subscriber(OTHER, SessionId(2));
    for subscriber in [&mine, &theirs] {
        subscriber.listen("a");
        subscriber.listen("messages");
    }
    notify(&hub, ACME, 1, 1, &[("a", "mine")]);
    change(&hub, ACME, 2, Operation::Insert, "lobby/x", None);
    assert_eq!(taken(&mine).len(), 2);
    assert_eq!(taken(&theirs), []);
    assert_eq!(hub.subscriptions(OTHER).len(), 1);
    assert_eq!(hub.subscriptions(OTHER)[0].session, SessionId(2));
}

#[test]
fn unlisten_and_drop_end_subscriptions() {
    let hub = Hub::new(QueueLimits::default());
    let subscriber = hub.subscriber(ACME, SessionId(1));
    subscriber.listen("a");
    subscriber.listen("b");
    subscriber.listen("a");
    assert_eq!(subscriber.channels(), ["a", "b"]);
    notify(&hub, ACME, 1, 1, &[("a", "1"), ("b", "2")]);
    subscriber.unlisten("a");
    notify(&hub, ACME, 2, 1, &[("a", "3"), ("b", "4")]);
    assert_eq!(taken(&subscriber), pairs(&[("b", "2"), ("b", "4")]));
    subscriber.unlisten_all();
    notify(&hub, ACME, 3, 1, &[("b", "5")]);
    assert!(subscriber.channels().is_empty() && subscriber.try_next().is_none());
    assert_eq!(hub.subscriptions(ACME), []);
    drop(subscriber);
    let again = hub.subscriber(ACME, SessionId(1));
    assert!(again.channels().is_empty());
}

#[test]
fn a_change_goes_to_its_table_and_its_conversation() {
    let hub = Hub::new(QueueLimits::default());
    let table = hub.subscriber(ACME, SessionId(1));
    table.listen("messages");
    let lobby = hub.subscriber(ACME, SessionId(2));
    lobby.listen("messages:lobby");
    change(&hub, ACME, 1, Operation::Insert, "lobby/hello", None);
    change(&hub, ACME, 2, Operation::Insert, "attic/hi", None);
    change(&hub, ACME, 3, Operation::Delete, "lobby/hello", None);
    assert_eq!(
        taken(&table),
        pairs(&[("messages", "Insert 1 hello"), ("messages", "Insert 2 hi"), ("messages", "Delete 3 hello")])
    );
    assert_eq!(taken(&lobby), pairs(&[("messages:lobby", "Insert 1 hello"), ("messages:lobby", "Delete 3 hello")]));
}

#[test]
fn an_emptied_table_is_told_to_all_its_conversations() {
    let hub = Hub::new(QueueLimits::default());
    let table = hub.subscriber(ACME, SessionId(1));
    table.listen("messages");
    let rooms = hub.subscriber(ACME, SessionId(2));
    for channel in ["messages:attic", "messages:lobby", "messages2", "message"] {
        rooms.listen(channel);
    }
    change(&hub, ACME, 1, Operation::Insert, "lobby/hello", None);
    change(&hub, ACME, 2, Operation::Truncate, "", None);
    change(&hub, ACME, 3, Operation::Insert, "lobby/again", None);
    assert_eq!(
        taken(&table),
        pairs(&[("messages", "Insert 1 hello"), ("messages", "Truncate 2 "), ("messages", "Insert 3 again")])
    );
    assert_eq!(
        taken(&rooms),
        pairs(&[
            ("messages:lobby", "Insert 1 hello"),
            ("messages:attic", "Truncate 2 "),
            ("messages:lobby", "Truncate 2 "),
            ("messages:lobby", "Insert 3 again"),
        ])
    );
}

#[test]
fn a_row_that_moves_is_seen_where_it_was_and_where_it_is() {
    let hub = Hub::new(QueueLimits::default());
    let left = hub.subscriber(ACME, SessionId(1));
    left.listen("messages:lobby");
    let entered = hub.subscriber(ACME, SessionId(2));
    entered.listen("messages:attic");
    change(&hub, ACME, 1, Operation::Update, "attic/x", Some("lobby/x"));
    assert_eq!(taken(&left), pairs(&[("messages:lobby", "Update 1 x")]));
    assert_eq!(taken(&entered), pairs(&[("messages:attic", "Update 1 x")]));
}

/// Panics when asked for anything: the hub must not render what nobody hears.
struct Unheard;

impl RenderChange for Unheard {
    fn channel(&self) -> &str {
        "messages"
    }

    fn has_conversations(&self) -> bool {
        panic!("nothing of this table has a listener")
    }

    fn conversation(&self, _: &[u8]) -> Option<String> {
        panic!("no conversation of this table has a listener")
    }

    fn render(&self, _: Seq, _: &RowChange) -> String {
        panic!("nobody listens to this table")
    }
}

#[test]
fn changes_without_listeners_are_not_rendered() {
    let hub = Hub::new(QueueLimits::default());
    let subscriber = hub.subscriber(ACME, SessionId(1));
    subscriber.listen("messages2");
    subscriber.listen("message");
    let rows = vec![RowChange { operation: Operation::Insert, row: b"x".as_slice().into(), old: None }];
    let changes = vec![TableChanges { renderer: Arc::new(Unheard), rows }];
    hub.committed(ACME, Seq(1), &Events { changes, ..Events::default() });
    assert!(subscriber.try_next().is_none());
}

#[test]
fn a_slow_consumer_gets_one_resync_per_channel_and_blocks_nobody() {
    let hub = Hub::new(QueueLimits { notifications: 3, bytes: 1000 });
    let slow = hub.subscriber(ACME, SessionId(1));
    let fast = hub.subscriber(ACME, SessionId(2));
    for subscriber in [&slow, &fast] {
        subscriber.listen("a");
        subscriber.listen("b");
    }
    let mut heard = 0;
    for seq in 1..=100 {
        notify(&hub, ACME, seq, 1, &[(if seq % 2 == 0 { "a" } else { "b" }, "x")]);
        heard += taken(&fast).len();
    }
    assert_eq!(heard, 100);
    assert_eq!(taken(&slow), pairs(&[("a", r#"{"resync":true,"after":1}"#), ("b", r#"{"resync":true,"after":0}"#)]));
    notify(&hub, ACME, 101, 1, &[("a", "y")]);
    assert_eq!(taken(&slow), pairs(&[("a", "y")]));
    assert_eq!(hub.subscriptions(ACME)[0].overflows, 1);
}

#[test]
fn resync_names_the_last_commit_before_the_first_lost_one() {
    let hub = Hub::new(QueueLimits { notifications: 2, bytes: 1000 });
    let slow = hub.subscriber(ACME, SessionId(1));
    slow.listen("a");
    notify(&hub, ACME, 7, 1, &[("a", "7")]);
    assert_eq!(taken(&slow).len(), 1);
    for seq in 8..=12 {
        notify(&hub, ACME, seq, 1, &[("a", "x")]);
    }
    assert_eq!(taken(&slow), pairs(&[("a", r#"{"resync":true,"after":7}"#)]));
}

#[test]
fn a_queue_is_bounded_in_bytes_too() {
    let hub = Hub::new(QueueLimits { notifications: 1000, bytes: 100 });
    let slow = hub.subscriber(ACME, SessionId(1));
    slow.listen("a");
    notify(&hub, ACME, 1, 1, &[("a", &"x".repeat(60))]);
    assert!(slow.usage() > 0.5);
    notify(&hub, ACME, 2, 1, &[("a", &"x".repeat(60))]);
    assert_eq!(taken(&slow), pairs(&[("a", r#"{"resync":true,"after":0}"#)]));
}

#[tokio::test]
async fn ready_wakes_a_waiting_session_and_never_misses() {
    let hub = Hub::new(QueueLimits::default());
    let subscriber = Arc::new(hub.subscriber(ACME, SessionId(1)));
    subscriber.listen("a");
    let waiting = tokio::spawn({
        let subscriber = subscriber.clone();
        async move {
            let mut heard = 0;
            while heard < 1000 {
                subscriber.ready().await;
                heard += std::iter::from_fn(|| subscriber.try_next()).count();
            }
            heard
        }
    });
    for seq in 1..=1000 {
        notify(&hub, ACME, seq, 1, &[("a", "x")]);
        if seq % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(waiting.await.unwrap(), 1000);
}
