//! The catalog's life: definitions, their names and OIDs, and that all of it survives a restart.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::types::text::TextDecoder;
use super::types::{OutputStyle, PgType};
use super::*;
use crate::base::ids::TenantId;
use crate::storage::RowCodec;

pub(super) fn column(name: &str, data_type: PgType) -> ColumnDefinition {
    ColumnDefinition { name: name.into(), data_type, not_null: false, default: None }
}

pub(super) fn messages_definition() -> TableDefinition {
    let mut columns = vec![
        column("conversation_id", PgType::Text),
        column("id", PgType::Uuid),
        column("role", PgType::Text),
        column("author", PgType::Text),
        column("content", PgType::Text),
        column("reply_to", PgType::Uuid),
        column("metadata", PgType::Jsonb),
        column("created_at", PgType::Timestamptz),
    ];
    columns[1].default = Some("uuidv7()".into());
    columns[2].default = Some("'user'::text".into());
    columns[3].default = Some("CURRENT_USER".into());
    columns[7].default = Some("now()".into());
    TableDefinition {
        schema: "public".into(),
        name: "messages".into(),
        owner: "ann".into(),
        columns,
        primary_key: Some(PrimaryKeyDefinition { name: None, columns: vec!["conversation_id".into(), "id".into()] }),
        checks: vec![CheckDefinition {
            name: None,
            expression: "role = ANY (ARRAY['system'::text, 'user'::text])".into(),
            columns: vec!["role".into()],
        }],
        changes: true,
    }
}

pub(super) fn tenant(name: &str) -> TenantCatalog {
    let tenant = Tenant { id: TenantId::FIRST, name: name.into(), owner: "ann".into(), created_at_us: 0 };
    TenantCatalog::empty(Arc::new(tenant), 0)
}

pub(super) fn messages() -> Arc<Table> {
    let (catalog, _) = tenant("acme").with_table(messages_definition()).unwrap();
    catalog.table("public", "messages").unwrap().clone()
}

/// An encoded row from texts; `\N` is NULL.
pub(super) fn row_of(table: &Table, values: &[&str]) -> Vec<u8> {
    let arrays = table.columns.iter().zip(values).map(|(column, text)| {
        let mut decoder = TextDecoder::new(&column.data_type, &OutputStyle::default());
        if *text == "\\N" {
            decoder.append_null()
        } else {
            decoder.append(text).unwrap()
        }
        decoder.finish()
    });
    let batch = RecordBatch::try_new(table.shape.schema.clone(), arrays.collect()).unwrap();
    let mut row = Vec::new();
    RowCodec::new(&table.shape).encode(&batch, 0, &mut row).unwrap();
    row
}

fn sqlstate(result: Result<(TenantCatalog, CatalogWrite), crate::Error>) -> &'static str {
    result.unwrap_err().sqlstate().0
}

#[test]
fn a_new_table_gets_postgresqls_names_and_fresh_oids() {
    let table = messages();
    assert_eq!(table.primary_key.as_ref().unwrap().name, "messages_pkey");
    assert_eq!(table.checks[0].name, "messages_role_check");
    assert_eq!(table.checks[0].columns, [2]);
    assert_eq!(table.columns.iter().map(|column| column.attnum).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(table.columns[0].not_null && table.columns[1].not_null && !table.columns[2].not_null);
    let key = table.primary_key.as_ref().unwrap();
    let mut oids = vec![table.id.0, key.oid, key.constraint_oid, table.checks[0].oid];
    oids.extend(table.columns.iter().map(|column| column.default_oid).filter(|oid| *oid != 0));
    oids.sort_unstable();
    oids.dedup();
    assert_eq!(oids.len(), 8);
    assert!(oids[0] >= 16384);
    assert_eq!(table.shape.key, [0, 1]);
    assert_eq!(table.shape.schema.fields().len(), 8);
}

#[test]
fn a_table_without_a_key_has_a_hidden_row_id() {
    let mut definition = messages_definition();
    definition.primary_key = None;
    let (catalog, _) = tenant("acme").with_table(definition).unwrap();
    let table = catalog.table("public", "messages").unwrap();
    assert!(table.has_rowid());
    assert_eq!(table.columns.len(), 8);
    assert_eq!(table.shape.schema.field(8).name(), ROWID_COLUMN);
    assert_eq!(table.shape.key, [8]);
}

#[test]
fn constraint_names_that_are_taken_are_numbered() {
    let mut definition = messages_definition();
    let check = |name: Option<&str>, columns: &[&str]| CheckDefinition {
        name: name.map(Into::into),
        expression: "true".into(),
        columns: columns.iter().map(ToString::to_string).collect(),
    };
    definition.checks = vec![
        check(None, &["role"]),
        check(None, &["role"]),
        check(Some("messages_check"), &[]),
        check(None, &["role", "author"]),
    ];
    let (catalog, _) = tenant("acme").with_table(definition.clone()).unwrap();
    let names: Vec<&str> =
        catalog.table("public", "messages").unwrap().checks.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["messages_role_check", "messages_role_check1", "messages_check", "messages_check1"]);
    definition.checks = vec![check(Some("a"), &[]), check(Some("a"), &[])];
    assert_eq!(sqlstate(tenant("acme").with_table(definition)), "42710");
    // A table with the name of the index to be.
    let other = TableDefinition { name: "messages_pkey".into(), primary_key: None, ..messages_definition() };
    let (catalog, _) = tenant("acme").with_table(other).unwrap();
    let (catalog, _) = catalog.with_table(messages_definition()).unwrap();
    assert_eq!(catalog.table("public", "messages").unwrap().primary_key.as_ref().unwrap().name, "messages_pkey1");
}

#[test]
fn bad_definitions_get_postgresqls_errors() {
    let (catalog, _) = tenant("acme").with_table(messages_definition()).unwrap();
    let with = |change: &dyn Fn(&mut TableDefinition)| {
        let mut definition = TableDefinition { name: "t".into(), ..messages_definition() };
        change(&mut definition);
        sqlstate(catalog.with_table(definition))
    };
    assert_eq!(with(&|t| t.name = "messages".into()), "42P07");
    assert_eq!(with(&|t| t.name = "messages_pkey".into()), "42P07");
    assert_eq!(with(&|t| t.schema = "nowhere".into()), "3F000");
    assert_eq!(with(&|t| t.schema = "pg_catalog".into()), "42501");
    assert_eq!(with(&|t| t.schema = "kalam".into()), "42501");
    assert_eq!(with(&|t| t.columns[1].name = "conversation_id".into()), "42701");
    assert_eq!(with(&|t| t.columns[1].name = "xmin".into()), "42701");
    assert_eq!(with(&|t| t.columns[1].name = "_seq".into()), "0A000");
    assert_eq!(with(&|t| t.columns[2].data_type = PgType::Array(Box::new(PgType::Char))), "0A000");
    assert_eq!(with(&|t| t.columns[1].data_type = PgType::Jsonb), "0A000");
    assert_eq!(with(&|t| t.columns[1].data_type = PgType::Json), "42704");
    assert_eq!(with(&|t| t.primary_key.as_mut().unwrap().columns[0] = "nope".into()), "42703");
    assert_eq!(with(&|t| t.primary_key.as_mut().unwrap().columns[0] = "id".into()), "42701");
    assert_eq!(with(&|t| t.columns = vec![column("a", PgType::Int4); 1601]), "54011");
}

#[test]
fn versions_do_not_see_each_other() {
    let empty = tenant("acme");
    let (with, _) = empty.with_table(messages_definition()).unwrap();
    let id = with.table("public", "messages").unwrap().id;
    let (without, write) = with.without_table(id).unwrap();
    assert!(empty.table("public", "messages").is_none());
    assert!(with.table_by_id(id).is_some());
    assert!(without.table_by_id(id).is_none() && without.tables().next().is_none());
    assert_eq!(write.dropped_tables, [id]);
    assert!(empty.version < with.version && with.version < without.version);
    let (again, _) = without.with_table(messages_definition()).unwrap();
    assert!(again.table("public", "messages").unwrap().id > id);
}

#[test]
fn names_are_resolved_along_the_search_path() {
    let (catalog, _) = tenant("acme").with_schema("app", "ann").unwrap();
    let (catalog, _) = catalog.with_table(messages_definition()).unwrap();
    let (catalog, _) = catalog.with_table(TableDefinition { schema: "app".into(), ..messages_definition() }).unwrap();
    let path = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let found = |path: Vec<String>, schema: Option<&str>| {
        catalog.resolve_table(&path, schema, "messages").map(|table| table.schema.clone())
    };
    assert_eq!(found(path(&["app", "public"]), None).as_deref(), Some("app"));
    assert_eq!(found(path(&["nope", "public"]), None).as_deref(), Some("public"));
    assert_eq!(found(path(&[]), None), None);
    assert_eq!(found(path(&[]), Some("app")).as_deref(), Some("app"));
    assert_eq!(catalog.table("app", "messages").unwrap().channel(), "app.messages");
    assert_eq!(sqlstate(catalog.with_schema("app", "ann")), "42P06");
    assert_eq!(sqlstate(catalog.with_schema("pg_mine", "ann")), "42939");
    let (dropped, write) = catalog.without_schema("app").unwrap();
    assert!(dropped.schema("app").is_none() && dropped.tables().count() == 1);
    assert_eq!(write.dropped_tables.len(), 1);
}
