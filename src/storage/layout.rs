//! Where each column lies in an encoded row.
//!
//! ```text
//!   0        1       2           10           12
//!   +--------+-------+-----------+------------+-------------+------------+--------------+-------+
//!   | format | flags | seq       | ncolumns   | null bitmap | fixed area | var ends     | bytes |
//!   | u8 = 1 | u8    | u64 BE    | u16 LE     | 1 = NULL    | LE values  | u32 LE each  |       |
//!   +--------+-------+-----------+------------+-------------+------------+--------------+-------+
//! ```
//!
//! A fixed-width column has a slot in the fixed area, also when it is NULL; a variable one has an end
//! offset into `bytes`. The slot of a column depends only on the columns before it, so a row written
//! before a column was added is read with the same table, cut at its own `ncolumns`.

use arrow::datatypes::{DataType, Schema, TimeUnit};

/// How a column is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `width` bytes at `offset` of the fixed area.
    Fixed { offset: usize, width: usize },
    /// The `index`th end offset.
    Variable { index: usize },
    /// The type has no stored form; encoding such a row is an error.
    Unsupported,
}

/// The slots of all columns of a schema, and the sizes of the areas of a row with the first n columns.
#[derive(Clone, Debug)]
pub struct Layout {
    slots: Vec<Slot>,
    /// `areas[n]`: (bytes of the fixed area, number of variable columns) of a row with n columns.
    areas: Vec<(usize, usize)>,
}

impl Layout {
    /// The layout of rows with this schema.
    pub fn new(schema: &Schema) -> Self {
        let mut slots = Vec::with_capacity(schema.fields().len());
        let mut areas = Vec::with_capacity(schema.fields().len() + 1);
        let (mut fixed, mut variable) = (0, 0);
        areas.push((0, 0));
        for field in schema.fields() {
            match width(field.data_type()) {
                Some(0) => {
                    slots.push(Slot::Variable { index: variable });
                    variable += 1;
                }
                Some(width) => {
                    slots.push(Slot::Fixed { offset: fixed, width });
                    fixed += width;
                }
                None => slots.push(Slot::Unsupported),
            }
            areas.push((fixed, variable));
        }
        Self { slots, areas }
    }

    /// The slot of a column.
    pub fn slot(&self, column: usize) -> Slot {
        self.slots[column]
    }

    /// How many columns the schema has.
    pub fn columns(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of the fixed area and number of variable columns of a row with the first `columns` columns.
    pub fn areas(&self, columns: usize) -> (usize, usize) {
        self.areas[columns]
    }
}

/// The stored width of a type; 0 for a variable one, `None` for one that cannot be stored.
pub(super) fn width(data_type: &DataType) -> Option<usize> {
    Some(match data_type {
        DataType::Boolean => 1,
        DataType::Int16 => 2,
        DataType::Int32 | DataType::UInt32 | DataType::Float32 | DataType::Date32 => 4,
        DataType::Int64 | DataType::Float64 => 8,
        DataType::Time64(TimeUnit::Microsecond) | DataType::Timestamp(TimeUnit::Microsecond, _) => 8,
        DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano) => 16,
        DataType::FixedSizeBinary(width) => usize::try_from(*width).ok().filter(|width| *width > 0)?,
        DataType::Utf8 | DataType::Binary | DataType::BinaryView => 0,
        DataType::List(item) => width(item.data_type()).map(|_| 0)?,
        _ => return None,
    })
}
