//! Time zones as PostgreSQL names them: IANA names in any case, offsets, POSIX strings and abbreviations.
//!
//! The rules for local times that do not exist or exist twice are PostgreSQL's: a time in the gap of
//! spring is read with the offset before it, a time that happens twice in autumn is the second one.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, LocalResult, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::datetime::calendar;

/// The abbreviations of PostgreSQL's default `timezone_abbreviations`, with their offsets.
const ABBREVIATIONS: &str = include_str!("../../../catalog/pg_catalog/timezone_abbrevs.csv");

/// chrono-tz lists the changes of a zone until about 2100. For later years the last rules go on: a year
/// with the same calendar between 2040 and 2067 stands for them.
const LISTED_YEARS: i64 = 2090;
const MODEL_YEARS: std::ops::Range<i64> = 2040..2068;
/// The first year that is asked for: before PostgreSQL's first day.
const FIRST_SECOND: i64 = -5_000 * 31_556_952 - 62_167_219_200;
const DAY_SECONDS: i64 = 86_400;

/// A time zone: a named one with its history of rules, or a fixed offset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    Named(Tz),
    Fixed {
        /// Seconds east of Greenwich.
        east: i32,
        /// What `SHOW TimeZone` prints.
        label: String,
    },
}

impl Default for Zone {
    fn default() -> Self {
        Self::Named(Tz::UTC)
    }
}

impl From<Tz> for Zone {
    fn from(zone: Tz) -> Self {
        Self::Named(zone)
    }
}

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(zone) => f.write_str(zone.name()),
            Self::Fixed { label, .. } => f.write_str(label),
        }
    }
}

impl Zone {
    /// Reads a value of the setting `TimeZone`: a number of hours, an IANA name, or a POSIX zone without
    /// daylight rules. `None` for anything else, abbreviations included, as in PostgreSQL.
    pub fn parse(text: &str) -> Option<Zone> {
        let text = text.trim();
        if let Ok(hours) = text.parse::<f64>() {
            let seconds = hours * 3600.0;
            if !seconds.is_finite() || seconds.abs() > 168.0 * 3600.0 {
                return None;
            }
            #[expect(clippy::cast_possible_truncation, reason = "bounded above; PostgreSQL truncates as well")]
            return Some(Self::from_east(seconds as i32));
        }
        Self::by_name(text)
    }

    /// A zone as a timestamp's text may name it: an IANA name in any case, or POSIX's `UTC+3`.
    pub fn by_name(text: &str) -> Option<Zone> {
        Self::named(text).or_else(|| posix(text))
    }

    /// A zone by its IANA name, in any case.
    pub fn named(text: &str) -> Option<Zone> {
        if let Ok(zone) = text.parse::<Tz>() {
            return Some(Self::Named(zone));
        }
        TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(text)).map(|zone| Self::Named(*zone))
    }

    /// A fixed offset, labelled as PostgreSQL labels `SET TIME ZONE -7`: `<-07>+07`.
    pub fn from_east(east: i32) -> Zone {
        let (sign, opposite) = if east < 0 { ('-', '+') } else { ('+', '-') };
        let digits = hours_minutes(east.abs());
        Self::Fixed { east, label: format!("<{sign}{digits}>{opposite}{digits}") }
    }

    /// Seconds east of Greenwich of an abbreviation such as `EST` or `z`, in any case.
    pub fn abbreviation(text: &str) -> Option<i32> {
        static TABLE: LazyLock<HashMap<&'static str, i32>> = LazyLock::new(|| {
            ABBREVIATIONS
                .lines()
                .skip(1)
                .filter_map(|line| {
                    let mut fields = line.split(',');
                    Some((fields.next()?, fields.next()?.parse().ok()?))
                })
                .collect()
        });
        TABLE.get(text.to_ascii_lowercase().as_str()).copied()
    }

    /// Seconds east of Greenwich at an instant (microseconds since the Unix epoch).
    pub fn offset_at(&self, utc_us: i64) -> i32 {
        match self {
            Self::Fixed { east, .. } => *east,
            Self::Named(Tz::UTC) => 0,
            Self::Named(zone) => match DateTime::from_timestamp(listed(utc_us.div_euclid(1_000_000)), 0) {
                Some(instant) => zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc(),
                None => 0,
            },
        }
    }

    /// The abbreviation in force at an instant, such as `CEST`.
    pub fn abbreviation_at(&self, utc_us: i64) -> String {
        match self {
            Self::Fixed { label, .. } => label.trim_start_matches('<').split('>').next().unwrap_or_default().to_owned(),
            Self::Named(zone) => DateTime::from_timestamp(listed(utc_us.div_euclid(1_000_000)), 0)
                .map(|instant| zone.offset_from_utc_datetime(&instant.naive_utc()).to_string())
                .unwrap_or_default(),
        }
    }

    /// Seconds east of Greenwich that a local time (microseconds of the local clock since 1970) has.
    pub fn offset_of_local(&self, local_us: i64) -> i32 {
        let zone = match self {
            Self::Fixed { east, .. } => return *east,
            Self::Named(Tz::UTC) => return 0,
            Self::Named(zone) => zone,
        };
        let seconds = listed(local_us.div_euclid(1_000_000));
        let Some(local) = DateTime::from_timestamp(seconds, 0) else { return 0 };
        match zone.offset_from_local_datetime(&local.naive_utc()) {
            LocalResult::Single(offset) => offset.fix().local_minus_utc(),
            LocalResult::Ambiguous(_, later) => later.fix().local_minus_utc(),
            // The clock jumped over this time: the offset before the jump counts.
            LocalResult::None => self.offset_at(seconds.saturating_sub(DAY_SECONDS).saturating_mul(1_000_000)),
        }
    }
}

/// An instant with the same place in a year with the same calendar, for which chrono-tz has the rules.
fn listed(seconds: i64) -> i64 {
    let days = seconds.div_euclid(DAY_SECONDS);
    let (year, ..) = calendar::date_of(days);
    if year <= LISTED_YEARS {
        return seconds.max(FIRST_SECOND);
    }
    let first = calendar::days_of(year, 1, 1);
    let is_alike = |model: i64| {
        (calendar::days_of(model, 1, 1) - first).rem_euclid(7) == 0
            && calendar::days_in_month(model, 2) == calendar::days_in_month(year, 2)
    };
    let model = MODEL_YEARS.clone().find(|model| is_alike(*model)).unwrap_or(MODEL_YEARS.start);
    seconds - (first - calendar::days_of(model, 1, 1)) * DAY_SECONDS
}

fn hours_minutes(seconds: i32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (minutes, seconds) {
        (0, 0) => format!("{hours:02}"),
        (_, 0) => format!("{hours:02}:{minutes:02}"),
        _ => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// `EST5`, `<+03>-3`, `+05:30`: a name and an offset that counts west of Greenwich, as POSIX wants it.
fn posix(text: &str) -> Option<Zone> {
    let rest = match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?.1,
        None => text.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
    };
    let (sign, digits) = match rest.as_bytes().first()? {
        b'-' => (-1, &rest[1..]),
        b'+' => (1, &rest[1..]),
        _ => (1, rest),
    };
    let mut seconds = 0;
    let mut unit = 3600;
    for part in digits.split(':') {
        if part.is_empty() || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) || unit == 0 {
            return None;
        }
        seconds += part.parse::<i32>().ok()? * unit;
        unit /= 60;
    }
    if seconds > 167 * 3600 {
        return None;
    }
    Some(Zone::Fixed { east: -sign * seconds, label: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offset at 2020-01-01 00:00 UTC and label, as PostgreSQL 15 gives them.
    #[test]
    fn settings_of_timezone_are_read_as_postgresql_reads_them() {
        for (text, east, label) in [
            ("+05:30", -19_800, "+05:30"),
            ("-7", -25_200, "<-07>+07"),
            ("5.5", 19_800, "<+05:30>-05:30"),
            ("UTC+5", -18_000, "UTC+5"),
            ("<+03>-3", 10_800, "<+03>-3"),
            ("europe/berlin", 3600, "Europe/Berlin"),
            ("utc", 0, "UTC"),
            ("EST5EDT", -18_000, "EST5EDT"),
            ("FOO+3", -10_800, "FOO+3"),
        ] {
            let zone = Zone::parse(text).unwrap();
            assert_eq!((zone.offset_at(1_577_836_800_000_000), zone.to_string().as_str()), (east, label), "{text}");
        }
        for text in ["Z", "foo", "msk", "", "1e9", "NaN", "<x", "<a>"] {
            assert_eq!(Zone::parse(text), None, "{text}");
        }
    }

    #[test]
    fn local_times_in_a_gap_or_twice_there_follow_postgresql() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        // 2023-03-26 02:30 does not exist, 2023-10-29 02:30 exists twice.
        assert_eq!(berlin.offset_of_local(1_679_797_800_000_000), 3600);
        assert_eq!(berlin.offset_of_local(1_698_546_600_000_000), 3600);
        assert_eq!(berlin.offset_of_local(1_698_460_200_000_000), 7200);
    }

    #[test]
    fn instants_beyond_chronos_range_still_have_an_offset() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        for us in [i64::MIN + 1, i64::MAX - 1, 0] {
            assert!(berlin.offset_at(us).abs() <= 7200);
            assert!(berlin.offset_of_local(us).abs() <= 7200);
        }
    }

    #[test]
    fn abbreviations_are_found_in_any_case() {
        assert_eq!(Zone::abbreviation("EST"), Some(-18_000));
        assert_eq!(Zone::abbreviation("z"), Some(0));
        assert_eq!(Zone::abbreviation("nope"), None);
    }
}
