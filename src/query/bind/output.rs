//! PostgreSQL's types of DataFusion's expressions.

use arrow::datatypes::{DataType, Field};
use datafusion::common::{ExprSchema, ScalarValue};
use datafusion::logical_expr::expr::{Alias, ScalarFunction};
use datafusion::logical_expr::{Expr, ExprSchemable};

use crate::catalog::types::PgType;
use crate::query::functions::arithmetic;

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

/// The type of several expressions, which have the same one as far as they have one.
fn common_type<'a>(expressions: impl IntoIterator<Item = &'a Expr>, schema: &dyn ExprSchema) -> PgType {
    let mut types = expressions.into_iter().map(|expr| type_of(expr, schema));
    types.find(|data_type| *data_type != PgType::Unknown).unwrap_or(PgType::Unknown)
}
