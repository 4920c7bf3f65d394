//! `x = ANY (SELECT …)`: rows to test against, found by hash where that is possible.
//!
//! The outcome has three values. A row for which the test is true decides; without one, a row for which it is NULL
//! makes the outcome NULL; without such a row it is false.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::Result as DataFusionResult;
use datafusion::physical_expr::PhysicalExpr;

use super::node::Key;
use super::values::as_type;

/// A test, compiled.
#[derive(Debug)]
pub(super) struct PhysicalTest {
    pub condition: Arc<dyn PhysicalExpr>,
    /// The operands, then the columns of the correlated plan.
    pub schema: SchemaRef,
    pub operands: usize,
    pub keys: Option<Vec<Key>>,
}

impl PhysicalTest {
    fn converter(&self) -> DataFusionResult<Option<(RowConverter, &[Key])>> {
        let Some(keys) = self.keys.as_deref() else { return Ok(None) };
        let fields = keys.iter().map(|key| SortField::new(key.data_type.clone())).collect();
        Ok(Some((RowConverter::new(fields)?, keys)))
    }
}

/// The rows of a subquery.
#[derive(Debug)]
pub(super) struct Set {
    test: Arc<PhysicalTest>,
    batches: Vec<RecordBatch>,
    /// The keys of the rows without a NULL among them.
    keys: HashSet<Box<[u8]>>,
    is_empty: bool,
    has_nulls: bool,
    bytes: usize,
}

/// The operands of a batch of the input.
pub(super) struct Probe<'a> {
    operands: &'a [ArrayRef],
    keys: Option<(Rows, Vec<ArrayRef>)>,
}

impl<'a> Probe<'a> {
    pub fn new(test: &PhysicalTest, operands: &'a [ArrayRef]) -> DataFusionResult<Self> {
        let keys = match test.converter()? {
            None => None,
            Some((converter, keys)) => {
                let columns = keys
                    .iter()
                    .map(|key| as_type(&operands[key.operand], &key.data_type))
                    .collect::<DataFusionResult<Vec<_>>>()?;
                Some((converter.convert_columns(&columns)?, columns))
            }
        };
        Ok(Self { operands, keys })
    }
}

impl Set {
    pub fn new(test: Arc<PhysicalTest>, batches: Vec<RecordBatch>) -> DataFusionResult<Self> {
        let is_empty = batches.iter().all(|batch| batch.num_rows() == 0);
        let mut set = Self { test, batches: Vec::new(), keys: HashSet::new(), is_empty, has_nulls: false, bytes: 0 };
        let test = Arc::clone(&set.test);
        if let Some((converter, keys)) = test.converter()? {
            for batch in &batches {
                let columns = keys
                    .iter()
                    .map(|key| as_type(batch.column(key.column), &key.data_type))
                    .collect::<DataFusionResult<Vec<_>>>()?;
                let rows = converter.convert_columns(&columns)?;
                for (index, row) in rows.iter().enumerate() {
                    if columns.iter().any(|column| column.is_null(index)) {
                        set.has_nulls = true;
                    } else if !set.keys.contains(row.as_ref()) {
                        let key: Box<[u8]> = row.as_ref().into();
                        set.bytes += key.len() + 2 * size_of::<Box<[u8]>>();
                        set.keys.insert(key);
                    }
                }
            }
            // The outcome for one column needs nothing else.
            if keys.len() == 1 {
                return Ok(set);
            }
        }
        let fields = &test.schema.fields()[test.operands..];
        for batch in batches {
            let columns = batch
                .columns()
                .iter()
                .zip(fields)
                .map(|(column, field)| as_type(column, field.data_type()))
                .collect::<DataFusionResult<Vec<_>>>()?;
            set.bytes += columns.iter().map(|column| column.get_array_memory_size()).sum::<usize>();
            let schema = Arc::new(arrow::datatypes::Schema::new(
                fields.iter().map(|field| field.as_ref().clone().with_nullable(true)).collect::<Vec<_>>(),
            ));
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            set.batches.push(RecordBatch::try_new_with_options(schema, columns, &options)?);
        }
        Ok(set)
    }

    pub fn size(&self) -> usize {
        self.bytes
    }

    /// The outcome for one row of the input.
    pub fn test(&self, probe: &Probe<'_>, row: usize) -> DataFusionResult<Option<bool>> {
        if self.is_empty {
            return Ok(Some(false));
        }
        if let Some((rows, columns)) = &probe.keys {
            let is_null = columns.iter().any(|column| column.is_null(row));
            if !is_null && self.keys.contains(rows.row(row).as_ref()) {
                return Ok(Some(true));
            }
            if !is_null && !self.has_nulls {
                return Ok(Some(false));
            }
            if columns.len() == 1 {
                return Ok(None);
            }
        }
        self.compare(probe, row)
    }

    /// Compares one row of the input with all.
    fn compare(&self, probe: &Probe<'_>, row: usize) -> DataFusionResult<Option<bool>> {
        let mut unknown = false;
        let place = u32::try_from(row).map_err(|error| datafusion::common::DataFusionError::External(error.into()))?;
        for batch in &self.batches {
            let places = UInt32Array::from_value(place, batch.num_rows());
            let operands = probe.operands.iter().map(|operand| take(operand, &places, None));
            let columns = operands
                .chain(batch.columns().iter().map(|column| Ok(Arc::clone(column))))
                .collect::<Result<Vec<_>, _>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let both = RecordBatch::try_new_with_options(Arc::clone(&self.test.schema), columns, &options)?;
            let outcomes = self.test.condition.evaluate(&both)?.into_array(both.num_rows())?;
            let outcomes: &BooleanArray = outcomes.as_boolean();
            if outcomes.true_count() > 0 {
                return Ok(Some(true));
            }
            unknown |= outcomes.null_count() > 0;
        }
        Ok(if unknown { None } else { Some(false) })
    }
}
