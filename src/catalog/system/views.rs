//! The system's views: SQL files under `catalog/`, bound by the query floor like any other query.
//!
//! A file is a comment that ends in `-- oid N`, then `CREATE VIEW schema.name AS` and the query. The OID is
//! written down so that it stays the same when views come and go.

use std::sync::LazyLock;

use crate::base::ids::Oid;

/// A view of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    pub oid: Oid,
    pub schema: &'static str,
    pub name: &'static str,
    /// The whole file, a CREATE VIEW statement with a comment before it.
    pub text: &'static str,
    /// The query alone.
    pub query: &'static str,
}

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(include_str!(concat!("../../../catalog/", $path))),*]
    };
}

const FILES: [&str; 11] = files![
    "pg_catalog/views/pg_indexes.sql",
    "pg_catalog/views/pg_stat_database.sql",
    "pg_catalog/views/pg_stat_user_tables.sql",
    "pg_catalog/views/pg_tables.sql",
    "pg_catalog/views/pg_user.sql",
    "pg_catalog/views/pg_views.sql",
    "information_schema/views/columns.sql",
    "information_schema/views/key_column_usage.sql",
    "information_schema/views/schemata.sql",
    "information_schema/views/table_constraints.sql",
    "information_schema/views/tables.sql",
];

/// All views of the system.
pub fn views() -> &'static [View] {
    static VIEWS: LazyLock<Vec<View>> = LazyLock::new(|| FILES.iter().map(|text| read(text)).collect());
    &VIEWS
}

/// The text of a view by schema and name: a CREATE VIEW statement.
pub fn view(schema: &str, name: &str) -> Option<&'static str> {
    views().iter().find(|view| view.schema == schema && view.name == name).map(|view| view.text)
}

fn read(text: &'static str) -> View {
    let parts = || {
        let (comment, statement) = text.split_once("CREATE VIEW ")?;
        let oid = comment.trim_end().rsplit_once("-- oid ")?.1.parse().ok()?;
        let (name, query) = statement.split_once(" AS\n")?;
        let (schema, name) = name.split_once('.')?;
        Some(View { oid, schema, name, text, query: query.trim_end().trim_end_matches(';') })
    };
    parts().unwrap_or_else(|| panic!("not a view: {text}"))
}
