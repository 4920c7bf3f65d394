//! Every row of the catalog has an implementation.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use super::*;
use crate::base::ids::Oid;
use crate::query::values;

/// The types for which a polymorphic argument is tried.
fn concrete(oid: Oid) -> Option<PgType> {
    Some(match oid {
        // anyelement, anynonarray, anycompatible, anycompatiblenonarray, any
        2283 | 2776 | 5077 | 5079 | 2276 => PgType::Text,
        // anyarray, anycompatiblearray
        2277 | 5078 => PgType::Array(Box::new(PgType::Text)),
        // pg_node_tree
        194 => PgType::Text,
        oid => PgType::from_oid(oid, -1)?,
    })
}

/// Functions that only the system calls: they read and write values, or have types that no expression has.
fn is_internal(fact: &FunctionFact) -> bool {
    const INTERNAL: [Oid; 9] = [2275, 2281, 269, 325, 2249, 2287, 3500, 3831, 4537];
    let facts = Facts::shipped();
    let names = |name: &str| facts.types().any(|fact| [&fact.output, &fact.send].iter().any(|other| *other == name));
    fact.arguments.iter().chain([&fact.result]).any(|oid| INTERNAL.contains(oid)) || names(&fact.source)
}

fn arguments(types: &[PgType]) -> Vec<Expr> {
    let argument = |data_type: &PgType| match data_type {
        PgType::Int4 => values::constant(ScalarValue::Int32(Some(-1)), data_type),
        PgType::Bool => values::constant(ScalarValue::Boolean(Some(true)), data_type),
        PgType::Text => values::constant(ScalarValue::Utf8(Some("hex".into())), data_type),
        other => values::null(other).unwrap(),
    };
    types.iter().map(argument).collect()
}

fn is_implemented(fact: &FunctionFact) -> bool {
    let types: Option<Vec<PgType>> = fact.arguments.iter().map(|oid| concrete(*oid)).collect();
    let (Some(types), Some(result)) = (types, concrete(fact.result)) else { return false };
    match fact.kind {
        FunctionKind::Function if fact.returns_set => set_returning(fact, arguments(&types), &types, &result).is_ok(),
        FunctionKind::Function => call(fact, arguments(&types), &types, &result).is_ok(),
        FunctionKind::Aggregate if fact.aggregate_kind == 'n' => aggregate(fact, &types).is_ok(),
        FunctionKind::Aggregate => ordered_set(fact, &types, &[Default::default()]).is_ok(),
        FunctionKind::Window => window(fact, &types).is_ok(),
        FunctionKind::Procedure => false,
    }
}

#[test]
fn every_row_has_an_implementation() {
    let missing = Facts::shipped().functions().filter(|fact| !is_internal(fact) && !is_implemented(fact));
    let missing: Vec<String> = missing.map(|fact| format!("{} {}", fact.oid, signature(fact))).collect();
    assert!(missing.is_empty(), "not implemented: {missing:#?}");
}
