//! What a message costs below SQL: locks, the transaction's own work, the commit pipeline, reads by key.
//!
//! Run with `cargo bench --bench commit`. The data is one conversation of 10,000 messages in a temporary
//! directory; with `sync` the numbers are mostly those of the disk's fdatasync under that directory (set
//! `TMPDIR` to choose the disk).

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, FixedSizeBinaryArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use criterion::{Criterion, criterion_group, criterion_main};
use futures::TryStreamExt;
use tokio::runtime::Runtime;

use kalam::base::clock::{Clock, SystemClock};
use kalam::base::ids::{SessionId, TableId, TenantId};
use kalam::base::random::Random;
use kalam::catalog::types::PgType;
use kalam::catalog::{Catalogs, ColumnDefinition, PrimaryKeyDefinition, Table, TableDefinition};
use kalam::storage::keys::{encode_key, encode_key_prefix};
use kalam::storage::{CommitObserver, Durability, Engine, KeyRange, ScanOrder, ScanRequest, StorageOptions, View};
use kalam::transaction::locks::{LockTable, Patience, Target};
use kalam::transaction::{Manager, Mode, OnConflict};

const MESSAGES: usize = 10_000;

struct World {
    runtime: Runtime,
    manager: Arc<Manager>,
    tenant: TenantId,
    messages: Arc<Table>,
    random: Random,
    _directory: tempfile::TempDir,
}

impl World {
    fn new(durability: Durability) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = Arc::new(SystemClock);
        let options = StorageOptions { durability, ..StorageOptions::new(directory.path()) };
        let observer: Arc<dyn CommitObserver> = Arc::new(());
        let engine = Engine::open(options, clock.clone(), observer).expect("an engine");
        let catalogs = Catalogs::open(&engine.meta(), &engine.read_point()).expect("catalogs");
        let manager = Manager::new(engine, catalogs, clock, Arc::new(Random::default()), 256 << 20);
        let (tenant, messages) = runtime.block_on(async {
            let mut creating = manager.begin(TenantId::SYSTEM, SessionId(1)).expect("the system database");
            let tenant = creating.create_tenant("demo", "app").await.expect("a tenant").tenant.id;
            creating.commit().await.expect("a commit");
            let mut creating = manager.begin(tenant, SessionId(1)).expect("the tenant");
            let messages = creating.create_table(definition()).await.expect("a table");
            creating.commit().await.expect("a commit");
            (tenant, messages)
        });
        let world = Self { runtime, manager, tenant, messages, random: Random::default(), _directory: directory };
        world.insert(MESSAGES);
        world
    }

    /// One transaction, from begin to the answer of the commit pipeline.
    fn insert(&self, rows: usize) {
        self.runtime.block_on(async {
            let mut one = self.manager.begin(self.tenant, SessionId(1)).expect("the tenant");
            one.statement_begin().await.expect("a read point");
            one.insert(&self.messages, self.batch(rows), OnConflict::Error).await.expect("an insert");
            one.commit().await.expect("a commit");
        });
    }

    fn batch(&self, rows: usize) -> RecordBatch {
        let now = SystemClock.now_us();
        let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; rows])) };
        let ids: Vec<_> = (0..rows).map(|_| self.random.uuid_v7(now).into_bytes()).collect();
        let none = StringArray::new_null(rows);
        let columns: Vec<ArrayRef> = vec![
            text("lobby"),
            Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter()).expect("sixteen bytes each")),
            text("user"),
            text("app"),
            text("a message as people write them, neither short nor long, about eighty characters"),
            arrow::array::new_null_array(&PgType::Uuid.arrow(), rows),
            Arc::new(none),
            Arc::new(TimestampMicrosecondArray::from(vec![now; rows]).with_timezone("UTC")),
        ];
        RecordBatch::try_new(self.messages.shape.schema.clone(), columns).expect("the columns of the table")
    }
}

fn definition() -> TableDefinition {
    let column =
        |name: &str, data_type, not_null| ColumnDefinition { name: name.into(), data_type, not_null, default: None };
    TableDefinition {
        schema: "public".into(),
        name: "messages".into(),
        owner: "app".into(),
        columns: vec![
            column("conversation_id", PgType::Text, true),
            column("id", PgType::Uuid, true),
            column("role", PgType::Text, true),
            column("author", PgType::Text, true),
            column("content", PgType::Text, false),
            column("reply_to", PgType::Uuid, false),
            column("metadata", PgType::Jsonb, false),
            column("created_at", PgType::Timestamptz, true),
        ],
        primary_key: Some(PrimaryKeyDefinition { name: None, columns: vec!["conversation_id".into(), "id".into()] }),
        checks: Vec::new(),
        changes: true,
    }
}

fn locks(criterion: &mut Criterion) {
    let table = LockTable::new();
    let patience = Patience::default();
    let key = [7_u8; 32];
    criterion.bench_function("lock and unlock one free row", |bencher| {
        bencher.iter(|| {
            let mut owner = table.owner(SessionId(1));
            let target = Target::Row { tenant: TenantId(16384), table: TableId(16385), key: black_box(&key) };
            futures::executor::block_on(owner.lock(target, Mode::AccessExclusive, &patience)).expect("a free lock");
        });
    });
}

fn transactions(criterion: &mut Criterion) {
    let world = World::new(Durability::Os);
    criterion.bench_function("insert one message, without commit", |bencher| {
        bencher.iter(|| {
            world.runtime.block_on(async {
                let mut one = world.manager.begin(world.tenant, SessionId(1)).expect("the tenant");
                one.statement_begin().await.expect("a read point");
                one.insert(&world.messages, world.batch(1), OnConflict::Error).await.expect("an insert");
                one.statement_end();
                one.rollback();
            });
        });
    });
    criterion.bench_function("build the batch of one message", |bencher| bencher.iter(|| world.batch(1)));
    criterion.bench_function("insert and commit one message, os", |bencher| bencher.iter(|| world.insert(1)));
    let mut group = criterion.benchmark_group("batches");
    group.sample_size(20);
    group.throughput(criterion::Throughput::Elements(5_000));
    group.bench_function("insert and commit 5000 messages, os", |bencher| bencher.iter(|| world.insert(5_000)));
    group.finish();

    let synced = World::new(Durability::Sync);
    criterion.bench_function("insert and commit one message, sync", |bencher| bencher.iter(|| synced.insert(1)));
}

fn reads(criterion: &mut Criterion) {
    let world = World::new(Durability::Os);
    let store = world.manager.engine().tenant(world.tenant);
    let shape = &world.messages.shape;
    let all: Vec<usize> = (0..shape.schema.fields().len()).collect();

    let known = world.batch(1);
    world.runtime.block_on(async {
        let mut one = world.manager.begin(world.tenant, SessionId(1)).expect("the tenant");
        one.insert(&world.messages, known.clone(), OnConflict::Error).await.expect("an insert");
        one.commit().await.expect("a commit");
    });
    let mut key = Vec::new();
    encode_key(shape, &known, 0, &mut key).expect("a key");
    let keys = [key];
    criterion.bench_function("get one message by key", |bencher| {
        bencher.iter(|| {
            let view = View::committed(store.read_point());
            let found = futures::executor::block_on(store.get(&view, shape, &keys, &all)).expect("a read");
            assert!(found[0].is_some());
        });
    });

    let lobby: ArrayRef = Arc::new(StringArray::from(vec!["lobby"]));
    let mut prefix = Vec::new();
    encode_key_prefix(shape, &[lobby], &mut prefix).expect("a prefix");
    criterion.bench_function("latest 50 messages, fresh", |bencher| {
        bencher.iter(|| {
            world.runtime.block_on(async {
                let mut request = ScanRequest::all(all.clone());
                request.range = KeyRange::prefix(prefix.clone());
                request.order = ScanOrder::Reverse;
                request.limit = Some(50);
                let view = View::committed(store.read_point());
                let batches: Vec<RecordBatch> =
                    store.scan(view, shape.clone(), request).try_collect().await.expect("a scan");
                assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 50);
            });
        });
    });
}

criterion_group! {
    name = commit;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = locks, transactions, reads
}
criterion_main!(commit);
