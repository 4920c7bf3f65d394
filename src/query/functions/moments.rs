//! Aggregates whose answers are numerics: `sum`, `avg`, variances and deviations of integers and numerics.
//!
//! Numbers are added up exactly, in 128 bits as long as they fit. The state that parts of a plan hand on is the sum
//! (and the sum of squares) as numerics and the count.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, BinaryViewBuilder, BooleanArray, Int64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};

use super::accumulate::passes;
use super::numbers::{self, Numbers};
use crate::base::numeric::{self, Moments, Numeric, Sum};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::errors;

/// What is told of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    Sum,
    Average,
    Variance { is_sample: bool },
    Deviation { is_sample: bool },
}

impl What {
    /// The aggregate of PostgreSQL that has this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "sum" => Self::Sum,
            "avg" => Self::Average,
            "var_samp" | "variance" => Self::Variance { is_sample: true },
            "var_pop" => Self::Variance { is_sample: false },
            "stddev_samp" | "stddev" => Self::Deviation { is_sample: true },
            "stddev_pop" => Self::Deviation { is_sample: false },
            _ => return None,
        })
    }

    fn needs_squares(self) -> bool {
        matches!(self, Self::Variance { .. } | Self::Deviation { .. })
    }
}

/// The aggregate function.
pub fn function(what: What) -> Arc<AggregateUDF> {
    let signature = Signature::any(1, Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(MomentFunction { what, signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MomentFunction {
    what: What,
    signature: Signature,
}

impl AggregateUDFImpl for MomentFunction {
    fn name(&self) -> &'static str {
        match self.what {
            What::Sum => "kalam_numeric_sum",
            What::Average => "kalam_numeric_avg",
            What::Variance { is_sample: true } => "kalam_numeric_var_samp",
            What::Variance { is_sample: false } => "kalam_numeric_var_pop",
            What::Deviation { is_sample: true } => "kalam_numeric_stddev_samp",
            What::Deviation { is_sample: false } => "kalam_numeric_stddev_pop",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(PgType::Numeric(None).arrow())
    }

    fn return_field(&self, _arguments: &[FieldRef]) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(PgType::Numeric(None).field(self.name(), true)))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(single(self.what, args.is_distinct))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        Ok(state_fields(self.what, args.name, args.is_distinct))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        Ok(groups(self.what))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

/// An accumulator of all rows.
pub fn single(what: What, is_distinct: bool) -> Box<dyn Accumulator> {
    match (is_distinct, what.needs_squares()) {
        (true, _) => Box::new(Distinct { what, seen: HashSet::new(), values: Vec::new() }),
        (false, true) => Box::new(Single::<Moments>::new(what)),
        (false, false) => Box::new(Single::<Sum>::new(what)),
    }
}

/// An accumulator of many groups.
pub fn groups(what: What) -> Box<dyn GroupsAccumulator> {
    if what.needs_squares() { Box::new(Groups::<Moments>::new(what)) } else { Box::new(Groups::<Sum>::new(what)) }
}

/// What the accumulators hand on.
pub fn state_fields(what: What, name: &str, is_distinct: bool) -> Vec<FieldRef> {
    let number = || PgType::Numeric(None).arrow();
    if is_distinct {
        let element = Field::new_list_field(number(), true);
        return vec![Arc::new(Field::new_list(format_state_name(name, "distinct"), element, true))];
    }
    let mut fields = vec![Arc::new(Field::new(format_state_name(name, "sum"), number(), true))];
    if what.needs_squares() {
        fields.push(Arc::new(Field::new(format_state_name(name, "squares"), number(), true)));
    }
    fields.push(Arc::new(Field::new(format_state_name(name, "count"), DataType::Int64, true)));
    fields
}

/// The sums that a group needs.
trait Collect: Default + Clone + Debug + Send + Sync + 'static {
    fn add(&mut self, number: &Numeric) -> Result<()>;
    fn add_integer(&mut self, integer: i64);
    fn remove(&mut self, number: &Numeric) -> Result<()>;
    /// Shows so many digits behind the point, which no number has more of.
    fn rescale(&mut self, scale: u16);
    /// Adds the sums of others.
    fn merge(&mut self, sums: &[Numeric]);
    fn sums(&self) -> Result<Vec<Numeric>>;
    fn finish(&self, what: What, count: i64) -> Result<Option<Numeric>>;
}

impl Collect for Sum {
    fn add(&mut self, number: &Numeric) -> Result<()> {
        Self::add(self, number);
        Ok(())
    }

    fn add_integer(&mut self, integer: i64) {
        Self::add_integer(self, integer);
    }

    fn remove(&mut self, number: &Numeric) -> Result<()> {
        Self::remove(self, number);
        Ok(())
    }

    fn rescale(&mut self, scale: u16) {
        Self::rescale(self, scale);
    }

    fn merge(&mut self, sums: &[Numeric]) {
        sums.iter().for_each(|sum| Self::add(self, sum));
    }

    fn sums(&self) -> Result<Vec<Numeric>> {
        Ok(vec![self.total()?])
    }

    fn finish(&self, what: What, count: i64) -> Result<Option<Numeric>> {
        match (what, count) {
            (_, 0) => Ok(None),
            (What::Average, count) => self.average(count).map(Some),
            _ => self.total().map(Some),
        }
    }
}

impl Collect for Moments {
    fn add(&mut self, number: &Numeric) -> Result<()> {
        Self::add(self, number)
    }

    fn add_integer(&mut self, integer: i64) {
        Self::add_integer(self, integer);
    }

    fn remove(&mut self, number: &Numeric) -> Result<()> {
        Self::remove(self, number)
    }

    fn rescale(&mut self, scale: u16) {
        self.sum.rescale(scale);
        self.squares.rescale(scale.saturating_mul(2));
    }

    fn merge(&mut self, sums: &[Numeric]) {
        if let [sum, squares] = sums {
            self.sum.add(sum);
            self.squares.add(squares);
        }
    }

    fn sums(&self) -> Result<Vec<Numeric>> {
        Ok(vec![self.sum.total()?, self.squares.total()?])
    }

    fn finish(&self, what: What, count: i64) -> Result<Option<Numeric>> {
        match what {
            What::Variance { is_sample } => self.variance(count, is_sample, false),
            What::Deviation { is_sample } => self.variance(count, is_sample, true),
            other => self.sum.finish(other, count),
        }
    }
}

/// A column of numbers of whatever type.
enum Column {
    Integers(Int64Array),
    Numbers(BinaryViewArray),
}

impl Column {
    fn of(array: &ArrayRef) -> DataFusionResult<Self> {
        match array.data_type() {
            DataType::Int16 | DataType::Int32 | DataType::Int64 => {
                Ok(Self::Integers(cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone()))
            }
            _ => Ok(Self::Numbers(numbers::from_array(array).map_err(errors::external)?.as_binary_view().clone())),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Integers(array) => array.len(),
            Self::Numbers(array) => array.len(),
        }
    }

    fn is_valid(&self, row: usize) -> bool {
        match self {
            Self::Integers(array) => array.is_valid(row),
            Self::Numbers(array) => array.is_valid(row),
        }
    }

    fn number(&self, row: usize) -> Result<Numeric> {
        match self {
            Self::Integers(array) => Ok(Numeric::from_integer(array.value(row))),
            Self::Numbers(array) => numbers::value(array, row),
        }
    }

    fn add_to<C: Collect>(&self, row: usize, sums: &mut C) -> Result<()> {
        match self {
            Self::Integers(array) => {
                sums.add_integer(array.value(row));
                Ok(())
            }
            Self::Numbers(array) => sums.add(&numbers::value(array, row)?),
        }
    }
}

/// The sums of a row of states, and the count.
fn handed_on(states: &[ArrayRef], row: usize) -> DataFusionResult<(Vec<Numeric>, i64)> {
    let Some((counts, sums)) = states.split_last() else { return Ok((Vec::new(), 0)) };
    let sums = sums.iter().map(|array| numbers::value(array.as_binary_view(), row));
    let sums = sums.collect::<Result<Vec<_>>>().map_err(errors::external)?;
    Ok((sums, counts.as_primitive::<Int64Type>().value(row)))
}

/// How many numbers of each scale are in a frame that moves: its sum has the greatest scale of them.
#[derive(Debug, Default)]
struct Scales {
    counts: BTreeMap<u16, i64>,
    /// The scale of the last numbers, which are not counted yet.
    last: (u16, i64),
}

impl Scales {
    fn note(&mut self, scale: u16, count: i64) {
        if self.last.0 != scale {
            self.settle();
            self.last.0 = scale;
        }
        self.last.1 += count;
    }

    fn settle(&mut self) {
        let (scale, count) = self.last;
        if count != 0 {
            *self.counts.entry(scale).or_default() += count;
        }
        self.last.1 = 0;
    }

    fn greatest(&mut self) -> u16 {
        self.settle();
        self.counts.retain(|_, count| *count > 0);
        self.counts.last_key_value().map_or(0, |(scale, _)| *scale)
    }
}

#[derive(Debug)]
struct Single<C> {
    what: What,
    sums: C,
    count: i64,
    scales: Scales,
}

impl<C: Collect> Single<C> {
    fn new(what: What) -> Self {
        Self { what, sums: C::default(), count: 0, scales: Scales::default() }
    }
}

impl<C: Collect> Accumulator for Single<C> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let column = Column::of(&values[0])?;
        for row in (0..column.len()).filter(|row| column.is_valid(*row)) {
            match &column {
                Column::Integers(array) => {
                    self.scales.note(0, 1);
                    self.sums.add_integer(array.value(row));
                }
                Column::Numbers(array) => {
                    let number = numbers::value(array, row).map_err(errors::external)?;
                    self.scales.note(number.scale().unwrap_or(0), 1);
                    self.sums.add(&number).map_err(errors::external)?;
                }
            }
            self.count += 1;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let column = Column::of(&values[0])?;
        for row in (0..column.len()).filter(|row| column.is_valid(*row)) {
            let number = column.number(row).map_err(errors::external)?;
            self.scales.note(number.scale().unwrap_or(0), -1);
            self.sums.remove(&number).map_err(errors::external)?;
            self.count -= 1;
        }
        let scale = self.scales.greatest();
        self.sums.rescale(scale);
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        for row in 0..states[0].len() {
            let (sums, count) = handed_on(states, row)?;
            self.sums.merge(&sums);
            self.count += count;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        let number = self.sums.finish(self.what, self.count).map_err(errors::external)?;
        Ok(number.map_or(ScalarValue::BinaryView(None), |number| numbers::scalar(&number)))
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let sums = self.sums.sums().map_err(errors::external)?;
        let mut states: Vec<ScalarValue> = sums.iter().map(numbers::scalar).collect();
        states.push(ScalarValue::Int64(Some(self.count)));
        Ok(states)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// Numbers that are different. Its state is the list of them.
#[derive(Debug)]
struct Distinct {
    what: What,
    seen: HashSet<Vec<u8>>,
    values: Vec<Vec<u8>>,
}

impl Distinct {
    fn add(&mut self, bytes: &[u8]) {
        if !self.seen.contains(numeric::key(bytes)) {
            self.seen.insert(numeric::key(bytes).to_vec());
            self.values.push(bytes.to_vec());
        }
    }

    fn finish(&self) -> Result<Option<Numeric>> {
        let mut sums = Moments::default();
        for bytes in &self.values {
            let number = numbers::decode(bytes)?;
            if self.what.needs_squares() {
                Moments::add(&mut sums, &number)?;
            } else {
                sums.sum.add(&number);
            }
        }
        sums.finish(self.what, i64::try_from(self.values.len()).unwrap_or(i64::MAX))
    }
}

impl Accumulator for Distinct {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let values = numbers::from_array(&values[0]).map_err(errors::external)?;
        values.as_binary_view().iter().flatten().for_each(|bytes| self.add(bytes));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        for list in states[0].as_list::<i32>().iter().flatten() {
            list.as_binary_view().iter().flatten().for_each(|bytes| self.add(bytes));
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        let number = self.finish().map_err(errors::external)?;
        Ok(number.map_or(ScalarValue::BinaryView(None), |number| numbers::scalar(&number)))
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let mut builder = BinaryViewBuilder::with_capacity(self.values.len());
        self.values.iter().for_each(|bytes| builder.append_value(bytes));
        let values = builder.finish();
        let field = Arc::new(Field::new_list_field(DataType::BinaryView, true));
        let offsets = OffsetBuffer::from_lengths([values.len()]);
        Ok(vec![ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, Arc::new(values), None)?))])
    }

    fn size(&self) -> usize {
        let bytes: usize = self.values.iter().map(Vec::capacity).sum();
        size_of_val(self) + 2 * (bytes + self.values.capacity() * size_of::<Vec<u8>>())
    }
}

#[derive(Debug)]
struct Groups<C> {
    what: What,
    sums: Vec<C>,
    counts: Vec<i64>,
}

impl<C: Collect> Groups<C> {
    fn new(what: What) -> Self {
        Self { what, sums: Vec::new(), counts: Vec::new() }
    }

    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups, C::default());
        self.counts.resize(groups, 0);
    }
}

/// The sums of groups and their counts as arrays.
fn states_of<C: Collect>(what: What, sums: &[C], counts: Vec<i64>) -> DataFusionResult<Vec<ArrayRef>> {
    let width = if what.needs_squares() { 2 } else { 1 };
    let mut columns: Vec<Numbers> = (0..width).map(|_| Numbers::with_capacity(sums.len())).collect();
    for group in sums {
        let numbers = group.sums().map_err(errors::external)?;
        columns.iter_mut().zip(&numbers).for_each(|(column, number)| column.append(number));
    }
    let mut states: Vec<ArrayRef> = columns.into_iter().map(Numbers::finish).collect();
    states.push(Arc::new(Int64Array::from(counts)));
    Ok(states)
}

impl<C: Collect> GroupsAccumulator for Groups<C> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total_groups: usize,
    ) -> DataFusionResult<()> {
        self.grow(total_groups);
        let column = Column::of(&values[0])?;
        for (row, group) in groups.iter().enumerate() {
            if column.is_valid(row) && passes(filter, row) {
                column.add_to(row, &mut self.sums[*group]).map_err(errors::external)?;
                self.counts[*group] += 1;
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total_groups: usize) -> DataFusionResult<()> {
        self.grow(total_groups);
        for (row, group) in groups.iter().enumerate() {
            let (sums, count) = handed_on(states, row)?;
            self.sums[*group].merge(&sums);
            self.counts[*group] += count;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        let (sums, counts) = (emit_to.take_needed(&mut self.sums), emit_to.take_needed(&mut self.counts));
        let mut numbers = Numbers::with_capacity(sums.len());
        for (group, count) in sums.iter().zip(counts) {
            match group.finish(self.what, count).map_err(errors::external)? {
                Some(number) => numbers.append(&number),
                None => numbers.append_null(),
            }
        }
        Ok(numbers.finish())
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        let (sums, counts) = (emit_to.take_needed(&mut self.sums), emit_to.take_needed(&mut self.counts));
        states_of(self.what, &sums, counts)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> DataFusionResult<Vec<ArrayRef>> {
        let column = Column::of(&values[0])?;
        let mut sums = vec![C::default(); column.len()];
        let mut counts = vec![0; column.len()];
        for row in 0..column.len() {
            if column.is_valid(row) && passes(filter, row) {
                column.add_to(row, &mut sums[row]).map_err(errors::external)?;
                counts[row] = 1;
            }
        }
        states_of(self.what, &sums, counts)
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<C>() + self.counts.capacity() * size_of::<i64>()
    }
}
