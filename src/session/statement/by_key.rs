//! UPDATE and DELETE of one row by its whole primary key, without a plan.
//!
//! ```text
//! UPDATE t SET column = constant, … WHERE <every key column> = constant
//! DELETE FROM t                     WHERE <every key column> = constant
//! ```
//!
//! A constant is a literal or a parameter of exactly the column's type. Such a statement is one `get` and
//! one write. It was bound by `query` like any other, which found its errors and its parameters' types;
//! here its shape is recognised in the syntax tree. What is not exactly of this shape runs as planned, and
//! `SET kalam.direct_path = off` makes all of them run so: both give the same answers.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, RecordBatch, UInt64Array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;

use super::Running;
use super::names::ident;
use crate::Result;
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::error::StorageError;
use crate::query::ast::{
    Assignment, AssignmentTarget, BinaryOperator, Expr, FromTable, Statement, TableFactor, TableWithJoins, Value,
};
use crate::query::{Environment, Planner};
use crate::storage::keys;

/// A statement about one key.
#[derive(Clone, Debug)]
pub(crate) struct ByKey {
    /// One for each key column, in key order.
    key: Vec<Operand>,
    /// The columns that get a new value.
    pub(super) values: Vec<(usize, Operand)>,
}

/// A constant, known now or when the statement runs.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(ScalarValue),
    /// The index of a parameter, from 0.
    Parameter(usize),
}

impl Operand {
    fn value<'a>(&'a self, parameters: &'a [ScalarValue]) -> Option<&'a ScalarValue> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Parameter(index) => parameters.get(*index),
        }
    }
}

/// What recognition looks at.
struct Scope<'a> {
    planner: &'a Planner,
    environment: &'a Arc<Environment>,
    table: &'a Table,
    /// The name that the table has in the statement.
    alias: String,
    parameters: &'a [PgType],
}

/// Recognises an UPDATE by key.
pub(crate) fn of_update(
    planner: &Planner,
    environment: &Arc<Environment>,
    statement: &Statement,
    table: &Table,
    parameters: &[PgType],
) -> Option<ByKey> {
    let Statement::Update(update) = statement else { return None };
    if !environment.direct_path || update.from.is_some() {
        return None;
    }
    let scope = Scope { planner, environment, table, alias: alias(&update.table, table)?, parameters };
    let key = scope.key(update.selection.as_ref()?)?;
    let mut values: Vec<(usize, Operand)> = Vec::with_capacity(update.assignments.len());
    for Assignment { target, value } in &update.assignments {
        let AssignmentTarget::ColumnName(name) = target else { return None };
        let [part] = name.0.as_slice() else { return None };
        let column = table.column(&ident(part.as_ident()?))?;
        // A key that changes is another row: the planned path knows how.
        if table.shape.key.contains(&column) || values.iter().any(|(given, _)| *given == column) {
            return None;
        }
        values.push((column, scope.operand(value, column)?));
    }
    Some(ByKey { key, values })
}

/// Recognises a DELETE by key.
pub(crate) fn of_delete(
    planner: &Planner,
    environment: &Arc<Environment>,
    statement: &Statement,
    table: &Table,
    parameters: &[PgType],
) -> Option<ByKey> {
    let Statement::Delete(delete) = statement else { return None };
    if !environment.direct_path || delete.using.is_some() {
        return None;
    }
    let FromTable::WithFromKeyword(from) = &delete.from else { return None };
    let [from] = from.as_slice() else { return None };
    let scope = Scope { planner, environment, table, alias: alias(from, table)?, parameters };
    Some(ByKey { key: scope.key(delete.selection.as_ref()?)?, values: Vec::new() })
}

fn alias(from: &TableWithJoins, table: &Table) -> Option<String> {
    match &from.relation {
        TableFactor::Table { alias: None, args: None, .. } if from.joins.is_empty() => Some(table.name.clone()),
        TableFactor::Table { alias: Some(alias), args: None, .. } if from.joins.is_empty() => Some(ident(&alias.name)),
        _ => None,
    }
}

impl Scope<'_> {
    /// The operands of a condition that is `=` for each key column, once.
    fn key(&self, condition: &Expr) -> Option<Vec<Operand>> {
        let wanted = &self.table.shape.key;
        if self.table.has_rowid() {
            return None;
        }
        let mut found: Vec<Option<Operand>> = vec![None; wanted.len()];
        let mut rest = vec![condition];
        while let Some(expression) = rest.pop() {
            match expression {
                Expr::Nested(inner) => rest.push(inner),
                Expr::BinaryOp { left, op: BinaryOperator::And, right } => rest.extend([&**left, &**right]),
                Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                    let (column, other) = match (self.column(left), self.column(right)) {
                        (Some(column), None) => (column, right),
                        (None, Some(column)) => (column, left),
                        _ => return None,
                    };
                    let place = wanted.iter().position(|key| *key == column)?;
                    if found[place].is_some() {
                        return None;
                    }
                    found[place] = Some(self.operand(other, column)?);
                }
                _ => return None,
            }
        }
        found.into_iter().collect()
    }

    fn column(&self, expression: &Expr) -> Option<usize> {
        match expression {
            Expr::Identifier(name) => self.table.column(&ident(name)),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [qualifier, name] if ident(qualifier) == self.alias => self.table.column(&ident(name)),
                _ => None,
            },
            _ => None,
        }
    }

    /// A constant of exactly the column's type.
    fn operand(&self, expression: &Expr, column: usize) -> Option<Operand> {
        let target = &self.table.columns[column].data_type;
        let Expr::Value(value) = expression else { return None };
        let is_literal = match &value.value {
            Value::Placeholder(name) => {
                let index = name.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1)?;
                let same = self.parameters.get(index).is_some_and(|given| given == target);
                // A text is a text, but a length has to be checked.
                let text =
                    matches!(target, PgType::Text) && matches!(self.parameters.get(index), Some(PgType::Varchar(_)));
                return ((same && !has_modifier(target)) || text).then_some(Operand::Parameter(index));
            }
            // An untyped literal is read by the input function of the column's type.
            Value::SingleQuotedString(_) => true,
            // In a condition `1.5` is not converted to the column's type: only whole numbers are the same.
            Value::Number(digits, _) => {
                digits.bytes().all(|byte| byte.is_ascii_digit())
                    && matches!(target, PgType::Int2 | PgType::Int4 | PgType::Int8)
            }
            Value::Boolean(_) => *target == PgType::Bool,
            _ => false,
        };
        if !is_literal {
            return None;
        }
        // A literal that the type refuses is left to the planned path, which places the error.
        let constant = self.planner.evaluate_constant(self.environment, expression, target, None).ok()?;
        Some(Operand::Literal(constant))
    }
}

fn has_modifier(target: &PgType) -> bool {
    matches!(target, PgType::Varchar(Some(_)) | PgType::Numeric(Some(_)))
}

/// What the statement reads: the identity of its row and the row, each of one row or of none.
pub(super) struct Found {
    pub identity: RecordBatch,
    pub rows: RecordBatch,
}

/// Reads the row.
pub(super) async fn find(running: &mut Running<'_>, table: &Table, by_key: &ByKey) -> Result<Found> {
    let parameters = running.parameters;
    let columns: Vec<usize> = (0..table.columns.len()).collect();
    let transaction = running.transaction();
    let mut found = None;
    if let Some(values) = key_values(by_key, parameters)? {
        let mut key = Vec::new();
        match keys::encode_key_prefix(&table.shape, &values, &mut key) {
            Ok(()) => {
                let view = transaction.view();
                let store = transaction.store();
                let rows = store.get(&view, &table.shape, std::slice::from_ref(&key), &columns).await?;
                found = rows.into_iter().next().flatten().map(|row| (key, row));
            }
            // No row has a key that is too long to be stored.
            Err(error) if error.sqlstate().0 == "54000" => {}
            Err(error) => return Err(error),
        }
    }
    let (keys, seqs, batches): (Vec<Vec<u8>>, Vec<u64>, Vec<RecordBatch>) = match found {
        Some((key, row)) => (vec![key], vec![row.seq.0], vec![row.batch]),
        None => (Vec::new(), Vec::new(), Vec::new()),
    };
    let identity = RecordBatch::try_new(
        Arc::new(Schema::new(vec![
            Field::new("_key", DataType::Binary, false),
            Field::new("_seq", DataType::UInt64, false),
        ])),
        vec![Arc::new(BinaryArray::from_iter_values(keys)) as ArrayRef, Arc::new(UInt64Array::from(seqs)) as ArrayRef],
    );
    let schema = Arc::new(table.shape.schema.project(&columns).map_err(|source| StorageError::Arrow { source })?);
    let rows = concat_batches(&schema, &batches);
    Ok(Found {
        identity: identity.map_err(|source| StorageError::Arrow { source })?,
        rows: rows.map_err(|source| StorageError::Arrow { source })?,
    })
}

/// The values of the key; `None` if one of them is NULL, which equals nothing.
fn key_values(by_key: &ByKey, parameters: &[ScalarValue]) -> Result<Option<Vec<ArrayRef>>> {
    let mut values = Vec::with_capacity(by_key.key.len());
    for operand in &by_key.key {
        match operand.value(parameters) {
            Some(value) if !value.is_null() => values.push(array(value)?),
            _ => return Ok(None),
        }
    }
    Ok(Some(values))
}

/// The row with its new values.
pub(super) fn changed(
    table: &Table,
    by_key: &ByKey,
    rows: &RecordBatch,
    parameters: &[ScalarValue],
) -> Result<RecordBatch> {
    if rows.num_rows() == 0 {
        return Ok(rows.clone());
    }
    let mut columns = rows.columns().to_vec();
    let mut fields: Vec<Field> = rows.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    for (column, operand) in &by_key.values {
        columns[*column] = match operand.value(parameters) {
            Some(value) if !value.is_null() => array(value)?,
            _ => arrow::array::new_null_array(&table.columns[*column].data_type.arrow(), 1),
        };
        // NOT NULL is the transaction's to check, with its own words.
        fields[*column] = fields[*column].clone().with_nullable(true);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|source| StorageError::Arrow { source })?)
}

fn array(value: &ScalarValue) -> Result<ArrayRef> {
    value.to_array().map_err(crate::query::bind::errors::translate)
}
