//! The function that does not exist.
//!
//! A call of an unknown name is planned like any other, because only the planner knows the types of its
//! arguments; asking for its result type gives PostgreSQL's error with these types in it.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use crate::catalog::types::PgType;
use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::bind::output::type_of_field;

/// A function of this name that refuses every call with 42883.
pub fn function(name: &str) -> Arc<ScalarUDF> {
    let signature = Signature::one_of(vec![TypeSignature::Nullary, TypeSignature::VariadicAny], Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(Undefined { name: name.to_owned(), signature }))
}

/// What PostgreSQL calls a type in such an error.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "unknown".into(),
        other => PgType::of_arrow(other).without_typmod().format(),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Undefined {
    name: String,
    signature: Signature,
}

impl Undefined {
    fn error(&self, types: &[String]) -> DataFusionError {
        errors::external(QueryError::UndefinedFunction(format!("{}({})", self.name, types.join(", "))))
    }
}

impl ScalarUDFImpl for Undefined {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> DataFusionResult<DataType> {
        Err(self.error(&types.iter().map(type_name).collect::<Vec<_>>()))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        let types: Vec<String> = args
            .arg_fields
            .iter()
            .zip(args.scalar_arguments)
            .map(|(field, constant)| match constant {
                // A string literal has no type yet.
                Some(ScalarValue::Utf8(_) | ScalarValue::Null) if field.metadata().is_empty() => "unknown".to_owned(),
                Some(ScalarValue::Int64(Some(value))) if i32::try_from(*value).is_ok() => "integer".to_owned(),
                _ if field.data_type().is_null() => "unknown".to_owned(),
                _ => type_of_field(field).without_typmod().format(),
            })
            .collect();
        Err(self.error(&types))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        Err(self.error(&[]))
    }
}
