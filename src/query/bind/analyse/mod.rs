//! Parse analysis: from the syntax tree to the bound tree, by PostgreSQL's rules.
//!
//! [`query`] and [`expression`] walk sqlparser's tree once. Names are looked up in [`scope`]s, one for each query
//! around an expression; operators, functions and casts are chosen by [`super::resolve`]. An error is PostgreSQL's
//! own, with its place in the text, or 0A000 for what is not done here: nothing is ever read with another meaning.

mod aggregates;
mod calls;
mod clause;
mod columns;
mod comparisons;
mod constants;
mod ctes;
mod expressions;
mod from;
mod grouping;
mod insert;
mod joins;
mod locks;
mod missing;
mod modify;
mod names;
mod places;
mod queries;
mod relations;
mod rows;
mod scope;
mod select;
mod set_operations;
mod sorting;
mod subqueries;
mod syntax;
mod targets;
mod typenames;
mod ungrouped;
mod update;
mod windows;

use datafusion::sql::sqlparser::ast;

use self::clause::Clause;
pub use self::modify::modification;
use self::places::Places;
pub use self::relations::type_ref;
use self::scope::{Item, Level};
use super::refuse;
use super::resolve::{Parameters, Resolver};
use super::tree::{Expression, Form, Kind, Position, Query, Relation, TypeRef, Visit};
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, Facts};
use crate::error::{Error, QueryError, Result};
use crate::query::environment::Environment;
use crate::query::guards::too_complex;
use crate::query::parse;

/// Deepest nesting of expressions and queries. The text was checked before it was parsed; this bound holds for
/// trees that come from elsewhere.
const DEPTH: usize = 400;

/// What analysis needs to know besides the statement.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub environment: &'a Environment,
    pub facts: &'a Facts,
    /// The types of `$1`, `$2`, … as far as they are known.
    pub parameters: &'a Parameters,
    /// Are relations looked up in the system's schemas only? True inside the system's own views.
    pub system_only: bool,
    /// The text that places in the tree refer to.
    pub source: Option<&'a str>,
}

impl<'a> Context<'a> {
    /// For a statement of the session.
    pub fn new(environment: &'a Environment, facts: &'a Facts, parameters: &'a Parameters) -> Self {
        Self { environment, facts, parameters, system_only: false, source: environment.source.as_deref() }
    }
}

/// Analyses a query.
///
/// # Errors
/// PostgreSQL's errors of parse analysis; 0A000 for what is not done here.
pub fn query(context: &Context<'_>, query: &ast::Query) -> Result<Query> {
    let mut analyser = Analyser::new(*context);
    let bound = analyser.query(query)?;
    check_parameters(&analyser, |visit| bound.walk(0, visit))?;
    Ok(bound)
}

/// An error at the parenthesis that opens before a place.
pub fn at_opening(context: &Context<'_>, error: QueryError, place: Position) -> Error {
    let analyser = Analyser::new(*context);
    let at = analyser.places.opening(Some(place));
    analyser.fail(error, at)
}

/// Checks that all mentions of a parameter in a finished statement have the same type.
fn check_parameters(analyser: &Analyser<'_>, walk: impl FnOnce(Visit<'_>)) -> Result<()> {
    let mut mentions = Vec::new();
    walk(&mut |part, _| {
        if let Kind::Parameter(number) = part.kind {
            mentions.push((number, part.data_type.oid, part.position));
        }
        true
    });
    for (number, oid, at) in mentions {
        analyser.context.parameters.check(number, oid).map_err(|error| analyser.at(error, at))?;
    }
    Ok(())
}

/// What an expression that stands outside of a query is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The DEFAULT of a column of this name.
    Default,
    Check,
    /// An argument of EXECUTE, by its number.
    ExecuteParameter(usize),
    /// A value for a column.
    Value,
}

/// Analyses an expression over one relation, whose columns are those of relation 0. With a `target` the value is
/// assigned to a column of that type, which errors call `column`.
///
/// # Errors
/// As [`query`].
pub fn expression(
    context: &Context<'_>,
    expr: &ast::Expr,
    purpose: Purpose,
    relation: Option<Relation>,
    target: Option<(&str, TypeRef)>,
) -> Result<Expression> {
    let mut analyser = Analyser::new(*context);
    let mut level = Level::default();
    if let Some(relation) = relation {
        let item = Item::of_relation(0, &relation);
        level.add(relation, Vec::new());
        level.namespace.push(item);
    }
    analyser.levels.push(level);
    let clause = match purpose {
        Purpose::Default => Clause::Default,
        Purpose::Check => Clause::Check,
        Purpose::ExecuteParameter(_) => Clause::ExecuteParameter,
        Purpose::Value => Clause::Values,
    };
    let bound = analyser.expression_in(expr, clause)?;
    if purpose == Purpose::Check {
        return analyser.boolean(bound, clause.name());
    }
    let Some((column, target)) = target else { return Ok(bound) };
    let (source, at) = (bound.data_type.oid, bound.position);
    let assigned = analyser.resolver.coerce(bound, target, CastContext::Assignment, Form::ImplicitCast);
    assigned.map_err(|error| analyser.at(error, at))?.ok_or_else(|| {
        let (wanted, source) = (analyser.type_name(target.oid), analyser.type_name(source));
        let message = match purpose {
            Purpose::Default => {
                format!("column \"{column}\" is of type {wanted} but default expression is of type {source}")
            }
            Purpose::ExecuteParameter(number) => {
                format!("parameter ${number} of type {source} cannot be coerced to the expected type {wanted}")
            }
            Purpose::Check | Purpose::Value => {
                format!("column \"{column}\" is of type {wanted} but expression is of type {source}")
            }
        };
        // PostgreSQL does not say where a default stands.
        let at = at.filter(|_| purpose != Purpose::Default);
        analyser.at(Error::from(QueryError::DatatypeMismatch(message)).hint(modify::CAST_HINT), at)
    })
}

/// Analysis under way.
struct Analyser<'a> {
    context: Context<'a>,
    resolver: Resolver<'a>,
    places: Places<'a>,
    /// The queries around what is analysed, innermost last.
    levels: Vec<Level>,
    depth: usize,
}

impl<'a> Analyser<'a> {
    fn new(context: Context<'a>) -> Self {
        let source = context.source.unwrap_or_default();
        let resolver = Resolver::new(context.facts, &context.environment.style, context.parameters, source)
            .with_tables(&context.environment.catalog);
        Self { context, resolver, places: Places::new(context.source), levels: Vec::new(), depth: 0 }
    }

    fn level(&mut self) -> Result<&mut Level> {
        self.levels.last_mut().ok_or_else(|| refuse::not_supported("this expression outside of a query"))
    }

    /// Runs `inner` one level deeper in the tree, unless that is too deep.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH {
            return Err(too_complex().into());
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Runs `inner` with the clause that errors are to name.
    fn within<T>(&mut self, clause: Clause, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = std::mem::replace(&mut self.level()?.clause, clause);
        let result = inner(self);
        self.level()?.clause = before;
        result
    }

    fn clause(&self) -> Clause {
        self.levels.last().map_or(Clause::SelectTarget, |level| level.clause)
    }

    fn expression_in(&mut self, expr: &ast::Expr, clause: Clause) -> Result<Expression> {
        self.within(clause, |this| this.expression(expr))
    }

    /// An error at a place of the text.
    fn fail(&self, error: impl Into<Error>, at: Option<Position>) -> Error {
        self.at(error.into(), at)
    }

    /// Gives an error its place, unless it has one.
    fn at(&self, error: Error, at: Option<Position>) -> Error {
        match places::known(at).zip(self.context.source).and_then(|(at, source)| parse::position(source, at)) {
            Some(position) => error.at(position),
            None => error,
        }
    }

    fn boolean(&self, expression: Expression, construct: &str) -> Result<Expression> {
        let at = expression.position;
        self.resolver.boolean(expression, construct).map_err(|error| self.at(error, at))
    }

    /// The name of a type as messages show it.
    fn type_name(&self, oid: Oid) -> String {
        self.resolver.type_name(oid)
    }
}

/// An expression of a type without modifier.
fn expression_of(kind: Kind, oid: Oid, position: Option<Position>) -> Expression {
    Expression { kind, data_type: TypeRef::plain(oid), position: places::known(position) }
}

/// The leftmost of two places, as messages about a whole expression use it.
fn leftmost(one: Option<Position>, other: Option<Position>) -> Option<Position> {
    match (places::known(one), places::known(other)) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// OIDs of types that the grammar itself mentions.
mod oids {
    use crate::base::ids::Oid;

    pub(super) const BOOL: Oid = 16;
    pub(super) const BYTEA: Oid = 17;
    pub(super) const NAME: Oid = 19;
    pub(super) const TEXT: Oid = 25;
    pub(super) const JSONB: Oid = 3802;
    pub(super) const INT8: Oid = 20;
    pub(super) const INT2: Oid = 21;
    pub(super) const INT4: Oid = 23;
    pub(super) const PG_NODE_TREE: Oid = 194;
    pub(super) const FLOAT4: Oid = 700;
    pub(super) const FLOAT8: Oid = 701;
    pub(super) const UNKNOWN: Oid = 705;
    pub(super) const BPCHAR: Oid = 1042;
    pub(super) const DATE: Oid = 1082;
    pub(super) const TIME: Oid = 1083;
    pub(super) const TIMESTAMP: Oid = 1114;
    pub(super) const TIMESTAMPTZ: Oid = 1184;
    pub(super) const INTERVAL: Oid = 1186;
    pub(super) const TIMETZ: Oid = 1266;
    pub(super) const BIT: Oid = 1560;
    pub(super) const NUMERIC: Oid = 1700;
    pub(super) const RECORD: Oid = 2249;
}
