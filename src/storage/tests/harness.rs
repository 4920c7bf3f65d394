//! A small table of messages, and short ways to write and read it.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use futures::TryStreamExt;

use crate::base::clock::ManualClock;
use crate::base::ids::{Seq, TableId, TenantId};
use crate::base::random::Random;
use crate::error::StorageError;
use crate::storage::history::{self, FileId, HistoryFile, manifest};
use crate::storage::{
    Commit, CommitLog, CommitObserver, Durability, Engine, Events, FlushEnd, FlushTicket, ManifestChange, ReadPoint,
    RowCodec, ScanOrder, ScanRequest, Shape, StorageOptions, TenantStore, View, WriteSet, keys,
};

pub const TENANT: TenantId = TenantId(20_000);
pub const TABLE: TableId = TableId(16_400);

/// (conversation, id) → content.
pub type Row = ((String, i64), Option<String>);

pub fn row(conversation: &str, id: i64, content: &str) -> Row {
    ((conversation.into(), id), Some(content.into()))
}

pub fn shape_of(table: TableId) -> Arc<Shape> {
    let schema = Schema::new(vec![
        Field::new("conversation", DataType::Utf8, false),
        Field::new("content", DataType::Utf8, true),
        Field::new("id", DataType::Int64, false),
    ]);
    Arc::new(Shape::new(table, Arc::new(schema), vec![0, 2]))
}

const LIMITS: history::Limits = history::Limits { file_bytes: 600, row_group_rows: 6, block_rows: 3 };

pub struct Harness {
    pub engine: Arc<Engine>,
    pub store: TenantStore,
    pub shape: Arc<Shape>,
}

pub fn options(directory: &Path) -> StorageOptions {
    StorageOptions {
        durability: Durability::Os,
        // A few rows make several files, row groups and pages.
        history_limits: LIMITS,
        block_cache_bytes: 8 << 20,
        write_buffer_bytes: 8 << 20,
        ..StorageOptions::new(directory)
    }
}

impl Harness {
    pub fn open(directory: &Path) -> Self {
        Self::observed(directory, Arc::new(()))
    }

    pub fn observed(directory: &Path, observer: Arc<dyn CommitObserver>) -> Self {
        let engine = Engine::open(options(directory), ManualClock::at(1_700_000_000_000_000), observer).unwrap();
        Self::with(engine, TENANT, TABLE)
    }

    pub fn with(engine: Arc<Engine>, tenant: TenantId, table: TableId) -> Self {
        let store = engine.tenant(tenant);
        Self { engine, store, shape: shape_of(table) }
    }

    pub fn key(&self, conversation: &str, id: i64) -> Vec<u8> {
        let mut key = Vec::new();
        keys::encode_key(&self.shape, &self.batch(&row(conversation, id, "")), 0, &mut key).unwrap();
        key
    }

    pub fn batch(&self, ((conversation, id), content): &Row) -> RecordBatch {
        let columns: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(StringArray::from(vec![conversation.as_str()])),
            Arc::new(StringArray::from(vec![content.as_deref()])),
            Arc::new(Int64Array::from(vec![*id])),
        ];
        RecordBatch::try_new(Arc::clone(&self.shape.schema), columns).unwrap()
    }

    pub fn encoded(&self, row: &Row) -> (Vec<u8>, Vec<u8>) {
        let mut value = Vec::new();
        RowCodec::new(&self.shape).encode(&self.batch(row), 0, &mut value).unwrap();
        (self.key(&row.0.0, row.0.1), value)
    }

    pub fn put(&self, writes: &mut WriteSet, row: &Row) {
        let (key, value) = self.encoded(row);
        writes.put(&self.shape, key, value);
    }

    pub fn insert(&self, writes: &mut WriteSet, row: &Row) {
        let (key, value) = self.encoded(row);
        writes.insert(&self.shape, key, value);
    }

    pub fn delete(&self, writes: &mut WriteSet, conversation: &str, id: i64) {
        writes.delete(&self.shape, self.key(conversation, id));
    }

    /// Commits what `fill` writes, decided at a read point of now.
    pub async fn commit(&self, fill: impl FnOnce(&Self, &mut WriteSet)) -> Seq {
        let read = self.engine.read_point();
        self.try_commit(read, fill).await.unwrap()
    }

    pub async fn try_commit(
        &self,
        read: ReadPoint,
        fill: impl FnOnce(&Self, &mut WriteSet),
    ) -> Result<Seq, StorageError> {
        let mut writes = WriteSet::default();
        fill(self, &mut writes);
        let tenant = self.store.tenant();
        self.engine.commit(Commit { tenant, writes: Arc::new(writes), read, events: Events::default() }).await
    }

    pub fn now(&self) -> View {
        View::committed(self.engine.read_point())
    }

    pub fn request(&self) -> ScanRequest {
        ScanRequest { batch_rows: 7, order: ScanOrder::Forward, ..ScanRequest::all(vec![0, 1, 2]) }
    }

    pub async fn scan(&self, view: &View, request: ScanRequest) -> Vec<Row> {
        let stream = self.store.scan(view.clone(), Arc::clone(&self.shape), request);
        rows(&stream.try_collect::<Vec<_>>().await.unwrap())
    }

    pub async fn all(&self) -> Vec<Row> {
        self.scan(&self.now(), self.request()).await
    }

    /// A flush that rewrites the whole table into files of a few rows: slow, and obviously right.
    pub async fn flush(&self) -> FlushEnd {
        let ticket = self.begin_flush().await.unwrap();
        self.end_flush(ticket).await
    }

    /// The flush that the server uses.
    pub async fn real_flush(&self) -> crate::Result<history::FlushReport> {
        self.engine.flush(self.store.tenant(), &self.shape, history::Trigger::Manual).await
    }

    pub async fn begin_flush(&self) -> Option<FlushTicket> {
        self.engine.begin_flush(self.store.tenant(), self.shape.table).await.unwrap()
    }

    pub async fn end_flush(&self, ticket: FlushTicket) -> FlushEnd {
        let old = self.store.history_files(&ticket.at, self.shape.table).unwrap();
        let new = self.write_files(&ticket.at).await;
        let change = ManifestChange {
            add: new.iter().map(|file| (manifest::file_key(file), manifest::encode(file))).collect(),
            remove: old.iter().map(|file| manifest::file_key(file)).collect(),
        };
        self.engine.end_flush(ticket, change).await.unwrap()
    }

    /// Writes what a read point sees to new files that no manifest names yet.
    pub async fn write_files(&self, at: &ReadPoint) -> Vec<HistoryFile> {
        let request = ScanRequest { with_identity: true, ..self.request() };
        let stream = self.store.scan(View::committed(at.clone()), Arc::clone(&self.shape), request);
        let batches: Vec<RecordBatch> = stream.try_collect().await.unwrap();
        let random = Random::default();
        let place = history::Place { directory: self.engine.directory().into(), tenant: self.store.tenant() };
        let name = || (FileId(random.uuid_v7(1_700_000_000_000_000)), 0);
        let mut writer = history::Writer::new(place, Arc::clone(&self.shape), LIMITS, name);
        for batch in &batches {
            let seqs: &UInt64Array = batch.column(4).as_primitive();
            writer.write(&batch.project(&[0, 1, 2]).unwrap(), batch.column(3).as_binary(), seqs).unwrap();
        }
        writer.finish().unwrap()
    }
}

/// The rows of batches with the columns (conversation, content, id).
pub fn rows(batches: &[RecordBatch]) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in batches {
        let (conversations, contents) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let ids = batch.column(2).as_primitive::<Int64Type>();
        for at in 0..batch.num_rows() {
            let content = contents.is_valid(at).then(|| contents.value(at).to_string());
            rows.push(((conversations.value(at).to_string(), ids.value(at)), content));
        }
    }
    rows
}
