//! How a session wants values written and read: its time zone, DateStyle and the other GUCs that the input
//! and output functions of PostgreSQL look at.

use std::sync::Arc;

use super::{PgType, Zone};
use crate::base::ids::Oid;

/// What `DateStyle` selects for output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DateStyle {
    #[default]
    Iso,
}

/// How `1/2/2003` is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DateOrder {
    Ymd,
    Dmy,
    #[default]
    Mdy,
}

/// What `IntervalStyle` selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IntervalStyle {
    #[default]
    Postgres,
    Iso8601,
}

/// What `bytea_output` selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ByteaOutput {
    #[default]
    Hex,
    Escape,
}

/// Turns the OIDs of `reg*` types into names and back. A catalog implements it for its session.
pub trait ObjectNames: Send + Sync + std::fmt::Debug {
    /// The name to print for an OID of a `reg*` type; `None` prints the number.
    fn name(&self, kind: &PgType, oid: Oid) -> Option<String>;
    /// The OID that a name means for a `reg*` type.
    ///
    /// # Errors
    /// PostgreSQL's error for an unknown relation, type, function, schema or role.
    fn oid(&self, kind: &PgType, name: &str) -> crate::Result<Oid>;
}

/// The settings of a session that change how values are written and read.
#[derive(Clone, Debug)]
pub struct OutputStyle {
    pub time_zone: Zone,
    pub date_style: DateStyle,
    pub date_order: DateOrder,
    pub interval_style: IntervalStyle,
    pub bytea_output: ByteaOutput,
    /// PostgreSQL 15's default is 1: the shortest text that reads back as the same number. 0 and less
    /// round to 15 (float8) or 6 (float4) digits plus this number.
    pub extra_float_digits: i32,
    /// The start of the transaction, in microseconds since the Unix epoch: what `now` and `today` mean in
    /// input. Without it these words are refused, so that a forgotten clock cannot turn into 1970.
    pub now_us: Option<i64>,
    /// Names for `reg*` values; without it they are written as numbers, and only numbers are read.
    pub names: Option<Arc<dyn ObjectNames>>,
}

impl Default for OutputStyle {
    fn default() -> Self {
        Self {
            time_zone: Zone::default(),
            date_style: DateStyle::default(),
            date_order: DateOrder::default(),
            interval_style: IntervalStyle::default(),
            bytea_output: ByteaOutput::default(),
            extra_float_digits: 1,
            now_us: None,
            names: None,
        }
    }
}
