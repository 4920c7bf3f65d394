//! Functions and operators of arrays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListArray, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::{Expr, Volatility};

use super::{Call, adapt, casts, compare, not_implemented};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::errors;
use crate::query::environment::Environment;
use crate::query::functions::cast::Kind;
use crate::query::functions::kernel::{self, Kernel};

/// PostgreSQL's functions that DataFusion has, or that we have under a name of its registry.
const NAMED: [(&str, &str); 8] = [
    ("array_upper", "array_upper"),
    ("array_lower", "array_lower"),
    ("text_to_array", "string_to_array"),
    ("text_to_array_null", "string_to_array"),
    ("array_append", "array_append"),
    ("array_prepend", "array_prepend"),
    ("array_replace", "array_replace_all"),
    ("array_remove", "array_remove_all"),
];

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let is_numeric = matches!(call.kind(0).element(), Some(PgType::Numeric(_)));
    if is_numeric && matches!(call.source.as_str(), "array_remove" | "array_replace") {
        return Some(Err(not_implemented(call.fact)));
    }
    if let Some((_, name)) = NAMED.iter().find(|(source, _)| *source == call.source) {
        // The row itself takes any array; what it answers is known only where it is called.
        return Some(adapt::call(call, name));
    }
    Some(match call.source.as_str() {
        "array_cat" => adapt::call(call, "array_concat"),
        "array_to_text" | "array_to_text_null" => joined(call),
        "array_length" => Ok(lengths(call, |length, dimension| (length > 0 && dimension == 1).then_some(length))),
        "array_cardinality" => Ok(lengths(call, |length, _| Some(length))),
        "array_ndims" => Ok(lengths(call, |length, _| (length > 0).then_some(1))),
        "arraycontains" => related(call, Relation::Contains),
        "arraycontained" => related(call, Relation::Contained),
        "arrayoverlap" => related(call, Relation::Overlaps),
        "array_position" | "array_position_start" => position(call),
        _ => return None,
    })
}

/// `array_to_string`, by the output functions of the elements.
fn joined(call: &mut Call<'_>) -> Result<Expr> {
    let texts = PgType::Array(Box::new(PgType::Text));
    let mut arguments = call.take();
    let mut types = call.types.to_vec();
    match &types[0] {
        // The words `true` and `false` are not what the output function writes.
        PgType::Array(element) if **element == PgType::Bool => return Err(not_implemented(call.fact)),
        PgType::Array(element) if **element == PgType::Text => {}
        PgType::Array(_) => {
            arguments[0] = casts::convert(std::mem::take(&mut arguments[0]), &types[0], &texts, Kind::Explicit);
            types[0] = texts;
        }
        _ => return Err(not_implemented(call.fact)),
    }
    let call = Call {
        fact: call.fact,
        source: call.source.clone(),
        arguments: Vec::new(),
        types: &types,
        result: call.result,
    };
    adapt::wrap(&call, adapt::by_name("array_to_string")?, arguments)
}

fn lengths(call: &mut Call<'_>, answer: fn(i32, i32) -> Option<i32>) -> Expr {
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let lists = arrays[0].as_list::<i32>();
        let dimensions = arrays.get(1).map(|dimensions| dimensions.as_primitive::<Int32Type>());
        let answers = (0..lists.len()).map(|row| {
            if lists.is_null(row) || dimensions.is_some_and(|dimensions| dimensions.is_null(row)) {
                return None;
            }
            answer(lists.value_length(row), dimensions.map_or(1, |dimensions| dimensions.value(row)))
        });
        Ok(Arc::new(answers.collect::<Int32Array>()) as ArrayRef)
    };
    kernel::call(Kernel::new(name, arguments.len(), PgType::Int4, Volatility::Immutable, work), arguments)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    Contains,
    Contained,
    Overlaps,
}

/// Do values of this type compare as they lie in Arrow's arrays?
fn is_plain(data_type: &PgType) -> bool {
    !matches!(
        data_type,
        PgType::Interval | PgType::Json | PgType::Jsonb | PgType::Float4 | PgType::Float8 | PgType::Array(_)
    )
}

/// Makes the arguments comparable as they lie in Arrow's arrays: of numbers it takes the keys.
fn comparable(call: &mut Call<'_>) -> Result<()> {
    match call.kind(0).element() {
        Some(PgType::Numeric(_)) => {
            let keyed = |(argument, data_type): (Expr, &PgType)| match compare::key(argument.clone(), data_type) {
                Some(key) => key,
                None => argument,
            };
            call.arguments = call.take().into_iter().zip(call.types).map(keyed).collect();
            Ok(())
        }
        Some(element) if is_plain(&element) => Ok(()),
        _ => Err(not_implemented(call.fact)),
    }
}

/// Whether the elements of one list are among those of another. NULL is equal to nothing.
fn related(call: &mut Call<'_>, relation: Relation) -> Result<Expr> {
    comparable(call)?;
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let (left, right) = match relation {
            Relation::Contained => (&arrays[1], &arrays[0]),
            _ => (&arrays[0], &arrays[1]),
        };
        let (left, right) = (left.as_list::<i32>(), right.as_list::<i32>());
        let equal = equality(left.values(), right.values())?;
        let answers = (0..left.len()).map(|row| {
            if left.is_null(row) || right.is_null(row) {
                return None;
            }
            let is_there = |element: usize| elements(left, row).any(|other| equal(other, element));
            Some(match relation {
                Relation::Overlaps => elements(right, row).any(is_there),
                _ => elements(right, row).all(is_there),
            })
        });
        Ok(Arc::new(answers.collect::<BooleanArray>()) as ArrayRef)
    };
    Ok(kernel::call(Kernel::new(name, 2, PgType::Bool, Volatility::Immutable, work), arguments))
}

/// The places of a row's elements among those of all rows.
fn elements(list: &ListArray, row: usize) -> std::ops::Range<usize> {
    let place = |index: usize| usize::try_from(list.value_offsets()[index]).unwrap_or(0);
    place(row)..place(row + 1)
}

type Equality = Box<dyn Fn(usize, usize) -> bool>;

fn equality(left: &ArrayRef, right: &ArrayRef) -> Result<Equality> {
    let compare =
        make_comparator(left, right, SortOptions::default()).map_err(|error| errors::translate(error.into()))?;
    let (left, right) = (left.logical_nulls(), right.logical_nulls());
    Ok(Box::new(move |one, other| {
        let is_null = left.as_ref().is_some_and(|nulls| nulls.is_null(one))
            || right.as_ref().is_some_and(|nulls| nulls.is_null(other));
        !is_null && compare(one, other).is_eq()
    }))
}

/// The place of an element, counted from 1. NULL is found, unlike by the operators.
fn position(call: &mut Call<'_>) -> Result<Expr> {
    comparable(call)?;
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let lists = arrays[0].as_list::<i32>();
        let equal = equality(lists.values(), &arrays[1])?;
        let starts = arrays.get(2).map(|starts| starts.as_primitive::<Int32Type>());
        let answers = (0..lists.len()).map(|row| {
            if lists.is_null(row) || starts.is_some_and(|starts| starts.is_null(row)) {
                return None;
            }
            let start = starts.map_or(1, |starts| starts.value(row)).max(1);
            let found = elements(lists, row).zip(1..).find(|(element, place)| {
                *place >= start
                    && if arrays[1].is_null(row) { lists.values().is_null(*element) } else { equal(*element, row) }
            });
            found.map(|(_, place)| place)
        });
        Ok(Arc::new(answers.collect::<Int32Array>()) as ArrayRef)
    };
    Ok(kernel::call(Kernel::new(name, arguments.len(), PgType::Int4, Volatility::Immutable, work), arguments))
}
