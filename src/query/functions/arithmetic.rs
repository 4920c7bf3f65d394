//! Arithmetic of integers and floats that fails where PostgreSQL fails.
//!
//! DataFusion's own operators wrap around when an integer overflows and answer `inf` for a float divided by
//! zero, without a way to ask for anything else, and they read `1` as bigint. Here the type of the result is
//! PostgreSQL's, what does not fit it is 22003 and division by zero is 22012. Arithmetic of numeric stays
//! DataFusion's, which is checked.

use std::fmt;

use arrow::array::{Array, ArrayRef, AsArray, Datum};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{ArrowPrimitiveType, DataType, FieldRef, Float32Type, Float64Type};
use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr_common::datum::apply;
use std::sync::Arc;

use crate::catalog::types::PgType;
use crate::error::QueryError;
use crate::query::bind::errors;

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    /// The only one with one operand.
    Negate,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract | Self::Negate => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        })
    }
}

/// The type of an operation over two types; `None` where DataFusion's operator does it.
pub fn result_type(operation: Operation, left: &PgType, right: &PgType) -> Option<PgType> {
    use PgType as T;
    let is_float = |data_type: &PgType| matches!(data_type, T::Float4 | T::Float8);
    let is_integer = |data_type: &PgType| matches!(data_type, T::Int2 | T::Int4 | T::Int8);
    let is_number =
        |data_type: &PgType| is_float(data_type) || is_integer(data_type) || matches!(data_type, T::Numeric(_));
    if !is_number(left) || !is_number(right) {
        return None;
    }
    if is_float(left) || is_float(right) {
        // PostgreSQL has no remainder of floats.
        let both_short = *left == T::Float4 && *right == T::Float4;
        return (operation != Operation::Modulo).then_some(if both_short { T::Float4 } else { T::Float8 });
    }
    if !is_integer(left) || !is_integer(right) {
        return None;
    }
    Some(if *left == T::Int8 || *right == T::Int8 {
        T::Int8
    } else if *left == T::Int4 || *right == T::Int4 {
        T::Int4
    } else {
        T::Int2
    })
}

/// The type of a call that [`expression`] made. Asking DataFusion would walk through all operands, again
/// for every one of them.
pub fn type_of_call(call: &ScalarFunction) -> Option<&PgType> {
    call.func.inner().downcast_ref::<Arithmetic>().map(Arithmetic::result)
}

/// `left operation right`, with a result of the given type.
///
/// `a + b + c` is one call of two steps, not a call in a call: a long sum is as flat as it looks, and
/// whatever walks through it needs no deep stack.
pub fn expression(operation: Operation, left: Expr, right: Expr, result: PgType) -> Expr {
    let (mut steps, mut operands) = (Vec::new(), Vec::new());
    match left {
        Expr::ScalarFunction(call) if type_of_call(&call).is_some() => {
            if let Some(inner) = call.func.inner().downcast_ref::<Arithmetic>() {
                steps.clone_from(&inner.steps);
            }
            operands = call.args;
        }
        other => operands.push(other),
    }
    steps.push((operation, result));
    operands.push(right);
    build(steps, operands)
}

/// `- operand`.
pub fn negation(operand: Expr, result: PgType) -> Expr {
    build(vec![(Operation::Negate, result)], vec![operand])
}

fn build(steps: Vec<(Operation, PgType)>, operands: Vec<Expr>) -> Expr {
    let signature = Signature::any(operands.len(), Volatility::Immutable);
    let function = ScalarUDF::new_from_impl(Arithmetic { steps, signature });
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), operands))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Arithmetic {
    /// From left to right, each with the type of its result; never empty.
    steps: Vec<(Operation, PgType)>,
    signature: Signature,
}

impl ScalarUDFImpl for Arithmetic {
    fn name(&self) -> &'static str {
        "kalam_arithmetic"
    }

    // A negation is named as DataFusion's, which it replaces in finished plans.
    fn schema_name(&self, args: &[Expr]) -> DataFusionResult<String> {
        let mut names = args.iter().map(|operand| operand.schema_name().to_string());
        let mut name = names.next().unwrap_or_default();
        for (operation, _) in &self.steps {
            name = match operation {
                Operation::Negate => format!("({operation} {name})"),
                _ => format!("({name} {operation} {})", names.next().unwrap_or_default()),
            };
        }
        Ok(name)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.result().arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(self.result().field(self.name(), true)))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let mut operands = args.args.into_iter();
        let mut left = operands.next().ok_or_else(|| DataFusionError::Internal("arithmetic of nothing".into()))?;
        for (operation, result) in &self.steps {
            let step = Step { operation: *operation, result };
            let missing = || DataFusionError::Internal(format!("{operation} has one operand"));
            left = match operation {
                Operation::Negate => {
                    step.run(&ColumnarValue::Scalar(ScalarValue::new_zero(&result.arrow())?), &left)?
                }
                _ => step.run(&left, &operands.next().ok_or_else(missing)?)?,
            };
        }
        Ok(left)
    }
}

impl Arithmetic {
    fn result(&self) -> &PgType {
        self.steps.last().map_or(&PgType::Unknown, |(_, result)| result)
    }
}

/// One operation on its way through a batch.
struct Step<'a> {
    operation: Operation,
    result: &'a PgType,
}

impl Step<'_> {
    fn run(&self, left: &ColumnarValue, right: &ColumnarValue) -> DataFusionResult<ColumnarValue> {
        let wanted = self.result.arrow();
        let is_whole = matches!(self.result, PgType::Int2 | PgType::Int4 | PgType::Int8);
        for operand in [left, right] {
            // Only an expression that turned out wider than it was planned: its fraction would be cut.
            let found = operand.data_type();
            if is_whole && (found.is_floating() || found.is_decimal()) {
                let message = "arithmetic over an expression whose type is found late is not supported: add a cast";
                return Err(errors::external(QueryError::NotSupported(message.into())));
            }
        }
        let cast = |operand: &ColumnarValue| operand.cast_to(&wanted, None).map_err(|_| self.out_of_range());
        let (left, right) = (cast(left)?, cast(right)?);
        apply(&left, &right, |left, right| self.calculate(left, right)).map_err(|error| match error.find_root() {
            DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
                ArrowError::DivideByZero => errors::external(QueryError::DivisionByZero),
                ArrowError::ArithmeticOverflow(_) => self.out_of_range(),
                _ => error,
            },
            _ => error,
        })
    }

    fn out_of_range(&self) -> DataFusionError {
        let message = match self.result {
            PgType::Float4 | PgType::Float8 => "value out of range: overflow".to_owned(),
            _ => format!("{} out of range", self.result),
        };
        errors::external(QueryError::NumberOutOfRange(message))
    }

    fn calculate(&self, left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
        let answer = match self.operation {
            Operation::Add => numeric::add(left, right),
            Operation::Subtract | Operation::Negate => numeric::sub(left, right),
            Operation::Multiply => numeric::mul(left, right),
            Operation::Divide => numeric::div(left, right),
            Operation::Modulo => numeric::rem(left, right),
        }?;
        match self.result {
            PgType::Float4 => self.check_floats::<Float32Type>(left, right, &answer, f32::is_infinite, f32::is_nan)?,
            PgType::Float8 => self.check_floats::<Float64Type>(left, right, &answer, f64::is_infinite, f64::is_nan)?,
            _ => {}
        }
        Ok(answer)
    }

    /// Floats never fail for Arrow. For PostgreSQL they do when finite operands have an infinite answer, and
    /// when a product or quotient of two numbers that are not zero is zero.
    fn check_floats<T: ArrowPrimitiveType>(
        &self,
        left: &dyn Datum,
        right: &dyn Datum,
        answer: &ArrayRef,
        is_infinite: fn(T::Native) -> bool,
        is_nan: fn(T::Native) -> bool,
    ) -> Result<(), ArrowError> {
        let zero = T::Native::default();
        let is_zero = |value: T::Native| value == zero;
        let (left, left_is_scalar) = left.get();
        let (right, right_is_scalar) = right.get();
        let (left, right) = (left.as_primitive::<T>(), right.as_primitive::<T>());
        let answer = answer.as_primitive::<T>();
        let scaled = matches!(self.operation, Operation::Multiply | Operation::Divide);
        for row in 0..answer.len() {
            if answer.is_null(row) {
                continue;
            }
            let left = left.value(if left_is_scalar { 0 } else { row });
            let right = right.value(if right_is_scalar { 0 } else { row });
            let answer = answer.value(row);
            if self.operation == Operation::Divide && is_zero(right) && !is_nan(left) {
                return Err(ArrowError::DivideByZero);
            }
            if is_infinite(answer) && !is_infinite(left) && !is_infinite(right) {
                return Err(ArrowError::ArithmeticOverflow(String::new()));
            }
            let may_be_zero = match self.operation {
                Operation::Divide => is_zero(left) || is_infinite(right),
                _ => is_zero(left) || is_zero(right),
            };
            if scaled && is_zero(answer) && !may_be_zero {
                let underflow = QueryError::NumberOutOfRange("value out of range: underflow".into());
                return Err(ArrowError::ExternalError(Box::new(crate::Error::from(underflow))));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_postgresqls_types() {
        use PgType as T;
        let of = |left: T, right: T| result_type(Operation::Add, &left, &right);
        assert_eq!(of(T::Int2, T::Int2), Some(T::Int2));
        assert_eq!(of(T::Int2, T::Int4), Some(T::Int4));
        assert_eq!(of(T::Int8, T::Int4), Some(T::Int8));
        assert_eq!(of(T::Float4, T::Float4), Some(T::Float4));
        assert_eq!(of(T::Float4, T::Int4), Some(T::Float8));
        assert_eq!(of(T::Numeric(None), T::Float4), Some(T::Float8));
        assert_eq!(of(T::Numeric(None), T::Int4), None);
        assert_eq!(of(T::Text, T::Int4), None);
        assert_eq!(result_type(Operation::Modulo, &T::Float8, &T::Float8), None);
    }
}
