//! Which part of a table a scan reads.

use std::ops::Bound;

use arrow::array::ArrayRef;

use super::keys;

/// A range of encoded keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    pub lower: Bound<Vec<u8>>,
    pub upper: Bound<Vec<u8>>,
}

impl KeyRange {
    /// Every key.
    pub fn all() -> Self {
        Self { lower: Bound::Unbounded, upper: Bound::Unbounded }
    }

    /// Every key that starts with `prefix` (made by [`keys::encode_key_prefix`]).
    pub fn prefix(prefix: Vec<u8>) -> Self {
        let upper = keys::successor(&prefix).map_or(Bound::Unbounded, Bound::Excluded);
        Self { lower: Bound::Included(prefix), upper }
    }

    /// Whether `key` lies in the range.
    pub fn contains(&self, key: &[u8]) -> bool {
        let above = match &self.lower {
            Bound::Included(lower) => key >= lower.as_slice(),
            Bound::Excluded(lower) => key > lower.as_slice(),
            Bound::Unbounded => true,
        };
        above
            && match &self.upper {
                Bound::Included(upper) => key <= upper.as_slice(),
                Bound::Excluded(upper) => key < upper.as_slice(),
                Bound::Unbounded => true,
            }
    }

    /// Whether a run of keys from `first` to `last` (both included) can have a key in the range.
    pub fn overlaps(&self, first: &[u8], last: &[u8]) -> bool {
        let above = match &self.lower {
            Bound::Included(lower) => last >= lower.as_slice(),
            Bound::Excluded(lower) => last > lower.as_slice(),
            Bound::Unbounded => true,
        };
        above
            && match &self.upper {
                Bound::Included(upper) => first <= upper.as_slice(),
                Bound::Excluded(upper) => first < upper.as_slice(),
                Bound::Unbounded => true,
            }
    }
}

/// A range of values of one column: a hint to skip files and pages that cannot match, never a filter.
/// A bound is an array of length 1 of the column's type, and whether the bound itself is included.
#[derive(Clone, Debug)]
pub struct ColumnRange {
    /// Index into the shape's schema.
    pub column: usize,
    pub lower: Option<(ArrayRef, bool)>,
    pub upper: Option<(ArrayRef, bool)>,
}
