//! COPY TO STDOUT: a query whose rows are written as lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, RecordBatch};
use futures::StreamExt;

use super::Running;
use super::command::{Body, parse_one};
use super::copy_format::Writer;
use super::copy_in::{check_named, targets};
use super::copy_options::{Copy, Header, Source};
use super::{names, not_supported};
use crate::Result;
use crate::catalog::types::text::TextEncoder;
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::SessionError;
use crate::query::ast::Statement;
use crate::query::{Environment, OutputColumn};
use crate::session::outcome::{CopyLines, CopyOut, Outcome};
use crate::session::settings::quote_name;

/// Starts the query and hands its lines out as they are computed.
pub(crate) async fn run(running: &mut Running<'_>, copy: &Copy) -> Result<Outcome> {
    let (text, before) = match &copy.source {
        Source::Query { text, before } => (text.clone(), *before),
        Source::Table { name, columns } => {
            let environment = &running.environment;
            let table = names::table(&environment.catalog, &environment.search_path, name)?;
            let targets = targets(&table, columns.as_deref())?;
            check_named(&table, &targets, "FORCE_QUOTE", copy.format.force_quote.names())?;
            let columns: Vec<_> = targets.iter().map(|at| quote_name(&table.columns[*at].name)).collect();
            let text =
                format!("SELECT {} FROM {}.{}", columns.join(", "), quote_name(&table.schema), quote_name(&table.name));
            (text, 0)
        }
    };
    let parsed = parse_one(&text, before).map_err(|error| error.moved_by(before))?;
    let bound = match &parsed.body {
        Body::Sql(sql) => match &sql.statement {
            Statement::Query(query) => {
                let source = Some(sql.source.clone());
                let environment = Arc::new(Environment { source, ..Environment::clone(&running.environment) });
                running.planner().bind(&environment, query, &[])
            }
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
                return Err(not_supported("COPY of INSERT, UPDATE or DELETE"));
            }
            _ => return Err(SessionError::CopyOption("COPY query must have a result".into()).into()),
        },
        Body::Utility(_) => return Err(SessionError::CopyOption("COPY query must have a result".into()).into()),
    };
    let bound = bound.map_err(|error| error.moved_by(before))?;
    let names: Vec<String> = bound.columns.iter().map(|column| column.name.clone()).collect();
    for name in copy.format.force_quote.names() {
        if !names.contains(name) {
            let message = format!("FORCE_QUOTE column \"{name}\" not referenced by COPY");
            return Err(SessionError::InvalidColumnReference(message).into());
        }
    }
    let writer = Writer::new(copy.format.clone(), &names);
    let header = (copy.format.header != Header::None).then(|| {
        let mut lines = CopyLines::default();
        lines.push(|out| writer.header(&names, out));
        Ok(lines)
    });
    let stream = running.query(&bound).await?;
    running.transaction().statement_end();
    let rows = Arc::new(AtomicU64::new(0));
    let (counter, columns, style) = (rows.clone(), bound.columns.clone(), running.environment.style.clone());
    let lines = stream.map(move |batch| {
        let batch = batch?;
        counter.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        lines(&batch, &columns, &style, &writer)
    });
    let header = futures::stream::iter(header);
    let columns = names.len();
    Ok(Outcome::CopyOut(CopyOut { columns, stream: header.chain(lines).boxed(), rows }))
}

fn lines(batch: &RecordBatch, columns: &[OutputColumn], style: &OutputStyle, writer: &Writer) -> Result<CopyLines> {
    let schema = batch.schema();
    let encoders: Vec<TextEncoder> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| TextEncoder::new(schema.field(at), &column.data_type, style))
        .collect::<Result<_>>()?;
    let mut lines = CopyLines::default();
    let mut texts: Vec<Vec<u8>> = vec![Vec::new(); columns.len()];
    let mut nulls = vec![false; columns.len()];
    for row in 0..batch.num_rows() {
        for (at, text) in texts.iter_mut().enumerate() {
            text.clear();
            let values = batch.column(at);
            nulls[at] = values.is_null(row);
            if !nulls[at] {
                encoders[at].write(values.as_ref(), row, text);
            }
        }
        let fields = texts.iter().zip(&nulls).map(|(text, null)| (!null).then_some(text.as_slice()));
        lines.push(|out| writer.line(fields, out));
    }
    Ok(lines)
}

/// One value in its text form; `null` for NULL.
pub(super) fn text(values: &dyn Array, row: usize, data_type: &PgType, style: &OutputStyle) -> String {
    if values.is_null(row) {
        return "null".into();
    }
    let mut out = Vec::new();
    let field = arrow::datatypes::Field::new("", values.data_type().clone(), true);
    // A column of a table has a form that can be written.
    if let Ok(encoder) = TextEncoder::new(&field, data_type, style) {
        encoder.write(values, row, &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}
