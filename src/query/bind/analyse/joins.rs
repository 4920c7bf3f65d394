//! Joins: their conditions, and the columns that USING and NATURAL merge.

use datafusion::sql::sqlparser::ast::{
    Ident, JoinConstraint, JoinOperator, ObjectName, Spanned, TableAlias, TableFactor, TableWithJoins,
};

use super::clause::Clause;
use super::from::{Source, set_lateral};
use super::scope::{Item, ItemColumn};
use super::{Analyser, expression_of, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::tree::{Column, Expression, Join, JoinKind, Kind, Logic, Relation, RelationKind, TypeRef};
use crate::query::marks;

impl Analyser<'_> {
    /// A relation and all that is joined to it.
    pub(super) fn table_with_joins(&mut self, table: &TableWithJoins) -> Result<Source> {
        // The left side of an outer join is known as such only behind it.
        let outer_left = table.joins.iter().any(|join| {
            matches!(
                join.join_operator,
                JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_)
            )
        });
        let before = self.level()?.outer;
        self.level()?.outer |= outer_left;
        let first = self.factor(&table.relation);
        self.level()?.outer = before;
        let mut source = first?;
        for join in &table.joins {
            let (kind, constraint) = match &join.join_operator {
                JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => {
                    if matches!(constraint, JoinConstraint::None) {
                        return Err(self.unconditional(&join.relation));
                    }
                    (JoinKind::Inner, constraint)
                }
                JoinOperator::CrossJoin(constraint) => (JoinKind::Inner, constraint),
                JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (JoinKind::Left, constraint),
                JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => (JoinKind::Right, constraint),
                JoinOperator::FullOuter(constraint) => (JoinKind::Full, constraint),
                other => return Err(refuse::not_supported(format!("{other:?} in FROM"))),
            };
            if kind != JoinKind::Inner && matches!(constraint, JoinConstraint::None) || join.global {
                return Err(self.unconditional(&join.relation));
            }
            // The right side may use the left one if it is LATERAL and the join keeps every row of the left.
            let lateral_ok = matches!(kind, JoinKind::Inner | JoinKind::Left);
            let mut left_items = source.items.clone();
            set_lateral(&mut left_items, true, lateral_ok);
            let level = self.level()?;
            let length = level.namespace.len();
            level.namespace.extend(left_items);
            let before = level.outer;
            level.outer |= matches!(kind, JoinKind::Left | JoinKind::Full) || outer_left;
            let right = self.factor(&join.relation);
            let level = self.level()?;
            level.outer = before;
            level.namespace.truncate(length);
            let right = right?;
            self.check_conflicts(&source.items, &right.items)?;
            source = self.join(kind, constraint, source, right)?;
        }
        Ok(source)
    }

    /// A join that ends where its condition belongs.
    fn unconditional(&self, right: &TableFactor) -> crate::error::Error {
        let end = Some(right.span().end);
        self.places.error_behind(super::places::known(end)).map_or_else(
            || refuse::not_supported("a join without a condition"),
            |(text, at)| match (text, at) {
                (Some(text), at) => {
                    self.fail(QueryError::Syntax(format!("syntax error at or near \"{text}\"")), Some(at))
                }
                (None, at) => self.fail(QueryError::Syntax("syntax error at end of input".into()), Some(at)),
            },
        )
    }

    fn join(&mut self, kind: JoinKind, constraint: &JoinConstraint, left: Source, right: Source) -> Result<Source> {
        let merged = match constraint {
            JoinConstraint::On(condition) => {
                let mut items: Vec<Item> = left.items.iter().chain(&right.items).cloned().collect();
                set_lateral(&mut items, false, true);
                let outside = std::mem::replace(&mut self.level()?.namespace, items);
                let bound = self.expression_in(condition, Clause::JoinOn);
                let items = std::mem::replace(&mut self.level()?.namespace, outside);
                let condition = Some(self.boolean(bound?, Clause::JoinOn.name())?);
                let join = tree(kind, left.join, right.join, condition, None);
                return Ok(Source { join, items });
            }
            JoinConstraint::None => {
                let join = tree(kind, left.join, right.join, None, None);
                return Ok(Source { join, items: left.items.into_iter().chain(right.items).collect() });
            }
            JoinConstraint::Natural => {
                let others = visible(&right.items);
                visible(&left.items)
                    .iter()
                    .map(|column| column.name.clone())
                    .filter(|name| others.iter().any(|other| other.name == *name))
                    .collect()
            }
            JoinConstraint::Using(names) => {
                let (alias, names) = match names.split_last() {
                    Some((last, rest)) => match last.0.as_slice() {
                        [mark, alias] if mark.as_ident().is_some_and(|mark| marks::is(mark, marks::JOIN_ALIAS)) => {
                            (alias.as_ident(), rest)
                        }
                        _ => (None, names.as_slice()),
                    },
                    None => (None, names.as_slice()),
                };
                let names = self.using(names)?;
                let count = names.len();
                let mut source = self.merge(kind, names, left, right)?;
                if let Some(alias) = alias {
                    self.name_merged(&mut source, count, folded(alias))?;
                }
                return Ok(source);
            }
        };
        self.merge(kind, merged, left, right)
    }

    /// `USING (a, b) AS alias`: the alias has the merged columns and no others.
    fn name_merged(&mut self, source: &mut Source, count: usize, alias: String) -> Result<()> {
        let Some(merged) = source.items.last() else { return Ok(()) };
        let columns: Vec<ItemColumn> = merged.columns.iter().take(count).cloned().collect();
        let relation = merged.relation;
        let item = Item {
            relation,
            name: Some(alias),
            schema: None,
            columns,
            table_visible: true,
            columns_visible: false,
            lateral_only: false,
            lateral_ok: true,
        };
        self.check_conflicts(&source.items, std::slice::from_ref(&item))?;
        source.items.push(item);
        Ok(())
    }

    fn using(&self, names: &[ObjectName]) -> Result<Vec<String>> {
        let mut merged = Vec::with_capacity(names.len());
        for name in names {
            let idents: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
            let [ident] = idents.as_slice() else { return Err(refuse::not_supported("USING of this form")) };
            let name = folded(ident);
            if merged.contains(&name) {
                let message = format!("column name \"{name}\" appears more than once in USING clause");
                return Err(QueryError::DuplicateColumnName(message).into());
            }
            merged.push(name);
        }
        Ok(merged)
    }

    /// One column on one side of USING.
    fn side(columns: &[ItemColumn], name: &str, side: &str) -> Result<Expression> {
        let mut found = columns.iter().filter(|column| column.name == name);
        match (found.next(), found.next()) {
            (Some(column), None) => {
                Ok(Expression { kind: Kind::Column(column.column), data_type: column.data_type, position: None })
            }
            (Some(_), Some(_)) => {
                let message = format!("common column name \"{name}\" appears more than once in {side} table");
                Err(QueryError::AmbiguousTarget(message).into())
            }
            (None, _) => {
                let message = format!("column \"{name}\" specified in USING clause does not exist in {side} table");
                Err(QueryError::UndefinedUsing(message).into())
            }
        }
    }

    fn merge(&mut self, kind: JoinKind, names: Vec<String>, left: Source, right: Source) -> Result<Source> {
        let (left_columns, right_columns) = (visible(&left.items), visible(&right.items));
        let index = self.level()?.relations.len();
        let mut tests = Vec::with_capacity(names.len());
        let mut columns: Vec<(String, Expression)> = Vec::new();
        for name in &names {
            let one = Self::side(&left_columns, name, "left")?;
            let other = Self::side(&right_columns, name, "right")?;
            let test = self.operator("=", Some(one.clone()), other.clone(), None)?;
            tests.push(self.boolean(test, "JOIN/USING")?);
            columns.push((name.clone(), self.merged(kind, one, other)?));
        }
        let rest = left_columns.iter().chain(&right_columns).filter(|column| !names.contains(&column.name));
        columns.extend(rest.map(|column| {
            let kind = Kind::Column(column.column);
            (column.name.clone(), Expression { kind, data_type: column.data_type, position: None })
        }));
        let condition = match tests.len() {
            0 | 1 => tests.pop(),
            _ => Some(self.logic(Logic::And, tests)?),
        };
        let relation = Relation {
            columns: columns.iter().map(|(name, column)| (name.clone(), column.data_type)).collect(),
            kind: RelationKind::Join { columns: columns.iter().map(|(_, column)| column.clone()).collect() },
            alias: None,
            lateral: false,
        };
        self.level()?.add(relation, Vec::new());
        let item = join_item(index, None, &columns);
        let mut items: Vec<Item> = left.items.into_iter().chain(right.items).collect();
        // Their columns are named through the join now, unless they are qualified.
        items.iter_mut().for_each(|item| item.columns_visible = false);
        items.push(item);
        Ok(Source { join: tree(kind, left.join, right.join, condition, Some(index)), items })
    }

    /// What the column that two columns merge into is.
    fn merged(&self, kind: JoinKind, left: Expression, right: Expression) -> Result<Expression> {
        const CONTEXT: &str = "JOIN/USING";
        let pair = [left, right];
        let oid = self.common_type(&pair, CONTEXT)?;
        let typmod = super::queries::common_typmod(&pair, oid);
        let [left, right] = pair;
        let data_type = TypeRef { oid, typmod };
        let convert = |side: Expression| -> Result<Expression> {
            if side.data_type.oid == oid { Ok(side) } else { self.to_common(side, oid, CONTEXT) }
        };
        let (left, right) = (convert(left)?, convert(right)?);
        Ok(match kind {
            JoinKind::Inner if !matches!(left.kind, Kind::Column(_)) && matches!(right.kind, Kind::Column(_)) => right,
            JoinKind::Inner | JoinKind::Left => left,
            JoinKind::Right => right,
            JoinKind::Full => Expression { data_type, ..expression_of(Kind::Coalesce(vec![left, right]), oid, None) },
        })
    }

    /// `(a JOIN b …) AS alias`: hides the names of what is joined.
    pub(super) fn aliased_join(&mut self, source: Source, alias: &TableAlias) -> Result<Source> {
        let Join::Join { kind, left, right, condition, relation: named } = source.join else {
            return Err(refuse::not_supported("an alias for a single relation in parentheses"));
        };
        let columns: Vec<(String, Expression)> = visible(&source.items)
            .into_iter()
            .map(|column| {
                let kind = Kind::Column(column.column);
                (column.name, Expression { kind, data_type: column.data_type, position: None })
            })
            .collect();
        let name = folded(&alias.name);
        if alias.columns.len() > columns.len() {
            let message = format!("column alias list for \"{name}\" has too many entries");
            return Err(QueryError::Syntax(message).into());
        }
        let index = self.level()?.relations.len();
        let mut relation = Relation {
            columns: columns.iter().map(|(name, column)| (name.clone(), column.data_type)).collect(),
            kind: RelationKind::Join { columns: columns.iter().map(|(_, column)| column.clone()).collect() },
            alias: None,
            lateral: false,
        };
        self.rename(&mut relation, Some(alias), "table")?;
        let renamed: Vec<(String, Expression)> =
            relation.columns.iter().zip(columns).map(|((name, _), (_, column))| (name.clone(), column)).collect();
        self.level()?.add(relation, Vec::new());
        let mut item = join_item(index, Some(name), &renamed);
        // A merged column of the join below is a column of that join.
        item.table_visible = true;
        let join = Join::Join { kind, left, right, condition, relation: named.or(Some(index)) };
        Ok(Source { join, items: vec![item] })
    }
}

/// The names of a join: each column is directly the input's if it is unchanged.
fn join_item(index: usize, name: Option<String>, columns: &[(String, Expression)]) -> Item {
    let columns = columns.iter().enumerate().map(|(number, (name, expression))| ItemColumn {
        name: name.clone(),
        data_type: expression.data_type,
        column: match &expression.kind {
            Kind::Column(column) => *column,
            _ => Column::here(index, number),
        },
    });
    Item {
        relation: index,
        table_visible: name.is_some(),
        name,
        schema: None,
        columns: columns.collect(),
        columns_visible: true,
        lateral_only: false,
        lateral_ok: true,
    }
}

/// The columns that can be named without a qualifier.
fn visible(items: &[Item]) -> Vec<ItemColumn> {
    items.iter().filter(|item| item.columns_visible).flat_map(|item| item.columns.iter().cloned()).collect()
}

fn tree(kind: JoinKind, left: Join, right: Join, condition: Option<Expression>, relation: Option<usize>) -> Join {
    Join::Join { kind, left: Box::new(left), right: Box::new(right), condition, relation }
}
