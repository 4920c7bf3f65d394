//! The operator as a lateral join.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{BatchCoalescer, cast, take};
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use futures::StreamExt;
use tokio::sync::mpsc::Sender;

use super::exec::Inner;
use crate::error::QueryError;
use crate::query::bind::errors;

/// Most bytes of remembered results of one operator and partition.
const REMEMBERED_BYTES: usize = 16 << 20;

/// The state of one partition.
pub(super) struct Rows {
    inner: Inner,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    outer: bool,
    schema: SchemaRef,
    ready: BatchCoalescer,
    /// The rows for values that came before, as long as there is room.
    remembered: HashMap<Vec<ScalarValue>, Arc<Vec<RecordBatch>>>,
    remembered_bytes: usize,
    sender: Sender<DataFusionResult<RecordBatch>>,
}

impl Rows {
    pub fn new(
        inner: Inner,
        arguments: Vec<Arc<dyn PhysicalExpr>>,
        outer: bool,
        schema: SchemaRef,
        batch_rows: usize,
        sender: Sender<DataFusionResult<RecordBatch>>,
    ) -> Self {
        let ready = BatchCoalescer::new(Arc::clone(&schema), batch_rows);
        Self { inner, arguments, outer, schema, ready, remembered: HashMap::new(), remembered_bytes: 0, sender }
    }

    /// Hands on what is left.
    pub async fn finish(&mut self) -> DataFusionResult<()> {
        self.ready.finish_buffered_batch()?;
        self.send().await.map(|_| ())
    }

    /// All rows for the rows of one batch. False when nobody reads any more.
    pub async fn batch(&mut self, batch: &RecordBatch) -> DataFusionResult<bool> {
        let keys = self
            .arguments
            .iter()
            .map(|argument| argument.evaluate(batch)?.into_array(batch.num_rows()))
            .collect::<DataFusionResult<Vec<ArrayRef>>>()?;
        for row in 0..batch.num_rows() {
            if self.inner.scan.cancel.is_cancelled() {
                return Err(errors::external(QueryError::Canceled));
            }
            tokio::task::coop::consume_budget().await;
            let key = keys
                .iter()
                .map(|array| ScalarValue::try_from_array(array, row))
                .collect::<DataFusionResult<Vec<_>>>()?;
            if !self.row(batch, row, key).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn row(&mut self, batch: &RecordBatch, row: usize, key: Vec<ScalarValue>) -> DataFusionResult<bool> {
        let row = u32::try_from(row).map_err(|error| DataFusionError::External(error.into()))?;
        let mut found = false;
        if let Some(known) = self.remembered.get(&key).map(Arc::clone) {
            for inner in known.iter() {
                found |= inner.num_rows() > 0;
                self.push(batch, row, inner)?;
            }
        } else {
            let mut rows = self.inner.rows(&key).await?;
            let mut kept = (!self.inner.correlated.volatile).then(Vec::new);
            let mut bytes = 0;
            while let Some(inner) = rows.next().await {
                let inner = inner?;
                found |= inner.num_rows() > 0;
                self.push(batch, row, &inner)?;
                if !self.send().await? {
                    return Ok(false);
                }
                bytes += inner.get_array_memory_size();
                if self.remembered_bytes + bytes > REMEMBERED_BYTES {
                    kept = None;
                }
                kept.iter_mut().for_each(|kept| kept.push(inner.clone()));
            }
            if let Some(kept) = kept {
                self.remembered_bytes += bytes;
                self.remembered.insert(key, Arc::new(kept));
            }
        }
        if self.outer && !found {
            self.push_alone(batch, row)?;
        }
        self.send().await
    }

    /// A row of the input beside each of the rows found for it.
    fn push(&mut self, outer: &RecordBatch, row: u32, inner: &RecordBatch) -> DataFusionResult<()> {
        let places = UInt32Array::from_value(row, inner.num_rows());
        let own = outer.columns().iter().map(|column| take(column, &places, None));
        let others = inner.columns().iter().zip(&self.schema.fields()[outer.num_columns()..]).map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type())
            }
        });
        let columns = own.chain(others).collect::<Result<Vec<_>, _>>()?;
        self.add(columns, inner.num_rows())
    }

    /// A row of the input that nothing was found for.
    fn push_alone(&mut self, outer: &RecordBatch, row: u32) -> DataFusionResult<()> {
        let places = UInt32Array::from_value(row, 1);
        let own = outer.columns().iter().map(|column| take(column, &places, None));
        let others =
            self.schema.fields()[outer.num_columns()..].iter().map(|field| Ok(new_null_array(field.data_type(), 1)));
        let columns = own.chain(others).collect::<Result<Vec<_>, _>>()?;
        self.add(columns, 1)
    }

    fn add(&mut self, columns: Vec<ArrayRef>, rows: usize) -> DataFusionResult<()> {
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        Ok(self.ready.push_batch(batch)?)
    }

    /// Hands on what is complete. False when nobody reads any more.
    async fn send(&mut self) -> DataFusionResult<bool> {
        while let Some(batch) = self.ready.next_completed_batch() {
            if self.sender.send(Ok(batch)).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
