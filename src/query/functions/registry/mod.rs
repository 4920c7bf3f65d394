//! From a row of `pg_proc` to what computes it.
//!
//! A row names its implementation by `prosrc`, or, where PostgreSQL has a query in its place, by name and argument
//! types: `lpad(text,int4)`. Each family of functions is a file of this directory, which takes the rows it knows.
//! The binder has resolved the call: arguments have exactly the types that are given, defaults are filled in, and what
//! is built here leaves nothing to coerce for DataFusion.

mod adapt;
mod aggregate;
mod arithmetic;
mod arrays;
mod bytes;
mod calendar;
mod casts;
mod codes;
mod compare;
mod documents;
mod encodings;
mod format;
mod formatting;
mod frame;
mod integers;
mod math;
mod numerics;
mod patterns;
mod quantified;
mod rows;
mod strings;
mod subscripts;
mod system;
mod text;
mod times;

#[cfg(test)]
mod tests;

use arrow::array::ArrayRef;
use datafusion::logical_expr::{Expr, Volatility};

use crate::catalog::facts::{Facts, FunctionFact, FunctionKind};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::environment::Environment;
use crate::query::functions::kernel::{self, Kernel};

pub use adapt::by_name;
pub use aggregate::{aggregate, aggregated, ordered_set, window};
pub use arrays::array;
pub use casts::convert;
pub use compare::key;
pub use quantified::{array_operator, distinct_from};
pub use rows::{set_of_columns, set_returning};
pub use subscripts::subscript;

/// Arithmetic of intervals, for aggregates of them.
pub mod intervals {
    pub use super::times::{divided, minus, plus, times};
}

/// A call on its way to an expression.
struct Call<'a> {
    fact: &'a FunctionFact,
    /// What names the implementation.
    source: String,
    arguments: Vec<Expr>,
    types: &'a [PgType],
    result: &'a PgType,
}

impl Call<'_> {
    /// The arguments, once.
    fn take(&mut self) -> Vec<Expr> {
        std::mem::take(&mut self.arguments)
    }

    /// The only, or the first argument.
    fn first(&mut self) -> Expr {
        self.arguments.drain(..1).next().unwrap_or_default()
    }

    fn kind(&self, argument: usize) -> PgType {
        self.types.get(argument).cloned().unwrap_or(PgType::Unknown)
    }
}

/// A function that plans the calls of a family, and leaves the others.
type Family = fn(&mut Call<'_>) -> Option<Result<Expr>>;

const FAMILIES: [Family; 18] = [
    compare::plan,
    arithmetic::plan,
    integers::plan,
    numerics::plan,
    math::plan,
    calendar::plan,
    casts::plan,
    codes::plan,
    patterns::plan,
    text::plan,
    strings::plan,
    bytes::plan,
    format::plan,
    formatting::plan,
    times::plan,
    documents::plan,
    arrays::plan,
    system::plan,
];

/// The expression that computes a call of a plain function, also of the one behind an operator or a cast.
///
/// # Errors
/// 0A000 for a function that is not implemented, or not for these types.
pub fn call(fact: &FunctionFact, arguments: Vec<Expr>, types: &[PgType], result: &PgType) -> Result<Expr> {
    if fact.kind == FunctionKind::Function && !fact.returns_set {
        let mut call = Call { fact, source: source(fact), arguments, types, result };
        for family in FAMILIES {
            if let Some(planned) = family(&mut call) {
                return planned;
            }
        }
    }
    Err(not_implemented(fact))
}

/// A time rounded to so many digits behind the point of its seconds.
pub fn with_precision(value: Expr, data_type: &PgType, digits: u32) -> Expr {
    calendar::with_precision(value, data_type, digits)
}

/// A kernel of a name of its own, for what a query of PostgreSQL's calls inside.
fn kernel_of(
    name: &str,
    result: &PgType,
    arguments: Vec<Expr>,
    work: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    let work = move |_: &Environment, arrays: &[ArrayRef]| work(arrays);
    kernel::call(Kernel::new(name, arguments.len(), result.clone(), Volatility::Immutable, work), arguments)
}

fn not_implemented(fact: &FunctionFact) -> crate::Error {
    refuse::not_supported(format!("function {}", signature(fact)))
}

/// What names the implementation of a function.
fn source(fact: &FunctionFact) -> String {
    if fact.language == "sql" || fact.source.is_empty() { signature(fact) } else { fact.source.clone() }
}

/// Name and argument types, as in `lpad(text,int4)`.
fn signature(fact: &FunctionFact) -> String {
    let facts = Facts::shipped();
    let name = |oid: &u32| facts.type_of(*oid).map_or_else(|| oid.to_string(), |fact| fact.name.clone());
    format!("{}({})", fact.name, fact.arguments.iter().map(name).collect::<Vec<_>>().join(","))
}
