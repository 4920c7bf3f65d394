//! Times in the session's zone: `timezone`, `date_trunc`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, FieldRef, TimestampMicrosecondType};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::cast::{self, Kind};
use super::convert::{to_local, to_utc};
use super::{date_part, units};
use crate::catalog::types::{PgType, Zone};
use crate::error::{QueryError, Result};
use crate::query::bind::errors;
use crate::query::bind::output::type_of_field;
use crate::query::environment::Environment;
use crate::query::planner::EnvironmentExtension;

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    [("timezone", What::Timezone), ("date_trunc", What::Truncate)]
        .into_iter()
        .map(|(name, what)| {
            let signature = Signature::user_defined(Volatility::Stable);
            Arc::new(ScalarUDF::new_from_impl(TimeFunction { name, what, signature }))
        })
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    /// `timezone(zone, time)`: a local time of the zone, or the point in time that a local time means.
    Timezone,
    /// `date_trunc(unit, time [, zone])`.
    Truncate,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TimeFunction {
    name: &'static str,
    what: What,
    signature: Signature,
}

impl TimeFunction {
    /// The type of the result. With a zone of its own, `date_trunc` takes a local time for a point in time.
    fn result(&self, argument: &PgType, arguments: usize) -> PgType {
        match (self.what, argument) {
            (What::Timezone, PgType::Timestamptz | PgType::Unknown) => PgType::Timestamp,
            (What::Timezone, PgType::Timestamp) => PgType::Timestamptz,
            (What::Timezone, _) => PgType::Timestamp,
            (What::Truncate, PgType::Timestamp) if arguments < 3 => PgType::Timestamp,
            (What::Truncate, _) => PgType::Timestamptz,
        }
    }
}

impl ScalarUDFImpl for TimeFunction {
    fn name(&self) -> &'static str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        let undefined = || {
            let names: Vec<String> = types.iter().map(super::undefined::type_name).collect();
            errors::external(QueryError::UndefinedFunction(format!("{}({})", self.name, names.join(", "))))
        };
        let maximum = if self.what == What::Truncate { 3 } else { 2 };
        if types.len() < 2 || types.len() > maximum {
            return Err(undefined());
        }
        let is_text = |data_type: &DataType| {
            matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null)
        };
        let time = match &types[1] {
            DataType::Timestamp(_, _) | DataType::Date32 => types[1].clone(),
            text if is_text(text) => DataType::Utf8,
            _ => return Err(undefined()),
        };
        let mut coerced = vec![DataType::Utf8, time];
        if types.len() == 3 {
            coerced.push(DataType::Utf8);
        }
        if !is_text(&types[0]) {
            return Err(undefined());
        }
        Ok(coerced)
    }

    fn return_type(&self, types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.result(&PgType::of_arrow(&types[1]), types.len()).arrow())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        let result = self.result(&type_of_field(&args.arg_fields[1]), args.arg_fields.len());
        Ok(Arc::new(result.field(self.name, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let environment = EnvironmentExtension::of(&args.config_options)?;
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let from = type_of_field(&args.arg_fields[1]);
        let arrays =
            args.args.into_iter().map(|argument| argument.into_array(rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let array = self.run(&arrays, &from, environment).map_err(errors::external)?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

impl TimeFunction {
    fn run(&self, arrays: &[ArrayRef], from: &PgType, environment: &Environment) -> Result<ArrayRef> {
        // Text and dates are read as points in time.
        let zoned = *from != PgType::Timestamp || (self.what == What::Truncate && arrays.len() == 3);
        let own = if zoned { PgType::Timestamptz } else { PgType::Timestamp };
        let source = if matches!(from, PgType::Timestamp | PgType::Timestamptz | PgType::Date) {
            from
        } else {
            &PgType::Unknown
        };
        let times = cast::array_to(&arrays[1], source, &own, Kind::Explicit, environment)?;
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let words = arrays[0].as_string::<i32>();
        let zones = arrays.get(2).map(|array| array.as_string::<i32>());
        let mut answers = Vec::with_capacity(times.len());
        for row in 0..times.len() {
            if times.is_null(row) || words.is_null(row) || zones.is_some_and(|zones| zones.is_null(row)) {
                answers.push(None);
                continue;
            }
            let us = times.value(row);
            answers.push(Some(match self.what {
                // Infinity is the same everywhere, whatever the zone is called.
                _ if us == i64::MAX || us == i64::MIN => us,
                What::Timezone => {
                    let zone = zone(words.value(row))?;
                    if zoned { to_local(us, &zone) } else { to_utc(us, &zone) }
                }
                What::Truncate => {
                    let zone = match zones {
                        Some(zones) => Some(zone(zones.value(row))?),
                        None => zoned.then(|| environment.style.time_zone.clone()),
                    };
                    truncate(words.value(row), us, &own, zone.as_ref())?
                }
            }));
        }
        let array = TimestampMicrosecondArray::from(answers);
        let zoned = matches!(self.result(from, arrays.len()), PgType::Timestamptz);
        Ok(Arc::new(if zoned { array.with_timezone("UTC") } else { array }))
    }
}

fn zone(text: &str) -> Result<Zone> {
    // A zone that is only a number is POSIX's, which counts to the west.
    let is_number = text.trim().parse::<f64>().is_ok();
    Zone::parse(text)
        .map(|zone| if is_number { Zone::from_east(-zone.offset_at(0)) } else { zone })
        .or_else(|| Zone::abbreviation(text).map(Zone::from_east))
        .ok_or_else(|| QueryError::InvalidParameterValue(format!("time zone \"{text}\" not recognized")).into())
}

/// The beginning of the unit that a time lies in, in a zone if it is a point in time. An hour keeps the offset
/// of its time: the one that is there twice when the clocks go back begins at two points in time. The time is finite.
fn truncate(word: &str, us: i64, of: &PgType, zone: Option<&Zone>) -> Result<i64> {
    let unit = date_part::unit(word, of)?;
    let local = zone.map_or(us, |zone| to_local(us, zone));
    let truncated = units::truncate(unit, local).ok_or_else(|| date_part::unsupported(word, of, unit))?;
    match zone {
        Some(zone) if !unit.is_within_days() => Ok(to_utc(truncated, zone)),
        _ => Ok(us - (local - truncated)),
    }
}
