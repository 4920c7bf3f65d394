//! Functions and operators of arrays.

use arrow::array::ArrayRef;
use datafusion::logical_expr::{Expr, Operator, Volatility};

use super::{Call, adapt};
use crate::catalog::facts::FunctionFact;
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::functions::kernel::{self, Kernel};
use crate::query::functions::lists::compare::{self, Relation};
use crate::query::functions::lists::{change, make, show};

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let source = call.source.clone();
    if matches!(source.as_str(), "text_to_array" | "text_to_array_null") {
        return Some(adapt::call(call, "string_to_array"));
    }
    Some(Ok(match source.as_str() {
        "array_upper" => of_list(call, 0, |first, arrays| {
            show::numbers(arrays, |length, dimension| (length > 0 && dimension == 1).then(|| first + length - 1))
        }),
        "array_lower" => of_list(call, 0, |first, arrays| {
            show::numbers(arrays, |length, dimension| (length > 0 && dimension == 1).then_some(first))
        }),
        "array_length" => of_list(call, 0, |_, arrays| {
            show::numbers(arrays, |length, dimension| (length > 0 && dimension == 1).then_some(length))
        }),
        "array_cardinality" => of_list(call, 0, |_, arrays| show::numbers(arrays, |length, _| Some(length))),
        "array_ndims" => of_list(call, 0, |_, arrays| show::numbers(arrays, |length, _| (length > 0).then_some(1))),
        "array_dims" => of_list(call, 0, show::dimensions),
        "array_append" => made(call, |item, _, arrays| change::extended(item, &arrays[0], &arrays[1], false)),
        "array_prepend" => made(call, |item, _, arrays| change::extended(item, &arrays[1], &arrays[0], true)),
        "array_cat" => made(call, |item, _, arrays| change::joined(item, arrays)),
        "array_remove" | "array_replace" => made(call, change::replaced),
        "trim_array" => made(call, |item, _, arrays| change::trimmed(item, arrays)),
        "array_fill" | "array_fill_with_lower_bounds" => made(call, |item, _, arrays| make::filled(item, arrays)),
        "arraycontains" => {
            of_elements(call, 0, |element, _, arrays| compare::related(Relation::Contains, element, arrays))
        }
        "arraycontained" => {
            of_elements(call, 0, |element, _, arrays| compare::related(Relation::Contained, element, arrays))
        }
        "arrayoverlap" => {
            of_elements(call, 0, |element, _, arrays| compare::related(Relation::Overlaps, element, arrays))
        }
        "btarraycmp" => of_elements(call, 0, |element, _, arrays| compare::orders(element, arrays)),
        "array_position" | "array_position_start" => {
            of_elements(call, 0, |element, _, arrays| compare::position(element, arrays))
        }
        "array_positions" => of_elements(call, 0, |element, _, arrays| compare::positions(element, arrays)),
        "width_bucket_array" => of_elements(call, 1, |element, _, arrays| compare::bucket(element, arrays)),
        "array_to_text" | "array_to_text_null" => of_elements(call, 0, show::joined),
        _ => return None,
    }))
}

/// Where the subscripts of an array begin: those of the catalog's vectors at 0.
fn first_subscript(data_type: &PgType) -> i32 {
    i32::from(matches!(data_type, PgType::Array(_)))
}

/// A function of the lengths of arrays.
fn of_list(
    call: &mut Call<'_>,
    argument: usize,
    work: impl Fn(i32, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    let first = first_subscript(&call.kind(argument));
    let (name, arguments) = (format!("pg_{}_{first}", call.source), call.take());
    let work = move |_: &Environment, arrays: &[ArrayRef]| work(first, arrays);
    kernel::call(Kernel::new(name, arguments.len(), call.result.clone(), Volatility::Immutable, work), arguments)
}

/// A function that answers an array: it gets the Arrow type of the elements, and their type.
fn made(
    call: &mut Call<'_>,
    work: impl Fn(&arrow::datatypes::DataType, &PgType, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    let element = call.result.element().unwrap_or(PgType::Text);
    let (name, arguments) = (format!("pg_{}_{}", call.source, element.oid()), call.take());
    let item = element.arrow();
    let work = move |_: &Environment, arrays: &[ArrayRef]| work(&item, &element, arrays);
    kernel::call(Kernel::new(name, arguments.len(), call.result.clone(), Volatility::Immutable, work), arguments)
}

/// A function that looks at the elements of an array.
fn of_elements(
    call: &mut Call<'_>,
    argument: usize,
    work: impl Fn(&PgType, &OutputStyle, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    let element = call.kind(argument).element().unwrap_or(PgType::Text);
    let (name, arguments) = (format!("pg_{}_{}", call.source, element.oid()), call.take());
    let volatility = if call.source.starts_with("array_to_text") { Volatility::Stable } else { Volatility::Immutable };
    let work = move |environment: &Environment, arrays: &[ArrayRef]| work(&element, &environment.style, arrays);
    kernel::call(Kernel::new(name, arguments.len(), call.result.clone(), volatility, work), arguments)
}

/// A comparison of two arrays of one type; `None` for elements that have no order.
pub(super) fn compared(operator: Operator, data_type: &PgType, operands: Vec<Expr>) -> Option<Expr> {
    let element = data_type.element().filter(|element| *element != PgType::Json)?;
    let by_length = *data_type == PgType::Oidvector;
    let name = format!("pg_array{operator}{}{by_length}", element.oid());
    let work = move |_: &Environment, arrays: &[ArrayRef]| compare::compared(operator, &element, by_length, arrays);
    Some(kernel::call(Kernel::new(name, 2, PgType::Bool, Volatility::Immutable, work), operands))
}

/// `ARRAY[…]`.
pub fn array(data_type: &PgType, elements: Vec<Expr>) -> Expr {
    let item = data_type.element().unwrap_or(PgType::Text).arrow();
    let name = format!("pg_array_of_{}", data_type.oid());
    let work = move |_: &Environment, arrays: &[ArrayRef]| make::of_values(&item, arrays);
    kernel::call(Kernel::new(name, elements.len(), data_type.clone(), Volatility::Immutable, work), elements)
}

/// `generate_subscripts`, as a list; `None` for other functions.
pub(super) fn rows(fact: &FunctionFact, arguments: &[Expr], types: &[PgType]) -> Option<Expr> {
    if !matches!(fact.source.as_str(), "generate_subscripts" | "generate_subscripts_nodir") {
        return None;
    }
    let first = types.first().map_or(1, first_subscript);
    let name = format!("pg_{}_{first}", fact.source);
    let work = move |_: &Environment, arrays: &[ArrayRef]| make::subscripts(first, arrays);
    let result = PgType::Array(Box::new(PgType::Int4));
    Some(kernel::call(Kernel::new(name, arguments.len(), result, Volatility::Immutable, work), arguments.to_vec()))
}
