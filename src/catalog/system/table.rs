//! The system's tables: what they are called, what columns they have, where their rows come from.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};

use super::cells::{Cell, Row, array};
use super::context::SystemContext;
use super::declaration::{self, Declaration};
use super::rows;
use crate::base::ids::Oid;
use crate::catalog::types::PgType;
use crate::error::{Result, StorageError};

/// A table of the system.
#[derive(Debug)]
pub struct SystemTable {
    pub oid: Oid,
    pub schema: &'static str,
    pub name: &'static str,
    pub columns: Vec<SystemColumn>,
    pub source: Source,
    arrow: SchemaRef,
}

/// A column of a table of the system; its attnum is its place, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemColumn {
    pub name: &'static str,
    pub data_type: PgType,
    pub not_null: bool,
}

/// Where the rows of a table come from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// From a tenant's definitions.
    Catalog(fn(&SystemContext<'_>) -> Vec<Row>),
    /// There are none.
    Empty,
    /// From a floor above, which calls [`SystemTable::batch`].
    Provided,
}

/// All tables of the system.
pub fn tables() -> &'static [SystemTable] {
    static TABLES: LazyLock<Vec<SystemTable>> = LazyLock::new(|| {
        let catalog = declaration::read(include_str!("../../../catalog/pg_catalog/tables.sql"));
        let empty = declaration::read(include_str!("../../../catalog/pg_catalog/empty.sql"));
        let provided = declaration::read(include_str!("../../../catalog/pg_catalog/provided.sql"));
        let kalam = declaration::read(include_str!("../../../catalog/kalam/provided.sql"));
        let with_rows = catalog.into_iter().map(|declaration| {
            let rows = rows::of(declaration.name);
            SystemTable::new(declaration, rows.map_or(Source::Provided, Source::Catalog))
        });
        let empty = empty.into_iter().map(|declaration| SystemTable::new(declaration, Source::Empty));
        let provided = provided.into_iter().chain(kalam);
        let provided = provided.map(|declaration| SystemTable::new(declaration, Source::Provided));
        with_rows.chain(empty).chain(provided).collect()
    });
    &TABLES
}

/// A table of the system by schema and name.
pub fn table(schema: &str, name: &str) -> Option<&'static SystemTable> {
    static BY_NAME: LazyLock<HashMap<(&str, &str), &SystemTable>> =
        LazyLock::new(|| tables().iter().map(|table| ((table.schema, table.name), table)).collect());
    BY_NAME.get(&(schema, name)).copied()
}

impl SystemTable {
    fn new(declaration: Declaration, source: Source) -> Self {
        let fields: Vec<Field> =
            declaration.columns.iter().map(|column| column.data_type.field(column.name, !column.not_null)).collect();
        Self {
            oid: declaration.oid,
            schema: declaration.schema,
            name: declaration.name,
            columns: declaration.columns,
            source,
            arrow: Arc::new(Schema::new(fields)),
        }
    }

    /// The Arrow schema; fields carry their PostgreSQL types.
    pub fn arrow(&self) -> &SchemaRef {
        &self.arrow
    }

    /// The rows that a session sees, with the columns of `projection` (indexes into `columns`). A
    /// [`Source::Provided`] table has none here.
    ///
    /// # Errors
    /// Arrow refusing to build the batch.
    pub fn rows(&self, context: &SystemContext<'_>, projection: Option<&[usize]>) -> Result<RecordBatch> {
        let rows = match self.source {
            Source::Catalog(rows) => rows(context),
            Source::Empty | Source::Provided => Vec::new(),
        };
        self.batch(&rows, projection)
    }

    /// A batch of this table from rows of named cells. A column that a row does not name is NULL, or zero,
    /// false or empty if it cannot be NULL.
    ///
    /// # Errors
    /// Arrow refusing to build the batch, also when a NULL is given for a column that cannot be NULL.
    pub fn batch(&self, rows: &[Row], projection: Option<&[usize]>) -> Result<RecordBatch> {
        let all: Vec<usize>;
        let projection = match projection {
            Some(projection) => projection,
            None => {
                all = (0..self.columns.len()).collect();
                &all
            }
        };
        let arrow = |source| StorageError::Arrow { source };
        let schema = Arc::new(self.arrow.project(projection).map_err(arrow)?);
        let columns = projection.iter().map(|index| {
            let column = &self.columns[*index];
            array(column, rows.iter().map(|row| cell(row, column.name)))
        });
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(schema, columns.collect(), &options).map_err(arrow)?)
    }
}

fn cell<'a>(row: &'a Row, column: &str) -> &'a Cell {
    row.iter().find(|(name, _)| *name == column).map_or(&Cell::Unset, |(_, cell)| cell)
}
