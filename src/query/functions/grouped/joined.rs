//! `string_agg` of texts and of bytes, with a delimiter of its own for every value and a bound on its answer.
//!
//! DataFusion's takes one delimiter for all. As in PostgreSQL the delimiter of the first value is not shown, a NULL
//! one is none, and a NULL value is left out together with its delimiter.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};

use crate::base::limits::{BATCH_BYTES, VALUE_BYTES};
use crate::catalog::types::PgType;
use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::functions::accumulate::passes;

/// The aggregate of texts, or of bytes.
pub fn function(of: &PgType) -> Arc<AggregateUDF> {
    let signature = Signature::any(2, Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Joined { is_text: *of != PgType::Bytea, signature }))
}

fn check(size: usize, limit: u64) -> DataFusionResult<()> {
    if size as u64 > limit {
        return Err(errors::external(QueryError::LimitExceeded("requested length too large".into())));
    }
    Ok(())
}

/// The values so far, each behind its delimiter; `first` is the length of the first delimiter. `None` without a value.
#[derive(Clone, Debug, Default)]
struct Joining {
    bytes: Vec<u8>,
    first: Option<usize>,
}

impl Joining {
    fn add(&mut self, value: &[u8], delimiter: Option<&[u8]>) {
        let delimiter = delimiter.unwrap_or_default();
        self.first.get_or_insert(delimiter.len());
        self.bytes.extend_from_slice(delimiter);
        self.bytes.extend_from_slice(value);
    }

    fn merge(&mut self, bytes: &[u8], first: i64) {
        self.first.get_or_insert(usize::try_from(first).unwrap_or(0));
        self.bytes.extend_from_slice(bytes);
    }

    fn answer(&self) -> Option<&[u8]> {
        self.first.and_then(|first| self.bytes.get(first..))
    }

    fn shown_first(&self) -> Option<i64> {
        self.first.and_then(|first| i64::try_from(first).ok())
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Joined {
    is_text: bool,
    signature: Signature,
}

fn column(is_text: bool, answers: &[Joining]) -> DataFusionResult<ArrayRef> {
    if !is_text {
        return Ok(Arc::new(answers.iter().map(Joining::answer).collect::<BinaryArray>()));
    }
    // Texts and their delimiters are whole, so that what they make is text, too.
    let texts = answers.iter().map(|joining| joining.answer().map(std::str::from_utf8).transpose());
    Ok(Arc::new(texts.collect::<Result<StringArray, _>>().map_err(|error| errors::external(error_of(error)))?))
}

fn error_of(error: std::str::Utf8Error) -> QueryError {
    QueryError::Engine { message: error.to_string() }
}

fn written(states: &[Joining]) -> Vec<ArrayRef> {
    let bytes = states.iter().map(|joining| joining.first.map(|_| joining.bytes.as_slice()));
    let firsts = states.iter().map(Joining::shown_first);
    vec![Arc::new(bytes.collect::<BinaryArray>()), Arc::new(firsts.collect::<Int64Array>())]
}

/// Values and delimiters of a batch as bytes.
struct Rows {
    values: BinaryArray,
    delimiters: BinaryArray,
}

impl Rows {
    fn new(values: &[ArrayRef]) -> DataFusionResult<Self> {
        let bytes = |array: &ArrayRef| -> DataFusionResult<BinaryArray> {
            Ok(cast(array, &DataType::Binary)?.as_binary::<i32>().clone())
        };
        Ok(Self { values: bytes(&values[0])?, delimiters: bytes(&values[1])? })
    }

    fn add(&self, row: usize, joining: &mut Joining) -> usize {
        if self.values.is_null(row) {
            return 0;
        }
        let before = joining.bytes.len();
        let delimiter = self.delimiters.is_valid(row).then(|| self.delimiters.value(row));
        joining.add(self.values.value(row), delimiter);
        joining.bytes.len() - before
    }
}

impl AggregateUDFImpl for Joined {
    fn name(&self) -> &str {
        if self.is_text { "kalam_string_agg" } else { "kalam_bytea_string_agg" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(if self.is_text { DataType::Utf8 } else { DataType::Binary })
    }

    fn return_field(&self, _arguments: &[FieldRef]) -> DataFusionResult<FieldRef> {
        let data_type = if self.is_text { PgType::Text } else { PgType::Bytea };
        Ok(Arc::new(data_type.field(self.name(), true)))
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(Box::new(One { is_text: self.is_text, joining: Joining::default() }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        Ok(vec![
            Arc::new(Field::new(format_state_name(args.name, "bytes"), DataType::Binary, true)),
            Arc::new(Field::new(format_state_name(args.name, "first"), DataType::Int64, true)),
        ])
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Many { is_text: self.is_text, groups: Vec::new(), size: 0 }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::NotSupported
    }
}

/// The answer of one group.
#[derive(Debug)]
struct One {
    is_text: bool,
    joining: Joining,
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let rows = Rows::new(values)?;
        for row in 0..rows.values.len() {
            rows.add(row, &mut self.joining);
            check(self.joining.bytes.len(), VALUE_BYTES)?;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let (bytes, firsts) = (states[0].as_binary::<i32>(), states[1].as_primitive::<Int64Type>());
        for (bytes, first) in bytes.iter().zip(firsts) {
            if let (Some(bytes), Some(first)) = (bytes, first) {
                self.joining.merge(bytes, first);
                check(self.joining.bytes.len(), VALUE_BYTES)?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        ScalarValue::try_from_array(&column(self.is_text, std::slice::from_ref(&self.joining))?, 0)
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let columns = written(std::slice::from_ref(&self.joining));
        columns.iter().map(|column| ScalarValue::try_from_array(column, 0)).collect()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.joining.bytes.capacity()
    }
}

/// The answers of many groups, which leave in one column.
struct Many {
    is_text: bool,
    groups: Vec<Joining>,
    size: usize,
}

impl Many {
    fn take(&mut self, emit_to: EmitTo) -> Vec<Joining> {
        let taken = emit_to.take_needed(&mut self.groups);
        self.size -= taken.iter().map(|joining| joining.bytes.len()).sum::<usize>();
        taken
    }
}

impl GroupsAccumulator for Many {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> DataFusionResult<()> {
        self.groups.resize_with(total, Joining::default);
        let rows = Rows::new(values)?;
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| passes(filter, *row)) {
            self.size += rows.add(row, &mut self.groups[*group]);
            check(self.size, BATCH_BYTES)?;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> DataFusionResult<()> {
        self.groups.resize_with(total, Joining::default);
        let (bytes, firsts) = (states[0].as_binary::<i32>(), states[1].as_primitive::<Int64Type>());
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| bytes.is_valid(*row)) {
            self.groups[*group].merge(bytes.value(row), firsts.value(row));
            self.size += bytes.value(row).len();
            check(self.size, BATCH_BYTES)?;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        let taken = self.take(emit_to);
        column(self.is_text, &taken)
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(written(&self.take(emit_to)))
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> DataFusionResult<Vec<ArrayRef>> {
        let rows = Rows::new(values)?;
        let mut states = vec![Joining::default(); values[0].len()];
        for (row, joining) in states.iter_mut().enumerate().filter(|(row, _)| passes(filter, *row)) {
            rows.add(row, joining);
        }
        Ok(written(&states))
    }

    fn size(&self) -> usize {
        self.size + self.groups.capacity() * size_of::<Joining>()
    }
}
