//! `aggregate(… ORDER BY …)` and `aggregate(DISTINCT …)`: the rows of a group are put in order, equal ones left away,
//! and then given to the aggregate.
//!
//! Without ORDER BY the arguments of DISTINCT are what is sorted by, as in PostgreSQL, which shows in `array_agg`.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use arrow::compute::{SortOptions, take};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, ReversedUDAF, Signature, Volatility};

use super::collected::Collected;
use super::sorting::{Rows, comparable, shown};

/// How the arguments of a call are sorted: the place of each key among them, and its direction.
pub type Keys = Vec<(usize, SortOptions)>;

/// `inner` over sorted rows. Of `all` arguments the first `arguments` are those of `inner`, the others only keys. With
/// `distinct`, rows that are equal in all keys come once.
pub fn function(
    inner: Arc<AggregateUDF>,
    arguments: usize,
    all: usize,
    keys: Keys,
    distinct: bool,
) -> Arc<AggregateUDF> {
    let shown: Vec<String> = keys.iter().map(|(place, order)| format!("{place} {}", shown(*order))).collect();
    let kind = if distinct { "distinct" } else { "sorted" };
    let name = format!("{}_{kind}[{arguments}: {}]", inner.name(), shown.join(", "));
    let signature = Signature::any(all, Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Ordered { name, inner, arguments, keys, distinct, signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Ordered {
    name: String,
    inner: Arc<AggregateUDF>,
    arguments: usize,
    keys: Keys,
    distinct: bool,
    signature: Signature,
}

impl AggregateUDFImpl for Ordered {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> DataFusionResult<DataType> {
        self.inner.return_type(&types[..self.arguments])
    }

    fn return_field(&self, arguments: &[FieldRef]) -> DataFusionResult<FieldRef> {
        self.inner.return_field(&arguments[..self.arguments])
    }

    fn default_value(&self, data_type: &DataType) -> DataFusionResult<ScalarValue> {
        self.inner.default_value(data_type)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        let types = args.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        let inner = self.inner.accumulator(AccumulatorArgs {
            exprs: &args.exprs[..self.arguments],
            expr_fields: &args.expr_fields[..self.arguments],
            order_bys: &[],
            is_distinct: false,
            ..args
        })?;
        Ok(Box::new(Sorting {
            inner,
            arguments: self.arguments,
            keys: self.keys.clone(),
            distinct: self.distinct,
            rows: Collected::new(types),
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        Ok(Collected::state_fields(args.name, args.input_fields))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::NotSupported
    }
}

#[derive(Debug)]
struct Sorting {
    inner: Box<dyn Accumulator>,
    arguments: usize,
    keys: Keys,
    distinct: bool,
    rows: Collected,
}

impl Accumulator for Sorting {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        self.rows.add(values)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        self.rows.merge(states)
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        if self.rows.rows() > 0 {
            let columns = self.rows.columns()?;
            let keys = self.keys.iter().map(|(place, _)| comparable(&columns[*place]));
            let keys = keys.collect::<DataFusionResult<Vec<_>>>()?;
            let orders: Vec<SortOptions> = self.keys.iter().map(|(_, order)| *order).collect();
            let rows = Rows::new(&keys, &keys, &orders)?;
            let mut sorted = rows.sorted(self.rows.rows());
            if self.distinct {
                sorted.dedup_by(|later, earlier| rows.compare(*later, *earlier).is_eq());
            }
            let places: UInt64Array = sorted.into_iter().map(|row| u64::try_from(row).ok()).collect();
            let sorted = columns[..self.arguments].iter().map(|column| take(column, &places, None));
            self.inner.update_batch(&sorted.collect::<Result<Vec<_>, _>>()?)?;
        }
        self.inner.evaluate()
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        self.rows.state()
    }

    fn size(&self) -> usize {
        self.rows.size() + self.inner.size()
    }
}
