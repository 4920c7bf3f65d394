//! Functions in FROM.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::execution::session_state::SessionState;
use datafusion::functions_table::generate_series::GenerateSeriesFunc;
use datafusion::logical_expr::Expr;
use futures::FutureExt;

use crate::catalog::describe;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::bind::{errors, refuse};
use crate::query::environment::Environment;
use crate::query::system::{self, Rows, VirtualTable};

/// A set-returning function as a relation.
///
/// # Errors
/// 42883 for a function that is none, 0A000 when its arguments are columns of the query around it.
pub fn function(
    name: &str,
    arguments: Vec<Expr>,
    environment: &Arc<Environment>,
    state: &SessionState,
) -> Result<Arc<dyn TableProvider>> {
    match name {
        "generate_series" if arguments.iter().all(is_constant) => series(&arguments, state),
        "generate_series" => Ok(VirtualTable::new(
            name,
            &[("generate_series", PgType::Int8)],
            unsupported("generate_series over columns of another relation"),
        )),
        "pg_listening_channels" => {
            let rows: Rows = Arc::new(|context| {
                async move {
                    let channels = context.environment.host.listening_channels();
                    let column: ArrayRef = Arc::new(StringArray::from(channels));
                    one_column("pg_listening_channels", &PgType::Text, column)
                }
                .boxed()
            });
            Ok(VirtualTable::new(name, &[("pg_listening_channels", PgType::Text)], rows))
        }
        // Nothing is partitioned.
        "pg_partition_ancestors" => Ok(VirtualTable::with_schema(
            name,
            Arc::new(arrow::datatypes::Schema::new(vec![PgType::Regclass.field("relid", true)])),
            None,
        )),
        "pg_partition_tree" => {
            let columns = [
                PgType::Regclass.field("relid", true),
                PgType::Regclass.field("parentrelid", true),
                PgType::Bool.field("isleaf", true),
                PgType::Int4.field("level", true),
            ];
            Ok(VirtualTable::with_schema(name, Arc::new(arrow::datatypes::Schema::new(columns.to_vec())), None))
        }
        "pg_get_keywords" => Ok(keywords()),
        "pg_timezone_names" => Ok(timezones(environment)),
        _ => Err(QueryError::UndefinedFunction(format!("{name}()")).into()),
    }
}

fn is_constant(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(..) | Expr::Negative(_))
}

fn series(arguments: &[Expr], state: &SessionState) -> Result<Arc<dyn TableProvider>> {
    GenerateSeriesFunc {}.call_with_args(TableFunctionArgs::new(arguments, state)).map_err(errors::translate)
}

fn unsupported(what: &'static str) -> Rows {
    Arc::new(move |_| async move { Err(refuse::not_supported(what)) }.boxed())
}

fn one_column(name: &str, data_type: &PgType, column: ArrayRef) -> Result<arrow::array::RecordBatch> {
    let schema = arrow::datatypes::Schema::new(vec![data_type.field(name, true)]);
    let batch = arrow::array::RecordBatch::try_new(Arc::new(schema), vec![column]);
    batch.map_err(|error| errors::translate(error.into()))
}

const KEYWORD_COLUMNS: [(&str, PgType); 5] = [
    ("word", PgType::Text),
    ("catcode", PgType::Char),
    ("barelabel", PgType::Bool),
    ("catdesc", PgType::Text),
    ("baredesc", PgType::Text),
];

fn keywords() -> Arc<VirtualTable> {
    let rows: Rows = Arc::new(move |_| {
        async move {
            let text = |text: &str| ScalarValue::Utf8(Some(text.to_owned()));
            let rows = describe::keywords().map(|(word, category, bare)| {
                let described = match category {
                    "U" => "unreserved",
                    "C" => "unreserved (cannot be function or type name)",
                    "T" => "reserved (can be function or type name)",
                    _ => "reserved",
                };
                let label = if bare { "can be bare label" } else { "requires AS" };
                vec![text(word), text(category), ScalarValue::Boolean(Some(bare)), text(described), text(label)]
            });
            system::batch(&KEYWORD_COLUMNS, rows.collect())
        }
        .boxed()
    });
    VirtualTable::new("pg_get_keywords", &KEYWORD_COLUMNS, rows)
}

const TIMEZONE_COLUMNS: [(&str, PgType); 4] =
    [("name", PgType::Text), ("abbrev", PgType::Text), ("utc_offset", PgType::Interval), ("is_dst", PgType::Bool)];

fn timezones(environment: &Arc<Environment>) -> Arc<VirtualTable> {
    let now = environment.statement_start_us;
    let rows: Rows = Arc::new(move |_| {
        async move {
            let rows = chrono_tz::TZ_VARIANTS
                .iter()
                .map(|zone| {
                    let zone = crate::catalog::types::Zone::from(*zone);
                    let offset = i64::from(zone.offset_at(now)) * 1_000_000_000;
                    vec![
                        ScalarValue::Utf8(Some(zone.to_string())),
                        ScalarValue::Utf8(Some(zone.abbreviation_at(now))),
                        ScalarValue::IntervalMonthDayNano(Some(arrow::datatypes::IntervalMonthDayNano::new(
                            0, 0, offset,
                        ))),
                        ScalarValue::Boolean(None),
                    ]
                })
                .collect();
            system::batch(&TIMEZONE_COLUMNS, rows)
        }
        .boxed()
    });
    VirtualTable::new("pg_timezone_names", &TIMEZONE_COLUMNS, rows)
}
