//! From conditions to the part of a table that can match them.
//!
//! A conjunction of comparisons between columns and constants gives a range of keys (equalities on the
//! first key columns, then one range) and, for every column, bounds that let history files and their pages
//! be skipped. Both are only ever wider than the conditions: the conditions themselves are evaluated above
//! the scan.

use std::ops::Bound;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Between, BinaryExpr, InList};
use datafusion::logical_expr::{Expr, Operator};

use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::query::functions::numbers;
use crate::storage::{ColumnRange, KeyRange, Shape, keys};

/// The part of a table that can match.
#[derive(Clone, Debug)]
pub struct Pruning {
    pub range: KeyRange,
    /// How many of the first key columns the range fixes to one value each.
    pub fixed: usize,
    pub columns: Vec<ColumnRange>,
}

/// The values that one column may have, as far as known.
#[derive(Clone, Debug, Default)]
struct Limits {
    lower: Option<(ScalarValue, bool)>,
    upper: Option<(ScalarValue, bool)>,
}

impl Limits {
    /// The only value possible, if there is one.
    fn only(&self) -> Option<&ScalarValue> {
        match (&self.lower, &self.upper) {
            (Some((lower, true)), Some((upper, true))) if lower == upper => Some(lower),
            _ => None,
        }
    }

    fn at_least(&mut self, value: ScalarValue, inclusive: bool) {
        let replace = match &self.lower {
            None => true,
            Some((current, current_inclusive)) => match value.partial_cmp(current) {
                Some(std::cmp::Ordering::Greater) => true,
                Some(std::cmp::Ordering::Equal) => *current_inclusive && !inclusive,
                _ => false,
            },
        };
        if replace {
            self.lower = Some((value, inclusive));
        }
    }

    fn at_most(&mut self, value: ScalarValue, inclusive: bool) {
        let replace = match &self.upper {
            None => true,
            Some((current, current_inclusive)) => match value.partial_cmp(current) {
                Some(std::cmp::Ordering::Less) => true,
                Some(std::cmp::Ordering::Equal) => *current_inclusive && !inclusive,
                _ => false,
            },
        };
        if replace {
            self.upper = Some((value, inclusive));
        }
    }
}

/// Reads a conjunction of conditions. What it does not understand it leaves out.
pub fn prune(table: &Table, conditions: &[Expr]) -> Pruning {
    let mut limits: Vec<Limits> = vec![Limits::default(); table.columns.len()];
    for condition in conditions {
        read(table, condition, &mut limits);
    }
    let columns = limits
        .iter()
        .enumerate()
        .filter(|(_, limits)| limits.lower.is_some() || limits.upper.is_some())
        .filter_map(|(column, limits)| {
            Some(ColumnRange { column, lower: bound(limits.lower.as_ref())?, upper: bound(limits.upper.as_ref())? })
        })
        .collect();
    let (range, fixed) = key_range(&table.shape, &limits).unwrap_or_else(|| (KeyRange::all(), 0));
    Pruning { range, fixed, columns }
}

/// `Some(None)` when there is no bound, `None` when it cannot be an array.
#[expect(clippy::option_option, reason = "no bound and no array are different answers")]
fn bound(limit: Option<&(ScalarValue, bool)>) -> Option<Option<(ArrayRef, bool)>> {
    match limit {
        None => Some(None),
        Some((value, inclusive)) => Some(Some((value.to_array_of_size(1).ok()?, *inclusive))),
    }
}

fn read(table: &Table, condition: &Expr, limits: &mut [Limits]) {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            read(table, left, limits);
            read(table, right, limits);
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            if let (Some(column), Some(value)) = (column(table, left), constant(right)) {
                note(table, column, *op, value, limits);
            } else if let (Some(value), Some(column)) = (constant(left), column(table, right)) {
                if let Some(op) = op.swap() {
                    note(table, column, op, value, limits);
                }
            }
        }
        Expr::Between(Between { expr, negated: false, low, high }) => {
            if let (Some(column), Some(low), Some(high)) = (column(table, expr), constant(low), constant(high)) {
                note(table, column, Operator::GtEq, low, limits);
                note(table, column, Operator::LtEq, high, limits);
            }
        }
        Expr::InList(InList { expr, list, negated: false }) => {
            let Some(column) = column(table, expr) else { return };
            let values: Option<Vec<&ScalarValue>> = list.iter().map(constant).collect();
            let Some(values) = values else { return };
            let values: Vec<&ScalarValue> = values.into_iter().filter(|value| !value.is_null()).collect();
            let least = values
                .iter()
                .copied()
                .reduce(|a, b| if b.partial_cmp(a).is_some_and(std::cmp::Ordering::is_lt) { b } else { a });
            let most = values
                .iter()
                .copied()
                .reduce(|a, b| if b.partial_cmp(a).is_some_and(std::cmp::Ordering::is_gt) { b } else { a });
            if let (Some(least), Some(most)) = (least, most) {
                note(table, column, Operator::GtEq, least, limits);
                note(table, column, Operator::LtEq, most, limits);
            }
        }
        _ => {}
    }
}

fn column(table: &Table, expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Column(column) => {
            let found = table.column(&column.name)?;
            // Numbers compare by their keys.
            (!matches!(table.columns[found].data_type, PgType::Numeric(_))).then_some(found)
        }
        Expr::ScalarFunction(call) if call.name() == numbers::KEY => match call.args.as_slice() {
            [Expr::Column(column)] => table.column(&column.name),
            _ => None,
        },
        Expr::Alias(alias) => column(table, &alias.expr),
        _ => None,
    }
}

fn constant(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value),
        Expr::Alias(alias) => constant(&alias.expr),
        _ => None,
    }
}

fn note(table: &Table, column: usize, op: Operator, value: &ScalarValue, limits: &mut [Limits]) {
    let wanted = table.shape.schema.field(column).data_type();
    // A key of a number has no scale; a number has one.
    let number = match (wanted, value) {
        (DataType::BinaryView, ScalarValue::Binary(Some(key))) => {
            Some(ScalarValue::BinaryView(Some([key.as_slice(), &[0]].concat())))
        }
        _ => None,
    };
    let value = number.as_ref().unwrap_or(value);
    if value.is_null() || value.data_type() != *wanted || !has_plain_order(wanted) {
        return;
    }
    let value = value.clone();
    match op {
        Operator::Eq => {
            limits[column].at_least(value.clone(), true);
            limits[column].at_most(value, true);
        }
        Operator::Gt => limits[column].at_least(value, false),
        Operator::GtEq => limits[column].at_least(value, true),
        Operator::Lt => limits[column].at_most(value, false),
        Operator::LtEq => limits[column].at_most(value, true),
        _ => {}
    }
}

/// Types whose values the storage orders as comparisons do. Floats have NaN and two zeros, intervals more
/// than one form of the same length.
fn has_plain_order(data_type: &arrow::datatypes::DataType) -> bool {
    use arrow::datatypes::DataType as T;
    matches!(
        data_type,
        T::Boolean
            | T::Int16
            | T::Int32
            | T::Int64
            | T::UInt32
            | T::BinaryView
            | T::Utf8
            | T::Binary
            | T::FixedSizeBinary(_)
            | T::Date32
            | T::Time64(_)
            | T::Timestamp(..)
    )
}

fn key_range(shape: &Shape, limits: &[Limits]) -> Option<(KeyRange, usize)> {
    let mut prefix: Vec<ArrayRef> = Vec::new();
    for &column in &shape.key {
        // The hidden row id has no limits.
        let Some(limits) = limits.get(column) else { break };
        if let Some(only) = limits.only() {
            prefix.push(only.to_array_of_size(1).ok()?);
            continue;
        }
        if limits.lower.is_none() && limits.upper.is_none() {
            break;
        }
        return Some((range_below(shape, &prefix, limits)?, prefix.len()));
    }
    if prefix.is_empty() { None } else { Some((KeyRange::prefix(encode(shape, &prefix)?), prefix.len())) }
}

/// The keys that start with `prefix` and whose next column lies within `limits`.
fn range_below(shape: &Shape, prefix: &[ArrayRef], limits: &Limits) -> Option<KeyRange> {
    let with = |value: &ScalarValue| {
        let mut values = prefix.to_vec();
        values.push(value.to_array_of_size(1).ok()?);
        encode(shape, &values)
    };
    let whole = if prefix.is_empty() { KeyRange::all() } else { KeyRange::prefix(encode(shape, prefix)?) };
    let lower = match &limits.lower {
        None => whole.lower,
        Some((value, true)) => Bound::Included(with(value)?),
        Some((value, false)) => Bound::Included(keys::successor(&with(value)?)?),
    };
    let upper = match &limits.upper {
        None => whole.upper,
        Some((value, true)) => keys::successor(&with(value)?).map_or(Bound::Unbounded, Bound::Excluded),
        Some((value, false)) => Bound::Excluded(with(value)?),
    };
    Some(KeyRange { lower, upper })
}

fn encode(shape: &Shape, values: &[ArrayRef]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    keys::encode_key_prefix(shape, values, &mut bytes).ok()?;
    Some(bytes)
}
