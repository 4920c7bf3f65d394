//! The meaning of single fields: dates, numbers, times and displacements, by what is known already.

use super::calendar::{self, days_of};
use super::decode::{DATE, DAY, DAY_OF_YEAR, MONTH, Parts, TIME, YEAR, ZONE};
use super::fault::Fault;
use super::number::{atoi, fraction_us, leading_int};
use super::tokens::{self, Token};
use crate::catalog::types::DateOrder;

/// Largest displacement of a zone, in hours.
const ZONE_HOURS: i64 = 15;

/// A date with separators: `DecodeDate`.
pub(super) fn date(parts: &mut Parts, field: &str, mask: u32, order: DateOrder) -> Result<u32, Fault> {
    let mut pieces: Vec<&str> = Vec::new();
    let mut rest = field;
    loop {
        rest = rest.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let Some(first) = rest.bytes().next() else { return Err(Fault::BadFormat) };
        let same = |b: &u8| if first.is_ascii_digit() { b.is_ascii_digit() } else { b.is_ascii_alphabetic() };
        let length = rest.bytes().take_while(same).count();
        pieces.push(&rest[..length]);
        // The byte behind a piece is dropped, whatever it is: so does PostgreSQL.
        rest = rest.get(length + 1..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
    }
    if field.ends_with(|c: char| !c.is_ascii_alphanumeric()) {
        // PostgreSQL drops one separator at the end and refuses two; both are refused for a full date only
        // when something is missing, which the mask below finds.
        let separators = field.bytes().rev().take_while(|b| !b.is_ascii_alphanumeric()).count();
        if separators > 1 {
            return Err(Fault::BadFormat);
        }
    }
    let mut seen = mask;
    let mut found = 0;
    for piece in pieces.iter().filter(|piece| piece.starts_with(|c: char| c.is_ascii_alphabetic())) {
        match tokens::special(piece) {
            Some(Token::Ignore) => continue,
            Some(Token::Month(month)) => {
                parts.month = month;
                parts.text_month = true;
            }
            _ => return Err(Fault::BadFormat),
        }
        if seen & MONTH != 0 {
            return Err(Fault::BadFormat);
        }
        seen |= MONTH;
        found |= MONTH;
    }
    for piece in pieces.iter().filter(|piece| piece.starts_with(|c: char| c.is_ascii_digit())) {
        let bits = number(parts, piece, seen, order)?;
        if seen & bits != 0 {
            return Err(Fault::BadFormat);
        }
        seen |= bits;
        found |= bits;
    }
    if seen & !(DAY_OF_YEAR | ZONE) != DATE {
        return Err(Fault::BadFormat);
    }
    Ok(found)
}

/// One number, by what is known already: `DecodeNumber`.
pub(super) fn number(parts: &mut Parts, field: &str, mask: u32, order: DateOrder) -> Result<u32, Fault> {
    let (value, rest) = leading_int(field)?;
    if rest.len() == field.len() {
        return Err(Fault::BadFormat);
    }
    if rest.starts_with('.') {
        if field.len() - rest.len() > 2 {
            return run_together(parts, field, mask | DATE);
        }
        parts.microsecond = fraction_us(rest)?;
    } else if !rest.is_empty() {
        return Err(Fault::BadFormat);
    }
    let length = field.len();
    if length == 3 && mask & DATE == YEAR && (1..=366).contains(&value) {
        parts.day_of_year = value;
        return Ok(DAY_OF_YEAR | MONTH | DAY);
    }
    let long = length >= 3 || order == DateOrder::Ymd;
    let found = match mask & DATE {
        0 if long => YEAR,
        0 if order == DateOrder::Dmy => DAY,
        0 => MONTH,
        YEAR => MONTH,
        MONTH if parts.text_month && long => YEAR,
        MONTH => DAY,
        bits if bits == YEAR | MONTH => {
            if parts.text_month && length >= 3 && parts.two_digit_year {
                // What looked like the year was the day.
                parts.day = parts.year;
                parts.year = value;
                parts.two_digit_year = false;
                return Ok(DAY);
            }
            DAY
        }
        DAY => MONTH,
        bits if bits == MONTH | DAY => YEAR,
        DATE => return run_together(parts, field, mask),
        _ => return Err(Fault::BadFormat),
    };
    match found {
        YEAR => {
            parts.year = value;
            parts.two_digit_year = length <= 2;
        }
        MONTH => parts.month = value,
        _ => parts.day = value,
    }
    Ok(found)
}

/// `20011223`, `040506`, `040506.789`: `DecodeNumberField`.
pub(super) fn run_together(parts: &mut Parts, field: &str, mask: u32) -> Result<u32, Fault> {
    let mut digits = field;
    if let Some(point) = field.find('.') {
        let tail = &field[point..];
        let end = 1 + tail[1..].bytes().take_while(u8::is_ascii_digit).count();
        parts.microsecond = fraction_us(&tail[..end])?;
        digits = &field[..point];
    } else if mask & DATE != DATE && digits.len() >= 6 {
        let (year, month_day) = digits.split_at(digits.len() - 4);
        (parts.year, parts.month, parts.day) = (atoi(year), atoi(&month_day[..2]), atoi(&month_day[2..]));
        if leading_int(year).is_err() {
            return Err(Fault::FieldOverflow);
        }
        parts.two_digit_year = year.len() == 2;
        return Ok(DATE);
    }
    if mask & TIME == 0 {
        match digits.len() {
            6 => {
                (parts.hour, parts.minute, parts.second) =
                    (atoi(&digits[..2]), atoi(&digits[2..4]), atoi(&digits[4..]));
            }
            4 => (parts.hour, parts.minute, parts.second) = (atoi(&digits[..2]), atoi(&digits[2..]), 0),
            _ => return Err(Fault::BadFormat),
        }
        if parts.time_overflows() {
            return Err(Fault::FieldOverflow);
        }
        return Ok(TIME);
    }
    Err(Fault::BadFormat)
}

/// `hh:mm[:ss[.fff]]`, or `mm:ss.fff`: `DecodeTime`. The caller checks the hour.
pub(super) fn time(parts: &mut Parts, field: &str) -> Result<(), Fault> {
    let (hour, rest) = leading_int(field)?;
    let rest = rest.strip_prefix(':').ok_or(Fault::BadFormat)?;
    let (minute, rest) = leading_int(rest)?;
    (parts.hour, parts.minute, parts.second, parts.microsecond) = (hour, minute, 0, 0);
    if rest.starts_with('.') {
        (parts.hour, parts.minute, parts.second) = (0, hour, minute);
        parts.microsecond = fraction_us(rest)?;
    } else if let Some(rest) = rest.strip_prefix(':') {
        let (second, rest) = leading_int(rest)?;
        parts.second = second;
        if !rest.is_empty() {
            parts.microsecond = fraction_us(rest)?;
        }
    } else if !rest.is_empty() {
        return Err(Fault::BadFormat);
    }
    if parts.hour < 0 || !(0..=59).contains(&parts.minute) || !(0..=60).contains(&parts.second) {
        return Err(Fault::FieldOverflow);
    }
    Ok(())
}

/// `+hh[:mm[:ss]]` or `+hhmm`, in seconds east of Greenwich: `DecodeTimezone`.
pub(super) fn displacement(field: &str) -> Result<i64, Fault> {
    let overflow = |_| Fault::ZoneOverflow;
    let negative = match field.as_bytes().first() {
        Some(b'+') => false,
        Some(b'-') => true,
        _ => return Err(Fault::BadFormat),
    };
    let (mut hours, mut rest) = leading_int(&field[1..]).map_err(overflow)?;
    let (mut minutes, mut seconds) = (0, 0);
    if let Some(tail) = rest.strip_prefix(':') {
        (minutes, rest) = leading_int(tail).map_err(overflow)?;
        if let Some(tail) = rest.strip_prefix(':') {
            (seconds, rest) = leading_int(tail).map_err(overflow)?;
        }
    } else if rest.is_empty() && field.len() > 3 {
        (hours, minutes) = (hours / 100, hours % 100);
    }
    if !(0..=ZONE_HOURS).contains(&hours) || !(0..60).contains(&minutes) || !(0..60).contains(&seconds) {
        return Err(Fault::ZoneOverflow);
    }
    if !rest.is_empty() {
        return Err(Fault::BadFormat);
    }
    let east = (hours * 60 + minutes) * 60 + seconds;
    Ok(if negative { -east } else { east })
}

/// The checks that need the whole date: `ValidateDate`.
pub(super) fn validate_date(parts: &mut Parts, mask: u32) -> Result<(), Fault> {
    if mask & YEAR != 0 && !parts.julian {
        if parts.year <= 0 && (parts.bc || !parts.two_digit_year) {
            return Err(Fault::FieldOverflow);
        }
        if parts.bc {
            parts.year = 1 - parts.year;
        } else if parts.two_digit_year {
            parts.year += match parts.year {
                0..70 => 2000,
                70..100 => 1900,
                _ => 0,
            };
        }
    }
    if mask & DAY_OF_YEAR != 0 {
        let days = days_of(parts.year, 1, 1) + parts.day_of_year - 1;
        (parts.year, parts.month, parts.day) = calendar::date_of(days);
    }
    if mask & MONTH != 0 && !(1..=12).contains(&parts.month) || mask & DAY != 0 && !(1..=31).contains(&parts.day) {
        return Err(Fault::MonthDayOverflow);
    }
    if mask & DATE == DATE && parts.day > calendar::days_in_month(parts.year, parts.month) {
        return Err(Fault::FieldOverflow);
    }
    Ok(())
}
