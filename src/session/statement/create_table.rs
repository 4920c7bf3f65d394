//! CREATE TABLE: from the syntax tree to a definition, refusing what is not there yet by its name.

use std::sync::Arc;

use super::names::{self, ident};
use super::not_supported;
use crate::Result;
use crate::base::limits::IDENTIFIER_BYTES;
use crate::catalog::types::PgType;
use crate::catalog::{CheckDefinition, ColumnDefinition, PrimaryKeyDefinition, TableDefinition};
use crate::error::{CatalogError, QueryError, SessionError};
use crate::query::ast::{
    CheckConstraint, ColumnDef, ColumnOption, ConstraintCharacteristics, CreateTable, CreateTableOptions, DataType,
    Expr, Ident, IndexColumn, PrimaryKeyConstraint, SqlOption, TableConstraint, Value,
};
use crate::query::{Environment, Planner, pg_type_at};

/// Reads a CREATE TABLE. `schema` is where the table goes, `owner` whose it is.
///
/// # Errors
/// 0A000 naming the feature, 42P16 for two primary keys, and the errors of types and expressions.
pub(crate) fn definition(
    planner: &Planner,
    environment: &Arc<Environment>,
    create: &CreateTable,
    schema: String,
    owner: String,
) -> Result<TableDefinition> {
    refuse(create)?;
    let mut table = TableDefinition {
        schema,
        name: short(names::of(&create.name)?.last().to_owned())?,
        owner,
        changes: changes(&create.table_options)?,
        ..TableDefinition::default()
    };
    // Types first: a default or a check may come before the column it needs.
    for column in &create.columns {
        let data_type = column_type(&column.data_type, environment.source.as_deref())?;
        let name = short(ident(&column.name))?;
        table.columns.push(ColumnDefinition { name, data_type, not_null: false, default: None });
    }
    let mut checks = Vec::new();
    for (at, column) in create.columns.iter().enumerate() {
        read_column(planner, environment, column, at, &mut table, &mut checks)?;
    }
    for constraint in &create.constraints {
        read_constraint(constraint, &mut table, &mut checks)?;
    }
    let columns: Vec<(String, PgType)> =
        table.columns.iter().map(|column| (column.name.clone(), column.data_type.clone())).collect();
    for check in checks {
        let mentioned = planner.check_constraint(environment, &check.expr, &table.name, &columns)?;
        table.checks.push(CheckDefinition {
            name: check.name.as_ref().map(ident).map(short).transpose()?,
            expression: check.expr.to_string(),
            columns: mentioned,
        });
    }
    Ok(table)
}

fn refuse(create: &CreateTable) -> Result<()> {
    let feature = if create.or_replace {
        "CREATE OR REPLACE TABLE"
    } else if create.temporary || create.global.is_some() {
        "CREATE TEMPORARY TABLE"
    } else if create.external {
        "CREATE EXTERNAL TABLE"
    } else if create.query.is_some() {
        "CREATE TABLE AS"
    } else if create.like.is_some() {
        "CREATE TABLE … (LIKE …)"
    } else if create.inherits.is_some() {
        "table inheritance"
    } else if create.partition_by.is_some() || create.partition_of.is_some() {
        "table partitioning"
    } else if create.on_commit.is_some() {
        "ON COMMIT"
    } else if create.clone.is_some()
        || create.location.is_some()
        || create.file_format.is_some()
        || !matches!(create.table_options, CreateTableOptions::None | CreateTableOptions::With(_))
    {
        "this form of CREATE TABLE"
    } else {
        return Ok(());
    };
    Err(not_supported(feature))
}

/// `WITH (changes = on)`.
fn changes(options: &CreateTableOptions) -> Result<bool> {
    let CreateTableOptions::With(options) = options else { return Ok(false) };
    let mut changes = false;
    for option in options {
        let (key, value) = match option {
            SqlOption::KeyValue { key, value } => (ident(key), value.to_string()),
            SqlOption::Ident(key) => (ident(key), "true".to_owned()),
            _ => return Err(not_supported("this table option")),
        };
        if key != "changes" {
            return Err(SessionError::InvalidParameterValue(format!("unrecognized parameter \"{key}\"")).into());
        }
        changes = match value.trim_matches('\'').to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" | "1" => true,
            "off" | "false" | "no" | "0" => false,
            other => {
                let message = format!("invalid value for boolean option \"changes\": {other}");
                return Err(SessionError::InvalidParameterValue(message).into());
            }
        };
    }
    Ok(changes)
}

fn column_type(data_type: &DataType, source: Option<&str>) -> Result<PgType> {
    if let DataType::Custom(name, _) = data_type {
        let name = name.to_string().to_lowercase();
        if matches!(name.as_str(), "serial" | "serial4" | "bigserial" | "serial8" | "smallserial" | "serial2") {
            return Err(not_supported(&format!("type {name}")));
        }
    }
    pg_type_at(data_type, source)
}

fn read_column(
    planner: &Planner,
    environment: &Arc<Environment>,
    column: &ColumnDef,
    at: usize,
    table: &mut TableDefinition,
    checks: &mut Vec<CheckConstraint>,
) -> Result<()> {
    let (mut null, mut not_null) = (false, false);
    for option in &column.options {
        match &option.option {
            ColumnOption::Null => null = true,
            ColumnOption::NotNull => not_null = true,
            ColumnOption::Default(expression) => {
                let target = table.columns[at].data_type.clone();
                let name = table.columns[at].name.clone();
                if table.columns[at].default.is_some() {
                    let message =
                        format!("multiple default values specified for column \"{name}\" of table \"{}\"", table.name);
                    return Err(QueryError::Syntax(message).into());
                }
                planner.check_default(environment, expression, &name, &target)?;
                table.columns[at].default = Some(default_text(expression, &target));
            }
            ColumnOption::PrimaryKey(key) => {
                characteristics(key.characteristics.as_ref())?;
                let key = PrimaryKeyDefinition {
                    name: option.name.as_ref().or(key.name.as_ref()).map(ident),
                    columns: vec![table.columns[at].name.clone()],
                };
                set_primary_key(table, key)?;
            }
            ColumnOption::Check(check) => {
                let name = option.name.clone().or_else(|| check.name.clone());
                checks.push(CheckConstraint { name, ..check.clone() });
            }
            ColumnOption::Collation(collation) => {
                let name = collation.to_string().replace('"', "").to_lowercase();
                if !matches!(name.trim_start_matches("pg_catalog."), "c" | "posix" | "default" | "ucs_basic") {
                    return Err(not_supported(&format!("collation {collation}")));
                }
            }
            ColumnOption::Unique(_) => return Err(not_supported("UNIQUE")),
            ColumnOption::ForeignKey(_) => return Err(not_supported("FOREIGN KEY")),
            ColumnOption::Generated { generation_expr: Some(_), .. } => {
                return Err(not_supported("GENERATED ALWAYS AS (…) STORED"));
            }
            ColumnOption::Generated { .. } | ColumnOption::Identity(_) => {
                return Err(not_supported("GENERATED … AS IDENTITY"));
            }
            other => return Err(not_supported(&format!("column option {other}"))),
        }
    }
    if null && not_null {
        let name = &table.columns[at].name;
        let message =
            format!("conflicting NULL/NOT NULL declarations for column \"{name}\" of table \"{}\"", table.name);
        return Err(QueryError::Syntax(message).into());
    }
    table.columns[at].not_null = not_null;
    Ok(())
}

fn read_constraint(
    constraint: &TableConstraint,
    table: &mut TableDefinition,
    checks: &mut Vec<CheckConstraint>,
) -> Result<()> {
    match constraint {
        TableConstraint::PrimaryKey(PrimaryKeyConstraint { name, columns, characteristics: when, .. }) => {
            characteristics(when.as_ref())?;
            let columns = columns.iter().map(key_column).collect::<Result<_>>()?;
            set_primary_key(table, PrimaryKeyDefinition { name: name.as_ref().map(ident), columns })
        }
        TableConstraint::Check(check) => {
            checks.push(check.clone());
            Ok(())
        }
        TableConstraint::Unique(_) => Err(not_supported("UNIQUE")),
        TableConstraint::ForeignKey(_) => Err(not_supported("FOREIGN KEY")),
        other => Err(not_supported(&format!("constraint {other}"))),
    }
}

fn key_column(column: &IndexColumn) -> Result<String> {
    match (&column.column.expr, &column.operator_class) {
        (Expr::Identifier(name), None) => Ok(ident(name)),
        _ => Err(QueryError::Syntax(format!("syntax error at or near \"{column}\"")).into()),
    }
}

fn set_primary_key(table: &mut TableDefinition, key: PrimaryKeyDefinition) -> Result<()> {
    if table.primary_key.is_some() {
        return Err(CatalogError::MultiplePrimaryKeys(table.name.clone()).into());
    }
    table.primary_key = Some(key);
    Ok(())
}

fn characteristics(when: Option<&ConstraintCharacteristics>) -> Result<()> {
    match when {
        Some(ConstraintCharacteristics { deferrable: Some(true), .. }) => Err(not_supported("DEFERRABLE")),
        _ => Ok(()),
    }
}

/// The text that is kept of a default: a string literal with its type, as PostgreSQL shows it.
fn default_text(expression: &Expr, target: &PgType) -> String {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(_) => format!("{expression}::{}", target.without_typmod().format()),
            Value::Null => format!("NULL::{}", target.without_typmod().format()),
            _ => expression.to_string(),
        },
        Expr::Nested(inner) => default_text(inner, target),
        Expr::Function(function) => {
            let text = expression.to_string();
            // The functions that are written without parentheses are key words.
            let word = matches!(function.args, crate::query::ast::FunctionArguments::None);
            if word { text.to_uppercase() } else { text }
        }
        Expr::Identifier(Ident { value, quote_style: None, .. })
            if matches!(value.to_lowercase().as_str(), "current_user" | "session_user" | "user" | "current_role") =>
        {
            value.to_uppercase()
        }
        _ => expression.to_string(),
    }
}

/// A name that is too long is refused here: cutting it as PostgreSQL does would make the statement that
/// looks for it by its full name find another table.
fn short(name: String) -> Result<String> {
    if name.len() > IDENTIFIER_BYTES {
        let message = format!("identifier \"{name}\" is longer than {IDENTIFIER_BYTES} bytes");
        return Err(SessionError::NotSupported(message).into());
    }
    Ok(name)
}
