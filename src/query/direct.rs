//! Direct paths: queries that walk a primary key, run on the store itself.
//!
//! ```text
//! SELECT columns FROM t WHERE <first key columns> = constants [ORDER BY <the other key columns>] [LIMIT n]
//! ```
//!
//! This is how a chat reads: one row by its key, the latest 50 of a conversation. Such a query needs no
//! optimiser: it is recognised in the syntax tree, bound in a few microseconds and executed as one `get`
//! or one scan in key order. Everything about it that is not exactly this shape, an unknown column
//! included, is left to the planned path, which gives the same answers and the errors. `SET
//! kalam.direct_path = off` turns recognition off, so that tests can compare both.

use std::cell::RefCell;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, Expr, LimitClause, ObjectName, OrderByKind, Query, Select, SelectItem, SetExpr,
    TableAlias, TableFactor, Value, ValueWithSpan,
};
use futures::StreamExt;

use super::bind::bound::Plan;
use super::bind::names::folded;
use super::bind::{Bound, OutputColumn, errors, names, refuse, relations, types};
use super::environment::Environment;
use super::{parse, values};
use crate::base::shutdown::CancellationToken;
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::storage::{KeyRange, ScanOrder, ScanRequest, TenantStore, View, keys};

/// Most parameters of one statement: the protocol counts them in 16 bits.
const MAXIMUM_PARAMETERS: usize = 65_535;

/// A query that walks a primary key.
#[derive(Clone, Debug)]
pub struct Direct {
    table: Arc<Table>,
    /// The output's columns as indexes into the table's columns.
    output: Vec<usize>,
    schema: SchemaRef,
    /// The values of the first key columns.
    key: Vec<Operand>,
    order: ScanOrder,
    limit: Option<Operand>,
}

/// A constant, known now or when the query runs.
#[derive(Clone, Debug)]
enum Operand {
    Literal(ScalarValue),
    /// The index of a parameter, from 0.
    Parameter(usize),
}

impl Operand {
    fn value<'a>(&'a self, parameters: &'a [ScalarValue]) -> Result<&'a ScalarValue> {
        match self {
            Self::Literal(value) => Ok(value),
            Self::Parameter(index) => {
                parameters.get(*index).ok_or_else(|| QueryError::UndefinedParameter(*index + 1).into())
            }
        }
    }
}

/// Binds a query as a direct path, if it is one.
///
/// # Errors
/// A literal that its column's type refuses (22P02 and the like), with its position.
pub fn recognise(environment: &Environment, query: &Query, declared: &[Option<PgType>]) -> Result<Option<Bound>> {
    let Some(select) = refuse::plain_select(query) else { return Ok(None) };
    let Some((table, qualifier)) = only_table(environment, select) else { return Ok(None) };
    let parameters = RefCell::new(declared.to_vec());
    let scope = Scope { environment, table: &table, qualifier: &qualifier, parameters: &parameters };
    let Some(columns) = scope.projection(&select.projection) else { return Ok(None) };
    let Some(key) = scope.key(select.selection.as_ref())? else { return Ok(None) };
    let whole = key.len() == table.shape.key.len();
    let Some(order) = scope.order(query, key.len()) else { return Ok(None) };
    let Some(limit) = scope.limit(query) else { return Ok(None) };
    if key.is_empty() && (order == ScanOrder::Unordered || limit.is_none()) {
        return Ok(None);
    }
    let Some(parameters) = parameters.into_inner().into_iter().collect() else { return Ok(None) };
    let output: Vec<usize> = columns.iter().map(|(index, _)| *index).collect();
    let described: Vec<OutputColumn> = columns
        .into_iter()
        .map(|(index, name)| {
            let column = &table.columns[index];
            OutputColumn { name, data_type: column.data_type.clone(), table: table.id.0, attnum: column.attnum }
        })
        .collect();
    let fields: Vec<_> = described.iter().map(|column| column.data_type.field(&column.name, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let order = if whole { ScanOrder::Unordered } else { order };
    let direct = Direct { table, output, schema, key, order, limit };
    Ok(Some(Bound {
        columns: described.into(),
        parameters,
        catalog_version: environment.catalog.version,
        identified: false,
        plan: Plan::Direct(Arc::new(direct)),
    }))
}

/// The only table of FROM and the name that qualifies its columns.
fn only_table(environment: &Environment, select: &Select) -> Option<(Arc<Table>, String)> {
    let [from] = select.from.as_slice() else { return None };
    if !from.joins.is_empty() || !refuse::is_plain_table(&from.relation) {
        return None;
    }
    let TableFactor::Table { name, alias, args: None, .. } = &from.relation else { return None };
    let table = lookup(environment, name)?;
    let qualifier = match alias {
        Some(TableAlias { name, columns, .. }) if columns.is_empty() => folded(name),
        Some(_) => return None,
        None => table.name.clone(),
    };
    Some((table, qualifier))
}

fn lookup(environment: &Environment, name: &ObjectName) -> Option<Arc<Table>> {
    let parts: Vec<String> = name.0.iter().map(|part| part.as_ident().map(folded)).collect::<Option<_>>()?;
    let (schema, name) = match parts.as_slice() {
        [name] => (None, name),
        [schema, name] => (Some(schema.as_str()), name),
        _ => return None,
    };
    // A relation of pg_catalog comes before one of the same name on the path.
    if schema.is_none() && relations::is_system("pg_catalog", name) {
        return None;
    }
    environment.catalog.resolve_table(&environment.search_path, schema, name).cloned()
}

struct Scope<'a> {
    environment: &'a Environment,
    table: &'a Table,
    qualifier: &'a str,
    /// The types of the parameters, as far as the client or a use has told them.
    parameters: &'a RefCell<Vec<Option<PgType>>>,
}

impl Scope<'_> {
    fn column(&self, expr: &Expr) -> Option<usize> {
        match expr {
            Expr::Identifier(ident) => self.table.column(&folded(ident)),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [qualifier, column] if folded(qualifier) == self.qualifier => self.table.column(&folded(column)),
                _ => None,
            },
            Expr::Nested(inner) => self.column(inner),
            _ => None,
        }
    }

    /// The output's columns with their names.
    fn projection(&self, items: &[SelectItem]) -> Option<Vec<(usize, String)>> {
        let mut columns = Vec::new();
        for item in items {
            match item {
                SelectItem::Wildcard(_) => {
                    let all = self.table.columns.iter().enumerate();
                    columns.extend(all.map(|(index, column)| (index, column.name.clone())));
                }
                SelectItem::UnnamedExpr(expr) => {
                    let index = self.column(expr)?;
                    columns.push((index, names::of_expression(expr)));
                }
                SelectItem::ExprWithAlias { expr, alias } => columns.push((self.column(expr)?, folded(alias))),
                _ => return None,
            }
        }
        (!columns.is_empty()).then_some(columns)
    }

    /// The values of the first key columns, if WHERE is exactly equalities on them.
    fn key(&self, selection: Option<&Expr>) -> Result<Option<Vec<Operand>>> {
        let mut equalities = Vec::new();
        if let Some(selection) = selection {
            if !conjunction(selection, &mut equalities) {
                return Ok(None);
            }
        }
        let mut key: Vec<Option<Operand>> = vec![None; equalities.len()];
        for (left, right) in equalities {
            let (column, constant) = match (self.column(left), self.column(right)) {
                (Some(column), None) => (column, right),
                (None, Some(column)) => (column, left),
                _ => return Ok(None),
            };
            let Some(position) = self.table.shape.key.iter().position(|&own| own == column) else { return Ok(None) };
            let Some(slot @ None) = key.get_mut(position) else { return Ok(None) };
            let Some(operand) = self.operand(constant, &self.table.columns[column].data_type)? else {
                return Ok(None);
            };
            *slot = Some(operand);
        }
        Ok(key.into_iter().collect())
    }

    /// A constant of a column's type.
    fn operand(&self, expr: &Expr, data_type: &PgType) -> Result<Option<Operand>> {
        // Text in a query is not held to the length of the column it is compared with.
        let data_type = match data_type {
            PgType::Varchar(_) => PgType::Text,
            other => other.clone(),
        };
        if !is_walkable(&data_type) {
            return Ok(None);
        }
        match expr {
            Expr::Nested(inner) => self.operand(inner, &data_type),
            Expr::Cast {
                kind: CastKind::DoubleColon | CastKind::Cast, expr, data_type: target, format: None, ..
            } => match types::pg_type(target) {
                Ok(target) if target == data_type => self.operand(expr, &data_type),
                _ => Ok(None),
            },
            Expr::Value(ValueWithSpan { value, span }) => match value {
                Value::SingleQuotedString(text) if !text.contains('\0') => {
                    match values::parse(text, &data_type, &self.environment.style) {
                        Ok(value) => Ok(Some(Operand::Literal(value))),
                        Err(error) => {
                            let source = self.environment.source.as_deref();
                            let place = source.and_then(|source| parse::position(source, span.start));
                            Err(match place {
                                Some(position) => error.at(position),
                                None => error,
                            })
                        }
                    }
                }
                Value::Number(digits, _) => Ok(integer(digits, &data_type).map(Operand::Literal)),
                Value::Placeholder(name) => Ok(self.parameter(name, &data_type)),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn parameter(&self, name: &str, data_type: &PgType) -> Option<Operand> {
        let index = name.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1)?;
        if index >= MAXIMUM_PARAMETERS {
            return None;
        }
        let mut known = self.parameters.borrow_mut();
        if known.len() <= index {
            known.resize(index + 1, None);
        }
        let own = known[index].get_or_insert_with(|| data_type.without_typmod());
        // A client that declared another type gets the conversions of the planned path.
        (own.arrow() == data_type.arrow()).then_some(Operand::Parameter(index))
    }

    /// The order of the scan, if ORDER BY is the key behind its first `fixed` columns.
    fn order(&self, query: &Query, fixed: usize) -> Option<ScanOrder> {
        let Some(order_by) = &query.order_by else { return Some(ScanOrder::Unordered) };
        let OrderByKind::Expressions(items) = &order_by.kind else { return None };
        let mut next = 0;
        let mut descending = None;
        for item in items {
            if item.options.nulls_first.is_some() {
                return None;
            }
            // An output name or position could mean something else than the column: only columns that the
            // list does not rename are taken.
            let column = self.column(&item.expr)?;
            if self.renamed(query, &item.expr) {
                return None;
            }
            let direction = item.options.asc == Some(false);
            if *descending.get_or_insert(direction) != direction {
                return None;
            }
            let key = &self.table.shape.key;
            while next < fixed && key[next] != column {
                next += 1;
            }
            if key.get(next) != Some(&column) {
                return None;
            }
            next += 1;
        }
        Some(if descending == Some(true) { ScanOrder::Reverse } else { ScanOrder::Forward })
    }

    /// Does the select list give this name to another column?
    fn renamed(&self, query: &Query, expr: &Expr) -> bool {
        let Expr::Identifier(ident) = expr else { return false };
        let SetExpr::Select(select) = query.body.as_ref() else { return true };
        let name = folded(ident);
        select.projection.iter().any(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } => {
                folded(alias) == name && self.column(expr) != self.table.column(&name)
            }
            _ => false,
        })
    }

    /// `Some(None)` without LIMIT; `None` for a LIMIT that is not a plain number, or with OFFSET.
    #[expect(clippy::option_option, reason = "no limit and no direct path are different answers")]
    fn limit(&self, query: &Query) -> Option<Option<Operand>> {
        match &query.limit_clause {
            None => Some(None),
            Some(LimitClause::LimitOffset { limit: Some(limit), offset: None, limit_by }) if limit_by.is_empty() => {
                match limit {
                    Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) => {
                        let limit = integer(digits, &PgType::Int8)?;
                        Some(Some(Operand::Literal(limit)))
                    }
                    Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. }) => {
                        Some(Some(self.parameter(name, &PgType::Int8)?))
                    }
                    _ => None,
                }
            }
            Some(_) => None,
        }
    }
}

/// Types whose equality is that of their encoded keys.
fn is_walkable(data_type: &PgType) -> bool {
    use PgType::{Bytea, Date, Int2, Int4, Int8, Text, Timestamp, Timestamptz, Uuid};
    matches!(data_type, Int2 | Int4 | Int8 | Text | Uuid | Bytea | Date | Timestamp | Timestamptz)
}

fn integer(digits: &str, data_type: &PgType) -> Option<ScalarValue> {
    Some(match data_type {
        PgType::Int2 => ScalarValue::Int16(Some(digits.parse().ok()?)),
        PgType::Int4 => ScalarValue::Int32(Some(digits.parse().ok()?)),
        PgType::Int8 => ScalarValue::Int64(Some(digits.parse().ok()?)),
        _ => return None,
    })
}

/// Collects `a = b AND c = d AND …`; false when it is anything else.
fn conjunction<'a>(expr: &'a Expr, equalities: &mut Vec<(&'a Expr, &'a Expr)>) -> bool {
    match expr {
        Expr::Nested(inner) => conjunction(inner, equalities),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjunction(left, equalities) && conjunction(right, equalities)
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            equalities.push((left, right));
            true
        }
        _ => false,
    }
}

impl Direct {
    /// Runs it.
    ///
    /// # Errors
    /// 2201W for a negative LIMIT; errors of the store come in the stream.
    pub fn execute(
        &self,
        parameters: &[ScalarValue],
        view: View,
        store: &TenantStore,
        cancel: CancellationToken,
    ) -> Result<SendableRecordBatchStream> {
        let Some(key) = self.encoded_key(parameters)? else { return Ok(self.empty()) };
        let limit = match &self.limit {
            None => None,
            Some(limit) => match limit.value(parameters)? {
                ScalarValue::Int64(Some(limit)) => match usize::try_from(*limit) {
                    Ok(limit) => Some(limit),
                    Err(_) => return Err(QueryError::InvalidLimit("LIMIT must not be negative".into()).into()),
                },
                _ => None,
            },
        };
        if limit == Some(0) {
            return Ok(self.empty());
        }
        let (stored, output) = self.columns();
        let schema = Arc::clone(&self.schema);
        let shape = Arc::clone(&self.table.shape);
        if self.key.len() == shape.key.len() {
            let store = store.clone();
            let found = async move {
                let rows = store.get(&view, &shape, std::slice::from_ref(&key), &stored).await;
                let row = rows.map_err(errors::external)?.into_iter().next().flatten();
                match row {
                    Some(row) => arrange(&row.batch, &output, &schema),
                    None => Ok(RecordBatch::new_empty(schema)),
                }
            };
            let stream = futures::stream::once(found);
            return Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream)));
        }
        let mut request = ScanRequest::all(stored);
        request.range = if self.key.is_empty() { KeyRange::all() } else { KeyRange::prefix(key) };
        request.order = self.order;
        request.limit = limit;
        request.cancel = cancel;
        let rows = store.scan(view, shape, request).map(move |batch| match batch {
            Ok(batch) => arrange(&batch, &output, &schema),
            Err(error) => Err(errors::external(error)),
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows)))
    }

    /// The encoded key or its beginning; `None` when a value is NULL, which equals nothing.
    fn encoded_key(&self, parameters: &[ScalarValue]) -> Result<Option<Vec<u8>>> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.key.len());
        for (operand, &column) in self.key.iter().zip(&self.table.shape.key) {
            let value = operand.value(parameters)?;
            if value.is_null() {
                return Ok(None);
            }
            let wanted = self.table.shape.schema.field(column).data_type();
            let value = if value.data_type() == *wanted {
                value.clone()
            } else {
                value.cast_to(wanted).map_err(errors::translate)?
            };
            arrays.push(value.to_array_of_size(1).map_err(errors::translate)?);
        }
        let mut key = Vec::new();
        match keys::encode_key_prefix(&self.table.shape, &arrays, &mut key) {
            Ok(()) => Ok(Some(key)),
            // No row has a key that is too long to be stored.
            Err(_) => Ok(None),
        }
    }

    /// Each stored column once, and where the output finds it.
    fn columns(&self) -> (Vec<usize>, Vec<usize>) {
        let mut stored = Vec::with_capacity(self.output.len());
        let output = self
            .output
            .iter()
            .map(|&column| {
                stored.iter().position(|&own| own == column).unwrap_or_else(|| {
                    stored.push(column);
                    stored.len() - 1
                })
            })
            .collect();
        (stored, output)
    }

    fn empty(&self) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.schema);
        Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::empty()))
    }

    /// One line for EXPLAIN.
    pub fn describe(&self) -> String {
        let name = format!("{}.{}", self.table.schema, self.table.name);
        if self.key.len() == self.table.shape.key.len() {
            return format!("Direct Get on {name}");
        }
        let order = match self.order {
            ScanOrder::Reverse => " Backward",
            _ => "",
        };
        format!("Direct Key Scan{order} on {name} ({} of {} key columns)", self.key.len(), self.table.shape.key.len())
    }
}

fn arrange(batch: &RecordBatch, output: &[usize], schema: &SchemaRef) -> datafusion::common::Result<RecordBatch> {
    let columns = output.iter().map(|&column| Arc::clone(batch.column(column))).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}
