//! Which columns of a file a read takes, and how they become the columns that were asked for.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryBuilder, RecordBatch, RecordBatchOptions, UInt32Array, UInt64Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::errors::arrow_error;
use super::format::{self, KEY_COLUMN, SEQ_COLUMN};
use super::open::OpenFile;
use crate::error::{Result, StorageError};
use crate::storage::{Shape, keys};

/// What is wanted of a row beside its projected columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nothing.
    None,
    /// The key columns are read; they are not part of the result.
    Key,
    /// `_key` and `_seq` are appended to the result.
    KeyAndSeq,
}

/// The columns of a read.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    projection: Vec<usize>,
    identity: Identity,
    /// Stored columns to read, in file order; without `_seq`.
    read: Vec<usize>,
    /// What the result looks like.
    pub schema: SchemaRef,
}

impl Columns {
    pub fn new(shape: &Shape, projection: Vec<usize>, identity: Identity) -> Self {
        let mut read = projection.clone();
        if identity != Identity::None {
            read.extend(&shape.key);
        }
        read.sort_unstable();
        read.dedup();
        let schema = projected(shape, &projection, identity);
        Self { projection, identity, read, schema }
    }

    /// The same with the key columns read.
    pub fn with_key(&self, shape: &Shape) -> Self {
        match self.identity {
            Identity::None => Self::new(shape, self.projection.clone(), Identity::Key),
            Identity::Key | Identity::KeyAndSeq => self.clone(),
        }
    }

    /// The file's root columns to read. Columns that the file does not have are missing.
    pub fn roots(&self, open: &OpenFile) -> Vec<usize> {
        let mut roots: Vec<usize> = self.read.iter().copied().filter(|column| *column < open.columns).collect();
        if self.identity == Identity::KeyAndSeq {
            roots.push(open.seq_root());
        }
        roots
    }

    /// A batch as read from the file, as the result wants it.
    pub fn project(&self, read: &RecordBatch, shape: &Shape) -> Result<RecordBatch> {
        let rows = read.num_rows();
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for &column in &self.projection {
            columns.push(format::from_file(self.column(read, column), shape.schema.field(column), rows)?);
        }
        if self.identity == Identity::KeyAndSeq {
            let keys = self.keys(read, shape)?;
            let mut encoded = BinaryBuilder::with_capacity(rows, rows * 32);
            let mut key = Vec::new();
            for row in 0..rows {
                key.clear();
                keys.encode(row, &mut key)?;
                encoded.append_value(&key);
            }
            columns.push(Arc::new(encoded.finish()));
            columns.push(Arc::new(self.seqs(read)?.clone()));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(arrow_error)?)
    }

    /// The commits of the rows as read from the file.
    pub fn seqs<'a>(&self, read: &'a RecordBatch) -> Result<&'a UInt64Array> {
        let seqs = read.columns().last().and_then(|column| column.as_any().downcast_ref());
        Ok(seqs.ok_or_else(|| StorageError::Corrupted { what: "a history file has no `_seq` column".into() })?)
    }

    /// The keys of the rows as read from the file.
    pub fn keys(&self, read: &RecordBatch, shape: &Shape) -> Result<SortedKeys> {
        let mut columns = Vec::with_capacity(shape.key.len());
        for &column in &shape.key {
            columns.push(format::from_file(self.column(read, column), shape.schema.field(column), read.num_rows())?);
        }
        Ok(SortedKeys { columns, rows: read.num_rows() })
    }

    /// The column of the file, if it has it. Columns are read in file order, and those that the file lacks
    /// are the last ones.
    fn column<'a>(&self, read: &'a RecordBatch, column: usize) -> Option<&'a ArrayRef> {
        let position = self.read.binary_search(&column).ok()?;
        let stored = read.num_columns() - usize::from(self.identity == Identity::KeyAndSeq);
        read.columns().get(..stored)?.get(position)
    }
}

/// The schema of a projection of a shape, with `_key` and `_seq` if they are wanted.
pub(super) fn projected(shape: &Shape, projection: &[usize], identity: Identity) -> SchemaRef {
    let mut fields: Vec<_> = projection.iter().map(|&column| Arc::clone(&shape.schema.fields()[column])).collect();
    if identity == Identity::KeyAndSeq {
        fields.push(Arc::new(Field::new(KEY_COLUMN, DataType::Binary, false)));
        fields.push(Arc::new(Field::new(SEQ_COLUMN, DataType::UInt64, false)));
    }
    Arc::new(Schema::new(fields))
}

/// The key columns of rows that are sorted by key. Keys are encoded only when they are asked for.
pub(super) struct SortedKeys {
    columns: Vec<ArrayRef>,
    rows: usize,
}

impl SortedKeys {
    /// Appends the encoded key of a row.
    pub fn encode(&self, row: usize, key: &mut Vec<u8>) -> Result<()> {
        self.columns.iter().try_for_each(|column| keys::encode_value(column.as_ref(), row, key))
    }

    /// The encoded key of a row.
    pub fn at(&self, row: usize) -> Result<Vec<u8>> {
        let mut key = Vec::new();
        self.encode(row, &mut key)?;
        Ok(key)
    }

    /// The first row whose key is not less than `key`; the number of rows when there is none.
    pub fn first_at_least(&self, key: &[u8]) -> Result<usize> {
        self.partition(|at| at < key)
    }

    /// The first row whose key is greater than `key`; the number of rows when there is none.
    pub fn first_greater(&self, key: &[u8]) -> Result<usize> {
        self.partition(|at| at <= key)
    }

    fn partition(&self, before: impl Fn(&[u8]) -> bool) -> Result<usize> {
        let (mut low, mut high) = (0, self.rows);
        let mut key = Vec::new();
        while low < high {
            let middle = low + (high - low) / 2;
            key.clear();
            self.encode(middle, &mut key)?;
            if before(&key) { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }
}

/// The rows of a batch in the opposite order.
pub(super) fn reversed(batch: &RecordBatch) -> Result<RecordBatch> {
    if batch.num_columns() == 0 {
        return Ok(batch.clone());
    }
    let rows = u32::try_from(batch.num_rows()).expect("a batch of a history file has fewer than 2^32 rows");
    let indexes = UInt32Array::from_iter_values((0..rows).rev());
    Ok(take_record_batch(batch, &indexes).map_err(arrow_error)?)
}
