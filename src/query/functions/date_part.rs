//! `date_part` and `extract`: one number of a time.
//!
//! Both give the parts of a point in time as the clocks of the session's zone show it. `date_part` answers a
//! float, `extract` an exact numeric with as many digits behind the point as the unit has.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute;
use arrow::datatypes::{
    DataType, Date32Type, FieldRef, IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::convert::to_local;
use super::numbers::Numbers;
use super::undefined;
use super::units::{Part, Unit, part_of_interval, part_of_time, part_of_timestamp};
use crate::base::numeric::Numeric;
use crate::catalog::types::datetime::calendar::{DAY_US, SECOND_US};
use crate::catalog::types::{PgType, Zone};
use crate::error::{QueryError, Result};
use crate::query::bind::errors;
use crate::query::bind::output::type_of_field;
use crate::query::planner::EnvironmentExtension;

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![function(false), function(true)]
}

/// `EXTRACT(unit FROM time)`, whose unit is the first argument.
pub fn extract(arguments: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(function(true), arguments))
}

fn function(exact: bool) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(DatePart { exact, signature: Signature::user_defined(Volatility::Stable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DatePart {
    /// Is it `extract`?
    exact: bool,
    signature: Signature,
}

/// How a unit is not right for a type.
fn wrong(word: &str, of: &PgType, unit: Option<Unit>) -> crate::Error {
    let word = word.to_lowercase();
    match unit {
        None => QueryError::InvalidParameterValue(format!("unit \"{word}\" not recognized for type {of}")).into(),
        Some(_) => QueryError::NotSupported(format!("unit \"{word}\" not supported for type {of}")).into(),
    }
}

/// The unit that a word means.
///
/// # Errors
/// 22023 if it is none.
pub fn unit(word: &str, of: &PgType) -> Result<Unit> {
    Unit::parse(word).ok_or_else(|| wrong(word, of, None))
}

/// 0A000 for a unit that the type has not.
pub fn unsupported(word: &str, of: &PgType, unit: Unit) -> crate::Error {
    wrong(word, of, Some(unit))
}

impl ScalarUDFImpl for DatePart {
    fn name(&self) -> &'static str {
        if self.exact { "extract" } else { "date_part" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        if let [DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null, time] = types {
            let time = match time {
                DataType::Timestamp(_, None) => PgType::Timestamp.arrow(),
                DataType::Timestamp(_, Some(_)) => PgType::Timestamptz.arrow(),
                DataType::Date32 => DataType::Date32,
                DataType::Time64(_) | DataType::Time32(_) => PgType::Time.arrow(),
                DataType::Interval(IntervalUnit::MonthDayNano) => PgType::Interval.arrow(),
                _ => DataType::Null,
            };
            if !time.is_null() {
                return Ok(vec![DataType::Utf8, time]);
            }
        }
        let names: Vec<String> = types.iter().map(undefined::type_name).collect();
        let prefix = if self.exact { "pg_catalog." } else { "" };
        let call = format!("{prefix}{}({})", self.name(), names.join(", "));
        Err(errors::external(QueryError::UndefinedFunction(call)))
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.result().arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(self.result().field(self.name(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let environment = EnvironmentExtension::of(&args.config_options)?;
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let of = type_of_field(&args.arg_fields[1]);
        let words = args.args[0].clone().into_array(rows)?;
        let times = args.args[1].clone().into_array(rows)?;
        let parts = self.parts(&words, &times, &of, &environment.style.time_zone).map_err(errors::external)?;
        let array: ArrayRef = if self.exact {
            let mut numbers = Numbers::with_capacity(rows);
            for part in &parts {
                match part.number() {
                    Some(number) => numbers.append(&number),
                    None => numbers.append_null(),
                }
            }
            numbers.finish()
        } else {
            Arc::new(parts.iter().copied().map(Answer::to_f64).collect::<Float64Array>())
        };
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

/// A part, or what there is instead.
#[derive(Clone, Copy)]
enum Answer {
    Null,
    Part(Part),
    Infinite { negative: bool },
}

impl Answer {
    fn number(self) -> Option<Numeric> {
        match self {
            Self::Null => None,
            Self::Part(part) => Some(Numeric::from_decimal(part.digits, u16::from(part.scale))),
            Self::Infinite { negative: true } => Some(Numeric::NegativeInfinity),
            Self::Infinite { negative: false } => Some(Numeric::Infinity),
        }
    }

    fn to_f64(self) -> Option<f64> {
        match self {
            Self::Null => None,
            Self::Part(part) => Some(part.to_f64()),
            Self::Infinite { negative: true } => Some(f64::NEG_INFINITY),
            Self::Infinite { negative: false } => Some(f64::INFINITY),
        }
    }
}

impl DatePart {
    fn result(&self) -> PgType {
        if self.exact { PgType::Numeric(None) } else { PgType::Float8 }
    }

    fn parts(&self, words: &ArrayRef, times: &ArrayRef, of: &PgType, zone: &Zone) -> Result<Vec<Answer>> {
        let words = compute::cast(words, &DataType::Utf8).map_err(|error| errors::translate(error.into()))?;
        let words = words.as_string::<i32>();
        let mut answers = Vec::with_capacity(times.len());
        // The word is nearly always a constant.
        let mut last: Option<(&str, Unit)> = None;
        for row in 0..times.len() {
            if times.is_null(row) || words.is_null(row) {
                answers.push(Answer::Null);
                continue;
            }
            let word = words.value(row);
            let unit = match last {
                Some((known, unit)) if known == word => unit,
                _ => unit(word, of)?,
            };
            last = Some((word, unit));
            answers.push(self.part(unit, times, row, of, zone)?.ok_or_else(|| unsupported(word, of, unit))?);
        }
        Ok(answers)
    }

    /// `None` for a unit that the type has not.
    fn part(&self, unit: Unit, times: &ArrayRef, row: usize, of: &PgType, zone: &Zone) -> Result<Option<Answer>> {
        let infinite = |negative| Some(if unit.is_monotonous() { Answer::Infinite { negative } } else { Answer::Null });
        let part = match of {
            PgType::Timestamptz | PgType::Timestamp => {
                let us = times.as_primitive::<TimestampMicrosecondType>().value(row);
                if us == i64::MAX || us == i64::MIN {
                    return Ok(infinite(us < 0));
                }
                let zone = (*of == PgType::Timestamptz).then_some(zone);
                let local = zone.map_or(us, |zone| to_local(us, zone));
                let offset = zone.map(|_| i32::try_from((local - us) / SECOND_US).unwrap_or(0));
                part_of_timestamp(unit, local, offset)
            }
            PgType::Date => {
                let day = times.as_primitive::<Date32Type>().value(row);
                if self.exact && !unit.is_of_dates() {
                    return Ok(None);
                }
                if day == i32::MAX || day == i32::MIN {
                    return Ok(infinite(day < 0));
                }
                // `date_part` takes a date for the timestamp of its midnight.
                let part = i64::from(day).checked_mul(DAY_US).and_then(|us| part_of_timestamp(unit, us, None));
                part.map(|part| match (self.exact, unit) {
                    (true, Unit::Epoch | Unit::Julian) => {
                        Part { digits: part.digits / 10_i128.pow(u32::from(part.scale)), scale: 0 }
                    }
                    _ => part,
                })
            }
            PgType::Time => part_of_time(unit, times.as_primitive::<Time64MicrosecondType>().value(row)),
            PgType::Interval => part_of_interval(unit, times.as_primitive::<IntervalMonthDayNanoType>().value(row)),
            _ => None,
        };
        Ok(part.map(Answer::Part))
    }
}
