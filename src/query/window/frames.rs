//! Frames: which rows of its partition a row sees.

use std::cmp::Ordering;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::{DataType, Float64Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::common::Result as DataFusionResult;

use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::bind::tree::{FrameExclusion, FrameUnits};
use crate::query::functions::grouped::sorting::{Rows, comparable};
use crate::query::functions::interval::span_of;

/// How far a bound is from the current row. The expressions are `E`s in a plan, and columns of the partitions' rows
/// while they are computed; an offset is read in the first row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Offset<E> {
    /// So many rows, or groups of peers.
    Count(E),
    /// What a key of whole numbers may differ by.
    Whole { key: E, offset: E },
    /// What a key of `double precision` may differ by.
    Real { key: E, offset: E },
    /// What a time of day may differ by; it does not wrap around.
    Clock { key: E, offset: E },
    /// A key of another type, and that key with the offset added to it or subtracted from it. The offset itself is
    /// there to be checked: as an interval, or as the answer to whether it is negative.
    Beyond { key: E, boundary: E, offset: E },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bound<E> {
    UnboundedPreceding,
    Preceding(Offset<E>),
    CurrentRow,
    Following(Offset<E>),
    UnboundedFollowing,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame<E> {
    pub units: FrameUnits,
    pub start: Bound<E>,
    pub end: Bound<E>,
    pub exclusion: FrameExclusion,
}

impl<E> Offset<E> {
    fn expressions(&self) -> Vec<&E> {
        match self {
            Self::Count(offset) => vec![offset],
            Self::Whole { key, offset } | Self::Real { key, offset } | Self::Clock { key, offset } => vec![key, offset],
            Self::Beyond { key, boundary, offset } => vec![key, boundary, offset],
        }
    }

    fn map<T, R>(&self, f: &mut dyn FnMut(&E) -> Result<T, R>) -> Result<Offset<T>, R> {
        Ok(match self {
            Self::Count(offset) => Offset::Count(f(offset)?),
            Self::Whole { key, offset } => Offset::Whole { key: f(key)?, offset: f(offset)? },
            Self::Real { key, offset } => Offset::Real { key: f(key)?, offset: f(offset)? },
            Self::Clock { key, offset } => Offset::Clock { key: f(key)?, offset: f(offset)? },
            Self::Beyond { key, boundary, offset } => {
                Offset::Beyond { key: f(key)?, boundary: f(boundary)?, offset: f(offset)? }
            }
        })
    }
}

impl<E> Bound<E> {
    fn offset(&self) -> Option<&Offset<E>> {
        match self {
            Self::Preceding(offset) | Self::Following(offset) => Some(offset),
            Self::UnboundedPreceding | Self::CurrentRow | Self::UnboundedFollowing => None,
        }
    }

    fn map<T, R>(&self, f: &mut dyn FnMut(&E) -> Result<T, R>) -> Result<Bound<T>, R> {
        Ok(match self {
            Self::UnboundedPreceding => Bound::UnboundedPreceding,
            Self::Preceding(offset) => Bound::Preceding(offset.map(f)?),
            Self::CurrentRow => Bound::CurrentRow,
            Self::Following(offset) => Bound::Following(offset.map(f)?),
            Self::UnboundedFollowing => Bound::UnboundedFollowing,
        })
    }
}

impl<E> Frame<E> {
    /// The expressions of its bounds.
    pub fn expressions(&self) -> impl Iterator<Item = &E> {
        [&self.start, &self.end].into_iter().filter_map(Bound::offset).flat_map(Offset::expressions)
    }

    /// The same frame over other expressions.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn map<T, R>(&self, f: &mut dyn FnMut(&E) -> Result<T, R>) -> Result<Frame<T>, R> {
        Ok(Frame { units: self.units, start: self.start.map(f)?, end: self.end.map(f)?, exclusion: self.exclusion })
    }
}

/// A partition: which of its rows are peers.
pub struct Partition {
    pub rows: usize,
    /// For each row, its group of peers.
    pub group_of: Vec<usize>,
    /// For each group, its rows.
    pub groups: Vec<Range<usize>>,
    /// How the first key sorts.
    pub order: Option<SortOptions>,
}

impl Partition {
    /// The rows that are equal to one in all keys of the order.
    pub fn peers(&self, row: usize) -> Range<usize> {
        self.groups[self.group_of[row]].clone()
    }
}

/// One side of the frames of a partition.
enum Side {
    First,
    Current,
    Last,
    /// A number of rows or groups, negative before the current one.
    Count(i128),
    /// For each row, where the frame begins or ends.
    Places(Vec<usize>),
}

/// The frames of a partition's rows.
pub struct Frames<'p> {
    partition: &'p Partition,
    units: FrameUnits,
    start: Side,
    end: Side,
    exclusion: FrameExclusion,
}

fn refused(message: &str) -> datafusion::common::DataFusionError {
    errors::external(QueryError::FrameOffset(message.into()))
}

impl<'p> Frames<'p> {
    /// The frames of a partition. The columns have the rows of the partition.
    ///
    /// # Errors
    /// 22013 for a negative offset, 22004 for one that is NULL.
    pub fn new(partition: &'p Partition, frame: &Frame<ArrayRef>) -> DataFusionResult<Self> {
        Ok(Self {
            partition,
            units: frame.units,
            start: side(partition, &frame.start, true)?,
            end: side(partition, &frame.end, false)?,
            exclusion: frame.exclusion,
        })
    }

    /// The rows that a row sees, as up to three ranges in order.
    pub fn of(&self, row: usize) -> [Range<usize>; 3] {
        let start = self.place(&self.start, row, true);
        let end = self.place(&self.end, row, false).max(start);
        let whole = start..end;
        let peers = || self.partition.peers(row);
        match self.exclusion {
            FrameExclusion::NoOthers => [whole, end..end, end..end],
            FrameExclusion::CurrentRow => without(&whole, &(row..row + 1), None),
            FrameExclusion::Group => without(&whole, &peers(), None),
            FrameExclusion::Ties => without(&whole, &peers(), Some(row)),
        }
    }

    fn place(&self, side: &Side, row: usize, is_start: bool) -> usize {
        let rows = self.partition.rows;
        let clamped = |place: i128, most: usize| usize::try_from(place.max(0)).unwrap_or(most).min(most);
        let ends = |range: Range<usize>| if is_start { range.start } else { range.end };
        match (side, self.units) {
            (Side::First, _) => 0,
            (Side::Last, _) => rows,
            (Side::Places(places), _) => places[row],
            (Side::Current, FrameUnits::Rows) => ends(row..row + 1),
            (Side::Current, _) => ends(self.partition.peers(row)),
            (Side::Count(count), FrameUnits::Groups) => {
                let groups = &self.partition.groups;
                let group = self.partition.group_of[row] as i128 + count;
                match usize::try_from(group) {
                    Err(_) => 0,
                    Ok(group) => groups.get(group).map_or(rows, |group| ends(group.clone())),
                }
            }
            (Side::Count(count), _) => clamped(row as i128 + count + i128::from(!is_start), rows),
        }
    }
}

/// A range without another one, of which one row may stay.
fn without(whole: &Range<usize>, out: &Range<usize>, stays: Option<usize>) -> [Range<usize>; 3] {
    let before = whole.start..whole.end.min(out.start).max(whole.start);
    let after = whole.start.max(out.end).min(whole.end)..whole.end;
    let between = match stays.filter(|row| whole.contains(row)) {
        Some(row) => row..row + 1,
        None => after.start..after.start,
    };
    [before, between, after]
}

fn side(partition: &Partition, bound: &Bound<ArrayRef>, is_start: bool) -> DataFusionResult<Side> {
    let (offset, preceding) = match bound {
        Bound::UnboundedPreceding => return Ok(Side::First),
        Bound::UnboundedFollowing => return Ok(Side::Last),
        Bound::CurrentRow => return Ok(Side::Current),
        Bound::Preceding(offset) => (offset, true),
        Bound::Following(offset) => (offset, false),
    };
    let which = if is_start { "starting" } else { "ending" };
    let given = match offset {
        Offset::Count(given)
        | Offset::Whole { offset: given, .. }
        | Offset::Real { offset: given, .. }
        | Offset::Clock { offset: given, .. }
        | Offset::Beyond { offset: given, .. } => given,
    };
    if given.is_empty() {
        return Ok(Side::Current);
    }
    if given.is_null(0) {
        let message = format!("frame {which} offset must not be null");
        return Err(errors::external(QueryError::NullNotAllowed(message)));
    }
    let invalid = || refused("invalid preceding or following size in window function");
    let options = partition.order.unwrap_or_default();
    // Earlier rows have smaller keys, unless the order is reversed.
    let subtracts = preceding != options.descending;
    let places = |key: &ArrayRef, boundary: ArrayRef| places(key, &boundary, options, is_start).map(Side::Places);
    match offset {
        Offset::Count(count) => {
            let count = i128::from(count.as_primitive::<Int64Type>().value(0));
            if count < 0 {
                return Err(refused(&format!("frame {which} offset must not be negative")));
            }
            Ok(Side::Count(if preceding { -count } else { count }))
        }
        Offset::Whole { key, offset } => {
            let offset = i128::from(cast(offset, &DataType::Int64)?.as_primitive::<Int64Type>().value(0));
            if offset < 0 {
                return Err(invalid());
            }
            let key = cast(key, &DataType::Int64)?;
            let shifted = |value: i64| i128::from(value) + if subtracts { -offset } else { offset };
            let boundary = key.as_primitive::<Int64Type>().unary::<_, arrow::datatypes::Decimal128Type>(shifted);
            places(&wide(&key), std::sync::Arc::new(boundary))
        }
        Offset::Real { key, offset } => {
            let offset = cast(offset, &DataType::Float64)?.as_primitive::<Float64Type>().value(0);
            if offset.is_nan() || offset < 0.0 {
                return Err(invalid());
            }
            let key = comparable(&cast(key, &DataType::Float64)?)?;
            let shifted = |value: f64| {
                let away = if subtracts { f64::NEG_INFINITY } else { f64::INFINITY };
                match value {
                    // Infinitely far from infinity is everywhere.
                    value if offset.is_infinite() && !value.is_nan() => away,
                    value if subtracts => value - offset,
                    value => value + offset,
                }
            };
            let boundary = key.as_primitive::<Float64Type>().unary::<_, Float64Type>(shifted);
            places(&key, std::sync::Arc::new(boundary))
        }
        Offset::Clock { key, offset } => {
            let us = i128::from(offset.as_primitive::<IntervalMonthDayNanoType>().value(0).nanoseconds / 1000);
            if us < 0 {
                return Err(invalid());
            }
            let key = cast(key, &DataType::Int64)?;
            let shifted = |value: i64| i128::from(value) + if subtracts { -us } else { us };
            let boundary = key.as_primitive::<Int64Type>().unary::<_, arrow::datatypes::Decimal128Type>(shifted);
            places(&wide(&key), std::sync::Arc::new(boundary))
        }
        Offset::Beyond { key, boundary, offset } => {
            let negative = match offset.data_type() {
                DataType::Interval(IntervalUnit::MonthDayNano) => {
                    span_of(offset.as_primitive::<IntervalMonthDayNanoType>().value(0)) < 0
                }
                DataType::Boolean => offset.as_boolean().value(0),
                _ => false,
            };
            if negative {
                return Err(invalid());
            }
            places(&comparable(key)?, comparable(boundary)?)
        }
    }
}

fn wide(key: &ArrayRef) -> ArrayRef {
    let wide = key.as_primitive::<Int64Type>().unary::<_, arrow::datatypes::Decimal128Type>(i128::from);
    std::sync::Arc::new(wide)
}

/// For each row, the first row whose key is not before its boundary, or is behind it. A row without a key sees the
/// rows without one.
fn places(key: &ArrayRef, boundary: &ArrayRef, options: SortOptions, is_start: bool) -> DataFusionResult<Vec<usize>> {
    let rows = key.len();
    let nulls = key.null_count();
    let (known, unknown) =
        if options.nulls_first { (nulls..rows, 0..nulls) } else { (0..rows - nulls, rows - nulls..rows) };
    let order = Rows::new(std::slice::from_ref(key), std::slice::from_ref(boundary), &[options])?;
    let mut places = Vec::with_capacity(rows);
    for row in 0..rows {
        if unknown.contains(&row) {
            places.push(if is_start { unknown.start } else { unknown.end });
            continue;
        }
        let is_before = |place: usize| match order.compare(place, row) {
            Ordering::Less => true,
            Ordering::Equal => !is_start,
            Ordering::Greater => false,
        };
        let (mut low, mut high) = (known.start, known.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        places.push(low);
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `EXCLUDE` leaves of the rows 0 to 5, of which 2 to 4 are peers of row 3.
    #[test]
    fn exclusion_leaves_the_rest() {
        let partition = Partition {
            rows: 6,
            group_of: vec![0, 1, 2, 2, 2, 3],
            groups: vec![0..1, 1..2, 2..5, 5..6],
            order: Some(SortOptions::default()),
        };
        let rows = |exclusion: FrameExclusion| {
            let frame = Frame {
                units: FrameUnits::Rows,
                start: Bound::UnboundedPreceding,
                end: Bound::UnboundedFollowing,
                exclusion,
            };
            let frames = Frames::new(&partition, &frame).unwrap();
            frames.of(3).into_iter().flatten().collect::<Vec<_>>()
        };
        assert_eq!(rows(FrameExclusion::NoOthers), [0, 1, 2, 3, 4, 5]);
        assert_eq!(rows(FrameExclusion::CurrentRow), [0, 1, 2, 4, 5]);
        assert_eq!(rows(FrameExclusion::Group), [0, 1, 5]);
        assert_eq!(rows(FrameExclusion::Ties), [0, 1, 3, 5]);
    }
}
