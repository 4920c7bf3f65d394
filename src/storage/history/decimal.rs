//! Numerics in history files: decimals where the column bounds its digits, text elsewhere.
//!
//! | column | in the file |
//! | --- | --- |
//! | `numeric(p,s)` with p ≤ 38, 0 ≤ s ≤ p | DECIMAL(p,s), which every reader knows |
//! | the same with p ≤ 76 | a wider DECIMAL(p,s) |
//! | `numeric` and the rest | the text of the number: its own scale, NaN and infinities are part of it |
//!
//! NaN in a decimal is the first number that the column cannot hold, `10^p`: greater than all others, as NaN is, so
//! that statistics stay true.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BinaryViewBuilder, Decimal128Array, Decimal128Builder, Decimal256Array,
    Decimal256Builder, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Field, i256};

use crate::base::numeric::Numeric;
use crate::error::StorageError;

/// The key of a field's metadata with `"<precision>,<scale>"` of a numeric column that has them.
pub const DECIMAL_METADATA: &str = "kalam.decimal";

/// Most digits of the narrower and of the wider decimals of Arrow.
const NARROW: u8 = 38;
const WIDE: u8 = 76;

/// The type of a numeric column in a file.
pub(super) fn file_type(field: &Field) -> DataType {
    let digits = field.metadata().get(DECIMAL_METADATA).and_then(|text| text.split_once(','));
    let digits = digits.and_then(|(precision, scale)| Some((precision.parse().ok()?, scale.parse().ok()?)));
    match digits {
        Some((precision @ 1..=NARROW, scale)) if fits(precision, scale) => DataType::Decimal128(precision, scale),
        Some((precision @ 1..=WIDE, scale)) if fits(precision, scale) => DataType::Decimal256(precision, scale),
        _ => DataType::Utf8,
    }
}

fn fits(precision: u8, scale: i8) -> bool {
    u8::try_from(scale).is_ok_and(|scale| scale <= precision)
}

fn corrupted(what: &str) -> StorageError {
    StorageError::Corrupted { what: format!("{what} is no numeric") }
}

/// The column as the file holds it.
///
/// # Errors
/// When a value is no number of the column.
pub(super) fn to_file(column: &BinaryViewArray, field: &Field) -> Result<ArrayRef, StorageError> {
    let malformed = || corrupted("a value of a row");
    let numbers =
        column.iter().map(|bytes| bytes.map(|bytes| Numeric::decode(bytes).ok_or_else(malformed)).transpose());
    Ok(match file_type(field) {
        DataType::Decimal128(precision, scale) => {
            let mut builder =
                Decimal128Builder::with_capacity(column.len()).with_data_type(DataType::Decimal128(precision, scale));
            for number in numbers {
                builder.append_option(match number? {
                    None => None,
                    Some(Numeric::NaN) => Some(10i128.pow(u32::from(precision))),
                    Some(number) => Some(number.unscaled(i64::from(scale)).ok_or_else(malformed)?),
                });
            }
            Arc::new(builder.finish())
        }
        DataType::Decimal256(precision, scale) => {
            let mut builder =
                Decimal256Builder::with_capacity(column.len()).with_data_type(DataType::Decimal256(precision, scale));
            for number in numbers {
                builder.append_option(match number? {
                    None => None,
                    Some(Numeric::NaN) => Some(wide_nan(precision)),
                    Some(number) => {
                        let bytes = number.unscaled_wide(i64::from(scale)).ok_or_else(malformed)?;
                        Some(wide(&bytes).ok_or_else(malformed)?)
                    }
                });
            }
            Arc::new(builder.finish())
        }
        _ => {
            let mut builder = StringBuilder::with_capacity(column.len(), column.len() * 8);
            let mut text = Vec::new();
            for number in numbers {
                let Some(number) = number? else {
                    builder.append_null();
                    continue;
                };
                text.clear();
                number.write(&mut text);
                builder.append_value(std::str::from_utf8(&text).map_err(|_| malformed())?);
            }
            Arc::new(builder.finish())
        }
    })
}

/// A column of a file as numbers.
///
/// # Errors
/// When the column is of another type, or a text is no number.
pub(super) fn from_file(column: &ArrayRef) -> Result<ArrayRef, StorageError> {
    match column.data_type() {
        DataType::Decimal128(precision, scale) => from_narrow(column.as_primitive(), *precision, *scale),
        DataType::Decimal256(precision, scale) => from_wide(column.as_primitive(), *precision, *scale),
        DataType::Utf8 => from_text(column.as_string()),
        _ => Err(corrupted("a column of a history file")),
    }
}

/// Numbers that are appended to an array, encoded.
struct Numbers {
    builder: BinaryViewBuilder,
    bytes: Vec<u8>,
}

impl Numbers {
    fn with_capacity(rows: usize) -> Self {
        Self { builder: BinaryViewBuilder::with_capacity(rows), bytes: Vec::new() }
    }

    fn append(&mut self, number: Option<Numeric>) {
        let Some(number) = number else { return self.builder.append_null() };
        self.bytes.clear();
        number.encode(&mut self.bytes);
        self.builder.append_value(&self.bytes);
    }

    fn finish(mut self) -> ArrayRef {
        Arc::new(self.builder.finish())
    }
}

fn from_narrow(column: &Decimal128Array, precision: u8, scale: i8) -> Result<ArrayRef, StorageError> {
    let malformed = || corrupted("a decimal of a history file");
    let (scale, nan) = (u16::try_from(scale).map_err(|_| malformed())?, 10i128.pow(u32::from(precision)));
    let mut numbers = Numbers::with_capacity(column.len());
    for value in column {
        numbers.append(value.map(
            |value| {
                if value == nan { Numeric::NaN } else { Numeric::from_decimal(value, scale) }
            },
        ));
    }
    Ok(numbers.finish())
}

fn from_wide(column: &Decimal256Array, precision: u8, scale: i8) -> Result<ArrayRef, StorageError> {
    let scale = u16::try_from(scale).map_err(|_| corrupted("a decimal of a history file"))?;
    let nan = wide_nan(precision);
    let mut numbers = Numbers::with_capacity(column.len());
    for value in column {
        numbers.append(
            value.map(
                |value| {
                    if value == nan { Numeric::NaN } else { Numeric::from_wide(&value.to_le_bytes(), scale) }
                },
            ),
        );
    }
    Ok(numbers.finish())
}

fn from_text(column: &StringArray) -> Result<ArrayRef, StorageError> {
    let mut numbers = Numbers::with_capacity(column.len());
    for text in column {
        let number = text.map(|text| Numeric::parse(text).map_err(|_| corrupted("a text of a history file")));
        numbers.append(number.transpose()?);
    }
    Ok(numbers.finish())
}

fn wide_nan(precision: u8) -> i256 {
    i256::from_i128(10).wrapping_pow(u32::from(precision))
}

fn wide(bytes: &[u8]) -> Option<i256> {
    let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
    let mut all = [if negative { 0xff } else { 0 }; 32];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i256::from_le_bytes(all))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn field(digits: Option<(u8, i8)>) -> Field {
        let metadata = digits.map(|(p, s)| (DECIMAL_METADATA.to_owned(), format!("{p},{s}")));
        Field::new("n", DataType::BinaryView, true).with_metadata(metadata.into_iter().collect())
    }

    fn column(texts: &[String], digits: Option<(u8, i8)>) -> BinaryViewArray {
        let mut numbers = Numbers::with_capacity(texts.len());
        numbers.append(None);
        for text in texts {
            let number = Numeric::parse(text).unwrap();
            numbers.append(Some(match digits {
                Some((precision, scale)) => number.fitted(precision.into(), scale.into()).unwrap(),
                None => number,
            }));
        }
        numbers.finish().as_binary_view().clone()
    }

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were(
            texts in prop::collection::vec("-?[0-9]{1,6}(\\.[0-9]{0,3})?|NaN|-?[0-9]{7}\\.01", 0..20),
            digits in prop::sample::select(vec![None, Some((9, 2)), Some((18, 4)), Some((38, 10)), Some((70, 20))]),
        ) {
            let (column, field) = (column(&texts, digits), field(digits));
            let stored = to_file(&column, &field).unwrap();
            prop_assert_eq!(stored.data_type(), &file_type(&field));
            let back = from_file(&stored).unwrap();
            prop_assert_eq!(back.as_binary_view(), &column);
        }
    }
}
