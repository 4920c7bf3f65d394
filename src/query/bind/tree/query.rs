//! Bound queries.

use std::sync::Arc;

use super::{Column, Expression, SortKey, TypeRef};
use crate::base::ids::Oid;
use crate::catalog::Table;

/// One level of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub ctes: Vec<Cte>,
    /// Everything that columns point at: FROM items, joins, the target of DML.
    pub relations: Vec<Relation>,
    pub body: QueryBody,
    /// The output. Hidden targets (for ORDER BY, GROUP BY) come after the visible ones.
    pub targets: Vec<Target>,
    pub order_by: Vec<SortKey>,
    pub limit: Limit,
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub expression: Expression,
    pub name: String,
    /// Computed, but not part of the output.
    pub hidden: bool,
    /// OID and attnum when it is a column of a table, unchanged; otherwise zeros.
    pub origin: (Oid, i16),
}

/// What makes the rows.
#[expect(clippy::large_enum_variant, reason = "a query has one body, and most are SELECTs")]
#[derive(Clone, Debug, PartialEq)]
pub enum QueryBody {
    Select {
        /// What stands in FROM: trees of joins over relations, combined by a cross product; empty without FROM.
        from: Vec<Join>,
        filter: Option<Expression>,
        grouping: Option<Grouping>,
        having: Option<Expression>,
        windows: Vec<WindowDefinition>,
        distinct: Option<Distinct>,
    },
    /// VALUES: rows of equally many expressions. Targets are columns of relation 0.
    Values(Vec<Vec<Expression>>),
    /// UNION, INTERSECT, EXCEPT. Targets are columns of relation 0.
    SetOperation(SetOperation),
}

/// Something that has rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub kind: RelationKind,
    /// The name that the text knows it by, if any.
    pub alias: Option<String>,
    /// Names and types of the columns, renamed by the alias's list.
    pub columns: Vec<(String, TypeRef)>,
    /// May it see the relations before it (`LATERAL`)?
    pub lateral: bool,
}

/// What a relation is.
#[derive(Clone, Debug, PartialEq)]
pub enum RelationKind {
    Table {
        table: TableHandle,
        sample: Option<Box<(Expression, Option<Expression>)>>,
    },
    /// A relation of `pg_catalog`, `information_schema` or `kalam`.
    System {
        schema: String,
        name: String,
    },
    Subquery(Box<Query>),
    Values(Vec<Vec<Expression>>),
    Functions {
        items: Vec<FunctionItem>,
        ordinality: bool,
    },
    /// Reads a CTE `levels_up` outwards.
    Cte {
        levels_up: usize,
        cte: usize,
    },
    /// A join with an alias, USING or NATURAL: each column is one of its inputs or made of both.
    Join {
        columns: Vec<Expression>,
    },
    /// The rows of a set operation or of VALUES.
    Result,
}

/// A table of the tenant's catalog; equal to another one of the same OID.
#[derive(Clone, Debug)]
pub struct TableHandle(pub Arc<Table>);

impl PartialEq for TableHandle {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

/// One function of `ROWS FROM (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionItem {
    pub call: Expression,
    /// How many of the relation's columns are its.
    pub columns: usize,
}

/// A tree of joins.
#[derive(Clone, Debug, PartialEq)]
pub enum Join {
    /// Index in [`Query::relations`].
    Relation(usize),
    Join {
        kind: JoinKind,
        left: Box<Join>,
        right: Box<Join>,
        condition: Option<Expression>,
        /// The relation of kind [`RelationKind::Join`] that names its columns, if there is one.
        relation: Option<usize>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

/// GROUP BY.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    pub expressions: Vec<Expression>,
    /// More than one for GROUPING SETS, ROLLUP, CUBE: indexes into the expressions.
    pub sets: Vec<GroupingSet>,
}

pub type GroupingSet = Vec<usize>;

#[derive(Clone, Debug, PartialEq)]
pub enum Distinct {
    All,
    On(Vec<Expression>),
}

/// A window of `OVER` or `WINDOW`.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowDefinition {
    pub name: Option<String>,
    pub partition_by: Vec<Expression>,
    pub order_by: Vec<SortKey>,
    pub frame: Frame,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub units: FrameUnits,
    pub start: FrameBound,
    pub end: FrameBound,
    pub exclusion: FrameExclusion,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameUnits {
    Rows,
    Range,
    Groups,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FrameBound {
    UnboundedPreceding,
    Preceding(Box<Expression>),
    CurrentRow,
    Following(Box<Expression>),
    UnboundedFollowing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameExclusion {
    NoOthers,
    CurrentRow,
    Group,
    Ties,
}

/// LIMIT, OFFSET, FETCH.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limit {
    pub count: Option<Expression>,
    pub offset: Option<Expression>,
    pub with_ties: bool,
}

/// `WITH name AS (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cte {
    pub name: String,
    pub columns: Vec<(String, TypeRef)>,
    pub query: Query,
    /// Reads itself: the query is `start UNION [ALL] step`.
    pub recursive: bool,
    pub materialized: Materialized,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Materialized {
    Default,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    Union,
    Intersect,
    Except,
}

/// `left operator [ALL] right`, both converted to common column types.
#[derive(Clone, Debug, PartialEq)]
pub struct SetOperation {
    pub operator: SetOperator,
    pub all: bool,
    pub left: Box<Query>,
    pub right: Box<Query>,
}

impl Column {
    /// A column of a relation of the same level.
    pub fn here(relation: usize, column: usize) -> Self {
        Self { levels_up: 0, relation, column }
    }
}
