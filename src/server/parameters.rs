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

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(formats: &[Format], values: &[Option<&'static [u8]>]) -> Bind {
        Bind {
            parameter_formats: formats.to_vec(),
            parameters: values.iter().map(|value| value.map(Bytes::from_static)).collect(),
            ..Bind::default()
        }
    }

    fn read(bind: &Bind, types: &[PgType]) -> Result<Vec<ScalarValue>> {
        decode(bind, types, &OutputStyle::default())
    }

    #[test]
    fn values_come_in_both_formats() {
        let types = [PgType::Int4, PgType::Int4, PgType::Text, PgType::Uuid];
        let values = [Some(&b"258"[..]), Some(b"\0\0\x01\x02"), Some(b"hi"), None];
        let formats = [Format::Text, Format::Binary, Format::Binary, Format::Text];
        let read = read(&bind(&formats, &values), &types).unwrap();
        assert_eq!(read[..3], [258.into(), 258.into(), ScalarValue::Utf8(Some("hi".into()))]);
        assert_eq!(read[3], ScalarValue::FixedSizeBinary(16, None));
    }

    #[test]
    fn values_that_are_none_are_refused() {
        let code =
            |format, value, data_type| read(&bind(&[format], &[Some(value)]), &[data_type]).unwrap_err().sqlstate().0;
        assert_eq!(code(Format::Text, b"a\0b", PgType::Text), "22021");
        assert_eq!(code(Format::Binary, b"a\0b", PgType::Text), "22021");
        assert_eq!(code(Format::Text, b"\xff", PgType::Int4), "22021");
        assert_eq!(code(Format::Text, b"twelve", PgType::Int4), "22P02");
        assert_eq!(code(Format::Text, b"3000000000", PgType::Int4), "22003");
        assert_eq!(code(Format::Binary, b"\0\0\x01", PgType::Int4), "22P03");
    }

    #[test]
    fn every_parameter_needs_a_value() {
        let error = read(&bind(&[], &[None]), &[PgType::Int4, PgType::Int4]).unwrap_err();
        assert_eq!(error.sqlstate().0, "08P01");
        let message = "bind message supplies 1 parameters, but prepared statement \"\" requires 2";
        assert_eq!(error.to_string(), message);
    }
}
