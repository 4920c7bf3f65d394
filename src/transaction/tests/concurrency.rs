//! Many transactions at once on real threads: nothing is lost, nothing waits for ever.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::error::{ErrorKind, TransactionError};
use crate::transaction::OnConflict;

use super::world::{World, delete, pairs, rows, update};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Everything here ends soon or hangs for ever; this only turns the second into a failure.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), future).await.expect("transactions wait for each other unnoticed")
}

#[test]
fn concurrent_increments_of_one_row_are_all_counted() {
    const TASKS: i32 = 8;
    const EACH: i32 = 50;
    runtime().block_on(soon(async {
        let world = Arc::new(World::new().await);
        let table = world.create("t").await;
        let mut one = world.begin(1).await;
        one.insert(&table, pairs(&table, &[(1, 0)]), OnConflict::Error).await.unwrap();
        one.commit().await.unwrap();
        let tasks = (0..TASKS).map(|task| {
            let (world, table) = (world.clone(), table.clone());
            tokio::spawn(async move {
                for _ in 0..EACH {
                    let mut one = world.begin(task).await;
                    let (count, runs) =
                        update(&mut one, &table, |_, _| true, |id, value| (id, value + 1)).await.unwrap();
                    assert_eq!(count, 1);
                    assert!(runs <= 2, "the lock is kept over a retry, so a second conflict cannot happen");
                    one.commit().await.unwrap();
                }
            })
        });
        for task in futures::future::join_all(tasks).await {
            task.unwrap();
        }
        assert_eq!(world.rows(&table).await, [(1, TASKS * EACH)]);
        assert!(world.manager.locks().is_empty());
    }));
}

/// One step of a random transaction.
#[derive(Clone, Debug)]
enum Step {
    Add { id: i32, by: i32 },
    AddToAll { by: i32 },
    Move { from: i32, to: i32, amount: i32 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4, 1..9).prop_map(|(id, by)| Step::Add { id, by }),
        1 => (1..9).prop_map(|by| Step::AddToAll { by }),
        2 => (0..4, 0..4, 1..9).prop_map(|(from, to, amount)| Step::Move { from, to, amount }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Random transactions of random additions, some rolled back, some refused for a deadlock: the final
    /// values are the sum of exactly those that committed.
    #[test]
    fn no_committed_addition_is_lost_and_no_other_is_there(
        plans in prop::collection::vec((prop::collection::vec(step(), 1..5), any::<bool>()), 2..10),
    ) {
        let (found, expected, deadlocks) = runtime().block_on(soon(async {
            let world = Arc::new(World::new().await);
            let table = world.create("t").await;
            let mut one = world.begin(1).await;
            one.insert(&table, pairs(&table, &[(0, 1000), (1, 1000), (2, 1000), (3, 1000)]), OnConflict::Error).await.unwrap();
            one.commit().await.unwrap();
            let tasks: Vec<_> = (0..).zip(plans.clone()).map(|(session, (steps, commits))| {
                let (world, table) = (world.clone(), table.clone());
                tokio::spawn(async move {
                    let mut one = world.begin(session).await;
                    let mut added = [0; 4];
                    for step in steps {
                        let outcome = run(&mut one, &table, &step, &mut added).await;
                        match outcome {
                            Ok(()) => {}
                            Err(error) if matches!(error.kind(), ErrorKind::Transaction(TransactionError::Deadlock { .. })) => {
                                return ([0; 4], 1);
                            }
                            Err(error) => panic!("{error}"),
                        }
                        one.statement_begin().await.unwrap();
                        tokio::task::yield_now().await;
                    }
                    if commits {
                        one.commit().await.unwrap();
                        (added, 0)
                    } else {
                        one.rollback();
                        ([0; 4], 0)
                    }
                })
            }).collect();
            let mut expected = [1000; 4];
            let mut deadlocks = 0;
            for task in tasks {
                let (added, deadlock) = task.await.unwrap();
                deadlocks += deadlock;
                expected.iter_mut().zip(added).for_each(|(sum, added)| *sum += added);
            }
            assert!(world.manager.locks().is_empty());
            let found: Vec<i32> = world.rows(&table).await.into_iter().map(|(_, value)| value).collect();
            (found, expected, deadlocks)
        }));
        prop_assert_eq!(found, expected.to_vec());
        prop_assert!(deadlocks < plans.len(), "of a cycle, all but one go on");
    }
}

async fn run(
    one: &mut crate::transaction::Transaction,
    table: &Arc<crate::catalog::Table>,
    step: &Step,
    added: &mut [i32; 4],
) -> crate::Result<()> {
    let mut add = |id: i32, by: i32| added[usize::try_from(id).unwrap()] += by;
    match *step {
        Step::Add { id, by } => {
            update(one, table, |row, _| row == id, |id, value| (id, value + by)).await?;
            add(id, by);
        }
        Step::AddToAll { by } => {
            update(one, table, |_, _| true, |id, value| (id, value + by)).await?;
            (0..4).for_each(|id| add(id, by));
        }
        Step::Move { from, to, amount } => {
            update(one, table, |row, _| row == from, |id, value| (id, value - amount)).await?;
            one.statement_begin().await?;
            update(one, table, |row, _| row == to, |id, value| (id, value + amount)).await?;
            add(from, -amount);
            add(to, amount);
        }
    }
    Ok(())
}

#[test]
fn of_concurrent_inserts_of_one_key_exactly_one_succeeds() {
    runtime().block_on(soon(async {
        let world = Arc::new(World::new().await);
        let table = world.create("t").await;
        for id in 0..20 {
            let tasks = (0..6).map(|session| {
                let (world, table) = (world.clone(), table.clone());
                tokio::spawn(async move {
                    let mut one = world.begin(session).await;
                    match one.insert(&table, pairs(&table, &[(id, session)]), OnConflict::Error).await {
                        Ok(_) => {
                            one.commit().await.unwrap();
                            1
                        }
                        Err(error) => {
                            assert_eq!(error.sqlstate().0, "23505");
                            0
                        }
                    }
                })
            });
            let succeeded: i32 = futures::future::join_all(tasks).await.into_iter().map(Result::unwrap).sum();
            assert_eq!(succeeded, 1);
        }
        assert_eq!(world.rows(&table).await.len(), 20);
    }));
}

#[tokio::test]
async fn an_insert_waits_for_the_one_before_it_and_takes_over_when_that_rolls_back() {
    let world = World::new().await;
    let table = world.create("t").await;
    for commits in [false, true] {
        let mut first = world.begin(1).await;
        first.insert(&table, pairs(&table, &[(7, 1)]), OnConflict::Error).await.unwrap();
        let mut second = world.begin(2).await;
        let mut insert = Box::pin(second.insert(&table, pairs(&table, &[(7, 2)]), OnConflict::DoNothing));
        world.until_it_waits(&mut insert).await;
        if commits {
            first.commit().await.unwrap();
            assert_eq!(insert.await.unwrap().count, 0);
        } else {
            first.rollback();
            assert_eq!(insert.await.unwrap().count, 1);
        }
        // The second one rolls back in both cases.
    }
    assert_eq!(world.rows(&table).await, [(7, 1)]);
}

#[tokio::test]
async fn a_waiting_update_sees_the_row_that_it_waited_for() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 10), (2, 20)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();

    // Its WHERE no longer holds after the wait: nothing is updated.
    let mut first = world.begin(1).await;
    update(&mut first, &table, |id, _| id == 1, |id, _| (id, 11)).await.unwrap();
    let mut second = world.begin(2).await;
    {
        let mut waits = Box::pin(update(&mut second, &table, |_, value| value == 10, |id, _| (id, 99)));
        world.until_it_waits(&mut waits).await;
        first.commit().await.unwrap();
        assert_eq!(waits.await.unwrap(), (0, 2));
    }
    drop(second);

    // The row is gone after the wait: nothing is deleted.
    let mut first = world.begin(1).await;
    delete(&mut first, &table, |id, _| id == 1).await.unwrap();
    let mut second = world.begin(2).await;
    {
        let mut waits = Box::pin(delete(&mut second, &table, |id, _| id == 1));
        world.until_it_waits(&mut waits).await;
        first.commit().await.unwrap();
        assert_eq!(waits.await.unwrap(), (0, 2));
    }
    drop(second);

    // The other rolls back: the first run was right.
    let mut first = world.begin(1).await;
    update(&mut first, &table, |id, _| id == 2, |id, _| (id, 21)).await.unwrap();
    let mut second = world.begin(2).await;
    {
        let mut waits = Box::pin(update(&mut second, &table, |id, _| id == 2, |id, value| (id, value + 5)));
        world.until_it_waits(&mut waits).await;
        first.rollback();
        assert_eq!(waits.await.unwrap(), (1, 1));
    }
    second.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(2, 25)]);
}

#[tokio::test]
async fn a_deadlock_is_resolved_and_the_survivor_commits() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 0), (2, 0)]), OnConflict::Error).await.unwrap();
    one.commit().await.unwrap();

    let mut first = world.begin(1).await;
    let mut second = world.begin(2).await;
    update(&mut first, &table, |id, _| id == 1, |id, _| (id, 1)).await.unwrap();
    update(&mut second, &table, |id, _| id == 2, |id, _| (id, 2)).await.unwrap();
    first.statement_begin().await.unwrap();
    second.statement_begin().await.unwrap();
    {
        let mut waits = Box::pin(update(&mut first, &table, |id, _| id == 2, |id, _| (id, 1)));
        world.until_it_waits(&mut waits).await;
        let refused = update(&mut second, &table, |id, _| id == 1, |id, _| (id, 2)).await.unwrap_err();
        let report = refused.report();
        assert_eq!((report.sqlstate.0, report.message.as_str()), ("40P01", "deadlock detected"));
        assert!(report.detail.unwrap().starts_with("Process 2 waits for ShareLock on transaction "));
        second.rollback();
        waits.await.unwrap();
    }
    first.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 1), (2, 1)]);
}

#[tokio::test]
async fn a_wait_ends_by_cancel_and_by_lock_timeout() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut holder = world.begin(1).await;
    holder.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();

    let mut impatient = world.begin(2).await;
    impatient.set_lock_timeout(Some(Duration::from_millis(10)));
    let refused = impatient.insert(&table, pairs(&table, &[(1, 2)]), OnConflict::Error).await.unwrap_err();
    assert_eq!(refused.sqlstate().0, "55P03");
    drop(impatient);

    let mut canceled = world.begin(3).await;
    let cancel = CancellationToken::new();
    canceled.set_cancel(cancel.clone());
    {
        let mut waits = Box::pin(canceled.insert(&table, pairs(&table, &[(1, 3)]), OnConflict::Error));
        world.until_it_waits(&mut waits).await;
        cancel.cancel();
        assert_eq!(waits.await.unwrap_err().sqlstate().0, "57014");
    }
    drop(canceled);
    holder.commit().await.unwrap();
    assert_eq!(world.rows(&table).await, [(1, 1)]);
}

#[tokio::test]
async fn a_commit_whose_caller_goes_away_is_carried_out_before_its_locks_go() {
    let world = World::new().await;
    let table = world.create("t").await;
    let mut one = world.begin(1).await;
    one.insert(&table, pairs(&table, &[(1, 1)]), OnConflict::Error).await.unwrap();
    let mut commit = Box::pin(one.commit());
    // One poll hands it to the pipeline. If it is done already there was nothing to interrupt, which
    // cannot happen: the committer's answer wakes this thread, it does not run on it.
    let _ = futures::poll!(&mut commit);
    drop(commit);
    let mut two = world.begin(2).await;
    let refused = two.insert(&table, pairs(&table, &[(1, 2)]), OnConflict::Error).await.unwrap_err();
    assert_eq!(refused.sqlstate().0, "23505", "its lock was held until the commit was visible");
    drop(two);
    assert_eq!(world.rows(&table).await, [(1, 1)]);
}

#[test]
fn statements_beside_ddl_see_a_table_with_its_rows_or_no_table() {
    runtime().block_on(soon(async {
        let world = Arc::new(World::new().await);
        world.create("t").await;
        let changing = {
            let world = world.clone();
            tokio::spawn(async move {
                for round in 0..60 {
                    let mut one = world.begin(1).await;
                    let old = one.catalog().table("public", "t").cloned().unwrap();
                    one.drop_table(&old).await.unwrap();
                    one.statement_begin().await.unwrap();
                    let new = one.create_table(super::world::definition("t")).await.unwrap();
                    one.statement_begin().await.unwrap();
                    one.insert(&new, pairs(&new, &[(1, round), (2, round)]), OnConflict::Error).await.unwrap();
                    one.commit().await.unwrap();
                }
            })
        };
        let mut reader = world.begin(2).await;
        let first = reader.catalog().table("public", "t").unwrap().id;
        while !changing.is_finished() {
            reader.statement_begin().await.unwrap();
            let table = reader.catalog().table("public", "t").cloned().expect("it is replaced, never missing");
            let seen = rows(&reader, &table).await;
            if table.id != first {
                assert_eq!(seen.len(), 2, "a table that is there has the rows it was committed with");
            }
            tokio::task::yield_now().await;
        }
        changing.await.unwrap();
    }));
}
