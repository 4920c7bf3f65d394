//! References to columns.

use datafusion::sql::sqlparser::ast::{FunctionArguments, Ident};

use super::scope::{Item, parts};
use super::{Analyser, refuse};
use crate::catalog::facts::FunctionKind;
use crate::error::{Error, QueryError, Result};
use crate::query::bind::resolve::{Argument, Call, Callee};
use crate::query::bind::tree::{Column, Expression, Form, Kind, Position, RelationKind};
use crate::query::marks;

/// Columns that every table of PostgreSQL has.
const SYSTEM_COLUMNS: [&str; 6] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

impl Analyser<'_> {
    /// `a`, `t.a`, `s.t.a`.
    pub(super) fn column_reference(&self, idents: &[Ident]) -> Result<Expression> {
        let at = idents.first().map(|ident| ident.span.start);
        self.clause().allow_column().map_err(|error| self.at(error, at))?;
        if let [outer @ .., last] = idents {
            if marks::is(last, marks::ALL_FIELDS) {
                return self.whole_row_named(outer);
            }
        }
        let parts = parts(idents);
        match parts.as_slice() {
            [name] => {
                // Some words are values without parentheses, unless they are quoted.
                if idents[0].quote_style.is_none() {
                    if let Some(value) = self.value_function(name, &FunctionArguments::None, at)? {
                        return Ok(value);
                    }
                }
                if super::modify::is_default(&idents[0]) {
                    let message = "DEFAULT is not allowed in this context";
                    return Err(self.fail(QueryError::Syntax(message.into()), at));
                }
                if let Some(found) = self.find_column(name, at)? {
                    return Ok(found);
                }
                if let Some((levels_up, item)) = self.table(None, name, at)? {
                    return self.whole_row(levels_up, item, at);
                }
                if name == "default" && idents[0].quote_style.is_none() {
                    return Err(self.fail(QueryError::Syntax("DEFAULT is not allowed in this context".into()), at));
                }
                Err(self.no_column(None, name, at))
            }
            [table, name] => self.qualified(None, table, name, at),
            [schema, table, name] => self.qualified(Some(schema), table, name, at),
            [catalog, schema, table, name] => {
                self.check_catalog(catalog, &parts, at)?;
                self.qualified(Some(schema), table, name, at)
            }
            _ => {
                let message = format!("improper qualified name (too many dotted names): {}", parts.join("."));
                Err(self.fail(QueryError::Syntax(message), at))
            }
        }
    }

    /// Fails for the name of another database.
    pub(super) fn check_catalog(&self, catalog: &str, parts: &[String], at: Option<Position>) -> Result<()> {
        if catalog == self.context.environment.database {
            return Ok(());
        }
        let message = format!("cross-database references are not implemented: {}", parts.join("."));
        Err(self.fail(QueryError::NotSupported(message), at))
    }

    fn qualified(&self, schema: Option<&str>, table: &str, name: &str, at: Option<Position>) -> Result<Expression> {
        let Some((levels_up, item)) = self.table(schema, table, at)? else {
            return Err(self.missing_table(schema, table, at));
        };
        match self.column_of(item, levels_up, name, at)? {
            Some(found) => Ok(found),
            None => {
                // `t.f` may be `f(t)` where `f` takes rows.
                let row = self.whole_row(levels_up, item, at)?;
                let argument = Argument { name: None, value: row };
                let call = Call { name: name.to_owned(), arguments: vec![argument], at, ..Call::default() };
                if let Ok(Callee::Function(found)) = self.resolver.function(call) {
                    if found.fact.kind == FunctionKind::Function && !found.fact.returns_set {
                        return Ok(super::calls::plain(found, Form::Call, at));
                    }
                }
                Err(self.no_column(Some(table), name, at))
            }
        }
    }

    fn no_column(&self, table: Option<&str>, name: &str, at: Option<Position>) -> Error {
        if SYSTEM_COLUMNS.contains(&name) {
            return self.fail(refuse::not_supported(format!("the system column {name}")), at);
        }
        self.missing_column(table, name, at)
    }

    /// A column by its bare name, from the innermost query that has it.
    pub(super) fn find_column(&self, name: &str, at: Option<Position>) -> Result<Option<Expression>> {
        for (levels_up, level) in self.levels.iter().rev().enumerate() {
            let mut found = None;
            for item in &level.namespace {
                if !item.columns_visible || (item.lateral_only && !level.lateral) {
                    continue;
                }
                if let Some(column) = self.column_of(item, levels_up, name, at)? {
                    if found.is_some() {
                        return Err(self.fail(QueryError::AmbiguousColumn(name.to_owned()), at));
                    }
                    self.check_lateral(item, at)?;
                    found = Some(column);
                }
            }
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The relation that a qualifier means, with the number of queries outwards.
    pub(super) fn table(
        &self,
        schema: Option<&str>,
        name: &str,
        at: Option<Position>,
    ) -> Result<Option<(usize, &Item)>> {
        for (levels_up, level) in self.levels.iter().rev().enumerate() {
            let mut found: Option<&Item> = None;
            for item in &level.namespace {
                let hidden = !item.table_visible || (item.lateral_only && !level.lateral);
                let named =
                    item.name.as_deref() == Some(name) && (schema.is_none() || item.schema.as_deref() == schema);
                if hidden || !named {
                    continue;
                }
                if found.is_some() {
                    return Err(self.fail(QueryError::AmbiguousTable(name.to_owned()), at));
                }
                self.check_lateral(item, at)?;
                found = Some(item);
            }
            if let Some(item) = found {
                return Ok(Some((levels_up, item)));
            }
        }
        Ok(None)
    }

    fn check_lateral(&self, item: &Item, at: Option<Position>) -> Result<()> {
        if !item.lateral_only || item.lateral_ok {
            return Ok(());
        }
        let name = item.name.as_deref().unwrap_or("unnamed_subquery");
        let message = format!("invalid reference to FROM-clause entry for table \"{name}\"");
        let error = Error::from(QueryError::InvalidColumnReference(message));
        if self.is_target(item) {
            let hint = format!(
                "There is an entry for table \"{name}\", but it cannot be referenced from this part of the query."
            );
            return Err(self.at(error.hint(hint), at));
        }
        Err(self.at(error.detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference."), at))
    }

    /// A column of one relation.
    pub(super) fn column_of(
        &self,
        item: &Item,
        levels_up: usize,
        name: &str,
        at: Option<Position>,
    ) -> Result<Option<Expression>> {
        let mut found = None;
        for column in item.columns.iter().filter(|column| column.name == name) {
            if found.is_some() {
                return Err(self.fail(QueryError::AmbiguousColumn(name.to_owned()), at));
            }
            found = Some(Expression {
                kind: Kind::Column(Column { levels_up, ..column.column }),
                data_type: column.data_type,
                position: super::places::known(at),
            });
        }
        Ok(found)
    }

    /// All columns of a relation as `*` shows them, with their names.
    pub(super) fn columns_of(item: &Item, levels_up: usize, at: Option<Position>) -> Vec<(String, Expression)> {
        let expressions = item.columns.iter().map(|column| {
            let kind = Kind::Column(Column { levels_up, ..column.column });
            (column.name.clone(), Expression { kind, data_type: column.data_type, position: super::places::known(at) })
        });
        expressions.collect()
    }

    /// What messages call a column: `t.a`, as PostgreSQL's range table knows it.
    pub(super) fn shown_column(&self, column: &Column) -> Option<String> {
        let level = self.levels.iter().rev().nth(column.levels_up)?;
        let relation = level.relations.get(column.relation)?;
        if column.column == usize::MAX {
            return relation.alias.as_ref().map(|alias| format!("{alias}.*"));
        }
        let (name, _) = relation.columns.get(column.column)?;
        match (&relation.alias, &relation.kind) {
            (None, RelationKind::Join { .. }) => Some(name.clone()),
            (Some(alias), _) => Some(format!("{alias}.{name}")),
            (None, _) => Some(name.clone()),
        }
    }
}
