//! Functions over text that DataFusion lacks.

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use super::rowwise::Argument::{Integer, Text};
use super::rowwise::Rowwise;
use crate::catalog::describe::{quote_ident, quote_literal};
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::ScalarValue;

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        Rowwise::new("quote_ident", &[Text], PgType::Text, |_, row| {
            Ok(ScalarValue::Utf8(row.text(0).map(quote_ident)))
        })
        .build(),
        Rowwise::new("quote_literal", &[Text], PgType::Text, |_, row| {
            Ok(ScalarValue::Utf8(row.text(0).map(quote_literal)))
        })
        .build(),
        Rowwise::new("quote_nullable", &[Text], PgType::Text, |_, row| {
            let quoted = row.text(0).map_or_else(|| "NULL".to_owned(), quote_literal);
            Ok(ScalarValue::Utf8(Some(quoted)))
        })
        .called_on_null()
        .build(),
        Rowwise::new("chr", &[Integer], PgType::Text, |_, row| {
            let character = row.integer(0).map(character).transpose()?;
            Ok(ScalarValue::Utf8(character.map(String::from)))
        })
        .immutable()
        .build(),
    ]
}

/// The character of a number, as far as UTF-8 has one and text may hold it.
fn character(number: i64) -> Result<char> {
    let refused = |message: String| Err(QueryError::LimitExceeded(message).into());
    match number {
        0 => refused("null character not permitted".into()),
        i64::MIN..=-1 if number >= i64::from(i32::MIN) => {
            Err(QueryError::InvalidParameterValue("character number must be positive".into()).into())
        }
        0x11_0000.. if number <= i64::from(i32::MAX) => {
            refused(format!("requested character too large for encoding: {number}"))
        }
        number => match u32::try_from(number).ok().and_then(char::from_u32) {
            Some(character) => Ok(character),
            None if number > i64::from(i32::MAX) || number < 0 => {
                Err(QueryError::UndefinedFunction("chr(bigint)".into()).into())
            }
            None => refused(format!("requested character not valid for encoding: {number}")),
        },
    }
}
