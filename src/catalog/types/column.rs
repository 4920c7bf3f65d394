//! Arrow columns under construction from values as a client sends them. One shape of code for text and
//! binary: `I` is what one value looks like, a parser turns it into Arrow's native value.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryBuilder, BinaryViewBuilder, BooleanBuilder, FixedSizeBinaryBuilder,
    ListArray, NullArray, PrimitiveBuilder, StringBuilder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};

use crate::base::numeric::Numeric;
use crate::error::{CatalogError, Result};

/// A column that takes values one by one.
pub(super) trait Column<I: ?Sized>: Send {
    fn append(&mut self, value: &I) -> Result<()>;
    fn append_null(&mut self);
    fn len(&self) -> usize;
    fn finish(&mut self) -> ArrayRef;
}

/// Builds one column of a type from values of clients: [`super::text::TextDecoder`] from texts,
/// [`super::binary::BinaryDecoder`] from bytes.
pub struct Decoder<I: ?Sized> {
    column: Box<dyn Column<I>>,
}

impl<I: ?Sized> std::fmt::Debug for Decoder<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decoder({} values)", self.column.len())
    }
}

impl<I: ?Sized> Decoder<I> {
    pub(super) fn of(column: Box<dyn Column<I>>) -> Self {
        Self { column }
    }

    /// Appends a value. After an error the column is as before.
    ///
    /// # Errors
    /// What PostgreSQL's input function of the type reports for a text, its receive function for bytes; 22P03
    /// for bytes of the wrong length.
    pub fn append(&mut self, value: &I) -> Result<()> {
        self.column.append(value)
    }

    /// Appends a NULL.
    pub fn append_null(&mut self) {
        self.column.append_null();
    }

    /// How many values were appended since the start or the last [`finish`](Self::finish).
    pub fn len(&self) -> usize {
        self.column.len()
    }

    /// Whether nothing was appended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The array of what was appended; the decoder starts again.
    pub fn finish(&mut self) -> ArrayRef {
        self.column.finish()
    }
}

/// Numbers, dates and times.
pub(super) struct Primitive<T: ArrowPrimitiveType, F> {
    pub(super) builder: PrimitiveBuilder<T>,
    pub(super) parse: F,
}

impl<T: ArrowPrimitiveType, F> Primitive<T, F> {
    pub(super) fn new(data_type: DataType, parse: F) -> Self {
        Self { builder: PrimitiveBuilder::new().with_data_type(data_type), parse }
    }
}

impl<I: ?Sized, T: ArrowPrimitiveType, F: Fn(&I) -> Result<T::Native> + Send> Column<I> for Primitive<T, F> {
    fn append(&mut self, value: &I) -> Result<()> {
        self.builder.append_value((self.parse)(value)?);
        Ok(())
    }

    fn append_null(&mut self) {
        self.builder.append_null();
    }

    fn len(&self) -> usize {
        arrow::array::ArrayBuilder::len(&self.builder)
    }

    fn finish(&mut self) -> ArrayRef {
        // The builder keeps its data type, so that decimals keep theirs.
        Arc::new(self.builder.finish())
    }
}

/// Columns over one of Arrow's other builders.
macro_rules! column {
    ($(#[$doc:meta])* $name:ident, $builder:ty, $native:ty, |$b:ident, $value:ident| $append:expr) => {
        $(#[$doc])*
        pub(super) struct $name<F> {
            pub(super) builder: $builder,
            pub(super) parse: F,
        }

        impl<I: ?Sized, F: Fn(&I) -> Result<$native> + Send> Column<I> for $name<F> {
            fn append(&mut self, value: &I) -> Result<()> {
                let $value = (self.parse)(value)?;
                let $b = &mut self.builder;
                $append
            }

            fn append_null(&mut self) {
                self.builder.append_null();
            }

            fn len(&self) -> usize {
                arrow::array::ArrayBuilder::len(&self.builder)
            }

            fn finish(&mut self) -> ArrayRef {
                Arc::new(self.builder.finish())
            }
        }
    };
}

column!(
    /// Booleans.
    Booleans, BooleanBuilder, bool, |builder, value| {
        builder.append_value(value);
        Ok(())
    }
);
column!(
    /// Bytes.
    Bytes, BinaryBuilder, Vec<u8>, |builder, value| {
        check_room(builder.values_slice().len(), value.len())?;
        builder.append_value(value);
        Ok(())
    }
);
column!(
    /// Numerics.
    Numerics, BinaryViewBuilder, Numeric, |builder, value| {
        let mut bytes = Vec::with_capacity(16);
        value.encode(&mut bytes);
        builder.append_value(bytes);
        Ok(())
    }
);
column!(
    /// UUIDs.
    Uuids, FixedSizeBinaryBuilder, [u8; 16], |builder, value| {
        builder.append_value(value).expect("sixteen bytes, as the builder was made for");
        Ok(())
    }
);

/// Text. The parser appends to the builder itself, to spare a copy of the value.
pub(super) struct Strings<F> {
    pub(super) builder: StringBuilder,
    pub(super) check: F,
}

impl<I: ?Sized, F> Column<I> for Strings<F>
where
    F: for<'a> Fn(&'a I) -> Result<std::borrow::Cow<'a, str>> + Send,
{
    fn append(&mut self, value: &I) -> Result<()> {
        let text = (self.check)(value)?;
        check_room(self.builder.values_slice().len(), text.len())?;
        self.builder.append_value(text);
        Ok(())
    }

    fn append_null(&mut self) {
        self.builder.append_null();
    }

    fn len(&self) -> usize {
        arrow::array::ArrayBuilder::len(&self.builder)
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.builder.finish())
    }
}

/// Arrow's text and binary arrays count bytes in an i32, and panic beyond.
fn check_room(used: usize, added: usize) -> Result<()> {
    if used + added > i32::MAX as usize {
        return Err(CatalogError::NotSupported("a batch of values is longer than 2 GB".into()).into());
    }
    Ok(())
}

/// Only NULLs: `void`.
pub(super) struct Nulls(pub(super) usize);

impl<I: ?Sized> Column<I> for Nulls {
    fn append(&mut self, _: &I) -> Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn append_null(&mut self) {
        self.0 += 1;
    }

    fn len(&self) -> usize {
        self.0
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(NullArray::new(std::mem::take(&mut self.0)))
    }
}

/// Arrays. `split` gives the elements of one value to the column of elements.
pub(super) struct Lists<I: ?Sized, F> {
    pub(super) element: Arc<Field>,
    pub(super) items: Box<dyn Column<I>>,
    pub(super) split: F,
    ends: Vec<i32>,
    valid: Vec<bool>,
}

impl<I: ?Sized, F> Lists<I, F> {
    pub(super) fn new(data_type: DataType, items: Box<dyn Column<I>>, split: F) -> Self {
        let element = Arc::new(Field::new_list_field(data_type, true));
        Self { element, items, split, ends: vec![0], valid: Vec::new() }
    }

    fn end(&mut self, valid: bool) -> Result<()> {
        let end = i32::try_from(self.items.len())
            .map_err(|_| CatalogError::NotSupported("a batch of arrays has more than 2^31 elements".into()))?;
        self.ends.push(end);
        self.valid.push(valid);
        Ok(())
    }
}

impl<I: ?Sized, F: Fn(&I, &mut dyn Column<I>) -> Result<()> + Send> Column<I> for Lists<I, F> {
    fn append(&mut self, value: &I) -> Result<()> {
        (self.split)(value, &mut *self.items)?;
        self.end(true)
    }

    fn append_null(&mut self) {
        let end = self.ends.last().copied().unwrap_or(0);
        self.ends.push(end);
        self.valid.push(false);
    }

    fn len(&self) -> usize {
        self.valid.len()
    }

    fn finish(&mut self) -> ArrayRef {
        let ends = std::mem::replace(&mut self.ends, vec![0]);
        let nulls = NullBuffer::from(std::mem::take(&mut self.valid));
        let items = self.items.finish();
        let element = if items.data_type() == self.element.data_type() {
            self.element.clone()
        } else {
            Arc::new(Field::new_list_field(items.data_type().clone(), true))
        };
        Arc::new(ListArray::new(element, OffsetBuffer::new(ends.into()), items, Some(nulls)))
    }
}
