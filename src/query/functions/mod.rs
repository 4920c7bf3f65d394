//! PostgreSQL's functions where DataFusion has none, or has another one of the same name.
//!
//! Functions of the session ([`session`]) and of the catalog ([`lookup`], [`describe`]) read the
//! [`Environment`](super::Environment) of their statement. The ones that a client sees change within a
//! transaction or between transactions are marked stable or volatile, so that no cached plan freezes them.

pub mod accumulate;
pub mod aggregates;
pub mod arithmetic;
pub mod array;
pub mod bounded;
pub mod cast;
pub mod convert;
pub mod date_part;
pub mod describe;
pub mod domain;
pub mod extremes;
mod forward;
pub mod grouped;
pub mod interval;
pub mod json;
pub mod kernel;
pub mod lists;
pub mod lookup;
pub mod moments;
pub mod names;
pub mod numbers;
pub mod privileges;
pub mod record;
pub mod registry;
pub mod rowwise;
pub mod server;
pub mod session;
pub mod settings;
pub mod sleep;
pub mod string_agg;
pub mod table;
pub mod text;
pub mod time;
pub mod undefined;
pub mod units;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

/// All our scalar functions.
pub fn scalar() -> Vec<Arc<ScalarUDF>> {
    let mut all = Vec::new();
    all.extend(session::functions());
    all.extend(settings::functions());
    all.extend(lookup::functions());
    all.extend(describe::functions());
    all.extend(privileges::functions());
    all.extend(server::functions());
    all.extend(text::functions());
    all.extend(time::functions());
    all.extend(date_part::functions());
    all
}
