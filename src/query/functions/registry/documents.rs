//! Operators and functions of json and jsonb.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use datafusion::logical_expr::{Expr, Volatility};

use super::{Call, not_implemented};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::functions::convert::wide_integers;
use crate::query::functions::json;
use crate::query::functions::kernel::{self, Kernel};

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let operation = call.source.strip_prefix("jsonb_").or_else(|| call.source.strip_prefix("json_"))?;
    match operation {
        "array_element" | "array_element_text" if call.source.starts_with("jsonb") => Some(Ok(elements(call))),
        "object_field" | "object_field_text" | "array_element" | "array_element_text" | "extract_path"
        | "extract_path_text" => {
            // A path that was given step by step is one array here.
            if call.types.len() != 2 {
                return Some(Err(not_implemented(call.fact)));
            }
            Some(Ok(kernel::call(json::extract(call.result.clone()), call.take())))
        }
        "typeof" => {
            let name = format!("pg_{}", call.source);
            let work = |_: &Environment, arrays: &[ArrayRef]| {
                let names: StringArray = arrays[0].as_string::<i32>().iter().map(|text| text.map(kind)).collect();
                Ok(Arc::new(names) as ArrayRef)
            };
            Some(Ok(kernel::call(Kernel::new(name, 1, PgType::Text, Volatility::Immutable, work), call.take())))
        }
        _ => None,
    }
}

/// `->` and `->>` with a number. A scalar is the only element of itself.
fn elements(call: &mut Call<'_>) -> Expr {
    let as_text = *call.result == PgType::Text;
    let name = format!("pg_{}", call.source);
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let indexes = wide_integers(&arrays[1])?;
        let found = arrays[0].as_string::<i32>().iter().zip(indexes.iter()).map(|(document, index)| {
            let (document, index) = (document?, index?);
            let found = match kind(document) {
                "array" => json::element(document, index)?,
                "object" => return None,
                _ if index == 0 || index == -1 => document.to_owned(),
                _ => return None,
            };
            if as_text { json::text_of(&found) } else { Some(found) }
        });
        Ok(Arc::new(found.collect::<StringArray>()) as ArrayRef)
    };
    kernel::call(Kernel::new(name, 2, call.result.clone(), Volatility::Immutable, work), call.take())
}

/// What a document is, which its first character says.
fn kind(document: &str) -> &'static str {
    match document.trim_start().bytes().next() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}
