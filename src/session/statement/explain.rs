//! EXPLAIN: how a statement would run, or how it ran.

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;

use super::command::{Body, Explain, Parsed, Utility};
use super::running::text_columns;
use super::{Running, not_supported, text_rows, utility};
use crate::Result;
use crate::query::bind::bound::InsertSource;
use crate::query::explain::ExplainOptions;
use crate::query::{Bound, OutputColumn};
use crate::session::outcome::{Outcome, RowsTag};
use crate::session::prepared::{Plan, Prepared};

const COLUMN: [&str; 1] = ["QUERY PLAN"];

/// The columns of the result, for Describe.
pub(crate) fn columns(_: Explain) -> Arc<[OutputColumn]> {
    text_columns(&COLUMN)
}

/// Explains the statement; with ANALYZE it runs, and what it changes stays.
pub(crate) async fn run(running: &mut Running<'_>, options: Explain, statement: &Parsed) -> Result<Outcome> {
    let (prepared, parameters) = prepare(running, statement)?;
    let mut inner = Running {
        environment: running.environment.clone(),
        parameters: &parameters,
        cancel: running.cancel.clone(),
        session: running.session,
    };
    let lines = match &prepared.plan {
        Plan::Select(bound) => plan_lines(&mut inner, bound, options.analyze, options.verbose).await?,
        Plan::Insert(insert) => {
            let source = match &insert.source {
                InsertSource::Query(bound) => Some(bound.clone()),
                InsertSource::Values(_) => None,
            };
            change(&mut inner, &prepared, "Insert", &insert.table.name, source, options).await?
        }
        Plan::Update(update, _) => {
            change(&mut inner, &prepared, "Update", &update.table.name, Some(update.source.clone()), options).await?
        }
        Plan::Delete(delete, _) => {
            change(&mut inner, &prepared, "Delete", &delete.table.name, Some(delete.source.clone()), options).await?
        }
        Plan::Empty | Plan::Other => return Err(not_supported("EXPLAIN of this statement")),
    };
    inner.transaction().statement_end();
    if options.json {
        return text_rows(&COLUMN, vec![vec![json(&prepared, &lines)]], RowsTag::Explain);
    }
    text_rows(&COLUMN, lines.into_iter().map(|line| vec![line]).collect(), RowsTag::Explain)
}

/// The lines of a statement that changes rows: itself, and below it the plan that finds them. The plan is
/// not run for itself, so its figures are those of the whole statement.
async fn change(
    running: &mut Running<'_>,
    prepared: &Prepared,
    operation: &str,
    table: &str,
    source: Option<Bound>,
    options: Explain,
) -> Result<Vec<String>> {
    let mut lines = vec![format!("{operation} on {table}")];
    match source {
        Some(bound) => {
            let plan = plan_lines(running, &bound, false, options.verbose).await?;
            lines.extend(plan.into_iter().map(|line| format!("  ->  {line}")));
        }
        None => lines.push("  ->  Values".to_owned()),
    }
    if options.analyze {
        let started = Instant::now();
        let done = execute(running, prepared).await?;
        lines.push(format!("Result: {done}"));
        lines.push(format!("Execution Time: {:.3} ms", started.elapsed().as_secs_f64() * 1000.0));
    }
    Ok(lines)
}

/// The statement to explain and its parameters: EXECUTE names a prepared one.
fn prepare(running: &mut Running<'_>, statement: &Parsed) -> Result<(Prepared, Vec<datafusion::common::ScalarValue>)> {
    match &statement.body {
        Body::Sql(_) => Ok((running.session.plan(statement, &[], &running.environment)?, Vec::new())),
        Body::Utility(Utility::Execute { name, arguments }) => {
            let prepared = Prepared::clone(running.session.statement(name)?);
            let parameters = utility::evaluate(running, name, &prepared, arguments)?;
            let current = running.session.plan(&prepared.parsed, &prepared.declared, &running.environment)?;
            Ok((current, parameters))
        }
        Body::Utility(_) => Err(not_supported("EXPLAIN of this statement")),
    }
}

async fn plan_lines(running: &mut Running<'_>, bound: &Bound, analyze: bool, verbose: bool) -> Result<Vec<String>> {
    let planner = running.planner();
    let transaction = running.session.transaction.as_ref().expect("a statement runs in a transaction");
    planner
        .explain(
            &running.environment,
            bound,
            running.parameters,
            transaction.view(),
            transaction.store(),
            running.cancel.clone(),
            ExplainOptions { analyze, verbose },
        )
        .await
}

async fn execute(running: &mut Running<'_>, prepared: &Prepared) -> Result<String> {
    let outcome = match &prepared.plan {
        Plan::Insert(bound) => super::insert::run(running, bound).await?,
        Plan::Update(bound, by_key) => super::update::run(running, prepared, bound, by_key).await?,
        Plan::Delete(bound, by_key) => super::delete::run(running, prepared, bound, by_key).await?,
        Plan::Select(_) | Plan::Empty | Plan::Other => return Err(not_supported("EXPLAIN ANALYZE of this statement")),
    };
    match outcome {
        Outcome::Rows { mut stream, tag, .. } => {
            let mut rows = 0;
            while let Some(batch) = stream.next().await {
                rows += batch?.num_rows() as u64;
            }
            Ok(tag.finish(rows))
        }
        Outcome::Command { tag } => Ok(tag),
        _ => Ok(String::new()),
    }
}

/// FORMAT JSON: one node, whose output columns are what drivers look for.
fn json(prepared: &Prepared, lines: &[String]) -> String {
    let output: Vec<&str> = prepared
        .columns()
        .map(|columns| columns.iter().map(|column| column.name.as_str()).collect())
        .unwrap_or_default();
    let node = lines.first().map_or("Result", String::as_str);
    let plan = serde_json::json!([{ "Plan": { "Node Type": node, "Output": output, "Details": lines } }]);
    format!("{plan:#}")
}
