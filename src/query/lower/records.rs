//! Rows as values: structs of the engine.
//!
//! The whole row of a relation is a column beside those it is made of, computed below the joins: so it is NULL where an
//! outer join has no row.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Column as PlanColumn;
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder};

use super::expression::conjunction;
use super::{Lowering, Names, build, column, pg_type};
use crate::base::ids::{Oid, TableId};
use crate::catalog::types::{PgType, table_of_row_type};
use crate::error::Result;
use crate::query::bind::tree::{Expression, Kind, Query, Relation, TypeRef};
use crate::query::bind::{errors, refuse};
use crate::query::functions::record;

/// Does anything in the query mention a whole row of its relation `index`?
fn mentions_row(query: &Query, index: usize) -> bool {
    let mut found = false;
    query.walk(0, &mut |part, depth| {
        found |= matches!(part.kind, Kind::WholeRow { levels_up, relation } if levels_up == depth && relation == index);
        !found
    });
    found
}

impl Lowering<'_> {
    /// The plan of a relation with its whole row as one more column, if the query wants it.
    pub(super) fn with_row(
        &mut self,
        query: &Query,
        index: usize,
        plan: LogicalPlan,
        names: Names,
    ) -> Result<(LogicalPlan, Names)> {
        let Names::Plan { qualifier, columns, .. } = names else { return Ok((plan, names)) };
        let plain = |qualifier, columns| Names::Plan { qualifier, columns, row: None };
        if !mentions_row(query, index) {
            return Ok((plan, plain(qualifier, columns)));
        }
        let relation = &query.relations[index];
        let values: Vec<Expr> =
            columns.iter().map(|name| Expr::Column(PlanColumn::new(Some(qualifier.clone()), name.clone()))).collect();
        let fields = self.fields_of_relation(relation, &values, &plan)?;
        let name = self.qualifier("row").table().to_owned();
        let mut all: Vec<Expr> = (0..plan.schema().fields().len()).map(|index| column(&plan, index)).collect();
        all.push(record::row(fields, values).alias(name.clone()));
        let plan = build(LogicalPlanBuilder::from(plan).project(all))?;
        Ok((plan, Names::Plan { qualifier, columns, row: Some(name) }))
    }

    fn fields_of_relation(&self, relation: &Relation, values: &[Expr], plan: &LogicalPlan) -> Result<Fields> {
        let fields = relation.columns.iter().zip(values).map(|((name, data_type), value)| {
            let actual = value.get_type(plan.schema()).map_err(errors::translate)?;
            field(name, *data_type, actual)
        });
        fields.collect::<Result<Vec<_>>>().map(Fields::from)
    }

    /// The whole row of a relation.
    pub(super) fn whole_row(&mut self, levels_up: usize, relation: usize, expression: &Expression) -> Result<Expr> {
        let Some(level) = self.levels.len().checked_sub(1 + levels_up) else {
            return Err(refuse::not_supported("a row of no query"));
        };
        match &self.levels[level].relations[relation] {
            Names::Plan { row: Some(name), .. } => {
                let column = PlanColumn::from_name(name.clone());
                if levels_up == 0 && !self.beside {
                    return Ok(Expr::Column(column));
                }
                let schema = Arc::clone(&self.levels[level].schema);
                let data_type = Expr::Column(column.clone()).get_type(&schema).map_err(errors::translate)?;
                let metadata = pg_type(expression.data_type)?.metadata();
                let field = Field::new(name, data_type, true).with_metadata(metadata);
                Ok(Expr::OuterReferenceColumn(Arc::new(field), column))
            }
            Names::Join(columns) if levels_up == 0 => {
                let columns = columns.clone();
                self.row(&columns, None)
            }
            _ => Err(refuse::not_supported("a whole row in this place")),
        }
    }

    /// `ROW(…)`.
    pub(super) fn row(&mut self, values: &[Expression], names: Option<Vec<String>>) -> Result<Expr> {
        let mut fields = Vec::with_capacity(values.len());
        let mut lowered = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let expr = self.expression(value)?;
            let name = names.as_ref().and_then(|names| names.get(index).cloned());
            let name = name.unwrap_or_else(|| format!("f{}", index + 1));
            let actual = self.type_of(&expr)?;
            fields.push(field(&name, value.data_type, actual)?);
            lowered.push(expr);
        }
        Ok(record::row(Fields::from(fields), lowered))
    }

    /// The names of the fields of a table's rows.
    pub(super) fn names_of_row(&self, oid: Oid) -> Option<Vec<String>> {
        let table = self.environment.catalog.table_by_id(TableId(table_of_row_type(oid)?))?;
        Some(table.columns.iter().map(|column| column.name.clone()).collect())
    }

    fn type_of(&self, expr: &Expr) -> Result<DataType> {
        let schema = self.levels.last().map(|level| Arc::clone(&level.schema));
        let schema = schema.ok_or_else(|| refuse::not_supported("a row outside of a query"))?;
        expr.get_type(&schema).map_err(errors::translate)
    }

    /// `(row).field`.
    pub(super) fn field(&mut self, argument: &Expression, index: usize) -> Result<Expr> {
        let value = self.expression(argument)?;
        let fields = self.fields(&value)?;
        match fields.get(index) {
            Some(field) => Ok(record::field(value, index, Arc::clone(field))),
            None => Err(refuse::not_supported("this field of a row")),
        }
    }

    fn fields(&self, value: &Expr) -> Result<Fields> {
        match self.type_of(value)? {
            DataType::Struct(fields) => Ok(fields),
            _ => Err(refuse::not_supported("a row of this form")),
        }
    }

    /// `row IS [NOT] NULL`: are all fields NULL, or is none?
    pub(super) fn row_is_null(&mut self, argument: &Expression, negated: bool) -> Result<Expr> {
        let values = match &argument.kind {
            Kind::Row(values) => values.iter().map(|value| self.expression(value)).collect::<Result<Vec<_>>>()?,
            _ => {
                let row = self.expression(argument)?;
                let fields = self.fields(&row)?;
                let fields = fields.iter().enumerate();
                fields.map(|(index, field)| record::field(row.clone(), index, Arc::clone(field))).collect()
            }
        };
        let tests = values
            .into_iter()
            .map(|value| if negated { Expr::IsNotNull(Box::new(value)) } else { Expr::IsNull(Box::new(value)) });
        Ok(conjunction(tests.collect(), datafusion::logical_expr::Operator::And))
    }
}

/// A field of a row: with the type of a column, in the form that its values have.
fn field(name: &str, data_type: TypeRef, actual: DataType) -> Result<Field> {
    let known = pg_type(data_type)?;
    let metadata = match &known {
        PgType::Numeric(None) => PgType::Numeric(None).metadata(),
        known => known.metadata(),
    };
    let form = match &known {
        PgType::Numeric(_) | PgType::Record(_) | PgType::Array(_) => actual,
        known => known.arrow(),
    };
    Ok(Field::new(name, form, true).with_metadata(metadata))
}

/// The keys that a sort by one expression has: those of its fields for a row, in which NULL is larger than everything.
pub(super) fn sort_keys(key: Expr, data_type: &DataType, descending: bool, nulls_first: bool) -> Vec<Sort> {
    let DataType::Struct(fields) = data_type else { return vec![Sort::new(key, !descending, nulls_first)] };
    let mut keys = vec![Sort::new(Expr::IsNull(Box::new(key.clone())), !nulls_first, false)];
    for (index, field) in fields.iter().enumerate() {
        let value = record::field(key.clone(), index, Arc::clone(field));
        let value = match field.data_type() {
            DataType::Struct(_) => value,
            _ => super::keys::of(value, &PgType::of_field(field)),
        };
        keys.extend(sort_keys(value, field.data_type(), descending, descending));
    }
    keys
}
