//! The functions in `pg_proc`, declared in `catalog/pg_catalog/pg_proc.csv` with PostgreSQL's OIDs.

use std::sync::LazyLock;

use super::csv;
use crate::base::ids::Oid;
use crate::catalog::describe::format_type;
use crate::catalog::types::PgType;

/// One line of the file.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) oid: Oid,
    pub(super) name: &'static str,
    pub(super) schema: &'static str,
    pub(super) kind: &'static str,
    pub(super) is_strict: bool,
    pub(super) returns_set: bool,
    pub(super) volatility: &'static str,
    pub(super) defaults: i64,
    pub(super) result: Oid,
    pub(super) arguments: Vec<i64>,
    pub(super) variadic: Oid,
    pub(super) source: &'static str,
}

pub(super) fn all() -> &'static [Function] {
    static FUNCTIONS: LazyLock<Vec<Function>> = LazyLock::new(|| {
        csv::rows(include_str!("../../../catalog/pg_catalog/pg_proc.csv"))
            .map(|fields| {
                let number = |index: usize| fields[index].parse().expect("pg_proc.csv has numbers where they belong");
                let arguments = fields[10].split_ascii_whitespace();
                Function {
                    oid: number(0),
                    name: fields[1],
                    schema: fields[2],
                    kind: fields[3],
                    is_strict: fields[4] == "t",
                    returns_set: fields[5] == "t",
                    volatility: fields[6],
                    defaults: number(8).into(),
                    result: number(9),
                    arguments: arguments.map(|oid| oid.parse().expect("pg_proc.csv has OIDs as arguments")).collect(),
                    variadic: number(11),
                    source: fields[12],
                }
            })
            .collect()
    });
    &FUNCTIONS
}

/// The name of a function: what a `regproc` prints.
pub fn function_name(oid: Oid) -> Option<String> {
    all().iter().find(|function| function.oid == oid).map(|function| function.name.to_owned())
}

/// The OID of a function by name: what a `regproc` reads. The first one, if the name has several.
pub fn function_oid(name: &str) -> Option<Oid> {
    all().iter().find(|function| function.name == name).map(|function| function.oid)
}

/// Arguments that have names, defaults or an order, which the file does not hold.
const PRINTED: [(Oid, &str); 6] = [
    (2096, "pid integer, timeout bigint DEFAULT 0"),
    (3846, "year integer, month integer, day integer"),
    (3986, "VARIADIC \"any\" ORDER BY VARIADIC \"any\""),
    (3988, "VARIADIC \"any\" ORDER BY VARIADIC \"any\""),
    (3990, "VARIADIC \"any\" ORDER BY VARIADIC \"any\""),
    (3992, "VARIADIC \"any\" ORDER BY VARIADIC \"any\""),
];

/// What `pg_get_function_result` prints.
pub fn function_result(oid: Oid) -> Option<String> {
    let function = all().iter().find(|function| function.oid == oid)?;
    Some(format!("{}{}", if function.returns_set { "SETOF " } else { "" }, format_type(function.result, None)))
}

/// What `pg_get_function_arguments` prints.
pub fn function_arguments(oid: Oid) -> Option<String> {
    let function = all().iter().find(|function| function.oid == oid)?;
    if let Some((_, printed)) = PRINTED.iter().find(|(printed, _)| *printed == oid) {
        return Some((*printed).to_owned());
    }
    let last = function.arguments.len().saturating_sub(1);
    let arguments = function.arguments.iter().enumerate().map(|(index, argument)| {
        let variadic = if function.variadic != 0 && index == last { "VARIADIC " } else { "" };
        format!("{variadic}{}", format_type(Oid::try_from(*argument).unwrap_or_default(), None))
    });
    Some(arguments.collect::<Vec<_>>().join(", "))
}

/// What `pg_get_function_identity_arguments` prints: the same without defaults.
pub fn function_identity(oid: Oid) -> Option<String> {
    let arguments = function_arguments(oid)?;
    let plain = arguments.split(", ").map(|argument| argument.split(" DEFAULT ").next().unwrap_or(argument));
    Some(plain.collect::<Vec<_>>().join(", "))
}

/// The argument types and the result type of every function of this name; those with types that are not ours
/// are left out.
pub fn signatures(name: &str) -> impl Iterator<Item = (Vec<PgType>, PgType)> {
    all().iter().filter(move |function| function.name == name && function.kind == "f").filter_map(|function| {
        let known = |oid: Oid| PgType::from_oid(oid, -1);
        let argument = |oid: &i64| Oid::try_from(*oid).ok().and_then(known);
        let arguments = function.arguments.iter().map(argument).collect::<Option<Vec<_>>>()?;
        Some((arguments, known(function.result)?))
    })
}
