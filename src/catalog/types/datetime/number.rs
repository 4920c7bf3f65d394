//! Numbers inside date/time fields, read as C's `strtol` and PostgreSQL's helpers read them.

use super::fault::Fault;

/// The number at the start of `text` (with a sign, perhaps) and what follows it. 0 and all of the text
/// when there is none, as `strtol` has it.
pub(super) fn leading_int(text: &str) -> Result<(i64, &str), Fault> {
    let (value, rest) = leading_long(text)?;
    if i32::try_from(value).is_err() {
        return Err(Fault::FieldOverflow);
    }
    Ok((value, rest))
}

/// As [`leading_int`], with the range of 64 bits.
pub(super) fn leading_long(text: &str) -> Result<(i64, &str), Fault> {
    let signed = usize::from(text.starts_with(['+', '-']));
    let digits = text[signed..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Ok((0, text));
    }
    let (number, rest) = text.split_at(signed + digits);
    Ok((number.parse().map_err(|_| Fault::FieldOverflow)?, rest))
}

/// `.123` as a fraction of one; `.` alone is zero.
pub(super) fn fraction(text: &str) -> Result<f64, Fault> {
    let digits = text.strip_prefix('.').ok_or(Fault::BadFormat)?;
    if digits.is_empty() {
        return Ok(0.0);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::BadFormat);
    }
    text.parse().map_err(|_| Fault::BadFormat)
}

/// `.123` as microseconds, rounded.
pub(super) fn fraction_us(text: &str) -> Result<i64, Fault> {
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of one, times a million")]
    Ok((fraction(text)? * 1_000_000.0).round_ties_even() as i64)
}

/// C's `atoi` of digits.
pub(super) fn atoi(text: &str) -> i64 {
    leading_int(text).map_or(0, |(value, _)| value)
}
