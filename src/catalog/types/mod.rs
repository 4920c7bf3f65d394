//! PostgreSQL's types over Arrow arrays.
//!
//! [`PgType`] names a type; `text` and `binary` are PostgreSQL's input and output functions. Only this
//! module knows both worlds: storage sees Arrow alone, the wire sees PostgreSQL's bytes alone.

pub mod binary;
pub mod bytea;
mod column;
pub mod datetime;
mod encoding;
pub mod json;
pub mod number;
mod pgtype;
mod style;
pub mod text;
mod zone;

#[cfg(test)]
mod tests;

pub use column::Decoder;
pub use encoding::{utf8, without_nul};
pub use pgtype::{PgType, RECORD, TYPE_METADATA, row_type, table_of_row_type};
pub use style::{ByteaOutput, DateOrder, DateStyle, IntervalStyle, ObjectNames, OutputStyle};
pub use zone::Zone;
