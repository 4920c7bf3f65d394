//! What binding gives: a plan with its parameters and its output columns in PostgreSQL's types.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::base::ids::Oid;
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::query::direct::Direct;

/// One column of a result, as RowDescription tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputColumn {
    pub name: String,
    pub data_type: PgType,
    /// The table the column comes from unchanged; 0 when it is computed.
    pub table: Oid,
    /// The column's number in that table; 0 when it is computed.
    pub attnum: i16,
}

/// A query that can be executed any number of times, as long as the catalog has the version it was bound to.
#[derive(Clone, Debug)]
pub struct Bound {
    pub columns: Arc<[OutputColumn]>,
    /// The types of `$1`, `$2`, …
    pub parameters: Vec<PgType>,
    /// [`crate::catalog::TenantCatalog::version`] of the catalog it was bound to.
    pub catalog_version: u64,
    /// Are its first two columns `_key` and `_seq`, in the storage's own form?
    pub(crate) identified: bool,
    pub(crate) plan: Plan,
}

/// How a bound query runs.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// On the store itself.
    Direct(Arc<Direct>),
    /// By DataFusion.
    Logical {
        plan: Arc<LogicalPlan>,
        /// Whether the optimiser has run: a plan with functions of the session (`now()`) is optimised
        /// when it is executed, so that a cached plan does not freeze them.
        optimised: bool,
    },
}

impl Bound {
    /// Does it run without DataFusion?
    pub fn is_direct(&self) -> bool {
        matches!(self.plan, Plan::Direct(_))
    }
}

/// A statement that has a plan.
#[derive(Clone, Debug)]
pub enum BoundStatement {
    Query(Bound),
    Insert(BoundInsert),
    Update(BoundUpdate),
    Delete(BoundDelete),
}

/// The RETURNING list of a statement: a projection of the rows that it changed.
#[derive(Clone, Debug)]
pub struct Returning {
    pub columns: Arc<[OutputColumn]>,
    pub(crate) items: Vec<Returned>,
    /// The columns of the rows: those of the table, then what other relations give.
    pub(crate) schema: Arc<DFSchema>,
}

/// One column of a RETURNING list.
#[derive(Clone, Debug)]
pub(crate) enum Returned {
    /// A column of the rows as it is.
    Column(usize),
    Computed(Expr),
}

pub use crate::transaction::OnConflict as ConflictAction;

/// A bound INSERT. `source` yields the rows to insert: all columns of the table in attnum order, without the
/// hidden row id, converted to the columns' types and with defaults filled in.
#[derive(Clone, Debug)]
pub struct BoundInsert {
    pub table: Arc<Table>,
    pub source: InsertSource,
    pub on_conflict: ConflictAction,
    pub returning: Option<Returning>,
    pub parameters: Vec<PgType>,
}

/// Where the rows of an INSERT come from.
#[derive(Clone, Debug)]
pub enum InsertSource {
    /// VALUES of expressions without relations: evaluated without a plan. Row by row, column by column.
    Values(Arc<Vec<Vec<Expr>>>),
    /// A query.
    Query(Bound),
}

/// A bound UPDATE. `source` yields one row for every row to change: `_key` and `_seq` of its
/// current version, then all columns of the table with their new values, then those of other relations that the
/// RETURNING list mentions.
#[derive(Clone, Debug)]
pub struct BoundUpdate {
    pub table: Arc<Table>,
    pub source: Bound,
    pub returning: Option<Returning>,
    pub parameters: Vec<PgType>,
}

/// A bound DELETE. `source` yields `_key` and `_seq` of every row to delete, then, when there is a
/// RETURNING list, all columns of the table, and those of other relations that it mentions.
#[derive(Clone, Debug)]
pub struct BoundDelete {
    pub table: Arc<Table>,
    pub source: Bound,
    pub returning: Option<Returning>,
    pub parameters: Vec<PgType>,
}
