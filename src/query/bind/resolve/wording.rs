//! The words of errors.

use super::Resolver;
use super::oids;
use crate::base::ids::{Oid, TableId};
use crate::catalog::describe::quote_ident;
use crate::catalog::facts::Facts;
use crate::catalog::types::table_of_row_type;
use crate::error::{Error, QueryError, Unresolved};
use crate::query::bind::tree::{Expression, Position};
use crate::query::parse;

pub(super) const NO_FUNCTION: &str =
    "No function matches the given name and argument types. You might need to add explicit type casts.";
pub(super) const NO_AGGREGATE: &str = "No aggregate function matches the given name and argument types. Perhaps you \
    misplaced ORDER BY; ORDER BY must appear after all regular arguments of the aggregate.";
pub(super) const MANY_FUNCTIONS: &str =
    "Could not choose a best candidate function. You might need to add explicit type casts.";
const NO_OPERATOR: &str =
    "No operator matches the given name and argument types. You might need to add explicit type casts.";
const NO_PREFIX_OPERATOR: &str =
    "No operator matches the given name and argument type. You might need to add an explicit type cast.";
const MANY_OPERATORS: &str = "Could not choose a best candidate operator. You might need to add explicit type casts.";

/// The name of a type as `format_type` prints it without a modifier.
pub(super) fn type_name(facts: &Facts, oid: Oid) -> String {
    let standard = match oid {
        0 => "-",
        16 => "boolean",
        20 => "bigint",
        21 => "smallint",
        23 => "integer",
        700 => "real",
        701 => "double precision",
        1042 => "character",
        1043 => "character varying",
        1083 => "time without time zone",
        1114 => "timestamp without time zone",
        1184 => "timestamp with time zone",
        1186 => "interval",
        1266 => "time with time zone",
        1560 => "bit",
        1562 => "bit varying",
        1700 => "numeric",
        _ => {
            return match facts.type_of(oid) {
                None => "???".to_owned(),
                // `int2vector` and `oidvector` are arrays by their subscripts only.
                Some(fact) if fact.is_array() && fact.storage != 'p' => {
                    format!("{}[]", type_name(facts, fact.element))
                }
                Some(fact) => quote_ident(&fact.name),
            };
        }
    };
    standard.to_owned()
}

pub(super) fn unresolved(reason: Unresolved, message: impl Into<String>) -> QueryError {
    QueryError::Unresolved { reason, message: message.into(), detail: None, hint: None }
}

pub(super) fn with_hint(reason: Unresolved, message: impl Into<String>, hint: impl Into<String>) -> QueryError {
    QueryError::Unresolved { reason, message: message.into(), detail: None, hint: Some(hint.into()) }
}

pub(super) fn with_detail(reason: Unresolved, message: impl Into<String>, detail: impl Into<String>) -> QueryError {
    QueryError::Unresolved { reason, message: message.into(), detail: Some(detail.into()), hint: None }
}

/// 42804 with a message.
pub(super) fn mismatch(message: impl Into<String>) -> QueryError {
    unresolved(Unresolved::Mismatch, message)
}

/// The first of two places in the text.
pub(super) fn leftmost(one: Option<Position>, other: Option<Position>) -> Option<Position> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The first place of several expressions and of what stands between them.
pub(super) fn leftmost_of<'e>(
    at: Option<Position>,
    expressions: impl IntoIterator<Item = &'e Expression>,
) -> Option<Position> {
    expressions.into_iter().fold(at, |first, expression| leftmost(first, expression.position))
}

impl Resolver<'_> {
    /// The name of a type in messages.
    pub fn type_name(&self, oid: Oid) -> String {
        let table = table_of_row_type(oid).and_then(|table| self.tables?.table_by_id(TableId(table)));
        table.map_or_else(|| type_name(self.facts, oid), |table| quote_ident(&table.name))
    }

    /// An error at a place of the text.
    pub(super) fn at(&self, error: impl Into<Error>, place: Option<Position>) -> Error {
        let error = error.into();
        match place.and_then(|place| parse::position(self.source, place)) {
            Some(position) => error.at(position),
            None => error,
        }
    }

    /// `integer + boolean`; a prefix operator has no left type.
    fn operator_signature(&self, name: &str, left: Option<Oid>, right: Oid) -> String {
        let right = self.type_name(right);
        match left {
            Some(left) => format!("{} {name} {right}", self.type_name(left)),
            None => format!("{name} {right}"),
        }
    }

    pub(super) fn no_operator(&self, name: &str, left: Option<Oid>, right: Oid) -> QueryError {
        let message = format!("operator does not exist: {}", self.operator_signature(name, left, right));
        with_hint(Unresolved::Undefined, message, if left.is_some() { NO_OPERATOR } else { NO_PREFIX_OPERATOR })
    }

    pub(super) fn many_operators(&self, name: &str, left: Option<Oid>, right: Oid) -> QueryError {
        let message = format!("operator is not unique: {}", self.operator_signature(name, left, right));
        with_hint(Unresolved::Ambiguous, message, MANY_OPERATORS)
    }

    /// `name(integer, b => text)`.
    pub(super) fn function_signature(&self, name: &str, types: &[Oid], names: &[&str]) -> String {
        let positional = types.len() - names.len().min(types.len());
        let arguments: Vec<String> = types
            .iter()
            .enumerate()
            .map(|(index, oid)| match index.checked_sub(positional).and_then(|index| names.get(index)) {
                Some(argument) => format!("{argument} => {}", self.type_name(*oid)),
                None => self.type_name(*oid),
            })
            .collect();
        format!("{name}({})", arguments.join(", "))
    }

    /// 42704: a type has no array type.
    pub(super) fn no_array_type(&self, oid: Oid) -> QueryError {
        no_array_type(self.facts, oid)
    }
}

/// 42704: a type has no array type.
pub(super) fn no_array_type(facts: &Facts, oid: Oid) -> QueryError {
    if table_of_row_type(oid).is_some() {
        return QueryError::NotSupported("arrays of rows are not supported".into());
    }
    let message = format!("could not find array type for data type {}", type_name(facts, oid));
    unresolved(Unresolved::UndefinedObject, message)
}

/// Is it `unknown`?
pub(super) fn is_unknown(expression: &Expression) -> bool {
    expression.data_type.oid == oids::UNKNOWN
}
