//! EXPLAIN: how a statement would run, or how it ran.

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use serde_json::json;

use super::command::{Body, Explain, Parsed, Utility};
use super::{Running, not_supported, text_rows, utility};
use crate::Result;
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::query::bind::bound::InsertSource;
use crate::query::explain::{ExplainOptions, Explanation, Node};
use crate::query::{Bound, OutputColumn};
use crate::session::outcome::{Outcome, RowsTag};
use crate::session::prepared::{Plan, Prepared};

const COLUMN: [&str; 1] = ["QUERY PLAN"];

/// The columns of the result, for Describe.
pub(crate) fn columns(options: Explain) -> Arc<[OutputColumn]> {
    let data_type = if options.json { PgType::Json } else { PgType::Text };
    Arc::new([OutputColumn { name: COLUMN[0].to_owned(), data_type, table: 0, attnum: 0 }])
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
    let explanation = match &prepared.plan {
        Plan::Select(bound) => explain(&mut inner, bound, options.analyze, options.verbose).await?,
        Plan::Insert(insert) => {
            let source = match &insert.source {
                InsertSource::Query(bound) => Some(bound.clone()),
                InsertSource::Values(_) => None,
            };
            change(&mut inner, &prepared, "Insert", &insert.table, source, options).await?
        }
        Plan::Update(update, _) => {
            change(&mut inner, &prepared, "Update", &update.table, Some(update.source.clone()), options).await?
        }
        Plan::Delete(delete, _) => {
            change(&mut inner, &prepared, "Delete", &delete.table, Some(delete.source.clone()), options).await?
        }
        Plan::Empty | Plan::Other => return Err(not_supported("EXPLAIN of this statement")),
    };
    inner.transaction().statement_end();
    let lines = if options.json { vec![explanation.json()] } else { explanation.lines() };
    let rows = text_rows(&COLUMN, lines.into_iter().map(|line| vec![line]).collect(), RowsTag::Explain)?;
    Ok(match rows {
        // JSON has the Arrow form of text; only its type is another one.
        Outcome::Rows { stream, tag, .. } => Outcome::Rows { columns: columns(options), stream, tag },
        other => other,
    })
}

/// A statement that changes rows, and below it the plan that finds them. That plan is not run for itself, so
/// the figures are those of the whole statement.
async fn change(
    running: &mut Running<'_>,
    prepared: &Prepared,
    operation: &str,
    table: &Table,
    source: Option<Bound>,
    options: Explain,
) -> Result<Explanation> {
    let mut root = Node {
        kind: "ModifyTable".into(),
        description: format!("{operation} on {}", table.name),
        properties: vec![
            ("Operation", json!(operation)),
            ("Schema", json!(table.schema)),
            ("Relation Name", json!(table.name)),
        ],
        ..Node::default()
    };
    let mut notes = Vec::new();
    match source {
        Some(bound) => {
            let source = explain(running, &bound, false, options.verbose).await?;
            notes = source.notes;
            root.inputs.push(source.root);
        }
        None => {
            let values = Node { kind: "Values Scan".into(), description: "Values".into(), ..Node::default() };
            root.inputs.push(values);
        }
    }
    let (mut result, mut execution_ms) = (None, None);
    if options.analyze {
        let started = Instant::now();
        let done = execute(running, prepared).await?;
        execution_ms = Some(started.elapsed().as_secs_f64() * 1000.0);
        root.rows = done.rsplit(' ').next().and_then(|rows| rows.parse().ok());
        result = Some(done);
    }
    Ok(Explanation { notes, root, result, execution_ms })
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

async fn explain(running: &mut Running<'_>, bound: &Bound, analyze: bool, verbose: bool) -> Result<Explanation> {
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
