//! `percentile_cont`, `percentile_disc` and `mode`: answers that are places in the order of a group.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, IntervalMonthDayNanoArray, ListArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{SortOptions, cast, filter, is_not_null, take};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType};
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, ReversedUDAF, Signature, Volatility};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Literal;

use super::collected::Collected;
use super::sorting::{self, Rows, comparable};
use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::functions::registry::intervals;

/// What is asked of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The value at a fraction of the rows, between two of them if need be.
    Continuous,
    /// The first value that has at least this fraction of the rows up to it.
    Discrete,
    /// The most frequent value.
    Mode,
}

/// The aggregate. Its arguments are the values, what they are sorted by and, except for the mode, the fraction or, with
/// `many`, a list of fractions.
pub fn function(place: Place, order: SortOptions, many: bool) -> Arc<AggregateUDF> {
    let arguments = if place == Place::Mode { 2 } else { 3 };
    let signature = Signature::any(arguments, Volatility::Immutable);
    let name = match place {
        Place::Continuous => "kalam_percentile_cont",
        Place::Discrete => "kalam_percentile_disc",
        Place::Mode => "kalam_mode",
    };
    let name = format!("{name}[{}]", sorting::shown(order));
    Arc::new(AggregateUDF::new_from_impl(OrderedSet { name, place, order, many, signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OrderedSet {
    name: String,
    place: Place,
    order: SortOptions,
    many: bool,
    signature: Signature,
}

impl AggregateUDFImpl for OrderedSet {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(if self.many { DataType::new_list(types[0].clone(), true) } else { types[0].clone() })
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(Box::new(Ordering {
            place: self.place,
            order: self.order,
            many: self.many,
            fraction: args.exprs.get(2).and_then(known),
            values: Collected::new(args.expr_fields[..2].iter().map(|field| field.data_type().clone()).collect()),
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        let mut fields = Collected::state_fields(args.name, &args.input_fields[..2]);
        if let Some(fraction) = args.input_fields.get(2) {
            let name = format_state_name(args.name, "fraction");
            fields.push(Arc::new(Field::new(name, fraction.data_type().clone(), true)));
        }
        Ok(fields)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::NotSupported
    }
}

/// The value of an argument that is the same for all groups.
pub(super) fn known(expr: &Arc<dyn PhysicalExpr>) -> Option<ScalarValue> {
    expr.downcast_ref::<Literal>().map(|literal| literal.value().clone())
}

#[derive(Debug)]
struct Ordering {
    place: Place,
    order: SortOptions,
    many: bool,
    /// Known from the beginning, or from the first row on.
    fraction: Option<ScalarValue>,
    /// All that are not NULL, and their keys.
    values: Collected,
}

impl Ordering {
    fn learn(&mut self, column: Option<&ArrayRef>) -> DataFusionResult<()> {
        if let (None, Some(column)) = (&self.fraction, column.filter(|column| !column.is_empty())) {
            self.fraction = Some(ScalarValue::try_from_array(column, 0)?);
        }
        Ok(())
    }

    /// The values in order, and their keys.
    fn sorted(&self) -> DataFusionResult<(ArrayRef, ArrayRef)> {
        let columns = self.values.columns()?;
        let values = &columns[0];
        let keys = [comparable(&columns[1])?];
        let sorted = Rows::new(&keys, &keys, &[self.order])?.sorted(values.len());
        let places: UInt64Array = sorted.into_iter().map(|row| u64::try_from(row).ok()).collect();
        Ok((take(values, &places, None)?, take(&keys[0], &places, None)?))
    }

    fn mode(&self) -> DataFusionResult<ScalarValue> {
        let (values, keys) = self.sorted()?;
        let keys = [keys];
        let rows = Rows::new(&keys, &keys, &[self.order])?;
        let (mut best, mut most, mut start) = (0, 0, 0);
        for row in 1..=values.len() {
            if row == values.len() || rows.compare(start, row).is_ne() {
                if row - start > most {
                    (best, most) = (start, row - start);
                }
                start = row;
            }
        }
        ScalarValue::try_from_array(&values, best)
    }

    /// The values at fractions of the order, where there is a fraction.
    fn at(&self, fractions: &Float64Array) -> DataFusionResult<ArrayRef> {
        let (values, _) = self.sorted()?;
        if self.place == Place::Continuous {
            return between(&values, fractions);
        }
        let place = |fraction: f64| {
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let counted = (fraction * values.len() as f64).ceil() as u64;
            counted.saturating_sub(1)
        };
        let places: UInt64Array = fractions.iter().map(|fraction| fraction.map(place)).collect();
        Ok(take(&values, &places, None)?)
    }
}

/// Values at fractions of the way from the first to the last one.
fn between(values: &ArrayRef, fractions: &Float64Array) -> DataFusionResult<ArrayRef> {
    #[expect(clippy::cast_precision_loss)]
    let last = (values.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let around = |fraction: f64| {
        let place = fraction * last;
        (place.floor() as usize, place.ceil() as usize, place - place.floor())
    };
    if let Some(values) = values.as_primitive_opt::<IntervalMonthDayNanoType>() {
        let value = |fraction: f64| -> crate::Result<IntervalMonthDayNano> {
            let (below, above, share) = around(fraction);
            let (low, high) = (values.value(below), values.value(above));
            if below == above {
                return Ok(low);
            }
            intervals::plus(intervals::times(intervals::minus(high, low)?, share)?, low)
        };
        let found = fractions.iter().map(|fraction| fraction.map(value).transpose());
        let found = found.collect::<crate::Result<IntervalMonthDayNanoArray>>().map_err(errors::external)?;
        return Ok(Arc::new(found));
    }
    let values = cast(values, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>();
    let value = |fraction: f64| {
        let (below, above, share) = around(fraction);
        let (low, high) = (values.value(below), values.value(above));
        if below == above { low } else { low + share * (high - low) }
    };
    Ok(Arc::new(fractions.iter().map(|fraction| fraction.map(value)).collect::<Float64Array>()))
}

impl Accumulator for Ordering {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        self.learn(values.get(2))?;
        let known = is_not_null(&values[0])?;
        self.values.add(&[filter(&values[0], &known)?, filter(&values[1], &known)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        if let Some(fractions) = states.get(2) {
            self.learn(Some(&filter(fractions, &is_not_null(fractions)?)?))?;
        }
        self.values.merge(states)
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        let data_type = self.values.columns()?[0].data_type().clone();
        let null = || if self.many { DataType::new_list(data_type.clone(), true) } else { data_type.clone() };
        let null = || ScalarValue::try_from(&null());
        if self.place == Place::Mode {
            return if self.values.rows() == 0 { null() } else { self.mode() };
        }
        if self.many && self.values.rows() == 0 {
            return null();
        }
        let fractions = match &self.fraction {
            None => return null(),
            Some(fraction) if fraction.is_null() => return null(),
            Some(ScalarValue::List(list)) => list.value(0),
            Some(fraction) => fraction.to_array()?,
        };
        let fractions = cast(&fractions, &DataType::Float64)?;
        let fractions = fractions.as_primitive::<Float64Type>();
        fractions.iter().flatten().try_for_each(check)?;
        if self.values.rows() == 0 {
            return null();
        }
        let found = self.at(fractions)?;
        if !self.many {
            return ScalarValue::try_from_array(&found, 0);
        }
        let field = Arc::new(Field::new_list_field(found.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths([found.len()]);
        Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, found, None)?)))
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let mut state = self.values.state()?;
        if self.place != Place::Mode {
            let none = || if self.many { DataType::new_list(DataType::Float64, true) } else { DataType::Float64 };
            state.push(match &self.fraction {
                Some(fraction) => fraction.clone(),
                None => ScalarValue::try_from(&none())?,
            });
        }
        Ok(state)
    }

    fn size(&self) -> usize {
        self.values.size()
    }
}

fn check(fraction: f64) -> Result<(), DataFusionError> {
    if (0.0..=1.0).contains(&fraction) {
        return Ok(());
    }
    let message = format!("percentile value {} is not between 0 and 1", shown(fraction));
    Err(errors::external(QueryError::NumberOutOfRange(message)))
}

/// A number with six significant digits, as `%g` prints it.
fn shown(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let written = format!("{number:.5e}");
    let Some((digits, exponent)) = written.split_once('e') else { return written };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |digits: &str| digits.trim_end_matches('0').trim_end_matches('.').to_owned();
    if (-4..6).contains(&exponent) {
        let behind = usize::try_from(5 - exponent).unwrap_or(0);
        let fixed = format!("{number:.behind$}");
        return if fixed.contains('.') { trimmed(&fixed) } else { fixed };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trimmed(digits), exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits() {
        for (number, text) in
            [(1.5, "1.5"), (-0.1, "-0.1"), (1e10, "1e+10"), (123_456.7, "123457"), (2.0, "2"), (1e-7, "1e-07")]
        {
            assert_eq!(shown(number), text);
        }
    }
}
