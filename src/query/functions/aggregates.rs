//! `sum` and `avg` with PostgreSQL's types and without overflow.
//!
//! | of                  | is added up in    | `sum`            | `avg`    |
//! |---------------------|-------------------|------------------|----------|
//! | smallint, integer   | 64 bits           | bigint           | numeric  |
//! | bigint              | 38 decimal digits | numeric          | numeric  |
//! | numeric             | 76 decimal digits | numeric          | numeric  |
//! | real                | 64 bits           | real             | float8   |
//! | double precision    | 64 bits           | double precision | float8   |
//! | interval            | field by field    | interval         | –        |
//!
//! The functions have names of their own in plans: DataFusion's rules take a `sum` of sums for a sum, which
//! would change the type.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Decimal256Array, Float64Array, Int64Array};
use arrow::compute::{self, CastOptions, cast_with_options, nullif};
use arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, Field, FieldRef, Float64Type, Int64Type, IntervalMonthDayNanoType,
    IntervalUnit, i256,
};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};

use super::accumulate::{Addend, Distinct, Finish, Groups, Single, Total, overflow};
use super::{string_agg, undefined};
use crate::catalog::types::PgType;
use crate::error::QueryError;
use crate::query::bind::errors;

/// Most digits of a decimal.
const DIGITS: u8 = 76;
/// Digits that a sum has more than its addends.
const MORE_DIGITS: u16 = 10;
/// PostgreSQL computes at least so many significant digits of a quotient.
pub(super) const SIGNIFICANT_DIGITS: i32 = 16;
/// PostgreSQL's numeric has digits to this base.
pub(super) const NUMERIC_BASE_DIGITS: i32 = 4;

/// The aggregate function of this name, if it is one of ours.
pub fn by_name(name: &str) -> Option<Arc<AggregateUDF>> {
    static SUM: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| function(What::Sum));
    static AVERAGE: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| function(What::Average));
    match name {
        "sum" => Some(Arc::clone(&SUM)),
        "avg" => Some(Arc::clone(&AVERAGE)),
        "string_agg" => Some(string_agg::function()),
        _ => None,
    }
}

fn function(what: What) -> Arc<AggregateUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(TotalFunction { what, signature }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    Sum,
    Average,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TotalFunction {
    what: What,
    signature: Signature,
}

impl TotalFunction {
    /// The name in SQL.
    fn shown(&self) -> &'static str {
        match self.what {
            What::Sum => "sum",
            What::Average => "avg",
        }
    }

    /// The type of the result.
    fn result(&self, of: &DataType) -> PgType {
        match (self.what, of) {
            (What::Average, DataType::Float32 | DataType::Float64) => PgType::Float8,
            (What::Average, _) | (What::Sum, DataType::Int64) => PgType::Numeric(None),
            (What::Sum, DataType::Int16 | DataType::Int32) => PgType::Int8,
            (What::Sum, DataType::Float32) => PgType::Float4,
            (What::Sum, DataType::Float64) => PgType::Float8,
            (What::Sum, DataType::Interval(_)) => PgType::Interval,
            (What::Sum, decimal) => match PgType::of_arrow(decimal) {
                // More digits before the point; the scale shows.
                PgType::Numeric(Some((precision, scale))) => {
                    PgType::Numeric(Some(((precision + MORE_DIGITS).min(u16::from(DIGITS)), scale)))
                }
                _ => PgType::Numeric(None),
            },
        }
    }

    /// The type in which values are added up.
    fn sum_type(of: &DataType) -> DataType {
        match of {
            DataType::Int16 | DataType::Int32 => DataType::Int64,
            DataType::Int64 => DataType::Decimal128(38, 0),
            DataType::Float32 | DataType::Float64 => DataType::Float64,
            DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => DataType::Decimal256(DIGITS, *scale),
            other => other.clone(),
        }
    }

    fn finish(&self, of: &DataType, result: DataType) -> Finish {
        match (self.what, of) {
            (What::Sum, _) => Arc::new(move |sums, counts| {
                let options = CastOptions { safe: false, ..CastOptions::default() };
                let out_of_range = |_| errors::translate(overflow(&result));
                let sums = cast_with_options(sums, &result, &options).map_err(out_of_range)?;
                check_digits(&sums, &result)?;
                let empty = counts.iter().map(|count| Some(count == Some(0))).collect();
                nullif(&sums, &empty).map_err(|error| errors::translate(error.into()))
            }),
            (What::Average, DataType::Float32 | DataType::Float64) => Arc::new(|sums, counts| {
                #[expect(clippy::cast_precision_loss, reason = "a count of rows fits a double")]
                let average = |(sum, count): (f64, i64)| (count != 0).then(|| sum / count as f64);
                let sums = sums.as_primitive::<Float64Type>().values().iter().copied();
                Ok(Arc::new(sums.zip(counts.values().iter().copied()).map(average).collect::<Float64Array>()))
            }),
            (What::Average, _) => Arc::new(move |sums, counts| averages(sums, counts, &result)),
        }
    }
}

/// A cast between decimals of one scale looks at no digits.
fn check_digits(sums: &ArrayRef, result: &DataType) -> crate::Result<()> {
    let checked = match (sums.data_type(), result) {
        (DataType::Decimal128(..), DataType::Decimal128(precision, _)) => {
            sums.as_primitive::<Decimal128Type>().validate_decimal_precision(*precision)
        }
        (DataType::Decimal256(..), DataType::Decimal256(precision, _)) => {
            sums.as_primitive::<Decimal256Type>().validate_decimal_precision(*precision)
        }
        _ => Ok(()),
    };
    checked.map_err(|_| errors::translate(overflow(result)))
}

/// Sums divided by their counts, as exact as PostgreSQL's division is.
fn averages(sums: &ArrayRef, counts: &Int64Array, result: &DataType) -> crate::Result<ArrayRef> {
    let DataType::Decimal256(precision, result_scale) = result else {
        return Err(QueryError::Engine { message: "an average is no numeric".into() }.into());
    };
    let wide = match sums.data_type() {
        DataType::Decimal128(_, scale) => DataType::Decimal256(DIGITS, *scale),
        DataType::Decimal256(..) => sums.data_type().clone(),
        _ => DataType::Decimal256(DIGITS, 0),
    };
    let sums = compute::cast(sums, &wide).map_err(|error| errors::translate(error.into()))?;
    let DataType::Decimal256(_, scale) = wide else {
        return Err(QueryError::Engine { message: "a sum is no decimal".into() }.into());
    };
    let out_of_range = || errors::translate(overflow(result));
    let mut answers = Vec::with_capacity(sums.len());
    for (sum, count) in sums.as_primitive::<Decimal256Type>().values().iter().zip(counts.values()) {
        answers.push(match count {
            0 => None,
            count => Some(quotient(*sum, scale, *count, *result_scale).ok_or_else(out_of_range)?),
        });
    }
    let answers = Decimal256Array::from(answers)
        .with_precision_and_scale(*precision, *result_scale)
        .map_err(|error| errors::translate(error.into()))?;
    answers.validate_decimal_precision(*precision).map_err(|_| out_of_range())?;
    Ok(Arc::new(answers))
}

/// `sum / count` with `result_scale` digits behind the point, rounded away from zero at the digit at which
/// PostgreSQL rounds. `None` if it has too many digits.
fn quotient(sum: i256, scale: i8, count: i64, result_scale: i8) -> Option<i256> {
    let digits = quotient_scale(sum, scale, count).min(i32::from(result_scale));
    let count = i256::from_i128(i128::from(count));
    // The remainder is scaled on its own, so that large sums need no wider numbers.
    let shift = digits - i32::from(scale);
    let rounded = if shift >= 0 {
        let factor = power_of_ten(shift)?;
        let (whole, rest) = (sum.checked_div(count)?, sum.checked_rem(count)?);
        whole.checked_mul(factor)?.checked_add(divide_rounded(rest.checked_mul(factor)?, count)?)?
    } else {
        divide_rounded(sum, count.checked_mul(power_of_ten(-shift)?)?)?
    };
    rounded.checked_mul(power_of_ten(i32::from(result_scale) - digits)?)
}

pub(super) fn divide_rounded(dividend: i256, divisor: i256) -> Option<i256> {
    let (whole, rest) = (dividend.checked_div(divisor)?, dividend.checked_rem(divisor)?);
    let away = rest.wrapping_abs().checked_mul(i256::from_i128(2))? >= divisor;
    match (away, dividend.is_negative()) {
        (false, _) => Some(whole),
        (true, false) => whole.checked_add(i256::ONE),
        (true, true) => whole.checked_sub(i256::ONE),
    }
}

pub(super) fn power_of_ten(exponent: i32) -> Option<i256> {
    i256::from_i128(10).checked_pow(u32::try_from(exponent).ok()?)
}

/// PostgreSQL's `select_div_scale`: how many digits behind the point a quotient has.
fn quotient_scale(sum: i256, scale: i8, count: i64) -> i32 {
    let (sum_weight, sum_first) = first_digit(&sum.wrapping_abs().to_string(), i32::from(scale));
    let (count_weight, count_first) = first_digit(&count.to_string(), 0);
    let mut weight = sum_weight - count_weight;
    if sum_first <= count_first {
        weight -= 1;
    }
    (SIGNIFICANT_DIGITS - weight * NUMERIC_BASE_DIGITS).max(shown_scale(sum, scale)).max(0)
}

/// The weight and the value of the first digit to base 10000 of a number that is written with decimal digits,
/// of which `scale` are behind the point.
pub(super) fn first_digit(digits: &str, scale: i32) -> (i32, i32) {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return (0, 0);
    }
    let before = i32::try_from(digits.len()).unwrap_or(i32::MAX) - scale;
    let weight = (before - 1).div_euclid(NUMERIC_BASE_DIGITS);
    let length = usize::try_from(before - weight * NUMERIC_BASE_DIGITS).unwrap_or(1);
    let mut first: String = digits.chars().take(length).collect();
    while first.len() < length {
        first.push('0');
    }
    (weight, first.parse().unwrap_or(0))
}

/// The digits behind the point that are not zeros at the end.
pub(super) fn shown_scale(sum: i256, scale: i8) -> i32 {
    let text = sum.wrapping_abs().to_string();
    let zeros = text.len() - text.trim_end_matches('0').len();
    if sum == i256::ZERO { 0 } else { (i32::from(scale) - i32::try_from(zeros).unwrap_or(0)).max(0) }
}

impl AggregateUDFImpl for TotalFunction {
    fn name(&self) -> &'static str {
        match self.what {
            What::Sum => "kalam_sum",
            What::Average => "kalam_avg",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        let accepted = match types {
            [DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Float32 | DataType::Float64]
            | [DataType::Decimal128(..) | DataType::Decimal256(..)] => true,
            [DataType::Interval(IntervalUnit::MonthDayNano)] if self.what == What::Average => {
                let refused = QueryError::NotSupported("avg(interval) is not supported".into());
                return Err(errors::external(refused));
            }
            [DataType::Interval(IntervalUnit::MonthDayNano)] => true,
            _ => false,
        };
        if accepted {
            return Ok(types.to_vec());
        }
        let names: Vec<String> = types.iter().map(undefined::type_name).collect();
        let call = format!("{}({})", self.shown(), names.join(", "));
        Err(errors::external(QueryError::UndefinedFunction(call)))
    }

    fn return_type(&self, types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.result(&types[0]).arrow())
    }

    fn return_field(&self, arguments: &[FieldRef]) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(self.result(arguments[0].data_type()).field(self.name(), true)))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        struct Make;
        impl Choice for Make {
            type Made = Box<dyn Accumulator>;
            fn make<A: Addend>(&self, total: Total<A>, is_distinct: bool) -> Self::Made {
                if is_distinct { Box::new(Distinct::new(total)) } else { Box::new(Single::new(total)) }
            }
        }
        Ok(self.choose(&args, &Make))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        let sum_type = Self::sum_type(args.input_fields[0].data_type());
        if args.is_distinct {
            let element = Field::new_list_field(sum_type, true);
            return Ok(vec![Arc::new(Field::new_list(format_state_name(args.name, "distinct"), element, true))]);
        }
        Ok(vec![
            Arc::new(Field::new(format_state_name(args.name, "sum"), sum_type, true)),
            Arc::new(Field::new(format_state_name(args.name, "count"), DataType::Int64, true)),
        ])
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        struct Make;
        impl Choice for Make {
            type Made = Box<dyn GroupsAccumulator>;
            fn make<A: Addend>(&self, total: Total<A>, _is_distinct: bool) -> Self::Made {
                Box::new(Groups::new(total))
            }
        }
        Ok(self.choose(&args, &Make))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

/// Makes an accumulator of whatever kind for a type that is chosen when the query is planned.
trait Choice {
    type Made;
    fn make<A: Addend>(&self, total: Total<A>, is_distinct: bool) -> Self::Made;
}

impl TotalFunction {
    fn choose<C: Choice>(&self, args: &AccumulatorArgs<'_>, choice: &C) -> C::Made {
        fn with<A: Addend + ArrowPrimitiveType, C: Choice>(
            sum_type: DataType,
            finish: Finish,
            choice: &C,
            is_distinct: bool,
        ) -> C::Made {
            choice.make(Total::<A>::new(sum_type, finish), is_distinct)
        }
        let of = args.expr_fields[0].data_type();
        let sum_type = Self::sum_type(of);
        let finish = self.finish(of, args.return_field.data_type().clone());
        match &sum_type {
            DataType::Int64 => with::<Int64Type, C>(sum_type, finish, choice, args.is_distinct),
            DataType::Decimal128(..) => with::<Decimal128Type, C>(sum_type, finish, choice, args.is_distinct),
            DataType::Decimal256(..) => with::<Decimal256Type, C>(sum_type, finish, choice, args.is_distinct),
            DataType::Interval(_) => with::<IntervalMonthDayNanoType, C>(sum_type, finish, choice, args.is_distinct),
            _ => with::<Float64Type, C>(sum_type, finish, choice, args.is_distinct),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From PostgreSQL 15: `SELECT sum / count` for numerics.
    #[test]
    fn quotients_are_rounded_where_postgresql_rounds() {
        for (sum, scale, count, wanted) in [
            (5, 0, 3, "1.6666666666666667"),
            (1, 0, 3, "0.33333333333333333333"),
            (2, 0, 3, "0.66666666666666666667"),
            (-5, 0, 3, "-1.6666666666666667"),
            (20_000, 0, 3, "6666.6666666666666667"),
            (100_000, 0, 3, "33333.333333333333"),
            (10_000_000_000_i128, 0, 3, "3333333333.33333333"),
            (1, 4, 7, "0.00001428571428571429"),
            (12_345, 2, 10, "12.3450000000000000"),
            (0, 0, 3, "0"),
        ] {
            let quotient = quotient(i256::from_i128(sum), scale, count, 20).unwrap();
            let array = Decimal256Array::from(vec![quotient]).with_precision_and_scale(76, 20).unwrap();
            let text = array.value_as_string(0);
            let trimmed = text.trim_end_matches('0').trim_end_matches('.');
            let wanted = if wanted.contains('.') { wanted.trim_end_matches('0').trim_end_matches('.') } else { wanted };
            assert_eq!(trimmed, wanted, "{sum}e-{scale} / {count}");
        }
    }
}
