//! The logical operator.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, DFSchemaRef, JoinType, Result as DataFusionResult, TableReference};
use datafusion::logical_expr::logical_plan::builder::build_join_schema;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, LogicalPlanBuilder, UserDefinedLogicalNodeCore};

use super::Correlated;

/// What the rows of the correlated plan become beside a row of the input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Gives {
    /// A row for each of them; with `outer` also one with NULLs if there is none, as in a left join.
    Rows { outer: bool },
    /// The columns of the only one, NULLs if there is none; 21000 if there are several.
    Row,
    /// Is there one?
    Exists,
    /// The values of the only column as an array.
    Array,
    /// Is a test true for one of them? NULL if it is for none, but neither false for all.
    Any(Arc<Test>),
}

/// A test of a row of the correlated plan against values of the row of the input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    pub condition: Expr,
    /// What the condition sees: the operands, then the columns of the correlated plan.
    pub schema: DFSchemaRef,
    /// If the condition is that columns equal operands by the bytes of their values: which ones, and the type in
    /// which they are compared.
    pub keys: Option<Vec<Key>>,
}

/// One pair of such an equality.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub operand: usize,
    pub column: usize,
    pub data_type: DataType,
}

/// Every row of the input with what the correlated plan gives for it.
#[derive(Clone, Debug)]
pub struct Apply {
    input: LogicalPlan,
    correlated: Correlated,
    gives: Gives,
    /// The qualifier and the names of the columns that are given, in place of those of the correlated plan.
    names: Option<(TableReference, Vec<String>)>,
    /// What the correlated plan's inputs are for a row of the input.
    arguments: Vec<Expr>,
    /// The operands of a test.
    operands: Vec<Expr>,
    /// The rows that the plan is run for. The others come with NULLs.
    guard: Option<Expr>,
    schema: DFSchemaRef,
}

/// A subquery whose value is to become columns of a plan.
#[derive(Clone, Debug)]
pub struct Value {
    pub plan: LogicalPlan,
    pub gives: Gives,
    pub qualifier: TableReference,
    pub names: Vec<String>,
    pub operands: Vec<Expr>,
    pub guard: Option<Expr>,
}

impl Value {
    /// The fields of the columns.
    ///
    /// # Errors
    /// Those of making a schema.
    pub fn schema(&self) -> DataFusionResult<DFSchema> {
        given(&self.gives, self.plan.schema(), &self.qualifier, &self.names)
    }
}

fn given(gives: &Gives, plan: &DFSchema, qualifier: &TableReference, names: &[String]) -> DataFusionResult<DFSchema> {
    let own = plan.fields();
    let fields: Vec<Field> = match gives {
        Gives::Rows { .. } | Gives::Row => own.iter().map(|field| field.as_ref().clone().with_nullable(true)).collect(),
        Gives::Exists | Gives::Any(_) => vec![Field::new("", DataType::Boolean, true)],
        Gives::Array => {
            let element = own.first().map_or(DataType::Null, |field| field.data_type().clone());
            vec![Field::new("", DataType::List(Arc::new(Field::new_list_field(element, true))), true)]
        }
    };
    let named = fields.into_iter().zip(names);
    let qualified = named.map(|(field, name)| (Some(qualifier.clone()), Arc::new(field.with_name(name)))).collect();
    DFSchema::new_with_metadata(qualified, Default::default())
}

impl Apply {
    /// The operator as a plan: `input` joined laterally with `plan` on a condition over both.
    ///
    /// # Errors
    /// When the columns of both do not have different names.
    pub fn plan(
        input: LogicalPlan,
        plan: LogicalPlan,
        outer: bool,
        condition: Option<Expr>,
    ) -> DataFusionResult<LogicalPlan> {
        // The condition belongs to the inner side: a row of the outer one that it leaves alone comes with NULLs.
        let plan = match condition {
            None => plan,
            Some(condition) => {
                let condition = outer_columns(condition, plan.schema(), input.schema())?;
                LogicalPlanBuilder::from(plan).filter(condition)?.build()?
            }
        };
        let (correlated, arguments) = Correlated::new(Arc::new(plan), input.schema())?;
        let gives = Gives::Rows { outer };
        Self::build(input, correlated, gives, None, arguments, Vec::new(), None)
    }

    /// `input` with the value of a subquery as more columns.
    ///
    /// # Errors
    /// As [`Apply::plan`].
    pub fn value(input: LogicalPlan, value: Value) -> DataFusionResult<LogicalPlan> {
        let Value { plan, gives, qualifier, names, operands, guard } = value;
        let plan =
            if gives == Gives::Exists { LogicalPlanBuilder::from(plan).limit(0, Some(1))?.build()? } else { plan };
        let (correlated, arguments) = Correlated::new(Arc::new(plan), input.schema())?;
        Self::build(input, correlated, gives, Some((qualifier, names)), arguments, operands, guard)
    }

    fn build(
        input: LogicalPlan,
        correlated: Correlated,
        gives: Gives,
        names: Option<(TableReference, Vec<String>)>,
        arguments: Vec<Expr>,
        operands: Vec<Expr>,
        guard: Option<Expr>,
    ) -> DataFusionResult<LogicalPlan> {
        let schema = Arc::new(DFSchema::empty());
        let node = Self { input, correlated, gives, names, arguments, operands, guard, schema }.complete()?;
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
    }

    fn complete(mut self) -> DataFusionResult<Self> {
        let own = self.correlated.plan.schema();
        let schema = match (&self.gives, &self.names) {
            (Gives::Rows { outer }, _) => {
                let kind = if *outer { JoinType::Left } else { JoinType::Inner };
                build_join_schema(self.input.schema(), own, &kind)?
            }
            (gives, Some((qualifier, names))) => self.input.schema().join(&given(gives, own, qualifier, names)?)?,
            (_, None) => self.input.schema().as_ref().clone(),
        };
        self.schema = Arc::new(schema);
        Ok(self)
    }

    pub(super) fn correlated(&self) -> &Correlated {
        &self.correlated
    }

    pub(super) fn gives(&self) -> &Gives {
        &self.gives
    }

    pub(super) fn arguments(&self) -> &[Expr] {
        &self.arguments
    }

    pub(super) fn operands(&self) -> &[Expr] {
        &self.operands
    }

    pub(super) fn guard(&self) -> Option<&Expr> {
        self.guard.as_ref()
    }
}

/// An expression over a plan and others, whose columns that are not of the plan are those of a query around it.
///
/// # Errors
/// When a column is neither the plan's nor among the `others`.
pub fn outer_columns(expr: Expr, own: &DFSchema, others: &DFSchema) -> DataFusionResult<Expr> {
    let outer = |expr: Expr| match expr {
        Expr::Column(column) if !own.has_column(&column) => {
            let field = Arc::clone(others.qualified_field_from_column(&column)?.1);
            Ok(Transformed::yes(Expr::OuterReferenceColumn(field, column)))
        }
        other => Ok(Transformed::no(other)),
    };
    Ok(expr.transform_up(outer)?.data)
}

/// The opposite: outer columns that are a plan's are columns of it.
///
/// # Errors
/// Those of rewriting an expression.
pub fn own_columns(expr: Expr, own: &DFSchema) -> DataFusionResult<Expr> {
    let inner = |expr: Expr| match expr {
        Expr::OuterReferenceColumn(_, column) if own.has_column(&column) => Ok(Transformed::yes(Expr::Column(column))),
        other => Ok(Transformed::no(other)),
    };
    Ok(expr.transform_up(inner)?.data)
}

impl PartialEq for Apply {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input
            && self.correlated == other.correlated
            && self.gives == other.gives
            && self.names == other.names
            && self.arguments == other.arguments
            && self.operands == other.operands
            && self.guard == other.guard
    }
}

impl Eq for Apply {}

impl Hash for Apply {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.correlated.hash(state);
        self.gives.hash(state);
        self.names.hash(state);
        self.arguments.hash(state);
        self.operands.hash(state);
        self.guard.hash(state);
    }
}

impl PartialOrd for Apply {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self == other { Some(Ordering::Equal) } else { None }
    }
}

impl UserDefinedLogicalNodeCore for Apply {
    fn name(&self) -> &'static str {
        "Apply"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.arguments.iter().chain(&self.operands).chain(&self.guard).cloned().collect()
    }

    /// A filter over columns of the input alone can as well run before.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        let count = self.input.schema().fields().len();
        self.schema.fields()[count..].iter().map(|field| field.name().clone()).collect()
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let count = self.input.schema().fields().len();
        Some(vec![output_columns.iter().copied().filter(|index| *index < count).collect()])
    }

    fn supports_limit_pushdown(&self) -> bool {
        !matches!(self.gives, Gives::Rows { outer: false })
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Apply: {}", self.gives)
    }

    fn with_exprs_and_inputs(&self, mut exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> DataFusionResult<Self> {
        let input = inputs.swap_remove(0);
        let mut operands = exprs.split_off(self.arguments.len());
        let guard = operands.split_off(self.operands.len()).pop();
        Self { input, arguments: exprs, operands, guard, ..self.clone() }.complete()
    }
}

impl fmt::Display for Gives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows { outer: false } => f.write_str("kind=Inner"),
            Self::Rows { outer: true } => f.write_str("kind=Left"),
            Self::Row => f.write_str("kind=Scalar"),
            Self::Exists => f.write_str("kind=Exists"),
            Self::Array => f.write_str("kind=Array"),
            Self::Any(test) => {
                let how = if test.keys.is_some() { "hashed " } else { "" };
                write!(f, "kind=Any, {how}test={}", test.condition)
            }
        }
    }
}
