//! Names of operators and of output columns.

use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::error::{CatalogError, Result};
use crate::query::bind::refuse;

/// The name of a binary operator in `pg_operator`. AND, OR and OVERLAPS are none.
///
/// # Errors
/// 0A000 for operators of other databases.
pub(super) fn operator(op: &BinaryOperator) -> Result<&str> {
    use BinaryOperator::*;
    Ok(match op {
        Plus => "+",
        Minus => "-",
        Multiply => "*",
        Divide => "/",
        Modulo => "%",
        StringConcat => "||",
        Gt => ">",
        Lt => "<",
        GtEq => ">=",
        LtEq => "<=",
        Eq => "=",
        NotEq => "<>",
        BitwiseOr => "|",
        BitwiseAnd => "&",
        PGBitwiseXor => "#",
        PGBitwiseShiftLeft => "<<",
        PGBitwiseShiftRight => ">>",
        PGExp | BitwiseXor => "^",
        PGOverlap => "&&",
        PGRegexMatch => "~",
        PGRegexIMatch => "~*",
        PGRegexNotMatch => "!~",
        PGRegexNotIMatch => "!~*",
        PGLikeMatch => "~~",
        PGILikeMatch => "~~*",
        PGNotLikeMatch => "!~~",
        PGNotILikeMatch => "!~~*",
        PGStartsWith => "^@",
        Arrow => "->",
        LongArrow => "->>",
        HashArrow => "#>",
        HashLongArrow => "#>>",
        AtAt => "@@",
        AtArrow => "@>",
        ArrowAt => "<@",
        HashMinus => "#-",
        AtQuestion => "@?",
        Question => "?",
        QuestionAnd => "?&",
        QuestionPipe => "?|",
        DoubleHash => "##",
        LtDashGt => "<->",
        AndLt => "&<",
        AndGt => "&>",
        LtLtPipe => "<<|",
        PipeGtGt => "|>>",
        AndLtPipe => "&<|",
        PipeAndGt => "|&>",
        LtCaret => "<^",
        GtCaret => ">^",
        QuestionHash => "?#",
        QuestionDash => "?-",
        QuestionDashPipe => "?-|",
        QuestionDoublePipe => "?||",
        At => "@",
        TildeEq => "~=",
        Custom(name) => name,
        PGCustomBinaryOperator(parts) => match parts.as_slice() {
            [name] => name,
            [schema, name] if schema.eq_ignore_ascii_case("pg_catalog") => name,
            [schema, _] => return Err(CatalogError::UnknownSchema(schema.clone()).into()),
            _ => return Err(refuse::not_supported(format!("OPERATOR({})", parts.join(".")))),
        },
        other => return Err(refuse::not_supported(format!("the operator {other}"))),
    })
}
