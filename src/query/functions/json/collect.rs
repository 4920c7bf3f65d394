//! `json_agg`, `json_object_agg` and those of jsonb.
//!
//! The elements come as texts that are ready ([`super::build`] makes them, row by row, where the session's time zone
//! is known); DataFusion's `array_agg` collects them, in order if there is one, and here they become a document.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, StringBuilder};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};

use crate::base::limits::{BATCH_BYTES, VALUE_BYTES};
use crate::catalog::types::PgType;
use crate::catalog::types::json::{Value, order_key};
use crate::error::{QueryError, Result};
use crate::query::bind::errors;

/// What is made of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// An array; elements that are arrays or rows begin on new lines.
    Array { lines: bool },
    /// An object of members that are written already.
    Object,
}

/// The aggregate function of elements that are texts.
pub fn function(shape: Shape, result: PgType) -> Arc<AggregateUDF> {
    let name = match shape {
        Shape::Array { lines: false } => format!("{}_agg", result.name()),
        Shape::Array { lines: true } => format!("{}_agg_lines", result.name()),
        Shape::Object => format!("{}_object_agg", result.name()),
    };
    let signature = Signature::any(1, Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Collect { name, shape, result, signature, inner: array_agg_udaf() }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Collect {
    name: String,
    shape: Shape,
    result: PgType,
    signature: Signature,
    inner: Arc<AggregateUDF>,
}

impl Collect {
    fn finish(&self, sorted: bool) -> Finish {
        Finish { shape: self.shape, canonical: self.result == PgType::Jsonb, sorted }
    }

    fn inner_field(args: &AccumulatorArgs<'_>) -> FieldRef {
        let element = args.expr_fields[0].data_type().clone();
        Arc::new(arrow::datatypes::Field::new("elements", DataType::new_list(element, true), true))
    }
}

fn inner_args<'a>(args: &AccumulatorArgs<'a>) -> AccumulatorArgs<'a> {
    AccumulatorArgs {
        return_field: Collect::inner_field(args),
        schema: args.schema,
        ignore_nulls: args.ignore_nulls,
        order_bys: args.order_bys,
        is_reversed: args.is_reversed,
        name: args.name,
        is_distinct: args.is_distinct,
        exprs: args.exprs,
        expr_fields: args.expr_fields,
    }
}

impl AggregateUDFImpl for Collect {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.result.arrow())
    }

    fn return_field(&self, _arguments: &[FieldRef]) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(self.result.field(self.name(), true)))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        if args.is_distinct && !args.order_bys.is_empty() {
            let message = format!("DISTINCT with ORDER BY in {}", self.name);
            return Err(errors::external(QueryError::NotSupported(format!("{message} is not supported"))));
        }
        let finish = self.finish(args.is_distinct);
        Ok(Box::new(One { inner: self.inner.accumulator(inner_args(&args))?, finish }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.inner.groups_accumulator_supported(inner_args(&args))
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn GroupsAccumulator>> {
        let finish = self.finish(false);
        Ok(Box::new(Groups { inner: self.inner.create_groups_accumulator(inner_args(&args))?, finish }))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::NotSupported
    }
}

/// How lists of elements become documents.
#[derive(Clone, Copy, Debug)]
struct Finish {
    shape: Shape,
    /// Are the documents jsonb?
    canonical: bool,
    /// DISTINCT: in the order of the values.
    sorted: bool,
}

impl Finish {
    fn documents(self, lists: &ListArray) -> Result<ArrayRef> {
        let mut builder = StringBuilder::with_capacity(lists.len(), lists.values().len() * 16);
        for row in 0..lists.len() {
            if lists.is_null(row) || lists.value_length(row) == 0 {
                builder.append_null();
                continue;
            }
            let items = lists.value(row);
            let mut items: Vec<&str> = items.as_string::<i32>().iter().flatten().collect();
            if self.sorted {
                sort(&mut items)?;
            }
            let size: usize = items.iter().map(|item| item.len() + 4).sum();
            if size as u64 > VALUE_BYTES {
                return Err(QueryError::LimitExceeded("requested length too large".into()).into());
            }
            let document = self.document(&items, size);
            if self.canonical {
                builder.append_value(Value::read(&document)?.to_text());
            } else {
                builder.append_value(document);
            }
        }
        Ok(Arc::new(builder.finish()))
    }

    fn document(self, items: &[&str], size: usize) -> String {
        let mut out = String::with_capacity(size + 4);
        let (open, close) = match self.shape {
            Shape::Array { .. } => ("[", "]"),
            Shape::Object => ("{ ", " }"),
        };
        out.push_str(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
                if self.shape == (Shape::Array { lines: true }) && *item != "null" {
                    out.push_str("\n ");
                }
            }
            out.push_str(item);
        }
        out.push_str(close);
        out
    }
}

/// Elements in the order of their values: numbers by what they are, NULL behind everything.
fn sort(items: &mut [&str]) -> Result<()> {
    let mut keyed = Vec::with_capacity(items.len());
    for item in items.iter() {
        let mut key = Vec::new();
        if let Ok(value) = Value::read(item) {
            key.push(u8::from(value == Value::Null));
            order_key(&value, &mut key);
        }
        keyed.push((key, *item));
    }
    keyed.sort();
    items.iter_mut().zip(keyed).for_each(|(item, (_, sorted))| *item = sorted);
    Ok(())
}

/// The elements of one group.
#[derive(Debug)]
struct One {
    inner: Box<dyn Accumulator>,
    finish: Finish,
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        self.inner.update_batch(values)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        self.inner.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        match self.inner.evaluate()? {
            ScalarValue::List(list) => {
                ScalarValue::try_from_array(&self.finish.documents(&list).map_err(errors::external)?, 0)
            }
            _ => Ok(ScalarValue::Utf8(None)),
        }
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        self.inner.merge_batch(states)
    }
}

/// The elements of many groups.
struct Groups {
    inner: Box<dyn GroupsAccumulator>,
    finish: Finish,
}

impl Groups {
    fn check(&self) -> DataFusionResult<()> {
        if self.inner.size() as u64 > BATCH_BYTES {
            return Err(errors::external(QueryError::LimitExceeded("requested length too large".into())));
        }
        Ok(())
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> DataFusionResult<()> {
        self.inner.update_batch(values, groups, filter, total)?;
        self.check()
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DataFusionResult<ArrayRef> {
        let lists = self.inner.evaluate(emit_to)?;
        self.finish.documents(lists.as_list::<i32>()).map_err(errors::external)
    }

    fn state(&mut self, emit_to: EmitTo) -> DataFusionResult<Vec<ArrayRef>> {
        self.inner.state(emit_to)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> DataFusionResult<()> {
        self.inner.merge_batch(states, groups, total)?;
        self.check()
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> DataFusionResult<Vec<ArrayRef>> {
        self.inner.convert_to_state(values, filter)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }
}
