//! `to_timestamp` and `to_date`: a text read by a template.

use super::super::calendar::timestamp_to_digits;
use super::times::{Convention, Field, Node, Pattern, Template, is_separator, is_space};
use super::write_time::{DAYS, MONTHS, ROMAN_MONTHS, iso_week_start};
use crate::catalog::types::Zone;
use crate::catalog::types::datetime::calendar::{
    DAY_US, FIRST_DAY, HOUR_US, LAST_DAY, MINUTE_US, SECOND_US, UNIX_EPOCH_JULIAN, date_of, days_in_month, days_of,
};
use crate::error::{CatalogError, Error, QueryError, Result};
use crate::query::functions::convert::to_utc;

/// The largest offset of a zone, in hours.
const ZONE_HOURS: i64 = 15;
const FILL_HINT: &str = "If your source string is not fixed-width, try using the \"FM\" modifier.";

/// What was read, field by field; 0 is nothing.
#[derive(Default)]
struct Read {
    convention: Option<Convention>,
    hour: i64,
    pm: i64,
    half_clock: bool,
    minute: i64,
    second: i64,
    seconds_of_day: i64,
    weekday: i64,
    day: i64,
    day_of_year: i64,
    month: i64,
    millisecond: i64,
    us: i64,
    year: i64,
    bc: i64,
    week: i64,
    week_of_month: i64,
    century: i64,
    julian: i64,
    /// How many digits of a year the template has.
    year_digits: u8,
    fraction: u8,
    zone_sign: i64,
    zone_hour: i64,
    zone_minute: i64,
}

/// A text being read.
struct Source<'a> {
    whole: &'a str,
    at: usize,
    /// Characters that were skipped and have none of the template.
    extra: i64,
}

impl<'a> Source<'a> {
    fn rest(&self) -> &'a str {
        &self.whole[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_one(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn skip_spaces(&mut self) -> i64 {
        let mut count = 0;
        while self.peek().is_some_and(is_space) {
            self.at += 1;
            count += 1;
        }
        count
    }
}

fn wrong(message: String) -> Error {
    QueryError::DatetimeFormat(message).into()
}

/// Sets a field that must not have another value yet.
fn set(field: &mut i64, value: i64, pattern: &Pattern) -> Result<()> {
    if *field != 0 && *field != value {
        let message = format!("conflicting values for \"{}\" field in formatting string", pattern.name);
        return Err(wrong(message).detail("This value contradicts a previous setting for the same field type."));
    }
    *field = value;
    Ok(())
}

/// A number as C's `strtol` reads it: white space, a sign, digits. `None` without digits; with the bytes it took.
fn leading_number(text: &str) -> Option<(Option<i64>, usize)> {
    let spaces = text.len() - text.trim_start_matches(is_space).len();
    let rest = &text[spaces..];
    let sign = usize::from(rest.starts_with(['+', '-']));
    let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let number = rest[sign..sign + digits].parse::<i64>().ok();
    let number = number.map(|number| if rest.starts_with('-') { -number } else { number });
    Some((number, spaces + sign + digits))
}

/// Reads a number of a field. Returns it with the bytes it took.
fn integer(source: &mut Source<'_>, pattern: &Pattern, length: usize, slurps: bool) -> Result<(i64, usize)> {
    let init = source.at;
    source.skip_spaces();
    let rest = source.rest();
    let end = rest.floor_char_boundary(length.min(rest.len()));
    let copy = &rest[..end];
    let invalid = || wrong(format!("invalid value \"{copy}\" for \"{}\"", pattern.name));
    let found = if slurps {
        // What follows is no digit: as many as there are.
        let found = leading_number(rest);
        source.at += found.map_or(0, |(_, used)| used);
        if found.is_none() {
            source.at = init;
        }
        found
    } else {
        if rest.len() < length {
            let message = format!("source string too short for \"{}\" formatting field", pattern.name);
            let detail = format!("Field requires {length} characters, but only {} remain.", rest.len());
            return Err(wrong(message).detail(detail).hint(FILL_HINT));
        }
        let found = leading_number(copy);
        if let Some((_, used)) = found {
            if used < length {
                let detail = format!("Field requires {length} characters, but only {used} could be parsed.");
                return Err(invalid().detail(detail).hint(FILL_HINT));
            }
            source.at += used;
        }
        found
    };
    let number = match found {
        Some((number, _)) => number,
        // Spaces alone moved the place: PostgreSQL takes that for a number, which is 0.
        None if source.at != init => Some(0),
        None => return Err(invalid().detail("Value must be an integer.")),
    };
    match number.filter(|number| i32::try_from(*number).is_ok()) {
        Some(number) => Ok((number, source.at - init)),
        None => {
            let message = format!("value for \"{}\" in source string is out of range", pattern.name);
            let detail = format!("Value must be in the range {} to {}.", i32::MIN, i32::MAX);
            Err(Error::from(CatalogError::DatetimeOverflow(message)).detail(detail))
        }
    }
}

/// Reads one of several words, in any case.
fn word(source: &mut Source<'_>, words: &[&str], pattern: &Pattern) -> Result<i64> {
    let rest = source.rest();
    let matches = |word: &str| rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    match words.iter().position(|word| matches(word)) {
        Some(index) => {
            source.at += words[index].len();
            Ok(i64::try_from(index).unwrap_or(0))
        }
        None => {
            let copy = rest.split(is_space).next().unwrap_or("");
            let error = wrong(format!("invalid value \"{copy}\" for \"{}\"", pattern.name));
            Err(error.detail("The given value did not match any of the allowed values for this field."))
        }
    }
}

/// Does something other than a digit follow behind this node?
fn is_separated(nodes: &[Node], index: usize) -> bool {
    if let Node::Pattern(Pattern { ordinal: Some(_), .. }) = nodes[index] {
        return true;
    }
    match nodes.get(index + 1) {
        None => true,
        Some(Node::Pattern(pattern)) => !pattern.field.is_digits(),
        Some(Node::Character(character) | Node::Separator(character) | Node::Space(character)) => {
            !character.is_ascii_digit()
        }
    }
}

/// A year of fewer than four digits becomes one near 2020.
fn near_2020(year: i64) -> i64 {
    match year {
        ..70 => year + 2000,
        70..100 => year + 1900,
        100..520 => year + 2000,
        520..1000 => year + 1000,
        _ => year,
    }
}

fn read(text: &str, template: &Template) -> Result<Read> {
    let mut read = Read::default();
    let mut source = Source { whole: text, at: 0, extra: 0 };
    let mut exact = false;
    for (index, node) in template.nodes.iter().enumerate() {
        if source.rest().is_empty() {
            break;
        }
        let pattern = match node {
            Node::Pattern(pattern) => Some(pattern),
            _ => None,
        };
        let is_exact = pattern.is_some_and(|pattern| pattern.field == Field::Exact);
        if !exact && !is_exact && (pattern.is_some() || index == 0) {
            source.extra += source.skip_spaces();
        }
        match node {
            Node::Pattern(pattern) => {
                if let Some(convention) = pattern.field.convention() {
                    if read.convention.is_some_and(|known| known != convention) {
                        let error = wrong("invalid combination of date conventions".into());
                        let hint = "Do not mix Gregorian and ISO week date conventions in a formatting template.";
                        return Err(error.hint(hint));
                    }
                    read.convention = Some(convention);
                }
                if is_exact {
                    exact = true;
                } else {
                    field(&mut read, &mut source, pattern, pattern.fill || is_separated(&template.nodes, index))?;
                }
                if !exact {
                    source.extra = source.skip_spaces();
                }
            }
            Node::Space(_) | Node::Separator(_) if exact => source.skip_one(),
            Node::Space(_) | Node::Separator(_) => {
                source.extra -= 1;
                if source.peek().is_some_and(|character| is_space(character) || is_separator(character)) {
                    source.at += 1;
                    source.extra += 1;
                }
            }
            Node::Character(_) if !exact && source.extra > 0 => source.extra -= 1,
            Node::Character(_) => source.skip_one(),
        }
    }
    Ok(read)
}

fn field(read: &mut Read, source: &mut Source<'_>, pattern: &Pattern, slurps: bool) -> Result<()> {
    use Field as F;
    let name = pattern.name.len();
    let number = |source: &mut Source<'_>, length: usize| integer(source, pattern, length, slurps);
    match pattern.field {
        F::Exact => return Ok(()),
        F::Half { dots } => {
            let words = if dots { ["a.m.", "p.m."] } else { ["am", "pm"] };
            let value = word(source, &words, pattern)?;
            set(&mut read.pm, value, pattern)?;
            read.half_clock = true;
            return Ok(());
        }
        F::Era { dots } => {
            let words = if dots { ["a.d.", "b.c."] } else { ["ad", "bc"] };
            let value = word(source, &words, pattern)?;
            return set(&mut read.bc, value, pattern);
        }
        F::Hour12 => {
            set(&mut read.hour, number(source, 2)?.0, pattern)?;
            read.half_clock = true;
        }
        F::Hour24 => set(&mut read.hour, number(source, 2)?.0, pattern)?,
        F::Minute => set(&mut read.minute, number(source, name)?.0, pattern)?,
        F::Second => set(&mut read.second, number(source, name)?.0, pattern)?,
        F::Millisecond => {
            // 25 is a quarter of a second, as 250 is.
            let (value, used) = number(source, 3)?;
            set(&mut read.millisecond, value, pattern)?;
            read.millisecond *= [1, 100, 10].get(used).copied().unwrap_or(1);
        }
        F::Fraction(_) | F::Microsecond => {
            let length = match pattern.field {
                F::Fraction(digits) => {
                    read.fraction = digits;
                    usize::from(digits)
                }
                _ => 6,
            };
            let (value, used) = number(source, length)?;
            set(&mut read.us, value, pattern)?;
            read.us *= [1, 100_000, 10_000, 1000, 100, 10].get(used).copied().unwrap_or(1);
        }
        F::SecondsOfDay => set(&mut read.seconds_of_day, number(source, name)?.0, pattern)?,
        F::Zone | F::Offset => {
            let name = if pattern.case == super::times::Case::Lower {
                pattern.name.to_ascii_lowercase()
            } else {
                pattern.name.to_owned()
            };
            let message = format!("formatting field \"{name}\" is only supported in to_char");
            return Err(QueryError::NotSupported(message).into());
        }
        F::ZoneHour => {
            // A sign may have been taken for a separator.
            read.zone_sign = match source.peek() {
                Some('-') => -1,
                Some('+' | ' ') => 1,
                _ if source.extra > 0 && source.whole[..source.at].ends_with('-') => -1,
                _ => 1,
            };
            if matches!(source.peek(), Some('+' | '-' | ' ')) {
                source.at += 1;
            }
            return set(&mut read.zone_hour, number(source, 2)?.0, pattern);
        }
        F::ZoneMinute => {
            if read.zone_sign == 0 {
                read.zone_sign = 1;
            }
            return set(&mut read.zone_minute, number(source, 2)?.0, pattern);
        }
        F::MonthName => {
            let value = word(source, &MONTHS, pattern)?;
            return set(&mut read.month, value + 1, pattern);
        }
        F::MonthAbbreviated => {
            let value = word(source, &MONTHS.map(|month| &month[..3]), pattern)?;
            return set(&mut read.month, value + 1, pattern);
        }
        F::Month => set(&mut read.month, number(source, name)?.0, pattern)?,
        F::DayName => {
            let value = word(source, &DAYS, pattern)?;
            set(&mut read.weekday, value, pattern)?;
            read.weekday += 1;
            return Ok(());
        }
        F::DayAbbreviated => {
            let value = word(source, &DAYS.map(|day| &day[..3]), pattern)?;
            set(&mut read.weekday, value, pattern)?;
            read.weekday += 1;
            return Ok(());
        }
        F::DayOfYear | F::IsoDayOfYear => set(&mut read.day_of_year, number(source, 3)?.0, pattern)?,
        F::Day => set(&mut read.day, number(source, name)?.0, pattern)?,
        F::Weekday => set(&mut read.weekday, number(source, name)?.0, pattern)?,
        F::IsoWeekday => {
            // Counted from Sunday, as all others.
            set(&mut read.weekday, number(source, 1)?.0, pattern)?;
            read.weekday += 1;
            if read.weekday > 7 {
                read.weekday = 1;
            }
        }
        F::Week | F::IsoWeek => set(&mut read.week, number(source, name)?.0, pattern)?,
        // Which day of the quarter would it be?
        F::Quarter => _ = number(source, name)?,
        F::Century => set(&mut read.century, number(source, name)?.0, pattern)?,
        F::YearWithComma => {
            let (value, used) =
                with_comma(source.rest()).ok_or_else(|| wrong("invalid input string for \"Y,YYY\"".into()))?;
            set(&mut read.year, value, pattern)?;
            read.year_digits = 4;
            source.at += used;
        }
        F::Year(digits) | F::IsoYear(digits) => {
            let (value, used) = number(source, usize::from(digits))?;
            set(&mut read.year, value, pattern)?;
            if digits < 4 && used < 4 {
                read.year = near_2020(read.year);
            }
            read.year_digits = digits;
        }
        F::Roman => {
            let value = word(source, &ROMAN_MONTHS, pattern)?;
            return set(&mut read.month, 12 - value, pattern);
        }
        F::WeekOfMonth => set(&mut read.week_of_month, number(source, name)?.0, pattern)?,
        F::Julian => set(&mut read.julian, number(source, name)?.0, pattern)?,
    }
    if pattern.ordinal.is_some() {
        source.skip_one();
        source.skip_one();
    }
    Ok(())
}

/// `2,024`.
fn with_comma(text: &str) -> Option<(i64, usize)> {
    let (millennia, used) = leading_number(text)?;
    let rest = text[used..].strip_prefix(',')?;
    // Three characters, of which blanks before the number do not count.
    let spaces = rest.len() - rest.trim_start_matches(is_space).len();
    let behind = &rest[spaces..];
    let (years, taken) = leading_number(behind.get(..behind.floor_char_boundary(3.min(behind.len())))?)?;
    Some((millennia?.checked_mul(1000)?.checked_add(years?)?, used + 1 + spaces + taken))
}

/// A date and a time of the day in microseconds, and the zone that was read.
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    time: i64,
    fraction: u8,
    zone: Option<i64>,
}

fn moment(text: &str, template: &Template) -> Result<Moment> {
    let mut read = read(text, template)?;
    let out_of_range = || Error::from(CatalogError::DatetimeOutOfRange { text: text.to_owned() });
    let (mut hour, mut minute, mut second) = (0, 0, 0);
    if read.seconds_of_day != 0 {
        hour = read.seconds_of_day / 3600;
        minute = read.seconds_of_day % 3600 / 60;
        second = read.seconds_of_day % 60;
    }
    for (field, value) in [(&mut second, read.second), (&mut minute, read.minute), (&mut hour, read.hour)] {
        if value != 0 {
            *field = value;
        }
    }
    if read.half_clock {
        if !(1..=12).contains(&hour) {
            let error = wrong(format!("hour \"{hour}\" is invalid for the 12-hour clock"));
            return Err(error.hint("Use the 24-hour clock, or give an hour between 1 and 12."));
        }
        if read.pm != 0 && hour < 12 {
            hour += 12;
        } else if read.pm == 0 && hour == 12 {
            hour = 0;
        }
    }
    let (mut year, mut month, mut day) = (0, 1, 1);
    let (mut has_year, mut has_month, mut has_day) = (false, false, false);
    if read.year != 0 {
        if read.century != 0 && read.year_digits <= 2 {
            if read.bc != 0 {
                read.century = -read.century;
            }
            year = read.year % 100;
            year = match (year, read.century >= 0) {
                (0, true) => read.century * 100,
                (0, false) => read.century * 100 + 1,
                (year, true) => year + (read.century - 1) * 100,
                (year, false) => (read.century + 1) * 100 - year + 1,
            };
        } else {
            year = if read.bc != 0 { -read.year } else { read.year };
            // 1 BC is the year 0.
            if year < 0 {
                year += 1;
            }
        }
        has_year = true;
    } else if read.century != 0 {
        if read.bc != 0 {
            read.century = -read.century;
        }
        year = if read.century >= 0 { (read.century - 1) * 100 + 1 } else { read.century * 100 + 1 };
        has_year = true;
    }
    let mut whole_date = |days: i64| {
        (has_year, has_month, has_day) = (true, true, true);
        date_of(days)
    };
    if read.julian != 0 {
        (year, month, day) = whole_date(read.julian - UNIX_EPOCH_JULIAN);
    }
    if read.week != 0 {
        if read.convention == Some(Convention::Iso) {
            let monday = iso_week_start(year, read.week);
            let ahead = match read.weekday {
                0 => 0,
                1 => 6,
                other => other - 2,
            };
            (year, month, day) = whole_date(monday + ahead);
        } else {
            read.day_of_year = (read.week - 1) * 7 + 1;
        }
    }
    if read.week_of_month != 0 {
        read.day = (read.week_of_month - 1) * 7 + 1;
    }
    if read.day != 0 {
        (day, has_day) = (read.day, true);
    }
    if read.month != 0 {
        (month, has_month) = (read.month, true);
    }
    if read.day_of_year != 0 && (month <= 1 || day <= 1) {
        if year == 0 && read.bc == 0 {
            return Err(wrong("cannot calculate day of year without year information".into()));
        }
        if read.convention == Some(Convention::Iso) {
            (year, month, day) = date_of(iso_week_start(year, 1) - 1 + read.day_of_year);
        } else {
            let before = |month: i64| days_of(year, month + 1, 1) - days_of(year, 1, 1);
            let found = (1..=12).find(|month| read.day_of_year <= before_next(year, *month)).unwrap_or(13);
            if month <= 1 {
                month = found;
            }
            if day <= 1 {
                day = read.day_of_year - if found > 12 { before_next(year, 12) } else { before(found - 1) };
            }
        }
        (has_month, has_day) = (true, true);
        has_year |= read.convention == Some(Convention::Iso);
    }
    let us = read.millisecond * 1000 + read.us;
    if (has_month && !(1..=12).contains(&month)) || (has_day && !(1..=31).contains(&day)) {
        return Err(out_of_range());
    }
    if has_year && has_month && has_day && day > days_in_month(year, month) {
        return Err(out_of_range());
    }
    let in_range = |value: i64, limit: i64| (0..limit).contains(&value);
    if !in_range(hour, 24) || !in_range(minute, 60) || !in_range(second, 60) || !in_range(us, SECOND_US) {
        return Err(out_of_range());
    }
    let zone = if read.zone_sign == 0 {
        None
    } else if !(0..=ZONE_HOURS).contains(&read.zone_hour) || !in_range(read.zone_minute, 60) {
        return Err(CatalogError::TimeZoneOutOfRange { text: text.to_owned() }.into());
    } else {
        Some(read.zone_sign * (read.zone_hour * 3600 + read.zone_minute * 60))
    };
    let time = hour * HOUR_US + minute * MINUTE_US + second * SECOND_US + us;
    Ok(Moment { year, month, day, time, fraction: read.fraction, zone })
}

/// Days of a year up to the end of a month.
fn before_next(year: i64, month: i64) -> i64 {
    (1..=month).map(|month| days_in_month(year, month)).sum()
}

/// A point in time; without a zone of its own it is one of the session's.
///
/// # Errors
/// 22007, 22008, 22009.
pub(super) fn timestamp(text: &str, template: &Template, zone: &Zone) -> Result<i64> {
    let moment = moment(text, template)?;
    let out_of_range = || Error::from(CatalogError::DatetimeOverflow("timestamp out of range".into()));
    let days = days_of(moment.year, moment.month, moment.day);
    let local = days.checked_mul(DAY_US).and_then(|us| us.checked_add(moment.time)).ok_or_else(out_of_range)?;
    if days < FIRST_DAY - 1 {
        return Err(out_of_range());
    }
    let us = match moment.zone {
        Some(east) => local.checked_sub(east * SECOND_US).ok_or_else(out_of_range)?,
        None => to_utc(local, zone),
    };
    if us.div_euclid(DAY_US) < FIRST_DAY {
        return Err(out_of_range());
    }
    if moment.fraction == 0 {
        return Ok(us);
    }
    // Rounded to the digits that the template names.
    Ok(timestamp_to_digits(us, u32::from(moment.fraction)))
}

/// A date.
///
/// # Errors
/// As [`timestamp`].
pub(super) fn date(text: &str, template: &Template) -> Result<i32> {
    let moment = moment(text, template)?;
    let days = days_of(moment.year, moment.month, moment.day);
    if !(FIRST_DAY..=LAST_DAY).contains(&days) {
        let message = format!("date out of range: \"{text}\"");
        return Err(CatalogError::DatetimeOverflow(message).into());
    }
    i32::try_from(days).map_err(|_| CatalogError::DatetimeOverflow("date out of range".into()).into())
}
