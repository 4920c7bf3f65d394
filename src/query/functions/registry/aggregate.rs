//! Aggregates and window functions.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::compute::SortOptions;
use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{AggregateUDF, Expr, WindowFunctionDefinition, WindowUDF};

use super::{documents, not_implemented};
use crate::catalog::facts::{FunctionFact, FunctionKind};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::functions::grouped::hypothetical::{self, Standing};
use crate::query::functions::grouped::ordered_set::{self, Place};
use crate::query::functions::grouped::{interval_average, joined, statistics};
use crate::query::functions::{aggregates, extremes, moments};

/// Aggregates that DataFusion computes as PostgreSQL does, whatever they are of.
const ANY: [&str; 3] = ["array_agg", "bool_and", "bool_or"];

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
    if let Some(of_documents) = documents::aggregate(fact, types) {
        return of_documents;
    }
    match (name, &first) {
        ("count", _) => datafusions("count").map_or_else(refused, Ok),
        ("avg", Some(PgType::Interval)) => Ok(interval_average::function()),
        ("sum", Some(PgType::Int8 | PgType::Numeric(_)))
        | (
            "avg" | "stddev" | "stddev_pop" | "stddev_samp" | "var_pop" | "var_samp" | "variance",
            Some(PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Numeric(_)),
        ) => moments::What::of_name(name).map(moments::function).map_or_else(refused, Ok),
        ("sum" | "avg", Some(_)) => aggregates::by_name(name).map_or_else(refused, Ok),
        ("string_agg", Some(of @ (PgType::Text | PgType::Bytea))) => Ok(joined::function(of)),
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
        (name, Some(PgType::Float4 | PgType::Float8)) => statistics::by_name(name).map_or_else(refused, Ok),
        _ => refused(),
    }
}

/// The arguments of an aggregate in the form that its implementation takes.
pub fn aggregated(fact: &FunctionFact, arguments: Vec<Expr>, types: &[PgType]) -> Vec<Expr> {
    documents::aggregated(fact, arguments, types)
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
    FUNCTIONS.get(name).cloned()
}

/// The ordered-set or hypothetical-set aggregate of a row. `types` are those of the arguments before WITHIN GROUP,
/// `orders` the directions of the keys in it. The function takes the keys first, then the arguments before them.
///
/// # Errors
/// As [`aggregate`].
pub fn ordered_set(fact: &FunctionFact, types: &[PgType], orders: &[SortOptions]) -> Result<Arc<AggregateUDF>> {
    let many = matches!(types.first(), Some(PgType::Array(_)));
    let standing = match (fact.aggregate_kind, fact.name.as_str()) {
        ('o', name) => {
            let place = match name {
                "percentile_cont" => Place::Continuous,
                "percentile_disc" => Place::Discrete,
                "mode" => Place::Mode,
                _ => return Err(not_implemented(fact)),
            };
            let [order] = orders else { return Err(not_implemented(fact)) };
            return Ok(ordered_set::function(place, *order, many));
        }
        ('h', "rank") => Standing::Rank,
        ('h', "dense_rank") => Standing::DenseRank,
        ('h', "percent_rank") => Standing::PercentRank,
        ('h', "cume_dist") => Standing::CumulativeDistribution,
        _ => return Err(not_implemented(fact)),
    };
    Ok(hypothetical::function(standing, orders.to_vec()))
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
