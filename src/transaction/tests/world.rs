//! A small database for tests: an engine, catalogs, a manager, and an observer that writes down what it hears.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use futures::TryStreamExt;
use parking_lot::Mutex;
use tempfile::TempDir;

use crate::base::clock::SystemClock;
use crate::base::ids::{Seq, SessionId, TenantId};
use crate::base::random::Random;
use crate::catalog::types::PgType;
use crate::catalog::{
    Catalogs, CheckDefinition, ColumnDefinition, PrimaryKeyDefinition, Table, TableDefinition, TenantCatalog,
};
use crate::error::Result;
use crate::storage::{CommitObserver, Engine, Events, ScanOrder, ScanRequest, StorageOptions};
use crate::transaction::{Applied, Manager, RowCheck, Transaction, Violation};

pub const MAX_BYTES: usize = 4 << 20;

pub struct World {
    pub directory: TempDir,
    pub manager: Arc<Manager>,
    pub heard: Arc<Heard>,
    pub tenant: TenantId,
}

/// What the observer heard, in order: `(seq, what)`.
#[derive(Default)]
pub struct Heard(pub Mutex<Vec<(Seq, String)>>);

impl CommitObserver for Heard {
    fn committed(&self, _: TenantId, seq: Seq, events: &Events) {
        let mut heard = self.0.lock();
        for notice in &events.notifications {
            heard.push((seq, format!("{}:{}", notice.channel, notice.payload)));
        }
        for changes in &events.changes {
            for row in &changes.rows {
                let conversation = changes.renderer.conversation(&row.row).unwrap_or_default();
                heard.push((seq, format!("{conversation} {}", changes.renderer.render(seq, row))));
            }
        }
    }
}

impl World {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (manager, heard) = open(&directory);
        let mut creating = manager.begin(TenantId::SYSTEM, SessionId(1)).unwrap();
        creating.statement_begin().await.unwrap();
        let tenant = creating.create_tenant("demo", "app").await.unwrap().tenant.id;
        creating.commit().await.unwrap();
        Self { directory, manager, heard, tenant }
    }

    /// The same directory after a clean stop.
    pub async fn reopen(self) -> Self {
        self.manager.engine().close().await;
        let Self { directory, manager, heard, tenant } = self;
        drop((manager, heard));
        let (manager, heard) = open(&directory);
        Self { directory, manager, heard, tenant }
    }

    /// A transaction whose first statement has begun.
    pub async fn begin(&self, session: i32) -> Transaction {
        let mut transaction = self.manager.begin(self.tenant, SessionId(session)).unwrap();
        transaction.set_checks(Arc::new(NotNegative));
        transaction.statement_begin().await.unwrap();
        transaction
    }

    pub fn catalog(&self) -> Arc<TenantCatalog> {
        self.manager.catalogs().by_id(self.tenant).unwrap()
    }

    pub fn table(&self, name: &str) -> Option<Arc<Table>> {
        self.catalog().table("public", name).cloned()
    }

    /// `CREATE TABLE <name> (id int PRIMARY KEY, value int NOT NULL CHECK (value >= 0), note text)`.
    pub async fn create(&self, name: &str) -> Arc<Table> {
        self.create_as(definition(name)).await
    }

    pub async fn create_as(&self, definition: TableDefinition) -> Arc<Table> {
        let mut transaction = self.begin(1).await;
        let table = transaction.create_table(definition).await.unwrap();
        transaction.commit().await.unwrap();
        table
    }

    /// Polls a statement until it stands in the queue of a lock. It may be pending for other reasons
    /// before that: a scan reads on another thread.
    pub async fn until_it_waits<T>(&self, statement: &mut (impl Future<Output = T> + Unpin)) {
        let before = self.manager.locks().waiting();
        loop {
            assert!(futures::poll!(&mut *statement).is_pending(), "the statement ended without waiting");
            if self.manager.locks().waiting() > before {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// All rows as a new statement of nobody in particular sees them, as `(id, value)`, by id.
    pub async fn rows(&self, table: &Arc<Table>) -> Vec<(i32, i32)> {
        rows(&self.begin(0).await, table).await
    }
}

fn open(directory: &TempDir) -> (Arc<Manager>, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let clock = Arc::new(SystemClock);
    let options =
        StorageOptions { durability: crate::storage::Durability::Os, ..StorageOptions::new(directory.path()) };
    let engine = Engine::open(options, clock.clone(), heard.clone()).unwrap();
    let catalogs = Catalogs::open(&engine.meta(), &engine.read_point()).unwrap();
    (Manager::new(engine, catalogs, clock, Arc::new(Random::default()), MAX_BYTES), heard)
}

pub fn definition(name: &str) -> TableDefinition {
    let column =
        |name: &str, data_type, not_null| ColumnDefinition { name: name.into(), data_type, not_null, default: None };
    TableDefinition {
        schema: "public".into(),
        name: name.into(),
        owner: "app".into(),
        columns: vec![
            column("id", PgType::Int4, true),
            column("value", PgType::Int4, true),
            column("note", PgType::Text, false),
        ],
        primary_key: Some(PrimaryKeyDefinition { name: None, columns: vec!["id".into()] }),
        checks: vec![CheckDefinition { name: None, expression: "value >= 0".into(), columns: vec!["value".into()] }],
        changes: false,
    }
}

/// The only check that these tests have.
pub struct NotNegative;

impl RowCheck for NotNegative {
    fn first_violation(&self, table: &Arc<Table>, rows: &RecordBatch) -> Result<Option<Violation>> {
        let values = rows.column(1).as_primitive::<Int32Type>();
        let row = values.iter().position(|value| value.is_some_and(|value| value < 0));
        Ok(row.map(|row| Violation { row, constraint: table.checks[0].name.clone() }))
    }
}

/// Rows of [`definition`]'s table.
pub fn batch(table: &Table, rows: &[(i32, Option<i32>, Option<&str>)]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| row.0).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|row| row.1).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<StringArray>()),
    ];
    let fields: Vec<_> = table.columns.iter().map(|column| column.data_type.field(&column.name, true)).collect();
    RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap()
}

pub fn pairs(table: &Table, rows: &[(i32, i32)]) -> RecordBatch {
    batch(table, &rows.iter().map(|row| (row.0, Some(row.1), Some("note"))).collect::<Vec<_>>())
}

/// What the running statement sees, with `_key` and `_seq`, in key order.
pub async fn scan(transaction: &Transaction, table: &Arc<Table>) -> RecordBatch {
    let mut request = ScanRequest::all((0..table.shape.schema.fields().len()).collect());
    request.order = ScanOrder::Forward;
    request.with_identity = true;
    let stream = transaction.store().scan(transaction.view(), table.shape.clone(), request);
    let batches: Vec<RecordBatch> = stream.try_collect().await.unwrap();
    match batches.first() {
        Some(first) => arrow::compute::concat_batches(&first.schema(), &batches).unwrap(),
        None => batch(table, &[]),
    }
}

pub async fn rows(transaction: &Transaction, table: &Arc<Table>) -> Vec<(i32, i32)> {
    let found = scan(transaction, table).await;
    let ids = found.column(0).as_primitive::<Int32Type>();
    let values = found.column(1).as_primitive::<Int32Type>();
    ids.values().iter().copied().zip(values.values().iter().copied()).collect()
}

/// `UPDATE table SET value = change(value) WHERE pick(id, value)`, run again as often as it must be.
/// Answers how many rows it changed and how often it ran.
pub async fn update(
    transaction: &mut Transaction,
    table: &Arc<Table>,
    pick: impl Fn(i32, i32) -> bool,
    change: impl Fn(i32, i32) -> (i32, i32),
) -> Result<(u64, u32)> {
    for run in 1.. {
        let (identity, old) = picked(transaction, table, &pick).await;
        let new: Vec<(i32, i32)> = old.iter().map(|(id, value)| change(*id, *value)).collect();
        match transaction.update(table, &identity, pairs(table, &new)).await? {
            Applied::Done(changed) => {
                transaction.statement_end();
                return Ok((changed.count, run));
            }
            Applied::Retry => transaction.statement_begin().await?,
        }
    }
    unreachable!("the loop ends with an answer")
}

/// `DELETE FROM table WHERE pick(id, value)`, likewise.
pub async fn delete(
    transaction: &mut Transaction,
    table: &Arc<Table>,
    pick: impl Fn(i32, i32) -> bool,
) -> Result<(u64, u32)> {
    for run in 1.. {
        let (identity, _) = picked(transaction, table, &pick).await;
        match transaction.delete(table, &identity).await? {
            Applied::Done(changed) => {
                transaction.statement_end();
                return Ok((changed.count, run));
            }
            Applied::Retry => transaction.statement_begin().await?,
        }
    }
    unreachable!("the loop ends with an answer")
}

/// The rows that a WHERE picks: their identity, and `(id, value)`.
pub async fn picked(
    transaction: &Transaction,
    table: &Arc<Table>,
    pick: &impl Fn(i32, i32) -> bool,
) -> (RecordBatch, Vec<(i32, i32)>) {
    let found = scan(transaction, table).await;
    let all = rows(transaction, table).await;
    let keep: Vec<bool> = all.iter().map(|(id, value)| pick(*id, *value)).collect();
    let picked: Vec<(i32, i32)> = all.into_iter().zip(&keep).filter(|(_, keep)| **keep).map(|(row, _)| row).collect();
    if picked.is_empty() {
        return (identity(&[]), picked);
    }
    (arrow::compute::filter_record_batch(&found, &keep.into()).unwrap(), picked)
}

fn identity(rows: &[(&[u8], u64)]) -> RecordBatch {
    let keys: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.0)).collect::<arrow::array::BinaryArray>());
    let seqs: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<arrow::array::UInt64Array>());
    RecordBatch::try_from_iter([("_key", keys), ("_seq", seqs)]).unwrap()
}
