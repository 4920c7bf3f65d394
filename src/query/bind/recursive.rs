//! WITH RECURSIVE: the recursive term's columns described as the query's.
//!
//! DataFusion joins the two terms of a recursive query only when their fields are equal to the last letter of
//! their metadata. Ours says which type a column has and which table column it is, and the recursive term
//! hardly ever says the same as the first one. So its columns pass through a function that does nothing
//! but describe its result as the query describes it.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result as DataFusionResult};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, Projection, RecursiveQuery, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;

/// The rule.
#[derive(Debug)]
pub struct Recursive;

impl AnalyzerRule for Recursive {
    fn name(&self) -> &'static str {
        "kalam_recursive"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> DataFusionResult<LogicalPlan> {
        let plan = plan.transform_up_with_subqueries(|node| match node {
            LogicalPlan::RecursiveQuery(query) => Ok(Transformed::yes(LogicalPlan::RecursiveQuery(align(query)?))),
            other => Ok(Transformed::no(other)),
        })?;
        Ok(plan.data)
    }
}

fn align(mut query: RecursiveQuery) -> DataFusionResult<RecursiveQuery> {
    let term = Arc::clone(&query.recursive_term);
    let columns = query.schema.fields().iter().zip(term.schema().iter()).map(|(wanted, (qualifier, field))| {
        let column = Expr::Column(Column::from((qualifier, field)));
        if field.metadata() == wanted.metadata() && field.data_type() == wanted.data_type() {
            return column.alias(wanted.name());
        }
        let function = Described { field: Arc::clone(wanted), signature: Signature::any(1, Volatility::Immutable) };
        let call = ScalarFunction::new_udf(Arc::new(ScalarUDF::new_from_impl(function)), vec![column]);
        Expr::ScalarFunction(call).alias(wanted.name())
    });
    let projection = Projection::try_new(columns.collect(), Arc::clone(&term))?;
    query.recursive_term = Arc::new(LogicalPlan::Projection(projection));
    Ok(query)
}

/// Its argument, under a description.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Described {
    field: FieldRef,
    signature: Signature,
}

impl ScalarUDFImpl for Described {
    fn name(&self) -> &'static str {
        "kalam_described"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.field.data_type().clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(self.field.as_ref().clone().with_nullable(nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        args.args[0].cast_to(self.field.data_type(), None)
    }
}
