//! Reading the facts from CSV.

use super::Facts;

/// What the files under `catalog/pg_catalog` say. They are part of the program: a bad line is a bug that the tests
/// find.
pub(super) fn shipped() -> Facts {
    Facts::default()
}
