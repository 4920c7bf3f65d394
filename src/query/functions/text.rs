//! Functions over text that DataFusion lacks.

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

use super::names;
use super::rowwise::Argument::Text;
use super::rowwise::Rowwise;
use crate::catalog::types::PgType;
use crate::query::ScalarValue;

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        Rowwise::new("quote_ident", &[Text], PgType::Text, |_, row| {
            Ok(ScalarValue::Utf8(row.text(0).map(names::quoted)))
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
    ]
}

fn quote_literal(text: &str) -> String {
    let escaped = text.replace('\'', "''");
    if text.contains('\\') { format!(" E'{}'", escaped.replace('\\', "\\\\")) } else { format!("'{escaped}'") }
}
