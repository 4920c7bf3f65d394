//! `pg_sleep`, `pg_sleep_for` and `pg_sleep_until`: they wait as a query that waits for anything else does, so that
//! a cancel request ends them and no thread is held.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, AsArray, NullArray};
use arrow::datatypes::{DataType, FieldRef, Float64Type, IntervalMonthDayNanoType, TimestampMicrosecondType};
use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::interval::shift;
use crate::catalog::types::PgType;
use crate::query::planner::EnvironmentExtension;

/// Longest that one call waits: about a hundred years.
const LONGEST: f64 = 3.2e9;

/// How long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    Seconds,
    For,
    Until,
}

/// The function that waits.
pub fn function(how: How) -> Arc<ScalarUDF> {
    let signature = Signature::any(1, Volatility::Volatile);
    Arc::new(AsyncScalarUDF::new(Arc::new(Sleep { how, signature })).into_scalar_udf())
}

#[derive(Debug)]
struct Sleep {
    how: How,
    signature: Signature,
}

impl PartialEq for Sleep {
    fn eq(&self, other: &Self) -> bool {
        self.how == other.how
    }
}

impl Eq for Sleep {}

impl Hash for Sleep {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.how.hash(state);
    }
}

impl ScalarUDFImpl for Sleep {
    fn name(&self) -> &'static str {
        match self.how {
            How::Seconds => "pg_sleep",
            How::For => "pg_sleep_for",
            How::Until => "pg_sleep_until",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(PgType::Void.arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(PgType::Void.field(self.name(), true)))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        Err(DataFusionError::Internal("pg_sleep was called without waiting for it".into()))
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Sleep {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let environment = Arc::clone(EnvironmentExtension::of(&args.config_options)?);
        let rows = args.number_rows;
        let argument = args.args[0].clone().into_array(rows)?;
        for row in 0..rows {
            if argument.is_null(row) {
                continue;
            }
            let now = environment.clock.now_us();
            #[expect(clippy::cast_precision_loss, reason = "microseconds do not matter that far away")]
            let seconds_to = |end: i64| end.saturating_sub(now) as f64 / 1e6;
            let seconds = match self.how {
                How::Seconds => argument.as_primitive::<Float64Type>().value(row),
                How::For => {
                    let span = argument.as_primitive::<IntervalMonthDayNanoType>().value(row);
                    seconds_to(shift(now, span, 1, Some(&environment.style.time_zone)).unwrap_or(i64::MAX))
                }
                How::Until => seconds_to(argument.as_primitive::<TimestampMicrosecondType>().value(row)),
            };
            if seconds > 0.0 {
                tokio::time::sleep(Duration::from_secs_f64(seconds.min(LONGEST))).await;
            }
        }
        Ok(ColumnarValue::Array(Arc::new(NullArray::new(rows))))
    }
}
