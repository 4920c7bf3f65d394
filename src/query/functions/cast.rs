//! PostgreSQL's casts.
//!
//! A cast to a type is one function whose name says the type ([`name`]), so that the syntax tree can call
//! it. It knows the type of its argument when it is planned and refuses what PostgreSQL has no cast for
//! (42846). To and from text go through the types' input and output functions, numbers round and overflow as
//! PostgreSQL's do, times pass through the session's time zone.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::{convert, numbers};
use crate::catalog::types::PgType;
use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::bind::output::type_of_field;
use crate::query::environment::Environment;
use crate::query::planner::EnvironmentExtension;

const PREFIX: &str = "kalam_cast_";

/// Who asks for the conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `x::t` and CAST: longer text is cut.
    Explicit,
    /// A value that goes into a column: longer text is 22001, and only casts that PostgreSQL allows there.
    Assignment,
}

/// The name of the function that casts to a type.
pub fn name(target: &PgType, kind: Kind) -> String {
    let kind = match kind {
        Kind::Explicit => 'e',
        Kind::Assignment => 'a',
    };
    format!("{PREFIX}{kind}_{}_{}", target.oid(), target.typmod())
}

/// The function of such a name.
pub fn by_name(name: &str) -> Option<Arc<ScalarUDF>> {
    let mut parts = name.strip_prefix(PREFIX)?.split('_');
    let kind = match parts.next()? {
        "e" => Kind::Explicit,
        _ => Kind::Assignment,
    };
    let oid = parts.next()?.parse().ok()?;
    let typmod = parts.next()?.parse().ok()?;
    Some(function(&PgType::from_oid(oid, typmod)?, kind))
}

/// The function that casts to a type.
pub fn function(target: &PgType, kind: Kind) -> Arc<ScalarUDF> {
    let volatility = if depends_on_session(target) { Volatility::Stable } else { Volatility::Immutable };
    Arc::new(ScalarUDF::new_from_impl(Cast {
        name: name(target, kind),
        target: target.clone(),
        kind,
        signature: Signature::any(1, volatility),
    }))
}

/// A cast of an expression.
pub fn expression(operand: Expr, target: &PgType, kind: Kind) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(function(target, kind), vec![operand]))
}

/// Types whose text depends on the time zone, DateStyle or catalog of the session. A cast from such a type
/// to text is not folded at bind either: its argument is hardly ever a constant.
fn depends_on_session(target: &PgType) -> bool {
    match target {
        PgType::Array(element) => depends_on_session(element),
        PgType::Timestamptz
        | PgType::Timestamp
        | PgType::Date
        | PgType::Time
        | PgType::Regclass
        | PgType::Regtype
        | PgType::Regproc
        | PgType::Regnamespace
        | PgType::Regrole => true,
        _ => false,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Cast {
    name: String,
    target: PgType,
    kind: Kind,
    signature: Signature,
}

impl ScalarUDFImpl for Cast {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.target.arrow())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        let field = &args.arg_fields[0];
        let from = source(field, args.scalar_arguments[0]);
        if !convert::is_possible(&from, &self.target, self.kind) {
            return Err(errors::external(QueryError::CannotCast {
                from: from.without_typmod().format(),
                to: self.target.without_typmod().format(),
            }));
        }
        Ok(Arc::new(self.target.field(field.name(), true)))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let environment = EnvironmentExtension::of(&args.config_options)?;
        let from = source(&args.arg_fields[0], None);
        match &args.args[0] {
            ColumnarValue::Scalar(value) => {
                let array = value.to_array_of_size(1)?;
                let array = self.convert(&array, &from, environment)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?))
            }
            ColumnarValue::Array(array) => Ok(ColumnarValue::Array(self.convert(array, &from, environment)?)),
        }
    }
}

impl Cast {
    fn convert(&self, array: &ArrayRef, from: &PgType, environment: &Environment) -> DataFusionResult<ArrayRef> {
        array_to(array, from, &self.target, self.kind, environment).map_err(errors::external)
    }
}

/// Converts an array of one type into another type.
///
/// # Errors
/// The errors of PostgreSQL's cast: 22P02, 22003, 22001, …
pub fn array_to(
    array: &ArrayRef,
    from: &PgType,
    to: &PgType,
    kind: Kind,
    environment: &Environment,
) -> crate::Result<ArrayRef> {
    if array.data_type().is_null() {
        return Ok(arrow::array::new_null_array(&to.arrow(), array.len()));
    }
    // DataFusion has forms of its own (views, other units of time): first into the form of the type.
    let own = from.arrow();
    let array = if array.data_type() == &own {
        Arc::clone(array)
    } else if matches!(from, PgType::Numeric(_)) {
        numbers::from_array(array)?
    } else {
        compute::cast(array, &own).map_err(|error| errors::translate(error.into()))?
    };
    convert::convert(&array, from, to, kind, environment)
}

/// The type of the argument: a string literal without a type converts by the target's input function.
fn source(field: &FieldRef, constant: Option<&ScalarValue>) -> PgType {
    match constant {
        Some(ScalarValue::Null) => PgType::Unknown,
        Some(ScalarValue::Utf8(_)) if field.metadata().is_empty() => PgType::Unknown,
        _ if field.data_type().is_null() => PgType::Unknown,
        _ => type_of_field(field),
    }
}
