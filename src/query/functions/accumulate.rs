//! Adding up numbers without losing any: the accumulators behind `sum` and `avg`.
//!
//! DataFusion's own wrap around. Here every type is added up in a wider one, and what does not fit even that
//! is 22003. A total is a sum and a count: the count tells an empty sum, which is NULL, from zero, and makes
//! the average.

use std::collections::HashSet;
use std::fmt::{self, Debug};
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int64Array, ListArray, PrimitiveArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType};
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use crate::error::{CatalogError, QueryError};
use crate::query::bind::errors;

/// A type in which values are added up.
pub trait Addend: ArrowPrimitiveType<Native: Default + Copy + Send + Sync + Debug> + Debug + Send + Sync {
    /// What tells two values apart in `DISTINCT`.
    type Key: Hash + Eq + Copy + Send + Sync + Debug;

    /// `None` for what this type cannot hold.
    fn plus(left: Self::Native, right: Self::Native) -> Option<Self::Native>;
    fn minus(left: Self::Native, right: Self::Native) -> Option<Self::Native>;
    fn key(value: Self::Native) -> Self::Key;
}

macro_rules! exact {
    ($($addend:ty),*) => {$(
        impl Addend for $addend {
            type Key = Self::Native;

            fn plus(left: Self::Native, right: Self::Native) -> Option<Self::Native> {
                left.checked_add(right)
            }

            fn minus(left: Self::Native, right: Self::Native) -> Option<Self::Native> {
                left.checked_sub(right)
            }

            fn key(value: Self::Native) -> Self::Key {
                value
            }
        }
    )*};
}

exact!(Int64Type);

impl Addend for Float64Type {
    type Key = u64;

    fn plus(left: f64, right: f64) -> Option<f64> {
        let sum = left + right;
        (!sum.is_infinite() || left.is_infinite() || right.is_infinite()).then_some(sum)
    }

    fn minus(left: f64, right: f64) -> Option<f64> {
        Self::plus(left, -right)
    }

    fn key(value: f64) -> u64 {
        // Zero has two signs and is one value; so is NaN.
        if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
    }
}

impl Addend for IntervalMonthDayNanoType {
    type Key = i128;

    fn plus(left: IntervalMonthDayNano, right: IntervalMonthDayNano) -> Option<IntervalMonthDayNano> {
        Some(IntervalMonthDayNano::new(
            left.months.checked_add(right.months)?,
            left.days.checked_add(right.days)?,
            left.nanoseconds.checked_add(right.nanoseconds)?,
        ))
    }

    fn minus(left: IntervalMonthDayNano, right: IntervalMonthDayNano) -> Option<IntervalMonthDayNano> {
        Some(IntervalMonthDayNano::new(
            left.months.checked_sub(right.months)?,
            left.days.checked_sub(right.days)?,
            left.nanoseconds.checked_sub(right.nanoseconds)?,
        ))
    }

    fn key(value: IntervalMonthDayNano) -> i128 {
        super::interval::span_of(value)
    }
}

/// What makes of a sum and its count the result.
pub type Finish = Arc<dyn Fn(&ArrayRef, &Int64Array) -> crate::Result<ArrayRef> + Send + Sync>;

/// How values are added up and what comes out.
pub struct Total<A: Addend> {
    /// The type of sums: the type `A` with its precision, scale or zone.
    sum_type: DataType,
    finish: Finish,
    addend: PhantomData<A>,
}

impl<A: Addend> Clone for Total<A> {
    fn clone(&self) -> Self {
        Self { sum_type: self.sum_type.clone(), finish: Arc::clone(&self.finish), addend: PhantomData }
    }
}

impl<A: Addend> Debug for Total<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Total").field("sum_type", &self.sum_type).finish_non_exhaustive()
    }
}

impl<A: Addend> Total<A> {
    pub fn new(sum_type: DataType, finish: Finish) -> Self {
        Self { sum_type, finish, addend: PhantomData }
    }

    /// The values in the type in which they are added up.
    fn read(&self, values: &ArrayRef) -> DataFusionResult<PrimitiveArray<A>> {
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let wide = cast_with_options(values, &self.sum_type, &options)?;
        Ok(wide.as_primitive::<A>().clone())
    }

    fn plus(&self, left: A::Native, right: A::Native) -> DataFusionResult<A::Native> {
        A::plus(left, right).ok_or_else(|| overflow(&self.sum_type))
    }

    fn array(&self, sums: Vec<A::Native>) -> PrimitiveArray<A> {
        PrimitiveArray::new(sums.into(), None).with_data_type(self.sum_type.clone())
    }

    fn result(&self, sum: A::Native, count: i64) -> DataFusionResult<ScalarValue> {
        let sums: ArrayRef = Arc::new(self.array(vec![sum]));
        let result = (self.finish)(&sums, &Int64Array::from(vec![count])).map_err(errors::external)?;
        ScalarValue::try_from_array(&result, 0)
    }
}

/// 22003, or 22008 for intervals, in PostgreSQL's words.
pub fn overflow(data_type: &DataType) -> DataFusionError {
    match data_type {
        DataType::Interval(_) => errors::external(CatalogError::DatetimeOverflow("interval out of range".into())),
        other => {
            let message = match other {
                DataType::Int64 => "bigint out of range",
                DataType::Float32 | DataType::Float64 => "value out of range: overflow",
                _ => "value overflows numeric format",
            };
            errors::external(QueryError::NumberOutOfRange(message.into()))
        }
    }
}

/// One total, which can also be of a frame that moves.
#[derive(Debug)]
pub struct Single<A: Addend> {
    total: Total<A>,
    sum: A::Native,
    count: i64,
}

impl<A: Addend> Single<A> {
    pub fn new(total: Total<A>) -> Self {
        Self { total, sum: A::Native::default(), count: 0 }
    }
}

impl<A: Addend> Accumulator for Single<A> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for value in self.total.read(&values[0])?.iter().flatten() {
            self.sum = self.total.plus(self.sum, value)?;
            self.count += 1;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for value in self.total.read(&values[0])?.iter().flatten() {
            self.sum = A::minus(self.sum, value).ok_or_else(|| overflow(&self.total.sum_type))?;
            self.count -= 1;
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let (sums, counts) = (states[0].as_primitive::<A>(), states[1].as_primitive::<Int64Type>());
        for (sum, count) in sums.values().iter().zip(counts.values()) {
            self.sum = self.total.plus(self.sum, *sum)?;
            self.count += count;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        self.total.result(self.sum, self.count)
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let sum = ScalarValue::try_from_array(&self.total.array(vec![self.sum]), 0)?;
        Ok(vec![sum, ScalarValue::Int64(Some(self.count))])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The total of the values that are different. Its state is the list of them.
#[derive(Debug)]
pub struct Distinct<A: Addend> {
    total: Total<A>,
    seen: HashSet<A::Key>,
    values: Vec<A::Native>,
}

impl<A: Addend> Distinct<A> {
    pub fn new(total: Total<A>) -> Self {
        Self { total, seen: HashSet::new(), values: Vec::new() }
    }

    fn add(&mut self, values: &PrimitiveArray<A>) {
        for value in values.iter().flatten() {
            if self.seen.insert(A::key(value)) {
                self.values.push(value);
            }
        }
    }
}

impl<A: Addend> Accumulator for Distinct<A> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let values = self.total.read(&values[0])?;
        self.add(&values);
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        for list in states[0].as_list::<i32>().iter().flatten() {
            self.add(list.as_primitive::<A>());
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        let mut sum = A::Native::default();
        for value in &self.values {
            sum = self.total.plus(sum, *value)?;
        }
        self.total.result(sum, i64::try_from(self.values.len()).unwrap_or(i64::MAX))
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let values = self.total.array(self.values.clone());
        let field = Arc::new(Field::new_list_field(self.total.sum_type.clone(), true));
        let offsets = arrow::buffer::OffsetBuffer::from_lengths([values.len()]);
        let list = ListArray::try_new(field, offsets, Arc::new(values), None)?;
        Ok(vec![ScalarValue::List(Arc::new(list))])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.seen.capacity() * size_of::<A::Key>() + self.values.capacity() * size_of::<A::Native>()
    }
}

/// The totals of many groups.
#[derive(Debug)]
pub struct Groups<A: Addend> {
    total: Total<A>,
    sums: Vec<A::Native>,
    counts: Vec<i64>,
}

impl<A: Addend> Groups<A> {
    pub fn new(total: Total<A>) -> Self {
        Self { total, sums: Vec::new(), counts: Vec::new() }
    }

    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups, A::Native::default());
        self.counts.resize(groups, 0);
    }

    fn add(&mut self, group: usize, sum: A::Native, count: i64) -> DataFusionResult<()> {
        self.sums[group] = self.total.plus(self.sums[group], sum)?;
        self.counts[group] += count;
        Ok(())
    }

    fn take(&mut self, emit_to: EmitTo) -> (ArrayRef, Int64Array) {
        let sums = self.total.array(emit_to.take_needed(&mut self.sums));
        (Arc::new(sums), Int64Array::from(emit_to.take_needed(&mut self.counts)))
    }
}

/// Does a filter let a row through?
pub(super) fn passes(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

impl<A: Addend> GroupsAccumulator for Groups<A> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total_groups: usize,
    ) -> DataFusionResult<()> {
        self.grow(total_groups);
        let values = self.total.read(&values[0])?;
        for (row, group) in groups.iter().enumerate() {
            if values.is_valid(row) && passes(filter, row) {
                self.add(*group, values.value(row), 1)?;
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total_groups: usize) -> DataFusionResult<()> {
        self.grow(total_groups);
        let (sums, counts) = (states[0].as_primitive::<A>(), states[1].as_primitive::<Int64Type>());
        for (row, group) in groups.iter().enumerate() {
            self.add(*group, sums.value(row), counts.value(row))?;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        let (sums, counts) = self.take(emit_to);
        (self.total.finish)(&sums, &counts).map_err(errors::external)
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        let (sums, counts) = self.take(emit_to);
        Ok(vec![sums, Arc::new(counts)])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> DataFusionResult<Vec<ArrayRef>> {
        let values = self.total.read(&values[0])?;
        let counted = |row: usize| values.is_valid(row) && passes(filter, row);
        let sum = |row: usize| if counted(row) { values.value(row) } else { A::Native::default() };
        let sums = self.total.array((0..values.len()).map(sum).collect());
        let counts: Vec<i64> = (0..values.len()).map(|row| i64::from(counted(row))).collect();
        Ok(vec![Arc::new(sums), Arc::new(Int64Array::from(counts))])
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<A::Native>() + self.counts.capacity() * size_of::<i64>()
    }
}
