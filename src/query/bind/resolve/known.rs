//! All rows of PostgreSQL 15, also those that KalamDB does not have.
//!
//! A name is resolved among all of them: a row that is not there could change what wins, or whether anything does.
//! What wins and is not there is answered with 0A000.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::{Resolver, refuse};
use crate::base::ids::Oid;
use crate::catalog::facts::{Facts, FunctionFact, OperatorFact, Texts};
use crate::catalog::types::table_of_row_type;
use crate::error::Result;

/// Two files of one table as one: the shipped lines and, of the other ones, those with new OIDs.
macro_rules! both {
    ($table:literal) => {
        merged(
            include_str!(concat!("../../../../catalog/pg_catalog/", $table, ".csv")),
            include_str!(concat!("../../../../catalog/postgresql/", $table, ".csv")),
        )
    };
}

/// PostgreSQL's rows, where KalamDB has its own version of one: that one.
pub(super) fn everything() -> &'static Facts {
    static FACTS: LazyLock<Facts> = LazyLock::new(|| {
        let (types, functions) = (both!("pg_type"), both!("pg_proc"));
        let (operators, casts) = (both!("pg_operator"), both!("pg_cast"));
        let texts = Texts { types: &types, functions: &functions, operators: &operators, casts: &casts };
        Facts::parse(&texts).unwrap_or_else(|fault| panic!("catalog/postgresql: {fault}"))
    });
    &FACTS
}

/// No field of these files has a line break, and the OID is the first one. Their headers are equal.
fn merged(shipped: &str, all: &str) -> String {
    let oid = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
    let there: HashSet<String> = shipped.lines().map(oid).collect();
    let new = all.lines().filter(|line| !there.contains(&oid(line)));
    shipped.lines().chain(new).flat_map(|line| [line, "\n"]).collect()
}

impl<'a> Resolver<'a> {
    /// The operator that was found, if it is there.
    pub(super) fn there(&self, fact: &'a OperatorFact) -> Result<&'a OperatorFact> {
        let Some(shipped) = self.shipped else { return Ok(fact) };
        let complete = shipped.operator(fact.oid).filter(|fact| shipped.function(fact.function).is_some());
        complete.ok_or_else(|| {
            let name = &fact.name;
            let right = self.type_name(fact.right);
            refuse::not_supported(match fact.left {
                0 => format!("operator {name} {right}"),
                left => format!("operator {} {name} {right}", self.type_name(left)),
            })
        })
    }

    /// The function that was found, if it is there.
    pub(super) fn function_there(&self, oid: Oid) -> Result<&'a FunctionFact> {
        if let Some(fact) = self.shipped.unwrap_or(self.facts).function(oid) {
            return Ok(fact);
        }
        Err(refuse::not_supported(match self.facts.function(oid) {
            Some(fact) => {
                format!("function {}", self.function_signature(&fact.name, &fact.arguments, &[]))
            }
            None => format!("function {oid}"),
        }))
    }

    /// The type of a result, if it is there.
    pub(super) fn type_there(&self, oid: Oid) -> Result<Oid> {
        match self.shipped {
            Some(shipped) if shipped.type_of(oid).is_none() && table_of_row_type(oid).is_none() => {
                Err(refuse::not_supported(format!("type {}", self.type_name(oid))))
            }
            _ => Ok(oid),
        }
    }
}
