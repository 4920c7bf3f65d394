//! The units of `date_part`, `extract` and `date_trunc`, over local times.
//!
//! Everything is computed in whole numbers: a part is an integer with so many digits behind the point, so
//! that `extract` is exact as PostgreSQL's is.

use arrow::datatypes::IntervalMonthDayNano;

use crate::catalog::types::datetime::calendar::{
    DAY_US, HOUR_US, MINUTE_US, SECOND_US, UNIX_EPOCH_JULIAN, date_of, days_of,
};

/// Digits behind the point of the fraction of a Julian day.
pub const JULIAN_SCALE: u8 = 20;

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Microseconds,
    Milliseconds,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    Dow,
    Isodow,
    Doy,
    Isoyear,
    Julian,
    Epoch,
    Timezone,
    TimezoneHour,
    TimezoneMinute,
}

impl Unit {
    /// The unit of a word. PostgreSQL looks at its first ten letters.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let end = word.char_indices().nth(10).map_or(word.len(), |(end, _)| end);
        Some(match &word[..end] {
            "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecon" => Self::Microseconds,
            "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecon" => Self::Milliseconds,
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Self::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Self::Hour,
            "d" | "day" | "days" => Self::Day,
            "w" | "week" | "weeks" => Self::Week,
            "mon" | "mons" | "month" | "months" => Self::Month,
            "qtr" | "quarter" => Self::Quarter,
            "y" | "yr" | "yrs" | "year" | "years" => Self::Year,
            "dec" | "decs" | "decade" | "decades" => Self::Decade,
            "c" | "cent" | "century" | "centuries" => Self::Century,
            "mil" | "mils" | "millennia" | "millennium" => Self::Millennium,
            "dow" => Self::Dow,
            "isodow" => Self::Isodow,
            "doy" => Self::Doy,
            "isoyear" => Self::Isoyear,
            "j" | "jd" | "julian" => Self::Julian,
            "epoch" => Self::Epoch,
            "timezone" => Self::Timezone,
            "timezone_h" => Self::TimezoneHour,
            "timezone_m" => Self::TimezoneMinute,
            _ => return None,
        })
    }

    /// Does the part only grow as time goes on? It is infinite then for an infinite time, NULL otherwise.
    pub fn is_monotonous(self) -> bool {
        matches!(
            self,
            Self::Year | Self::Decade | Self::Century | Self::Millennium | Self::Julian | Self::Isoyear | Self::Epoch
        )
    }

    /// Do dates have this part?
    pub fn is_of_dates(self) -> bool {
        !self.is_of_times() || self == Self::Epoch
    }

    /// Is it shorter than a day?
    pub fn is_within_days(self) -> bool {
        matches!(self, Self::Microseconds | Self::Milliseconds | Self::Second | Self::Minute | Self::Hour)
    }

    /// Do times of the day, and the zones they are in, have this part?
    fn is_of_times(self) -> bool {
        self.is_within_days()
            || matches!(self, Self::Epoch | Self::Timezone | Self::TimezoneHour | Self::TimezoneMinute)
    }
}

/// A part of a time: `digits` with `scale` of them behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub digits: i128,
    pub scale: u8,
}

impl Part {
    fn whole(value: i64) -> Self {
        Self { digits: i128::from(value), scale: 0 }
    }

    fn micros(us: impl Into<i128>) -> Self {
        Self { digits: us.into(), scale: 6 }
    }

    /// The same with another scale, which must not be smaller.
    pub fn rescaled(self, scale: u8) -> i128 {
        self.digits * 10_i128.pow(u32::from(scale.saturating_sub(self.scale)))
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
    pub fn to_f64(self) -> f64 {
        match self.scale {
            0 => self.digits as f64,
            // A Julian day: its fraction has more digits than a double.
            JULIAN_SCALE => {
                let unit = 10_i128.pow(u32::from(JULIAN_SCALE));
                (self.digits / unit) as f64 + (self.digits % unit) as f64 / unit as f64
            }
            scale => self.digits as f64 / 10_f64.powi(i32::from(scale)),
        }
    }
}

/// A part of a local time; `offset` is that of its zone, in seconds east. `None` for a part that it has not.
pub fn part_of_timestamp(unit: Unit, local_us: i64, offset: Option<i32>) -> Option<Part> {
    let (day, time) = (local_us.div_euclid(DAY_US), local_us.rem_euclid(DAY_US));
    let (year, month, day_of_month) = date_of(day);
    Some(match unit {
        Unit::Timezone => Part::whole(i64::from(offset?)),
        Unit::TimezoneHour => Part::whole(i64::from(offset? / 3600)),
        Unit::TimezoneMinute => Part::whole(i64::from(offset? % 3600 / 60)),
        Unit::Epoch => Part::micros(local_us - i64::from(offset.unwrap_or(0)) * SECOND_US),
        Unit::Julian => {
            let unit = 10_i128.pow(u32::from(JULIAN_SCALE));
            let fraction = (i128::from(time) * unit + i128::from(DAY_US) / 2) / i128::from(DAY_US);
            Part { digits: i128::from(day + UNIX_EPOCH_JULIAN) * unit + fraction, scale: JULIAN_SCALE }
        }
        unit if unit.is_of_times() => return part_of_time(unit, time),
        Unit::Day => Part::whole(day_of_month),
        Unit::Month => Part::whole(month),
        Unit::Quarter => Part::whole((month - 1) / 3 + 1),
        // There is no year 0.
        Unit::Year => Part::whole(if year > 0 { year } else { year - 1 }),
        Unit::Decade => Part::whole(year.div_euclid(10)),
        Unit::Century => Part::whole(ordinal(year, 100)),
        Unit::Millennium => Part::whole(ordinal(year, 1000)),
        Unit::Dow => Part::whole((weekday(day) + 1) % 7),
        Unit::Isodow => Part::whole(weekday(day) + 1),
        Unit::Doy => Part::whole(day - days_of(year, 1, 1) + 1),
        Unit::Week => Part::whole(iso_week(day).1),
        _ => {
            let year = iso_week(day).0;
            Part::whole(if year > 0 { year } else { year - 1 })
        }
    })
}

/// The number of the century, counted from 1 and, before that, from -1.
fn ordinal(year: i64, length: i64) -> i64 {
    if year > 0 { (year + length - 1) / length } else { -((length - 1 - (year - 1)) / length) }
}

/// Days since Monday.
fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

/// The year and the number of the ISO week: that of its Thursday.
fn iso_week(day: i64) -> (i64, i64) {
    let thursday = day - weekday(day) + 3;
    let (year, _, _) = date_of(thursday);
    (year, (thursday - days_of(year, 1, 1)) / 7 + 1)
}

/// Year, month and day of a local time.
pub fn local_date(us: i64) -> (i64, i64, i64) {
    date_of(us.div_euclid(DAY_US))
}

/// A part of a time of the day.
pub fn part_of_time(unit: Unit, us: i64) -> Option<Part> {
    Some(match unit {
        Unit::Microseconds => Part::whole(us % MINUTE_US),
        Unit::Milliseconds => Part { digits: i128::from(us % MINUTE_US), scale: 3 },
        Unit::Second => Part::micros(us % MINUTE_US),
        Unit::Minute => Part::whole(us % HOUR_US / MINUTE_US),
        Unit::Hour => Part::whole(us / HOUR_US),
        Unit::Epoch => Part::micros(us),
        _ => return None,
    })
}

/// A part of an interval. A year counts 365.25 days for the epoch, a month that is left over 30.
pub fn part_of_interval(unit: Unit, interval: IntervalMonthDayNano) -> Option<Part> {
    let (months, days, us) = (i64::from(interval.months), i64::from(interval.days), interval.nanoseconds / 1000);
    Some(match unit {
        Unit::Epoch => {
            let quarter_days = months / 12 * 1461;
            let days = i128::from(months % 12 * 30 + days) * i128::from(DAY_US);
            Part::micros(i128::from(quarter_days) * i128::from(DAY_US / 4) + days + i128::from(us))
        }
        Unit::Day => Part::whole(days),
        Unit::Month => Part::whole(months % 12),
        Unit::Quarter => Part::whole(months % 12 / 3 + 1),
        Unit::Year => Part::whole(months / 12),
        Unit::Decade => Part::whole(months / 120),
        Unit::Century => Part::whole(months / 1200),
        Unit::Millennium => Part::whole(months / 12_000),
        unit => return part_of_time(unit, us),
    })
}

/// The beginning of the unit that a local time lies in. `None` for a unit that nothing is cut to.
pub fn truncate(unit: Unit, us: i64) -> Option<i64> {
    let to = |length: i64| us - us.rem_euclid(length);
    let day = us.div_euclid(DAY_US);
    let (year, month, _) = date_of(day);
    let first = |year: i64, month: i64| days_of(year, month, 1) * DAY_US;
    Some(match unit {
        Unit::Microseconds => us,
        Unit::Milliseconds => to(1000),
        Unit::Second => to(SECOND_US),
        Unit::Minute => to(MINUTE_US),
        Unit::Hour => to(HOUR_US),
        Unit::Day => to(DAY_US),
        Unit::Week => (day - weekday(day)) * DAY_US,
        Unit::Month => first(year, month),
        Unit::Quarter => first(year, (month - 1) / 3 * 3 + 1),
        Unit::Year => first(year, 1),
        Unit::Decade => first(year.div_euclid(10) * 10, 1),
        Unit::Century => first((year - 1).div_euclid(100) * 100 + 1, 1),
        Unit::Millennium => first((year - 1).div_euclid(1000) * 1000 + 1, 1),
        _ => return None,
    })
}
