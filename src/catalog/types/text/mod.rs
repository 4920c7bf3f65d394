//! PostgreSQL's text format: output functions over Arrow arrays, input functions into them.
//!
//! An encoder or decoder is resolved once per column, from the Arrow type and the PostgreSQL type, and
//! then called per value without looking at types again.

mod array;
mod decode;
mod encode;
mod record;

pub use decode::TextDecoder;
pub(super) use decode::{fit_numeric, fit_varchar};
pub use encode::TextEncoder;
pub(super) use encode::list_values;
