//! Arithmetic and parts of dates, times and intervals.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Date32Array, PrimitiveArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    Date32Type, Float64Type, Int32Type, IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use chrono::{Datelike, NaiveDate};
use datafusion::logical_expr::{Expr, Operator, Volatility};

use super::{Call, adapt, casts};
use crate::catalog::types::PgType;
use crate::error::{CatalogError, QueryError, Result};
use crate::query::environment::Environment;
use crate::query::functions::cast::Kind;
use crate::query::functions::interval;
use crate::query::functions::kernel::{self, Kernel};

const DAY_US: i64 = 86_400_000_000;
const DAYS_PER_MONTH: i32 = 30;

/// PostgreSQL's functions that we have under a name of DataFusion's registry.
const NAMED: [(&str, &str); 20] = [
    ("extract_date", "extract"),
    ("extract_time", "extract"),
    ("extract_timestamp", "extract"),
    ("extract_timestamptz", "extract"),
    ("extract_interval", "extract"),
    ("date_part(text,date)", "date_part"),
    ("time_part", "date_part"),
    ("timestamp_part", "date_part"),
    ("timestamptz_part", "date_part"),
    ("interval_part", "date_part"),
    ("timestamp_trunc", "date_trunc"),
    ("timestamptz_trunc", "date_trunc"),
    ("timestamptz_trunc_zone", "date_trunc"),
    ("timestamptz_zone", "timezone"),
    ("timestamp_zone", "timezone"),
    ("now", "now"),
    ("statement_timestamp", "statement_timestamp"),
    ("clock_timestamp", "clock_timestamp"),
    ("gen_random_uuid", "gen_random_uuid"),
    ("uuidv7", "uuidv7"),
];

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    if let Some((_, name)) = NAMED.iter().find(|(source, _)| *source == call.source) {
        return Some(adapt::call(call, name));
    }
    sums(call).or_else(|| lengths(call)).or_else(|| made(call)).map(Ok)
}

/// A point in time and what is added to it.
fn sums(call: &mut Call<'_>) -> Option<Expr> {
    let (first, second) = (call.kind(0), call.kind(1));
    let operator = if call.source.contains("_mi") { Operator::Minus } else { Operator::Plus };
    let source = call.source.clone();
    let mut pair = |swapped: bool| {
        let mut arguments = call.take().into_iter();
        let (left, right) = (arguments.next()?, arguments.next()?);
        Some(if swapped { (right, left) } else { (left, right) })
    };
    Some(match source.as_str() {
        "date_pli" | "date_mii" => {
            let (date, days) = pair(false)?;
            interval::date_plus_days(date, operator, days)
        }
        "integer_pl_date(int4,date)" => {
            let (date, days) = pair(true)?;
            interval::date_plus_days(date, operator, days)
        }
        "date_mi" => {
            let (left, right) = pair(false)?;
            interval::date_difference(left, right)
        }
        "timestamp_mi" => {
            let (left, right) = pair(false)?;
            interval::time_difference(left, right)
        }
        "timestamp_pl_interval" | "timestamp_mi_interval" | "timestamptz_pl_interval" | "timestamptz_mi_interval" => {
            let (time, interval) = pair(false)?;
            interval::time_plus_interval(time, operator, interval)
        }
        "interval_pl_timestamp(interval,timestamp)" | "interval_pl_timestamptz(interval,timestamptz)" => {
            let (time, interval) = pair(true)?;
            interval::time_plus_interval(time, operator, interval)
        }
        "date_pl_interval" | "date_mi_interval" | "interval_pl_date(interval,date)" => {
            let swapped = second == PgType::Date;
            let (date, interval) = pair(swapped)?;
            let date_type = if swapped { second } else { first };
            let midnight = casts::convert(date, &date_type, &PgType::Timestamp, Kind::Explicit);
            interval::time_plus_interval(midnight, operator, interval)
        }
        _ => return None,
    })
}

type Interval = IntervalMonthDayNano;

fn lengths(call: &mut Call<'_>) -> Option<Expr> {
    Some(match call.source.as_str() {
        "interval_pl" => {
            two::<IntervalMonthDayNanoType, IntervalMonthDayNanoType, IntervalMonthDayNanoType>(call, plus)
        }
        "interval_mi" => {
            two::<IntervalMonthDayNanoType, IntervalMonthDayNanoType, IntervalMonthDayNanoType>(call, minus)
        }
        "interval_um" => one::<IntervalMonthDayNanoType, IntervalMonthDayNanoType>(call, negative),
        "interval_mul" => two::<IntervalMonthDayNanoType, Float64Type, IntervalMonthDayNanoType>(call, times),
        "mul_d_interval" => {
            two::<Float64Type, IntervalMonthDayNanoType, IntervalMonthDayNanoType>(call, |by, span| times(span, by))
        }
        "interval_div" => two::<IntervalMonthDayNanoType, Float64Type, IntervalMonthDayNanoType>(call, divided),
        "interval_justify_hours" => one::<IntervalMonthDayNanoType, IntervalMonthDayNanoType>(call, justify_hours),
        "interval_justify_days" => one::<IntervalMonthDayNanoType, IntervalMonthDayNanoType>(call, justify_days),
        "interval_justify_interval" => one::<IntervalMonthDayNanoType, IntervalMonthDayNanoType>(call, justify),
        "time_mi_time" => {
            two::<Time64MicrosecondType, Time64MicrosecondType, IntervalMonthDayNanoType>(call, |left, right| {
                Ok(Interval::new(0, 0, (left - right) * 1000))
            })
        }
        "time_pl_interval" => {
            two::<Time64MicrosecondType, IntervalMonthDayNanoType, Time64MicrosecondType>(call, |time, span| {
                Ok((time + span.nanoseconds / 1000 % DAY_US).rem_euclid(DAY_US))
            })
        }
        "time_mi_interval" => {
            two::<Time64MicrosecondType, IntervalMonthDayNanoType, Time64MicrosecondType>(call, |time, span| {
                Ok((time - span.nanoseconds / 1000 % DAY_US).rem_euclid(DAY_US))
            })
        }
        "interval_pl_time(interval,time)" => {
            two::<IntervalMonthDayNanoType, Time64MicrosecondType, Time64MicrosecondType>(call, |span, time| {
                Ok((time + span.nanoseconds / 1000 % DAY_US).rem_euclid(DAY_US))
            })
        }
        "datetime_timestamp" => two::<Date32Type, Time64MicrosecondType, TimestampMicrosecondType>(call, at),
        "timedate_pl(time,date)" => {
            two::<Time64MicrosecondType, Date32Type, TimestampMicrosecondType>(call, |time, day| at(day, time))
        }
        _ => return None,
    })
}

/// A day and a time of it.
pub(super) fn at(day: i32, time: i64) -> Result<i64> {
    match day {
        i32::MAX => Ok(i64::MAX),
        i32::MIN => Ok(i64::MIN),
        day => {
            let us = i64::from(day).checked_mul(DAY_US).and_then(|us| us.checked_add(time));
            us.ok_or_else(|| CatalogError::DatetimeOverflow("timestamp out of range".into()).into())
        }
    }
}

fn made(call: &mut Call<'_>) -> Option<Expr> {
    let name = format!("pg_{}", call.source);
    let kernel = |call: &mut Call<'_>, work: fn(&[ArrayRef]) -> Result<ArrayRef>| {
        let arguments = call.take();
        let work = move |_: &Environment, arrays: &[ArrayRef]| work(arrays);
        let function = Kernel::new(name, arguments.len(), call.result.clone(), Volatility::Immutable, work);
        kernel::call(function, arguments)
    };
    Some(match call.source.as_str() {
        "make_date" => kernel(call, |arrays| {
            let part = |index: usize| arrays[index].as_primitive::<Int32Type>();
            let (years, months, days) = (part(0), part(1), part(2));
            let mut answers = Vec::with_capacity(years.len());
            for row in 0..years.len() {
                let known = years.is_valid(row) && months.is_valid(row) && days.is_valid(row);
                answers.push(match known {
                    true => Some(date(years.value(row), months.value(row), days.value(row))?),
                    false => None,
                });
            }
            Ok(Arc::new(Date32Array::from(answers)))
        }),
        "float8_timestamptz" => kernel(call, |arrays| {
            let seconds = arrays[0].as_primitive::<Float64Type>();
            let times = seconds.try_unary::<_, TimestampMicrosecondType, crate::Error>(since_epoch)?;
            Ok(Arc::new(TimestampMicrosecondArray::with_timezone(times, "UTC")))
        }),
        "date_finite" => kernel(call, |arrays| {
            let days = arrays[0].as_primitive::<Date32Type>();
            Ok(Arc::new(BooleanArray::from_unary(days, |day| day != i32::MAX && day != i32::MIN)))
        }),
        "timestamp_finite" => kernel(call, |arrays| {
            let times = arrays[0].as_primitive::<TimestampMicrosecondType>();
            Ok(Arc::new(BooleanArray::from_unary(times, |us| us != i64::MAX && us != i64::MIN)))
        }),
        "interval_finite" => kernel(call, |arrays| {
            let spans = arrays[0].as_primitive::<IntervalMonthDayNanoType>();
            Ok(Arc::new(BooleanArray::from_unary(spans, |_| true)))
        }),
        _ => return None,
    })
}

fn date(year: i32, month: i32, day: i32) -> Result<i32> {
    let wrong = || CatalogError::DatetimeOverflow(format!("date field value out of range: {year}-{month:02}-{day:02}"));
    // Year -1 is 1 BC, which the calendar counts as 0; there is no year 0.
    let counted = if year < 0 { year.checked_add(1).ok_or_else(wrong)? } else { year };
    let parts = (u32::try_from(month), u32::try_from(day));
    let (Ok(month), Ok(day)) = parts else { return Err(wrong().into()) };
    let date = if year == 0 { None } else { NaiveDate::from_ymd_opt(counted, month, day) };
    // 4714-11-24 BC is the first day that there is.
    let days = date.ok_or_else(wrong)?.num_days_from_ce() - 719_163;
    if days < -2_440_588 { Err(wrong().into()) } else { Ok(days) }
}

fn since_epoch(seconds: f64) -> Result<i64> {
    let wrong = |text: String| CatalogError::DatetimeOverflow(text).into();
    if seconds.is_nan() {
        return Err(wrong("timestamp cannot be NaN".into()));
    }
    if seconds.is_infinite() {
        return Ok(if seconds > 0.0 { i64::MAX } else { i64::MIN });
    }
    // From 4714-11-24 BC to before 294277-01-01.
    if !(-210_866_803_200.0..9_224_318_016_000.0).contains(&seconds) {
        return Err(wrong(format!("timestamp out of range: \"{seconds}\"")));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    let us = (seconds * 1e6).round_ties_even() as i64;
    Ok(us)
}

fn overflow() -> crate::Error {
    CatalogError::DatetimeOverflow("interval out of range".into()).into()
}

/// `left + right`, field by field.
pub fn plus(left: Interval, right: Interval) -> Result<Interval> {
    let months = left.months.checked_add(right.months);
    let days = left.days.checked_add(right.days);
    let rest = left.nanoseconds.checked_add(right.nanoseconds);
    match (months, days, rest) {
        (Some(months), Some(days), Some(rest)) => Ok(Interval::new(months, days, rest)),
        _ => Err(overflow()),
    }
}

/// `left - right`, field by field.
pub fn minus(left: Interval, right: Interval) -> Result<Interval> {
    plus(left, negative(right)?)
}

fn negative(span: Interval) -> Result<Interval> {
    match (span.months.checked_neg(), span.days.checked_neg(), span.nanoseconds.checked_neg()) {
        (Some(months), Some(days), Some(rest)) => Ok(Interval::new(months, days, rest)),
        _ => Err(overflow()),
    }
}

/// `span * by`.
pub fn times(span: Interval, by: f64) -> Result<Interval> {
    scale(span, |part| part * by)
}

/// `span / by`.
pub fn divided(span: Interval, by: f64) -> Result<Interval> {
    if by == 0.0 { Err(QueryError::DivisionByZero.into()) } else { scale(span, |part| part / by) }
}

fn whole(value: f64) -> Result<i32> {
    if value.is_nan() || value > f64::from(i32::MAX) || value < f64::from(i32::MIN) {
        return Err(overflow());
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    let whole = value as i32;
    Ok(whole)
}

/// Six digits behind the point: what is less is noise of the multiplication.
fn six_digits(value: f64) -> f64 {
    (value * 1e6).round_ties_even() / 1e6
}

/// An interval times a factor: fractions of months become days, fractions of days become time.
fn scale(span: Interval, by: impl Fn(f64) -> f64) -> Result<Interval> {
    const SECONDS: f64 = 86_400.0;
    let (months, days) = (by(f64::from(span.months)), by(f64::from(span.days)));
    let whole_months = whole(months)?;
    let mut whole_days = whole(days)?;
    let month_days = six_digits((months - f64::from(whole_months)) * f64::from(DAYS_PER_MONTH));
    let mut seconds = six_digits((days - f64::from(whole_days) + month_days - month_days.trunc()) * SECONDS);
    if seconds.abs() >= SECONDS {
        let more = whole(seconds / SECONDS)?;
        whole_days = whole_days.checked_add(more).ok_or_else(overflow)?;
        seconds -= f64::from(more) * SECONDS;
    }
    let whole_days = whole_days.checked_add(whole(month_days)?).ok_or_else(overflow)?;
    #[expect(clippy::cast_precision_loss, reason = "PostgreSQL computes with doubles here")]
    let us = (by((span.nanoseconds / 1000) as f64) + seconds * 1e6).round_ties_even();
    // What nanoseconds can hold.
    if us.is_nan() || us.abs() > 9.2e15 {
        return Err(overflow());
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    let us = us as i64;
    Ok(Interval::new(whole_months, whole_days, us * 1000))
}

fn days_of(span: Interval) -> Result<(i32, i64)> {
    let us = span.nanoseconds / 1000;
    let days = i32::try_from(us / DAY_US).map_err(|_| overflow())?;
    Ok((span.days.checked_add(days).ok_or_else(overflow)?, us % DAY_US))
}

fn justify_hours(span: Interval) -> Result<Interval> {
    let (mut days, mut us) = days_of(span)?;
    if days > 0 && us < 0 {
        us += DAY_US;
        days -= 1;
    } else if days < 0 && us > 0 {
        us -= DAY_US;
        days += 1;
    }
    Ok(Interval::new(span.months, days, us * 1000))
}

fn justify_days(span: Interval) -> Result<Interval> {
    let mut months = span.months.checked_add(span.days / DAYS_PER_MONTH).ok_or_else(overflow)?;
    let mut days = span.days % DAYS_PER_MONTH;
    if months > 0 && days < 0 {
        days += DAYS_PER_MONTH;
        months -= 1;
    } else if months < 0 && days > 0 {
        days -= DAYS_PER_MONTH;
        months += 1;
    }
    Ok(Interval::new(months, days, span.nanoseconds))
}

fn justify(span: Interval) -> Result<Interval> {
    let (days, mut us) = days_of(Interval::new(0, span.days % DAYS_PER_MONTH, span.nanoseconds))?;
    let more = span.days / DAYS_PER_MONTH + days / DAYS_PER_MONTH;
    let mut months = span.months.checked_add(more).ok_or_else(overflow)?;
    let mut days = days % DAYS_PER_MONTH;
    if months > 0 && (days < 0 || (days == 0 && us < 0)) {
        days += DAYS_PER_MONTH;
        months -= 1;
    } else if months < 0 && (days > 0 || (days == 0 && us > 0)) {
        days -= DAYS_PER_MONTH;
        months += 1;
    }
    if days > 0 && us < 0 {
        us += DAY_US;
        days -= 1;
    } else if days < 0 && us > 0 {
        us -= DAY_US;
        days += 1;
    }
    Ok(Interval::new(months, days, us * 1000))
}

fn one<A: ArrowPrimitiveType, R: ArrowPrimitiveType>(
    call: &mut Call<'_>,
    work: fn(A::Native) -> Result<R::Native>,
) -> Expr {
    let name = format!("pg_{}", call.source);
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let answers: PrimitiveArray<R> = arrays[0].as_primitive::<A>().try_unary::<_, R, crate::Error>(work)?;
        Ok(Arc::new(answers) as ArrayRef)
    };
    kernel::call(Kernel::new(name, 1, call.result.clone(), Volatility::Immutable, work), call.take())
}

fn two<A: ArrowPrimitiveType, B: ArrowPrimitiveType, R: ArrowPrimitiveType>(
    call: &mut Call<'_>,
    work: fn(A::Native, B::Native) -> Result<R::Native>,
) -> Expr {
    let name = format!("pg_{}", call.source);
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let (left, right) = (arrays[0].as_primitive::<A>(), arrays[1].as_primitive::<B>());
        let answers = (0..left.len()).map(|row| {
            if left.is_null(row) || right.is_null(row) {
                return Ok(None);
            }
            work(left.value(row), right.value(row)).map(Some)
        });
        Ok(Arc::new(answers.collect::<Result<PrimitiveArray<R>>>()?) as ArrayRef)
    };
    kernel::call(Kernel::new(name, 2, call.result.clone(), Volatility::Immutable, work), call.take())
}
