//! The functions in `pg_proc`, as other parts of the catalog name and print them.

use crate::base::ids::Oid;
use crate::catalog::describe::{format_type, quote_ident};
use crate::catalog::facts::{Facts, FunctionFact, FunctionKind};
use crate::catalog::types::PgType;

/// The name of a function: what a `regproc` prints.
pub fn function_name(oid: Oid) -> Option<String> {
    Facts::shipped().function(oid).map(|function| function.name.clone())
}

/// The OID of a function by name: what a `regproc` reads. The first one, if the name has several.
pub fn function_oid(name: &str) -> Option<Oid> {
    Facts::shipped().functions_named(name).next().map(|function| function.oid)
}

/// What `pg_get_function_result` prints.
pub fn function_result(oid: Oid) -> Option<String> {
    let function = Facts::shipped().function(oid)?;
    Some(format!("{}{}", if function.returns_set { "SETOF " } else { "" }, format_type(function.result, None)))
}

/// What `pg_get_function_arguments` prints.
pub fn function_arguments(oid: Oid) -> Option<String> {
    Some(arguments(Facts::shipped().function(oid)?, true))
}

/// What `pg_get_function_identity_arguments` prints: the same without defaults and without what comes out.
pub fn function_identity(oid: Oid) -> Option<String> {
    Some(arguments(Facts::shipped().function(oid)?, false))
}

fn arguments(function: &FunctionFact, full: bool) -> String {
    let count = function.arguments.len();
    let first_default = count - function.defaults.len().min(count);
    let mut printed: Vec<String> = Vec::new();
    for (index, data_type) in function.arguments.iter().enumerate() {
        let variadic = if function.variadic != 0 && index + 1 == count { "VARIADIC " } else { "" };
        let name = match function.names.get(index) {
            Some(name) if !name.is_empty() => format!("{} ", quote_ident(name)),
            _ => String::new(),
        };
        let default = match index.checked_sub(first_default).and_then(|index| function.defaults.get(index)) {
            Some(default) if full => format!(" DEFAULT {default}"),
            _ => String::new(),
        };
        printed.push(format!("{variadic}{name}{}{default}", format_type(*data_type, None)));
    }
    if function.kind == FunctionKind::Aggregate && function.aggregate_kind != 'n' {
        // The last argument of a hypothetical-set aggregate stands for both lists if it may be many.
        let direct = printed[..function.direct_arguments.min(count)].join(", ");
        let ordered = if function.direct_arguments >= count {
            printed.last().cloned().unwrap_or_default()
        } else {
            printed[function.direct_arguments..].join(", ")
        };
        return if direct.is_empty() { format!("ORDER BY {ordered}") } else { format!("{direct} ORDER BY {ordered}") };
    }
    if full {
        let out =
            |(name, data_type): &(String, Oid)| format!("OUT {} {}", quote_ident(name), format_type(*data_type, None));
        printed.extend(function.outputs.iter().map(out));
    }
    printed.join(", ")
}

/// The argument types and the result type of every function of this name; those with types that are not ours
/// are left out.
pub fn signatures(name: &str) -> impl Iterator<Item = (Vec<PgType>, PgType)> {
    let known = |oid: &Oid| PgType::from_oid(*oid, -1);
    let plain = |function: &&FunctionFact| function.kind == FunctionKind::Function;
    Facts::shipped().functions_named(name).filter(plain).filter_map(move |function| {
        let arguments = function.arguments.iter().map(known).collect::<Option<Vec<_>>>()?;
        Some((arguments, known(&function.result)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_printed_as_postgresql_does() {
        for (oid, printed, identity) in [
            (2096, "pid integer, timeout bigint DEFAULT 0", "pid integer, timeout bigint"),
            (3846, "year integer, month integer, day integer", "year integer, month integer, day integer"),
            (3058, "VARIADIC \"any\"", "VARIADIC \"any\""),
            (2803, "", ""),
        ] {
            assert_eq!(function_arguments(oid).as_deref(), Some(printed));
            assert_eq!(function_identity(oid).as_deref(), Some(identity));
        }
    }
}
