//! Values of the system's tables, and Arrow arrays of them. Only for these tables, whose rows are few and
//! made of many kinds of columns: the rows of users never take this form.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Int16Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray,
    StringArray, TimestampMicrosecondArray, UInt32Array, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{Field, IntervalMonthDayNano};

use super::table::SystemColumn;
use crate::catalog::types::PgType;

/// One value. What it becomes is decided by its column's type.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing was said: NULL, or zero, false or empty in a column that cannot be NULL.
    Unset,
    Null,
    Bool(bool),
    /// Integers, OIDs; microseconds since the Unix epoch for times, microseconds for intervals.
    Int(i64),
    Float(f32),
    Text(String),
    Ints(Vec<i64>),
    Texts(Vec<String>),
}

/// A row as named values.
pub type Row = Vec<(&'static str, Cell)>;

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<i16> for Cell {
    fn from(value: i16) -> Self {
        Self::Int(value.into())
    }
}

impl From<i32> for Cell {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<usize> for Cell {
    fn from(value: usize) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<char> for Cell {
    fn from(value: char) -> Self {
        Self::Text(value.into())
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Cell {
    fn int(&self, not_null: bool) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => not_null.then_some(0),
        }
    }

    fn narrow<T: TryFrom<i64> + Default>(&self, not_null: bool) -> Option<T> {
        self.int(not_null).map(|value| T::try_from(value).unwrap_or_default())
    }

    fn text(&self, not_null: bool) -> Option<&str> {
        match self {
            Self::Text(value) => Some(value),
            _ => not_null.then_some(""),
        }
    }
}

/// The array of a column.
pub(super) fn array<'a>(column: &SystemColumn, cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    let not_null = column.not_null;
    match &column.data_type {
        PgType::Bool => {
            let value = |cell: &Cell| match cell {
                Cell::Bool(value) => Some(*value),
                _ => not_null.then_some(false),
            };
            Arc::new(cells.map(value).collect::<BooleanArray>())
        }
        PgType::Int2 => Arc::new(cells.map(|cell| cell.narrow::<i16>(not_null)).collect::<Int16Array>()),
        PgType::Int4 => Arc::new(cells.map(|cell| cell.narrow::<i32>(not_null)).collect::<Int32Array>()),
        PgType::Int8 => Arc::new(cells.map(|cell| cell.int(not_null)).collect::<Int64Array>()),
        PgType::Float4 => {
            let value = |cell: &Cell| match cell {
                Cell::Float(value) => Some(*value),
                _ => not_null.then_some(0.0),
            };
            Arc::new(cells.map(value).collect::<Float32Array>())
        }
        PgType::Oid | PgType::Regproc | PgType::Regclass | PgType::Regtype | PgType::Regnamespace | PgType::Regrole => {
            Arc::new(cells.map(|cell| cell.narrow::<u32>(not_null)).collect::<UInt32Array>())
        }
        PgType::Text
        | PgType::Name
        | PgType::Char
        | PgType::Varchar(_)
        | PgType::Json
        | PgType::Jsonb
        | PgType::Jsonpath => Arc::new(cells.map(|cell| cell.text(not_null)).collect::<StringArray>()),
        PgType::Timestamptz => {
            let values = cells.map(|cell| cell.int(not_null)).collect::<TimestampMicrosecondArray>();
            Arc::new(values.with_timezone("UTC"))
        }
        PgType::Interval => {
            // Given in microseconds, as times are.
            let value = |us: i64| IntervalMonthDayNano::new(0, 0, us.saturating_mul(1000));
            Arc::new(cells.map(|cell| cell.int(not_null).map(value)).collect::<IntervalMonthDayNanoArray>())
        }
        PgType::Int2vector | PgType::Oidvector | PgType::Array(_) => lists(column, cells),
        // Types of columns that never have a value here.
        other => new_null_array(&other.arrow(), cells.count()),
    }
}

fn lists<'a>(column: &SystemColumn, cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    let element = column.data_type.element().unwrap_or(PgType::Text);
    let mut lengths = Vec::new();
    let mut valid = Vec::new();
    let mut items = Vec::new();
    for cell in cells {
        let before = items.len();
        match cell {
            Cell::Ints(values) => items.extend(values.iter().map(|value| Cell::Int(*value))),
            Cell::Texts(values) => items.extend(values.iter().map(|value| Cell::Text(value.clone()))),
            _ => {}
        }
        lengths.push(items.len() - before);
        valid.push(column.not_null || matches!(cell, Cell::Ints(_) | Cell::Texts(_)));
    }
    let field = Arc::new(Field::new_list_field(element.arrow(), true));
    let items = array(&SystemColumn { name: "", data_type: element, not_null: true }, items.iter());
    Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(lengths), items, Some(NullBuffer::from(valid))))
}
