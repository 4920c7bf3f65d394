//! Regular expressions: PostgreSQL's advanced ones.
//!
//! [`syntax`] reads them, [`tree`] decides what a match is, [`program`] is the automaton under it, [`compiled`] puts a
//! faster one before it. The functions themselves are in [`functions`].

mod compiled;
mod functions;
mod program;
mod set;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;

pub(super) use functions::{plan, set_returning, substring};
