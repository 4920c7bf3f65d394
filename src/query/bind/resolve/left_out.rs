//! Names of which PostgreSQL has more rows than the shipped facts.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::{Resolver, refuse};
use crate::error::Error;

/// One name a line, sorted: operators and functions with at least one row of PostgreSQL 15 that is not shipped, and
/// types that are not.
const NAMES: &str = include_str!("left_out.txt");

/// Does PostgreSQL know more of this name than the shipped facts?
pub(super) fn contains(name: &str) -> bool {
    static SET: LazyLock<HashSet<&str>> = LazyLock::new(|| NAMES.lines().collect());
    SET.contains(name)
}

impl Resolver<'_> {
    /// The error, unless the search could have ended otherwise with rows that are not shipped.
    pub(super) fn unless_left_out(&self, name: &str, error: Error) -> Error {
        if !self.complete && contains(name) {
            refuse::not_supported(format!("\"{name}\" with these types"))
        } else {
            error
        }
    }
}
