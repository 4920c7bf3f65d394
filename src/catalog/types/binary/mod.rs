//! PostgreSQL's binary format: what `*send` functions give and `*recv` functions take, over Arrow arrays.

mod decode;
mod encode;
mod numeric;

pub use decode::BinaryDecoder;
pub use encode::BinaryEncoder;

/// PostgreSQL counts days from 2000-01-01; this many after 1970-01-01.
const EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
const EPOCH_US: i64 = 946_684_800_000_000;
