//! What errors about functions that do not exist call the types of their arguments.

use arrow::datatypes::DataType;

use crate::catalog::types::PgType;

/// What PostgreSQL calls a type in such an error.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "unknown".into(),
        other => PgType::of_arrow(other).without_typmod().format(),
    }
}
