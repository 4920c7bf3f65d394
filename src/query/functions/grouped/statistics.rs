//! Variance, correlation and linear regression of `double precision`.
//!
//! The sums are those of PostgreSQL's `float8_accum` and `float8_regr_accum`, by Youngs and Cramer, in its order of
//! operations: the last digit of an answer is PostgreSQL's as long as the rows come in one stream.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};

use crate::catalog::types::PgType;
use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::functions::accumulate::passes;

/// What is computed. The last group is of pairs: `y` first, then `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Statistic {
    PopulationVariance,
    SampleVariance,
    PopulationDeviation,
    SampleDeviation,
    Correlation,
    PopulationCovariance,
    SampleCovariance,
    AverageX,
    AverageY,
    Count,
    Intercept,
    Determination,
    Slope,
    SquaresX,
    Products,
    SquaresY,
}

impl Statistic {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "var_pop" => Self::PopulationVariance,
            "var_samp" | "variance" => Self::SampleVariance,
            "stddev_pop" => Self::PopulationDeviation,
            "stddev_samp" | "stddev" => Self::SampleDeviation,
            "corr" => Self::Correlation,
            "covar_pop" => Self::PopulationCovariance,
            "covar_samp" => Self::SampleCovariance,
            "regr_avgx" => Self::AverageX,
            "regr_avgy" => Self::AverageY,
            "regr_count" => Self::Count,
            "regr_intercept" => Self::Intercept,
            "regr_r2" => Self::Determination,
            "regr_slope" => Self::Slope,
            "regr_sxx" => Self::SquaresX,
            "regr_sxy" => Self::Products,
            "regr_syy" => Self::SquaresY,
            _ => return None,
        })
    }

    fn is_of_pairs(self) -> bool {
        !matches!(
            self,
            Self::PopulationVariance | Self::SampleVariance | Self::PopulationDeviation | Self::SampleDeviation
        )
    }

    fn result(self) -> PgType {
        if self == Self::Count { PgType::Int8 } else { PgType::Float8 }
    }

    fn of(self, sums: &Sums) -> Option<f64> {
        let Sums { n, sx, sxx, sy, syy, sxy } = *sums;
        if n < 1.0 {
            return None;
        }
        match self {
            Self::PopulationVariance => Some(sxx / n),
            Self::PopulationDeviation => Some((sxx / n).sqrt()),
            Self::SampleVariance => (n > 1.0).then(|| sxx / (n - 1.0)),
            Self::SampleDeviation => (n > 1.0).then(|| (sxx / (n - 1.0)).sqrt()),
            Self::SquaresX => Some(sxx),
            Self::SquaresY => Some(syy),
            Self::Products => Some(sxy),
            Self::AverageX => Some(sx / n),
            Self::AverageY => Some(sy / n),
            Self::PopulationCovariance => Some(sxy / n),
            Self::SampleCovariance => (n > 1.0).then(|| sxy / (n - 1.0)),
            Self::Correlation => (sxx != 0.0 && syy != 0.0).then(|| sxy / (sxx * syy).sqrt()),
            Self::Determination if sxx == 0.0 => None,
            Self::Determination if syy == 0.0 => Some(1.0),
            Self::Determination => Some((sxy * sxy) / (sxx * syy)),
            Self::Slope => (sxx != 0.0).then(|| sxy / sxx),
            Self::Intercept => (sxx != 0.0).then(|| (sy - sx * sxy / sxx) / n),
            Self::Count => Some(n),
        }
    }

    fn column(self, sums: &[Sums]) -> ArrayRef {
        if self == Self::Count {
            #[expect(clippy::cast_possible_truncation, reason = "a count of rows")]
            return Arc::new(sums.iter().map(|sums| sums.n as i64).collect::<Int64Array>());
        }
        Arc::new(sums.iter().map(|sums| self.of(sums)).collect::<Float64Array>())
    }
}

/// The aggregate of this name for `double precision`, if it is one of these.
pub fn by_name(name: &str) -> Option<Arc<AggregateUDF>> {
    let statistic = Statistic::named(name)?;
    let arguments = if statistic.is_of_pairs() { 2 } else { 1 };
    let signature = Signature::any(arguments, Volatility::Immutable);
    Some(Arc::new(AggregateUDF::new_from_impl(Statistical { statistic, signature })))
}

/// Count, sums, and sums of the squares and products of what deviates from the averages.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    n: f64,
    sx: f64,
    sxx: f64,
    sy: f64,
    syy: f64,
    sxy: f64,
}

fn overflow() -> DataFusionError {
    errors::external(QueryError::NumberOutOfRange("value out of range: overflow".into()))
}

fn or_nan(sum: f64) -> f64 {
    if sum.is_infinite() { f64::NAN } else { sum }
}

impl Sums {
    fn add(&mut self, y: f64, x: f64) -> DataFusionResult<()> {
        let before = *self;
        self.n += 1.0;
        self.sx += x;
        self.sy += y;
        if before.n == 0.0 {
            if !x.is_finite() {
                (self.sxx, self.sxy) = (f64::NAN, f64::NAN);
            }
            if !y.is_finite() {
                (self.syy, self.sxy) = (f64::NAN, f64::NAN);
            }
            return Ok(());
        }
        let (from_x, from_y) = (x * self.n - self.sx, y * self.n - self.sy);
        let scale = 1.0 / (self.n * before.n);
        self.sxx += from_x * from_x * scale;
        self.syy += from_y * from_y * scale;
        self.sxy += from_x * from_y * scale;
        let was_finite = |sum: f64, value: f64| !sum.is_infinite() && !value.is_infinite();
        let (x_before, y_before) = (was_finite(before.sx, x), was_finite(before.sy, y));
        if ((self.sx.is_infinite() || self.sxx.is_infinite()) && x_before)
            || ((self.sy.is_infinite() || self.syy.is_infinite()) && y_before)
            || (self.sxy.is_infinite() && x_before && y_before)
        {
            return Err(overflow());
        }
        (self.sxx, self.syy, self.sxy) = (or_nan(self.sxx), or_nan(self.syy), or_nan(self.sxy));
        Ok(())
    }

    /// Of one variable PostgreSQL divides where it multiplies with the quotient for pairs.
    fn add_single(&mut self, x: f64) -> DataFusionResult<()> {
        let before = *self;
        self.n += 1.0;
        self.sx += x;
        if before.n == 0.0 {
            if !x.is_finite() {
                self.sxx = f64::NAN;
            }
            return Ok(());
        }
        let from = x * self.n - self.sx;
        self.sxx += from * from / (self.n * before.n);
        if self.sx.is_infinite() || self.sxx.is_infinite() {
            if !before.sx.is_infinite() && !x.is_infinite() {
                return Err(overflow());
            }
            self.sxx = f64::NAN;
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> DataFusionResult<()> {
        if other.n == 0.0 {
            return Ok(());
        }
        if self.n == 0.0 {
            *self = *other;
            return Ok(());
        }
        let sum = |left: f64, right: f64| {
            let sum = left + right;
            if sum.is_infinite() && !left.is_infinite() && !right.is_infinite() { Err(overflow()) } else { Ok(sum) }
        };
        let n = self.n + other.n;
        let (x, y) = (self.sx / self.n - other.sx / other.n, self.sy / self.n - other.sy / other.n);
        let squares = |left: f64, right: f64, one: f64, two: f64| {
            let squares = left + right + self.n * other.n * one * two / n;
            let overflows = squares.is_infinite() && !left.is_infinite() && !right.is_infinite();
            if overflows { Err(overflow()) } else { Ok(squares) }
        };
        *self = Self {
            n,
            sx: sum(self.sx, other.sx)?,
            sy: sum(self.sy, other.sy)?,
            sxx: squares(self.sxx, other.sxx, x, x)?,
            syy: squares(self.syy, other.syy, y, y)?,
            sxy: squares(self.sxy, other.sxy, x, y)?,
        };
        Ok(())
    }

    fn parts(&self) -> [f64; PARTS] {
        [self.n, self.sx, self.sxx, self.sy, self.syy, self.sxy]
    }
}

/// The numbers of which [`Sums`] consist.
const PARTS: usize = 6;

/// The sums in the columns of a state.
fn read(states: &[ArrayRef], row: usize) -> Sums {
    let part = |index: usize| states[index].as_primitive::<Float64Type>().value(row);
    Sums { n: part(0), sx: part(1), sxx: part(2), sy: part(3), syy: part(4), sxy: part(5) }
}

fn written(sums: &[Sums]) -> Vec<ArrayRef> {
    let column = |part: usize| -> ArrayRef {
        Arc::new(sums.iter().map(|sums| Some(sums.parts()[part])).collect::<Float64Array>())
    };
    (0..PARTS).map(column).collect()
}

/// The values of rows in which none is NULL.
struct Rows {
    y: Float64Array,
    x: Option<Float64Array>,
}

impl Rows {
    fn new(values: &[ArrayRef]) -> DataFusionResult<Self> {
        let wide = |array: &ArrayRef| -> DataFusionResult<Float64Array> {
            Ok(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
        };
        Ok(Self { y: wide(&values[0])?, x: values.get(1).map(wide).transpose()? })
    }

    fn add(&self, row: usize, sums: &mut Sums) -> DataFusionResult<()> {
        if self.y.is_null(row) {
            return Ok(());
        }
        match &self.x {
            None => sums.add_single(self.y.value(row)),
            Some(x) if x.is_null(row) => Ok(()),
            Some(x) => sums.add(self.y.value(row), x.value(row)),
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Statistical {
    statistic: Statistic,
    signature: Signature,
}

impl AggregateUDFImpl for Statistical {
    fn name(&self) -> &str {
        match self.statistic {
            Statistic::PopulationVariance => "kalam_var_pop",
            Statistic::SampleVariance => "kalam_var_samp",
            Statistic::PopulationDeviation => "kalam_stddev_pop",
            Statistic::SampleDeviation => "kalam_stddev_samp",
            Statistic::Correlation => "kalam_corr",
            Statistic::PopulationCovariance => "kalam_covar_pop",
            Statistic::SampleCovariance => "kalam_covar_samp",
            Statistic::AverageX => "kalam_regr_avgx",
            Statistic::AverageY => "kalam_regr_avgy",
            Statistic::Count => "kalam_regr_count",
            Statistic::Intercept => "kalam_regr_intercept",
            Statistic::Determination => "kalam_regr_r2",
            Statistic::Slope => "kalam_regr_slope",
            Statistic::SquaresX => "kalam_regr_sxx",
            Statistic::Products => "kalam_regr_sxy",
            Statistic::SquaresY => "kalam_regr_syy",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.statistic.result().arrow())
    }

    fn return_field(&self, _arguments: &[FieldRef]) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(self.statistic.result().field(self.name(), true)))
    }

    fn default_value(&self, data_type: &DataType) -> DataFusionResult<ScalarValue> {
        if self.statistic == Statistic::Count { Ok(ScalarValue::Int64(Some(0))) } else { data_type.try_into() }
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(Box::new(One { statistic: self.statistic, sums: Sums::default() }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        let field = |part: usize| {
            Arc::new(Field::new(format_state_name(args.name, &format!("part {part}")), DataType::Float64, true))
        };
        Ok((0..PARTS).map(field).collect())
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Many { statistic: self.statistic, sums: Vec::new() }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

#[derive(Debug)]
struct One {
    statistic: Statistic,
    sums: Sums,
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let rows = Rows::new(values)?;
        (0..values[0].len()).try_for_each(|row| rows.add(row, &mut self.sums))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        (0..states[0].len()).try_for_each(|row| self.sums.merge(&read(states, row)))
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        ScalarValue::try_from_array(&self.statistic.column(&[self.sums]), 0)
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        Ok(self.sums.parts().into_iter().map(|part| ScalarValue::Float64(Some(part))).collect())
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

#[derive(Debug)]
struct Many {
    statistic: Statistic,
    sums: Vec<Sums>,
}

impl GroupsAccumulator for Many {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> DataFusionResult<()> {
        self.sums.resize(total, Sums::default());
        let rows = Rows::new(values)?;
        let mut places = groups.iter().enumerate().filter(|(row, _)| passes(filter, *row));
        places.try_for_each(|(row, group)| rows.add(row, &mut self.sums[*group]))
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> DataFusionResult<()> {
        self.sums.resize(total, Sums::default());
        groups.iter().enumerate().try_for_each(|(row, group)| self.sums[*group].merge(&read(states, row)))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        Ok(self.statistic.column(&emit_to.take_needed(&mut self.sums)))
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(written(&emit_to.take_needed(&mut self.sums)))
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> DataFusionResult<Vec<ArrayRef>> {
        let rows = Rows::new(values)?;
        let mut sums = vec![Sums::default(); values[0].len()];
        for (row, sums) in sums.iter_mut().enumerate().filter(|(row, _)| passes(filter, *row)) {
            rows.add(row, sums)?;
        }
        Ok(written(&sums))
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<Sums>()
    }
}
