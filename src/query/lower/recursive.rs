//! WITH RECURSIVE.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};

use super::{Level, Lowering, build, column, pg_type};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::bind::tree::{Cte, QueryBody, SetOperator, TypeRef};

/// A recursive CTE while its recursive term is lowered: where it is defined, and the table that holds the rows of
/// the last step.
pub(super) struct Working {
    level: usize,
    cte: usize,
    name: String,
    schema: SchemaRef,
}

impl Lowering<'_> {
    /// The rows of the last step, inside of a recursive term.
    pub(super) fn working_table(&mut self, level: usize, cte: usize) -> Result<Option<LogicalPlan>> {
        let found = self.working.iter().find(|working| working.level == level && working.cte == cte);
        let Some(working) = found else { return Ok(None) };
        let table = CteWorkTable::new(&working.name, Arc::clone(&working.schema));
        let name = working.name.clone();
        let source = provider_as_source(Arc::new(table));
        build(LogicalPlanBuilder::scan(name, source, None)).map(Some)
    }

    /// `first UNION [ALL] step`, the step over and over until it has no rows.
    pub(super) fn recursive(&mut self, level: usize, cte: usize, definition: &Cte) -> Result<LogicalPlan> {
        let QueryBody::SetOperation(operation) = &definition.query.body else {
            return self.query(&definition.query);
        };
        let plain = definition.query.order_by.is_empty()
            && definition.query.limit.count.is_none()
            && definition.query.limit.offset.is_none();
        if operation.operator != SetOperator::Union || !plain {
            return Err(refuse::not_supported("this form of WITH RECURSIVE"));
        }
        self.levels.push(Level::new(&definition.query));
        let plan = self.steps(level, cte, definition);
        self.levels.pop();
        plan
    }

    fn steps(&mut self, level: usize, cte: usize, definition: &Cte) -> Result<LogicalPlan> {
        let QueryBody::SetOperation(operation) = &definition.query.body else {
            return Err(refuse::not_supported("this form of WITH RECURSIVE"));
        };
        let first = self.query(&operation.left)?;
        // The engine tells rows apart by their bytes.
        let is_numeric = |(_, data_type): &(String, TypeRef)| {
            pg_type(*data_type).is_ok_and(|data_type| matches!(data_type, PgType::Numeric(_)))
        };
        if !operation.all && definition.columns.iter().any(is_numeric) {
            return Err(refuse::not_supported("UNION without ALL over numeric in WITH RECURSIVE"));
        }
        // No row of a step may be promised to be without NULLs because the first ones are.
        let fields = first.schema().fields().iter().zip(&definition.columns).map(|(field, (name, _))| {
            Field::new(name, field.data_type().clone(), true).with_metadata(field.metadata().clone())
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let names: Vec<_> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let first = renamed(first, &names)?;
        let name = self.qualifier(&definition.name).table().to_owned();
        self.working.push(Working { level, cte, name: name.clone(), schema });
        let step = self.query(&operation.right);
        self.working.pop();
        let step = renamed(step?, &names)?;
        build(LogicalPlanBuilder::from(first).to_recursive_query(name, step, !operation.all))
    }
}

fn renamed(plan: LogicalPlan, names: &[String]) -> Result<LogicalPlan> {
    let columns: Vec<_> = names.iter().enumerate().map(|(index, name)| column(&plan, index).alias(name)).collect();
    build(LogicalPlanBuilder::from(plan).project(columns))
}
