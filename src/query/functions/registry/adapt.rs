//! DataFusion's functions, and ours that were written for its planner, with the types that PostgreSQL states.
//!
//! What such a function takes is worked out from the types of a batch, not by DataFusion's coercion: the arguments
//! already are what `pg_proc` says. What it answers becomes the declared type. A function that is strict for
//! PostgreSQL answers NULL for NULL, whatever the one inside does.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::Call;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::functions::{self, bounded, domain};

/// A scalar function by the name that DataFusion, or [`functions::scalar`], has it under.
///
/// # Errors
/// 0A000 for a name that neither has.
pub fn by_name(name: &str) -> Result<Arc<ScalarUDF>> {
    static FUNCTIONS: LazyLock<HashMap<String, Arc<ScalarUDF>>> = LazyLock::new(|| {
        let mut all = SessionStateDefaults::default_scalar_functions();
        all.extend(functions::scalar());
        let all = all.into_iter().map(bounded::bounded).map(domain::checked);
        all.flat_map(|function| {
            let names: Vec<String> = function.aliases().iter().cloned().chain([function.name().to_owned()]).collect();
            names.into_iter().map(move |name| (name, Arc::clone(&function)))
        })
        .collect()
    });
    FUNCTIONS.get(name).cloned().ok_or_else(|| refuse::not_supported(format!("function {name}")))
}

/// The call as one of the function that has this name.
pub(super) fn call(call: &mut Call<'_>, name: &str) -> Result<Expr> {
    let arguments = call.take();
    wrap(call, by_name(name)?, arguments)
}

/// The call as one of this function, with arguments in its own order.
pub(super) fn wrap(call: &Call<'_>, inner: Arc<ScalarUDF>, arguments: Vec<Expr>) -> Result<Expr> {
    // What is waited for is recognised by DataFusion's planner only as it is.
    if inner.as_async().is_some() {
        return Ok(Expr::ScalarFunction(ScalarFunction::new_udf(inner, arguments)));
    }
    let volatility = match call.fact.volatility {
        'i' => inner.signature().volatility,
        's' => Volatility::Stable.max(inner.signature().volatility),
        _ => Volatility::Volatile,
    };
    let signature =
        if arguments.is_empty() { Signature::nullary(volatility) } else { Signature::any(arguments.len(), volatility) };
    let function = Adapted {
        name: format!("pg_{}", call.source),
        inner,
        result: call.result.clone(),
        types: call.types.iter().map(PgType::without_typmod).collect(),
        strict: call.fact.strict,
        signature,
    };
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(ScalarUDF::new_from_impl(function)), arguments)))
}

#[derive(Debug, PartialEq, Eq)]
struct Adapted {
    name: String,
    inner: Arc<ScalarUDF>,
    result: PgType,
    types: Vec<PgType>,
    strict: bool,
    signature: Signature,
}

impl Hash for Adapted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.inner.hash(state);
    }
}

impl Adapted {
    /// What the function inside takes, and the field of its answer.
    fn inside(
        &self,
        fields: &[FieldRef],
        constants: &[Option<&ScalarValue>],
    ) -> DataFusionResult<(Vec<FieldRef>, FieldRef)> {
        // Expressions of DataFusion do not say which type of PostgreSQL they have.
        let typed: Vec<FieldRef> = fields
            .iter()
            .zip(&self.types)
            .map(|(field, data_type)| {
                let metadata = data_type.metadata();
                Arc::new(Field::new(field.name(), field.data_type().clone(), true).with_metadata(metadata))
            })
            .collect();
        let taken = if typed.is_empty() { Vec::new() } else { fields_with_udf(&typed, self.inner.as_ref())? };
        let answer =
            self.inner.return_field_from_args(ReturnFieldArgs { arg_fields: &taken, scalar_arguments: constants })?;
        Ok((taken, answer))
    }
}

fn converted(array: &ArrayRef, wanted: &DataType) -> DataFusionResult<ArrayRef> {
    if array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    Ok(cast_with_options(array, wanted, &CastOptions { safe: false, ..CastOptions::default() })?)
}

impl ScalarUDFImpl for Adapted {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.result.arrow())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        self.inside(args.arg_fields, args.scalar_arguments)?;
        Ok(Arc::new(self.result.field(&self.name, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let constants: Vec<Option<&ScalarValue>> = args
            .args
            .iter()
            .map(|argument| match argument {
                ColumnarValue::Scalar(value) => Some(value),
                ColumnarValue::Array(_) => None,
            })
            .collect();
        let (taken, answer) = self.inside(&args.arg_fields, &constants)?;
        let wanted = args.return_field.data_type().clone();
        let is_constant = constants.iter().all(Option::is_some) && self.signature.volatility != Volatility::Volatile;
        let rows = args.number_rows;
        if self.strict && constants.iter().flatten().any(|value| value.is_null()) {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from(&wanted)?));
        }
        let mut given = Vec::with_capacity(args.args.len());
        let mut nulls = None;
        for (argument, field) in args.args.iter().zip(&taken) {
            given.push(match argument {
                ColumnarValue::Scalar(value) => ColumnarValue::Scalar(value.cast_to(field.data_type())?),
                ColumnarValue::Array(array) => {
                    if self.strict {
                        nulls = arrow::buffer::NullBuffer::union(nulls.as_ref(), array.logical_nulls().as_ref());
                    }
                    ColumnarValue::Array(converted(array, field.data_type())?)
                }
            });
        }
        let inside = ScalarFunctionArgs {
            args: given,
            arg_fields: taken,
            number_rows: if is_constant { 1 } else { rows },
            return_field: answer,
            config_options: Arc::clone(&args.config_options),
        };
        let answer = self.inner.invoke_with_args(inside)?;
        if is_constant {
            let array = converted(&answer.into_array(1)?, &wanted)?;
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        let array = converted(&answer.into_array(rows)?, &wanted)?;
        let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return Ok(ColumnarValue::Array(array)) };
        if nulls.null_count() == array.len() {
            return Ok(ColumnarValue::Array(new_null_array(&wanted, array.len())));
        }
        let mask = arrow::array::BooleanArray::new(!nulls.inner(), None);
        Ok(ColumnarValue::Array(arrow::compute::nullif(&array, &mask)?))
    }
}
