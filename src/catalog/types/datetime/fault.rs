//! What can be wrong with a date/time text: the `DTERR_*` codes of PostgreSQL.

use crate::error::CatalogError;

/// Why a text is no value. The type and the whole text are added at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    BadFormat,
    FieldOverflow,
    /// A month or day out of range, which another order of fields might make right.
    MonthDayOverflow,
    IntervalOverflow,
    ZoneOverflow,
    UnknownZone(String),
    /// `now` and its like without a clock in the style.
    NoClock,
}

impl Fault {
    pub(super) fn of(self, type_name: &str, text: &str) -> crate::Error {
        let text = text.to_owned();
        match self {
            Self::BadFormat => CatalogError::InvalidDatetime { type_name: type_name.to_owned(), text },
            Self::FieldOverflow => CatalogError::DatetimeOutOfRange { text },
            Self::MonthDayOverflow => CatalogError::MonthDayOutOfRange { text },
            Self::IntervalOverflow => CatalogError::IntervalOutOfRange { text },
            Self::ZoneOverflow => CatalogError::TimeZoneOutOfRange { text },
            Self::UnknownZone(zone) => CatalogError::UnknownTimeZone(zone),
            Self::NoClock => CatalogError::NotSupported(format!("\"{text}\" is not supported here")),
        }
        .into()
    }
}
