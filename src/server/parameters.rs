//! The parameters of a Bind message as values.

use arrow::array::ArrayRef;
use bytes::Bytes;

use super::message::{Bind, Format};
use crate::catalog::types::binary::BinaryDecoder;
use crate::catalog::types::text::TextDecoder;
use crate::catalog::types::{OutputStyle, PgType, utf8};
use crate::error::{Error, QueryError, Result, SessionError};
use crate::session::ScalarValue;

/// Decodes the parameters of `bind` for a statement with parameters of these types.
///
/// # Errors
/// 08P01 if their number is not the statement's, 22021 if text is not UTF-8, and the errors of the types'
/// input functions.
pub(super) fn decode(bind: &Bind, types: &[PgType], style: &OutputStyle) -> Result<Vec<ScalarValue>> {
    if bind.parameters.len() != types.len() {
        let message = format!(
            "bind message supplies {} parameters, but prepared statement \"{}\" requires {}",
            bind.parameters.len(),
            bind.statement,
            types.len()
        );
        return Err(SessionError::ProtocolViolation(message).into());
    }
    let values = bind.parameters.iter().zip(types).enumerate();
    values
        .map(|(index, (value, data_type))| match (value, Format::of(&bind.parameter_formats, index)) {
            (None, _) => ScalarValue::try_from(&data_type.arrow()).map_err(unexpected),
            (Some(value), Format::Text) => text(value, data_type, style),
            (Some(value), Format::Binary) => binary(value, data_type),
        })
        .collect()
}

fn text(value: &Bytes, data_type: &PgType, style: &OutputStyle) -> Result<ScalarValue> {
    let mut decoder = TextDecoder::new(data_type, style);
    decoder.append(utf8(value)?)?;
    scalar(&decoder.finish())
}

fn binary(value: &Bytes, data_type: &PgType) -> Result<ScalarValue> {
    let mut decoder = BinaryDecoder::new(data_type);
    decoder.append(value)?;
    scalar(&decoder.finish())
}

fn scalar(array: &ArrayRef) -> Result<ScalarValue> {
    ScalarValue::try_from_array(array, 0).map_err(unexpected)
}

fn unexpected(error: impl std::fmt::Display) -> Error {
    QueryError::Engine { message: error.to_string() }.into()
}
