//! `.datetime()`: strings in ISO 8601 as times, and their order.

use std::cmp::Ordering;

use super::execute::{Fault, Outcome, item_fault};
use super::item::Item;
use crate::catalog::types::json::Value;
use crate::catalog::types::{Zone, datetime};
use crate::error::{JsonFault, QueryError};
use crate::query::functions::convert::to_utc;

const DAY_US: i64 = 86_400_000_000;

/// A time without or with an offset from UTC in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datetime {
    /// Days since 1970.
    Date(i32),
    /// Microseconds of the day.
    Time(i64),
    TimeWithZone(i64, i32),
    /// Microseconds since 1970.
    Timestamp(i64),
    TimestampWithZone(i64, i32),
}

impl Datetime {
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Date(_) => "date",
            Self::Time(_) => "time without time zone",
            Self::TimeWithZone(..) => "time with time zone",
            Self::Timestamp(_) => "timestamp without time zone",
            Self::TimestampWithZone(..) => "timestamp with time zone",
        }
    }

    /// As a document has it.
    pub(super) fn to_text(self) -> String {
        let mut out = Vec::new();
        match self {
            Self::Date(day) => datetime::write_date(day, &mut out),
            Self::Time(us) => datetime::write_time(us, &mut out),
            Self::TimeWithZone(us, offset) => {
                datetime::write_time(us, &mut out);
                write_offset(offset, &mut out);
            }
            Self::Timestamp(us) => datetime::write_moment(us, None, b'T', &mut out),
            Self::TimestampWithZone(us, offset) => {
                datetime::write_moment(us + i64::from(offset) * 1_000_000, None, b'T', &mut out);
                write_offset(offset, &mut out);
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn write_offset(offset: i32, out: &mut Vec<u8>) {
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.unsigned_abs();
    out.extend_from_slice(format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60).as_bytes());
}

/// The time that a string is.
pub(super) fn read(item: &Item<'_>, template: Option<&str>) -> Outcome<Datetime> {
    let Some(Value::String(text)) = item.json() else {
        let message = "jsonpath item method .datetime() can only be applied to a string";
        return item_fault(JsonFault::InvalidDatetimeArgument, message);
    };
    if template.is_some() {
        let message = "jsonpath item method .datetime() with a template is not supported";
        return Err(Fault::Always(QueryError::NotSupported(message.into()).into()));
    }
    if let Some(datetime) = iso(text) {
        return Ok(datetime);
    }
    let error = super::build::fault(
        JsonFault::InvalidDatetimeArgument,
        format!("datetime format is not recognized: \"{text}\""),
    );
    Err(Fault::Item(error.hint("Use a datetime template argument to specify the input data format.")))
}

/// `yyyy-mm-dd`, `hh24:mi:ss[.us][tzh[:tzm]]`, or both with a space or `T` between them.
fn iso(text: &str) -> Option<Datetime> {
    let is_time = text.as_bytes().get(..3).is_some_and(|start| start[2] == b':');
    if is_time {
        let (us, offset) = clock(text)?;
        return Some(offset.map_or(Datetime::Time(us), |offset| Datetime::TimeWithZone(us, offset)));
    }
    let (date, rest) = text.split_at_checked(text.find([' ', 'T', 't']).unwrap_or(text.len()))?;
    let mut parts = date.splitn(3, '-');
    let mut part = |most: usize| {
        let text = parts.next()?;
        let good = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if good { text.parse::<i32>().ok() } else { None }
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let day = chrono::NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)?;
    let epoch = chrono::NaiveDate::from_ymd_opt(1970, 1, 1)?;
    let days = i32::try_from(day.signed_duration_since(epoch).num_days()).ok()?;
    if rest.is_empty() {
        return Some(Datetime::Date(days));
    }
    let (us, offset) = clock(&rest[1..])?;
    let local = i64::from(days) * DAY_US + us;
    Some(match offset {
        None => Datetime::Timestamp(local),
        Some(offset) => Datetime::TimestampWithZone(local - i64::from(offset) * 1_000_000, offset),
    })
}

/// The microseconds of the day, and the offset from UTC if one is written.
fn clock(text: &str) -> Option<(i64, Option<i32>)> {
    let sign = text.find(['+', '-']);
    let (time, zone) = text.split_at_checked(sign.unwrap_or(text.len()))?;
    let time = time.trim_end_matches(' ');
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    if time.contains('.') && (fraction.is_empty() || fraction.len() > 6) {
        return None;
    }
    let mut parts = whole.split(':');
    let mut part = |most: i64| {
        let text = parts.next()?;
        let number = (1..=2).contains(&text.len()).then(|| text.parse::<u8>().ok())??;
        let number = i64::from(number);
        (number <= most).then_some(number)
    };
    let (hours, minutes, seconds) = (part(23)?, part(59)?, part(59)?);
    if parts.next().is_some() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = if fraction.is_empty() { 0 } else { format!("{fraction:0<6}").parse::<i64>().ok()? };
    let us = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction;
    if zone.is_empty() {
        return Some((us, None));
    }
    let (hours, minutes) = zone[1..].split_once(':').unwrap_or((&zone[1..], "0"));
    let number = |text: &str, most: i32| {
        let good = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i32>().ok().filter(|number| good && *number <= most)
    };
    let offset = number(hours, 15)? * 3600 + number(minutes, 59)? * 60;
    Some((us, Some(if zone.starts_with('-') { -offset } else { offset })))
}

/// The order of two times; `None` of those that do not compare. Between times with and without a zone the zone of the
/// session decides, if it may.
pub(super) fn compare(left: &Datetime, right: &Datetime, zone: Option<&Zone>) -> Outcome<Option<Ordering>> {
    use Datetime as D;
    let needs_zone = |from: &Datetime, to: &Datetime| {
        let (from, to) = (short_name(*from), short_name(*to));
        let message = format!("cannot convert value from {from} to {to} without time zone usage");
        let error = crate::Error::from(QueryError::NotSupported(message));
        Fault::Always(error.hint("Use *_tz() function for time zone support."))
    };
    let local = |value: &Datetime| match value {
        D::Date(day) => Some(i64::from(*day) * DAY_US),
        D::Timestamp(us) => Some(*us),
        _ => None,
    };
    Ok(Some(match (left, right) {
        (D::Time(left), D::Time(right)) => left.cmp(right),
        (D::TimeWithZone(left, left_offset), D::TimeWithZone(right, right_offset)) => {
            with_zone(*left, *left_offset, *right, *right_offset)
        }
        (D::Time(us), D::TimeWithZone(other, offset)) => {
            let Some(zone) = zone else { return Err(needs_zone(left, right)) };
            with_zone(*us, now_offset(zone), *other, *offset)
        }
        (D::TimeWithZone(us, offset), D::Time(other)) => {
            let Some(zone) = zone else { return Err(needs_zone(right, left)) };
            with_zone(*us, *offset, *other, now_offset(zone))
        }
        (D::TimestampWithZone(left, _), D::TimestampWithZone(right, _)) => left.cmp(right),
        (D::TimestampWithZone(us, _), other) => {
            let Some(local) = local(other) else { return Ok(None) };
            let Some(zone) = zone else { return Err(needs_zone(other, left)) };
            us.cmp(&to_utc(local, zone))
        }
        (other, D::TimestampWithZone(us, _)) => {
            let Some(local) = local(other) else { return Ok(None) };
            let Some(zone) = zone else { return Err(needs_zone(other, right)) };
            to_utc(local, zone).cmp(us)
        }
        (left, right) => match (local(left), local(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => return Ok(None),
        },
    }))
}

/// Times with zones compare by the moment, then by the zone.
fn with_zone(left: i64, left_offset: i32, right: i64, right_offset: i32) -> Ordering {
    let moment = |us: i64, offset: i32| us - i64::from(offset) * 1_000_000;
    // PostgreSQL's offsets count to the west.
    moment(left, left_offset).cmp(&moment(right, right_offset)).then_with(|| right_offset.cmp(&left_offset))
}

/// The offset of a time without date is that of today.
fn now_offset(zone: &Zone) -> i32 {
    zone.offset_at(0)
}

fn short_name(value: Datetime) -> &'static str {
    match value {
        Datetime::Date(_) => "date",
        Datetime::Time(_) => "time",
        Datetime::TimeWithZone(..) => "timetz",
        Datetime::Timestamp(_) => "timestamp",
        Datetime::TimestampWithZone(..) => "timestamptz",
    }
}
