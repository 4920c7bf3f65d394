//! The physical form of a table: what storage must know to build keys and rows, and nothing more.

use arrow::datatypes::SchemaRef;

use super::layout::Layout;
use crate::base::ids::TableId;

/// The physical form of one version of a table. Made by the catalog, immutable, shared by `Arc`.
#[derive(Clone, Debug)]
pub struct Shape {
    pub table: TableId,
    /// All stored columns in attnum order. A table without a primary key has a last column `_rowid`
    /// FixedSizeBinary(16), filled with a UUIDv7 by the transaction.
    pub schema: SchemaRef,
    /// Indexes into `schema` of the key columns, in key order. Never empty.
    pub key: Vec<usize>,
    /// Where each column lies in an encoded row: computed once, because every row that is read asks.
    layout: Layout,
}

impl Shape {
    /// The shape of a table whose rows have `schema` and whose key is the columns `key`, in key order.
    pub fn new(table: TableId, schema: SchemaRef, key: Vec<usize>) -> Self {
        let layout = Layout::new(&schema);
        Self { table, schema, key, layout }
    }

    /// Where each column lies in an encoded row.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}
