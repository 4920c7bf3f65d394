//! Rows without an implementation.
//!
//! A row appears in the catalog when it is implemented. Some are there although they are not: without them a call
//! would resolve to another function of the name, and mean something else. They answer 0A000.

/// `prosrc`, or name and argument types, of the rows that answer 0A000.
#[cfg_attr(not(test), expect(dead_code, reason = "a list for the test that walks over all rows"))]
pub(super) const REFUSED: &[&str] = &[];
