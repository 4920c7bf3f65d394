//! Rows as values: whole rows of relations, `ROW(…)`, and the fields of both.

use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Ident, Subscript};
use datafusion::sql::sqlparser::tokenizer::Location;

use super::clause::Clause;
use super::scope::{Item, Level, parts};
use super::{Analyser, expression_of, oids, refuse};
use crate::base::ids::{Oid, TableId};
use crate::catalog::TenantCatalog;
use crate::catalog::facts::{CastContext, Facts};
use crate::catalog::types::{row_type, table_of_row_type};
use crate::error::{Error, QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::tree::{
    Cte, Expression, Form, Kind, Position, Query, QueryBody, Relation, RelationKind, SubqueryKind, Target, TypeRef,
};
use crate::query::marks;

/// Names and types of the fields of a row.
pub(super) type Fields = Vec<(String, TypeRef)>;

/// The relations that columns of one query point at.
#[derive(Clone)]
struct Scope<'q> {
    relations: &'q [Relation],
    ctes: Vec<Option<&'q Cte>>,
}

impl<'q> Scope<'q> {
    fn of_level(level: &'q Level) -> Self {
        Self { relations: &level.relations, ctes: level.ctes.iter().map(|cte| cte.bound.as_ref()).collect() }
    }

    fn of_query(query: &'q Query) -> Self {
        Self { relations: &query.relations, ctes: query.ctes.iter().map(Some).collect() }
    }
}

/// The row whose fields `(row).*` or `t.*` as a part of an expression stands for.
pub(super) fn all_fields(expr: &Expr) -> Option<()> {
    match expr {
        Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
            Some(AccessExpr::Dot(last)) => marks::is_alone(last, marks::ALL_FIELDS).then_some(()),
            _ => None,
        },
        Expr::CompoundIdentifier(idents) => {
            idents.last().is_some_and(|last| marks::is(last, marks::ALL_FIELDS)).then_some(())
        }
        Expr::Nested(inner) => matches!(inner.as_ref(), Expr::QualifiedWildcard(..)).then_some(()),
        _ => None,
    }
}

impl Analyser<'_> {
    /// The whole row of a relation that can be seen.
    pub(super) fn whole_row(&self, levels_up: usize, item: &Item, at: Option<Position>) -> Result<Expression> {
        let level = self.levels.iter().rev().nth(levels_up);
        let relation = level.and_then(|level| level.relations.get(item.relation));
        let Some(relation) = relation else { return Err(self.fail(refuse::not_supported("this row"), at)) };
        let oid = match &relation.kind {
            RelationKind::Table { table, .. } => row_type(table.0.id),
            // The value of a function that answers no row is not made one.
            RelationKind::Functions { items, ordinality: false } => match (items.as_slice(), item.columns.as_slice()) {
                ([_], [column]) if self.answers_value(&items[0].call) => {
                    let kind = Kind::Column(crate::query::bind::tree::Column { levels_up, ..column.column });
                    let position = super::places::known(at);
                    return Ok(Expression { kind, data_type: column.data_type, position });
                }
                _ => oids::RECORD,
            },
            _ => oids::RECORD,
        };
        Ok(expression_of(Kind::WholeRow { levels_up, relation: item.relation }, oid, at))
    }

    fn answers_value(&self, call: &Expression) -> bool {
        !self.is_row(call.data_type.oid)
    }

    /// `t.*`, `s.t.*` as one value.
    pub(super) fn whole_row_named(&self, idents: &[Ident]) -> Result<Expression> {
        let at = idents.first().map(|ident| ident.span.start);
        let (levels_up, item) = self.table_named(idents, at)?;
        self.whole_row(levels_up, item, at)
    }

    /// The table that stands before `.*`, and how many queries up it is.
    pub(super) fn table_named(&self, idents: &[Ident], at: Option<Location>) -> Result<(usize, &Item)> {
        let names = parts(idents);
        let (schema, table) = match names.as_slice() {
            [table] => (None, table),
            [schema, table] => (Some(schema.as_str()), table),
            [catalog, schema, table] => {
                self.check_catalog(catalog, &names, at)?;
                (Some(schema.as_str()), table)
            }
            _ => return Err(self.fail(refuse::not_supported(format!("{}.*", names.join("."))), at)),
        };
        self.table(schema, table, at)?.ok_or_else(|| self.missing_table(schema, table, at))
    }

    /// Is it the type of rows?
    pub(super) fn is_row(&self, oid: Oid) -> bool {
        oid == oids::RECORD || table_of_row_type(oid).is_some()
    }

    /// The fields of a row's value, as far as they can be known.
    pub(super) fn fields(&self, expression: &Expression) -> Option<Fields> {
        let scopes: Vec<Scope<'_>> = self.levels.iter().map(Scope::of_level).collect();
        fields_of(&self.context.environment.catalog, self.context.facts, expression, &scopes, 0)
    }

    /// One field of a value; `None` when it has none of this name.
    pub(super) fn field_named(&self, value: &Expression, name: &str) -> Option<Expression> {
        let fields = self.fields(value)?;
        let index = fields.iter().position(|(own, _)| own == name)?;
        Some(field(value.clone(), index, fields[index].1))
    }

    /// `(value).name`.
    fn field_access(&self, value: Expression, ident: &Ident) -> Result<Expression> {
        let name = folded(ident);
        let at = value.position;
        let oid = value.data_type.oid;
        if let Some(found) = self.field_named(&value, &name) {
            return Ok(found);
        }
        if oid == oids::UNKNOWN {
            let message = format!("could not identify column \"{name}\" in record data type");
            return Err(self.fail(QueryError::UndefinedUsing(message), at));
        }
        if !self.is_row(oid) {
            let shown = self.type_name(oid);
            let message = format!("column notation .{name} applied to type {shown}, which is not a composite type");
            return Err(self.fail(QueryError::WrongObject(message), at));
        }
        if let Kind::WholeRow { levels_up, relation } = value.kind {
            let level = self.levels.iter().rev().nth(levels_up);
            let alias = level.and_then(|level| level.relations.get(relation)).and_then(|own| own.alias.clone());
            let shown = alias.map_or_else(|| format!("\"{name}\""), |alias| format!("{alias}.{name}"));
            return Err(self.fail(QueryError::UndefinedColumn(shown), at));
        }
        let message = if oid == oids::RECORD {
            format!("could not identify column \"{name}\" in record data type")
        } else {
            format!("column \"{name}\" not found in data type {}", self.type_name(oid))
        };
        Err(self.fail(QueryError::UndefinedUsing(message), at))
    }

    /// `a[1]`, `a[1:2]`, `(row).field`, in any order.
    pub(super) fn access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Result<Expression> {
        let mut idents = Vec::new();
        let mut rest = chain;
        // A chain may begin with the rest of a column's qualified name.
        if let Expr::Identifier(first) = root {
            idents.push(first.clone());
            while let [AccessExpr::Dot(Expr::Identifier(next)), tail @ ..] = rest {
                idents.push(next.clone());
                rest = tail;
            }
        }
        let mut value = match idents.len() {
            0 | 1 => self.expression(root)?,
            _ => self.column_reference(&idents)?,
        };
        while let Some((access, tail)) = rest.split_first() {
            match access {
                AccessExpr::Dot(Expr::Identifier(ident)) if marks::is(ident, marks::ALL_FIELDS) => {
                    let message = "row expansion via \"*\" is not supported here";
                    return Err(self.fail(QueryError::NotSupported(message.into()), value.position));
                }
                AccessExpr::Dot(Expr::Identifier(ident)) => {
                    value = self.field_access(value, ident)?;
                    rest = tail;
                }
                AccessExpr::Dot(_) => {
                    return Err(self.fail(refuse::not_supported("this field of a row"), value.position));
                }
                AccessExpr::Subscript(_) => {
                    let count = rest.iter().take_while(|access| matches!(access, AccessExpr::Subscript(_))).count();
                    let (subscripts, tail) = rest.split_at(count);
                    value = self.subscripted(value, subscripts)?;
                    rest = tail;
                }
            }
        }
        Ok(value)
    }

    fn subscripted(&mut self, base: Expression, subscripts: &[AccessExpr]) -> Result<Expression> {
        if base.data_type.oid == oids::JSONB {
            return self.document_at(base, subscripts);
        }
        let mut indexes = Vec::with_capacity(subscripts.len());
        let mut slice = false;
        if self.element_of(base.data_type.oid) == 0 {
            let known = self.context.facts.type_of(base.data_type.oid);
            if known.is_some_and(|fact| !matches!(fact.subscript.as_str(), "" | "-")) {
                return Err(self.fail(refuse::not_supported("subscripts of this type"), base.position));
            }
            let name = self.type_name(base.data_type.oid);
            let message = format!("cannot subscript type {name} because it does not support subscripting");
            return Err(self.fail(QueryError::DatatypeMismatch(message), base.position));
        }
        for access in subscripts {
            let AccessExpr::Subscript(subscript) = access else { continue };
            match subscript {
                Subscript::Index { index } => indexes.push((Some(self.subscript(index)?), None)),
                Subscript::Slice { lower_bound, upper_bound, stride: None } => {
                    slice = true;
                    let lower = lower_bound.as_ref().map(|bound| self.subscript(bound)).transpose()?;
                    let upper = upper_bound.as_ref().map(|bound| self.subscript(bound)).transpose()?;
                    indexes.push((lower, upper));
                }
                Subscript::Slice { .. } => return Err(refuse::not_supported("a slice with a stride")),
            }
        }
        if slice {
            // In a slice, `[2]` means `[1:2]`.
            for (access, index) in subscripts.iter().zip(&mut indexes) {
                if matches!(access, AccessExpr::Subscript(Subscript::Index { .. })) {
                    let one = expression_of(Kind::Constant(1i32.into()), oids::INT4, None);
                    *index = (Some(one), index.0.take());
                }
            }
        }
        let element = self.element_of(base.data_type.oid);
        let position = base.position;
        let data_type = TypeRef { oid: if slice { base.data_type.oid } else { element }, ..base.data_type };
        let kind = Kind::Subscript { argument: Box::new(base), indexes, slice };
        Ok(Expression { kind, data_type, position })
    }

    /// `document['member'][0]`.
    fn document_at(&mut self, base: Expression, subscripts: &[AccessExpr]) -> Result<Expression> {
        let mut indexes = Vec::with_capacity(subscripts.len());
        for access in subscripts {
            let AccessExpr::Subscript(Subscript::Index { index }) = access else {
                let message = "jsonb subscript does not support slices";
                return Err(self.fail(QueryError::DatatypeMismatch(message.into()), base.position));
            };
            let index = self.expression(index)?;
            let (at, own) = (index.position, index.data_type.oid);
            let text = TypeRef::plain(oids::TEXT);
            // A number is a text of its digits from here on.
            let is_number = matches!(own, oids::INT2 | oids::INT4);
            let context = if is_number { CastContext::Explicit } else { CastContext::Implicit };
            let bound = self.resolver.coerce(index, text, context, Form::ImplicitCast);
            let bound = bound.map_err(|error| self.at(error, at))?.ok_or_else(|| {
                let message = format!("subscript type {} is not supported", self.type_name(own));
                self.fail(QueryError::DatatypeMismatch(message), at)
                    .hint("jsonb subscript must be coercible to either integer or text.")
            })?;
            indexes.push((Some(bound), None));
        }
        let (data_type, position) = (base.data_type, base.position);
        let kind = Kind::Subscript { argument: Box::new(base), indexes, slice: false };
        Ok(Expression { kind, data_type, position })
    }

    fn subscript(&mut self, index: &Expr) -> Result<Expression> {
        let index = self.expression(index)?;
        let at = index.position;
        let int4 = TypeRef::plain(oids::INT4);
        let bound = self.resolver.coerce(index, int4, CastContext::Assignment, Form::ImplicitCast);
        bound
            .map_err(|error| self.at(error, at))?
            .ok_or_else(|| self.fail(QueryError::DatatypeMismatch("array subscript must have type integer".into()), at))
    }

    /// `(row).*` and `t.*` in a select list: every field is a column.
    pub(super) fn row_columns(&mut self, expr: &Expr, clause: Clause, targets: &mut Vec<Target>) -> Result<()> {
        for (name, expression) in self.row_items(expr, clause)? {
            let target = self.target(name, expression)?;
            targets.push(target);
        }
        Ok(())
    }

    /// The fields that `(row).*` or `t.*` stands for, by name.
    fn row_items(&mut self, expr: &Expr, clause: Clause) -> Result<Vec<(String, Expression)>> {
        let row = match expr {
            Expr::CompoundFieldAccess { root, access_chain } => {
                let chain = access_chain.split_last().map_or(&[][..], |(_, chain)| chain);
                self.within(clause, |this| this.access(root, chain))?
            }
            Expr::CompoundIdentifier(idents) => {
                self.whole_row_named(idents.split_last().map_or(&[][..], |(_, idents)| idents))?
            }
            other => self.expression_in(other, clause)?,
        };
        let Some(fields) = self.fields(&row) else {
            let oid = row.data_type.oid;
            if self.is_row(oid) {
                return Err(self.fail(refuse::not_supported("all fields of this row"), row.position));
            }
            let message = format!("type {} is not composite", self.type_name(oid));
            return Err(QueryError::WrongObject(message).into());
        };
        if row.mentions(|part, _| matches!(part.kind, Kind::Function { .. }) && self.returns_set(part)) {
            return Err(self.fail(refuse::not_supported("all fields of the rows of a function"), row.position));
        }
        let items = fields.into_iter().enumerate();
        Ok(items.map(|(index, (name, data_type))| (name, field(row.clone(), index, data_type))).collect())
    }

    fn returns_set(&self, expression: &Expression) -> bool {
        let Kind::Function { function, .. } = &expression.kind else { return false };
        self.context.facts.function(*function).is_some_and(|fact| fact.returns_set)
    }

    /// The fields of `(a, t.*)`, in which all columns of `t` stand beside each other.
    pub(super) fn row_expressions(&mut self, exprs: &[Expr]) -> Result<Vec<Expression>> {
        let clause = self.clause();
        let mut values = Vec::with_capacity(exprs.len());
        for expr in exprs {
            match expr {
                Expr::QualifiedWildcard(name, _) => {
                    let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                    let row = self.whole_row_named(&idents)?;
                    let fields = self.fields(&row).unwrap_or_default().into_iter().enumerate();
                    values.extend(fields.map(|(index, (_, data_type))| field(row.clone(), index, data_type)));
                }
                other if all_fields(other).is_some() => {
                    values.extend(self.row_items(other, clause)?.into_iter().map(|(_, value)| value));
                }
                other => values.push(self.expression(other)?),
            }
        }
        Ok(values)
    }

    /// `ROW(…)::t`: field by field.
    pub(super) fn row_as(&mut self, row: Expression, target: TypeRef, at: Option<Position>) -> Result<Expression> {
        let wanted = table_columns(&self.context.environment.catalog, target.oid).unwrap_or_default();
        let position = row.position;
        let Kind::Row(values) = row.kind else {
            return Err(self.fail(refuse::not_supported("a conversion to a composite type"), at));
        };
        if values.len() != wanted.len() {
            let name = self.type_name(target.oid);
            let error = Error::from(QueryError::CannotCast { from: "record".into(), to: name });
            let many = if values.len() < wanted.len() { "few" } else { "many" };
            return Err(self.at(error.detail(format!("Input has too {many} columns.")), at));
        }
        let mut fields = Vec::with_capacity(values.len());
        for (value, (_, data_type)) in values.into_iter().zip(wanted) {
            let own = value.position;
            fields.push(self.cast(value, data_type, own)?);
        }
        Ok(expression_of(Kind::Row(fields), target.oid, position))
    }

    /// The type of rows of the table that a type name means.
    pub(super) fn row_type_named(&self, idents: &[&Ident]) -> Option<TypeRef> {
        let environment = self.context.environment;
        let (schema, name) = match idents {
            [name] => (None, folded(name)),
            [schema, name] => (Some(folded(schema)), folded(name)),
            _ => return None,
        };
        let table = environment.catalog.resolve_table(&environment.search_path, schema.as_deref(), &name)?;
        Some(TypeRef::plain(row_type(table.id)))
    }
}

/// A field of a value: of `ROW(…)` and of whole rows directly what it is made of.
fn field(value: Expression, index: usize, data_type: TypeRef) -> Expression {
    let position = value.position;
    match value.kind {
        Kind::WholeRow { levels_up, relation } => {
            let column = crate::query::bind::tree::Column { levels_up, relation, column: index };
            Expression { kind: Kind::Column(column), data_type, position }
        }
        Kind::Row(mut fields) if index < fields.len() => {
            let found = fields.swap_remove(index);
            Expression { position: found.position.or(position), ..found }
        }
        kind => {
            let argument = Box::new(Expression { kind, ..value });
            Expression { kind: Kind::Field { argument, index }, data_type, position }
        }
    }
}

fn table_columns(catalog: &TenantCatalog, oid: Oid) -> Option<Fields> {
    let table = catalog.table_by_id(TableId(table_of_row_type(oid)?))?;
    let columns = table.columns.iter();
    Some(columns.map(|column| (column.name.clone(), super::relations::type_ref(&column.data_type))).collect())
}

/// Deepest search for the fields of a row: through columns of subqueries to what computes them.
const DEPTH: usize = 100;

fn fields_of(
    catalog: &TenantCatalog,
    facts: &Facts,
    expression: &Expression,
    scopes: &[Scope<'_>],
    depth: usize,
) -> Option<Fields> {
    if depth > DEPTH {
        return None;
    }
    if let Some(columns) = table_columns(catalog, expression.data_type.oid) {
        return Some(columns);
    }
    let again = |expression: &Expression| fields_of(catalog, facts, expression, scopes, depth + 1);
    match &expression.kind {
        Kind::Row(values) => {
            let fields = values.iter().enumerate();
            Some(fields.map(|(index, value)| (format!("f{}", index + 1), value.data_type)).collect())
        }
        Kind::WholeRow { levels_up, relation } => {
            let scope = scopes.len().checked_sub(1 + levels_up).and_then(|index| scopes.get(index))?;
            scope.relations.get(*relation).map(|relation| relation.columns.clone())
        }
        Kind::Function { function, .. } => {
            let fact = facts.function(*function)?;
            let several = fact.outputs.len() > 1;
            several.then(|| fact.outputs.iter().map(|(name, oid)| (name.clone(), TypeRef::plain(*oid))).collect())
        }
        Kind::Coalesce(values) => values.first().and_then(again),
        Kind::Case(case) => case.otherwise.as_deref().and_then(again).or_else(|| again(&case.branches.first()?.1)),
        Kind::Subquery(subquery) if subquery.kind == SubqueryKind::Scalar => {
            let mut inner = scopes.to_vec();
            inner.push(Scope::of_query(&subquery.query));
            let target = subquery.query.targets.iter().find(|target| !target.hidden)?;
            fields_of(catalog, facts, &target.expression, &inner, depth + 1)
        }
        Kind::Column(column) if expression.data_type.oid == oids::RECORD => {
            let level = scopes.len().checked_sub(1 + column.levels_up)?;
            let outside = scopes.get(..=level)?;
            let relation = outside.last()?.relations.get(column.relation)?;
            column_fields(catalog, facts, relation, column.column, outside, depth + 1)
        }
        _ => None,
    }
}

/// The fields of a column of a relation in the innermost of `scopes`.
fn column_fields(
    catalog: &TenantCatalog,
    facts: &Facts,
    relation: &Relation,
    column: usize,
    scopes: &[Scope<'_>],
    depth: usize,
) -> Option<Fields> {
    let of_query = |query: &Query, scopes: &[Scope<'_>]| {
        let mut inner = scopes.to_vec();
        inner.push(Scope::of_query(query));
        if let QueryBody::SetOperation(operation) = &query.body {
            let mut left = inner.clone();
            left.push(Scope::of_query(&operation.left));
            let target = operation.left.targets.iter().filter(|target| !target.hidden).nth(column)?;
            return fields_of(catalog, facts, &target.expression, &left, depth + 1);
        }
        if let QueryBody::Values(rows) = &query.body {
            return fields_of(catalog, facts, rows.first()?.get(column)?, &inner, depth + 1);
        }
        let target = query.targets.iter().filter(|target| !target.hidden).nth(column)?;
        fields_of(catalog, facts, &target.expression, &inner, depth + 1)
    };
    match &relation.kind {
        RelationKind::Subquery(query) => of_query(query, scopes),
        RelationKind::Cte { levels_up, cte } => {
            let level = scopes.len().checked_sub(1 + levels_up)?;
            let outside = scopes.get(..=level)?;
            let definition = (*outside.last()?.ctes.get(*cte)?)?;
            of_query(&definition.query, outside)
        }
        RelationKind::Join { columns } => fields_of(catalog, facts, columns.get(column)?, scopes, depth + 1),
        RelationKind::Values(rows) => fields_of(catalog, facts, rows.first()?.get(column)?, scopes, depth + 1),
        _ => None,
    }
}
