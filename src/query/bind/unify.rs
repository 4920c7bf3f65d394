//! One type for several expressions, as UNION, CASE and COALESCE need it.
//!
//! DataFusion takes the type of the first branch and turns what does not fit it into NULL. Here PostgreSQL's
//! rule decides, in one place, as soon as a set operation is planned: a literal without a type takes the type
//! of the others and is read by its input function, of two types of one family the wider wins, and two
//! families do not go together (42804). What is around the set operation was planned over the first
//! branch's types; where that would matter the query is refused.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ExprSchema, JoinType, Result as DataFusionResult};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Projection, RecursiveQuery, Union};

use super::output::{column_type, type_of, type_of_field};
use super::{errors, operators, refuse};
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::{QueryError, Result};
use crate::query::functions::cast::{self, Kind};

/// Types between which PostgreSQL converts without being asked, and how wide each is.
fn family(data_type: &PgType) -> Option<(char, u8)> {
    Some(match data_type {
        PgType::Int2 => ('N', 0),
        PgType::Int4 => ('N', 1),
        PgType::Int8 => ('N', 2),
        PgType::Numeric(_) => ('N', 3),
        PgType::Float4 => ('N', 4),
        PgType::Float8 => ('N', 5),
        PgType::Name => ('S', 0),
        PgType::Varchar(_) => ('S', 1),
        PgType::Text => ('S', 2),
        PgType::Date => ('D', 0),
        PgType::Timestamp => ('D', 1),
        PgType::Timestamptz => ('D', 2),
        _ => return None,
    })
}

/// The type that all of `types` become; `None` when none of them has one.
///
/// # Errors
/// 42804 when two of them do not go together; `context` says where.
pub fn common(types: impl IntoIterator<Item = PgType>, context: &str) -> Result<Option<PgType>> {
    let mut common: Option<PgType> = None;
    for next in types.into_iter().filter(|data_type| *data_type != PgType::Unknown) {
        let Some(own) = common.take() else {
            common = Some(next);
            continue;
        };
        common = Some(wider(own, next, context)?);
    }
    Ok(common)
}

fn wider(own: PgType, next: PgType, context: &str) -> Result<PgType> {
    if own == next {
        return Ok(own);
    }
    let (plain, other) = (own.without_typmod(), next.without_typmod());
    if plain == other {
        return Ok(plain);
    }
    match (family(&plain), family(&other)) {
        (Some((left, rank)), Some((right, width))) if left == right => Ok(if width > rank { other } else { plain }),
        // The types of objects are numbers to each other and to integers.
        _ if operators::are_comparable(&plain, &other) => Ok(plain),
        _ => Err(QueryError::DatatypeMismatch(format!("{context} types {plain} and {other} cannot be matched")).into()),
    }
}

/// Does DataFusion keep the values of one type when it makes the other of them?
pub fn is_same_kind(left: &PgType, right: &PgType) -> bool {
    let kind = |data_type: &PgType| match data_type {
        PgType::Int2 | PgType::Int4 | PgType::Int8 => Some('i'),
        PgType::Float4 | PgType::Float8 => Some('f'),
        other => family(other).filter(|(family, _)| *family == 'S').map(|_| 's'),
    };
    let (left, right) = (left.without_typmod(), right.without_typmod());
    left == right
        || family(&left).is_none()
        || family(&right).is_none()
        || (kind(&left).is_some() && kind(&left) == kind(&right))
}

fn is_text_pair(left: &PgType, right: &PgType) -> bool {
    operators::is_text(left) && operators::is_text(right)
}

/// An expression as a value of the common type.
///
/// # Errors
/// The input function's, for a literal.
pub fn convert(expr: Expr, from: &PgType, to: &PgType, style: &OutputStyle) -> Result<Expr> {
    if *from == PgType::Unknown {
        return operators::coerce_unknown(expr, to, style);
    }
    if from == to || is_text_pair(from, to) {
        return Ok(expr);
    }
    Ok(cast::expression(expr, to, Kind::Explicit))
}

/// As [`convert`], of an expression whose type is not known yet.
///
/// # Errors
/// As [`convert`].
pub fn convert_of(expr: Expr, schema: &dyn ExprSchema, to: &PgType, style: &OutputStyle) -> Result<Expr> {
    let from = type_of(&expr, schema);
    convert(expr, &from, to, style)
}

/// Gives the branches of all set operations of a plan one type per column.
///
/// # Errors
/// 42804, the errors of input functions, and 0A000 where the new type comes too late for what is around it.
pub fn set_operations(plan: LogicalPlan, style: &OutputStyle) -> Result<LogicalPlan> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        let is_semi = matches!(node, LogicalPlan::Join(join) if is_set_join(join.join_type));
        found |= is_semi || matches!(node, LogicalPlan::Union(_) | LogicalPlan::RecursiveQuery(_));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })
    .map_err(errors::translate)?;
    if !found {
        return Ok(plan);
    }
    walk(plan, style).map(|(plan, _)| plan).map_err(errors::translate)
}

/// From the leaves up, so that every node knows what happened below it, and only there.
fn walk(plan: LogicalPlan, style: &OutputStyle) -> DataFusionResult<(LogicalPlan, Changes)> {
    let mut changes = Changes::default();
    let mut descend = |child: LogicalPlan| {
        let (child, own) = walk(child, style)?;
        changes.resized |= own.resized;
        changes.retyped |= own.retyped;
        Ok(Transformed::yes(child))
    };
    let plan = plan.map_children(&mut descend)?.data.map_subqueries(&mut descend)?.data;
    let plan = step(plan, style, &mut changes).map_err(errors::external)?;
    Ok((plan.data, changes))
}

/// What happened further down in the plan.
#[derive(Default)]
struct Changes {
    /// A column has another width or scale: what was planned over it stays right.
    resized: bool,
    /// A column has another kind of type.
    retyped: bool,
}

fn is_set_join(kind: JoinType) -> bool {
    matches!(kind, JoinType::LeftSemi | JoinType::LeftAnti)
}

fn step(node: LogicalPlan, style: &OutputStyle, changes: &mut Changes) -> Result<Transformed<LogicalPlan>> {
    match node {
        LogicalPlan::Union(union) => unify(union, style, changes),
        LogicalPlan::Join(join) if is_set_join(join.join_type) => {
            for (left, right) in &join.on {
                let (left, right) = (type_of(left, join.left.schema()), type_of(right, join.right.schema()));
                let wide = common([left.clone(), right.clone()], "INTERSECT or EXCEPT")?;
                if wide.is_some() && left != PgType::Unknown && !(is_same_kind(&left, &right)) {
                    let (left, right) = (left.without_typmod(), right.without_typmod());
                    return Err(refuse::not_supported(format!("INTERSECT or EXCEPT of {left} and {right}")));
                }
            }
            refuse_retyped(changes.retyped)?;
            Ok(Transformed::no(LogicalPlan::Join(join)))
        }
        LogicalPlan::RecursiveQuery(query) => {
            refuse_retyped(changes.retyped)?;
            check_recursive(&query)?;
            Ok(Transformed::no(LogicalPlan::RecursiveQuery(query)))
        }
        other if !changes.retyped && !changes.resized => Ok(Transformed::no(other)),
        other if !changes.retyped => Ok(Transformed::yes(other.recompute_schema().map_err(errors::translate)?)),
        // These do nothing with the types of their columns but hand them on.
        other => {
            let hands_on = match &other {
                LogicalPlan::Sort(sort) => sort.expr.iter().all(|sort| matches!(sort.expr, Expr::Column(_))),
                LogicalPlan::Projection(projection) => {
                    projection.expr.iter().all(|expr| matches!(expr.clone().unalias(), Expr::Column(_)))
                }
                LogicalPlan::Limit(_)
                | LogicalPlan::SubqueryAlias(_)
                | LogicalPlan::Distinct(Distinct::All(_))
                | LogicalPlan::EmptyRelation(_)
                | LogicalPlan::TableScan(_) => true,
                _ => false,
            };
            refuse_retyped(!hands_on)?;
            let other = other.recompute_schema().map_err(errors::translate)?;
            Ok(Transformed::yes(other))
        }
    }
}

fn refuse_retyped(retyped: bool) -> Result<()> {
    if retyped {
        return Err(refuse::not_supported(
            "a set operation whose first branch must be cast to the wider type of the others in this place",
        ));
    }
    Ok(())
}

fn unify(union: Union, style: &OutputStyle, changes: &mut Changes) -> Result<Transformed<LogicalPlan>> {
    let width = union.schema.fields().len();
    let mut targets = Vec::with_capacity(width);
    for index in 0..width {
        let types: Vec<PgType> = union.inputs.iter().map(|input| branch_type(input, index)).collect();
        targets.push(common(types, "UNION")?.unwrap_or(PgType::Unknown));
    }
    let inputs =
        union.inputs.iter().map(|input| Ok(Arc::new(retype(input, &targets, style)?))).collect::<Result<Vec<_>>>()?;
    let unified = Union::try_new_with_loose_types(inputs).map_err(errors::translate)?;
    *changes = Changes::default();
    for (old, new) in union.schema.fields().iter().zip(unified.schema.fields()) {
        changes.resized |= old != new;
        changes.retyped |= !is_same_kind(&type_of_field(old), &type_of_field(new)) || old.data_type().is_null();
    }
    Ok(Transformed::yes(LogicalPlan::Union(unified)))
}

/// The type of a branch's column; unknown only for a literal that is written in the branch itself.
fn branch_type(plan: &LogicalPlan, index: usize) -> PgType {
    match plan {
        LogicalPlan::Projection(projection) => match projection.expr[index].clone().unalias() {
            Expr::Column(_) => column_type(plan, index),
            expr => match type_of(&expr, projection.input.schema().as_ref()) {
                PgType::Int4 => column_type(plan, index),
                known => known,
            },
        },
        LogicalPlan::Sort(sort) => branch_type(&sort.input, index),
        LogicalPlan::Limit(limit) => branch_type(&limit.input, index),
        LogicalPlan::Distinct(Distinct::All(input)) => branch_type(input, index),
        other => column_type(other, index),
    }
}

/// A branch with its columns converted.
fn retype(plan: &LogicalPlan, targets: &[PgType], style: &OutputStyle) -> Result<LogicalPlan> {
    let types: Vec<PgType> = (0..targets.len()).map(|index| branch_type(plan, index)).collect();
    let fits = |(from, to): (&PgType, &PgType)| from == to || *to == PgType::Unknown || is_text_pair(from, to);
    if types.iter().zip(targets).all(fits) {
        return Ok(plan.clone());
    }
    if let LogicalPlan::Projection(projection) = plan {
        let mut expressions = Vec::with_capacity(targets.len());
        for ((expr, from), to) in projection.expr.iter().zip(&types).zip(targets) {
            if *to == PgType::Unknown {
                expressions.push(expr.clone());
                continue;
            }
            let (qualifier, field) = plan.schema().qualified_field(expressions.len());
            let converted = convert(expr.clone().unalias(), from, to, style)?;
            expressions.push(converted.alias_qualified(qualifier.cloned(), field.name()));
        }
        let projection = Projection::try_new(expressions, Arc::clone(&projection.input));
        return projection.map(LogicalPlan::Projection).map_err(errors::translate);
    }
    if types.iter().zip(targets).any(|(from, to)| *from == PgType::Unknown && from != to) {
        return Err(refuse::not_supported("a literal without a type in this branch of a set operation"));
    }
    let columns = types.iter().zip(targets).enumerate().map(|(index, (from, to))| {
        let (qualifier, field) = plan.schema().qualified_field(index);
        let column = Expr::Column(Column::from((qualifier, field)));
        Ok(convert(column, from, to, style)?.alias_qualified(qualifier.cloned(), field.name()))
    });
    let projection = Projection::try_new(columns.collect::<Result<Vec<_>>>()?, Arc::new(plan.clone()));
    projection.map(LogicalPlan::Projection).map_err(errors::translate)
}

/// DataFusion cuts what the recursive term answers to the types of the first one.
fn check_recursive(query: &RecursiveQuery) -> Result<()> {
    let LogicalPlan::Projection(projection) = query.recursive_term.as_ref() else { return Ok(()) };
    for (index, expr) in projection.expr.iter().enumerate() {
        let Expr::Cast(cut) = expr.clone().unalias() else { continue };
        let term = type_of(&cut.expr, projection.input.schema().as_ref());
        let first = column_type(&query.static_term, index);
        if term == PgType::Unknown || is_same_kind(&first, &term) {
            continue;
        }
        let (name, number) = (&query.name, index + 1);
        let (first, term) = (first.without_typmod(), term.without_typmod());
        return Err(QueryError::DatatypeMismatch(format!(
            "recursive query \"{name}\" column {number} has type {first} in non-recursive term but type {term} overall"
        ))
        .into());
    }
    Ok(())
}
