//! Rows: made of their fields, taken apart, compared, and as text.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringBuilder, StructArray, make_comparator};
use arrow::compute::{SortOptions, nullif};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::kernel::Kernel;
use super::{json, numbers};
use crate::catalog::types::PgType;
use crate::catalog::types::text::TextEncoder;
use crate::error::{QueryError, Result};
use crate::query::bind::errors;

/// `ROW(…)`: never NULL itself.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Row {
    fields: Fields,
    signature: Signature,
}

/// A row of these fields.
pub fn row(fields: Fields, values: Vec<Expr>) -> Expr {
    let signature = Signature::variadic_any(Volatility::Immutable);
    let signature = if fields.is_empty() { Signature::nullary(Volatility::Immutable) } else { signature };
    Arc::new(ScalarUDF::new_from_impl(Row { fields, signature })).call(values)
}

impl ScalarUDFImpl for Row {
    fn name(&self) -> &'static str {
        "row"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Struct(self.fields.clone()))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let length = arguments.number_rows;
        let arrays = arguments.args.into_iter().map(|value| value.into_array(length));
        let arrays = arrays.collect::<DataFusionResult<Vec<_>>>()?;
        let mut columns = Vec::with_capacity(arrays.len());
        for (array, field) in arrays.into_iter().zip(self.fields.iter()) {
            let fits = array.data_type() == field.data_type();
            columns.push(if fits { array } else { arrow::compute::cast(&array, field.data_type())? });
        }
        let array = StructArray::try_new_with_length(self.fields.clone(), columns, None, length)?;
        Ok(ColumnarValue::Array(Arc::new(array)))
    }
}

/// `(row).field`: NULL for a row that is NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct FieldOf {
    index: usize,
    field: FieldRef,
    signature: Signature,
}

/// A field of a row.
pub fn field(value: Expr, index: usize, field: FieldRef) -> Expr {
    let signature = Signature::any(1, Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(FieldOf { index, field, signature })).call(vec![value])
}

impl ScalarUDFImpl for FieldOf {
    fn name(&self) -> &'static str {
        "field"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.field.data_type().clone())
    }

    fn return_field_from_args(&self, _arguments: ReturnFieldArgs) -> DataFusionResult<FieldRef> {
        Ok(Arc::clone(&self.field))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let length = arguments.number_rows;
        let missing = || datafusion::common::DataFusionError::Internal("a row without this field".into());
        let value = arguments.args.into_iter().next().ok_or_else(missing)?.into_array(length)?;
        let rows = value.as_struct_opt().ok_or_else(missing)?;
        let column = rows.columns().get(self.index).ok_or_else(missing)?;
        let Some(nulls) = rows.nulls().filter(|nulls| nulls.null_count() > 0) else {
            return Ok(ColumnarValue::Array(Arc::clone(column)));
        };
        let absent = BooleanArray::new(!nulls.inner(), None);
        Ok(ColumnarValue::Array(nullif(column, &absent)?))
    }
}

/// A row as text.
pub fn to_text(value: Expr) -> Expr {
    let function = Kernel::new("record_out", 1, PgType::Text, Volatility::Stable, |environment, arrays| {
        let rows = &arrays[0];
        let field = Field::new("row", rows.data_type().clone(), true);
        let encoder = TextEncoder::new(&field, &PgType::Record(crate::catalog::types::RECORD), &environment.style)?;
        let mut texts = StringBuilder::new();
        let mut buffer = Vec::new();
        for index in 0..rows.len() {
            if rows.is_null(index) {
                texts.append_null();
                continue;
            }
            buffer.clear();
            encoder.write(rows.as_ref(), index, &mut buffer);
            texts.append_value(String::from_utf8_lossy(&buffer));
        }
        Ok(Arc::new(texts.finish()) as ArrayRef)
    });
    function.call(vec![value])
}

/// `record_eq`, `record_lt` and their siblings: NULL in a field equals NULL and is larger than everything else.
/// `None` for a function that compares no rows.
pub fn compare(source: &str, left: Expr, right: Expr) -> Option<Expr> {
    let (name, decide): (&'static str, fn(Ordering) -> bool) = match source {
        "record_eq" => ("record_eq", Ordering::is_eq),
        "record_ne" => ("record_ne", Ordering::is_ne),
        "record_lt" => ("record_lt", Ordering::is_lt),
        "record_le" => ("record_le", Ordering::is_le),
        "record_gt" => ("record_gt", Ordering::is_gt),
        "record_ge" => ("record_ge", Ordering::is_ge),
        _ => return None,
    };
    let function = Kernel::new(name, 2, PgType::Bool, Volatility::Immutable, move |_, arrays| {
        let (left, right) = (&arrays[0], &arrays[1]);
        check_alike(left.data_type(), right.data_type())?;
        let order = SortOptions { descending: false, nulls_first: false };
        let arrow = |error: arrow::error::ArrowError| errors::translate(error.into());
        let (left, right) = (keys(left)?, keys(right)?);
        let comparator = make_comparator(left.as_ref(), right.as_ref(), order).map_err(arrow)?;
        let answers: BooleanArray = (0..left.len())
            .map(|index| {
                let known = left.is_valid(index) && right.is_valid(index);
                known.then(|| decide(comparator(index, index)))
            })
            .collect();
        Ok(Arc::new(answers) as ArrayRef)
    });
    Some(function.call(vec![left, right]))
}

/// What equal rows have in common, in their order: rows of the keys of their numbers and documents.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    signature: Signature,
}

/// The key of a row.
pub fn key(value: Expr) -> Expr {
    let signature = Signature::any(1, Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(Key { signature })).call(vec![value])
}

impl ScalarUDFImpl for Key {
    fn name(&self) -> &'static str {
        "kalam_record_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> DataFusionResult<DataType> {
        let missing = || datafusion::common::DataFusionError::Internal("a key of no row".into());
        Ok(match arguments.first().ok_or_else(missing)? {
            DataType::Struct(fields) => DataType::Struct(key_fields(fields)),
            other => other.clone(),
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let length = arguments.number_rows;
        let missing = || datafusion::common::DataFusionError::Internal("a key of no row".into());
        let value = arguments.args.into_iter().next().ok_or_else(missing)?.into_array(length)?;
        let keys = keys(&value).map_err(|error| datafusion::common::DataFusionError::External(Box::new(error)))?;
        Ok(ColumnarValue::Array(keys))
    }
}

fn key_fields(fields: &Fields) -> Fields {
    let keyed = fields.iter().map(|field| match (field.data_type(), PgType::of_field(field)) {
        (DataType::Struct(inner), _) => Field::new(field.name(), DataType::Struct(key_fields(inner)), true),
        (_, PgType::Numeric(_) | PgType::Jsonb) => Field::new(field.name(), DataType::Binary, true),
        _ => field.as_ref().clone(),
    });
    keyed.collect()
}

/// The keys of rows.
fn keys(array: &ArrayRef) -> Result<ArrayRef> {
    let (Some(rows), DataType::Struct(fields)) = (array.as_struct_opt(), array.data_type()) else {
        return Ok(Arc::clone(array));
    };
    let columns = fields.iter().zip(rows.columns()).map(|(field, column)| match PgType::of_field(field) {
        PgType::Numeric(_) => numbers::keys(column),
        PgType::Jsonb => json::order::keys(column),
        _ => keys(column),
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let keyed = StructArray::try_new_with_length(key_fields(fields), columns, rows.nulls().cloned(), rows.len());
    Ok(Arc::new(keyed.map_err(|error| errors::translate(error.into()))?))
}

/// Fails for rows that cannot be compared.
fn check_alike(left: &DataType, right: &DataType) -> Result<()> {
    let (DataType::Struct(ones), DataType::Struct(others)) = (left, right) else { return Ok(()) };
    for (index, (one, other)) in ones.iter().zip(others.iter()).enumerate() {
        let (one, other) = (PgType::of_field(one), PgType::of_field(other));
        if one.oid() != other.oid() {
            let (one, other) = (one.without_typmod(), other.without_typmod());
            let message =
                format!("cannot compare dissimilar column types {one} and {other} at record column {}", index + 1);
            return Err(QueryError::DatatypeMismatch(message).into());
        }
        if matches!(
            one,
            PgType::Jsonb | PgType::Json | PgType::Interval | PgType::Array(_) | PgType::Float4 | PgType::Float8
        ) {
            let message = format!("comparing rows with fields of type {one} is not supported");
            return Err(QueryError::NotSupported(message).into());
        }
    }
    if ones.len() != others.len() {
        let message = "cannot compare record types with different numbers of columns";
        return Err(QueryError::DatatypeMismatch(message.into()).into());
    }
    Ok(())
}
