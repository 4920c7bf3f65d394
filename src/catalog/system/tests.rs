//! The system's relations: that all declarations can be read, and that rows say what the definitions say.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::UInt32Type;

use super::*;
use crate::catalog::TenantCatalog;
use crate::catalog::tests::{messages_definition, tenant};
use crate::catalog::types::text::TextEncoder;
use crate::catalog::types::{OutputStyle, PgType};

fn with_context<T>(test: impl FnOnce(&SystemContext<'_>) -> T) -> T {
    let (catalog, _) = tenant("acme").with_table(messages_definition()).unwrap();
    let tenants = [catalog.tenant.clone()];
    test(&SystemContext { catalog: &catalog, user: "bob", operator: false, tenants: &tenants })
}

/// The named columns of a table's rows as text; NULL is `\N`.
fn shown(batch: &RecordBatch, columns: &[&str]) -> Vec<String> {
    let columns: Vec<_> = columns
        .iter()
        .map(|name| {
            let (index, field) = batch.schema_ref().column_with_name(name).unwrap();
            let encoder = TextEncoder::new(field, &PgType::of_field(field), &OutputStyle::default()).unwrap();
            (batch.column(index).clone(), encoder)
        })
        .collect();
    (0..batch.num_rows())
        .map(|row| {
            let values = columns.iter().map(|(array, encoder)| {
                let mut out = Vec::new();
                if array.is_null(row) {
                    out.extend_from_slice(b"\\N");
                } else {
                    encoder.write(array, row, &mut out);
                }
                String::from_utf8(out).unwrap()
            });
            values.collect::<Vec<_>>().join("|")
        })
        .collect()
}

fn rows_of(context: &SystemContext<'_>, name: &str, columns: &[&str]) -> Vec<String> {
    shown(&table("pg_catalog", name).unwrap().rows(context, None).unwrap(), columns)
}

fn table_of<'a>(context: &'a SystemContext<'_>) -> &'a Arc<crate::catalog::Table> {
    let catalog: &TenantCatalog = context.catalog;
    catalog.table("public", "messages").unwrap()
}

#[test]
fn every_table_gives_a_batch_of_its_own_schema() {
    with_context(|context| {
        let mut names = HashSet::new();
        let mut oids = HashSet::new();
        for table in tables() {
            let batch = table.rows(context, None).unwrap();
            assert_eq!(batch.schema_ref(), table.arrow(), "{}", table.name);
            assert!(names.insert((table.schema, table.name)) && oids.insert(table.oid), "{}", table.name);
            assert_eq!(relation_by_oid(table.oid), Some((table.schema, table.name)));
            let is_filled = matches!(table.source, Source::Catalog(_));
            assert_eq!(batch.num_rows() > 0, is_filled, "{}", table.name);
            for (column, field) in table.columns.iter().zip(batch.schema_ref().fields()) {
                assert_eq!(PgType::of_field(field), column.data_type, "{}.{}", table.name, column.name);
            }
        }
        for view in views() {
            assert!(names.insert((view.schema, view.name)) && oids.insert(view.oid), "{}", view.name);
            assert_eq!(relation_oid(view.schema, view.name), Some(view.oid));
            assert!(view.query.starts_with("SELECT") && !view.query.ends_with(';'));
        }
    });
}

#[test]
fn rows_name_only_columns_that_exist() {
    with_context(|context| {
        for table in tables() {
            let Source::Catalog(rows) = table.source else { continue };
            for (name, _) in rows(context).iter().flatten() {
                assert!(table.columns.iter().any(|column| column.name == *name), "{}.{name}", table.name);
            }
        }
    });
}

#[test]
fn every_declared_table_has_its_rows_in_rust() {
    assert!(table("pg_catalog", "pg_class").is_some_and(|table| matches!(table.source, Source::Catalog(_))));
    let from_catalog = tables().iter().filter(|table| matches!(table.source, Source::Catalog(_))).count();
    assert_eq!(from_catalog, 17);
}

#[test]
fn pg_class_and_pg_attribute_describe_a_users_table() {
    with_context(|context| {
        let table = table_of(context);
        let key = table.primary_key.as_ref().unwrap();
        let classes = rows_of(
            context,
            "pg_class",
            &[
                "oid",
                "relname",
                "relnamespace",
                "relkind",
                "relam",
                "relhasindex",
                "relnatts",
                "relchecks",
                "reloptions",
            ],
        );
        assert!(classes.contains(&format!("{}|messages|2200|r|2|t|8|1|{{changes=on}}", table.id)));
        assert!(classes.contains(&format!("{}|messages_pkey|2200|i|403|f|2|0|\\N", key.oid)));
        assert!(classes.contains(&"1259|pg_class|11|r|2|f|33|0|\\N".to_owned()));
        let attributes = rows_of(
            context,
            "pg_attribute",
            &["attrelid", "attnum", "attname", "atttypid", "attnotnull", "atthasdef", "attlen"],
        );
        assert!(attributes.contains(&format!("{}|1|conversation_id|25|t|f|-1", table.id)));
        assert!(attributes.contains(&format!("{}|2|id|2950|t|t|16", table.id)));
        assert!(attributes.contains(&format!("{}|2|id|2950|f|f|16", key.oid)));
        assert!(attributes.contains(&"1259|2|relname|19|t|f|64".to_owned()));
    });
}

#[test]
fn constraints_indexes_and_defaults_belong_to_their_table() {
    with_context(|context| {
        let table = table_of(context);
        let key = table.primary_key.as_ref().unwrap();
        let constraints = rows_of(
            context,
            "pg_constraint",
            &["oid", "conname", "contype", "conrelid", "conindid", "conkey", "conbin"],
        );
        assert_eq!(
            constraints,
            [
                format!("{}|messages_pkey|p|{}|{}|{{1,2}}|\\N", key.constraint_oid, table.id, key.oid),
                format!(
                    "{}|messages_role_check|c|{}|0|{{3}}|role = ANY (ARRAY['system'::text, 'user'::text])",
                    table.checks[0].oid, table.id
                ),
            ]
        );
        let indexes =
            rows_of(context, "pg_index", &["indexrelid", "indrelid", "indisprimary", "indkey", "indcollation"]);
        assert_eq!(indexes, [format!("{}|{}|t|1 2|100 0", key.oid, table.id)]);
        let defaults = rows_of(context, "pg_attrdef", &["adrelid", "adnum", "adbin"]);
        assert_eq!(defaults[0], format!("{}|2|uuidv7()", table.id));
        assert_eq!(defaults.len(), 4);
    });
}

#[test]
fn databases_are_those_the_session_may_see() {
    with_context(|context| {
        assert_eq!(rows_of(context, "pg_database", &["datname", "encoding"]), ["acme|6"]);
        let roles = rows_of(context, "pg_roles", &["rolname", "rolsuper"]);
        assert_eq!(roles, ["ann|f", "bob|f", "kalam|t"]);
        assert_eq!(role_name(context, role_oid("bob")).as_deref(), Some("bob"));
        assert_eq!(role_name(context, 12345), None);
        let operator = SystemContext { operator: true, ..*context };
        assert!(rows_of(&operator, "pg_roles", &["rolname", "rolsuper"]).contains(&"bob|t".to_owned()));
    });
}

#[test]
fn pg_type_has_every_type_with_its_functions() {
    with_context(|context| {
        let types = rows_of(context, "pg_type", &["oid", "typname", "typlen", "typcategory", "typarray"]);
        for scalar in PgType::scalars() {
            let expected = format!(
                "{}|{}|{}|{}|{}",
                scalar.oid(),
                scalar.name(),
                scalar.size(),
                scalar.category(),
                scalar.array_oid()
            );
            assert!(types.contains(&expected), "{expected}");
            if scalar.array_oid() != 0 {
                let array = PgType::Array(Box::new(scalar.clone()));
                assert!(types.contains(&format!("{}|{}|-1|A|0", array.oid(), array.name())), "{array}");
            }
        }
        for row in rows_of(context, "pg_type", &["typtype", "typinput", "typoutput", "typreceive", "typsend"]) {
            // Nothing sends a value of a pseudo-type.
            assert!(!row.contains("|-") || row.starts_with('p'), "{row} has all four functions");
        }
        assert_eq!(function_name(function_oid("int4in").unwrap()).as_deref(), Some("int4in"));
    });
}

#[test]
fn references_between_the_tables_hold() {
    with_context(|context| {
        let oids = |name: &str, column: &str| -> HashSet<u32> {
            let table = table("pg_catalog", name).unwrap();
            let batch = table.rows(context, None).unwrap();
            let array = batch.column_by_name(column).unwrap().as_primitive::<UInt32Type>();
            array.values().iter().copied().collect()
        };
        for (from, column, to) in [
            ("pg_class", "relnamespace", "pg_namespace"),
            ("pg_class", "relowner", "pg_roles"),
            ("pg_attribute", "attrelid", "pg_class"),
            ("pg_attribute", "atttypid", "pg_type"),
            ("pg_attrdef", "adrelid", "pg_class"),
            ("pg_index", "indrelid", "pg_class"),
            ("pg_index", "indexrelid", "pg_class"),
            ("pg_constraint", "conrelid", "pg_class"),
            ("pg_type", "typnamespace", "pg_namespace"),
            ("pg_proc", "pronamespace", "pg_namespace"),
            ("pg_namespace", "nspowner", "pg_roles"),
            ("pg_database", "datdba", "pg_roles"),
        ] {
            let missing: Vec<u32> = oids(from, column).difference(&oids(to, "oid")).copied().collect();
            assert_eq!(missing, [0_u32; 0], "{from}.{column}");
        }
    });
}

#[test]
fn a_projection_gives_only_its_columns() {
    with_context(|context| {
        let table = table("pg_catalog", "pg_class").unwrap();
        let batch = table.rows(context, Some(&[1, 0])).unwrap();
        assert_eq!(batch.num_columns(), 2);
        assert_eq!(batch.schema_ref().field(0).name(), "relname");
        let counted = table.rows(context, Some(&[])).unwrap();
        assert_eq!(counted.num_rows(), batch.num_rows());
    });
}

#[test]
fn floors_above_can_fill_a_provided_table() {
    let table = table("kalam", "subscriptions").unwrap();
    let rows = vec![vec![("pid", 7.into()), ("channel", "messages".into())]];
    assert_eq!(shown(&table.batch(&rows, None).unwrap(), &["pid", "channel", "queued"]), ["7|messages|0"]);
    let flushes = super::table("kalam", "flushes").unwrap();
    let rows = vec![vec![("started_at", 0_i64.into()), ("duration", 1_500_000_i64.into())]];
    let batch = flushes.batch(&rows, None).unwrap();
    assert_eq!(shown(&batch, &["started_at", "duration", "error"]), ["1970-01-01 00:00:00+00|00:00:01.5|\\N"]);
}
