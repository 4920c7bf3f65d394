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
mod joins;
mod locks;
mod missing;
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
mod windows;

use datafusion::sql::sqlparser::ast;

use self::clause::Clause;
use self::places::Places;
use self::scope::{Item, Level};
use super::refuse;
use super::resolve::{Parameters, Resolver};
use super::tree::{Expression, Kind, Position, Query, Relation, TypeRef};
use crate::base::ids::Oid;
use crate::catalog::facts::Facts;
use crate::error::{Error, Result};
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
    let mut mentions = Vec::new();
    bound.walk(0, &mut |part, _| {
        if let Kind::Parameter(number) = part.kind {
            mentions.push((number, part.data_type.oid, part.position));
        }
        true
    });
    for (number, oid, at) in mentions {
        context.parameters.check(number, oid).map_err(|error| analyser.at(error, at))?;
    }
    Ok(bound)
}

/// What an expression that stands outside of a query is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Default,
    Check,
    Returning,
    UpdateSource,
    Where,
}

/// Analyses an expression over one relation, whose columns are those of relation 0.
///
/// # Errors
/// As [`query`].
pub fn expression(
    context: &Context<'_>,
    expr: &ast::Expr,
    purpose: Purpose,
    relation: Option<Relation>,
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
        Purpose::Returning => Clause::Returning,
        Purpose::UpdateSource => Clause::UpdateSource,
        Purpose::Where => Clause::Where,
    };
    let bound = analyser.expression_in(expr, clause)?;
    match purpose {
        Purpose::Check | Purpose::Where => analyser.boolean(bound, clause.name()),
        _ => Ok(bound),
    }
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
    pub(super) const NAME: Oid = 19;
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
