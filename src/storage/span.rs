//! What the manifest says of a file without opening it: where its keys of a range can lie.

use std::ops::Bound;

use super::history::HistoryFile;
use super::keys;
use super::range::KeyRange;
use super::shape::Shape;

/// Between which keys the rows of a file lie that belong to a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Not above any of these keys.
    first: Vec<u8>,
    /// Above all of these keys.
    end: Vec<u8>,
}

impl Span {
    /// What a file may hold of a range; `None` when it holds nothing of it.
    ///
    /// The whole keys of the manifest say little about one conversation: a file spans most of them. But
    /// inside one conversation the next key column, a time-ordered id, has bounds of its own: they tell
    /// "older than every fresh row" without opening the file.
    pub(super) fn of(file: &HistoryFile, shape: &Shape, range: &KeyRange) -> Option<Self> {
        if !range.overlaps(&file.min_key, &file.max_key) {
            return None;
        }
        let mut first = match &range.lower {
            Bound::Included(key) | Bound::Excluded(key) => key.clone().max(file.min_key.clone()),
            Bound::Unbounded => file.min_key.clone(),
        };
        let after_last = [file.max_key.as_slice(), &[0]].concat();
        let mut end = match &range.upper {
            Bound::Excluded(key) => key.clone().min(after_last),
            Bound::Included(key) => [key.as_slice(), &[0]].concat().min(after_last),
            Bound::Unbounded => after_last,
        };
        let (columns, prefix) = fixed_prefix(shape, range);
        for (piece, &column) in keys::pieces(shape, &prefix).zip(&shape.key) {
            if !file.columns.get(column).is_none_or(|stats| within(piece, stats.min.as_deref(), stats.max.as_deref())) {
                return None;
            }
        }
        if let Some(stats) = shape.key.get(columns).and_then(|&column| file.columns.get(column)) {
            if let Some(min) = &stats.min {
                first = first.max([prefix.as_slice(), min].concat());
            }
            let above = stats.max.as_ref().and_then(|max| keys::successor(&[prefix.as_slice(), max].concat()));
            if let Some(above) = above {
                end = end.min(above);
            }
        }
        (first < end).then_some(Self { first, end })
    }

    /// Whether every row of the file in the range comes after `key` in the order of the scan.
    pub(super) fn is_after(&self, key: &[u8], reverse: bool) -> bool {
        if reverse { self.end.as_slice() <= key } else { self.first.as_slice() > key }
    }

    /// The key that rows must come before to be surely before every row of the file.
    pub(super) fn edge(&self, reverse: bool) -> &[u8] {
        if reverse { &self.end } else { &self.first }
    }
}

/// Whether a file may hold a key, as its key and column bounds say. Never a wrong `false`.
pub(super) fn may_hold(file: &HistoryFile, shape: &Shape, key: &[u8]) -> bool {
    file.spans(key)
        && keys::pieces(shape, key).zip(&shape.key).all(|(piece, &column)| {
            let stats = file.columns.get(column);
            stats.is_none_or(|stats| within(piece, stats.min.as_deref(), stats.max.as_deref()))
        })
}

fn within(piece: &[u8], min: Option<&[u8]>, max: Option<&[u8]>) -> bool {
    min.is_none_or(|min| min <= piece) && max.is_none_or(|max| piece <= max)
}

/// How many leading key columns have one value in the whole range, and their encoding.
fn fixed_prefix(shape: &Shape, range: &KeyRange) -> (usize, Vec<u8>) {
    let (Bound::Included(lower) | Bound::Excluded(lower)) = &range.lower else { return (0, Vec::new()) };
    let (mut columns, mut length) = (0, 0);
    for piece in keys::pieces(shape, lower) {
        let candidate = &lower[..length + piece.len()];
        let inside = match &range.upper {
            Bound::Included(upper) => upper.starts_with(candidate),
            Bound::Excluded(upper) => {
                upper.starts_with(candidate) || keys::successor(candidate).is_some_and(|successor| *upper <= successor)
            }
            Bound::Unbounded => false,
        };
        if !inside {
            break;
        }
        columns += 1;
        length += piece.len();
    }
    (columns, lower[..length].to_vec())
}
