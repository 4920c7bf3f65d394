//! Which relation a name in FROM means.

use datafusion::sql::sqlparser::ast::{Ident, ObjectName, Statement};

use super::scope::{Item, Origin, parts};
use super::{Analyser, Context, oids, refuse};
use crate::catalog::system as catalog_system;
use crate::catalog::types::PgType;
use crate::error::{CatalogError, Error, QueryError, Result};
use crate::query::bind::resolve::Parameters;
use crate::query::bind::tree::{FunctionItem, Query, Relation, RelationKind, TableHandle, TypeRef};
use crate::query::parse;

const PG_CATALOG: &str = "pg_catalog";

/// Columns of the system that are texts here and stored expressions, which print as text, for PostgreSQL.
const NODE_TREES: [&str; 14] = [
    "adbin",
    "conbin",
    "indexprs",
    "indpred",
    "relpartbound",
    "polqual",
    "polwithcheck",
    "prqual",
    "proargdefaults",
    "prosqlbody",
    "typdefaultbin",
    "tgqual",
    "ev_qual",
    "ev_action",
];

impl Analyser<'_> {
    /// The relation of a name in FROM, without its alias; with the columns' origins and the schema, if the name
    /// may be qualified with it.
    pub(super) fn relation_named(&mut self, name: &ObjectName) -> Result<(Relation, Vec<Origin>, Option<String>)> {
        let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        if idents.len() != name.0.len() {
            return Err(refuse::not_supported(format!("{name} in FROM")));
        }
        let at = idents.first().map(|ident| ident.span.start);
        let names = parts(&idents);
        let (schema, table) = match names.as_slice() {
            [table] => (None, table.as_str()),
            [schema, table] => (Some(schema.as_str()), table.as_str()),
            [catalog, schema, table] => {
                if *catalog != self.context.environment.database {
                    let text = names.join(".");
                    let message = format!("cross-database references are not implemented: \"{text}\"");
                    return Err(self.fail(QueryError::NotSupported(message), at));
                }
                (Some(schema.as_str()), table.as_str())
            }
            _ => {
                let message = format!("improper relation name (too many dotted names): {}", names.join("."));
                return Err(self.fail(QueryError::Syntax(message), at));
            }
        };
        if let [ident] = idents.as_slice() {
            let none = datafusion::sql::sqlparser::ast::FunctionArguments::None;
            if let (None, Some(call)) = (ident.quote_style, self.value_function(table, &none, at)?) {
                let columns = vec![(table.to_owned(), call.data_type)];
                let items = vec![FunctionItem { call, columns: 1 }];
                let kind = RelationKind::Functions { items, ordinality: false };
                let relation = Relation { kind, alias: Some(table.to_owned()), columns, lateral: false };
                return Ok((relation, Vec::new(), None));
            }
            if let Some(found) = self.cte_named(table, at)? {
                return Ok(found);
            }
        }
        let environment = self.context.environment;
        let found = match schema {
            Some(schema) => self.in_schema(schema, table)?,
            None => {
                let path = &environment.search_path;
                let mut schemas: Vec<&str> = Vec::with_capacity(path.len() + 1);
                if self.context.system_only || !path.iter().any(|schema| schema == PG_CATALOG) {
                    schemas.push(PG_CATALOG);
                }
                if !self.context.system_only {
                    schemas.extend(path.iter().map(String::as_str));
                }
                let mut found = None;
                for schema in schemas {
                    found = self.in_schema(schema, table)?;
                    if found.is_some() {
                        break;
                    }
                }
                found
            }
        };
        match found {
            Some((relation, origins, schema)) => Ok((relation, origins, Some(schema))),
            None => Err(self.missing_relation(schema, table, at)),
        }
    }

    fn missing_relation(
        &self,
        schema: Option<&str>,
        name: &str,
        at: Option<crate::query::bind::tree::Position>,
    ) -> Error {
        let shown = schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"));
        let error = Error::from(CatalogError::UnknownRelation(shown));
        let is_later = |later: &String| later == name;
        if schema.is_none() && self.levels.iter().any(|level| level.later_ctes.iter().any(is_later)) {
            let detail = format!(
                "There is a WITH item named \"{name}\", but it cannot be referenced from this part of the query."
            );
            let hint = "Use WITH RECURSIVE, or re-order the WITH items to remove forward references.";
            return self.at(error.detail(detail).hint(hint), at);
        }
        self.at(error, at)
    }

    fn in_schema(&self, schema: &str, name: &str) -> Result<Option<(Relation, Vec<Origin>, String)>> {
        if let Some(table) = self.context.environment.catalog.table(schema, name) {
            let columns = table.columns.iter().map(|column| (column.name.clone(), type_ref(&column.data_type)));
            let origins = table.columns.iter().map(|column| (table.id.0, column.attnum)).collect();
            let relation = Relation {
                kind: RelationKind::Table { table: TableHandle(table.clone()), sample: None },
                alias: Some(name.to_owned()),
                columns: columns.collect(),
                lateral: false,
            };
            return Ok(Some((relation, origins, schema.to_owned())));
        }
        if let Some(table) = catalog_system::table(schema, name) {
            let columns = table.columns.iter().map(|column| {
                let data_type = match column.name {
                    name if NODE_TREES.contains(&name) => TypeRef::plain(oids::PG_NODE_TREE),
                    _ => type_ref(&column.data_type),
                };
                (column.name.to_owned(), data_type)
            });
            let relation = Relation {
                kind: RelationKind::System { schema: schema.to_owned(), name: name.to_owned() },
                alias: Some(name.to_owned()),
                columns: columns.collect(),
                lateral: false,
            };
            let origins = (1..).take(relation.columns.len()).map(|attnum| (table.oid, attnum)).collect();
            return Ok(Some((relation, origins, schema.to_owned())));
        }
        let Some(view) = catalog_system::views().iter().find(|view| view.schema == schema && view.name == name) else {
            return Ok(None);
        };
        let query = self.view(view.text)?;
        let columns = query.targets.iter().filter(|target| !target.hidden);
        let columns: Vec<(String, TypeRef)> =
            columns.map(|target| (target.name.clone(), target.expression.data_type)).collect();
        let origins = (1..).take(columns.len()).map(|attnum| (view.oid, attnum)).collect();
        let kind = RelationKind::Subquery(Box::new(query));
        let relation = Relation { kind, alias: Some(name.to_owned()), columns, lateral: false };
        Ok(Some((relation, origins, schema.to_owned())))
    }

    /// A view of the system, analysed from its text.
    fn view(&self, text: &str) -> Result<Query> {
        let statement = parse::parse(text)?.into_iter().next().map(|parsed| parsed.statement);
        let query = match statement {
            Some(Statement::Query(query)) => query,
            Some(Statement::CreateView(view)) => view.query,
            _ => return Err(refuse::not_supported("this view")),
        };
        let parameters = Parameters::default();
        let context = Context {
            environment: self.context.environment,
            facts: self.context.facts,
            parameters: &parameters,
            system_only: true,
            source: None,
        };
        let mut analyser = Analyser::new(context);
        analyser.depth = self.depth;
        // A view is ours: what fails in it is no mistake of the statement.
        analyser.query(&query).map_err(|error| {
            tracing::debug!(target: "kalam::query", %error, "a system view is not analysed");
            refuse::not_supported("this view")
        })
    }

    /// The item of names for a relation in FROM.
    pub(super) fn item_of(&self, index: usize, relation: &Relation, schema: Option<String>) -> Item {
        Item { schema, ..Item::of_relation(index, relation) }
    }
}

/// A column's type.
pub fn type_ref(data_type: &PgType) -> TypeRef {
    let typmod = match data_type {
        PgType::Array(element) => element.typmod(),
        scalar => scalar.typmod(),
    };
    TypeRef { oid: data_type.oid(), typmod }
}
