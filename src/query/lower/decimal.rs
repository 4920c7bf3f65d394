//! Numerics without a modifier: Arrow gives every one of them a scale, and values that end up in one column need the
//! same one.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast};

use super::{Lowering, build, column};
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::bind::tree::TypeRef;

const NUMERIC: crate::base::ids::Oid = 1700;
/// Most digits of the two decimals of Arrow.
const NARROW: u8 = 38;
const WIDE: u8 = 76;

/// Is it a numeric whose digits only its value tells?
pub(super) fn is_free(data_type: TypeRef) -> bool {
    data_type.oid == NUMERIC && data_type.typmod == -1
}

impl Lowering<'_> {
    /// The same values as decimals of one precision and scale.
    pub(super) fn same_decimals(&mut self, expressions: Vec<Expr>) -> Result<Vec<Expr>> {
        let schema = &self.level().schema;
        let types: Vec<Option<DataType>> =
            expressions.iter().map(|expression| expression.get_type(schema.as_ref()).ok()).collect();
        let known = types.iter().map(Option::as_ref).collect::<Option<Vec<_>>>();
        let Some(known) = known else { return Err(refuse::not_supported("numerics of unknown scale")) };
        let Some(wanted) = common(&known)? else { return Ok(expressions) };
        let same = |(expression, own): (Expr, &DataType)| {
            if *own == wanted { expression } else { cast(expression, wanted.clone()) }
        };
        Ok(expressions.into_iter().zip(known).map(same).collect())
    }
}

/// Two plans whose decimal columns have the same precision and scale.
pub(super) fn same_columns(left: LogicalPlan, right: LogicalPlan) -> Result<(LogicalPlan, LogicalPlan)> {
    let pairs = left.schema().fields().iter().zip(right.schema().fields());
    let wanted =
        pairs.map(|(left, right)| common(&[left.data_type(), right.data_type()])).collect::<Result<Vec<_>>>()?;
    Ok((as_decimals(left, &wanted)?, as_decimals(right, &wanted)?))
}

fn as_decimals(plan: LogicalPlan, wanted: &[Option<DataType>]) -> Result<LogicalPlan> {
    let fields = plan.schema().fields();
    let differs = |(field, wanted): (&arrow::datatypes::FieldRef, &Option<DataType>)| {
        wanted.as_ref().is_some_and(|wanted| wanted != field.data_type())
    };
    if !fields.iter().zip(wanted).any(differs) {
        return Ok(plan);
    }
    let columns = fields.iter().zip(wanted).enumerate().map(|(index, (field, wanted))| match wanted {
        Some(wanted) if wanted != field.data_type() => cast(column(&plan, index), wanted.clone()).alias(field.name()),
        _ => column(&plan, index),
    });
    let columns: Vec<Expr> = columns.collect();
    build(LogicalPlanBuilder::from(plan).project(columns))
}

/// The decimal that holds the values of all these, if they are decimals.
fn common(types: &[&DataType]) -> Result<Option<DataType>> {
    let mut found: Option<(u8, i8)> = None;
    for data_type in types {
        let (precision, scale) = match data_type {
            DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => (*precision, *scale),
            DataType::Null => continue,
            _ => return Ok(None),
        };
        let Some((digits, most)) = found else {
            found = Some((precision.saturating_sub(scale.unsigned_abs()), scale));
            continue;
        };
        found = Some((digits.max(precision.saturating_sub(scale.unsigned_abs())), most.max(scale)));
    }
    let Some((digits, scale)) = found else { return Ok(None) };
    let precision = digits.saturating_add(scale.unsigned_abs());
    match precision {
        ..=NARROW => Ok(Some(DataType::Decimal128(precision.max(1), scale))),
        ..=WIDE => Ok(Some(DataType::Decimal256(precision, scale))),
        _ => Err(refuse::not_supported("numerics of that many digits")),
    }
}
