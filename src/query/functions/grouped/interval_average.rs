//! `avg` of intervals: their sum, field by field, divided by their number.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, ReversedUDAF, Signature, Volatility};

use crate::catalog::types::PgType;
use crate::query::bind::errors;
use crate::query::functions::registry::intervals;

/// The aggregate.
pub fn function() -> Arc<AggregateUDF> {
    let signature = Signature::any(1, Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(IntervalAverage { signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct IntervalAverage {
    signature: Signature,
}

impl AggregateUDFImpl for IntervalAverage {
    fn name(&self) -> &str {
        "kalam_interval_avg"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(PgType::Interval.arrow())
    }

    fn return_field(&self, _arguments: &[FieldRef]) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(PgType::Interval.field(self.name(), true)))
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(Box::new(Averaging { sum: IntervalMonthDayNano::new(0, 0, 0), count: 0 }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        Ok(vec![
            Arc::new(Field::new(format_state_name(args.name, "sum"), PgType::Interval.arrow(), true)),
            Arc::new(Field::new(format_state_name(args.name, "count"), DataType::Int64, true)),
        ])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }
}

#[derive(Debug)]
struct Averaging {
    sum: IntervalMonthDayNano,
    count: i64,
}

impl Accumulator for Averaging {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for value in values[0].as_primitive::<IntervalMonthDayNanoType>().iter().flatten() {
            self.sum = intervals::plus(self.sum, value).map_err(errors::external)?;
            self.count += 1;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let sums = states[0].as_primitive::<IntervalMonthDayNanoType>();
        let counts = states[1].as_primitive::<Int64Type>();
        for row in 0..sums.len() {
            self.sum = intervals::plus(self.sum, sums.value(row)).map_err(errors::external)?;
            self.count += counts.value(row);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        if self.count == 0 {
            return Ok(ScalarValue::IntervalMonthDayNano(None));
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let average = intervals::divided(self.sum, self.count as f64).map_err(errors::external)?;
        Ok(ScalarValue::IntervalMonthDayNano(Some(average)))
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::IntervalMonthDayNano(Some(self.sum)), ScalarValue::Int64(Some(self.count))])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
