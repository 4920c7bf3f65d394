//! The sparse key index of a file: where each run of about 2048 rows begins.
//!
//! Parquet's page index knows the bounds of each column by itself. That says little about a key of several
//! columns: within one conversation, every page holds ids of all times of other conversations. So the writer
//! notes, for every block of rows, a *separator*: the shortest bytes that are greater than the last key before
//! the block and not greater than the first key in it, as an SSTable does.
//!
//! ```text
//!   keys       a1 a2 a9 | b2 b4 c1 | c3 c8 d0
//!   separator  (empty)  | b        | c3            block of k = the last one whose separator is <= k
//! ```
//!
//! The list is JSON in the file's key-value metadata, under `kalam.blocks`: readers of plain Parquet ignore it.
//! Blocks never cross row groups.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::manifest::hex;
use crate::error::StorageError;
use crate::storage::KeyRange;

/// The key of the file's metadata that holds the blocks.
pub(super) const METADATA_KEY: &str = "kalam.blocks";

/// A run of rows that follow each other in one row group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Block {
    #[serde(rename = "g")]
    pub row_group: usize,
    /// The first row, counted within the row group.
    #[serde(rename = "f")]
    pub first: usize,
    #[serde(rename = "n")]
    pub rows: usize,
    /// About how much memory the rows take when they are decoded.
    #[serde(rename = "b")]
    pub bytes: usize,
    /// Greater than every key before the block, not greater than any key in it.
    #[serde(rename = "k", with = "hex")]
    pub separator: Vec<u8>,
}

impl Block {
    /// The rows of the block, counted within the row group.
    pub fn range(&self) -> Range<usize> {
        self.first..self.first + self.rows
    }
}

/// The blocks of one file, in key order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blocks(Vec<Block>);

impl Blocks {
    /// Reads the blocks from the file's metadata and checks that they cover `group_rows` exactly, so that a
    /// damaged index cannot hide rows.
    ///
    /// # Errors
    /// `Corrupted` when they do not.
    pub fn decode(text: &str, group_rows: &[usize]) -> Result<Self, StorageError> {
        let corrupted =
            |what: String| StorageError::Corrupted { what: format!("the key index of a history file {what}") };
        let blocks: Vec<Block> =
            serde_json::from_str(text).map_err(|error| corrupted(format!("cannot be read: {error}")))?;
        let mut covered = vec![0; group_rows.len()];
        for block in &blocks {
            match covered.get_mut(block.row_group) {
                Some(rows) if *rows == block.first && block.rows > 0 => *rows += block.rows,
                _ => return Err(corrupted("has a gap".into())),
            }
        }
        if covered != group_rows {
            return Err(corrupted("does not cover all rows".into()));
        }
        if !blocks.is_sorted_by(|a, b| a.separator < b.separator && a.row_group <= b.row_group) {
            return Err(corrupted("is not sorted".into()));
        }
        Ok(Self(blocks))
    }

    /// The form that [`Blocks::decode`] reads.
    pub fn encode(blocks: &[Block]) -> String {
        serde_json::to_string(blocks).expect("blocks have only strings and numbers")
    }

    /// The blocks that may hold keys of `range`.
    pub fn of_range(&self, range: &KeyRange) -> Range<usize> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let start = match &range.lower {
            Unbounded => 0,
            Included(lower) | Excluded(lower) => self.of_key(lower),
        };
        let end = match &range.upper {
            Unbounded => self.0.len(),
            Included(upper) => self.0.partition_point(|block| block.separator.as_slice() <= upper.as_slice()),
            Excluded(upper) => self.0.partition_point(|block| block.separator.as_slice() < upper.as_slice()),
        };
        start..end.max(start)
    }

    /// The only block that may hold `key`.
    pub fn of_key(&self, key: &[u8]) -> usize {
        self.0.partition_point(|block| block.separator.as_slice() <= key).saturating_sub(1)
    }

    pub fn get(&self, index: usize) -> &Block {
        &self.0[index]
    }

    /// The separator of a block, as the smallest key that it can hold; `None` after the last block.
    pub fn separator(&self, index: usize) -> Option<&[u8]> {
        self.0.get(index).map(|block| block.separator.as_slice())
    }

    /// About how much memory the index takes.
    pub fn memory_bytes(&self) -> usize {
        self.0.iter().map(|block| size_of::<Block>() + block.separator.len()).sum()
    }
}

/// The shortest bytes that are greater than `last` and not greater than `first`; `first` > `last`.
pub(super) fn separator(last: &[u8], first: &[u8]) -> Vec<u8> {
    let common = last.iter().zip(first).take_while(|(a, b)| a == b).count();
    first[..first.len().min(common + 1)].to_vec()
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::*;

    fn blocks(separators: &[&str]) -> Blocks {
        let block = |(index, separator): (usize, &&str)| Block {
            row_group: 0,
            first: index * 10,
            rows: 10,
            bytes: 100,
            separator: separator.as_bytes().to_vec(),
        };
        Blocks(separators.iter().enumerate().map(block).collect())
    }

    #[test]
    fn a_range_finds_its_blocks() {
        let blocks = blocks(&["", "b", "c3"]);
        let range = |lower: Bound<&str>, upper: Bound<&str>| {
            let owned = |bound: Bound<&str>| bound.map(|text| text.as_bytes().to_vec());
            blocks.of_range(&KeyRange { lower: owned(lower), upper: owned(upper) })
        };
        assert_eq!(range(Bound::Unbounded, Bound::Unbounded), 0..3);
        assert_eq!(range(Bound::Included("b"), Bound::Excluded("c")), 1..2);
        assert_eq!(range(Bound::Included("a9"), Bound::Included("b")), 0..2);
        assert_eq!(range(Bound::Included("a9"), Bound::Excluded("b")), 0..1);
        assert_eq!(range(Bound::Excluded("c3"), Bound::Unbounded), 2..3);
        assert_eq!(range(Bound::Included("z"), Bound::Excluded("a")), 2..2);
        assert_eq!(blocks.of_key(b"c2"), 1);
        assert_eq!(blocks.of_key(b"c3"), 2);
    }

    #[test]
    fn a_damaged_index_is_refused() {
        let good = blocks(&["", "b"]);
        let text = Blocks::encode(&good.0);
        assert_eq!(Blocks::decode(&text, &[20]).unwrap(), good);
        assert!(Blocks::decode(&text, &[21]).is_err());
        assert!(Blocks::decode(&text, &[]).is_err());
        assert!(Blocks::decode("[", &[20]).is_err());
        assert!(Blocks::decode(&Blocks::encode(&blocks(&["b", ""]).0), &[20]).is_err());
    }

    proptest! {
        #[test]
        fn a_separator_separates(mut keys in prop::collection::vec(prop::collection::vec(0u8..4, 1..6), 2)) {
            keys.sort();
            prop_assume!(keys[0] != keys[1]);
            let separator = separator(&keys[0], &keys[1]);
            prop_assert!(keys[0] < separator && separator <= keys[1]);
        }
    }
}
