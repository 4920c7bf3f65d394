//! Arithmetic of times and intervals.
//!
//! Months and days of an interval are added to the local time of the session's zone, its rest to the point
//! in time, as in PostgreSQL: `'2024-01-31'::timestamptz + '1 month'` is the 29th at the same hour.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, FixedSizeBinaryBuilder, Int64Array, IntervalMonthDayNanoArray,
    TimestampMicrosecondArray,
};
use arrow::compute::kernels::arity::try_binary;
use arrow::datatypes::{
    DataType, Date32Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use chrono::{Datelike, NaiveDate};
use datafusion::logical_expr::{Expr, Operator, Volatility};

use super::convert::{to_local, to_utc, wide_integers};
use super::kernel::{Kernel, call};
use crate::catalog::types::{PgType, Zone};
use crate::error::{CatalogError, Result};
use crate::query::bind::errors;

const DAY_US: i64 = 86_400_000_000;

/// The length of an interval as bytes in the order of the lengths, so that `30 days` equals `1 month` as in PostgreSQL. The longest
/// intervals have more microseconds than 64 bits can count.
pub fn span(expr: Expr) -> Expr {
    let function = Kernel::key("kalam_interval_span", DataType::FixedSizeBinary(16), |_, arrays| {
        let intervals = arrays[0].as_primitive::<IntervalMonthDayNanoType>();
        let mut spans = FixedSizeBinaryBuilder::with_capacity(intervals.len(), 16);
        for interval in intervals {
            match interval {
                // With its sign flipped a number's bytes are in its order.
                Some(interval) => spans
                    .append_value((span_of(interval) ^ i128::MIN).to_be_bytes())
                    .map_err(|error| errors::translate(error.into()))?,
                None => spans.append_null(),
            }
        }
        Ok(Arc::new(spans.finish()))
    });
    call(function, vec![expr])
}

/// The length of an interval in microseconds: a month has 30 days, a day 24 hours.
pub fn span_of(interval: IntervalMonthDayNano) -> i128 {
    let days = i128::from(interval.months) * 30 + i128::from(interval.days);
    days * i128::from(DAY_US) + i128::from(interval.nanoseconds / 1000)
}

/// `greatest` and `least` of intervals, by length; NULLs do not count.
pub fn extreme_of(is_greatest: bool, arguments: Vec<Expr>) -> Expr {
    let name = if is_greatest { "kalam_interval_greatest" } else { "kalam_interval_least" };
    let count = arguments.len();
    let function = Kernel::new(name, count, PgType::Interval, Volatility::Immutable, move |_, arrays| {
        let columns: Vec<_> = arrays.iter().map(|array| array.as_primitive::<IntervalMonthDayNanoType>()).collect();
        let rows = columns.first().map_or(0, |column| column.len());
        let pick = |row: usize| {
            let values = columns.iter().filter(|column| column.is_valid(row)).map(|column| column.value(row));
            // The first of several of one length.
            values.reduce(|best, value| {
                let is_better =
                    if is_greatest { span_of(value) > span_of(best) } else { span_of(value) < span_of(best) };
                if is_better { value } else { best }
            })
        };
        Ok(Arc::new((0..rows).map(pick).collect::<IntervalMonthDayNanoArray>()))
    });
    call(function, arguments)
}

/// The days that a date can be, from 4714-11-24 BC.
const DATES: std::ops::Range<i32> = -2_440_588..2_145_042_906;

fn is_infinite(day: i32) -> bool {
    day == i32::MAX || day == i32::MIN
}

/// `date + n`, `date - n`.
pub fn date_plus_days(date: Expr, operator: Operator, days: Expr) -> Expr {
    let sign = if operator == Operator::Minus { -1 } else { 1 };
    let name = if sign < 0 { "kalam_date_mi_int" } else { "kalam_date_pl_int" };
    let function = Kernel::new(name, 2, PgType::Date, Volatility::Immutable, move |_, arrays| {
        let days = wide_integers(&arrays[1])?;
        let dates: std::result::Result<Date32Array, ArrowError> =
            try_binary(arrays[0].as_primitive::<Date32Type>(), &days, |date, days| {
                if is_infinite(date) {
                    return Ok(date);
                }
                i64::from(date)
                    .checked_add(days * sign)
                    .and_then(|day| i32::try_from(day).ok())
                    .filter(|day| DATES.contains(day))
                    .ok_or_else(|| ArrowError::ComputeError("date out of range".into()))
            });
        Ok(Arc::new(dates.map_err(|_| out_of_range("date"))?))
    });
    call(function, vec![date, days])
}

/// `date - date`, in days.
pub fn date_difference(left: Expr, right: Expr) -> Expr {
    let function = Kernel::new("kalam_date_mi", 2, PgType::Int4, Volatility::Immutable, |_, arrays| {
        let (left, right) = (arrays[0].as_primitive::<Date32Type>(), arrays[1].as_primitive::<Date32Type>());
        let days: std::result::Result<arrow::array::Int32Array, ArrowError> = try_binary(left, right, |left, right| {
            let days = if is_infinite(left) || is_infinite(right) { None } else { left.checked_sub(right) };
            days.ok_or_else(|| ArrowError::ComputeError("date".into()))
        });
        Ok(Arc::new(days.map_err(|_| CatalogError::DatetimeOverflow("cannot subtract infinite dates".into()))?))
    });
    call(function, vec![left, right])
}

/// `timestamp - timestamp`: days and the rest.
pub fn time_difference(left: Expr, right: Expr) -> Expr {
    let function = Kernel::new("kalam_timestamp_mi", 2, PgType::Interval, Volatility::Immutable, |_, arrays| {
        let (left, right) = (micros(&arrays[0])?, micros(&arrays[1])?);
        let intervals: std::result::Result<IntervalMonthDayNanoArray, ArrowError> =
            try_binary(&left, &right, |left: i64, right: i64| {
                if [left, right].iter().any(|us| *us == i64::MAX || *us == i64::MIN) {
                    let infinite = CatalogError::DatetimeOverflow("cannot subtract infinite timestamps".into());
                    return Err(ArrowError::ExternalError(Box::new(crate::Error::from(infinite))));
                }
                let us = left.checked_sub(right).ok_or_else(|| ArrowError::ComputeError("interval".into()))?;
                let days = i32::try_from(us / DAY_US).map_err(|_| ArrowError::ComputeError("interval".into()))?;
                Ok(IntervalMonthDayNano::new(0, days, (us % DAY_US) * 1000))
            });
        Ok(Arc::new(intervals.map_err(|error| match error {
            ArrowError::ExternalError(_) => errors::translate(error.into()),
            _ => out_of_range("interval"),
        })?))
    });
    call(function, vec![left, right])
}

/// `timestamp ± interval`; the type of the result is that of the time.
pub fn time_plus_interval(time: Expr, operator: Operator, interval: Expr) -> Expr {
    let minus = operator == Operator::Minus;
    let name = if minus { "kalam_timestamp_mi_interval" } else { "kalam_timestamp_pl_interval" };
    call(plus(name, minus), vec![time, interval])
}

/// The result type depends on the argument, so the two kinds of timestamp are two functions.
fn plus(name: &str, minus: bool) -> Arc<datafusion::logical_expr::ScalarUDF> {
    Arc::new(datafusion::logical_expr::ScalarUDF::new_from_impl(TimePlus {
        name: name.to_owned(),
        minus,
        signature: datafusion::logical_expr::Signature::any(2, Volatility::Stable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TimePlus {
    name: String,
    minus: bool,
    signature: datafusion::logical_expr::Signature,
}

impl datafusion::logical_expr::ScalarUDFImpl for TimePlus {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &datafusion::logical_expr::Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> datafusion::common::Result<DataType> {
        Ok(match &types[0] {
            DataType::Timestamp(_, Some(_)) => PgType::Timestamptz.arrow(),
            _ => PgType::Timestamp.arrow(),
        })
    }

    fn invoke_with_args(
        &self,
        args: datafusion::logical_expr::ScalarFunctionArgs,
    ) -> datafusion::common::Result<datafusion::logical_expr::ColumnarValue> {
        use datafusion::common::ScalarValue;
        use datafusion::logical_expr::ColumnarValue;
        let environment = crate::query::planner::EnvironmentExtension::of(&args.config_options)?;
        let zoned = matches!(args.return_field.data_type(), DataType::Timestamp(_, Some(_)));
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let time = args.args[0].clone().into_array(rows)?;
        let interval = args.args[1].clone().into_array(rows)?;
        let zone = zoned.then_some(&environment.style.time_zone);
        let times = add(&time, &interval, self.minus, zone).map_err(errors::external)?;
        let times = if zoned { times.with_timezone("UTC") } else { times };
        let array: ArrayRef = Arc::new(times);
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

fn add(time: &ArrayRef, interval: &ArrayRef, minus: bool, zone: Option<&Zone>) -> Result<TimestampMicrosecondArray> {
    let interval = match interval.data_type() {
        DataType::Null => arrow::array::new_null_array(&PgType::Interval.arrow(), interval.len()),
        _ => Arc::clone(interval),
    };
    let time = micros(time)?;
    let sum: std::result::Result<TimestampMicrosecondArray, ArrowError> =
        try_binary(&time, interval.as_primitive::<IntervalMonthDayNanoType>(), |us, interval| {
            let sign = if minus { -1 } else { 1 };
            shift(us, interval, sign, zone).ok_or_else(|| ArrowError::ComputeError("timestamp".into()))
        });
    sum.map_err(|_| out_of_range("timestamp"))
}

/// One point in time, moved by an interval. `None` beyond the calendar.
pub fn shift(us: i64, interval: IntervalMonthDayNano, sign: i64, zone: Option<&Zone>) -> Option<i64> {
    if us == i64::MAX || us == i64::MIN {
        return Some(us);
    }
    let mut us = us;
    if interval.months != 0 || interval.days != 0 {
        let local = zone.map_or(us, |zone| to_local(us, zone));
        let (day, rest) = (local.div_euclid(DAY_US), local.rem_euclid(DAY_US));
        let mut day = i32::try_from(day).ok()?;
        if interval.months != 0 {
            day = plus_months(day, i64::from(interval.months) * sign)?;
        }
        let day = i64::from(day).checked_add(i64::from(interval.days) * sign)?;
        let local = day.checked_mul(DAY_US)?.checked_add(rest)?;
        us = zone.map_or(local, |zone| to_utc(local, zone));
    }
    us.checked_add(interval.nanoseconds / 1000 * sign)
}

/// A day some months later: the same day of the month, or the month's last.
fn plus_months(day: i32, months: i64) -> Option<i32> {
    let date = NaiveDate::from_num_days_from_ce_opt(day.checked_add(719_163)?)?;
    let count = i64::from(date.year()) * 12 + i64::from(date.month0()) + months;
    let (year, month) = (i32::try_from(count.div_euclid(12)).ok()?, u32::try_from(count.rem_euclid(12)).ok()? + 1);
    let last = (28..=31).rev().find(|day| NaiveDate::from_ymd_opt(year, month, *day).is_some())?;
    let moved = NaiveDate::from_ymd_opt(year, month, date.day().min(last))?;
    Some(moved.num_days_from_ce() - 719_163)
}

fn micros(array: &ArrayRef) -> Result<Int64Array> {
    let zone = match array.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    };
    let wanted = DataType::Timestamp(TimeUnit::Microsecond, zone);
    let array = arrow::compute::cast(array, &wanted).map_err(|error| errors::translate(error.into()))?;
    Ok(array.as_primitive::<TimestampMicrosecondType>().reinterpret_cast::<Int64Type>())
}

fn out_of_range(what: &str) -> crate::Error {
    CatalogError::DatetimeOverflow(format!("{what} out of range")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_on_their_last_day() {
        // 2024-01-31 is day 19753.
        assert_eq!(plus_months(19_753, 1), Some(19_753 + 29));
        assert_eq!(plus_months(19_753, -2), Some(19_753 - 62));
        assert_eq!(plus_months(19_753, 12), Some(19_753 + 366));
    }

    #[test]
    fn a_day_is_a_local_day() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        // 2024-03-30 12:00 in Berlin is 11:00 UTC; a day later the clocks have moved.
        let noon = 1_711_796_400_000_000;
        let day = IntervalMonthDayNano::new(0, 1, 0);
        assert_eq!(shift(noon, day, 1, Some(&zone)), Some(noon + DAY_US - 3_600_000_000));
        assert_eq!(shift(noon, day, 1, None), Some(noon + DAY_US));
    }
}
