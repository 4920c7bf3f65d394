//! Intervals in the two ISO 8601 forms: `P1Y2M3DT4H5M6.7S` and `P0001-02-03T04:05:06`.

use super::calendar::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use super::fault::Fault;
use super::interval::Sum;

pub(super) fn decode(text: &str) -> Result<Sum, Fault> {
    let mut rest = text.strip_prefix('P').filter(|rest| !rest.is_empty()).ok_or(Fault::BadFormat)?;
    let mut sum = Sum::default();
    let mut in_date = true;
    let mut has_field = false;
    while !rest.is_empty() {
        if in_date && let Some(time) = rest.strip_prefix('T') {
            (in_date, has_field, rest) = (false, false, time);
            continue;
        }
        let (value, part, tail) = number(rest)?;
        let mut letters = tail.chars();
        let unit = letters.next();
        match (in_date, unit) {
            (true, Some('Y')) => sum.add_years(value, part, 1)?,
            (true, Some('M')) => {
                sum.add_months(value)?;
                sum.add_part_of_days(part, 30)?;
            }
            (true, Some('W')) => {
                sum.add_days(value, 7)?;
                sum.add_part_of_days(part, 7)?;
            }
            (true, Some('D')) => {
                sum.add_days(value, 1)?;
                sum.add_part_of_us(part, DAY_US)?;
            }
            (false, Some('H')) => sum.add_time(value, part, HOUR_US)?,
            (false, Some('M')) => sum.add_time(value, part, MINUTE_US)?,
            (false, Some('S')) => sum.add_time(value, part, SECOND_US)?,
            // The alternative form has separators, or eight digits, instead of letters.
            _ if !has_field => return alternative(sum, rest, in_date),
            _ => return Err(Fault::BadFormat),
        }
        has_field = true;
        rest = letters.as_str();
    }
    Ok(sum)
}

/// `0001-02-03T04:05:06`, `00010203T040506`, and each part alone.
fn alternative(mut sum: Sum, text: &str, in_date: bool) -> Result<Sum, Fault> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) if in_date => (Some(date), Some(time)),
        None if in_date => (Some(text), None),
        _ => (None, Some(text)),
    };
    if let Some(date) = date.filter(|date| !date.is_empty()) {
        let pieces = if date.contains('-') {
            date.split('-').map(str::to_owned).collect()
        } else if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) {
            vec![date[..4].to_owned(), date[4..6].to_owned(), date[6..].to_owned()]
        } else {
            vec![date.to_owned()]
        };
        let mut pieces = pieces.iter().map(|piece| number(piece));
        let mut next = || pieces.next().transpose();
        if let Some((value, part, "")) = next()? {
            sum.add_years(value, part, 1)?;
        } else {
            return Err(Fault::BadFormat);
        }
        if let Some((value, part, tail)) = next()? {
            sum.add_months(value)?;
            sum.add_part_of_days(part, 30)?;
            if !tail.is_empty() {
                return Err(Fault::BadFormat);
            }
        }
        if let Some((value, part, tail)) = next()? {
            sum.add_days(value, 1)?;
            sum.add_part_of_us(part, DAY_US)?;
            if !tail.is_empty() {
                return Err(Fault::BadFormat);
            }
        }
        if next()?.is_some() {
            return Err(Fault::BadFormat);
        }
    }
    if let Some(time) = time {
        let pieces: Vec<String> = if time.contains(':') {
            time.split(':').map(str::to_owned).collect()
        } else if time.len() >= 6 && time[..6].bytes().all(|b| b.is_ascii_digit()) {
            vec![time[..2].to_owned(), time[2..4].to_owned(), time[4..].to_owned()]
        } else {
            vec![time.to_owned()]
        };
        if pieces.len() > 3 {
            return Err(Fault::BadFormat);
        }
        for (piece, scale) in pieces.iter().zip([HOUR_US, MINUTE_US, SECOND_US]) {
            let (value, part, tail) = number(piece)?;
            if !tail.is_empty() {
                return Err(Fault::BadFormat);
            }
            sum.add_time(value, part, scale)?;
        }
    }
    Ok(sum)
}

/// A number with a sign and a fraction, and what follows it: `ParseISO8601Number`.
fn number(text: &str) -> Result<(i64, f64, &str), Fault> {
    let signed = usize::from(text.starts_with(['-', '+']));
    let digits = text[signed..].bytes().take_while(|b| b.is_ascii_digit()).count();
    let (whole, mut rest) = text.split_at(signed + digits);
    let mut part = 0.0;
    let mut has_part = false;
    if let Some(tail) = rest.strip_prefix('.') {
        let length = tail.bytes().take_while(|b| b.is_ascii_digit()).count();
        if length > 0 {
            part = format!("0.{}", &tail[..length]).parse().map_err(|_| Fault::BadFormat)?;
            has_part = true;
        }
        rest = &tail[length..];
    }
    if digits == 0 && !has_part {
        return Err(Fault::BadFormat);
    }
    let value = if digits == 0 { 0 } else { whole.parse().map_err(|_| Fault::IntervalOverflow)? };
    Ok((value, if text.starts_with('-') { -part } else { part }, rest))
}
