//! The bound tree: what a statement means, after every name, type, operator and function is resolved.
//!
//! It is PostgreSQL's query tree in shape (`Query`, `RangeTblEntry`, `Var`, `FuncExpr`, … of its
//! `primnodes.h` and `parsenodes.h`): one [`Query`] per level with a list of relations, over which
//! [`Column`]s point by index, also into the levels outside of theirs. Nothing in it is a name that still has to
//! be looked up. The binder builds it from the syntax tree; `lower` makes DataFusion's plan of it; deparsing
//! prints it.

mod expression;
mod modification;
mod query;
mod walk;

pub use expression::{
    Aggregate, ArrayQuantifier, BooleanTest, Case, CoercionMethod, Column, Expression, Form, Kind, Logic, SortKey,
    Subquery, SubqueryKind, ValueFunction, Window,
};
pub use modification::{Modification, Operation};
pub use query::{
    Cte, Distinct, Frame, FrameBound, FrameExclusion, FrameUnits, FunctionItem, Grouping, GroupingSet, Join, JoinKind,
    Limit, Materialized, Query, QueryBody, Relation, RelationKind, SetOperation, SetOperator, TableHandle, Target,
    WindowDefinition,
};
pub use walk::Visit;

use crate::base::ids::Oid;

/// A type with its modifier, as every expression carries it. The modifier is -1 where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeRef {
    pub oid: Oid,
    pub typmod: i32,
}

impl TypeRef {
    /// The type without a modifier.
    pub const fn plain(oid: Oid) -> Self {
        Self { oid, typmod: -1 }
    }
}

/// A place in the text of a statement: line and column, both counted from 1, the column in characters.
pub type Position = datafusion::sql::sqlparser::tokenizer::Location;
