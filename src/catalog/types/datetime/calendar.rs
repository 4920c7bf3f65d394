//! The proleptic Gregorian calendar, with astronomical years (0 is 1 BC).

/// Microseconds of a second, a minute, an hour and a day.
pub const SECOND_US: i64 = 1_000_000;
pub const MINUTE_US: i64 = 60 * SECOND_US;
pub const HOUR_US: i64 = 60 * MINUTE_US;
pub const DAY_US: i64 = 24 * HOUR_US;

/// The Julian day number of 1970-01-01.
pub const UNIX_EPOCH_JULIAN: i64 = 2_440_588;
/// The first day that PostgreSQL's dates can be (Julian day 0, 4714-11-24 BC), in days since 1970.
pub const FIRST_DAY: i64 = -UNIX_EPOCH_JULIAN;
/// The last day that PostgreSQL's dates can be, 5874897-12-31, in days since 1970.
pub const LAST_DAY: i64 = 2_145_042_905;

/// Days since 1970-01-01 of a date. Algorithm: Howard Hinnant, "chrono-compatible low-level date algorithms".
pub fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of days since 1970-01-01.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The number of days of a month.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days() {
        assert_eq!(days_of(1970, 1, 1), 0);
        assert_eq!(days_of(2000, 1, 1), 10_957);
        assert_eq!(date_of(FIRST_DAY), (-4713, 11, 24));
        assert_eq!(date_of(LAST_DAY), (5_874_897, 12, 31));
    }

    proptest! {
        #[test]
        fn days_and_dates_are_inverse(days in FIRST_DAY..LAST_DAY) {
            let (year, month, day) = date_of(days);
            prop_assert!((1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month));
            prop_assert_eq!(days_of(year, month, day), days);
        }
    }
}
