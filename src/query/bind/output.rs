//! PostgreSQL's types of DataFusion's expressions, and the columns of a bound plan.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::{Column, DFSchema, ExprSchema, ScalarValue};
use datafusion::logical_expr::expr::{Alias, ScalarFunction};
use datafusion::logical_expr::{Distinct, Expr, ExprSchemable, LogicalPlan};

use super::bound::OutputColumn;
use super::{names, unify};
use crate::base::ids::Oid;
use crate::catalog::types::PgType;
use crate::query::functions::arithmetic;

/// The key of the field metadata that says which table column a column is: `"<table oid>:<attnum>"`.
pub const ORIGIN_METADATA: &str = "kalam.column";

/// Functions whose type is that of their first argument with a type.
const COMMON_TYPE: [&str; 5] = ["coalesce", "nullif", "greatest", "least", "nvl"];

/// The type of a field, as far as its metadata still describes it: DataFusion carries the metadata of a
/// column along when it changes the column's Arrow type.
pub fn type_of_field(field: &Field) -> PgType {
    let stated = PgType::of_field(field);
    if same_family(&stated.arrow(), field.data_type()) { stated } else { PgType::of_arrow(field.data_type()) }
}

fn same_family(stated: &DataType, actual: &DataType) -> bool {
    let text = |data_type: &DataType| {
        matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..))
    };
    stated == actual
        || (text(stated) && text(actual))
        || matches!(
            (stated, actual),
            (DataType::Timestamp(_, None), DataType::Timestamp(_, None))
                | (DataType::Timestamp(_, Some(_)), DataType::Timestamp(_, Some(_)))
                | (DataType::List(_), DataType::List(_) | DataType::LargeList(_))
                | (DataType::Binary, DataType::LargeBinary)
                | (DataType::Time64(_), DataType::Time64(_))
        )
}

/// The PostgreSQL type of an expression; [`PgType::Unknown`] for a literal or parameter without one.
pub fn type_of(expr: &Expr, schema: &dyn ExprSchema) -> PgType {
    match expr {
        Expr::Literal(ScalarValue::Null, _) => PgType::Unknown,
        Expr::Literal(ScalarValue::Utf8(_), None) => PgType::Unknown,
        Expr::Literal(ScalarValue::Int64(Some(value)), None) if i32::try_from(*value).is_ok() => PgType::Int4,
        Expr::Placeholder(placeholder) if placeholder.field.is_none() => PgType::Unknown,
        Expr::Alias(Alias { expr, .. }) => type_of(expr, schema),
        Expr::Case(case) => {
            let results = case.when_then_expr.iter().map(|(_, then)| then.as_ref()).chain(case.else_expr.as_deref());
            common_type(results, schema)
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) if COMMON_TYPE.contains(&func.name()) => {
            common_type(args, schema)
        }
        Expr::ScalarFunction(call) if arithmetic::type_of_call(call).is_some() => {
            arithmetic::type_of_call(call).cloned().unwrap_or(PgType::Unknown)
        }
        Expr::ScalarSubquery(subquery) => {
            subquery.subquery.schema().fields().first().map_or(PgType::Unknown, |field| type_of_field(field))
        }
        other => match other.to_field(schema) {
            Ok((_, field)) if field.data_type().is_null() => PgType::Unknown,
            Ok((_, field)) => type_of_field(&field),
            Err(_) => PgType::Unknown,
        },
    }
}

/// The type that several expressions become. That two of them do not go together is said elsewhere.
fn common_type<'a>(expressions: impl IntoIterator<Item = &'a Expr>, schema: &dyn ExprSchema) -> PgType {
    let types: Vec<PgType> = expressions.into_iter().map(|expr| type_of(expr, schema)).collect();
    match unify::common(types.iter().cloned(), "CASE") {
        Ok(common) => common.unwrap_or(PgType::Unknown),
        Err(_) => types.into_iter().find(|data_type| *data_type != PgType::Unknown).unwrap_or(PgType::Unknown),
    }
}

/// The columns of a plan before it was optimised: names, types, and where they come from.
pub fn columns(plan: &LogicalPlan) -> Arc<[OutputColumn]> {
    let schema = plan.schema();
    (0..schema.fields().len())
        .map(|index| {
            let field = schema.field(index);
            let (table, attnum) = origin(plan, index).unwrap_or((0, 0));
            // A column that nothing gave a type is text.
            let data_type = match column_type(plan, index) {
                PgType::Unknown => PgType::Text,
                known => known,
            };
            OutputColumn { name: names::shown(field.name()).to_owned(), data_type, table, attnum }
        })
        .collect()
}

/// The type of column `index` of a plan: the expression that makes it knows more than its field does.
pub fn column_type(plan: &LogicalPlan, index: usize) -> PgType {
    let field = || type_of_field(plan.schema().field(index));
    match plan {
        LogicalPlan::Projection(projection) => match &projection.expr[index] {
            Expr::Column(column) => match position(projection.input.schema(), column) {
                Some(inner) => column_type(&projection.input, inner),
                None => field(),
            },
            Expr::Alias(alias) => match alias.expr.as_ref() {
                Expr::Column(column) => match position(projection.input.schema(), column) {
                    Some(inner) => column_type(&projection.input, inner),
                    None => field(),
                },
                // A literal without a type becomes text where it leaves its query.
                expr => match type_of(expr, projection.input.schema().as_ref()) {
                    PgType::Unknown | PgType::Int4 => field(),
                    known => known,
                },
            },
            expr => match type_of(expr, projection.input.schema().as_ref()) {
                PgType::Unknown | PgType::Int4 => field(),
                known => known,
            },
        },
        LogicalPlan::SubqueryAlias(alias) => column_type(&alias.input, index),
        LogicalPlan::Sort(sort) => column_type(&sort.input, index),
        LogicalPlan::Limit(limit) => column_type(&limit.input, index),
        LogicalPlan::Filter(filter) => column_type(&filter.input, index),
        LogicalPlan::Window(window) if index < window.input.schema().fields().len() => {
            column_type(&window.input, index)
        }
        _ => field(),
    }
}

/// The table column that column `index` of a plan is, unchanged.
fn origin(plan: &LogicalPlan, index: usize) -> Option<(Oid, i16)> {
    match plan {
        LogicalPlan::Projection(projection) => {
            let mut expr = &projection.expr[index];
            while let Expr::Alias(alias) = expr {
                expr = &alias.expr;
            }
            match expr {
                Expr::Column(column) => origin(&projection.input, position(projection.input.schema(), column)?),
                _ => None,
            }
        }
        LogicalPlan::SubqueryAlias(alias) => origin(&alias.input, index),
        LogicalPlan::Sort(sort) => origin(&sort.input, index),
        LogicalPlan::Limit(limit) => origin(&limit.input, index),
        LogicalPlan::Filter(filter) => origin(&filter.input, index),
        LogicalPlan::Distinct(Distinct::All(input)) => origin(input, index),
        // A window's own columns come behind those of its input.
        LogicalPlan::Window(window) if index < window.input.schema().fields().len() => origin(&window.input, index),
        // The groups come first, as they are in the input unless they are computed.
        LogicalPlan::Aggregate(aggregate) => match aggregate.group_expr.get(index)? {
            Expr::Column(column) => origin(&aggregate.input, position(aggregate.input.schema(), column)?),
            _ => None,
        },
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            if join.schema.fields().len() != left + join.right.schema().fields().len() {
                return None;
            }
            if index < left { origin(&join.left, index) } else { origin(&join.right, index - left) }
        }
        LogicalPlan::TableScan(_) => {
            let text = plan.schema().field(index).metadata().get(ORIGIN_METADATA)?;
            let (table, attnum) = text.split_once(':')?;
            Some((table.parse().ok()?, attnum.parse().ok()?))
        }
        _ => None,
    }
}

fn position(schema: &DFSchema, column: &Column) -> Option<usize> {
    schema.maybe_index_of_column(column)
}
