//! Typed parts, and the rules by which PostgreSQL gives types to constants, lists and calls.

use super::node::{Node, quote};
use crate::catalog::system::signatures;
use crate::catalog::types::PgType;

/// An expression and its type.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) data_type: PgType,
}

pub(super) fn typed(node: Node, data_type: PgType) -> Typed {
    Typed { node, data_type }
}

pub(super) fn boolean(node: Node) -> Typed {
    typed(node, PgType::Bool)
}

pub(super) fn operation(name: &str, left: Typed, right: Typed) -> Node {
    Node::Operator { name: name.to_owned(), left: Box::new(left.node), right: Box::new(right.node) }
}

/// A number: the narrowest of integer, bigint and numeric that holds it.
pub(super) fn number(digits: &str) -> Option<Typed> {
    let plain = digits.strip_prefix('-').unwrap_or(digits);
    if !plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let data_type = if digits.parse::<i32>().is_ok() {
        PgType::Int4
    } else if digits.parse::<i64>().is_ok() {
        PgType::Int8
    } else {
        PgType::Numeric(None)
    };
    let digits = if plain.starts_with('.') { digits.replacen('.', "0.", 1) } else { digits.to_owned() };
    Some(typed(Node::Word(label(&digits, &data_type)), data_type))
}

/// A constant with its type, unless one sees it.
pub(super) fn label(text: &str, data_type: &PgType) -> String {
    let is_plain = match data_type {
        PgType::Bool => true,
        PgType::Int4 => !text.starts_with('-'),
        PgType::Numeric(None) => text.starts_with(|first: char| first.is_ascii_digit()) && text.contains('.'),
        _ => false,
    };
    if is_plain { text.to_owned() } else { format!("{}::{}", quote(text), data_type.format()) }
}

pub(super) fn keyword(name: &str) -> Option<Typed> {
    let result = match name {
        "current_user" | "session_user" | "user" | "current_role" | "current_catalog" | "current_schema" => {
            PgType::Name
        }
        "current_date" => PgType::Date,
        "current_timestamp" => PgType::Timestamptz,
        "localtimestamp" => PgType::Timestamp,
        _ => return None,
    };
    Some(typed(Node::Word(name.to_uppercase()), result))
}

/// From the narrowest number to the widest.
pub(super) fn number_rank(data_type: &PgType) -> Option<u8> {
    Some(match data_type {
        PgType::Int2 => 0,
        PgType::Int4 => 1,
        PgType::Int8 => 2,
        PgType::Numeric(_) => 3,
        PgType::Float4 => 4,
        PgType::Float8 => 5,
        _ => return None,
    })
}

/// The type that all of these become; of literals alone it is text.
pub(super) fn common_type<'a>(types: impl Iterator<Item = &'a PgType>) -> Option<PgType> {
    let mut common: Option<PgType> = None;
    for data_type in types.filter(|data_type| **data_type != PgType::Unknown) {
        let data_type = data_type.without_typmod();
        common = Some(match common {
            None => data_type,
            Some(common) if common == data_type => common,
            Some(common) => match (number_rank(&common), number_rank(&data_type)) {
                (Some(left), Some(right)) => {
                    if left >= right {
                        common
                    } else {
                        data_type
                    }
                }
                (None, None) if matches!((&common, &data_type), (PgType::Text, PgType::Varchar(_))) => common,
                (None, None) if matches!((&common, &data_type), (PgType::Varchar(_), PgType::Text)) => data_type,
                _ => return None,
            },
        });
    }
    Some(common.unwrap_or(PgType::Text))
}

/// The argument and result types of the function that a call means.
pub(super) fn resolve(name: &str, given: &[PgType]) -> Option<(Vec<PgType>, PgType)> {
    let fit = |given: &PgType, wanted: &PgType| match (given, wanted) {
        (given, wanted) if given == wanted => Some(4),
        (PgType::Unknown | PgType::Varchar(_) | PgType::Name, PgType::Text) => Some(3),
        (PgType::Unknown, _) => Some(1),
        (given, wanted) => match (number_rank(given), number_rank(wanted)) {
            (Some(left), Some(right)) if left < right => Some(if *wanted == PgType::Float8 { 2 } else { 1 }),
            _ => None,
        },
    };
    let mut best: Option<(u32, (Vec<PgType>, PgType))> = None;
    for (wanted, result) in signatures(name) {
        if wanted.len() != given.len() {
            continue;
        }
        let score = given.iter().zip(&wanted).map(|(given, wanted)| fit(given, wanted)).sum::<Option<u32>>();
        if let Some(score) = score {
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                best = Some((score, (wanted, result)));
            }
        }
    }
    best.map(|(_, signature)| signature)
}
