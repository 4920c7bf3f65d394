//! Aggregates and window functions.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{AggregateUDF, WindowFunctionDefinition, WindowUDF};

use super::not_implemented;
use crate::catalog::facts::{FunctionFact, FunctionKind};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::functions::{aggregates, extremes, moments};

/// Aggregates that DataFusion computes as PostgreSQL does, whatever they are of.
const ANY: [&str; 3] = ["array_agg", "bool_and", "bool_or"];
/// Those of which this is true of `double precision`.
const OF_DOUBLES: [&str; 18] = [
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "var_pop",
    "var_samp",
    "variance",
    "corr",
    "covar_pop",
    "covar_samp",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
];

/// The aggregate function of a row, for arguments of these types. Its answer may be of another Arrow form than the
/// type that the row states.
///
/// # Errors
/// 0A000 for one that is not implemented, or not for these types.
pub fn aggregate(fact: &FunctionFact, types: &[PgType]) -> Result<Arc<AggregateUDF>> {
    let first = types.first().map(PgType::without_typmod);
    let name = fact.name.as_str();
    let refused = || Err(not_implemented(fact));
    if fact.kind != FunctionKind::Aggregate || fact.aggregate_kind != 'n' {
        return refused();
    }
    match (name, &first) {
        ("count", _) => datafusions("count").map_or_else(refused, Ok),
        ("avg", Some(PgType::Interval)) => refused(),
        ("sum", Some(PgType::Int8 | PgType::Numeric(_)))
        | (
            "avg" | "stddev" | "stddev_pop" | "stddev_samp" | "var_pop" | "var_samp" | "variance",
            Some(PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Numeric(_)),
        ) => moments::What::of_name(name).map(moments::function).map_or_else(refused, Ok),
        ("sum" | "avg", Some(_)) => aggregates::by_name(name).map_or_else(refused, Ok),
        ("string_agg", Some(PgType::Text)) => aggregates::by_name(name).map_or_else(refused, Ok),
        ("min", Some(PgType::Interval)) => Ok(extremes::function(extremes::Choice::Shortest)),
        ("max", Some(PgType::Interval)) => Ok(extremes::function(extremes::Choice::Longest)),
        ("min" | "max", Some(PgType::Array(_))) => refused(),
        ("min" | "max", Some(_)) => datafusions(name).map_or_else(refused, Ok),
        ("bit_and" | "bit_or" | "bit_xor", Some(PgType::Int2 | PgType::Int4 | PgType::Int8)) => {
            datafusions(name).map_or_else(refused, Ok)
        }
        ("every", _) => datafusions("bool_and").map_or_else(refused, Ok),
        ("array_agg", Some(PgType::Array(_))) => refused(),
        (name, Some(_)) if ANY.contains(&name) => datafusions(name).map_or_else(refused, Ok),
        (name, Some(PgType::Float8)) if OF_DOUBLES.contains(&name) => datafusions(name).map_or_else(refused, Ok),
        _ => refused(),
    }
}

fn datafusions(name: &str) -> Option<Arc<AggregateUDF>> {
    static FUNCTIONS: LazyLock<HashMap<String, Arc<AggregateUDF>>> = LazyLock::new(|| {
        let all = SessionStateDefaults::default_aggregate_functions();
        all.into_iter()
            .flat_map(|function| {
                let names: Vec<String> =
                    function.aliases().iter().cloned().chain([function.name().to_owned()]).collect();
                names.into_iter().map(move |name| (name, Arc::clone(&function)))
            })
            .collect()
    });
    let name = match name {
        "variance" => "var_samp",
        "stddev" => "stddev_samp",
        other => other,
    };
    FUNCTIONS.get(name).cloned()
}

/// The window function of a row, or its aggregate over a window. Its answer may be of another Arrow form than the type
/// that the row states: `row_number` counts without a sign.
///
/// # Errors
/// As [`aggregate`].
pub fn window(fact: &FunctionFact, types: &[PgType]) -> Result<WindowFunctionDefinition> {
    static FUNCTIONS: LazyLock<HashMap<String, Arc<WindowUDF>>> = LazyLock::new(|| {
        let all = SessionStateDefaults::default_window_functions();
        all.into_iter().map(|function| (function.name().to_owned(), function)).collect()
    });
    if fact.kind == FunctionKind::Aggregate {
        return aggregate(fact, types).map(WindowFunctionDefinition::AggregateUDF);
    }
    match FUNCTIONS.get(fact.name.as_str()) {
        Some(function) if fact.kind == FunctionKind::Window => {
            Ok(WindowFunctionDefinition::WindowUDF(Arc::clone(function)))
        }
        _ => Err(not_implemented(fact)),
    }
}
