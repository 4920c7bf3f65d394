//! Dates, times and intervals: PostgreSQL's input and output, over Arrow's numbers.
//!
//! The input side follows PostgreSQL's `datetime.c` step by step (cut the text into fields, then decide
//! what each field can be, given the ones before), because its leniency has no other specification.
//!
//! | type | Arrow form | infinity |
//! | --- | --- | --- |
//! | date | days since 1970-01-01, i32 | `i32::MAX`, `i32::MIN` |
//! | time | microseconds since midnight, i64 | |
//! | timestamp, timestamptz | microseconds since 1970-01-01, i64 | `i64::MAX`, `i64::MIN` |
//! | interval | months, days, nanoseconds | |
//!
//! Arrow counts from 1970 and PostgreSQL from 2000: the last timestamp is 294247-01-10, thirty years before
//! PostgreSQL's. Later ones are refused as out of range.

pub mod calendar;
mod decode;
mod fault;
mod fields;
mod interval;
mod interval_iso;
mod lex;
mod number;
mod time_only;
mod tokens;
mod write;

pub use decode::{parse_date, parse_timestamp, parse_timestamptz};
pub use interval::{parse_interval, parse_interval_of};
pub use time_only::parse_time;
pub use write::write_moment;
pub use write::{write_date, write_interval, write_interval_iso, write_time, write_timestamp, write_timestamptz};

/// `infinity` of dates.
pub const DATE_INFINITY: i32 = i32::MAX;
/// `-infinity` of dates.
pub const DATE_MINUS_INFINITY: i32 = i32::MIN;
/// `infinity` of timestamps.
pub const TIMESTAMP_INFINITY: i64 = i64::MAX;
/// `-infinity` of timestamps.
pub const TIMESTAMP_MINUS_INFINITY: i64 = i64::MIN;
