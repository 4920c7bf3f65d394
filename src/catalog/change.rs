//! A committed row change as JSON, for those who listen to a table or to one conversation of it.
//!
//! ```json
//! {"table":"messages","op":"insert","seq":7,"key":{"conversation_id":"lobby","id":"…"},"row":{…}}
//! {"table":"messages","op":"truncate","seq":8}
//! ```
//!
//! `row` has all columns, values as PostgreSQL's `to_json` writes them with `timestamptz` in UTC; it is
//! `null` for a delete. `key` has the primary key, and is empty for a table without one. A truncate is about
//! all rows and has neither. What listeners may rely on is in docs/changes.md. A renderer belongs to one version of a table and is made with it, so a commit that nobody listens to pays nothing.

use arrow::array::{Array, AsArray, RecordBatch};
use std::sync::{Arc, OnceLock};

use super::model::{Column, PrimaryKey};
use super::types::json::{JsonEncoder, write_string};
use super::types::{OutputStyle, PgType};
use crate::base::ids::Seq;
use crate::error::Result;
use crate::storage::{Operation, RenderChange, RowBuilder, RowChange, Shape};

/// The column that makes the rows of a table belong to conversations.
const CONVERSATION_COLUMN: &str = "conversation_id";

/// Renders the changes of one version of a table.
#[derive(Debug)]
pub struct ChangeRenderer {
    channel: String,
    shape: Arc<Shape>,
    columns: Vec<(String, PgType)>,
    key: Vec<usize>,
    conversation: Option<usize>,
    /// Resolved when the first listener needs them.
    members: OnceLock<Vec<Member>>,
}

/// One column, ready to be written.
#[derive(Debug)]
struct Member {
    /// `"name":`
    name: Vec<u8>,
    value: JsonEncoder,
}

impl ChangeRenderer {
    pub(super) fn new(channel: String, shape: Arc<Shape>, columns: &[Column], key: Option<&PrimaryKey>) -> Self {
        let is_conversation = |column: &Column| {
            column.name == CONVERSATION_COLUMN && matches!(column.data_type.arrow(), arrow::datatypes::DataType::Utf8)
        };
        Self {
            channel,
            shape,
            conversation: columns.iter().position(is_conversation),
            columns: columns.iter().map(|column| (column.name.clone(), column.data_type.clone())).collect(),
            key: key.map(|key| key.columns.clone()).unwrap_or_default(),
            members: OnceLock::new(),
        }
    }

    fn try_render(&self, seq: Seq, change: &RowChange) -> Result<String> {
        let operation = match change.operation {
            Operation::Insert => "insert",
            Operation::Update => "update",
            Operation::Delete => "delete",
            Operation::Truncate => "truncate",
        };
        let mut out = Vec::with_capacity(256 + 2 * change.row.len());
        out.extend_from_slice(b"{\"table\":");
        write_string(&self.channel, &mut out);
        out.extend_from_slice(format!(",\"op\":\"{operation}\",\"seq\":{seq}").as_bytes());
        if change.operation == Operation::Truncate {
            out.push(b'}');
            return Ok(String::from_utf8_lossy(&out).into_owned());
        }
        let columns: Vec<usize> = (0..self.columns.len()).collect();
        let row = self.decode(&change.row, &columns)?;
        let members = self.members()?;
        out.extend_from_slice(b",\"key\":");
        object(members, &row, &self.key, &mut out);
        out.extend_from_slice(b",\"row\":");
        if change.operation == Operation::Delete {
            out.extend_from_slice(b"null");
        } else {
            object(members, &row, &columns, &mut out);
        }
        out.push(b'}');
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    fn members(&self) -> Result<&[Member]> {
        if let Some(members) = self.members.get() {
            return Ok(members);
        }
        let style = OutputStyle::default();
        let members: Result<Vec<Member>> = self
            .columns
            .iter()
            .zip(self.shape.schema.fields())
            .map(|((name, data_type), field)| {
                let mut member = Member { name: Vec::new(), value: JsonEncoder::new(field, data_type, &style)? };
                write_string(name, &mut member.name);
                member.name.push(b':');
                Ok(member)
            })
            .collect();
        let members = members?;
        Ok(self.members.get_or_init(|| members))
    }

    fn decode(&self, row: &[u8], columns: &[usize]) -> Result<RecordBatch> {
        let mut builder = RowBuilder::new(&self.shape, columns, 1);
        builder.append(row)?;
        builder.finish()
    }
}

/// The columns of a decoded row as an object. `row` has all of them in order.
fn object(members: &[Member], row: &RecordBatch, columns: &[usize], out: &mut Vec<u8>) {
    out.push(b'{');
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        let member = &members[*column];
        out.extend_from_slice(&member.name);
        member.value.write(row.column(*column), 0, out);
    }
    out.push(b'}');
}

impl RenderChange for ChangeRenderer {
    fn channel(&self) -> &str {
        &self.channel
    }

    fn has_conversations(&self) -> bool {
        self.conversation.is_some()
    }

    fn conversation(&self, row: &[u8]) -> Option<String> {
        let decoded = self.decode(row, &[self.conversation?]).ok()?;
        let values = decoded.column(0).as_string_opt::<i32>()?;
        values.is_valid(0).then(|| values.value(0).to_owned())
    }

    fn render(&self, seq: Seq, change: &RowChange) -> String {
        self.try_render(seq, change).unwrap_or_else(|error| {
            // The row was encoded by the transaction that committed it, so this is a bug; the listener must
            // learn that something changed all the same.
            tracing::error!(table = %self.shape.table, %error, "a row change could not be rendered");
            format!("{{\"resync\":true,\"after\":{}}}", seq.0.saturating_sub(1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tests::{messages, row_of};

    #[test]
    fn a_change_has_key_and_row_as_to_json_writes_them() {
        let table = messages();
        let renderer = table.change_renderer().unwrap();
        let id = "018f0000-0000-7000-8000-000000000001";
        let values =
            ["lobby", id, "user", "ann", "say \"hi\"\n", "\\N", "{\"b\":1,\"a\":[1.50]}", "2024-05-06 07:08:09.5+00"];
        let row = bytes::Bytes::from(row_of(&table, &values));
        let change = RowChange { operation: Operation::Insert, row: row.clone(), old: None };
        assert_eq!(
            renderer.render(Seq(7), &change),
            format!(
                "{{\"table\":\"messages\",\"op\":\"insert\",\"seq\":7,\"key\":{{\"conversation_id\":\"lobby\",\"id\":\"{id}\"}},\
                 \"row\":{{\"conversation_id\":\"lobby\",\"id\":\"{id}\",\"role\":\"user\",\"author\":\"ann\",\
                 \"content\":\"say \\\"hi\\\"\\n\",\"reply_to\":null,\"metadata\":{{\"a\": [1.50], \"b\": 1}},\
                 \"created_at\":\"2024-05-06T07:08:09.5+00:00\"}}}}"
            )
        );
        assert_eq!(renderer.conversation(&row).as_deref(), Some("lobby"));
        assert_eq!(renderer.channel(), "messages");
        let deleted = RowChange { operation: Operation::Delete, row, old: None };
        assert!(renderer.render(Seq(8), &deleted).ends_with(",\"row\":null}"));
        let emptied = renderer.render(Seq(9), &RowChange::truncate());
        assert_eq!(emptied, "{\"table\":\"messages\",\"op\":\"truncate\",\"seq\":9}");
    }

    #[test]
    fn a_damaged_row_asks_for_a_resync() {
        let renderer = messages().change_renderer().unwrap();
        let change = RowChange { operation: Operation::Insert, row: b"x".as_slice().into(), old: None };
        assert_eq!(renderer.render(Seq(7), &change), "{\"resync\":true,\"after\":6}");
        assert_eq!(renderer.conversation(b"x"), None);
    }
}
