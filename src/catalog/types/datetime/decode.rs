//! What the fields of a date or timestamp mean: PostgreSQL's `DecodeDateTime`.

use super::calendar::{self, DAY_US, HOUR_US, MINUTE_US, SECOND_US, days_of};
use super::fault::Fault;
use super::fields::{date, displacement, number, run_together, time, validate_date};
use super::lex::{self, Look};
use super::number::{fraction, leading_int};
use super::tokens::{self, Token};
use super::{DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY};
use crate::catalog::types::{DateOrder, OutputStyle, Zone};
use crate::error::{CatalogError, Result};

pub(super) const YEAR: u32 = 1;
pub(super) const MONTH: u32 = 1 << 1;
pub(super) const DAY: u32 = 1 << 2;
pub(super) const TIME: u32 = 1 << 3;
pub(super) const ZONE: u32 = 1 << 4;
pub(super) const DAY_OF_YEAR: u32 = 1 << 5;
const WEEKDAY: u32 = 1 << 6;
pub(super) const MERIDIEM: u32 = 1 << 7;
const ERA: u32 = 1 << 8;
const DAYLIGHT: u32 = 1 << 9;
pub(super) const DATE: u32 = YEAR | MONTH | DAY;

/// The broken-down value while fields are decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) day_of_year: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) microsecond: i64,
    /// Seconds east of Greenwich, when the text gave a fixed offset.
    pub(super) east: i64,
    pub(super) zone: Option<Zone>,
    pub(super) two_digit_year: bool,
    pub(super) text_month: bool,
    pub(super) julian: bool,
    pub(super) bc: bool,
    pub(super) meridiem: Option<Token>,
}

/// What a text stands for.
enum Decoded {
    Moment(Parts, u32),
    Epoch,
    Infinity,
    MinusInfinity,
}

/// What the field before said of the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    None,
    Julian,
    Time,
    /// A unit of intervals, which no date can use.
    Unit,
}

/// Reads a `date`, in days since 1970.
///
/// # Errors
/// 22007 and 22008 as PostgreSQL.
pub fn parse_date(text: &str, style: &OutputStyle) -> Result<i32> {
    match decode(text, style).map_err(|fault| fault.of("date", text))? {
        Decoded::Moment(parts, _) => {
            let days = days_of(parts.year, parts.month, parts.day);
            if !(calendar::FIRST_DAY..=calendar::LAST_DAY).contains(&days) {
                return Err(CatalogError::DatetimeOverflow(format!("date out of range: \"{text}\"")).into());
            }
            Ok(i32::try_from(days).expect("the range of days is the range of PostgreSQL's int4 dates"))
        }
        Decoded::Epoch => Ok(0),
        Decoded::Infinity => Ok(DATE_INFINITY),
        Decoded::MinusInfinity => Ok(DATE_MINUS_INFINITY),
    }
}

/// Reads a `timestamp`, in microseconds since 1970 on the local clock. A zone in the text is ignored.
///
/// # Errors
/// 22007 and 22008 as PostgreSQL.
pub fn parse_timestamp(text: &str, style: &OutputStyle) -> Result<i64> {
    parse_moment(text, style, "timestamp", |parts, _| Ok(parts))
}

/// Reads a `timestamptz`, in microseconds since 1970 UTC.
///
/// # Errors
/// 22007, 22008 and 22009 as PostgreSQL; 22023 for an unknown zone.
pub fn parse_timestamptz(text: &str, style: &OutputStyle) -> Result<i64> {
    parse_moment(text, style, "timestamp with time zone", |mut parts, mask| {
        let Some(local) = parts.local_us() else { return Ok(parts) };
        if let Some(zone) = &parts.zone {
            parts.east = zone.offset_of_local(local).into();
        } else if mask & ZONE == 0 {
            parts.east = style.time_zone.offset_of_local(local).into();
        }
        parts.second -= parts.east;
        Ok(parts)
    })
}

fn parse_moment(
    text: &str,
    style: &OutputStyle,
    type_name: &str,
    place: impl FnOnce(Parts, u32) -> Result<Parts, Fault>,
) -> Result<i64> {
    let out_of_range = || CatalogError::DatetimeOverflow(format!("timestamp out of range: \"{text}\""));
    let fail = |fault: Fault| fault.of(type_name, text);
    match decode(text, style).map_err(fail)? {
        Decoded::Moment(parts, mask) => {
            let days = days_of(parts.year, parts.month, parts.day);
            let us = place(parts, mask).map_err(fail)?.local_us().ok_or_else(out_of_range)?;
            if days < calendar::FIRST_DAY || us < calendar::FIRST_DAY * DAY_US || us == TIMESTAMP_INFINITY {
                return Err(out_of_range().into());
            }
            Ok(us)
        }
        Decoded::Epoch => Ok(0),
        Decoded::Infinity => Ok(TIMESTAMP_INFINITY),
        Decoded::MinusInfinity => Ok(TIMESTAMP_MINUS_INFINITY),
    }
}

impl Parts {
    /// Microseconds since 1970 of the fields.
    pub(super) fn local_us(&self) -> Option<i64> {
        days_of(self.year, self.month, self.day).checked_mul(DAY_US)?.checked_add(self.time_us())
    }

    /// Microseconds since midnight of the time fields.
    pub(super) fn time_us(&self) -> i64 {
        self.hour * HOUR_US + self.minute * MINUTE_US + self.second * SECOND_US + self.microsecond
    }

    /// Sets the fields to an instant on the clock of a zone.
    pub(super) fn set_instant(&mut self, utc_us: i64, zone: &Zone) {
        self.east = zone.offset_at(utc_us).into();
        let local = utc_us + self.east * SECOND_US;
        (self.year, self.month, self.day) = calendar::date_of(local.div_euclid(DAY_US));
        self.set_time(local.rem_euclid(DAY_US));
    }

    pub(super) fn set_time(&mut self, us: i64) {
        (self.hour, self.minute) = (us / HOUR_US, us / MINUTE_US % 60);
        (self.second, self.microsecond) = (us / SECOND_US % 60, us % SECOND_US);
    }

    /// 12-hour times, then the check that the time is one: PostgreSQL's last step.
    pub(super) fn apply_meridiem(&mut self) -> Result<(), Fault> {
        match self.meridiem {
            None => return Ok(()),
            Some(_) if self.hour > 12 => return Err(Fault::FieldOverflow),
            Some(Token::Am) if self.hour == 12 => self.hour = 0,
            Some(Token::Pm) if self.hour != 12 => self.hour += 12,
            Some(_) => {}
        }
        Ok(())
    }

    pub(super) fn time_overflows(&self) -> bool {
        !(0..=24).contains(&self.hour)
            || !(0..=59).contains(&self.minute)
            || !(0..=60).contains(&self.second)
            || !(0..=SECOND_US).contains(&self.microsecond)
            || self.time_us() > DAY_US
    }
}

fn decode(text: &str, style: &OutputStyle) -> Result<Decoded, Fault> {
    let fields = lex::fields(text)?;
    let mut parts = Parts::default();
    let mut mask = 0;
    let mut prefix = Prefix::None;
    let mut special = None;
    for (index, (look, field)) in fields.iter().enumerate() {
        let found = match look {
            Look::Date => date_field(&mut parts, field, mask, &mut prefix, style.date_order)?,
            Look::Time => {
                if !matches!(prefix, Prefix::None | Prefix::Time) {
                    return Err(Fault::BadFormat);
                }
                prefix = Prefix::None;
                time(&mut parts, field)?;
                if parts.time_overflows() {
                    return Err(Fault::FieldOverflow);
                }
                TIME
            }
            Look::Zone => {
                parts.east = displacement(field)?;
                ZONE
            }
            Look::Number => number_field(&mut parts, field, mask, &mut prefix, style.date_order)?,
            Look::String | Look::Special => {
                if let Some(east) = Zone::abbreviation(field) {
                    parts.east = east.into();
                    ZONE
                } else {
                    let next = fields.get(index + 1).map(|(look, _)| *look);
                    let word = tokens::special(field);
                    match word {
                        Some(Token::Ignore) => continue,
                        Some(Token::Epoch | Token::Infinity | Token::MinusInfinity) => {
                            special = word;
                            DATE | TIME | ZONE
                        }
                        Some(token) => word_field(&mut parts, token, mask, &mut prefix, next, style)?,
                        None => {
                            parts.zone = Some(Zone::named(field).ok_or(Fault::BadFormat)?);
                            ZONE
                        }
                    }
                }
            }
        };
        if found & mask != 0 {
            return Err(Fault::BadFormat);
        }
        mask |= found;
    }
    match special {
        Some(Token::Epoch) => return Ok(Decoded::Epoch),
        Some(Token::Infinity) => return Ok(Decoded::Infinity),
        Some(_) => return Ok(Decoded::MinusInfinity),
        None => {}
    }
    validate_date(&mut parts, mask)?;
    parts.apply_meridiem()?;
    if mask & DATE != DATE || prefix == Prefix::Unit {
        return Err(Fault::BadFormat);
    }
    if mask & DAYLIGHT != 0 && (parts.zone.is_some() || mask & ZONE == 0) {
        return Err(Fault::BadFormat);
    }
    Ok(Decoded::Moment(parts, mask))
}

/// A field with separators: a date, a zone with a slash in its name, or `hhmmss-zz`.
fn date_field(parts: &mut Parts, field: &str, mask: u32, prefix: &mut Prefix, order: DateOrder) -> Result<u32, Fault> {
    if *prefix == Prefix::Julian {
        let (value, rest) = leading_int(field)?;
        set_julian(parts, value)?;
        parts.east = displacement(rest)?;
        *prefix = Prefix::None;
        return Ok(DATE | TIME | ZONE);
    }
    if *prefix == Prefix::None && mask & (MONTH | DAY) != (MONTH | DAY) {
        return date(parts, field, mask, order);
    }
    if *prefix == Prefix::None && !field.starts_with(|c: char| c.is_ascii_digit()) {
        parts.zone = Some(Zone::by_name(field).ok_or_else(|| Fault::UnknownZone(field.to_owned()))?);
        return Ok(ZONE);
    }
    if *prefix == Prefix::Unit || mask & TIME != 0 {
        return Err(Fault::BadFormat);
    }
    *prefix = Prefix::None;
    let dash = field.find('-').ok_or(Fault::BadFormat)?;
    parts.east = displacement(&field[dash..])?;
    Ok(ZONE | run_together(parts, &field[..dash], mask)?)
}

fn number_field(
    parts: &mut Parts,
    field: &str,
    mask: u32,
    prefix: &mut Prefix,
    order: DateOrder,
) -> Result<u32, Fault> {
    match std::mem::replace(prefix, Prefix::None) {
        Prefix::None => {}
        Prefix::Julian => {
            let (value, rest) = leading_int(field)?;
            set_julian(parts, value)?;
            if rest.is_empty() {
                return Ok(DATE);
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a part of one day")]
            parts.set_time((fraction(rest)? * DAY_US as f64) as i64);
            return Ok(DATE | TIME);
        }
        Prefix::Time => {
            let found = run_together(parts, field, mask | DATE)?;
            return if found == TIME { Ok(TIME) } else { Err(Fault::BadFormat) };
        }
        Prefix::Unit => return Err(Fault::BadFormat),
    }
    let point = field.find('.');
    if point.is_some() && mask & DATE == 0 {
        date(parts, field, mask, order)
    } else if point.is_some_and(|point| point > 2)
        || (point.is_none() && field.len() >= 6 && (mask & DATE == 0 || mask & TIME == 0))
    {
        run_together(parts, field, mask)
    } else {
        number(parts, field, mask, order)
    }
}

fn word_field(
    parts: &mut Parts,
    token: Token,
    mask: u32,
    prefix: &mut Prefix,
    next: Option<Look>,
    style: &OutputStyle,
) -> Result<u32, Fault> {
    Ok(match token {
        Token::Now | Token::Yesterday | Token::Today | Token::Tomorrow => {
            let mut now = Parts::default();
            now.set_instant(style.now_us.ok_or(Fault::NoClock)?, &style.time_zone);
            if token == Token::Now {
                let kept = parts.clone();
                *parts = Parts { bc: kept.bc, meridiem: kept.meridiem, julian: true, ..now };
                DATE | TIME | ZONE
            } else {
                let shift = match token {
                    Token::Yesterday => -1,
                    Token::Tomorrow => 1,
                    _ => 0,
                };
                let days = days_of(now.year, now.month, now.day) + shift;
                (parts.year, parts.month, parts.day) = calendar::date_of(days);
                DATE
            }
        }
        Token::Zulu => {
            parts.set_time(0);
            parts.east = 0;
            TIME | ZONE
        }
        Token::Month(month) => {
            let mut found = MONTH;
            // A number that was taken for the month is the day, now that the month has a name.
            if mask & MONTH != 0 && !parts.text_month && mask & DAY == 0 && (1..=31).contains(&parts.month) {
                parts.day = parts.month;
                found = DAY;
            }
            parts.text_month = true;
            parts.month = month;
            found
        }
        Token::DaylightModifier => {
            parts.east += 3600;
            DAYLIGHT
        }
        Token::Am | Token::Pm => {
            parts.meridiem = Some(token);
            MERIDIEM
        }
        Token::Ad | Token::Bc => {
            parts.bc = token == Token::Bc;
            ERA
        }
        Token::Weekday => WEEKDAY,
        Token::Julian => {
            *prefix = Prefix::Julian;
            0
        }
        Token::Unit => {
            *prefix = Prefix::Unit;
            0
        }
        Token::IsoTime => {
            let fits = matches!(next, Some(Look::Number | Look::Time | Look::Date));
            if mask & DATE != DATE || !fits {
                return Err(Fault::BadFormat);
            }
            *prefix = Prefix::Time;
            0
        }
        Token::Epoch | Token::Infinity | Token::MinusInfinity | Token::Ignore => return Err(Fault::BadFormat),
    })
}

fn set_julian(parts: &mut Parts, day: i64) -> Result<(), Fault> {
    if day < 0 {
        return Err(Fault::FieldOverflow);
    }
    (parts.year, parts.month, parts.day) = calendar::date_of(day - calendar::UNIX_EPOCH_JULIAN);
    parts.julian = true;
    Ok(())
}
