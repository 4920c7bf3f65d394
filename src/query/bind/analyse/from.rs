//! FROM: tables, subqueries, functions.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    ObjectNamePart, Query as AstQuery, SetExpr, Spanned, TableAlias, TableFactor, TableWithJoins,
};
use recursive::recursive;

use super::clause::Clause;
use super::scope::{Item, Origin};
use super::{Analyser, oids, refuse};
use crate::error::{Error, QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::tree::{Expression, FunctionItem, Join, Kind, Relation, RelationKind, TypeRef};
use crate::query::marks;

/// A finished part of FROM.
pub(super) struct Source {
    pub(super) join: Join,
    pub(super) items: Vec<Item>,
}

impl Analyser<'_> {
    /// The whole FROM; afterwards its names can be seen.
    pub(super) fn from(&mut self, tables: &[TableWithJoins]) -> Result<Vec<Join>> {
        let mut joins = Vec::with_capacity(tables.len());
        for table in tables {
            let source = self.table_with_joins(table)?;
            self.check_conflicts(self.level_items()?, &source.items)?;
            let mut items = source.items;
            set_lateral(&mut items, true, true);
            self.level()?.namespace.extend(items);
            joins.push(source.join);
        }
        set_lateral(&mut self.level()?.namespace, false, true);
        Ok(joins)
    }

    fn level_items(&self) -> Result<&[Item]> {
        self.levels
            .last()
            .map(|level| level.namespace.as_slice())
            .ok_or_else(|| refuse::not_supported("FROM outside of a query"))
    }

    /// 42712 for two relations of one name.
    pub(super) fn check_conflicts(&self, left: &[Item], right: &[Item]) -> Result<()> {
        for one in left.iter().filter(|item| item.table_visible) {
            for other in right.iter().filter(|item| item.table_visible) {
                let Some(name) = one.name.as_deref().filter(|_| one.name == other.name) else { continue };
                // Two tables of one name are told apart by their schemas.
                if one.schema.is_some() && other.schema.is_some() && one.schema != other.schema {
                    continue;
                }
                return Err(QueryError::DuplicateAlias(name.to_owned()).into());
            }
        }
        Ok(())
    }

    #[recursive]
    pub(super) fn factor(&mut self, factor: &TableFactor) -> Result<Source> {
        self.deeper(|this| this.factor_kind(factor))
    }

    fn factor_kind(&mut self, factor: &TableFactor) -> Result<Source> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                let foreign = !with_hints.is_empty()
                    || version.is_some()
                    || !partitions.is_empty()
                    || json_path.is_some()
                    || !index_hints.is_empty()
                    || args.as_ref().is_some_and(|args| args.settings.is_some());
                if foreign {
                    return Err(refuse::not_supported("a table with options of another database"));
                }
                if sample.is_some() {
                    return Err(refuse::not_supported("TABLESAMPLE"));
                }
                if let (Some(args), true) = (args, is_rows_from(name)) {
                    let calls = rows_from(&args.args)?;
                    return self.functions(&calls, alias.as_ref(), *with_ordinality, false);
                }
                if let Some(args) = args {
                    let call = call_of(name.clone(), args.args.clone());
                    return self.functions(&[call], alias.as_ref(), *with_ordinality, false);
                }
                if *with_ordinality {
                    return Err(QueryError::Syntax("syntax error at or near \"WITH\"".into()).into());
                }
                self.table_factor(name, alias.as_ref())
            }
            TableFactor::Derived { lateral, subquery, alias, sample: None } => {
                self.derived(*lateral, subquery, alias.as_ref())
            }
            TableFactor::Function { lateral, name, args, with_ordinality, alias } => {
                if is_rows_from(name) {
                    let calls = rows_from(args)?;
                    return self.functions(&calls, alias.as_ref(), *with_ordinality, *lateral);
                }
                let call = call_of(name.clone(), args.clone());
                self.functions(&[call], alias.as_ref(), *with_ordinality, *lateral)
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset: false,
                with_offset_alias: None,
                with_ordinality,
            } => {
                let place = array_exprs
                    .first()
                    .and_then(|expr| self.places.before(super::places::known(Some(expr.span().start)), "UNNEST"));
                let mut ident = Ident::new("unnest");
                if let Some(place) = place {
                    ident.span.start = place;
                }
                let calls: Vec<Function> = array_exprs
                    .iter()
                    .map(|expr| {
                        let name = ObjectName(vec![ObjectNamePart::Identifier(ident.clone())]);
                        call_of(name, vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(expr.clone()))])
                    })
                    .collect();
                self.functions(&calls, alias.as_ref(), *with_ordinality, false)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let source = self.table_with_joins(table_with_joins)?;
                match alias {
                    None => Ok(source),
                    Some(alias) => self.aliased_join(source, alias),
                }
            }
            other => Err(refuse::not_supported(format!("{other} in FROM"))),
        }
    }

    fn table_factor(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> Result<Source> {
        let (mut relation, origins, schema) = self.relation_named(name)?;
        let schema = if alias.is_some() { None } else { schema };
        if let (RelationKind::Functions { .. }, Some(alias), [column]) =
            (&relation.kind, alias, relation.columns.as_mut_slice())
        {
            // The value of a function is called as the alias.
            column.0 = folded(&alias.name);
        }
        self.rename(&mut relation, alias, "table")?;
        let item = self.item_of(0, &relation, schema);
        self.add_source(relation, origins, item)
    }

    /// Puts a relation into the query.
    fn add_source(&mut self, relation: Relation, origins: Vec<Origin>, item: Item) -> Result<Source> {
        let level = self.level()?;
        let index = level.add(relation, origins);
        let mut item = item;
        item.relation = index;
        item.columns.iter_mut().for_each(|column| column.column.relation = index);
        Ok(Source { join: Join::Relation(index), items: vec![item] })
    }

    /// Gives a relation its alias and its columns their new names.
    pub(super) fn rename(&self, relation: &mut Relation, alias: Option<&TableAlias>, what: &str) -> Result<()> {
        let Some(alias) = alias else { return Ok(()) };
        if alias.at.is_some() {
            return Err(refuse::not_supported("AT behind an alias"));
        }
        if let Some(column) = alias.columns.iter().find(|column| column.data_type.is_some()) {
            let message = "a column definition list is only allowed for functions returning \"record\"";
            return Err(self.fail(QueryError::Syntax(message.into()), Some(column.name.span.start)));
        }
        if marks::is(&alias.name, marks::NO_ALIAS) {
            return Err(self.fail(refuse::not_supported("this alias"), Some(alias.name.span.start)));
        }
        let name = folded(&alias.name);
        if alias.columns.len() > relation.columns.len() {
            let (available, given) = (relation.columns.len(), alias.columns.len());
            let message = format!("{what} \"{name}\" has {available} columns available but {given} columns specified");
            return Err(QueryError::InvalidColumnReference(message).into());
        }
        for (column, new) in relation.columns.iter_mut().zip(&alias.columns) {
            column.0 = folded(&new.name);
        }
        relation.alias = Some(name);
        Ok(())
    }

    fn derived(&mut self, lateral: bool, subquery: &AstQuery, alias: Option<&TableAlias>) -> Result<Source> {
        let Some(alias) = alias else {
            let at = self.places.opening(Some(subquery.span().start));
            let (what, example) = match subquery.body.as_ref() {
                SetExpr::Values(_) => ("VALUES", "VALUES ..."),
                _ => ("subquery", "SELECT ..."),
            };
            let error = Error::from(QueryError::Syntax(format!("{what} in FROM must have an alias")));
            return Err(self.at(error.hint(format!("For example, FROM ({example}) [AS] foo.")), at));
        };
        let level = self.level()?;
        let before = (level.lateral, level.clause);
        level.lateral = lateral;
        level.clause = Clause::FromSubquery;
        let query = self.query(subquery);
        let level = self.level()?;
        (level.lateral, level.clause) = before;
        let query = query?;
        let targets = query.targets.iter().filter(|target| !target.hidden);
        let (columns, origins) = targets
            .map(|target| ((target.name.clone(), target.expression.data_type), target.origin))
            .unzip::<_, _, Vec<_>, Vec<_>>();
        let kind = RelationKind::Subquery(Box::new(query));
        let mut relation = Relation { kind, alias: None, columns, lateral };
        self.rename(&mut relation, Some(alias), "table")?;
        let item = Item::of_relation(0, &relation);
        self.add_source(relation, origins, item)
    }

    /// Functions whose rows stand beside each other.
    fn functions(
        &mut self,
        calls: &[Function],
        alias: Option<&TableAlias>,
        ordinality: bool,
        lateral: bool,
    ) -> Result<Source> {
        let mut items = Vec::with_capacity(calls.len());
        let mut columns: Vec<(String, TypeRef)> = Vec::new();
        let mut first_name = String::new();
        for call in calls {
            let name = call.name.0.last().and_then(|part| part.as_ident()).map(folded).unwrap_or_default();
            let level = self.level()?;
            let before = std::mem::replace(&mut level.lateral, true);
            let bound = self.within(Clause::FromFunction, |this| this.call_at(call, true));
            self.level()?.lateral = before;
            let bound = bound?;
            let own = self.function_columns(&bound, &name, alias.filter(|_| calls.len() == 1))?;
            items.push(FunctionItem { call: bound, columns: own.len() });
            columns.extend(own);
            if first_name.is_empty() {
                first_name = name;
            }
        }
        let is_lateral = items.iter().any(|item| item.call.mentions(|part, depth| part.kind.reaches() == Some(depth)));
        if ordinality {
            columns.push(("ordinality".into(), TypeRef::plain(oids::INT8)));
        }
        let kind = RelationKind::Functions { items, ordinality };
        let mut relation = Relation { kind, alias: Some(first_name), columns, lateral: lateral || is_lateral };
        self.rename(&mut relation, alias, "table")?;
        let item = Item::of_relation(0, &relation);
        self.add_source(relation, Vec::new(), item)
    }

    /// The columns that one function in FROM has.
    fn function_columns(
        &self,
        call: &Expression,
        name: &str,
        alias: Option<&TableAlias>,
    ) -> Result<Vec<(String, TypeRef)>> {
        const PSEUDO: char = 'p';
        let outputs = match &call.kind {
            Kind::Function { function, .. } => {
                self.context.facts.function(*function).map(|fact| fact.outputs.as_slice()).unwrap_or_default()
            }
            _ => &[],
        };
        let is_pseudo =
            |oid| self.context.facts.type_of(oid).is_none_or(|fact| fact.kind == PSEUDO || fact.kind == 'c');
        match outputs {
            [] | [_] => {
                if is_pseudo(call.data_type.oid) {
                    return Err(refuse::not_supported(format!("{name} in FROM")));
                }
                let column = match (outputs, alias) {
                    ([(own, _)], _) if !own.is_empty() => own.clone(),
                    (_, Some(alias)) => folded(&alias.name),
                    _ => name.to_owned(),
                };
                Ok(vec![(column, call.data_type)])
            }
            several => {
                if several.iter().any(|(_, oid)| is_pseudo(*oid)) {
                    return Err(refuse::not_supported(format!("{name} in FROM")));
                }
                Ok(several.iter().map(|(name, oid)| (name.clone(), TypeRef::plain(*oid))).collect())
            }
        }
    }
}

fn is_rows_from(name: &ObjectName) -> bool {
    matches!(name.0.as_slice(), [only] if only.as_ident().is_some_and(|ident| marks::is(ident, marks::ROWS_FROM)))
}

/// The functions of `ROWS FROM (…)`.
fn rows_from(arguments: &[FunctionArg]) -> Result<Vec<Function>> {
    let call = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(function))) => Ok(function.clone()),
        other => Err(refuse::not_supported(format!("{other} in ROWS FROM"))),
    };
    arguments.iter().map(call).collect()
}

fn call_of(name: ObjectName, args: Vec<FunctionArg>) -> Function {
    let list = FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() };
    Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

/// Says for whom the relations are visible.
pub(super) fn set_lateral(items: &mut [Item], only: bool, ok: bool) {
    for item in items {
        item.lateral_only = only;
        item.lateral_ok = ok;
    }
}
