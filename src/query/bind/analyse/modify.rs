//! INSERT, UPDATE, DELETE: their target, values on their way into its columns, RETURNING.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName, SelectItem, Statement, With};

use super::clause::Clause;
use super::relations::type_ref;
use super::scope::{Item, Level, parts};
use super::{Analyser, Context, check_parameters, oids, refuse};
use crate::catalog::Table;
use crate::catalog::facts::CastContext;
use crate::error::{CatalogError, Error, QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::relations;
use crate::query::bind::tree::{
    Column, Expression, Form, Kind, Modification, Position, Relation, RelationKind, TableHandle, Target, TypeRef,
};

/// What to do when a value does not fit its column.
pub(super) const CAST_HINT: &str = "You will need to rewrite or cast the expression.";

/// The columns that UPDATE and DELETE find rows by, behind those of the table: the key and the version. Names that
/// nothing can be called.
const IDENTITY: [TypeRef; 2] = [TypeRef::plain(oids::BYTEA), TypeRef::plain(oids::INT8)];

/// Analyses INSERT, UPDATE or DELETE; `with` stands before it.
///
/// # Errors
/// As [`super::query`].
pub fn modification(context: &Context<'_>, statement: &Statement, with: Option<&With>) -> Result<Modification> {
    let mut analyser = Analyser::new(*context);
    analyser.levels.push(Level { modifies: true, ..Level::default() });
    if let Some(with) = with {
        analyser.with(with)?;
    }
    let mut bound = match statement {
        Statement::Insert(insert) => analyser.insert(insert)?,
        Statement::Update(update) => analyser.update(update)?,
        Statement::Delete(delete) => analyser.delete(delete)?,
        _ => return Err(refuse::not_supported("this statement")),
    };
    let level = analyser.levels.pop().unwrap_or_default();
    bound.query.ctes = level.ctes.into_iter().filter_map(|cte| cte.bound).collect();
    bound.query.relations = level.relations;
    check_parameters(&analyser, |visit| bound.walk(visit))?;
    Ok(bound)
}

/// A value that is given for a column.
pub(super) enum Given {
    Default(Option<Position>),
    Value(Expression),
}

impl Given {
    pub(super) fn position(&self) -> Option<Position> {
        match self {
            Self::Default(at) => *at,
            Self::Value(value) => value.position,
        }
    }
}

/// Is it the key word DEFAULT?
pub(super) fn is_default(ident: &Ident) -> bool {
    ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default")
}

/// The place of DEFAULT in an expression that is nothing else.
fn default_place(expr: &Expr) -> Option<Position> {
    match expr {
        Expr::Nested(inner) => default_place(inner),
        Expr::Identifier(ident) if is_default(ident) => Some(ident.span.start),
        _ => None,
    }
}

impl Analyser<'_> {
    /// Makes a table the target of the statement, which is relation 0. Its names are not to be seen yet.
    pub(super) fn target_table(
        &mut self,
        name: &ObjectName,
        alias: Option<&Ident>,
        identified: bool,
    ) -> Result<(Arc<Table>, Item)> {
        let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let at = idents.first().map(|ident| ident.span.start);
        let names = parts(&idents);
        let environment = self.context.environment;
        let found = match names.as_slice() {
            [name] => relations::target(environment, None, name),
            [schema, name] => relations::target(environment, Some(schema), name),
            [catalog, schema, name] if *catalog == environment.database => {
                relations::target(environment, Some(schema), name)
            }
            [_, _, _] => {
                let message = format!("cross-database references are not implemented: \"{}\"", names.join("."));
                Err(QueryError::NotSupported(message).into())
            }
            _ => {
                let message = format!("improper qualified name (too many dotted names): {}", names.join("."));
                Err(QueryError::Syntax(message).into())
            }
        };
        let table = found.map_err(|error| self.at(error, at))?;
        let columns = table.columns.iter().map(|column| (column.name.clone(), type_ref(&column.data_type)));
        let mut relation = Relation {
            kind: RelationKind::Table { table: TableHandle(table.clone()), sample: None },
            alias: Some(alias.map_or_else(|| table.name.clone(), folded)),
            columns: columns.collect(),
            lateral: false,
        };
        let schema = alias.is_none().then(|| table.schema.clone());
        let item = self.item_of(0, &relation, schema);
        if identified {
            relation.columns.extend(IDENTITY.map(|data_type| (String::new(), data_type)));
        }
        let origins = table.columns.iter().map(|column| (table.id.0, column.attnum)).collect();
        self.level()?.add(relation, origins);
        Ok((table, item))
    }

    /// The key and the version of a row of the target.
    pub(super) fn identity(table: &Table) -> impl Iterator<Item = Target> {
        let first = table.columns.len();
        IDENTITY
            .into_iter()
            .enumerate()
            .map(move |(index, data_type)| target("identity", own_column(first + index, data_type)))
    }

    /// A column of the target that SET or the list of INSERT names.
    pub(super) fn named_column(&self, table: &Table, name: &ObjectName) -> Result<usize> {
        let idents: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        let Some(first) = idents.first().filter(|_| idents.len() == name.0.len()) else {
            return Err(refuse::not_supported(format!("the column {name}")));
        };
        let column = folded(first);
        let found = table.column(&column);
        match found {
            Some(index) if idents.len() == 1 => Ok(index),
            Some(index) => {
                let data_type = self.type_name(table.columns[index].data_type.oid());
                let message = format!(
                    "cannot assign to field \"{}\" of column \"{column}\" because its type {data_type} is not a composite \
                     type",
                    folded(idents[1])
                );
                Err(self.fail(QueryError::DatatypeMismatch(message), Some(first.span.start)))
            }
            None => {
                let error = CatalogError::UnknownColumn { column, table: table.name.clone() };
                Err(self.fail(error, Some(first.span.start)))
            }
        }
    }

    /// An expression that may be DEFAULT.
    pub(super) fn given(&mut self, expr: &Expr, clause: Clause) -> Result<Given> {
        match default_place(expr) {
            Some(at) => Ok(Given::Default(Some(at))),
            None => self.expression_in(expr, clause).map(Given::Value),
        }
    }

    /// What goes into a column: of its type, or its default.
    pub(super) fn assigned(&self, given: Given, table: &Table, column: usize) -> Result<Expression> {
        let value = match given {
            Given::Default(at) => return Ok(default_of(table, column, at)),
            Given::Value(value) => value,
        };
        let column = &table.columns[column];
        let target = type_ref(&column.data_type);
        let (source, at) = (value.data_type.oid, value.position);
        let assigned = self.resolver.coerce(value, target, CastContext::Assignment, Form::ImplicitCast);
        assigned.map_err(|error| self.at(error, at))?.ok_or_else(|| {
            let message = format!(
                "column \"{}\" is of type {} but expression is of type {}",
                column.name,
                self.type_name(target.oid),
                self.type_name(source)
            );
            self.at(Error::from(QueryError::DatatypeMismatch(message)).hint(CAST_HINT), at)
        })
    }

    /// The RETURNING list.
    pub(super) fn returning(&mut self, items: Option<&[SelectItem]>) -> Result<Option<Vec<Target>>> {
        let Some(items) = items else { return Ok(None) };
        let mut targets = self.targets(items, Clause::Returning)?;
        for target in &mut targets {
            self.settle_target(target)?;
        }
        Ok(Some(targets))
    }

    /// Is it what the statement changes?
    pub(super) fn is_target(&self, item: &Item) -> bool {
        let targets = self.levels.iter().filter(|level| level.modifies);
        targets.filter_map(|level| level.namespace.first()).any(|target| std::ptr::eq(target, item))
    }
}

/// The default of a column.
pub(super) fn default_of(table: &Table, column: usize, position: Option<Position>) -> Expression {
    let data_type = type_ref(&table.columns[column].data_type);
    Expression { kind: Kind::Default(column), data_type, position }
}

/// A column of the target.
pub(super) fn own_column(index: usize, data_type: TypeRef) -> Expression {
    Expression { kind: Kind::Column(Column::here(0, index)), data_type, position: None }
}

/// A column of the query that finds rows.
pub(super) fn target(name: &str, expression: Expression) -> Target {
    Target { expression, name: name.to_owned(), hidden: false, origin: (0, 0) }
}
