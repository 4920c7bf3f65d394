//! What the catalog knows of one tenant's objects.
//!
//! Expressions (defaults, checks) are kept as SQL text: the binder of a later version may read them
//! differently, and a person can read them in the stored JSON.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema as ArrowSchema};
use serde::{Deserialize, Serialize};

use super::change::ChangeRenderer;
use super::types::PgType;
use crate::base::ids::{Oid, TableId, TenantId};
use crate::storage::{DECIMAL_METADATA, RenderChange, Shape};

/// The hidden last column of a table without a primary key: a UUIDv7 that serves as its key.
pub const ROWID_COLUMN: &str = "_rowid";

/// A tenant: a database of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    pub owner: String,
    pub created_at_us: i64,
}

/// A schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    pub oid: Oid,
    pub name: String,
    pub owner: String,
}

/// A table of a user. System relations are in [`super::system`].
#[derive(Clone, Debug)]
pub struct Table {
    pub id: TableId,
    pub schema: String,
    pub name: String,
    pub owner: String,
    /// The visible columns in attnum order. `columns[i]` is column `i` of `shape.schema`.
    pub columns: Vec<Column>,
    pub primary_key: Option<PrimaryKey>,
    pub checks: Vec<Check>,
    /// Whether committed row changes are sent to the channel of the table's name.
    pub changes: bool,
    /// The physical form. Its schema has one column more, [`ROWID_COLUMN`], if there is no primary key.
    pub shape: Arc<Shape>,
    pub(super) renderer: Option<Arc<ChangeRenderer>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// From 1, never reused within the table.
    pub attnum: i16,
    pub name: String,
    pub data_type: PgType,
    pub not_null: bool,
    /// SQL text.
    pub default: Option<String>,
    /// The row of `pg_attrdef`; 0 without a default.
    pub default_oid: Oid,
}

/// The primary key of a table: an index and a constraint with the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimaryKey {
    /// The index in `pg_class`.
    pub oid: Oid,
    /// The row of `pg_constraint`.
    pub constraint_oid: Oid,
    pub name: String,
    /// Indexes into [`Table::columns`], in key order.
    pub columns: Vec<usize>,
}

/// A CHECK constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub oid: Oid,
    pub name: String,
    /// SQL text, without parentheses around it.
    pub expression: String,
    /// Indexes into [`Table::columns`] of the columns it mentions: `conkey`.
    #[serde(default)]
    pub columns: Vec<usize>,
}

/// What CREATE TABLE wants. OIDs and missing names are given by [`super::TenantCatalog::with_table`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableDefinition {
    pub schema: String,
    pub name: String,
    pub owner: String,
    pub columns: Vec<ColumnDefinition>,
    pub primary_key: Option<PrimaryKeyDefinition>,
    pub checks: Vec<CheckDefinition>,
    pub changes: bool,
}

/// A column of a [`TableDefinition`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDefinition {
    pub name: String,
    pub data_type: PgType,
    pub not_null: bool,
    pub default: Option<String>,
}

/// The primary key of a [`TableDefinition`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrimaryKeyDefinition {
    pub name: Option<String>,
    pub columns: Vec<String>,
}

/// A check of a [`TableDefinition`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckDefinition {
    pub name: Option<String>,
    pub expression: String,
    /// The columns that the expression mentions; exactly one gives `<table>_<column>_check`.
    pub columns: Vec<String>,
}

impl Table {
    /// The index in [`Table::columns`] of a column by its name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Whether the shape has the hidden row id.
    pub fn has_rowid(&self) -> bool {
        self.primary_key.is_none()
    }

    /// What turns committed row changes into notifications; `None` unless the table has `changes = on`.
    pub fn change_renderer(&self) -> Option<Arc<dyn RenderChange>> {
        self.renderer.clone().map(|renderer| renderer as Arc<dyn RenderChange>)
    }

    /// The channel of the table's changes: its name in `public`, `schema.name` elsewhere.
    pub fn channel(&self) -> String {
        channel(&self.schema, &self.name)
    }
}

fn channel(schema: &str, name: &str) -> String {
    if schema == "public" { name.to_owned() } else { format!("{schema}.{name}") }
}

/// A column as storage sees it.
fn stored_field(column: &Column) -> Field {
    let mut metadata = column.data_type.metadata();
    if let PgType::Numeric(Some((precision, scale))) = &column.data_type {
        metadata.insert(DECIMAL_METADATA.to_owned(), format!("{precision},{scale}"));
    }
    column.data_type.field(&column.name, !column.not_null).with_metadata(metadata)
}

/// The physical form of a table with these columns and this key.
fn make_shape(id: TableId, columns: &[Column], key: Option<&PrimaryKey>) -> Arc<Shape> {
    let mut fields: Vec<Field> = columns.iter().map(stored_field).collect();
    let key = match key {
        Some(key) => key.columns.clone(),
        None => {
            fields.push(Field::new(ROWID_COLUMN, DataType::FixedSizeBinary(16), false));
            vec![fields.len() - 1]
        }
    };
    Arc::new(Shape::new(id, Arc::new(ArrowSchema::new(fields)), key))
}

/// The stored form of a [`Table`]: all of it but the shape, which follows from the rest.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredTable {
    pub(super) id: TableId,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) columns: Vec<Column>,
    pub(super) primary_key: Option<PrimaryKey>,
    pub(super) checks: Vec<Check>,
    pub(super) changes: bool,
}

impl From<&Table> for StoredTable {
    fn from(table: &Table) -> Self {
        Self {
            id: table.id,
            schema: table.schema.clone(),
            name: table.name.clone(),
            owner: table.owner.clone(),
            columns: table.columns.clone(),
            primary_key: table.primary_key.clone(),
            checks: table.checks.clone(),
            changes: table.changes,
        }
    }
}

impl From<StoredTable> for Table {
    fn from(stored: StoredTable) -> Self {
        let shape = make_shape(stored.id, &stored.columns, stored.primary_key.as_ref());
        let renderer = stored.changes.then(|| {
            let channel = channel(&stored.schema, &stored.name);
            Arc::new(ChangeRenderer::new(channel, shape.clone(), &stored.columns, stored.primary_key.as_ref()))
        });
        Self {
            id: stored.id,
            schema: stored.schema,
            name: stored.name,
            owner: stored.owner,
            columns: stored.columns,
            primary_key: stored.primary_key,
            checks: stored.checks,
            changes: stored.changes,
            shape,
            renderer,
        }
    }
}
