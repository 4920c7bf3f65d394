//! Row values, and the sign of a power, spelled out in the syntax tree.
//!
//! DataFusion compares rows as structures, in which NULL equals NULL and is the greatest of all. PostgreSQL
//! compares them column by column, and an answer that hangs on a NULL is NULL.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
};

use super::names;
use super::normalise::take;
use super::refuse::not_supported;
use crate::error::{Error, QueryError};

/// Rewrites a comparison of rows, a test of a row for NULL, or a row in a list of rows.
pub fn expression(expr: &mut Expr) -> Result<(), Error> {
    let rewritten = match expr {
        Expr::BinaryOp { left, op, right } => match (fields(left), fields(right)) {
            (Some(left), Some(right)) => compare(left, op, right)?,
            _ => return Ok(()),
        },
        Expr::IsNull(row) => match fields(row) {
            Some(fields) => join(fields.into_iter().map(|field| Expr::IsNull(Box::new(field))), &BinaryOperator::And),
            None => return Ok(()),
        },
        Expr::IsNotNull(row) => match fields(row) {
            Some(fields) => {
                join(fields.into_iter().map(|field| Expr::IsNotNull(Box::new(field))), &BinaryOperator::And)
            }
            None => return Ok(()),
        },
        Expr::InList { expr: row, list, negated } => {
            let Some(own) = fields(row) else { return Ok(()) };
            let mut equalities = Vec::with_capacity(list.len());
            for item in list {
                let Some(other) = fields(item) else { return Err(not_supported("a row in a list of other values")) };
                equalities.push(compare(own.clone(), &BinaryOperator::Eq, other)?);
            }
            let any = join(equalities, &BinaryOperator::Or);
            if *negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(any) } } else { any }
        }
        _ => return Ok(()),
    };
    *expr = rewritten;
    Ok(())
}

/// The fields of `(a, b)` and of `ROW(a, b)`.
fn fields(expr: &Expr) -> Option<Vec<Expr>> {
    match expr {
        Expr::Nested(inner) => fields(inner),
        Expr::Tuple(fields) => Some(fields.clone()),
        Expr::Function(function) => {
            let [part] = function.name.0.as_slice() else { return None };
            let ident = part.as_ident().filter(|ident| ident.quote_style.is_none() || ident.value == "row")?;
            let FunctionArguments::List(list) = &function.args else { return None };
            if names::folded(ident) != "row" {
                return None;
            }
            let field = |argument: &FunctionArg| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                _ => None,
            };
            list.args.iter().map(field).collect()
        }
        _ => None,
    }
}

fn compare(left: Vec<Expr>, op: &BinaryOperator, right: Vec<Expr>) -> Result<Expr, Error> {
    if left.len() != right.len() {
        return Err(QueryError::Syntax("unequal number of entries in row expressions".into()).into());
    }
    let pairs = left.into_iter().zip(right);
    let strict = match op {
        BinaryOperator::Eq => {
            return Ok(join(pairs.map(|(left, right)| binary(left, BinaryOperator::Eq, right)), &BinaryOperator::And));
        }
        BinaryOperator::NotEq => {
            return Ok(join(
                pairs.map(|(left, right)| binary(left, BinaryOperator::NotEq, right)),
                &BinaryOperator::Or,
            ));
        }
        BinaryOperator::Lt | BinaryOperator::LtEq => BinaryOperator::Lt,
        BinaryOperator::Gt | BinaryOperator::GtEq => BinaryOperator::Gt,
        other => return Err(not_supported(format!("operator {other} of rows"))),
    };
    // The first pair that differs decides; only the last one may be equal, if at all.
    let mut answer: Option<Expr> = None;
    for (left, right) in pairs.rev() {
        answer = Some(match answer {
            None => binary(left, op.clone(), right),
            Some(rest) => {
                let equal = binary(left.clone(), BinaryOperator::Eq, right.clone());
                let same = binary(equal, BinaryOperator::And, rest);
                binary(binary(left, strict.clone(), right), BinaryOperator::Or, same)
            }
        });
    }
    answer.ok_or_else(|| not_supported("a comparison of empty rows"))
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::Nested(Box::new(Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }))
}

fn join(parts: impl IntoIterator<Item = Expr>, op: &BinaryOperator) -> Expr {
    let joined = parts.into_iter().reduce(|left, right| binary(left, op.clone(), right));
    joined.unwrap_or_else(|| Expr::value(datafusion::sql::sqlparser::ast::Value::Boolean(true)))
}

/// `- a ^ b` is `(- a) ^ b`: gives the sign that stands before `operand` to the base of its power, and makes
/// of the sign outside `- (- x)`, so that the caller's tree stays what it is.
pub fn sign_first(operand: &mut Expr) {
    let Expr::BinaryOp { op: BinaryOperator::PGExp, .. } = operand else { return };
    let mut base = &mut *operand;
    while let Expr::BinaryOp { left, op: BinaryOperator::PGExp, .. } = base {
        base = left;
    }
    let negative = Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(take(base)) };
    *base = Expr::Nested(Box::new(negative));
    let power = Expr::Nested(Box::new(take(operand)));
    *operand = Expr::Nested(Box::new(Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(power) }));
}
