//! `to_char` of times.

use std::fmt::Write;

use arrow::datatypes::IntervalMonthDayNano;

use super::ordinal;
use super::times::{Case, Field, Node, Pattern, Template};
use crate::catalog::types::Zone;
use crate::catalog::types::datetime::calendar::{
    DAY_US, HOUR_US, MINUTE_US, SECOND_US, UNIX_EPOCH_JULIAN, date_of, days_of,
};
use crate::catalog::types::datetime::{TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY};
use crate::error::{Error, QueryError, Result};

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// From December to January.
pub(super) const ROMAN_MONTHS: [&str; 12] = ["xii", "xi", "x", "ix", "viii", "vii", "vi", "v", "iv", "iii", "ii", "i"];

/// The fields of a time or an interval.
struct Fields {
    is_interval: bool,
    /// Astronomical, for a time.
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    us: i64,
    /// From Sunday, 0.
    weekday: i64,
    day_of_year: i64,
    /// Offset in seconds east and abbreviation.
    zone: Option<(i64, String)>,
}

/// Days to before the Monday of an ISO week.
pub(super) fn iso_week_start(year: i64, week: i64) -> i64 {
    let fourth = days_of(year, 1, 4);
    (week - 1) * 7 + fourth - (fourth + 3).rem_euclid(7)
}

impl Fields {
    fn date(&self) -> i64 {
        days_of(self.year, self.month, self.day)
    }

    /// The ISO year and the number of its week.
    fn iso(&self) -> (i64, i64) {
        let day = self.date();
        let thursday = day - (day + 3).rem_euclid(7) + 3;
        let (year, ..) = date_of(thursday);
        (year, (thursday - days_of(year, 1, 1)) / 7 + 1)
    }

    /// Years before Christ count from 1, without a zero.
    fn shown_year(&self, year: i64) -> i64 {
        if !self.is_interval && year <= 0 { 1 - year } else { year }
    }
}

/// Writes a timestamp; in a zone, if it is a point in time. `false` is NULL.
///
/// # Errors
/// 22P02 for an ordinal of what is no number.
pub(super) fn timestamp(us: i64, zone: Option<&Zone>, template: &Template, out: &mut String) -> Result<bool> {
    if template.nodes.is_empty() || us == TIMESTAMP_INFINITY || us == TIMESTAMP_MINUS_INFINITY {
        return Ok(false);
    }
    let offset = zone.map_or(0, |zone| i64::from(zone.offset_at(us)));
    let time = us.rem_euclid(DAY_US) + offset * SECOND_US;
    let day_number = us.div_euclid(DAY_US) + time.div_euclid(DAY_US);
    let time = time.rem_euclid(DAY_US);
    let (year, month, day) = date_of(day_number);
    let fields = Fields {
        is_interval: false,
        year,
        month,
        day,
        hour: time / HOUR_US,
        minute: time / MINUTE_US % 60,
        second: time / SECOND_US % 60,
        us: time % SECOND_US,
        weekday: (day_number + 4).rem_euclid(7),
        day_of_year: day_number - days_of(year, 1, 1) + 1,
        zone: zone.map(|zone| (offset, zone.abbreviation_at(us))),
    };
    write(&fields, template, out).map(|()| true)
}

/// Writes an interval. `false` is NULL.
///
/// # Errors
/// 22007 for a pattern that belongs to dates.
pub(super) fn interval(span: IntervalMonthDayNano, template: &Template, out: &mut String) -> Result<bool> {
    if template.nodes.is_empty() {
        return Ok(false);
    }
    let (months, days, us) = (i64::from(span.months), i64::from(span.days), span.nanoseconds / 1000);
    let fields = Fields {
        is_interval: true,
        year: months / 12,
        month: months % 12,
        day: days,
        hour: us / HOUR_US,
        minute: us / MINUTE_US % 60,
        second: us / SECOND_US % 60,
        us: us % SECOND_US,
        weekday: 0,
        // Roughly how many days it is.
        day_of_year: months * 30 + days,
        zone: None,
    };
    write(&fields, template, out).map(|()| true)
}

fn write(fields: &Fields, template: &Template, out: &mut String) -> Result<()> {
    for node in &template.nodes {
        match node {
            Node::Pattern(pattern) => pattern_of(fields, pattern, out)?,
            Node::Space(character) | Node::Separator(character) | Node::Character(character) => out.push(*character),
        }
    }
    Ok(())
}

fn not_of_intervals() -> Error {
    let message = "invalid format specification for an interval value";
    Error::from(QueryError::DatetimeFormat(message.into())).hint("Intervals are not tied to specific calendar dates.")
}

fn in_case(word: &str, case: Case) -> String {
    match case {
        Case::Upper => word.to_ascii_uppercase(),
        Case::Capital => word.to_owned(),
        Case::Lower => word.to_ascii_lowercase(),
    }
}

/// A name, padded to nine letters.
fn name(word: &str, pattern: &Pattern, out: &mut String) {
    let word = in_case(word, pattern.case);
    if pattern.fill || pattern.translated {
        out.push_str(&word);
    } else {
        out.push_str(&format!("{word:<9}"));
    }
}

fn abbreviated(word: &str, pattern: &Pattern, out: &mut String) {
    out.push_str(&in_case(&word[..3], pattern.case));
}

/// A number of at least so many digits; a negative one has its sign besides.
fn number(value: i64, digits: usize, pattern: &Pattern, out: &mut String) -> Result<()> {
    let width = if pattern.fill { 0 } else { digits + usize::from(value < 0) };
    let start = out.len();
    // Writing to memory does not fail.
    let _ = write!(out, "{value:0width$}");
    end(pattern, start, out)
}

/// The ending of an ordinal number, if it shall be one.
fn end(pattern: &Pattern, start: usize, out: &mut String) -> Result<()> {
    if let Some(upper) = pattern.ordinal {
        let ending = ordinal(&out[start..], upper)?;
        out.push_str(ending);
    }
    Ok(())
}

fn pattern_of(fields: &Fields, pattern: &Pattern, out: &mut String) -> Result<()> {
    use Field as F;
    let is_of_dates = matches!(
        pattern.field,
        F::Era { .. }
            | F::DayName
            | F::DayAbbreviated
            | F::MonthName
            | F::MonthAbbreviated
            | F::Weekday
            | F::IsoWeekday
            | F::Zone
            | F::ZoneHour
            | F::ZoneMinute
            | F::Offset
    );
    if fields.is_interval && is_of_dates {
        return Err(not_of_intervals());
    }
    let month = usize::try_from(fields.month - 1).ok().and_then(|index| MONTHS.get(index));
    let day = usize::try_from(fields.weekday).ok().and_then(|index| DAYS.get(index)).copied().unwrap_or_default();
    let start = out.len();
    match pattern.field {
        F::Era { dots } => {
            let word = match (fields.year <= 0, dots) {
                (true, true) => "B.C.",
                (true, false) => "BC",
                (false, true) => "A.D.",
                (false, false) => "AD",
            };
            out.push_str(&in_case(word, pattern.case));
        }
        F::Half { dots } => {
            let word = match (fields.hour % 24 >= 12, dots) {
                (true, true) => "P.M.",
                (true, false) => "PM",
                (false, true) => "A.M.",
                (false, false) => "AM",
            };
            out.push_str(&in_case(word, pattern.case));
        }
        F::Hour12 => {
            let hour = if fields.hour % 12 == 0 { 12 } else { fields.hour % 12 };
            let width = if pattern.fill { 0 } else { 2 + usize::from(fields.hour < 0) };
            let _ = write!(out, "{hour:0width$}");
            end(pattern, start, out)?;
        }
        F::Hour24 => number(fields.hour, 2, pattern, out)?,
        F::Minute => number(fields.minute, 2, pattern, out)?,
        F::Second => number(fields.second, 2, pattern, out)?,
        F::Fraction(digits) => {
            let unit = 10_i64.pow(6 - u32::from(digits));
            let width = usize::from(digits);
            let _ = write!(out, "{:0width$}", fields.us / unit);
            end(pattern, start, out)?;
        }
        F::Millisecond => {
            let _ = write!(out, "{:03}", fields.us / 1000);
            end(pattern, start, out)?;
        }
        F::Microsecond => {
            let _ = write!(out, "{:06}", fields.us);
            end(pattern, start, out)?;
        }
        F::SecondsOfDay => {
            let _ = write!(out, "{}", fields.hour * 3600 + fields.minute * 60 + fields.second);
            end(pattern, start, out)?;
        }
        F::Zone => {
            if let Some((_, abbreviation)) = &fields.zone {
                out.push_str(&if pattern.case == Case::Lower {
                    abbreviation.to_ascii_lowercase()
                } else {
                    abbreviation.clone()
                });
            }
        }
        F::ZoneHour | F::ZoneMinute | F::Offset => {
            let east = fields.zone.as_ref().map_or(0, |(east, _)| *east);
            let (hours, minutes) = (east.abs() / 3600, east.abs() % 3600 / 60);
            let sign = if east < 0 { '-' } else { '+' };
            let _ = match pattern.field {
                F::ZoneHour => write!(out, "{sign}{hours:02}"),
                F::ZoneMinute => write!(out, "{minutes:02}"),
                _ if pattern.fill => write!(out, "{sign}{hours}"),
                _ => write!(out, "{sign}{hours:02}"),
            };
            if pattern.field == F::Offset && minutes != 0 {
                let _ = write!(out, ":{minutes:02}");
            }
        }
        F::MonthName => month.into_iter().for_each(|month| name(month, pattern, out)),
        F::MonthAbbreviated => month.into_iter().for_each(|month| abbreviated(month, pattern, out)),
        F::Month => number(fields.month, 2, pattern, out)?,
        F::DayName => name(day, pattern, out),
        F::DayAbbreviated => abbreviated(day, pattern, out),
        F::DayOfYear => plain(fields.day_of_year, 3, pattern, out)?,
        F::IsoDayOfYear => {
            let (year, _) = fields.iso();
            plain(fields.date() - iso_week_start(year, 1) + 1, 3, pattern, out)?;
        }
        F::Day => plain(fields.day, 2, pattern, out)?,
        F::Weekday => plain(fields.weekday + 1, 1, pattern, out)?,
        F::IsoWeekday => plain(if fields.weekday == 0 { 7 } else { fields.weekday }, 1, pattern, out)?,
        F::Week => plain((fields.day_of_year - 1) / 7 + 1, 2, pattern, out)?,
        F::IsoWeek => plain(fields.iso().1, 2, pattern, out)?,
        F::Quarter => {
            if fields.month != 0 {
                plain((fields.month - 1) / 3 + 1, 1, pattern, out)?;
            }
        }
        F::Century => {
            let century = match fields.year {
                year if fields.is_interval => year / 100,
                year if year > 0 => (year - 1) / 100 + 1,
                year => year / 100 - 1,
            };
            if century.abs() <= 99 {
                number(century, 2, pattern, out)?;
            } else {
                plain(century, 0, pattern, out)?;
            }
        }
        F::YearWithComma => {
            let year = fields.shown_year(fields.year);
            let _ = write!(out, "{},{:03}", year / 1000, year % 1000);
            end(pattern, start, out)?;
        }
        F::Year(digits) => year(fields, fields.shown_year(fields.year), digits, pattern, out)?,
        F::IsoYear(digits) => year(fields, fields.shown_year(fields.iso().0), digits, pattern, out)?,
        F::Roman => {
            if fields.month == 0 && fields.year == 0 {
                return Ok(());
            }
            let place = match fields.month {
                0 if fields.year >= 0 => 0,
                0 => 11,
                month if month < 0 => -(month + 1),
                month => 12 - month,
            };
            let word = usize::try_from(place).ok().and_then(|place| ROMAN_MONTHS.get(place)).copied().unwrap_or("");
            let word = if pattern.case == Case::Lower { word.to_owned() } else { word.to_ascii_uppercase() };
            if pattern.fill {
                out.push_str(&word);
            } else {
                out.push_str(&format!("{word:<4}"));
            }
        }
        F::WeekOfMonth => plain((fields.day - 1) / 7 + 1, 1, pattern, out)?,
        F::Julian => plain(fields.date() + UNIX_EPOCH_JULIAN, 1, pattern, out)?,
        F::Exact => {}
    }
    Ok(())
}

/// A number of at least so many characters.
fn plain(value: i64, width: usize, pattern: &Pattern, out: &mut String) -> Result<()> {
    let width = if pattern.fill { 0 } else { width };
    let start = out.len();
    let _ = write!(out, "{value:0width$}");
    end(pattern, start, out)
}

/// The last digits of a year.
fn year(fields: &Fields, year: i64, digits: u8, pattern: &Pattern, out: &mut String) -> Result<()> {
    let shown = if digits == 4 { year } else { year % 10_i64.pow(u32::from(digits)) };
    if digits == 1 {
        return plain(shown, 1, pattern, out);
    }
    // Whether there is room for a sign depends on the year itself, also for the ISO year.
    let is_negative = fields.shown_year(fields.year) < 0;
    let width = if pattern.fill { 0 } else { usize::from(digits) + usize::from(is_negative) };
    let start = out.len();
    let _ = write!(out, "{shown:0width$}");
    end(pattern, start, out)
}
