//! Functions that read and change the session, and the ones that act: notify, flush, reauthenticate.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, FieldRef};
use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::rowwise::Argument::{Bool, Text};
use super::rowwise::Rowwise;
use crate::catalog::types::PgType;
use crate::error::SessionError;
use crate::query::bind::errors;
use crate::query::planner::EnvironmentExtension;
use crate::query::values;

/// All functions of this file.
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        Rowwise::new("current_setting", &[Text, Bool], PgType::Text, |environment, row| {
            let Some(name) = row.text(0) else { return Ok(ScalarValue::Utf8(None)) };
            match environment.host.setting(name) {
                Some(value) => Ok(ScalarValue::Utf8(Some(value))),
                None if row.boolean(1) == Some(true) => Ok(ScalarValue::Utf8(None)),
                None => Err(SessionError::UnknownSetting(name.to_owned()).into()),
            }
        })
        .optional(1)
        .build(),
        Rowwise::new("set_config", &[Text, Text, Bool], PgType::Text, |environment, row| {
            let (Some(name), Some(value)) = (row.text(0), row.text(1)) else { return Ok(ScalarValue::Utf8(None)) };
            let value = environment.host.set_setting(name, value, row.boolean(2) == Some(true))?;
            Ok(ScalarValue::Utf8(Some(value)))
        })
        .volatile()
        .build(),
        Rowwise::new("pg_notify", &[Text, Text], PgType::Void, |environment, row| {
            let channel = row.text(0).unwrap_or_default();
            environment.host.notify(channel, row.text(1).unwrap_or_default())?;
            Ok(ScalarValue::Null)
        })
        .called_on_null()
        .volatile()
        .build(),
        // Nothing to give back as long as there are no advisory locks: none can be taken, since the functions that
        // take them do not exist. Pools call this before they hand out a connection again.
        Rowwise::new("pg_advisory_unlock_all", &[], PgType::Void, |_, _| Ok(ScalarValue::Null)).volatile().build(),
        Rowwise::new("kalam.reauthenticate", &[Text], PgType::Timestamptz, |environment, row| {
            let end = environment.host.reauthenticate(row.text(0).unwrap_or_default())?;
            Ok(ScalarValue::TimestampMicrosecond(Some(end), Some("UTC".into())))
        })
        .volatile()
        .build(),
        Arc::new(
            AsyncScalarUDF::new(Arc::new(Flush { signature: Signature::string(1, Volatility::Volatile) }))
                .into_scalar_udf(),
        ),
    ]
}

/// `kalam.flush(table)`: the rows that moved into history.
#[derive(Debug)]
struct Flush {
    signature: Signature,
}

impl PartialEq for Flush {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Flush {}

impl Hash for Flush {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for Flush {
    fn name(&self) -> &'static str {
        "kalam.flush"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Int64)
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(PgType::Int8.field("flush", true)))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        Err(DataFusionError::Internal("kalam.flush was called without waiting for it".into()))
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Flush {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let environment = Arc::clone(EnvironmentExtension::of(&args.config_options)?);
        let tables = args.args[0].clone().into_array(args.number_rows)?;
        let tables = arrow::compute::cast(&tables, &DataType::Utf8)?;
        let mut answers = Vec::with_capacity(args.number_rows);
        for table in tables.as_string::<i32>() {
            answers.push(match table {
                Some(table) => {
                    let rows = environment.host.flush(table).await.map_err(errors::external)?;
                    ScalarValue::Int64(Some(rows))
                }
                None => ScalarValue::Int64(None),
            });
        }
        Ok(ColumnarValue::Array(values::to_array(answers, &PgType::Int8).map_err(errors::external)?))
    }
}
