//! Correlated scalar subqueries that DataFusion cannot turn into joins, run row by row.
//!
//! The subquery's plan is the body of an asynchronous function whose arguments are the outer columns and
//! the parameters it mentions. For every distinct row of arguments the plan is run once with the values in
//! their place. Slow, but with exactly PostgreSQL's meaning: no row is NULL, a second row is 21000.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef};
use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;

use crate::error::QueryError;
use crate::query::apply::Correlated;
use crate::query::bind::errors;
use crate::query::planner::{EnvironmentExtension, running_state, task};

#[derive(Debug)]
struct Apply {
    correlated: Correlated,
    field: FieldRef,
    signature: Signature,
}

impl PartialEq for Apply {
    fn eq(&self, other: &Self) -> bool {
        self.correlated == other.correlated
    }
}

impl Eq for Apply {}

impl Hash for Apply {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.correlated.hash(state);
    }
}

/// The call that stands for a correlated scalar subquery: `arguments` are its inputs as the surrounding
/// query sees them.
pub fn call(correlated: Correlated, arguments: Vec<Expr>) -> Expr {
    let field = Arc::new(correlated.plan.schema().field(0).as_ref().clone().with_nullable(true));
    let signature = Signature::one_of(vec![TypeSignature::Nullary, TypeSignature::VariadicAny], Volatility::Volatile);
    let function = AsyncScalarUDF::new(Arc::new(Apply { correlated, field, signature })).into_scalar_udf();
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(function), arguments))
}

impl ScalarUDFImpl for Apply {
    fn name(&self) -> &'static str {
        "kalam_apply"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.field.data_type().clone())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        Ok(Arc::clone(&self.field))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        Err(DataFusionError::Internal("a subquery was called without waiting for it".into()))
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Apply {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let rows = args.number_rows;
        let arrays: Vec<ArrayRef> =
            args.args.into_iter().map(|argument| argument.into_array(rows)).collect::<DataFusionResult<_>>()?;
        let context = EnvironmentExtension::context_of(&args.config_options)?;
        let state = running_state(&context.base, Arc::clone(context));
        let mut known: HashMap<Vec<ScalarValue>, ScalarValue> = HashMap::new();
        let mut answers = Vec::with_capacity(rows);
        for row in 0..rows {
            // A subquery over few rows never waits, and there may be millions of outer rows.
            if context.cancel.is_cancelled() {
                return Err(errors::external(QueryError::Canceled));
            }
            tokio::task::coop::consume_budget().await;
            let values = arrays
                .iter()
                .map(|array| ScalarValue::try_from_array(array, row))
                .collect::<DataFusionResult<Vec<_>>>()?;
            if let Some(answer) = known.get(&values) {
                answers.push(answer.clone());
                continue;
            }
            let plan = self.correlated.with_values(&values)?;
            let physical = state.create_physical_plan(&plan).await?;
            let answer = self.only_value(execute_stream(physical, task(&state))?).await?;
            known.insert(values, answer.clone());
            answers.push(answer);
        }
        if answers.is_empty() {
            return Ok(ColumnarValue::Array(arrow::array::new_empty_array(self.field.data_type())));
        }
        Ok(ColumnarValue::Array(ScalarValue::iter_to_array(answers)?))
    }
}

impl Apply {
    async fn only_value(
        &self,
        mut rows: datafusion::execution::SendableRecordBatchStream,
    ) -> DataFusionResult<ScalarValue> {
        let mut answer = None;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            if batch.num_rows() > 1 || answer.is_some() {
                return Err(errors::external(QueryError::Cardinality));
            }
            let column = arrow::compute::cast(batch.column(0), self.field.data_type())?;
            answer = Some(ScalarValue::try_from_array(&column, 0)?);
        }
        match answer {
            Some(answer) => Ok(answer),
            None => ScalarValue::try_from(self.field.data_type()),
        }
    }
}
