//! INSERT, UPDATE, DELETE: values in the form of their columns, and RETURNING lists over changed rows.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, TableReference};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Volatility};

use super::{Level, Lowering, Names, build, column, is_known, pg_type};
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::bound::{OutputColumn, Returned, Returning};
use crate::query::bind::tree::{
    Column, Expression, Kind, Modification, Operation, Query, Relation, RelationKind, Target,
};
use crate::query::bind::{errors, refuse};
use crate::query::environment::Environment;
use crate::query::planner::Planner;

/// An expression outside of a query, over the columns of one relation, which stand in `schema` in the same order.
///
/// # Errors
/// 0A000 for what the engine has no way to compute.
pub fn expression(
    planner: &Planner,
    environment: &Arc<Environment>,
    expression: &Expression,
    schema: &DFSchema,
) -> Result<Expr> {
    let mut lowering = Lowering::new(planner, environment);
    let mut level = Level::empty();
    if let Some((qualifier, _)) = schema.iter().next() {
        let qualifier = qualifier.cloned().unwrap_or_else(|| TableReference::bare("row"));
        let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
        level.relations.push(Names::Plan { qualifier, columns, row: None });
        level.schema = Arc::new(schema.clone());
    }
    lowering.levels.push(level);
    lowering.expression(expression)
}

/// The same in the exact form of a column that keeps it. What is known is computed at once.
///
/// # Errors
/// As [`fn@expression`].
pub fn stored(
    planner: &Planner,
    environment: &Arc<Environment>,
    value: &Expression,
    data_type: &PgType,
) -> Result<Expr> {
    let lowered = expression(planner, environment, value, &DFSchema::empty())?;
    settled(planner, environment, value, lowered, data_type)
}

fn settled(
    planner: &Planner,
    environment: &Arc<Environment>,
    value: &Expression,
    lowered: Expr,
    data_type: &PgType,
) -> Result<Expr> {
    let is_final = matches!(lowered, Expr::Placeholder(_))
        || matches!(&lowered, Expr::Literal(value, _) if value.data_type() == data_type.arrow());
    if is_final || matches!(value.kind, Kind::Default(_)) {
        return Ok(lowered);
    }
    if is_known(value, &lowered) && is_immutable(&lowered)? {
        // What fails fails again when the statement runs.
        if let Ok(constant) = planner.constant(environment, &lowered, data_type) {
            return Ok(crate::query::values::constant(constant, data_type));
        }
    }
    Ok(lowered)
}

fn is_immutable(expr: &Expr) -> Result<bool> {
    let mut immutable = true;
    expr.apply(|part| {
        if let Expr::ScalarFunction(call) = part {
            immutable &= call.func.signature().volatility == Volatility::Immutable;
        }
        Ok(if immutable { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })
    .map_err(errors::translate)?;
    Ok(immutable)
}

/// The rows of an INSERT with VALUES.
///
/// # Errors
/// As [`fn@expression`].
pub fn rows(planner: &Planner, environment: &Arc<Environment>, modification: &Modification) -> Result<Vec<Vec<Expr>>> {
    let table = &modification.table.0;
    let mut lowering = Lowering::new(planner, environment);
    lowering.target = Some(Arc::clone(table));
    lowering.levels.push(Level::empty());
    let mut rows = Vec::with_capacity(modification.rows.len());
    for row in &modification.rows {
        let mut lowered = Vec::with_capacity(row.len());
        for (value, column) in row.iter().zip(&table.columns) {
            let cell = lowering.expression(value)?;
            lowered.push(settled(planner, environment, value, cell, &column.data_type)?);
        }
        rows.push(lowered);
    }
    Ok(rows)
}

/// The query of a modification as a plan: for UPDATE and DELETE key and version, then the table's columns in their
/// form, then the `others` that RETURNING needs.
///
/// # Errors
/// As [`super::query`].
pub fn source(
    planner: &Planner,
    environment: &Arc<Environment>,
    modification: &Modification,
    others: &[Column],
) -> Result<(LogicalPlan, Arc<[OutputColumn]>)> {
    let table = &modification.table.0;
    let query = with_others(&modification.query, others);
    let mut lowering = Lowering::new(planner, environment);
    lowering.target = Some(Arc::clone(table));
    let plan = lowering.query(&query)?;
    let first = if modification.operation == Operation::Insert { 0 } else { 2 };
    let mut columns = Vec::with_capacity(query.targets.len());
    let mut arranged = Vec::with_capacity(query.targets.len());
    for (index, target) in query.targets.iter().enumerate() {
        let own = index.checked_sub(first).and_then(|index| table.columns.get(index));
        let data_type = match own {
            Some(own) => own.data_type.clone(),
            None => pg_type(target.expression.data_type)?,
        };
        arranged.push(column(&plan, index));
        columns.push(OutputColumn { name: target.name.clone(), data_type, table: 0, attnum: 0 });
    }
    let plan = if arranged.iter().all(|value| matches!(value, Expr::Column(_))) {
        plan
    } else {
        build(LogicalPlanBuilder::from(plan).project(arranged))?
    };
    Ok((plan, columns.into()))
}

fn with_others(query: &Query, others: &[Column]) -> Query {
    let mut query = query.clone();
    for other in others {
        let data_type = query.relations[other.relation].columns[other.column].1;
        query.targets.push(Target {
            expression: Expression { kind: Kind::Column(*other), data_type, position: None },
            name: "other".to_owned(),
            hidden: false,
            origin: (0, 0),
        });
    }
    query
}

/// The RETURNING list, and the columns of other relations that it mentions: the rows that it is evaluated over have
/// these behind the table's own.
///
/// # Errors
/// 0A000 for what cannot be computed from the changed rows.
pub fn returning(
    planner: &Planner,
    environment: &Arc<Environment>,
    modification: &Modification,
) -> Result<Option<(Returning, Vec<Column>)>> {
    let Some(targets) = &modification.returning else { return Ok(None) };
    let table = &modification.table.0;
    let relations = &modification.query.relations;
    // Of an INSERT only the table itself can be seen.
    let seen = if modification.operation == Operation::Insert { &relations[..1] } else { relations.as_slice() };
    let others = others(seen, targets);
    let schema = row_schema(table, seen, &others)?;
    let mut lowering = Lowering::new(planner, environment);
    let mut level = Level::empty();
    level.relations = seen.iter().enumerate().map(|(index, relation)| names(table, index, relation)).collect();
    level.schema = Arc::new(schema.clone());
    lowering.levels.push(level);
    let mut columns = Vec::with_capacity(targets.len());
    let mut items = Vec::with_capacity(targets.len());
    for target in targets {
        if target.expression.mentions(|part, _| matches!(part.kind, Kind::Subquery(_))) {
            return Err(refuse::not_supported("a subquery in RETURNING"));
        }
        let lowered = lowering.expression(&target.expression)?;
        let (table, attnum) = target.origin;
        let data_type = pg_type(target.expression.data_type)?;
        columns.push(OutputColumn { name: target.name.clone(), data_type, table, attnum });
        items.push(match &lowered {
            Expr::Column(column) => Returned::Column(schema.index_of_column(column).map_err(errors::translate)?),
            _ => Returned::Computed(lowered),
        });
    }
    Ok(Some((Returning { columns: columns.into(), items, schema: Arc::new(schema) }, others)))
}

/// The columns of other relations than the target that a list mentions.
fn others(relations: &[Relation], targets: &[Target]) -> Vec<Column> {
    let mut found: Vec<Column> = Vec::new();
    for target in targets {
        collect(relations, &target.expression, &mut found);
    }
    found
}

fn collect(relations: &[Relation], expression: &Expression, found: &mut Vec<Column>) {
    expression.walk(0, &mut |part, depth| {
        let Kind::Column(column) = &part.kind else { return true };
        let here = Column { levels_up: 0, ..*column };
        if column.levels_up == depth && column.relation > 0 && column.relation < relations.len() {
            match &relations[column.relation].kind {
                RelationKind::Join { columns } => collect(relations, &columns[column.column], found),
                _ if found.contains(&here) => {}
                _ => found.push(here),
            }
        }
        true
    });
}

fn qualifier(table: &Table, index: usize) -> TableReference {
    if index == 0 { TableReference::bare(table.name.clone()) } else { TableReference::bare(format!("\u{1}{index}")) }
}

fn names(table: &Table, index: usize, relation: &Relation) -> Names {
    match &relation.kind {
        RelationKind::Join { columns } => Names::Join(columns.clone()),
        _ if index == 0 => {
            let columns = table.columns.iter().map(|column| column.name.clone()).collect();
            Names::Plan { qualifier: qualifier(table, 0), columns, row: None }
        }
        _ => {
            let columns = (0..relation.columns.len()).map(|column| column.to_string()).collect();
            Names::Plan { qualifier: qualifier(table, index), columns, row: None }
        }
    }
}

/// The columns of the table, then those of other relations.
fn row_schema(table: &Table, relations: &[Relation], others: &[Column]) -> Result<DFSchema> {
    let own = table
        .columns
        .iter()
        .map(|column| (Some(qualifier(table, 0)), Arc::new(column.data_type.field(&column.name, true))));
    let mut fields: Vec<(Option<TableReference>, Arc<Field>)> = own.collect();
    for other in others {
        let data_type = pg_type(relations[other.relation].columns[other.column].1)?;
        let field = data_type.field(other.column.to_string(), true);
        fields.push((Some(qualifier(table, other.relation)), Arc::new(field)));
    }
    DFSchema::new_with_metadata(fields, Default::default()).map_err(errors::translate)
}

impl Lowering<'_> {
    /// The default of a column of the target.
    pub(super) fn default(&self, column: usize) -> Result<Expr> {
        let Some(table) = &self.target else { return Err(refuse::not_supported("DEFAULT in this place")) };
        self.planner.default_value(self.environment, table, column)
    }
}

/// A schema of columns under one qualifier.
///
/// # Errors
/// When two columns have one name.
pub fn schema(qualifier: &str, columns: &[(String, PgType)]) -> Result<DFSchema> {
    let fields: Vec<_> = columns.iter().map(|(name, data_type)| data_type.field(name, true)).collect();
    DFSchema::try_from_qualified_schema(TableReference::bare(qualifier.to_owned()), &Schema::new(fields))
        .map_err(errors::translate)
}
