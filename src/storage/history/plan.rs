//! Which rows of a file a scan reads, and in which pieces.

use std::ops::Range;

use arrow::array::Array;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;

use super::errors::parquet_error;
use super::format;
use super::manifest::HistoryFile;
use super::open::OpenFile;
use super::reader::{Direction, Scan};
use super::stats::{self, Bounds};
use crate::error::Result;
use crate::storage::{KeyRange, Shape};

/// Most rows and bytes of a chunk: what a scan holds in memory.
const CHUNK_ROWS: usize = 32 * 1024;
const CHUNK_BYTES: usize = 8 << 20;
/// Blocks of the first chunk of a scan that expects to read everything.
const LONG_SCAN_BLOCKS: usize = 4;

/// Rows that are read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub row_group: usize,
    /// Rows within the row group, ascending and apart from each other.
    pub ranges: Vec<Range<usize>>,
    /// Some rows may lie outside of the scanned keys: the reader must look.
    pub trim: bool,
    /// The block that the chunk is, if it is all of one block.
    pub block: Option<usize>,
}

/// The chunks of a scan, in the order in which they are read.
///
/// # Errors
/// When the page index cannot be understood.
pub(super) fn chunks(open: &OpenFile, file: &HistoryFile, shape: &Shape, scan: &Scan) -> Result<Vec<Chunk>> {
    if !file.overlaps(&scan.range) {
        return Ok(Vec::new());
    }
    let blocks = open.blocks.of_range(&scan.range);
    let mut pruning = Pruning::new(open, shape, scan);
    let mut pieces = Vec::with_capacity(blocks.len());
    for index in blocks {
        let block = open.blocks.get(index);
        let ranges = pruning.admitted(block.row_group, block.range())?;
        if !ranges.is_empty() {
            let trim = !covers(&scan.range, open, file, index);
            let whole = (ranges == [block.range()]).then_some(index);
            pieces.push((Chunk { row_group: block.row_group, ranges, trim, block: whole }, block.bytes));
        }
    }
    if scan.direction == Direction::Reverse {
        pieces.reverse();
    }
    Ok(join(pieces, scan))
}

/// Whether every key that block `index` can hold lies in `range`.
fn covers(range: &KeyRange, open: &OpenFile, file: &HistoryFile, index: usize) -> bool {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    let smallest = if index == 0 { file.min_key.as_slice() } else { &open.blocks.get(index).separator };
    let lower = match &range.lower {
        Unbounded => true,
        Included(lower) => lower.as_slice() <= smallest,
        Excluded(lower) => lower.as_slice() < smallest,
    };
    // Keys of a block are less than the next separator; the last block ends with the file's last key.
    let upper = match (&range.upper, open.blocks.separator(index + 1)) {
        (Unbounded, _) => true,
        (Included(upper) | Excluded(upper), Some(next)) => next <= upper.as_slice(),
        (Included(upper), None) => file.max_key <= *upper,
        (Excluded(upper), None) => file.max_key < *upper,
    };
    lower && upper
}

/// Joins blocks to chunks that double in size. Blocks at the ends of the range, whose rows must be looked at,
/// stay alone, so that the key columns are read only for them.
fn join(pieces: Vec<(Chunk, usize)>, scan: &Scan) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut most_blocks = if scan.hint_rows.is_some() { 1 } else { LONG_SCAN_BLOCKS };
    let (mut blocks, mut rows, mut bytes) = (0, 0, 0);
    for (piece, piece_bytes) in pieces {
        let piece_rows: usize = piece.ranges.iter().map(ExactSizeIterator::len).sum();
        let fits = |last: &&mut Chunk| {
            last.row_group == piece.row_group
                && !last.trim
                && !piece.trim
                && blocks < most_blocks
                && rows + piece_rows <= CHUNK_ROWS
                && bytes + piece_bytes <= CHUNK_BYTES
        };
        if let Some(last) = chunks.last_mut().filter(fits) {
            match scan.direction {
                Direction::Forward => last.ranges.extend(piece.ranges),
                Direction::Reverse => last.ranges.splice(0..0, piece.ranges).for_each(drop),
            }
            last.block = None;
            (blocks, rows, bytes) = (blocks + 1, rows + piece_rows, bytes + piece_bytes);
        } else {
            if !chunks.is_empty() {
                most_blocks *= 2;
            }
            (blocks, rows, bytes) = (1, piece_rows, piece_bytes);
            chunks.push(piece);
        }
    }
    chunks
}

/// Page statistics of the columns that a scan has bounds for.
struct Pruning<'a> {
    open: &'a OpenFile,
    columns: Vec<(usize, usize, Bounds)>,
    shape: &'a Shape,
    /// The rows that the pages of each column admit, for the row group that was asked for last.
    admitted: Option<(usize, Vec<Vec<Range<usize>>>)>,
}

impl<'a> Pruning<'a> {
    fn new(open: &'a OpenFile, shape: &'a Shape, scan: &Scan) -> Self {
        let mut columns = Vec::new();
        for range in &scan.prune {
            if range.column >= open.columns {
                continue;
            }
            let field = shape.schema.field(range.column);
            let bounds = Bounds::of(field, range);
            if stats::is_ordered(field) && !bounds.is_empty() {
                columns.push((range.column, format::leaf(shape, range.column), bounds));
            }
        }
        Self { open, columns, shape, admitted: None }
    }

    /// The rows of `rows` that no column excludes.
    fn admitted(&mut self, row_group: usize, rows: Range<usize>) -> Result<Vec<Range<usize>>> {
        let mut ranges = vec![rows];
        if self.columns.is_empty() {
            return Ok(ranges);
        }
        if self.admitted.as_ref().is_none_or(|(known, _)| *known != row_group) {
            let columns: Result<_> = self.columns.iter().map(|column| self.pages(row_group, column)).collect();
            self.admitted = Some((row_group, columns?));
        }
        for column in self.admitted.iter().flat_map(|(_, columns)| columns) {
            ranges = intersect(&ranges, column);
        }
        Ok(ranges)
    }

    /// The rows of the pages of one column that may match its bounds.
    fn pages(&self, row_group: usize, (column, leaf, bounds): &(usize, usize, Bounds)) -> Result<Vec<Range<usize>>> {
        let metadata = self.open.metadata.metadata();
        let group_rows = self.open.group_rows(row_group);
        let everything = || std::iter::once(0..group_rows).collect();
        let (Some(column_index), Some(offset_index)) = (metadata.column_index(), metadata.offset_index()) else {
            return Ok(everything());
        };
        let field = self.open.metadata.schema().field(*column);
        let schema = metadata.file_metadata().schema_descr();
        let converter = StatisticsConverter::from_column_index(*leaf, field, schema).map_err(parquet_error)?;
        let minima = converter.data_page_mins(column_index, offset_index, [&row_group]).map_err(parquet_error)?;
        let maxima = converter.data_page_maxes(column_index, offset_index, [&row_group]).map_err(parquet_error)?;
        let wanted = self.shape.schema.field(*column);
        let minima = stats::bounds_in_form(minima, wanted)?;
        let maxima = stats::bounds_in_form(maxima, wanted)?;
        let locations = offset_index[row_group][*leaf].page_locations();
        if minima.len() != locations.len() || maxima.len() != locations.len() {
            return Ok(everything());
        }
        let first = |page: usize| {
            locations.get(page).map_or(group_rows, |page| usize::try_from(page.first_row_index).unwrap_or(0))
        };
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for page in 0..locations.len() {
            let nothing = column_index[row_group][*leaf].is_null_page(page);
            let min = stats::encode(&minima, page);
            let max = stats::encode(&maxima, page).filter(|_| stats::has_upper_bound(field.data_type()));
            if nothing || !bounds.admit(min.as_deref(), max.as_deref()) {
                continue;
            }
            match ranges.last_mut() {
                Some(last) if last.end == first(page) => last.end = first(page + 1),
                _ => ranges.push(first(page)..first(page + 1)),
            }
        }
        Ok(ranges)
    }
}

/// What two lists of ascending, disjoint ranges have in common.
fn intersect(a: &[Range<usize>], b: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut common = Vec::new();
    let (mut at, mut bt) = (0, 0);
    while let (Some(left), Some(right)) = (a.get(at), b.get(bt)) {
        let (start, end) = (left.start.max(right.start), left.end.min(right.end));
        if start < end {
            common.push(start..end);
        }
        if left.end < right.end { at += 1 } else { bt += 1 }
    }
    common
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_intersection_holds_what_both_hold(
            a in prop::collection::btree_set(0usize..40, 0..12),
            b in prop::collection::btree_set(0usize..40, 0..12),
        ) {
            let ranges = |points: &std::collections::BTreeSet<usize>| {
                points.iter().copied().collect::<Vec<_>>().chunks_exact(2).map(|pair| pair[0]..pair[1]).collect::<Vec<_>>()
            };
            let (a, b) = (ranges(&a), ranges(&b));
            let holds = |ranges: &[Range<usize>], row: usize| ranges.iter().any(|range| range.contains(&row));
            let common = intersect(&a, &b);
            for row in 0..40 {
                prop_assert_eq!(holds(&common, row), holds(&a, row) && holds(&b, row));
            }
        }
    }
}
