//! Limits that are checked before a statement is parsed, so that no text can overflow the stack.
//!
//! sqlparser, DataFusion and the drop glue of their trees recurse over expressions. `1+1+…` a few thousand
//! times is a left-deep tree a few thousand levels deep, which ends the process instead of the statement.
//! The guard counts on tokens, where counting cannot recurse: the nesting of parentheses, and the
//! length of every chain of operators between two separators. PostgreSQL answers such statements with
//! 54001 as well, only later. What joins and subqueries cost can be counted after parsing: [`super::extent`].

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Statement, Value, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::extent::{HEIGHT, RELATIONS, WINDOWS};
use crate::base::limits::EXPRESSION_DEPTH;
use crate::error::{QueryError, Result};

/// Longest chain of operators in one expression, such as `a + b + c`. One operator is one level of the tree.
pub const CHAIN: usize = 150;
/// Longest chain of AND and OR. These chains are balanced after parsing ([`balance`]), so they may be longer.
pub const BOOLEAN_CHAIN: usize = 1_000;

/// Most set operations (UNION and the like) in a row.
pub const SET_OPERATIONS: usize = 50;
/// Deepest nesting of SELECT. DataFusion's checks of a plan take twice the time for every level.
pub const SUBQUERIES: usize = 14;

/// The error of everything in this module: 54001.
pub fn too_complex() -> QueryError {
    QueryError::TooComplex {
        hint: format!(
            "One expression may nest {EXPRESSION_DEPTH} levels deep and chain {BOOLEAN_CHAIN} conditions or {CHAIN} \
             other operators, {SET_OPERATIONS} set operations and {SUBQUERIES} nested SELECTs: use an IN list, \
             = ANY (array) or a VALUES list instead. One statement may join {HEIGHT} relations and subqueries, \
             use {RELATIONS} relations counting every mention of a WITH query, and call {WINDOWS} window functions."
        ),
    }
}

/// How many operators the expression has so far, at one level of parentheses.
#[derive(Clone, Copy, Default)]
struct Chain {
    boolean: usize,
    other: usize,
    set_operations: usize,
    /// Whether a SELECT has begun at this level.
    select: bool,
}

/// Refuses a statement whose tree would be too deep.
///
/// # Errors
/// [`QueryError::TooComplex`] (54001).
pub fn check(tokens: &[TokenWithSpan]) -> Result<()> {
    let mut chains: Vec<Chain> = vec![Chain::default()];
    let mut cases = 0usize;
    let mut selects = 0usize;
    for token in tokens {
        let Some(chain) = chains.last_mut() else { break };
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => chains.push(Chain::default()),
            Token::RParen | Token::RBracket | Token::RBrace => {
                if chains.len() > 1 {
                    chains.pop();
                }
            }
            Token::Comma => *chain = Chain { boolean: 0, other: 0, ..*chain },
            Token::SemiColon => *chain = Chain::default(),
            Token::Word(word) if word.quote_style.is_none() => match word.keyword {
                Keyword::CASE => cases += 1,
                Keyword::END => cases = cases.saturating_sub(1),
                Keyword::AND | Keyword::OR => {
                    chain.boolean += 1;
                    chain.other = 0;
                }
                Keyword::NOT
                | Keyword::IS
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::SIMILAR
                | Keyword::BETWEEN
                | Keyword::IN
                | Keyword::COLLATE
                | Keyword::AT
                | Keyword::OPERATOR => chain.other += 1,
                // The conditions of joins stand beside each other; `extent` counts the joins.
                Keyword::JOIN => *chain = Chain { boolean: 0, other: 0, ..*chain },
                Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT => {
                    *chain =
                        Chain { set_operations: chain.set_operations + 1, select: chain.select, ..Chain::default() };
                }
                Keyword::SELECT => {
                    chain.select = true;
                    selects = chains.iter().filter(|chain| chain.select).count();
                }
                _ => {}
            },
            // A cast becomes a call, which takes about three times the stack of an operator.
            Token::DoubleColon => chain.other += 3,
            token if is_operator(token) => chain.other += 1,
            _ => {}
        }
        let deep = chains.len() + cases > EXPRESSION_DEPTH || selects > SUBQUERIES;
        let long = |chain: &Chain| {
            chain.boolean > BOOLEAN_CHAIN || chain.other > CHAIN || chain.set_operations > SET_OPERATIONS
        };
        if deep || chains.last().is_some_and(long) {
            return Err(too_complex().into());
        }
    }
    Ok(())
}

/// Turns left-deep chains of AND and of OR into balanced trees with the same operands in the same order.
/// Both operators are associative, also over NULL, and evaluation order is not promised by SQL.
pub fn balance(statement: &mut Statement) {
    struct Balance;
    impl VisitorMut for Balance {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            for op in [BinaryOperator::And, BinaryOperator::Or] {
                if chain_is_long(expr, &op) {
                    let mut operands = Vec::new();
                    flatten(std::mem::replace(expr, Expr::value(Value::Null)), &op, &mut operands);
                    *expr = rebuild(operands, &op);
                }
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Balance);
}

fn chain_is_long(mut expr: &Expr, op: &BinaryOperator) -> bool {
    for _ in 0..8 {
        match expr {
            Expr::BinaryOp { left, op: own, .. } if own == op => expr = left,
            _ => return false,
        }
    }
    true
}

fn flatten(mut expr: Expr, op: &BinaryOperator, operands: &mut Vec<Expr>) {
    loop {
        match expr {
            Expr::BinaryOp { left, op: own, right } if own == *op => {
                operands.push(*right);
                expr = *left;
            }
            other => {
                operands.push(other);
                break;
            }
        }
    }
    operands.reverse();
}

fn rebuild(mut operands: Vec<Expr>, op: &BinaryOperator) -> Expr {
    while operands.len() > 1 {
        let mut next = Vec::with_capacity(operands.len().div_ceil(2));
        let mut pairs = operands.into_iter();
        while let Some(left) = pairs.next() {
            next.push(match pairs.next() {
                Some(right) => Expr::BinaryOp { left: Box::new(left), op: op.clone(), right: Box::new(right) },
                None => left,
            });
        }
        operands = next;
    }
    operands.pop().expect("a chain has operands")
}

/// Everything that is not a word, a literal, white space or punctuation is an operator.
fn is_operator(token: &Token) -> bool {
    !matches!(
        token,
        Token::EOF
            | Token::Word(_)
            | Token::Number(..)
            | Token::Char(_)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::Whitespace(_)
            | Token::Period
            | Token::Colon
            | Token::Assignment
            | Token::Placeholder(_)
    )
}
