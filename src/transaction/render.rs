//! A row change as JSON, for those who listen to a table or to one conversation of it.
//!
//! `{"table":"messages","op":"insert","seq":7,"key":{"conversation_id":"lobby","id":"…"},"row":{…}}`
//!
//! Values are as PostgreSQL's `to_json` writes them: numbers and booleans bare, json as it is, times in ISO
//! 8601 and UTC, everything else as a string of its text form. Nothing here runs unless somebody listens.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};

use super::text;
use crate::Result;
use crate::base::ids::Seq;
use crate::catalog::Table;
use crate::catalog::types::{OutputStyle, PgType};
use crate::storage::{Operation, RenderChange, RowBuilder, RowChange};

/// The column that makes a table's rows belong to conversations.
const CONVERSATION_COLUMN: &str = "conversation_id";

/// Renders the changes of one table.
pub struct ChangeRenderer {
    table: Arc<Table>,
    channel: String,
}

impl ChangeRenderer {
    /// A renderer for a table.
    pub fn new(table: Arc<Table>) -> Self {
        Self { channel: table.channel(), table }
    }

    fn try_render(&self, seq: Seq, change: &RowChange) -> Result<String> {
        let columns: Vec<usize> = (0..self.table.columns.len()).collect();
        let row = self.decode(&change.row, &columns)?;
        let operation = match change.operation {
            Operation::Insert => "insert",
            Operation::Update => "update",
            Operation::Delete => "delete",
        };
        let mut json = String::with_capacity(256 + 2 * change.row.len());
        write!(json, "{{\"table\":{},\"op\":\"{operation}\",\"seq\":{seq},\"key\":", quoted(&self.channel))
            .expect("writing to a string succeeds");
        let key = self.table.primary_key.as_ref().map_or(&[][..], |key| &key.columns);
        self.object(&row, key, &mut json)?;
        json.push_str(",\"row\":");
        self.object(&row, &columns, &mut json)?;
        json.push('}');
        Ok(json)
    }

    fn decode(&self, row: &[u8], columns: &[usize]) -> Result<RecordBatch> {
        let mut builder = RowBuilder::new(&self.table.shape, columns, 1);
        builder.append(row)?;
        builder.finish()
    }

    /// Some columns of a decoded row as an object. `row` has the table's columns in order.
    fn object(&self, row: &RecordBatch, columns: &[usize], json: &mut String) -> Result<()> {
        let style = OutputStyle::default();
        json.push('{');
        for (place, at) in columns.iter().enumerate() {
            let column = &self.table.columns[*at];
            if place > 0 {
                json.push(',');
            }
            json.push_str(&quoted(&column.name));
            json.push(':');
            if row.column(*at).is_null(0) {
                json.push_str("null");
                continue;
            }
            push_value(&column.data_type, &text::of(row, *at, 0, &column.data_type, &style)?, json);
        }
        json.push('}');
        Ok(())
    }
}

impl RenderChange for ChangeRenderer {
    fn channel(&self) -> &str {
        &self.channel
    }

    fn conversation(&self, row: &[u8]) -> Option<String> {
        let at = self.table.column(CONVERSATION_COLUMN)?;
        let decoded = self.decode(row, &[at]).ok()?;
        let values = decoded.column(0).as_string_opt::<i32>()?;
        values.is_valid(0).then(|| values.value(0).to_owned())
    }

    fn render(&self, seq: Seq, change: &RowChange) -> String {
        self.try_render(seq, change).unwrap_or_else(|error| {
            // The row was encoded by this very transaction, so this is a bug; the listener must learn that
            // something changed all the same.
            tracing::error!(table = %self.table.id, %error, "a row change could not be rendered");
            format!("{{\"resync\":true,\"after\":{}}}", seq.0.saturating_sub(1))
        })
    }
}

fn push_value(data_type: &PgType, text: &str, json: &mut String) {
    match data_type {
        PgType::Bool => json.push_str(if text == "t" { "true" } else { "false" }),
        PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Oid | PgType::Json | PgType::Jsonb => json.push_str(text),
        // JSON has no NaN and no infinity.
        PgType::Float4 | PgType::Float8 | PgType::Numeric(_) if text.ends_with(|last: char| last.is_ascii_digit()) => {
            json.push_str(text);
        }
        PgType::Timestamp => json.push_str(&quoted(&text.replacen(' ', "T", 1))),
        PgType::Timestamptz => json.push_str(&quoted(&text.replacen(' ', "T", 1).replacen("+00", "+00:00", 1))),
        _ => json.push_str(&quoted(text)),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
