//! PostgreSQL's types over Arrow arrays.
//!
//! [`PgType`] names a type; `text` and `binary` are PostgreSQL's input and output functions. Only this
//! module knows both worlds: storage sees Arrow alone, the wire sees PostgreSQL's bytes alone.

mod pgtype;
mod style;
mod zone;

pub use pgtype::{PgType, TYPE_METADATA};
pub use style::{ByteaOutput, DateOrder, DateStyle, IntervalStyle, ObjectNames, OutputStyle};
pub use zone::Zone;
