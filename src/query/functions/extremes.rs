//! The shortest, the longest and any interval of a group, by length.
//!
//! DataFusion's `min` and `max` compare months before days before time. Of intervals of one length PostgreSQL
//! keeps the last one that it sees; a group shows the first.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, FieldRef, IntervalMonthDayNano, IntervalMonthDayNanoType};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use super::interval::span_of;
use crate::catalog::types::PgType;

/// Which one of many intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    Shortest,
    Longest,
    /// The first that is seen.
    First,
}

/// The aggregate function.
pub fn function(choice: Choice) -> Arc<AggregateUDF> {
    let signature = Signature::exact(vec![PgType::Interval.arrow()], Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Extreme { choice, signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Extreme {
    choice: Choice,
    signature: Signature,
}

impl AggregateUDFImpl for Extreme {
    fn name(&self) -> &'static str {
        match self.choice {
            Choice::Shortest => "kalam_interval_min",
            Choice::Longest => "kalam_interval_max",
            Choice::First => "kalam_interval_first",
        }
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

    fn accumulator(&self, _args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(Box::new(Best { choice: self.choice, best: None }))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

#[derive(Debug)]
struct Best {
    choice: Choice,
    best: Option<IntervalMonthDayNano>,
}

impl Accumulator for Best {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        for value in values[0].as_primitive::<IntervalMonthDayNanoType>().iter().flatten() {
            let is_better = match (self.best, self.choice) {
                (None, _) => true,
                (Some(best), Choice::Shortest) => span_of(value) <= span_of(best),
                (Some(best), Choice::Longest) => span_of(value) >= span_of(best),
                (Some(_), Choice::First) => false,
            };
            if is_better {
                self.best = Some(value);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        self.update_batch(states)
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        Ok(ScalarValue::IntervalMonthDayNano(self.best))
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
