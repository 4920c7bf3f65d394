//! Dates, times and intervals as PostgreSQL writes them with DateStyle ISO.

use std::io::Write;

use arrow::datatypes::IntervalMonthDayNano;

use super::calendar::{self, DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use super::{DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY};
use crate::catalog::types::Zone;

/// Writing to memory cannot fail.
const MEMORY: &str = "a Vec<u8> takes every write";

/// Writes a `date`.
pub fn write_date(days: i32, out: &mut Vec<u8>) {
    match days {
        DATE_INFINITY => out.extend_from_slice(b"infinity"),
        DATE_MINUS_INFINITY => out.extend_from_slice(b"-infinity"),
        _ => {
            let bc = date(days.into(), out);
            era(bc, out);
        }
    }
}

/// Writes a `time`.
pub fn write_time(us: i64, out: &mut Vec<u8>) {
    time(us, out);
}

/// Writes a `timestamp`.
pub fn write_timestamp(us: i64, out: &mut Vec<u8>) {
    write_moment(us, None, b' ', out);
}

/// Writes a `timestamptz` on the clock of a zone.
pub fn write_timestamptz(us: i64, zone: &Zone, out: &mut Vec<u8>) {
    write_moment(us, Some(zone), b' ', out);
}

/// Writes a moment. `separator` is a space in PostgreSQL's ISO style and `T` in JSON, where the offset
/// also has minutes always.
pub fn write_moment(us: i64, zone: Option<&Zone>, separator: u8, out: &mut Vec<u8>) {
    match us {
        TIMESTAMP_INFINITY => return out.extend_from_slice(b"infinity"),
        TIMESTAMP_MINUS_INFINITY => return out.extend_from_slice(b"-infinity"),
        _ => {}
    }
    let east = zone.map(|zone| zone.offset_at(us));
    // The offset is added to days and time apart: the sum may be beyond an i64 of microseconds.
    let time_of_day = us.rem_euclid(DAY_US) + i64::from(east.unwrap_or(0)) * SECOND_US;
    let days = us.div_euclid(DAY_US) + time_of_day.div_euclid(DAY_US);
    let bc = date(days, out);
    out.push(separator);
    time(time_of_day.rem_euclid(DAY_US), out);
    if let Some(east) = east {
        offset(east, separator == b'T', out);
    }
    era(bc, out);
}

fn date(days: i64, out: &mut Vec<u8>) -> bool {
    let (year, month, day) = calendar::date_of(days);
    let bc = year <= 0;
    let year = if bc { 1 - year } else { year };
    if (0..10_000).contains(&year) {
        two(out, year / 100);
        two(out, year % 100);
    } else {
        write!(out, "{year}").expect(MEMORY);
    }
    out.push(b'-');
    two(out, month);
    out.push(b'-');
    two(out, day);
    bc
}

fn time(us: i64, out: &mut Vec<u8>) {
    two(out, us / HOUR_US);
    out.push(b':');
    two(out, us / MINUTE_US % 60);
    out.push(b':');
    two(out, us / SECOND_US % 60);
    fraction(us % SECOND_US, out);
}

/// `.123` without zeros at the end; nothing for zero.
fn fraction(us: i64, out: &mut Vec<u8>) {
    if us == 0 {
        return;
    }
    let mut digits = *b".000000";
    let mut rest = us;
    for digit in digits[1..].iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    let zeros = digits.iter().rev().take_while(|digit| **digit == b'0').count();
    out.extend_from_slice(&digits[..digits.len() - zeros]);
}

fn offset(east: i32, always_minutes: bool, out: &mut Vec<u8>) {
    out.push(if east < 0 { b'-' } else { b'+' });
    let east = i64::from(east.abs());
    two(out, east / 3600);
    let (minutes, seconds) = (east / 60 % 60, east % 60);
    if minutes != 0 || seconds != 0 || always_minutes {
        out.push(b':');
        two(out, minutes);
    }
    if seconds != 0 {
        out.push(b':');
        two(out, seconds);
    }
}

fn era(bc: bool, out: &mut Vec<u8>) {
    if bc {
        out.extend_from_slice(b" BC");
    }
}

/// Writes a number of at least two digits.
fn two(out: &mut Vec<u8>, value: i64) {
    if let Ok(value @ 0..=99) = u8::try_from(value) {
        out.extend_from_slice(&[b'0' + value / 10, b'0' + value % 10]);
    } else {
        write!(out, "{value:02}").expect(MEMORY);
    }
}

/// Writes an `interval` in IntervalStyle `postgres`.
pub fn write_interval(interval: IntervalMonthDayNano, out: &mut Vec<u8>) {
    let us = interval.nanoseconds / 1000;
    let mut parts = Parts { out, is_first: true, is_before: false };
    parts.add((interval.months / 12).into(), "year");
    parts.add((interval.months % 12).into(), "mon");
    parts.add(interval.days.into(), "day");
    let Parts { is_first, is_before, .. } = parts;
    if is_first || us != 0 {
        if !is_first {
            out.push(b' ');
        }
        if us < 0 {
            out.push(b'-');
        } else if is_before {
            out.push(b'+');
        }
        time(us.abs(), out);
    }
}

struct Parts<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
    /// The part before was negative, so a positive one needs its sign.
    is_before: bool,
}

impl Parts<'_> {
    fn add(&mut self, value: i64, unit: &str) {
        if value == 0 {
            return;
        }
        let space = if self.is_first { "" } else { " " };
        let plus = if self.is_before && value > 0 { "+" } else { "" };
        let plural = if value == 1 { "" } else { "s" };
        write!(self.out, "{space}{plus}{value} {unit}{plural}").expect(MEMORY);
        self.is_before = value < 0;
        self.is_first = false;
    }
}

/// Writes an `interval` in IntervalStyle `iso_8601`.
pub fn write_interval_iso(interval: IntervalMonthDayNano, out: &mut Vec<u8>) {
    let us = interval.nanoseconds / 1000;
    if interval.months == 0 && interval.days == 0 && us == 0 {
        return out.extend_from_slice(b"PT0S");
    }
    out.push(b'P');
    for (value, unit) in [(interval.months / 12, 'Y'), (interval.months % 12, 'M'), (interval.days, 'D')] {
        if value != 0 {
            write!(out, "{value}{unit}").expect(MEMORY);
        }
    }
    if us != 0 {
        out.push(b'T');
        for (value, unit) in [(us / HOUR_US, 'H'), (us / MINUTE_US % 60, 'M')] {
            if value != 0 {
                write!(out, "{value}{unit}").expect(MEMORY);
            }
        }
        let (seconds, part) = (us / SECOND_US % 60, us % SECOND_US);
        if seconds != 0 || part != 0 {
            let sign = if us < 0 { "-" } else { "" };
            write!(out, "{sign}{}", seconds.abs()).expect(MEMORY);
            fraction(part.abs(), out);
            out.push(b'S');
        }
    }
}
