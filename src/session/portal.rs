//! Portals: bound statements that run, pause and go on.

use std::sync::Arc;

use datafusion::common::ScalarValue;

use super::outcome::Outcome;
use super::prepared::Prepared;
use crate::query::OutputColumn;

/// A statement with its parameters, and its result as far as it was not fetched yet.
#[derive(Debug)]
pub struct Portal {
    pub(crate) statement: Arc<Prepared>,
    pub(crate) parameters: Vec<ScalarValue>,
    pub(crate) state: PortalState,
}

/// How far a portal has got.
#[derive(Debug)]
pub(crate) enum PortalState {
    /// Not executed yet.
    Ready,
    /// Its result was handed out; the server sends it.
    Running,
    /// Its result was handed back with rows left.
    Suspended(Box<Outcome>),
}

impl Portal {
    /// The columns of its result; `None` if it gives no rows.
    pub fn columns(&self) -> Option<&Arc<[OutputColumn]>> {
        self.statement.columns()
    }

    /// The statement it runs.
    pub fn statement(&self) -> &Arc<Prepared> {
        &self.statement
    }
}
