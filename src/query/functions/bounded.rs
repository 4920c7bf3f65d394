//! Functions whose answer may be far larger than their arguments, with a bound on that answer.
//!
//! `repeat('x', 2000000000)` is a short statement and two gigabytes. The memory of queries is counted between
//! operators, not inside a function, and a column of text cannot hold more than two gigabytes for all rows of a
//! batch: Arrow counts them with 31 bits and panics beyond. So these functions are asked how large their answer
//! will be before they compute it. PostgreSQL refuses values of a gigabyte in the same way.

use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::compute::kernels::concat_elements::concat_elements_utf8_many;
use arrow::datatypes::{DataType, FieldRef, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::forward::looks_like_inner;
use super::kernel::{self, Kernel};
use crate::base::limits::{BATCH_BYTES, VALUE_BYTES};
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::bind::errors;

/// How large the answer of a function may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Growth {
    /// `repeat(text, count)`.
    Repeat,
    /// `lpad(text, length, fill)`.
    Pad,
    /// As large as its arguments together.
    Sum,
    /// `replace(text, from, to)`.
    Replace,
    /// `regexp_replace(text, pattern, to, flags)`.
    RegexpReplace,
    /// `string_to_array(text, delimiter)`.
    Split,
    /// `concat_ws(separator, …)` and `array_to_string(array, separator, …)`: arguments and separators.
    Join,
    /// `array_repeat(element, count)`.
    RepeatElement,
    /// `array_resize(array, count, element)`.
    Resize,
    /// `range(from, to, step)`, also of times.
    Series,
}

/// One entry of an array that has no more to it.
const ELEMENT_BYTES: u64 = 8;

fn growth(name: &str) -> Option<Growth> {
    Some(match name {
        "repeat" => Growth::Repeat,
        "lpad" | "rpad" => Growth::Pad,
        "concat" | "overlay" | "translate" | "make_array" | "array_concat" | "array_append" | "array_prepend" => {
            Growth::Sum
        }
        "replace" => Growth::Replace,
        "regexp_replace" => Growth::RegexpReplace,
        "string_to_array" => Growth::Split,
        "concat_ws" | "array_to_string" => Growth::Join,
        "array_repeat" => Growth::RepeatElement,
        "array_resize" => Growth::Resize,
        "range" | "generate_series" => Growth::Series,
        _ => return None,
    })
}

/// The function with a bound, when it needs one.
pub fn bounded(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    match growth(function.name()) {
        Some(growth) => {
            let mut signature = function.signature().clone();
            if matches!(growth, Growth::Repeat | Growth::Pad | Growth::RepeatElement | Growth::Resize) {
                signature.volatility = Volatility::Volatile;
            }
            Arc::new(ScalarUDF::new_from_impl(Bounded { inner: function, growth, signature }))
        }
        None => function,
    }
}

/// `left || right` of two texts. A chain of them is one call: as a tree it would be as high as the chain is long,
/// and every level of it is written out in the names of all levels above.
pub fn concat(left: Expr, right: Expr) -> Expr {
    const NAME: &str = "kalam_concat";
    let mut parts = match left {
        Expr::ScalarFunction(call) if call.func.name() == NAME => call.args,
        left => vec![left],
    };
    parts.push(right);
    let function = Kernel::new(NAME, parts.len(), PgType::Text, Volatility::Immutable, |_, parts| {
        let rows = parts.first().map_or(0, |part| part.len());
        let arguments: Vec<Argument> = parts.iter().map(|part| Argument::Array(Arc::clone(part))).collect();
        check(Growth::Sum, &arguments, rows)?;
        let texts: std::result::Result<Vec<_>, _> = parts.iter().map(|part| cast(part, &DataType::Utf8)).collect();
        let joined = texts.and_then(|texts| {
            let texts: Vec<_> = texts.iter().map(|text| text.as_string::<i32>()).collect();
            concat_elements_utf8_many(&texts)
        });
        Ok(Arc::new(joined.map_err(|error| errors::translate(error.into()))?) as ArrayRef)
    });
    kernel::call(function, parts)
}

/// DataFusion's function behind a bound. It is not simplified: what its simplification puts in its place would
/// have none.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
    /// What makes much out of little is called volatile, so that it is not computed before the plan runs: a
    /// literal of many megabytes is a name of many megabytes in every step of planning, and stays in the plan.
    signature: Signature,
}

impl ScalarUDFImpl for Bounded {
    looks_like_inner!();

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let arguments: Vec<Argument> = args
            .args
            .iter()
            .map(|argument| match argument {
                ColumnarValue::Scalar(value) => Argument::Scalar(value.clone()),
                ColumnarValue::Array(array) => Argument::Array(Arc::clone(array)),
            })
            .collect();
        // The answer to constants is one value, but whoever reads it may want it once for every row.
        check(self.growth, &arguments, args.number_rows).map_err(errors::external)?;
        self.inner.invoke_with_args(args)
    }
}

/// Refuses an answer that would be too large.
///
/// # Errors
/// 54000.
fn check(growth: Growth, arguments: &[Argument], rows: usize) -> Result<()> {
    if growth == Growth::Sum && arguments.iter().map(|argument| argument.total(rows)).sum::<u64>() <= VALUE_BYTES {
        return Ok(());
    }
    let sizes = Sizes::new(growth, arguments)?;
    let mut batch = 0u64;
    for row in 0..rows {
        let size = sizes.of(row);
        batch = batch.saturating_add(size);
        if size > VALUE_BYTES || batch > BATCH_BYTES {
            let message = match growth {
                Growth::Split | Growth::RepeatElement | Growth::Resize | Growth::Series => {
                    format!("array size exceeds the maximum allowed ({})", VALUE_BYTES / ELEMENT_BYTES)
                }
                _ => "requested length too large".to_owned(),
            };
            return Err(QueryError::LimitExceeded(message).into());
        }
    }
    Ok(())
}

enum Argument {
    Scalar(ScalarValue),
    Array(ArrayRef),
}

impl Argument {
    /// The bytes of all rows together, or more.
    fn total(&self, rows: usize) -> u64 {
        match self {
            Self::Scalar(value) => (value.size() as u64).saturating_mul(rows as u64),
            Self::Array(array) => array.get_buffer_memory_size() as u64,
        }
    }

    fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Scalar(value) => value.try_as_str().flatten(),
            Self::Array(array) if array.is_null(row) => None,
            Self::Array(array) => match array.data_type() {
                DataType::Utf8 => Some(array.as_string::<i32>().value(row)),
                DataType::LargeUtf8 => Some(array.as_string::<i64>().value(row)),
                DataType::Utf8View => Some(array.as_string_view().value(row)),
                _ => None,
            },
        }
    }

    /// The bytes of one row's value: those of a text, for everything else its share of the whole.
    fn bytes(&self, row: usize) -> u64 {
        match (self.text(row), self) {
            (Some(text), _) => text.len() as u64,
            (None, Self::Scalar(value)) => value.size() as u64,
            (None, Self::Array(array)) if array.is_null(row) => 0,
            (None, Self::Array(array)) => match array.as_list_opt::<i32>() {
                // Elements hardly ever differ that much, and a batch is counted as a whole.
                Some(list) => {
                    let elements = list.values().len().max(1) as u64;
                    let each = (list.values().get_buffer_memory_size() as u64).div_ceil(elements);
                    each.saturating_mul(list.value_length(row).unsigned_abs().into())
                }
                None => (array.get_buffer_memory_size() / array.len().max(1)) as u64,
            },
        }
    }

    fn as_type(&self, data_type: &DataType) -> Result<ArrayRef> {
        let array = match self {
            Self::Scalar(value) => value.to_array(),
            Self::Array(array) => Ok(Arc::clone(array)),
        };
        let array = array.and_then(|array| Ok(cast(&array, data_type)?));
        array.map_err(errors::translate)
    }
}

/// The sizes of a function's answers, row by row.
struct Sizes<'a> {
    growth: Growth,
    arguments: &'a [Argument],
    /// The arguments that are read as numbers; one entry for a constant.
    numbers: Vec<Option<ArrayRef>>,
}

impl<'a> Sizes<'a> {
    fn new(growth: Growth, arguments: &'a [Argument]) -> Result<Self> {
        let numbers: &[usize] = match growth {
            Growth::Repeat | Growth::Pad | Growth::RepeatElement | Growth::Resize => &[1],
            Growth::Series => &[0, 1, 2],
            _ => &[],
        };
        let read = |(index, argument): (usize, &Argument)| {
            if !numbers.contains(&index) {
                return Ok(None);
            }
            let data_type = match argument {
                Argument::Scalar(value) => value.data_type(),
                Argument::Array(array) => array.data_type().clone(),
            };
            Ok(Some(match data_type {
                DataType::Interval(_) => argument.as_type(&DataType::Interval(IntervalUnit::MonthDayNano))?,
                DataType::Date32 | DataType::Timestamp(..) => {
                    let array = argument.as_type(&DataType::Timestamp(TimeUnit::Microsecond, None))?;
                    Argument::Array(array).as_type(&DataType::Int64)?
                }
                _ => argument.as_type(&DataType::Int64)?,
            }))
        };
        let numbers = arguments.iter().enumerate().map(read).collect::<Result<_>>()?;
        Ok(Self { growth, arguments, numbers })
    }

    fn text(&self, index: usize, row: usize) -> &str {
        self.arguments.get(index).and_then(|argument| argument.text(row)).unwrap_or_default()
    }

    fn bytes(&self, index: usize, row: usize) -> u64 {
        self.arguments.get(index).map_or(0, |argument| argument.bytes(row))
    }

    fn number(&self, index: usize, row: usize) -> Option<i64> {
        let array = self.numbers.get(index)?.as_ref()?;
        let row = if array.len() == 1 { 0 } else { row };
        if array.is_null(row) {
            return None;
        }
        match array.as_primitive_opt::<IntervalMonthDayNanoType>() {
            // In microseconds, rather too short than too long.
            Some(intervals) => {
                let step = intervals.value(row);
                let days = i64::from(step.months).saturating_mul(28).saturating_add(i64::from(step.days));
                Some(days.saturating_mul(86_400_000_000).saturating_add(step.nanoseconds / 1_000))
            }
            None => Some(array.as_primitive_opt::<Int64Type>()?.value(row)),
        }
    }

    /// A number that counts something; NULL and negative numbers are nothing.
    fn count(&self, index: usize, row: usize) -> u64 {
        self.number(index, row).and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
    }

    fn of(&self, row: usize) -> u64 {
        match self.growth {
            Growth::Repeat => self.bytes(0, row).saturating_mul(self.count(1, row)),
            Growth::Pad => {
                let fill = if self.arguments.len() > 2 { self.text(2, row) } else { " " };
                let widest = fill.chars().map(char::len_utf8).max().unwrap_or(0) as u64;
                // The text itself, cut to the length, is part of the answer.
                let length = self.count(1, row);
                length.saturating_mul(widest).saturating_add(self.bytes(0, row).min(length.saturating_mul(4)))
            }
            Growth::Sum => (0..self.arguments.len()).map(|index| self.bytes(index, row)).sum(),
            Growth::Replace => {
                let (text, from, to) = (self.text(0, row), self.text(1, row), self.text(2, row));
                if from.is_empty() || to.len() <= from.len() {
                    return text.len() as u64;
                }
                let more = (to.len() - from.len()) as u64;
                let most = ((text.len() / from.len()) as u64).saturating_mul(more).saturating_add(text.len() as u64);
                if most <= VALUE_BYTES / 16 {
                    return most;
                }
                (text.matches(from).count() as u64).saturating_mul(more).saturating_add(text.len() as u64)
            }
            Growth::RegexpReplace => {
                let (text, to) = (self.text(0, row).len() as u64, self.text(2, row));
                let everywhere = self.text(3, row).contains('g');
                let groups = to.bytes().filter(|byte| *byte == b'\\' || *byte == b'$').count() as u64;
                let matches = if everywhere { text + 1 } else { 1 };
                let replaced = matches.saturating_mul(to.len() as u64).saturating_add(groups.saturating_mul(text));
                text.saturating_add(replaced)
            }
            Growth::Split => {
                let (text, delimiter) = (self.text(0, row), self.text(1, row));
                let most = text.len() as u64 / delimiter.len().max(1) as u64 + 1;
                if most.saturating_mul(ELEMENT_BYTES) <= VALUE_BYTES || delimiter.is_empty() {
                    return most.saturating_mul(ELEMENT_BYTES);
                }
                (text.matches(delimiter).count() as u64 + 1).saturating_mul(ELEMENT_BYTES)
            }
            Growth::Join => {
                let sum: u64 = (0..self.arguments.len()).map(|index| self.bytes(index, row)).sum();
                let elements = match &self.arguments[0] {
                    Argument::Array(array) => array.as_list_opt::<i32>().map(|list| list.value_length(row)),
                    Argument::Scalar(ScalarValue::List(list)) => Some(list.value_length(0)),
                    Argument::Scalar(_) => None,
                };
                let (separator, count) = match elements {
                    Some(elements) => (self.bytes(1, row), u64::from(elements.unsigned_abs())),
                    None => (self.bytes(0, row), self.arguments.len() as u64),
                };
                sum.saturating_add(separator.saturating_mul(count))
            }
            Growth::RepeatElement => {
                self.bytes(0, row).saturating_add(ELEMENT_BYTES).saturating_mul(self.count(1, row))
            }
            Growth::Resize => {
                let element = self.bytes(2, row).saturating_add(ELEMENT_BYTES);
                self.bytes(0, row).saturating_add(element.saturating_mul(self.count(1, row)))
            }
            Growth::Series => {
                let (from, to) = match self.arguments.len() {
                    1 => (Some(0), self.number(0, row)),
                    _ => (self.number(0, row), self.number(1, row)),
                };
                let step = if self.arguments.len() > 2 { self.number(2, row) } else { Some(1) };
                let (Some(from), Some(to), Some(step)) = (from, to, step) else { return 0 };
                if step == 0 || (step > 0) != (to > from) {
                    return 0;
                }
                (to.abs_diff(from) / step.unsigned_abs()).saturating_mul(ELEMENT_BYTES)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(growth: Growth, arguments: Vec<ScalarValue>) -> u64 {
        let arguments: Vec<Argument> = arguments.into_iter().map(Argument::Scalar).collect();
        Sizes::new(growth, &arguments).unwrap().of(0)
    }

    #[test]
    fn sizes_are_known_beforehand() {
        let text = |text: &str| ScalarValue::from(text);
        let number = |number: i64| ScalarValue::from(number);
        assert_eq!(size(Growth::Repeat, vec![text("ab"), number(1 << 40)]), 2 << 40);
        assert_eq!(size(Growth::Repeat, vec![text("ab"), number(-1)]), 0);
        assert_eq!(size(Growth::Repeat, vec![text("ab"), ScalarValue::Int64(None)]), 0);
        assert_eq!(size(Growth::Pad, vec![text("ab"), number(1000)]), 1002);
        assert_eq!(size(Growth::Pad, vec![text("ab"), number(1000), text("é")]), 2002);
        assert_eq!(size(Growth::Sum, vec![text("ab"), text("cde")]), 5);
        assert_eq!(size(Growth::Replace, vec![text("abab"), text("a"), text("xyz")]), 12);
        assert_eq!(size(Growth::Series, vec![number(1), number(1000), number(10)]), 99 * 8);
        assert_eq!(size(Growth::Series, vec![number(10), number(1), number(0)]), 0);
        assert_eq!(size(Growth::Split, vec![text("a,b"), text(",")]), 32);
        assert_eq!(size(Growth::RegexpReplace, vec![text("aa"), text("a"), text("xy"), text("g")]), 8);
    }

    #[test]
    fn a_batch_has_a_bound_too() {
        let texts: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["x"; 8192]));
        let call = |count: i64| {
            let arguments = [Argument::Array(Arc::clone(&texts)), Argument::Scalar(ScalarValue::from(count))];
            check(Growth::Repeat, &arguments, 8192).map_err(|error| error.sqlstate().0)
        };
        assert_eq!(call(100_000), Ok(()));
        assert_eq!(call(1_000_000), Err("54000"));
        assert_eq!(call(i64::MAX), Err("54000"));
    }
}
