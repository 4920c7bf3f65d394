//! Numerics without a modifier: Arrow gives every one of them a scale, and values that end up in one column need the
//! same one.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast};

use super::{Lowering, build, column, metadata};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::bind::tree::TypeRef;

const NUMERIC: crate::base::ids::Oid = 1700;
/// Most digits of the narrower decimal of Arrow.
const NARROW: u8 = 38;

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
        Some(wanted) if wanted != field.data_type() => {
            let described = metadata(&PgType::of_arrow(wanted));
            cast(column(&plan, index), wanted.clone()).alias_with_metadata(field.name(), Some(described))
        }
        _ => column(&plan, index),
    });
    let columns: Vec<Expr> = columns.collect();
    build(LogicalPlanBuilder::from(plan).project(columns))
}

/// The decimal that holds the values of all these, if they are decimals and not the same one yet. Where scales differ
/// it is the form of columns without a modifier, whose zeros at the end are not shown.
fn common(types: &[&DataType]) -> Result<Option<DataType>> {
    let mut digits = 0;
    let mut scales = Vec::new();
    for data_type in types {
        match data_type {
            DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
                digits = digits.max(precision.saturating_sub(scale.unsigned_abs()));
                scales.push(*scale);
            }
            DataType::Null => {}
            _ => return Ok(None),
        }
    }
    let Some(scale) = scales.iter().copied().max() else { return Ok(None) };
    if types.iter().all(|data_type| *data_type == types[0]) {
        return Ok(None);
    }
    let precision = digits.saturating_add(scale.unsigned_abs());
    if scales.iter().all(|own| *own == scale) && precision <= NARROW {
        return Ok(Some(DataType::Decimal128(precision.max(1), scale)));
    }
    let free = PgType::Numeric(None).arrow();
    match free {
        DataType::Decimal256(most, kept) if scale <= kept && digits <= most - kept.unsigned_abs() => Ok(Some(free)),
        _ => Err(refuse::not_supported("numerics of that many digits")),
    }
}
