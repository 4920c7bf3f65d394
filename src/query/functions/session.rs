//! Functions without arguments that ask the session: who, where, when, and identifiers made now.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::catalog::types::PgType;

use crate::query::bind::errors;
use crate::query::environment::{ActivityRow, Environment};
use crate::query::planner::EnvironmentExtension;
use crate::query::values;

/// What `version()` prints: clients read PostgreSQL's number out of it, people read ours.
pub fn version() -> String {
    format!(
        "PostgreSQL 15.18 (KalamDB {}) on {}-{}, 64-bit",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS
    )
}

/// A function of the session without arguments.
#[derive(Debug)]
pub struct SessionFunction {
    name: &'static str,
    returns: PgType,
    signature: Signature,
    body: fn(&Environment) -> ScalarValue,
}

impl SessionFunction {
    /// Its value now.
    pub fn evaluate(&self, environment: &Environment) -> ScalarValue {
        (self.body)(environment)
    }
}

impl PartialEq for SessionFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for SessionFunction {}

impl Hash for SessionFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for SessionFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.returns.arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(self.returns.field(self.name, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let environment = EnvironmentExtension::of(&args.config_options)?;
        if self.signature.volatility != Volatility::Volatile {
            return Ok(ColumnarValue::Scalar(self.evaluate(environment)));
        }
        let answers = (0..args.number_rows).map(|_| self.evaluate(environment)).collect();
        Ok(ColumnarValue::Array(values::to_array(answers, &self.returns).map_err(errors::external)?))
    }
}

/// The value of a call, when the function is one of these: the way around DataFusion for single rows.
pub fn evaluate(function: &ScalarUDF, environment: &Environment) -> Option<ScalarValue> {
    function.inner().downcast_ref::<SessionFunction>().map(|function| function.evaluate(environment))
}

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    use PgType::{Bool, Date, Float8, Int4, Name, Oid, Text, Timestamp, Timestamptz, Uuid};
    use Volatility::{Stable, Volatile};
    type Answer = fn(&Environment) -> ScalarValue;
    let all: Vec<(&'static str, PgType, Volatility, Answer)> = vec![
        ("now", Timestamptz, Stable, |e| timestamptz(e.transaction_start_us)),
        ("current_timestamp", Timestamptz, Stable, |e| timestamptz(e.transaction_start_us)),
        ("statement_timestamp", Timestamptz, Stable, |e| timestamptz(e.statement_start_us)),
        ("clock_timestamp", Timestamptz, Volatile, |e| timestamptz(e.clock.now_us())),
        ("localtimestamp", Timestamp, Stable, |e| {
            ScalarValue::TimestampMicrosecond(Some(local(e, e.transaction_start_us)), None)
        }),
        ("current_date", Date, Stable, |e| {
            let days = local(e, e.transaction_start_us).div_euclid(86_400_000_000);
            ScalarValue::Date32(i32::try_from(days).ok())
        }),
        ("current_user", Name, Stable, |e| text(&e.user)),
        ("session_user", Name, Stable, |e| text(&e.session_user)),
        ("current_database", Name, Stable, |e| text(&e.database)),
        ("current_schema", Name, Stable, |e| {
            ScalarValue::Utf8(e.search_path.iter().find(|schema| e.catalog.has_schema(schema)).cloned())
        }),
        ("version", Text, Stable, |_| text(version())),
        ("pg_backend_pid", Int4, Stable, |e| ScalarValue::Int32(Some(e.session.0))),
        ("pg_postmaster_start_time", Timestamptz, Stable, |e| timestamptz(e.host.started_us())),
        // The configuration is read when the server starts.
        ("pg_conf_load_time", Timestamptz, Stable, |e| timestamptz(e.host.started_us())),
        ("pg_jit_available", Bool, Stable, |_| ScalarValue::Boolean(Some(false))),
        ("pg_trigger_depth", Int4, Stable, |_| ScalarValue::Int32(Some(0))),
        ("inet_client_port", Int4, Stable, |e| ScalarValue::Int32(own_activity(e).and_then(|row| row.client_port))),
        ("current_query", Text, Volatile, |e| ScalarValue::Utf8(own_activity(e).map(|row| row.query))),
        ("pg_is_in_recovery", Bool, Stable, |_| ScalarValue::Boolean(Some(false))),
        ("pg_my_temp_schema", Oid, Stable, |_| ScalarValue::UInt32(Some(0))),
        ("gen_random_uuid", Uuid, Volatile, |e| uuid(e.random.uuid_v4())),
        ("uuidv4", Uuid, Volatile, |e| uuid(e.random.uuid_v4())),
        ("uuidv7", Uuid, Volatile, |e| uuid(e.random.uuid_v7(e.clock.now_us()))),
        ("random", Float8, Volatile, |e| ScalarValue::Float64(Some(fraction(e)))),
        ("pg_notification_queue_usage", Float8, Volatile, |e| {
            ScalarValue::Float64(Some(e.host.notification_queue_usage()))
        }),
        ("pg_listening_channels", PgType::Array(Box::new(Text)), Volatile, |e| list(&e.host.listening_channels())),
    ];
    all.into_iter()
        .map(|(name, returns, volatility, body)| {
            let signature = Signature::nullary(volatility);
            Arc::new(ScalarUDF::new_from_impl(SessionFunction { name, returns, signature, body }))
        })
        .collect()
}

/// What the server knows of the session that asks.
fn own_activity(environment: &Environment) -> Option<ActivityRow> {
    environment.host.activity().into_iter().find(|row| row.pid == environment.session.0)
}

fn text(value: impl Into<String>) -> ScalarValue {
    ScalarValue::Utf8(Some(value.into()))
}

fn timestamptz(us: i64) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(us), Some("UTC".into()))
}

/// The wall clock of the session's time zone, as microseconds of a day without zone.
fn local(environment: &Environment, us: i64) -> i64 {
    us + i64::from(environment.style.time_zone.offset_at(us)) * 1_000_000
}

fn uuid(value: uuid::Uuid) -> ScalarValue {
    ScalarValue::FixedSizeBinary(16, Some(value.as_bytes().to_vec()))
}

/// A number in [0, 1) with 53 random bits.
fn fraction(environment: &Environment) -> f64 {
    let mut bytes = [0; 8];
    environment.random.fill(&mut bytes);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let fraction = (u64::from_le_bytes(bytes) >> 11) as f64 / (1u64 << 53) as f64;
    fraction
}

fn list(values: &[String]) -> ScalarValue {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for value in values {
        builder.values().append_value(value);
    }
    builder.append(true);
    ScalarValue::List(Arc::new(builder.finish()))
}
