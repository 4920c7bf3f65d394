//! Intervals: PostgreSQL's `DecodeInterval`, which reads fields from right to left so that a unit is known
//! before its number.

use arrow::datatypes::IntervalMonthDayNano;

use super::calendar::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use super::fault::Fault;
use super::interval_iso;
use super::lex::{self, Look};
use super::number::{fraction, fraction_us, leading_int, leading_long};
use super::tokens::{self, Token, Unit};
use crate::error::{CatalogError, Result};

/// Months, days and microseconds while fields are added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) months: i64,
    pub(super) days: i64,
    pub(super) us: i64,
}

/// Reads an `interval`.
///
/// # Errors
/// 22007 and 22015 as PostgreSQL; 22008 when the time part has more than 2,562,047 hours, which Arrow's
/// nanoseconds cannot hold.
pub fn parse_interval(text: &str) -> Result<IntervalMonthDayNano> {
    parse_interval_of(text, 0)
}

/// Reads an `interval` of a type with fields, such as `interval day to hour`: a number without a unit is one of the
/// last field. The range is a set of bits, as in `typmod`.
///
/// # Errors
/// As [`parse_interval`].
pub fn parse_interval_of(text: &str, range: i32) -> Result<IntervalMonthDayNano> {
    let sum = match lex::fields(text).and_then(|fields| decode(&fields, range)) {
        Err(Fault::BadFormat) => interval_iso::decode(text),
        // PostgreSQL knows one code for every number of an interval that is too big.
        Err(Fault::FieldOverflow | Fault::MonthDayOverflow) => Err(Fault::IntervalOverflow),
        other => other,
    };
    let sum = sum.map_err(|fault| fault.of("interval", text))?;
    let out_of_range = || CatalogError::DatetimeOverflow("interval out of range".into());
    let months = i32::try_from(sum.months).map_err(|_| out_of_range())?;
    let days = i32::try_from(sum.days).map_err(|_| Fault::IntervalOverflow.of("interval", text))?;
    let nanoseconds = sum.us.checked_mul(1000).ok_or_else(out_of_range)?;
    Ok(IntervalMonthDayNano::new(months, days, nanoseconds))
}

/// What a number without a unit is.
fn last_field(range: i32) -> Unit {
    const ORDER: [(i32, Unit); 6] =
        [(12, Unit::Second), (11, Unit::Minute), (10, Unit::Hour), (3, Unit::Day), (1, Unit::Month), (2, Unit::Year)];
    const ALL: i32 = 0x7fff;
    let known = ORDER.iter().find(|(bit, _)| range != ALL && range & (1 << bit) != 0);
    known.map_or(Unit::Second, |(_, unit)| *unit)
}

/// Minutes and seconds, without hours.
const MINUTE_TO_SECOND: i32 = 1 << 11 | 1 << 12;

fn decode(fields: &[(Look, String)], range: i32) -> Result<Sum, Fault> {
    let time = |field: &str| match (time(field)?, field.matches(':').count()) {
        // Two parts are minutes and seconds here.
        (us, 1) if range == MINUTE_TO_SECOND && !field.contains('.') => Ok(us / 60),
        (us, _) => Ok::<i64, Fault>(us),
    };

    let mut sum = Sum::default();
    let mut seen: u32 = 0;
    let mut unit: Option<Unit> = None;
    let mut ago = false;
    for (look, field) in fields.iter().rev() {
        let found = match look {
            Look::Time => {
                sum.us = time(field)?;
                unit = Some(Unit::Day);
                TIME_BITS
            }
            Look::Zone if field[1..].contains(':') && time(&field[1..]).is_ok() => {
                sum.us = time(&field[1..])?;
                if field.starts_with('-') {
                    sum.us = -sum.us;
                }
                unit = Some(Unit::Day);
                TIME_BITS
            }
            Look::Zone | Look::Date | Look::Number => {
                // The bare last number is seconds; a number before it without a unit means what it meant.
                let wanted = unit.unwrap_or_else(|| last_field(range));
                let (meant, bits) = quantity(&mut sum, field, wanted)?;
                unit = Some(meant);
                bits
            }
            Look::String | Look::Special => {
                match tokens::unit(field) {
                    Some(word) => {
                        ago |= word == Unit::Ago;
                        unit = Some(word);
                    }
                    None if tokens::special(field) == Some(Token::Ignore) => {}
                    None => return Err(Fault::BadFormat),
                }
                0
            }
        };
        if seen & found != 0 {
            return Err(Fault::BadFormat);
        }
        seen |= found;
    }
    if seen == 0 {
        return Err(Fault::BadFormat);
    }
    if ago {
        let negate = |value: i64| value.checked_neg().ok_or(Fault::FieldOverflow);
        sum = Sum { months: negate(sum.months)?, days: negate(sum.days)?, us: negate(sum.us)? };
    }
    Ok(sum)
}

/// Hours, minutes and all kinds of seconds.
const TIME_BITS: u32 = bit(Unit::Hour) | bit(Unit::Minute) | SECOND_BITS;
const SECOND_BITS: u32 = bit(Unit::Second) | bit(Unit::Millisecond) | bit(Unit::Microsecond);

const fn bit(unit: Unit) -> u32 {
    1 << unit as u32
}

/// Adds one number of a unit. Returns the unit it turned out to have and its bits.
fn quantity(sum: &mut Sum, field: &str, unit: Unit) -> Result<(Unit, u32), Fault> {
    let (value, rest) = leading_long(field)?;
    if let Some(months) = rest.strip_prefix('-') {
        let (months, rest) = leading_int(months)?;
        if !(0..12).contains(&months) {
            return Err(Fault::FieldOverflow);
        }
        if !rest.is_empty() {
            return Err(Fault::BadFormat);
        }
        let months = if field.starts_with('-') { -months } else { months };
        let months = value.checked_mul(12).and_then(|years| years.checked_add(months)).ok_or(Fault::FieldOverflow)?;
        sum.add_months(months)?;
        return Ok((Unit::Month, bit(Unit::Month)));
    }
    let part = match rest {
        "" => 0.0,
        _ if rest.starts_with('.') => fraction(rest)?,
        _ => return Err(Fault::BadFormat),
    };
    let part = if field.starts_with('-') { -part } else { part };
    let mut bits = bit(unit);
    match unit {
        Unit::Microsecond => sum.add_time(value, part, 1)?,
        Unit::Millisecond => sum.add_time(value, part, 1000)?,
        Unit::Second => {
            sum.add_time(value, part, SECOND_US)?;
            if part != 0.0 {
                bits = SECOND_BITS;
            }
        }
        Unit::Minute => sum.add_time(value, part, MINUTE_US)?,
        Unit::Hour => {
            sum.add_time(value, part, HOUR_US)?;
            // A number without a unit before the hours is days: `3 5 hours`.
            return Ok((Unit::Day, bits));
        }
        Unit::Day => {
            sum.add_days(value, 1)?;
            sum.add_part_of_us(part, DAY_US)?;
        }
        Unit::Week => {
            sum.add_days(value, 7)?;
            sum.add_part_of_days(part, 7)?;
        }
        Unit::Month => {
            sum.add_months(value)?;
            sum.add_part_of_days(part, 30)?;
        }
        Unit::Year => sum.add_years(value, part, 1)?,
        Unit::Decade => sum.add_years(value, part, 10)?,
        Unit::Century => sum.add_years(value, part, 100)?,
        Unit::Millennium => sum.add_years(value, part, 1000)?,
        Unit::Ago => return Err(Fault::BadFormat),
    }
    Ok((unit, bits))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "PostgreSQL's own arithmetic on parts"
)]
impl Sum {
    pub(super) fn add_months(&mut self, value: i64) -> Result<(), Fault> {
        in_i32(value)?;
        add(&mut self.months, value, 1)
    }

    pub(super) fn add_days(&mut self, value: i64, scale: i64) -> Result<(), Fault> {
        add(&mut self.days, value, scale)?;
        in_i32(self.days)
    }

    pub(super) fn add_time(&mut self, value: i64, part: f64, scale: i64) -> Result<(), Fault> {
        add(&mut self.us, value, scale)?;
        self.add_part_of_us(part, scale)
    }

    pub(super) fn add_years(&mut self, value: i64, part: f64, scale: i64) -> Result<(), Fault> {
        // PostgreSQL keeps years and months apart until the end, so each may be as long as an int.
        let years = value.checked_mul(scale).ok_or(Fault::FieldOverflow)?;
        in_i32(years)?;
        add(&mut self.months, years, 12)?;
        self.add_months((part * scale as f64 * 12.0).round_ties_even() as i64)
    }

    pub(super) fn add_part_of_days(&mut self, part: f64, scale: i64) -> Result<(), Fault> {
        let days = part * scale as f64;
        self.add_days(days.trunc() as i64, 1)?;
        self.add_part_of_us(days - days.trunc(), DAY_US)
    }

    pub(super) fn add_part_of_us(&mut self, part: f64, scale: i64) -> Result<(), Fault> {
        let us = part * scale as f64;
        let rest = us - us.trunc();
        let rounding = i64::from(rest > 0.5) - i64::from(rest < -0.5);
        add(&mut self.us, us.trunc() as i64 + rounding, 1)
    }
}

fn add(total: &mut i64, value: i64, scale: i64) -> Result<(), Fault> {
    let sum = value.checked_mul(scale).and_then(|scaled| total.checked_add(scaled));
    *total = sum.ok_or(Fault::FieldOverflow)?;
    Ok(())
}

fn in_i32(value: i64) -> Result<(), Fault> {
    if i32::try_from(value).is_ok() { Ok(()) } else { Err(Fault::FieldOverflow) }
}

/// `hh:mm[:ss[.fff]]` or `mm:ss.fff` with any number of hours, in microseconds.
pub(super) fn time(field: &str) -> Result<i64, Fault> {
    let (first, rest) = leading_long(field)?;
    let rest = rest.strip_prefix(':').ok_or(Fault::BadFormat)?;
    let (second, rest) = leading_int(rest)?;
    let (hours, minutes, seconds, us) = if rest.starts_with('.') {
        (0, first, second, fraction_us(rest)?)
    } else if let Some(rest) = rest.strip_prefix(':') {
        let (third, rest) = leading_int(rest)?;
        (first, second, third, if rest.is_empty() { 0 } else { fraction_us(rest)? })
    } else if rest.is_empty() {
        (first, second, 0, 0)
    } else {
        return Err(Fault::BadFormat);
    };
    if hours < 0 || !(0..=59).contains(&minutes) || !(0..=60).contains(&seconds) {
        return Err(Fault::FieldOverflow);
    }
    let rest = minutes * MINUTE_US + seconds * SECOND_US + us;
    hours.checked_mul(HOUR_US).and_then(|hours| hours.checked_add(rest)).ok_or(Fault::FieldOverflow)
}
