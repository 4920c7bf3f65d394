//! The lock table by its promises: exclusion, order, no deadlock unnoticed, nothing left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::{Granted, LockTable, Mode, Owner, Patience, Target};
use crate::base::ids::{SessionId, TableId, TenantId};
use crate::error::TransactionError;

const TENANT: TenantId = TenantId(16384);
const TABLE: TableId = TableId(16385);

fn row(key: &[u8]) -> Target<'_> {
    Target::Row { tenant: TENANT, table: TABLE, key }
}

fn table() -> Target<'static> {
    Target::Table { tenant: TENANT, table: TABLE }
}

async fn exclusive(owner: &mut Owner, target: Target<'_>) -> Result<Granted, TransactionError> {
    owner.lock(target, Mode::AccessExclusive, &Patience::default()).await
}

async fn shared(owner: &mut Owner, target: Target<'_>) -> Result<Granted, TransactionError> {
    owner.lock(target, Mode::RowExclusive, &Patience::default()).await
}

/// Starts a wait in a task and returns when the task is in the queue.
async fn waiting(
    locks: &Arc<LockTable>,
    mut owner: Owner,
    key: &'static [u8],
) -> tokio::task::JoinHandle<(Owner, Result<Granted, TransactionError>)> {
    let before = locks.waiting();
    let task = tokio::spawn(async move {
        let outcome = exclusive(&mut owner, row(key)).await;
        (owner, outcome)
    });
    while locks.waiting() == before {
        tokio::task::yield_now().await;
    }
    task
}

#[tokio::test]
async fn a_free_lock_is_got_at_once_and_again() {
    let locks = LockTable::new();
    let mut owner = locks.owner(SessionId(1));
    assert_eq!(exclusive(&mut owner, row(b"a")).await.unwrap(), Granted::New);
    assert_eq!(exclusive(&mut owner, row(b"a")).await.unwrap(), Granted::Held);
    assert_eq!((owner.held(), locks.len()), (1, 1));
    drop(owner);
    assert!(locks.is_empty());
}

#[tokio::test]
async fn equal_keys_of_different_tenants_tables_and_kinds_do_not_meet() {
    let locks = LockTable::new();
    let mut one = locks.owner(SessionId(1));
    let mut two = locks.owner(SessionId(2));
    let other_tenant = Target::Row { tenant: TenantId(16999), table: TABLE, key: b"a" };
    let other_table = Target::Row { tenant: TENANT, table: TableId(17000), key: b"a" };
    exclusive(&mut one, row(b"a")).await.unwrap();
    exclusive(&mut one, row(b"")).await.unwrap();
    for target in [other_tenant, other_table, table(), Target::Definitions { tenant: TENANT }] {
        assert_eq!(exclusive(&mut two, target).await.unwrap(), Granted::New);
    }
}

#[tokio::test]
async fn waiters_get_the_lock_in_the_order_they_came() {
    let locks = LockTable::new();
    let mut first = locks.owner(SessionId(0));
    exclusive(&mut first, row(b"a")).await.unwrap();
    let mut tasks = Vec::new();
    for session in 1..=5 {
        tasks.push(waiting(&locks, locks.owner(SessionId(session)), b"a").await);
    }
    drop(first);
    for task in tasks {
        // Only the first of those that still wait can be finished; dropping its owner lets the next one in.
        let (_owner, outcome) = task.await.unwrap();
        assert_eq!(outcome.unwrap(), Granted::Waited);
    }
    assert!(locks.is_empty());
}

#[tokio::test]
async fn writers_share_a_table_and_a_table_lock_waits_for_all_of_them() {
    let locks = LockTable::new();
    let mut one = locks.owner(SessionId(1));
    let mut two = locks.owner(SessionId(2));
    let mut three = locks.owner(SessionId(3));
    shared(&mut one, table()).await.unwrap();
    shared(&mut two, table()).await.unwrap();
    let mut truncate = Box::pin(exclusive(&mut three, table()));
    assert!(futures::poll!(&mut truncate).is_pending());
    // A writer that comes later does not overtake the one who waits.
    let mut four = locks.owner(SessionId(4));
    let mut write = Box::pin(shared(&mut four, table()));
    assert!(futures::poll!(&mut write).is_pending());
    drop(one);
    assert!(futures::poll!(&mut truncate).is_pending());
    drop(two);
    assert_eq!(truncate.await.unwrap(), Granted::Waited);
    assert!(futures::poll!(&mut write).is_pending());
    drop(three);
    assert_eq!(write.await.unwrap(), Granted::Waited);
}

#[tokio::test]
async fn an_owner_strengthens_its_lock_before_those_who_wait() {
    let locks = LockTable::new();
    let mut one = locks.owner(SessionId(1));
    let mut two = locks.owner(SessionId(2));
    shared(&mut one, table()).await.unwrap();
    let mut other = Box::pin(exclusive(&mut two, table()));
    assert!(futures::poll!(&mut other).is_pending());
    assert_eq!(exclusive(&mut one, table()).await.unwrap(), Granted::Held);
    drop(one);
    assert_eq!(other.await.unwrap(), Granted::Waited);
    drop(two);
    assert!(locks.is_empty());
}

#[tokio::test]
async fn two_owners_that_strengthen_the_same_lock_deadlock() {
    let locks = LockTable::new();
    let mut one = locks.owner(SessionId(1));
    let mut two = locks.owner(SessionId(2));
    shared(&mut one, table()).await.unwrap();
    shared(&mut two, table()).await.unwrap();
    let mut waits = Box::pin(exclusive(&mut one, table()));
    assert!(futures::poll!(&mut waits).is_pending());
    let refused = exclusive(&mut two, table()).await.unwrap_err();
    let TransactionError::Deadlock { detail } = refused else { panic!("{refused}") };
    assert_eq!(
        detail,
        "Process 2 waits for AccessExclusiveLock on relation 16385 of database 16384; blocked by process 1.\n\
         Process 1 waits for AccessExclusiveLock on relation 16385 of database 16384; blocked by process 2."
    );
    drop(two);
    assert_eq!(waits.await.unwrap(), Granted::Waited);
    drop(one);
    assert!(locks.is_empty());
}

#[tokio::test]
async fn the_one_who_closes_a_cycle_is_told_and_the_others_go_on() {
    let locks = LockTable::new();
    let keys: [&'static [u8]; 3] = [b"a", b"b", b"c"];
    let mut owners = Vec::new();
    for (session, key) in (1..).zip(keys) {
        let mut owner = locks.owner(SessionId(session));
        exclusive(&mut owner, row(key)).await.unwrap();
        owners.push(owner);
    }
    let mut third = owners.pop().unwrap();
    let second = waiting(&locks, owners.pop().unwrap(), b"c").await;
    let first = waiting(&locks, owners.pop().unwrap(), b"b").await;
    let refused = exclusive(&mut third, row(b"a")).await.unwrap_err();
    let TransactionError::Deadlock { detail } = refused else { panic!("{refused}") };
    assert_eq!(
        detail,
        "Process 3 waits for ShareLock on transaction 1; blocked by process 1.\n\
         Process 1 waits for ShareLock on transaction 2; blocked by process 2.\n\
         Process 2 waits for ShareLock on transaction 3; blocked by process 3."
    );
    drop(third);
    let (owner, outcome) = second.await.unwrap();
    assert_eq!(outcome.unwrap(), Granted::Waited);
    drop(owner);
    let (owner, outcome) = first.await.unwrap();
    assert_eq!(outcome.unwrap(), Granted::Waited);
    drop(owner);
    assert!(locks.is_empty() && locks.waiting() == 0);
}

#[tokio::test]
async fn a_wait_ends_at_lock_timeout_and_leaves_the_queue() {
    let locks = LockTable::new();
    let mut one = locks.owner(SessionId(1));
    let mut two = locks.owner(SessionId(2));
    exclusive(&mut one, row(b"a")).await.unwrap();
    let patience = Patience { timeout: Some(Duration::from_millis(20)), ..Patience::default() };
    let refused = two.lock(row(b"a"), Mode::AccessExclusive, &patience).await.unwrap_err();
    assert!(matches!(refused, TransactionError::LockTimeout), "{refused}");
    assert_eq!((two.held(), locks.waiting()), (0, 0));
    drop(one);
    assert!(locks.is_empty(), "the queue was left");
}

#[tokio::test]
async fn a_wait_ends_when_it_is_cancelled_or_dropped() {
    let locks = LockTable::new();
    let mut one = locks.owner(SessionId(1));
    let mut two = locks.owner(SessionId(2));
    let mut three = locks.owner(SessionId(3));
    exclusive(&mut one, row(b"a")).await.unwrap();
    {
        let mut dropped = Box::pin(exclusive(&mut two, row(b"a")));
        assert!(futures::poll!(&mut dropped).is_pending());
    }
    let cancel = CancellationToken::new();
    cancel.cancel();
    let patience = Patience { timeout: None, cancel: Some(cancel) };
    let refused = three.lock(row(b"a"), Mode::AccessExclusive, &patience).await.unwrap_err();
    assert!(matches!(refused, TransactionError::Canceled), "{refused}");
    drop(one);
    assert!(locks.is_empty() && locks.waiting() == 0);
}

#[tokio::test]
async fn a_lock_granted_to_a_wait_that_is_dropped_goes_to_the_next() {
    let locks = LockTable::new();
    let mut one = locks.owner(SessionId(1));
    let mut two = locks.owner(SessionId(2));
    let mut three = locks.owner(SessionId(3));
    exclusive(&mut one, row(b"a")).await.unwrap();
    let mut granted = Box::pin(exclusive(&mut two, row(b"a")));
    assert!(futures::poll!(&mut granted).is_pending());
    let mut next = Box::pin(exclusive(&mut three, row(b"a")));
    assert!(futures::poll!(&mut next).is_pending());
    drop(one);
    drop(granted);
    assert_eq!(next.await.unwrap(), Granted::Waited);
    drop(three);
    assert!(locks.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Random transactions over few keys, on real threads: at most one holder of a row at a time, every
    /// transaction ends (with its locks or with 40P01), and nothing is left in the table.
    #[test]
    fn random_transactions_exclude_each_other_and_all_end(
        plans in prop::collection::vec(prop::collection::vec(0_usize..4, 1..6), 2..12),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        let locks = LockTable::new();
        let inside: Arc<[AtomicU32]> = (0..4).map(|_| AtomicU32::new(0)).collect();
        let ended = runtime.block_on(async {
            let tasks: Vec<_> = (0..).zip(plans.clone()).map(|(session, plan)| {
                let (locks, inside) = (locks.clone(), inside.clone());
                tokio::spawn(async move {
                    let mut owner = locks.owner(SessionId(session));
                    let mut entered: Vec<usize> = Vec::new();
                    for key in plan {
                        match exclusive(&mut owner, row(&[u8::try_from(key).unwrap()])).await {
                            Ok(Granted::Held) => {}
                            Ok(_) => {
                                assert_eq!(inside[key].fetch_add(1, Ordering::SeqCst), 0, "two holders");
                                entered.push(key);
                            }
                            Err(TransactionError::Deadlock { .. }) => break,
                            Err(other) => panic!("{other}"),
                        }
                        tokio::task::yield_now().await;
                    }
                    for key in entered {
                        inside[key].fetch_sub(1, Ordering::SeqCst);
                    }
                })
            }).collect();
            tokio::time::timeout(Duration::from_secs(30), futures::future::join_all(tasks)).await
        });
        for task in ended.expect("an undetected deadlock") {
            task.unwrap();
        }
        prop_assert!(locks.is_empty());
        prop_assert_eq!(locks.waiting(), 0);
    }
}
