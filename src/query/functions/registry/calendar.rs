//! Times made of their fields, cut to bins, compared as periods, and moved between zones.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, ListBuilder, PrimitiveBuilder};
use arrow::datatypes::{
    Float64Type, Int32Type, IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use datafusion::logical_expr::{Expr, Operator, Volatility};

use super::frame::{any_null, immutable, numbers, rows, stable};
use super::{Call, casts};
use crate::base::limits::VALUE_BYTES;
use crate::catalog::types::datetime::calendar::{
    DAY_US, FIRST_DAY, HOUR_US, LAST_DAY, MINUTE_US, SECOND_US, days_in_month, days_of,
};
use crate::catalog::types::datetime::{TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY};
use crate::catalog::types::{PgType, Zone};
use crate::error::{CatalogError, Error, QueryError, Result};
use crate::query::functions::cast::Kind;
use crate::query::functions::convert::{to_local, to_utc};
use crate::query::functions::date_part;
use crate::query::functions::interval::{self, shift};
use crate::query::functions::kernel::{self, Kernel};
use crate::query::functions::sleep::{self, How};
use crate::query::functions::units::{Unit, local_date};

type Interval = IntervalMonthDayNano;

/// PostgreSQL counts from 2000-01-01, which decides to which side halves are rounded.
const EPOCH_2000_US: i64 = 946_684_800 * SECOND_US;
/// Digits behind the point of a second.
const DIGITS: i32 = 6;

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    made(call).or_else(|| cut(call)).or_else(|| periods(call)).or_else(|| zones(call)).or_else(|| rounded(call)).map(Ok)
}

fn overflow(message: impl Into<String>) -> Error {
    CatalogError::DatetimeOverflow(message.into()).into()
}

fn is_infinite(us: i64) -> bool {
    us == TIMESTAMP_INFINITY || us == TIMESTAMP_MINUS_INFINITY
}

/// Kernels whose answers are points in time carry their zone.
fn zoned(times: ArrayRef, result: &PgType) -> ArrayRef {
    match result {
        PgType::Timestamptz => Arc::new(times.as_primitive::<TimestampMicrosecondType>().clone().with_timezone("UTC")),
        _ => times,
    }
}

fn made(call: &mut Call<'_>) -> Option<Expr> {
    let result = call.result.clone();
    Some(match call.source.as_str() {
        "make_interval" => immutable(call, |arrays| {
            let part = |index: usize| arrays[index].as_primitive::<Int32Type>();
            let seconds = arrays[6].as_primitive::<Float64Type>();
            numbers::<IntervalMonthDayNanoType>(arrays, |row| {
                let value = |index: usize| i64::from(part(index).value(row));
                let out_of_range = || overflow("interval out of range");
                let seconds = seconds.value(row);
                if !seconds.is_finite() || seconds.abs() > 9.2e12 {
                    return Err(out_of_range());
                }
                #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
                let us = (seconds * 1e6).round_ties_even() as i64;
                let us = us + value(4) * HOUR_US + value(5) * MINUTE_US;
                let months = i32::try_from(value(0) * 12 + value(1)).map_err(|_| out_of_range())?;
                let days = i32::try_from(value(2) * 7 + value(3)).map_err(|_| out_of_range())?;
                Ok(Some(Interval::new(months, days, us.checked_mul(1000).ok_or_else(out_of_range)?)))
            })
        }),
        "make_time" => immutable(call, |arrays| {
            let part = |index: usize| arrays[index].as_primitive::<Int32Type>();
            let (hours, minutes, seconds) = (part(0), part(1), arrays[2].as_primitive::<Float64Type>());
            numbers::<Time64MicrosecondType>(arrays, |row| {
                time(hours.value(row), minutes.value(row), seconds.value(row)).map(Some)
            })
        }),
        "make_timestamp" | "make_timestamptz" | "make_timestamptz_at_timezone" => {
            let at_zone = call.source == "make_timestamptz_at_timezone";
            let is_zoned = call.source != "make_timestamp";
            stable(call, move |environment, arrays| {
                let part = |index: usize| arrays[index].as_primitive::<Int32Type>();
                let seconds = arrays[5].as_primitive::<Float64Type>();
                let names = at_zone.then(|| arrays[6].as_string::<i32>());
                let times = numbers::<TimestampMicrosecondType>(arrays, |row| {
                    let value = |index: usize| part(index).value(row);
                    let day = date(value(0), value(1), value(2))?;
                    let time = time(value(3), value(4), seconds.value(row))?;
                    let local = day.checked_mul(DAY_US).and_then(|us| us.checked_add(time));
                    let local = local.ok_or_else(|| overflow("timestamp out of range"))?;
                    Ok(Some(match names {
                        Some(names) => to_utc(local, &named_zone(names.value(row))?),
                        None if is_zoned => to_utc(local, &environment.style.time_zone),
                        None => local,
                    }))
                })?;
                Ok(zoned(times, &result))
            })
        }
        "timeofday" => {
            let work = |environment: &crate::query::environment::Environment, arrays: &[ArrayRef]| {
                let count = rows(arrays).max(1);
                let us = environment.clock.now_us();
                let zone = &environment.style.time_zone;
                let (year, month, day) = local_date(to_local(us, zone));
                let time = to_local(us, zone).rem_euclid(DAY_US);
                let weekday = (to_local(us, zone).div_euclid(DAY_US) + 4).rem_euclid(7);
                let names = |index: i64, of: &str| -> String {
                    let index = usize::try_from(index).unwrap_or(0) * 3;
                    of.get(index..index + 3).unwrap_or_default().to_owned()
                };
                let text = format!(
                    "{} {} {day:02} {:02}:{:02}:{:02}.{:06} {year} {}",
                    names(weekday, "SunMonTueWedThuFriSat"),
                    names(month - 1, "JanFebMarAprMayJunJulAugSepOctNovDec"),
                    time / HOUR_US,
                    time / MINUTE_US % 60,
                    time / SECOND_US % 60,
                    time % SECOND_US,
                    zone.abbreviation_at(us)
                );
                Ok(Arc::new(arrow::array::StringArray::from(vec![text; count])) as ArrayRef)
            };
            kernel::call(Kernel::nullary("pg_timeofday", PgType::Text, Volatility::Volatile, work), Vec::new())
        }
        "pg_sleep" => kernel::call(sleep::function(How::Seconds), call.take()),
        "pg_sleep_for(interval)" => kernel::call(sleep::function(How::For), call.take()),
        "pg_sleep_until(timestamptz)" => kernel::call(sleep::function(How::Until), call.take()),
        _ => return None,
    })
}

/// Microseconds of a day.
fn time(hour: i32, minute: i32, second: f64) -> Result<i64> {
    let wrong = || overflow(format!("time field value out of range: {hour}:{minute:02}:{second:02}"));
    if !(0..=24).contains(&hour) || !(0..60).contains(&minute) || second.is_nan() {
        return Err(wrong());
    }
    let seconds = (second * 1e6).round_ties_even();
    if !(0.0..=60e6).contains(&seconds) {
        return Err(wrong());
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    let us = i64::from(hour) * HOUR_US + i64::from(minute) * MINUTE_US + seconds as i64;
    if us > DAY_US { Err(wrong()) } else { Ok(us) }
}

/// Days since 1970. Negative years are before Christ; there is no year 0.
fn date(year: i32, month: i32, day: i32) -> Result<i64> {
    let wrong = || overflow(format!("date field value out of range: {year}-{month:02}-{day:02}"));
    let (counted, month, day) = (i64::from(year) + i64::from(year < 0), i64::from(month), i64::from(day));
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_in_month(counted, month)).contains(&day) {
        return Err(wrong());
    }
    let days = days_of(counted, month, day);
    if !(FIRST_DAY..=LAST_DAY).contains(&days) {
        return Err(overflow(format!("date out of range: {year}-{month:02}-{day:02}")));
    }
    Ok(days)
}

/// A zone as `make_timestamptz` takes it: a displacement counts to the east here.
fn named_zone(text: &str) -> Result<Zone> {
    let invalid = |message: String| Error::from(QueryError::InvalidParameterValue(message));
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        let error = invalid(format!("invalid input syntax for type numeric time zone: \"{text}\""));
        return Err(error.hint("Numeric time zones must have \"-\" or \"+\" as first character."));
    }
    let unknown = || invalid(format!("time zone \"{text}\" not recognized"));
    let Some(digits) = text.strip_prefix(['+', '-']) else {
        let abbreviation = || Zone::abbreviation(text).map(Zone::from_east);
        return abbreviation().or_else(|| Zone::by_name(text)).ok_or_else(unknown);
    };
    let mut parts = [0; 3];
    let pieces: Vec<&str> = digits.split(':').collect();
    if let ([only], true) = (pieces.as_slice(), digits.len() > 2) {
        let all: i32 = only.parse().map_err(|_| unknown())?;
        parts = [all / 100, all % 100, 0];
    } else {
        if pieces.len() > 3 {
            return Err(unknown());
        }
        for (part, piece) in parts.iter_mut().zip(pieces) {
            *part = piece.parse().map_err(|_| unknown())?;
        }
    }
    let [hours, minutes, seconds] = parts;
    if !(0..=15).contains(&hours) || !(0..60).contains(&minutes) || !(0..60).contains(&seconds) {
        return Err(invalid(format!("numeric time zone \"{text}\" out of range")));
    }
    let east = (hours * 60 + minutes) * 60 + seconds;
    Ok(Zone::from_east(if text.starts_with('-') { -east } else { east }))
}

fn cut(call: &mut Call<'_>) -> Option<Expr> {
    let result = call.result.clone();
    Some(match call.source.as_str() {
        "timestamp_age" | "timestamptz_age" => {
            let is_zoned = call.source == "timestamptz_age";
            stable(call, move |environment, arrays| {
                let part = |index: usize| arrays[index].as_primitive::<TimestampMicrosecondType>();
                let (left, right) = (part(0), part(1));
                numbers::<IntervalMonthDayNanoType>(arrays, |row| {
                    let (mut left, mut right) = (left.value(row), right.value(row));
                    if is_infinite(left) || is_infinite(right) {
                        return Err(overflow("timestamp out of range"));
                    }
                    let is_before = left < right;
                    if is_zoned {
                        left = to_local(left, &environment.style.time_zone);
                        right = to_local(right, &environment.style.time_zone);
                    }
                    age(left, right, is_before).map(Some)
                })
            })
        }
        "age(timestamp)" | "age(timestamptz)" => {
            let is_zoned = call.source == "age(timestamptz)";
            stable(call, move |environment, arrays| {
                let times = arrays[0].as_primitive::<TimestampMicrosecondType>();
                let zone = &environment.style.time_zone;
                let now = to_local(environment.transaction_start_us, zone);
                let today = now - now.rem_euclid(DAY_US);
                numbers::<IntervalMonthDayNanoType>(arrays, |row| {
                    let time = times.value(row);
                    if is_infinite(time) {
                        return Err(overflow("timestamp out of range"));
                    }
                    let time = if is_zoned { to_local(time, zone) } else { time };
                    age(today, time, today < time).map(Some)
                })
            })
        }
        "timestamp_bin" | "timestamptz_bin" => immutable(call, move |arrays| {
            let strides = arrays[0].as_primitive::<IntervalMonthDayNanoType>();
            let part = |index: usize| arrays[index].as_primitive::<TimestampMicrosecondType>();
            let (times, origins) = (part(1), part(2));
            let times = numbers::<TimestampMicrosecondType>(arrays, |row| {
                bin(strides.value(row), times.value(row), origins.value(row)).map(Some)
            })?;
            Ok(zoned(times, &result))
        }),
        "interval_trunc" => immutable(call, |arrays| {
            let (words, spans) = (arrays[0].as_string::<i32>(), arrays[1].as_primitive::<IntervalMonthDayNanoType>());
            numbers::<IntervalMonthDayNanoType>(arrays, |row| truncate(words.value(row), spans.value(row)).map(Some))
        }),
        _ => return None,
    })
}

/// The time between two local times, in years, months, days and the rest.
fn age(left: i64, right: i64, is_before: bool) -> Result<Interval> {
    let fields = |us: i64| {
        let (year, month, day) = local_date(us);
        (year, month, day, us.rem_euclid(DAY_US))
    };
    let (one, other) = (fields(left), fields(right));
    let sign = if is_before { -1 } else { 1 };
    let (mut years, mut months) = (sign * (one.0 - other.0), sign * (one.1 - other.1));
    let (mut days, mut us) = (sign * (one.2 - other.2), sign * (one.3 - other.3));
    if us < 0 {
        us += DAY_US;
        days -= 1;
    }
    let earlier = if is_before { one } else { other };
    while days < 0 {
        days += days_in_month(earlier.0, earlier.1);
        months -= 1;
    }
    while months < 0 {
        months += 12;
        years -= 1;
    }
    let out_of_range = |_| overflow("interval out of range");
    let months = i32::try_from(sign * (years * 12 + months)).map_err(out_of_range)?;
    Ok(Interval::new(months, i32::try_from(sign * days).map_err(out_of_range)?, sign * us * 1000))
}

fn bin(stride: Interval, us: i64, origin: i64) -> Result<i64> {
    if is_infinite(us) {
        return Ok(us);
    }
    if is_infinite(origin) {
        return Err(overflow("origin out of range"));
    }
    if stride.months != 0 {
        let message = "timestamps cannot be binned into intervals containing months or years";
        return Err(QueryError::NotSupported(message.into()).into());
    }
    let length = i64::from(stride.days).checked_mul(DAY_US).and_then(|us| us.checked_add(stride.nanoseconds / 1000));
    let length = length.ok_or_else(|| overflow("interval out of range"))?;
    if length <= 0 {
        return Err(overflow("stride must be greater than zero"));
    }
    let out_of_range = || overflow("timestamp out of range");
    let difference = us.checked_sub(origin).ok_or_else(|| overflow("interval out of range"))?;
    let bin = us.checked_sub(difference.rem_euclid(length)).ok_or_else(out_of_range)?;
    if bin.div_euclid(DAY_US) < FIRST_DAY { Err(out_of_range()) } else { Ok(bin) }
}

fn truncate(word: &str, span: Interval) -> Result<Interval> {
    let unit = date_part::unit(word, &PgType::Interval)?;
    let us = span.nanoseconds / 1000;
    let to_months = |length: i32| Interval::new(span.months / length * length, 0, 0);
    let to_us = |length: i64| Interval::new(span.months, span.days, us / length * length * 1000);
    Ok(match unit {
        Unit::Millennium => to_months(12_000),
        Unit::Century => to_months(1200),
        Unit::Decade => to_months(120),
        Unit::Year => to_months(12),
        Unit::Quarter => to_months(3),
        Unit::Month => to_months(1),
        Unit::Day => Interval::new(span.months, span.days, 0),
        Unit::Hour => to_us(HOUR_US),
        Unit::Minute => to_us(MINUTE_US),
        Unit::Second => to_us(SECOND_US),
        Unit::Milliseconds => to_us(1000),
        Unit::Microseconds => span,
        unit => {
            let error = date_part::unsupported(word, &PgType::Interval, unit);
            return Err(if unit == Unit::Week { error.detail("Months usually have fractional weeks.") } else { error });
        }
    })
}

/// `OVERLAPS`.
fn periods(call: &mut Call<'_>) -> Option<Expr> {
    if call.fact.name != "overlaps" {
        return None;
    }
    let kinds: Vec<PgType> = (0..4).map(|index| call.kind(index)).collect();
    let mut arguments = call.take();
    // A length is added to the beginning of its period.
    for (begin, end) in [(0, 1), (2, 3)] {
        if kinds.get(end) == Some(&PgType::Interval) {
            let (from, length) = (arguments[begin].clone(), std::mem::take(&mut arguments[end]));
            arguments[end] = match kinds[begin] {
                PgType::Time => time_plus(from, length),
                _ => interval::time_plus_interval(from, Operator::Plus, length),
            };
        }
    }
    let is_time = kinds[0] == PgType::Time;
    let name = if is_time { "pg_overlaps_time" } else { "pg_overlaps_timestamp" };
    let work = move |arrays: &[ArrayRef]| {
        if is_time { compared::<Time64MicrosecondType>(arrays) } else { compared::<TimestampMicrosecondType>(arrays) }
    };
    Some(super::kernel_of(name, &PgType::Bool, arguments, work))
}

fn time_plus(time: Expr, length: Expr) -> Expr {
    super::kernel_of("pg_time_pl_interval", &PgType::Time, vec![time, length], |arrays| {
        let (times, spans) =
            (arrays[0].as_primitive::<Time64MicrosecondType>(), arrays[1].as_primitive::<IntervalMonthDayNanoType>());
        numbers::<Time64MicrosecondType>(arrays, |row| {
            Ok(Some((times.value(row) + spans.value(row).nanoseconds / 1000 % DAY_US).rem_euclid(DAY_US)))
        })
    })
}

fn compared<T: ArrowPrimitiveType<Native = i64>>(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let value = |index: usize, row: usize| {
        let array = arrays[index].as_primitive::<T>();
        array.is_valid(row).then(|| array.value(row))
    };
    let answers = (0..rows(arrays)).map(|row| {
        let period = |begin: usize| match (value(begin, row), value(begin + 1, row)) {
            (Some(one), Some(other)) => Some((one.min(other), Some(one.max(other)))),
            (Some(one), None) | (None, Some(one)) => Some((one, None)),
            (None, None) => None,
        };
        overlap(period(0)?, period(2)?)
    });
    Ok(Arc::new(answers.collect::<BooleanArray>()))
}

/// Do two periods overlap, as far as their ends are known?
fn overlap(one: (i64, Option<i64>), other: (i64, Option<i64>)) -> Option<bool> {
    let (later, earlier_end) = match one.0.cmp(&other.0) {
        std::cmp::Ordering::Equal => {
            one.1?;
            other.1?;
            return Some(true);
        }
        std::cmp::Ordering::Greater => (one, other.1?),
        std::cmp::Ordering::Less => (other, one.1?),
    };
    if later.0 < earlier_end {
        return Some(true);
    }
    later.1?;
    Some(false)
}

/// `AT TIME ZONE` with an interval.
fn zones(call: &mut Call<'_>) -> Option<Expr> {
    let east = match call.source.as_str() {
        "timestamptz_izone" => 1,
        "timestamp_izone" => -1,
        "timestamptz(date,time)" => {
            let mut arguments = call.take().into_iter();
            let local = super::kernel_of(
                "pg_datetime_timestamp",
                &PgType::Timestamp,
                vec![arguments.next()?, arguments.next()?],
                |arrays| {
                    let days = arrays[0].as_primitive::<arrow::datatypes::Date32Type>();
                    let times = arrays[1].as_primitive::<Time64MicrosecondType>();
                    numbers::<TimestampMicrosecondType>(arrays, |row| {
                        super::times::at(days.value(row), times.value(row)).map(Some)
                    })
                },
            );
            return Some(casts::convert(local, &PgType::Timestamp, &PgType::Timestamptz, Kind::Explicit));
        }
        _ => return None,
    };
    let result = call.result.clone();
    Some(immutable(call, move |arrays| {
        let zones = arrays[0].as_primitive::<IntervalMonthDayNanoType>();
        let times = arrays[1].as_primitive::<TimestampMicrosecondType>();
        let times = numbers::<TimestampMicrosecondType>(arrays, |row| {
            let (zone, us) = (zones.value(row), times.value(row));
            if is_infinite(us) {
                return Ok(Some(us));
            }
            if zone.months != 0 || zone.days != 0 {
                let mut text = Vec::new();
                crate::catalog::types::datetime::write_interval(zone, &mut text);
                let text = String::from_utf8_lossy(&text).into_owned();
                let message = format!("interval time zone \"{text}\" must not include months or days");
                return Err(QueryError::InvalidParameterValue(message).into());
            }
            let seconds = zone.nanoseconds / 1000 / SECOND_US;
            let moved = us.checked_add(east * seconds * SECOND_US);
            Ok(Some(moved.ok_or_else(|| overflow("timestamp out of range"))?))
        })?;
        Ok(zoned(times, &result))
    }))
}

/// Rounds to so many digits behind the point; halves go away from zero.
pub(super) fn to_digits(us: i64, digits: u32) -> i64 {
    let unit = 10_i64.pow(6_u32.saturating_sub(digits));
    let half = unit / 2;
    if us >= 0 { us.saturating_add(half) / unit * unit } else { -((-us).saturating_add(half) / unit * unit) }
}

/// A timestamp rounded to so many digits.
pub(super) fn timestamp_to_digits(us: i64, digits: u32) -> i64 {
    if is_infinite(us) { us } else { to_digits(us - EPOCH_2000_US, digits) + EPOCH_2000_US }
}

/// A time in the form of a type with a precision.
pub(super) fn with_precision(value: Expr, data_type: &PgType, digits: u32) -> Expr {
    let is_day_time = *data_type == PgType::Time;
    let (name, result) = (format!("pg_to_{digits}_digits_{}", data_type.name()), data_type.clone());
    super::kernel_of(&name, data_type, vec![value], move |arrays| {
        if is_day_time {
            let times = arrays[0].as_primitive::<Time64MicrosecondType>();
            return numbers::<Time64MicrosecondType>(arrays, |row| Ok(Some(to_digits(times.value(row), digits))));
        }
        let times = arrays[0].as_primitive::<TimestampMicrosecondType>();
        let times =
            numbers::<TimestampMicrosecondType>(arrays, |row| Ok(Some(timestamp_to_digits(times.value(row), digits))))?;
        Ok(zoned(times, &result))
    })
}

/// The functions that fit a time to its type's modifier.
fn rounded(call: &mut Call<'_>) -> Option<Expr> {
    let result = call.result.clone();
    let digits = |typmod: i32| u32::try_from(typmod.min(DIGITS)).ok();
    Some(match call.source.as_str() {
        "timestamp_scale" | "timestamptz_scale" => immutable(call, move |arrays| {
            let (times, typmods) =
                (arrays[0].as_primitive::<TimestampMicrosecondType>(), arrays[1].as_primitive::<Int32Type>());
            let times = numbers::<TimestampMicrosecondType>(arrays, |row| {
                let us = times.value(row);
                Ok(Some(digits(typmods.value(row)).map_or(us, |digits| timestamp_to_digits(us, digits))))
            })?;
            Ok(zoned(times, &result))
        }),
        "time_scale" => immutable(call, move |arrays| {
            let (times, typmods) =
                (arrays[0].as_primitive::<Time64MicrosecondType>(), arrays[1].as_primitive::<Int32Type>());
            numbers::<Time64MicrosecondType>(arrays, |row| {
                let us = times.value(row);
                Ok(Some(digits(typmods.value(row)).map_or(us, |digits| to_digits(us, digits))))
            })
        }),
        "interval_scale" => immutable(call, move |arrays| {
            let (spans, typmods) =
                (arrays[0].as_primitive::<IntervalMonthDayNanoType>(), arrays[1].as_primitive::<Int32Type>());
            numbers::<IntervalMonthDayNanoType>(arrays, |row| Ok(Some(fitted(spans.value(row), typmods.value(row)))))
        }),
        _ => return None,
    })
}

/// An interval without what its fields do not have, rounded to its precision.
fn fitted(span: Interval, typmod: i32) -> Interval {
    const FULL_PRECISION: i32 = 0xffff;
    const YEAR: i32 = 1 << 2;
    const MONTH: i32 = 1 << 1;
    const DAY: i32 = 1 << 3;
    const HOUR: i32 = 1 << 10;
    const MINUTE: i32 = 1 << 11;
    const SECOND: i32 = 1 << 12;
    const ALL: i32 = 0x7fff;
    if typmod < 0 {
        return span;
    }
    let (range, precision) = (typmod >> 16 & ALL, typmod & FULL_PRECISION);
    let us = span.nanoseconds / 1000;
    let (mut months, mut days, mut us) = (span.months, span.days, us);
    if range != ALL {
        if range == YEAR {
            months = months / 12 * 12;
        }
        if range & (DAY | HOUR | MINUTE | SECOND) == 0 && range & (YEAR | MONTH) != 0 {
            (days, us) = (0, 0);
        }
        us = match range & (DAY | HOUR | MINUTE | SECOND) {
            DAY => 0,
            only if only & (MINUTE | SECOND) == 0 && only & HOUR != 0 => us / HOUR_US * HOUR_US,
            only if only & SECOND == 0 && only & MINUTE != 0 => us / MINUTE_US * MINUTE_US,
            _ => us,
        };
    }
    if precision != FULL_PRECISION {
        us = to_digits(us, u32::try_from(precision).unwrap_or(6));
    }
    Interval::new(months, days, us.saturating_mul(1000))
}

/// `generate_series` over times: the rows as a list. Each is the one before and the step, in the session's zone.
pub(super) fn series(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let is_zoned = match call.source.as_str() {
        "generate_series_timestamp" => false,
        "generate_series_timestamptz" => true,
        _ => return None,
    };
    let element = if is_zoned { PgType::Timestamptz } else { PgType::Timestamp };
    Some(Ok(stable(call, move |environment, arrays| {
        let part = |index: usize| arrays[index].as_primitive::<TimestampMicrosecondType>();
        let (begins, ends) = (part(0), part(1));
        let steps = arrays[2].as_primitive::<IntervalMonthDayNanoType>();
        let zone = is_zoned.then_some(&environment.style.time_zone);
        let values = PrimitiveBuilder::<TimestampMicrosecondType>::new().with_data_type(element.arrow());
        let mut lists = ListBuilder::new(values);
        for row in 0..rows(arrays) {
            if any_null(arrays, row) {
                lists.append(false);
                continue;
            }
            let (mut at, end, step) = (begins.value(row), ends.value(row), steps.value(row));
            let length = interval::span_of(step);
            if length == 0 {
                return Err(QueryError::InvalidParameterValue("step size cannot equal zero".into()).into());
            }
            let mut count = 0_u64;
            while if length > 0 { at <= end } else { at >= end } {
                lists.values().append_value(at);
                count += 1;
                if count * 8 > VALUE_BYTES {
                    return Err(QueryError::LimitExceeded("generate_series has too many rows".into()).into());
                }
                at = shift(at, step, 1, zone).ok_or_else(|| overflow("timestamp out of range"))?;
            }
            lists.append(true);
        }
        Ok(Arc::new(lists.finish()) as ArrayRef)
    })))
}
