//! EXPLAIN: how a statement would run, or how it ran.

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;

use super::command::{Body, Explain, Parsed, Utility};
use super::running::text_columns;
use super::{Running, not_supported, text_rows, utility};
use crate::Result;
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
    let started = Instant::now();
    let (operation, bound) = match &prepared.plan {
        Plan::Select(bound) => (None, Some((**bound).clone())),
        Plan::Insert(insert) => (Some(format!("Insert on {}", insert.table.name)), insert.query().cloned()),
        Plan::Update(update) => (Some(format!("Update on {}", update.table.name)), Some(update.source.clone())),
        Plan::Delete(delete) => (Some(format!("Delete on {}", delete.table.name)), Some(delete.source.clone())),
        Plan::Empty | Plan::Other => return Err(not_supported("EXPLAIN of this statement")),
    };
    let planner = running.planner();
    let mut inner = Running {
        environment: running.environment.clone(),
        parameters: &parameters,
        cancel: running.cancel.clone(),
        session: running.session,
    };
    let mut lines = Vec::new();
    let indent = match &operation {
        Some(operation) => {
            lines.push(operation.clone());
            "  ->  "
        }
        None => "",
    };
    lines.extend(plan_lines(&mut inner, bound.as_ref(), options, operation.is_none()).await?.into_iter().map(|line| {
        format!("{indent}{line}")
    }));
    if options.analyze {
        if operation.is_some() {
            // The rows that a changing statement finds are not computed twice: its time is the whole statement's.
            let outcome = execute(&mut inner, &prepared).await?;
            lines.push(format!("Result: {outcome}"));
        }
        let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
        lines.push(format!("Execution Time: {milliseconds:.3} ms"));
    }
    let _ = planner;
    if options.json {
        return text_rows(&COLUMN, vec![vec![json(&prepared, &lines)]], RowsTag::Explain);
    }
    text_rows(&COLUMN, lines.into_iter().map(|line| vec![line]).collect(), RowsTag::Explain)
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

async fn plan_lines(
    running: &mut Running<'_>,
    bound: Option<&Bound>,
    options: Explain,
    analyze: bool,
) -> Result<Vec<String>> {
    let Some(bound) = bound else { return Ok(vec!["Values".into()]) };
    let planner = running.planner();
    let transaction = running.session.transaction.as_ref().expect("a statement runs in a transaction");
    let explanation = planner
        .explain(
            &running.environment,
            bound,
            running.parameters,
            transaction.view(),
            transaction.store(),
            running.cancel.clone(),
            analyze && options.analyze,
            options.verbose,
        )
        .await?;
    Ok(explanation)
}

async fn execute(running: &mut Running<'_>, prepared: &Prepared) -> Result<String> {
    let outcome = match &prepared.plan {
        Plan::Insert(bound) => super::insert::run(running, bound).await?,
        Plan::Update(bound) => super::update::run(running, prepared, bound).await?,
        Plan::Delete(bound) => super::delete::run(running, prepared, bound).await?,
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
    let output: Vec<&str> =
        prepared.columns().map(|columns| columns.iter().map(|column| column.name.as_str()).collect()).unwrap_or_default();
    let node = lines.first().map_or("Result", String::as_str);
    let plan = serde_json::json!([{ "Plan": { "Node Type": node, "Output": output, "Details": lines } }]);
    format!("{plan:#}")
}
