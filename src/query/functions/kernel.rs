//! A frame for small functions over whole arrays that the binder itself puts into plans.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::errors;
use crate::query::environment::Environment;
use crate::query::planner::EnvironmentExtension;

/// The work: arrays of one length in, an array of that length out.
pub type Work = Arc<dyn Fn(&Environment, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync>;

/// A function over arrays. Its name identifies it: two kernels of one name do the same.
#[derive(Clone)]
pub struct Kernel {
    name: String,
    returns: PgType,
    /// The Arrow form of the answer, where it is not that of its type.
    form: Option<DataType>,
    signature: Signature,
    work: Work,
}

impl Kernel {
    /// A function of `arguments` arguments of any type.
    #[expect(clippy::new_ret_no_self, reason = "a kernel is only ever used as the function it makes")]
    pub fn new(
        name: impl Into<String>,
        arguments: usize,
        returns: PgType,
        volatility: Volatility,
        work: impl Fn(&Environment, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
    ) -> Arc<ScalarUDF> {
        let signature = Signature::any(arguments, volatility);
        let work = Arc::new(work);
        Arc::new(ScalarUDF::new_from_impl(Self { name: name.into(), returns, form: None, signature, work }))
    }

    /// A function of one argument whose answer is of no type of PostgreSQL: what values are compared by.
    pub fn key(
        name: impl Into<String>,
        form: DataType,
        work: impl Fn(&Environment, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
    ) -> Arc<ScalarUDF> {
        let signature = Signature::any(1, Volatility::Immutable);
        let (returns, work) = (PgType::Unknown, Arc::new(work));
        Arc::new(ScalarUDF::new_from_impl(Self { name: name.into(), returns, form: Some(form), signature, work }))
    }
}

impl Kernel {
    /// A function without arguments.
    pub fn nullary(
        name: impl Into<String>,
        returns: PgType,
        volatility: Volatility,
        work: impl Fn(&Environment, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
    ) -> Arc<ScalarUDF> {
        let signature = Signature::nullary(volatility);
        Arc::new(ScalarUDF::new_from_impl(Self {
            name: name.into(),
            returns,
            form: None,
            signature,
            work: Arc::new(work),
        }))
    }
}

/// A call of a kernel.
pub fn call(function: Arc<ScalarUDF>, arguments: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(function, arguments))
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.returns == other.returns
    }
}

impl Eq for Kernel {}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Kernel {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.form.clone().unwrap_or_else(|| self.returns.arrow()))
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(match &self.form {
            Some(form) => Field::new(&self.name, form.clone(), true),
            None => self.returns.field(&self.name, true),
        }))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let environment = EnvironmentExtension::of(&args.config_options)?;
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays =
            args.args.into_iter().map(|argument| argument.into_array(rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let answer = (self.work)(environment, &arrays).map_err(errors::external)?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}
