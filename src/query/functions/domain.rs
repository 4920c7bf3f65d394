//! Functions of mathematics that fail outside of their domain, as PostgreSQL's do.
//!
//! DataFusion's answer `NaN` and infinity for arguments without an answer, which would be silently wrong.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Float64Type};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::forward::looks_like_inner;
use crate::error::QueryError;
use crate::query::bind::errors;

const CHECKED: [&str; 10] = ["ln", "log", "log2", "log10", "exp", "power", "acos", "asin", "acosh", "atanh"];

/// The function with a check of its answers, when it needs one.
pub fn checked(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    if CHECKED.contains(&function.name()) {
        return Arc::new(ScalarUDF::new_from_impl(Checked { inner: function }));
    }
    function
}

/// DataFusion's function, whose simplification would put the unchecked one in its place.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Checked {
    looks_like_inner!();

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let given = args.args.clone();
        let answer = self.inner.invoke_with_args(args)?;
        let floats = |value: &ColumnarValue| -> DataFusionResult<ArrayRef> {
            let array = match value {
                ColumnarValue::Scalar(value) => value.to_array()?,
                ColumnarValue::Array(array) => Arc::clone(array),
            };
            Ok(cast(&array, &DataType::Float64)?)
        };
        let answers = floats(&answer)?;
        let answers = answers.as_primitive::<Float64Type>();
        if answers.iter().flatten().all(f64::is_finite) {
            return Ok(answer);
        }
        let given = given.iter().map(floats).collect::<DataFusionResult<Vec<_>>>()?;
        for row in 0..answers.len() {
            if answers.is_null(row) || answers.value(row).is_finite() {
                continue;
            }
            let values: Vec<f64> = given
                .iter()
                .map(|array| array.as_primitive::<Float64Type>().value(if array.len() == 1 { 0 } else { row }))
                .collect();
            if let Some(error) = refused(self.name(), &values, answers.value(row)) {
                return Err(errors::external(error));
            }
        }
        Ok(answer)
    }
}

/// What is wrong with an answer that is no finite number. NaN of NaN and infinity of infinity are right.
fn refused(name: &str, given: &[f64], answer: f64) -> Option<QueryError> {
    if given.iter().any(|value| value.is_nan()) {
        return None;
    }
    match name {
        "ln" | "log" | "log2" | "log10" => {
            if given.contains(&0.0) {
                return Some(QueryError::InvalidLogarithm("cannot take logarithm of zero".into()));
            }
            let negative = given.iter().any(|value| *value < 0.0);
            negative.then(|| QueryError::InvalidLogarithm("cannot take logarithm of a negative number".into()))
        }
        "power" if answer.is_nan() => Some(QueryError::InvalidPower(
            "a negative number raised to a non-integer power yields a complex result".into(),
        )),
        "power" if given.first() == Some(&0.0) => {
            Some(QueryError::InvalidPower("zero raised to a negative power is undefined".into()))
        }
        "acos" | "asin" | "acosh" => Some(QueryError::NumberOutOfRange("input is out of range".into())),
        "atanh" if answer.is_nan() => Some(QueryError::NumberOutOfRange("input is out of range".into())),
        "exp" | "power" if given.iter().all(|value| value.is_finite()) => {
            Some(QueryError::NumberOutOfRange("value out of range: overflow".into()))
        }
        _ => None,
    }
}
