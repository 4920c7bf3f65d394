//! The logical operator.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::{DFSchema, DFSchemaRef, DataFusionError, Result as DataFusionResult, TableReference};
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::{AggregateUDF, Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

use super::{Builtin, Frame};

/// What is computed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    Builtin(Builtin),
    Aggregate(Arc<AggregateUDF>),
}

/// A call of a window function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    pub function: Function,
    pub arguments: Vec<Expr>,
    pub filter: Option<Expr>,
    pub frame: Frame<Expr>,
    /// The column that it makes.
    pub field: FieldRef,
}

impl Call {
    /// The same call over other expressions.
    fn map<E>(&self, f: &mut dyn FnMut(&Expr) -> Result<Expr, E>) -> Result<Self, E> {
        Ok(Self {
            function: self.function.clone(),
            arguments: self.arguments.iter().map(&mut *f).collect::<Result<_, E>>()?,
            filter: self.filter.as_ref().map(&mut *f).transpose()?,
            frame: self.frame.map(f)?,
            field: Arc::clone(&self.field),
        })
    }
}

/// The rows of the input, each with the values of window functions behind its columns. All calls have the same
/// partitions and the same order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Windowed {
    pub input: LogicalPlan,
    pub partition_by: Vec<Expr>,
    pub order_by: Vec<Sort>,
    pub calls: Vec<Call>,
    schema: SchemaOf,
}

/// A schema decides nothing that the input and the calls do not.
#[derive(Clone, Debug)]
struct SchemaOf(DFSchemaRef);

impl PartialEq for SchemaOf {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for SchemaOf {}

impl Hash for SchemaOf {
    fn hash<H: Hasher>(&self, _state: &mut H) {}
}

impl Windowed {
    /// The operator over an input.
    ///
    /// # Errors
    /// When a call's column has the name of one of the input.
    pub fn plan(
        input: LogicalPlan,
        partition_by: Vec<Expr>,
        order_by: Vec<Sort>,
        calls: Vec<Call>,
    ) -> DataFusionResult<LogicalPlan> {
        let node = Self::new(input, partition_by, order_by, calls)?;
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
    }

    fn new(
        input: LogicalPlan,
        partition_by: Vec<Expr>,
        order_by: Vec<Sort>,
        calls: Vec<Call>,
    ) -> DataFusionResult<Self> {
        let own = input.schema().iter().map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)));
        let made = calls.iter().map(|call| (None::<TableReference>, Arc::clone(&call.field)));
        let metadata = input.schema().metadata().clone();
        let schema = DFSchema::new_with_metadata(own.chain(made).collect(), metadata)?;
        Ok(Self { input, partition_by, order_by, calls, schema: SchemaOf(Arc::new(schema)) })
    }
}

impl PartialOrd for Windowed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self == other { Some(Ordering::Equal) } else { None }
    }
}

impl UserDefinedLogicalNodeCore for Windowed {
    fn name(&self) -> &'static str {
        "Windowed"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema.0
    }

    fn expressions(&self) -> Vec<Expr> {
        let mut all = self.partition_by.clone();
        all.extend(self.order_by.iter().map(|key| key.expr.clone()));
        for call in &self.calls {
            let collected = call.map::<DataFusionError>(&mut |expr| {
                all.push(expr.clone());
                Ok(expr.clone())
            });
            debug_assert!(collected.is_ok());
        }
        all
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Windowed: ")?;
        for (index, call) in self.calls.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            match &call.function {
                Function::Builtin(builtin) => write!(f, "{separator}{}", builtin.name())?,
                Function::Aggregate(aggregate) => write!(f, "{separator}{}", aggregate.name())?,
            }
        }
        Ok(())
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> DataFusionResult<Self> {
        let mut rest = exprs.into_iter();
        let mut next = |_: &Expr| {
            rest.next().ok_or_else(|| DataFusionError::Internal("an expression of a window is missing".into()))
        };
        let partition_by = self.partition_by.iter().map(&mut next).collect::<DataFusionResult<_>>()?;
        let order_by = self.order_by.iter().map(|key| Ok(Sort::new(next(&key.expr)?, key.asc, key.nulls_first)));
        let order_by = order_by.collect::<DataFusionResult<_>>()?;
        let calls = self.calls.iter().map(|call| call.map(&mut next)).collect::<DataFusionResult<_>>()?;
        Self::new(inputs.swap_remove(0), partition_by, order_by, calls)
    }
}
