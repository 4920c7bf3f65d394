//! Operators and functions of json and jsonb.

use arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{AggregateUDF, Expr, Volatility};
use std::sync::Arc;

use super::{Call, not_implemented};
use crate::catalog::facts::FunctionFact;
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::functions::json::access::{self, Names, Step};
use crate::query::functions::json::collect::{self, Shape};
use crate::query::functions::json::expand::{self, Column};
use crate::query::functions::json::path::{self, Options, Question};
use crate::query::functions::json::{build, change, order, pretty};
use crate::query::functions::kernel::{self, Kernel};
use crate::query::values;

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let source = call.source.clone();
    let of_jsonb = source.starts_with("jsonb_") || source == "to_jsonb";
    let as_text = *call.result == PgType::Text;
    Some(Ok(match source.as_str() {
        "json_object_field" | "json_object_field_text" | "jsonb_object_field" | "jsonb_object_field_text" => {
            strict(call, move |arrays| access::extract(Step::Member, as_text, !of_jsonb, arrays))
        }
        "json_array_element" | "json_array_element_text" | "jsonb_array_element" | "jsonb_array_element_text" => {
            strict(call, move |arrays| access::extract(Step::Element { of_jsonb }, as_text, !of_jsonb, arrays))
        }
        "json_extract_path" | "json_extract_path_text" | "jsonb_extract_path" | "jsonb_extract_path_text" => {
            strict(call, move |arrays| access::extract(Step::Path, as_text, !of_jsonb, arrays))
        }
        "json_typeof" | "jsonb_typeof" => strict(call, |arrays| Ok(access::type_names(arrays))),
        "json_array_length" | "jsonb_array_length" => strict(call, access::lengths),
        "jsonb_exists" => strict(call, |arrays| access::exists(Names::One, arrays)),
        "jsonb_exists_any" => strict(call, |arrays| access::exists(Names::Any, arrays)),
        "jsonb_exists_all" => strict(call, |arrays| access::exists(Names::All, arrays)),
        "jsonb_contains" => strict(call, |arrays| access::contains(&arrays[0], &arrays[1])),
        "jsonb_contained" => strict(call, |arrays| access::contains(&arrays[1], &arrays[0])),
        "jsonb_cmp" => strict(call, order::compare),
        "jsonb_concat" => strict(call, change::concat),
        "jsonb_delete" | "jsonb_delete_array" => strict(call, change::delete_names),
        "jsonb_delete_idx" => strict(call, change::delete_place),
        "jsonb_delete_path" => strict(call, change::delete_path),
        "jsonb_set" => strict(call, change::set),
        "jsonb_set_lax" => strict(call, change::set_lax),
        "jsonb_insert" => strict(call, change::insert),
        "jsonb_strip_nulls" => strict(call, change::strip_nulls),
        "json_strip_nulls" => strict(call, change::strip_nulls_of_json),
        "jsonb_pretty" => strict(call, pretty::pretty),
        "to_json" | "to_jsonb" | "array_to_json" | "row_to_json" | "array_to_json_pretty" | "row_to_json_pretty" => {
            built(call, move |arrays, types, style| {
                build::of_value(&arrays[0], &types[0], style, of_jsonb, arrays.get(1))
            })
        }
        "json_build_array" | "jsonb_build_array" => {
            built(call, move |arrays, types, style| build::array(arrays, types, style, of_jsonb))
        }
        "json_build_object" | "jsonb_build_object" => {
            built(call, move |arrays, types, style| build::object(arrays, types, style, of_jsonb))
        }
        "json_build_array_noargs" | "jsonb_build_array_noargs" => constant(call, "[]"),
        "json_build_object_noargs" | "jsonb_build_object_noargs" => constant(call, "{}"),
        "json_object" | "json_object_two_arg" | "jsonb_object" | "jsonb_object_two_arg" => {
            strict(call, move |arrays| build::object_of_texts(arrays, of_jsonb))
        }
        "jsonb_path_exists" | "jsonb_path_exists_tz" | "jsonb_path_exists_opr" => path(call, Question::Exists),
        "jsonb_path_match" | "jsonb_path_match_tz" | "jsonb_path_match_opr" => path(call, Question::Match),
        "jsonb_path_query_array" | "jsonb_path_query_array_tz" => path(call, Question::Array),
        "jsonb_path_query_first" | "jsonb_path_query_first_tz" => path(call, Question::First),
        _ => return None,
    }))
}

/// A path over documents.
fn path(call: &mut Call<'_>, question: Question) -> Expr {
    let arguments = call.take();
    path_of(&call.source, question, call.result, arguments)
}

fn path_of(source: &str, question: Question, result: &PgType, arguments: Vec<Expr>) -> Expr {
    let (operator, has_zone) = (source.ends_with("_opr"), source.ends_with("_tz"));
    let work = move |environment: &Environment, arrays: &[ArrayRef]| {
        let zone = has_zone.then(|| environment.style.time_zone.clone());
        path::run(&Options { question, operator, zone }, arrays)
    };
    let volatility = if has_zone { Volatility::Stable } else { Volatility::Immutable };
    kernel::call(Kernel::new(format!("pg_{source}"), arguments.len(), result.clone(), volatility, work), arguments)
}

/// A function whose arguments have one type each, and that depends on nothing else.
fn strict(call: &mut Call<'_>, work: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static) -> Expr {
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    let work = move |_: &Environment, arrays: &[ArrayRef]| work(arrays);
    let function = Kernel::new(name, arguments.len(), call.result.clone(), Volatility::Immutable, work);
    kernel::call(function, arguments)
}

/// A function of values of any types, whose texts may depend on the session.
fn built(
    call: &mut Call<'_>,
    work: impl Fn(&[ArrayRef], &[PgType], &OutputStyle) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    let arguments = call.take();
    text_of(&call.source, call.result, arguments, call.types, work)
}

fn text_of(
    source: &str,
    result: &PgType,
    arguments: Vec<Expr>,
    types: &[PgType],
    work: impl Fn(&[ArrayRef], &[PgType], &OutputStyle) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    let types = types.to_vec();
    let mut name = format!("pg_{source}");
    types.iter().for_each(|data_type| name.push_str(&format!("_{}", data_type.oid())));
    let count = arguments.len();
    let work = move |environment: &Environment, arrays: &[ArrayRef]| work(arrays, &types, &environment.style);
    kernel::call(Kernel::new(name, count, result.clone(), Volatility::Stable, work), arguments)
}

fn constant(call: &Call<'_>, text: &str) -> Expr {
    values::constant(ScalarValue::Utf8(Some(text.to_owned())), call.result)
}

/// The columns of a function that makes rows of a document, each as a list; `None` for other functions.
pub(super) fn rows(fact: &FunctionFact, arguments: &[Expr]) -> Option<Vec<Expr>> {
    let source = fact.source.clone();
    if matches!(source.as_str(), "jsonb_path_query" | "jsonb_path_query_tz") {
        let result = PgType::Array(Box::new(PgType::Jsonb));
        return Some(vec![path_of(&source, Question::Rows, &result, arguments.to_vec())]);
    }
    let (columns, element): (&[Column], PgType) = match source.as_str() {
        "json_each" => (&[Column::Keys, Column::Values], PgType::Json),
        "jsonb_each" => (&[Column::Keys, Column::Values], PgType::Jsonb),
        "json_each_text" | "jsonb_each_text" => (&[Column::Keys, Column::Texts], PgType::Text),
        "json_array_elements" => (&[Column::Values], PgType::Json),
        "jsonb_array_elements" => (&[Column::Values], PgType::Jsonb),
        "json_array_elements_text" | "jsonb_array_elements_text" => (&[Column::Texts], PgType::Text),
        "json_object_keys" | "jsonb_object_keys" => (&[Column::Keys], PgType::Text),
        _ => return None,
    };
    let column = |column: &Column| {
        let column = *column;
        let element = if column == Column::Keys { PgType::Text } else { element.clone() };
        let name = format!("pg_{source}_{column:?}").to_lowercase();
        let function = source.clone();
        let work = move |_: &Environment, arrays: &[ArrayRef]| expand::lists(&function, column, &arrays[0]);
        let result = PgType::Array(Box::new(element));
        kernel::call(Kernel::new(name, 1, result, Volatility::Immutable, work), arguments.to_vec())
    };
    Some(columns.iter().map(column).collect())
}

/// The aggregates of json and jsonb; `None` for others. Their arguments come through [`aggregated`].
pub(super) fn aggregate(fact: &FunctionFact, types: &[PgType]) -> Option<Result<Arc<AggregateUDF>>> {
    let shape = match fact.name.as_str() {
        "json_agg" => Shape::Array { lines: types.first().is_some_and(build::has_lines) },
        "jsonb_agg" => Shape::Array { lines: false },
        "json_object_agg" | "jsonb_object_agg" => Shape::Object,
        _ => return None,
    };
    let Some(result) = PgType::from_oid(fact.result, -1) else { return Some(Err(not_implemented(fact))) };
    Some(Ok(collect::function(shape, result)))
}

/// The arguments of an aggregate of json or jsonb as the one text that it collects; others as they are.
pub(super) fn aggregated(fact: &FunctionFact, arguments: Vec<Expr>, types: &[PgType]) -> Vec<Expr> {
    match fact.name.as_str() {
        "json_agg" | "jsonb_agg" => vec![text_of("json_element", &PgType::Text, arguments, types, build::elements)],
        "json_object_agg" | "jsonb_object_agg" => {
            vec![text_of("json_member", &PgType::Text, arguments, types, build::members)]
        }
        _ => arguments,
    }
}
