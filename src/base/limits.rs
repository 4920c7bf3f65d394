//! The named bounds of queues, messages and nesting. A bound that an operator may want to move is a
//! setting in [`crate::config`] instead.

/// Longest identifier in bytes, as PostgreSQL's NAMEDATALEN - 1. Longer ones are cut with a notice.
pub const IDENTIFIER_BYTES: usize = 63;
/// Longest payload of NOTIFY in bytes (PostgreSQL: must be shorter than 8000).
pub const NOTIFY_PAYLOAD_BYTES: usize = 7999;
/// Longest encoded primary key in bytes.
pub const KEY_BYTES: usize = 8 * 1024;
/// Deepest nesting of a statement's syntax tree.
pub const EXPRESSION_DEPTH: usize = 64;
/// Most operators, function calls and list items in one statement.
pub const EXPRESSION_TERMS: usize = 5_000;
/// Most columns of one table.
pub const COLUMNS: usize = 1_600;
/// Largest value that a function over text or arrays may make, in bytes.
pub const VALUE_BYTES: u64 = 256 << 20;
/// Most bytes of all such values of one batch of rows together.
pub const BATCH_BYTES: u64 = 1 << 30;
