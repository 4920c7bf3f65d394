//! The operator as an expression's subquery: one value, or one row of values, for each row of the input.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_expr::PhysicalExpr;
use futures::StreamExt;
use tokio::sync::OnceCell;

use super::Gives;
use super::exec::{Expressions, Inner};
use super::set::{Probe, Set};
use crate::error::QueryError;
use crate::query::bind::errors;

/// Most bytes of remembered answers of one operator and partition.
const REMEMBERED_BYTES: usize = 16 << 20;

/// What the correlated plan gave for one value of each of its inputs.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// One value for each column that the operator adds.
    Row(Arc<Vec<ScalarValue>>),
    /// Rows to test against.
    Set(Arc<Set>),
}

/// The state of one partition.
pub(super) struct Values {
    inner: Inner,
    expressions: Expressions,
    gives: Gives,
    schema: SchemaRef,
    /// The answer, where it is the same for every row, shared by all partitions.
    only: Option<Arc<OnceCell<Answer>>>,
    remembered: HashMap<Vec<ScalarValue>, Answer>,
    remembered_bytes: usize,
    memory: MemoryReservation,
}

impl Values {
    pub fn new(
        inner: Inner,
        expressions: Expressions,
        gives: Gives,
        schema: SchemaRef,
        only: Option<Arc<OnceCell<Answer>>>,
        memory: MemoryReservation,
    ) -> Self {
        let remembered = HashMap::new();
        Self { inner, expressions, gives, schema, only, remembered, remembered_bytes: 0, memory }
    }

    /// A batch of the input with its values.
    pub async fn batch(&mut self, batch: &RecordBatch) -> DataFusionResult<RecordBatch> {
        let wanted = match &self.expressions.guard {
            None => None,
            Some(guard) => Some(guard.evaluate(batch)?.into_array(batch.num_rows())?),
        };
        let wanted = wanted.as_ref().map(|wanted| wanted.as_boolean());
        let added = &self.schema.fields()[batch.num_columns()..].to_vec();
        let is_wanted = |row: usize| wanted.is_none_or(|wanted| wanted.is_valid(row) && wanted.value(row));
        let columns = if (0..batch.num_rows()).any(is_wanted) {
            let operands = evaluated(&self.expressions.operands, batch)?;
            let answers = self.answers(batch, is_wanted).await?;
            self.columns(&answers, &operands, added)?
        } else {
            added.iter().map(|field| new_null_array(field.data_type(), batch.num_rows())).collect()
        };
        let columns = batch.columns().iter().cloned().chain(columns).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    async fn answers(
        &mut self,
        batch: &RecordBatch,
        is_wanted: impl Fn(usize) -> bool,
    ) -> DataFusionResult<Vec<Option<Answer>>> {
        let keys = evaluated(&self.expressions.arguments, batch)?;
        let mut answers = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            if !is_wanted(row) {
                answers.push(None);
                continue;
            }
            if let Some(only) = &self.only {
                if let Some(answer) = only.get() {
                    answers.push(Some(answer.clone()));
                    continue;
                }
            }
            // A subquery over few rows never waits, and there may be millions of outer rows.
            self.check_cancelled()?;
            tokio::task::coop::consume_budget().await;
            let key = keys
                .iter()
                .map(|array| ScalarValue::try_from_array(array, row))
                .collect::<DataFusionResult<Vec<_>>>()?;
            let answer = if let Some(only) = self.only.as_ref().map(Arc::clone) {
                only.get_or_try_init(|| async {
                    let (answer, bytes) = self.answer(&key).await?;
                    self.memory.try_grow(bytes)?;
                    Ok::<_, datafusion::common::DataFusionError>(answer)
                })
                .await?
                .clone()
            } else if let Some(known) = self.remembered.get(&key) {
                known.clone()
            } else {
                let (answer, bytes) = self.answer(&key).await?;
                let bytes = bytes + key.iter().map(ScalarValue::size).sum::<usize>();
                if !self.inner.correlated.volatile && self.remembered_bytes + bytes <= REMEMBERED_BYTES {
                    self.remembered_bytes += bytes;
                    self.memory.try_grow(bytes)?;
                    self.remembered.insert(key, answer.clone());
                }
                answer
            };
            answers.push(Some(answer));
        }
        Ok(answers)
    }

    fn check_cancelled(&self) -> DataFusionResult<()> {
        if self.inner.scan.cancel.is_cancelled() { Err(errors::external(QueryError::Canceled)) } else { Ok(()) }
    }

    /// Runs the plan. With the answer comes how many bytes it keeps.
    async fn answer(&self, key: &[ScalarValue]) -> DataFusionResult<(Answer, usize)> {
        let mut rows = self.inner.rows(key).await?;
        let mut batches = Vec::new();
        let (mut count, mut bytes) = (0, 0);
        // Nobody else has seen this memory yet.
        let growing = self.memory.new_empty();
        while let Some(batch) = rows.next().await {
            self.check_cancelled()?;
            let batch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            count += batch.num_rows();
            if self.gives == Gives::Row && count > 1 {
                return Err(errors::external(QueryError::Cardinality));
            }
            bytes += batch.get_array_memory_size();
            growing.try_resize(bytes)?;
            batches.push(batch);
            if self.gives == Gives::Exists {
                break;
            }
        }
        let added = &self.schema.fields()[self.schema.fields().len() - self.width()..];
        let answer = match (&self.gives, &self.expressions.test) {
            (Gives::Any(_), Some(test)) => {
                let set = Set::new(Arc::clone(test), batches)?;
                bytes = set.size();
                return Ok((Answer::Set(Arc::new(set)), bytes));
            }
            (Gives::Exists, _) => vec![ScalarValue::Boolean(Some(count > 0))],
            (Gives::Array, _) => vec![array(&batches, added)?],
            _ => match batches.first() {
                Some(batch) => batch
                    .columns()
                    .iter()
                    .zip(added)
                    .map(|(column, field)| ScalarValue::try_from_array(&as_type(column, field.data_type())?, 0))
                    .collect::<DataFusionResult<Vec<_>>>()?,
                None => added
                    .iter()
                    .map(|field| ScalarValue::try_from(field.data_type()))
                    .collect::<DataFusionResult<Vec<_>>>()?,
            },
        };
        let bytes = answer.iter().map(ScalarValue::size).sum();
        Ok((Answer::Row(Arc::new(answer)), bytes))
    }

    /// How many columns the operator adds.
    fn width(&self) -> usize {
        if self.gives == Gives::Row { self.inner.correlated.plan.schema().fields().len() } else { 1 }
    }

    fn columns(
        &self,
        answers: &[Option<Answer>],
        operands: &[ArrayRef],
        added: &[FieldRef],
    ) -> DataFusionResult<Vec<ArrayRef>> {
        if let Some(test) = &self.expressions.test {
            let probe = Probe::new(test, operands)?;
            let mut outcomes = Vec::with_capacity(answers.len());
            for (row, answer) in answers.iter().enumerate() {
                outcomes.push(match answer {
                    Some(Answer::Set(set)) => {
                        if row % 256 == 0 {
                            self.check_cancelled()?;
                        }
                        set.test(&probe, row)?
                    }
                    _ => None,
                });
            }
            return Ok(vec![Arc::new(BooleanArray::from(outcomes))]);
        }
        let same = self.only.is_some() && answers.iter().all(Option::is_some);
        added
            .iter()
            .enumerate()
            .map(|(index, field)| {
                let null = ScalarValue::try_from(field.data_type())?;
                let value = |answer: &Option<Answer>| match answer {
                    Some(Answer::Row(row)) => row[index].clone(),
                    _ => null.clone(),
                };
                if same {
                    return value(&answers[0]).to_array_of_size(answers.len());
                }
                ScalarValue::iter_to_array(answers.iter().map(value))
            })
            .collect()
    }
}

fn evaluated(expressions: &[Arc<dyn PhysicalExpr>], batch: &RecordBatch) -> DataFusionResult<Vec<ArrayRef>> {
    expressions.iter().map(|expression| expression.evaluate(batch)?.into_array(batch.num_rows())).collect()
}

/// An array in the form of its field.
pub(super) fn as_type(array: &ArrayRef, data_type: &DataType) -> DataFusionResult<ArrayRef> {
    if array.data_type() == data_type { Ok(Arc::clone(array)) } else { Ok(cast(array, data_type)?) }
}

/// The values of the only column as one list.
fn array(batches: &[RecordBatch], added: &[FieldRef]) -> DataFusionResult<ScalarValue> {
    let DataType::List(element) = added[0].data_type() else {
        return Err(datafusion::common::DataFusionError::Internal("an array that is no list".into()));
    };
    let parts = batches
        .iter()
        .map(|batch| as_type(batch.column(0), element.data_type()))
        .collect::<DataFusionResult<Vec<_>>>()?;
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    let values = if parts.is_empty() { new_null_array(element.data_type(), 0) } else { concat(&parts)? };
    let offsets = arrow::buffer::OffsetBuffer::from_lengths([values.len()]);
    let list = arrow::array::ListArray::try_new(Arc::clone(element), offsets, values, None)?;
    Ok(ScalarValue::List(Arc::new(list)))
}
