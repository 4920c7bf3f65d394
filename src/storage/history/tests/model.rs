//! Random commits, flushes, truncations and crashes: the table always equals a map.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::TryStreamExt;
use proptest::prelude::*;

use super::fixture::{Row, TABLE, TENANT, commit, encoded, key, open, shape, versions};
use crate::storage::history::flush::{Flush, FlushReport, Prepared, Trigger};
use crate::storage::{Engine, ScanOrder, ScanRequest, View};

#[derive(Clone, Debug)]
enum Step {
    /// Writes rows of consecutive numbers.
    Write {
        first: u32,
        count: u32,
    },
    Delete {
        first: u32,
        count: u32,
    },
    /// Deletes one row and inserts another one, in one transaction.
    Swap {
        from: u32,
        to: u32,
    },
    /// Writes the new files of a flush.
    Prepare,
    /// Ends the flush that was prepared.
    Finish,
    Flush,
    Truncate,
    /// Stops without ending a prepared flush, and starts again.
    Restart,
    Check,
}

const NUMBERS: u32 = 60;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..NUMBERS, 1u32..12).prop_map(|(first, count)| Step::Write { first, count }),
        3 => (0..NUMBERS, 1u32..6).prop_map(|(first, count)| Step::Delete { first, count }),
        2 => (0..NUMBERS, 0..NUMBERS).prop_map(|(from, to)| Step::Swap { from, to }),
        3 => Just(Step::Prepare),
        3 => Just(Step::Finish),
        2 => Just(Step::Flush),
        1 => Just(Step::Truncate),
        1 => Just(Step::Restart),
        3 => Just(Step::Check),
    ]
}

struct Harness {
    directory: tempfile::TempDir,
    engine: Option<Arc<Engine>>,
    prepared: Option<Prepared>,
    model: BTreeMap<u32, i32>,
    version: i32,
}

impl Harness {
    fn engine(&self) -> &Arc<Engine> {
        self.engine.as_ref().unwrap()
    }

    fn flush(&self) -> Flush {
        Flush { engine: Arc::clone(self.engine()), tenant: TENANT, shape: shape() }
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Write { first, count } => {
                let numbers = first..(first + count).min(NUMBERS);
                let model = &mut self.model;
                let version = &mut self.version;
                commit(self.engine.as_ref().unwrap(), |writes| {
                    for number in numbers {
                        *version += 1;
                        let row = Row { number, version: *version };
                        // As a transaction does: an INSERT that found nothing, or an UPDATE.
                        match model.insert(number, row.version) {
                            None => writes.insert(&shape(), key(row), encoded(row)),
                            Some(_) => writes.put(&shape(), key(row), encoded(row)),
                        }
                    }
                })
                .await;
            }
            Step::Delete { first, count } => {
                let numbers = first..(first + count).min(NUMBERS);
                for number in numbers.clone() {
                    self.model.remove(&number);
                }
                let keys = numbers.map(|number| key(Row { number, version: 0 }));
                commit(self.engine(), |writes| keys.for_each(|key| writes.delete(&shape(), key))).await;
            }
            Step::Swap { from, to } => {
                self.version += 1;
                let row = Row { number: to, version: self.version };
                self.model.remove(&from);
                self.model.insert(to, self.version);
                commit(self.engine(), |writes| {
                    writes.delete(&shape(), key(Row { number: from, version: 0 }));
                    writes.put(&shape(), key(row), encoded(row));
                })
                .await;
            }
            Step::Prepare if self.prepared.is_none() => {
                self.prepared = self.flush().prepare().await.unwrap();
            }
            Step::Finish => {
                if let Some(prepared) = self.prepared.take() {
                    let report = FlushReport::new(TENANT, TABLE, Trigger::Manual, 0);
                    self.flush().finish(prepared, report).await.unwrap();
                }
            }
            Step::Flush if self.prepared.is_none() => {
                self.engine().flush(TENANT, &shape(), Trigger::Manual).await.unwrap();
            }
            Step::Prepare | Step::Flush => {}
            Step::Truncate => {
                self.model.clear();
                commit(self.engine(), |writes| writes.truncate(TABLE)).await;
            }
            Step::Restart => {
                self.prepared = None;
                self.engine().close().await;
                self.engine = None;
                self.engine = Some(open(self.directory.path()));
            }
            Step::Check => self.check().await,
        }
    }

    async fn check(&self) {
        let store = self.engine().tenant(TENANT);
        let view = View::committed(self.engine().read_point());
        let expected: Vec<i32> = self.model.values().copied().collect();
        let mut request = ScanRequest { order: ScanOrder::Forward, batch_rows: 7, ..ScanRequest::all(vec![2]) };
        let read = |request: ScanRequest| {
            let rows = store.scan(view.clone(), shape(), request);
            async { versions(&rows.try_collect::<Vec<_>>().await.unwrap()) }
        };
        assert_eq!(read(request.clone()).await, expected);
        request.order = ScanOrder::Reverse;
        request.limit = Some(5);
        assert_eq!(read(request.clone()).await, expected.iter().rev().take(5).copied().collect::<Vec<_>>());
        request.order = ScanOrder::Unordered;
        request.limit = None;
        let mut unordered = read(request.clone()).await;
        unordered.sort_unstable();
        let mut sorted = expected.clone();
        sorted.sort_unstable();
        assert_eq!(unordered, sorted);
        let mut parts = Vec::new();
        for part in store.scan_parts(view.clone(), shape(), request).await.unwrap() {
            parts.extend(versions(&part.try_collect::<Vec<_>>().await.unwrap()));
        }
        parts.sort_unstable();
        assert_eq!(parts, sorted);
        let keys: Vec<Vec<u8>> = (0..NUMBERS).map(|number| key(Row { number, version: 0 })).collect();
        let found = store.get(&view, &shape(), &keys, &[2]).await.unwrap();
        let contained = store.contains(&view, &shape(), &keys).await.unwrap();
        for number in 0..NUMBERS {
            let row = found[number as usize].as_ref().map(|row| versions(std::slice::from_ref(&row.batch))[0]);
            assert_eq!(row, self.model.get(&number).copied(), "number {number}");
            assert_eq!(contained[number as usize], row.is_some(), "number {number}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn a_table_equals_a_map(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let engine = Some(open(directory.path()));
            let mut harness = Harness { directory, engine, prepared: None, model: BTreeMap::new(), version: 0 };
            for step in &steps {
                harness.take(step).await;
            }
            harness.check().await;
        });
    }
}
