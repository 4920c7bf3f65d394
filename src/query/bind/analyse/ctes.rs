//! WITH, also WITH RECURSIVE.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Cte as AstCte, CteAsMaterialized, ObjectName, Query as AstQuery, SetExpr, SetOperator as AstOperator,
    SetQuantifier, Visit, Visitor, With,
};

use super::queries::{Clauses, common_typmod, targets_of};
use super::scope::{KnownCte, Level, Origin, Term};
use super::set_operations::outputs;
use super::{Analyser, refuse};
use crate::error::{Error, QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::tree::{
    Cte, Expression, Kind, Limit, Materialized, Position, Query, QueryBody, Relation, RelationKind, SetOperation,
    SetOperator, TypeRef,
};

impl Analyser<'_> {
    /// The WITH queries of the current query.
    pub(super) fn with(&mut self, with: &With) -> Result<()> {
        let names: Vec<String> = with.cte_tables.iter().map(|cte| folded(&cte.alias.name)).collect();
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                let message = format!("WITH query name \"{name}\" specified more than once");
                let at = Some(with.cte_tables[index].alias.name.span.start);
                return Err(self.fail(QueryError::DuplicateName(message), at));
            }
        }
        self.level()?.later_ctes = names.clone();
        for (index, (cte, name)) in with.cte_tables.iter().zip(&names).enumerate() {
            if cte.from.is_some() {
                return Err(refuse::not_supported("WITH of another database"));
            }
            if with.recursive {
                if names[index + 1..].iter().any(|later| mentions(&cte.query, later)) {
                    return Err(refuse::not_supported("WITH RECURSIVE that mentions a later WITH query"));
                }
                if mentions(&cte.query, name) {
                    self.recursive_cte(cte, name)?;
                    self.level()?.later_ctes.retain(|later| later != name);
                    continue;
                }
            }
            let query = self.query(&cte.query)?;
            let origins = query.targets.iter().filter(|target| !target.hidden).map(|target| target.origin).collect();
            let columns = outputs(&query).into_iter().map(|(name, expression)| (name, expression.data_type)).collect();
            let columns = self.cte_columns(cte, name, columns)?;
            self.add_cte(cte, name, columns, origins, query, false)?;
            self.level()?.later_ctes.retain(|later| later != name);
        }
        Ok(())
    }

    fn add_cte(
        &mut self,
        cte: &AstCte,
        name: &str,
        columns: Vec<(String, TypeRef)>,
        origins: Vec<Origin>,
        query: Query,
        recursive: bool,
    ) -> Result<()> {
        let materialized = match cte.materialized {
            None => Materialized::Default,
            Some(CteAsMaterialized::Materialized) => Materialized::Always,
            Some(CteAsMaterialized::NotMaterialized) => Materialized::Never,
        };
        let bound = Cte { name: name.to_owned(), columns: columns.clone(), query, recursive, materialized };
        let known = KnownCte { name: name.to_owned(), columns, origins, bound: Some(bound), self_references: 0 };
        self.level()?.ctes.push(known);
        Ok(())
    }

    /// The names that the alias gives to the columns.
    fn cte_columns(
        &self,
        cte: &AstCte,
        name: &str,
        mut columns: Vec<(String, TypeRef)>,
    ) -> Result<Vec<(String, TypeRef)>> {
        let given = cte.alias.columns.len();
        if given > columns.len() {
            let available = columns.len();
            let message =
                format!("WITH query \"{name}\" has {available} columns available but {given} columns specified");
            let at = Some(cte.alias.name.span.start);
            return Err(self.fail(QueryError::InvalidColumnReference(message), at));
        }
        for (column, new) in columns.iter_mut().zip(&cte.alias.columns) {
            column.0 = folded(&new.name);
        }
        Ok(columns)
    }

    /// `name AS (start UNION [ALL] step)`, where the step reads `name`.
    fn recursive_cte(&mut self, cte: &AstCte, name: &str) -> Result<()> {
        let at = Some(cte.alias.name.span.start);
        let clauses = Clauses::of(self, &cte.query)?;
        let SetExpr::SetOperation { left, op: AstOperator::Union, set_quantifier, right } = clauses.body else {
            let message = format!(
                "recursive query \"{name}\" does not have the form non-recursive-term UNION [ALL] recursive-term"
            );
            return Err(self.fail(QueryError::InvalidRecursion(message), at));
        };
        let all = match set_quantifier {
            SetQuantifier::All => true,
            SetQuantifier::None | SetQuantifier::Distinct => false,
            other => return Err(refuse::not_supported(format!("UNION {other}"))),
        };
        if !clauses.is_plain() {
            let what = clauses.first_beyond();
            let message = format!("{what} in a recursive query is not implemented");
            return Err(self.fail(QueryError::NotSupported(message), at));
        }
        // The query's own scope, one deeper than that of the WITH; its two terms are one deeper still.
        let index = self.level()?.ctes.len();
        let pending = KnownCte {
            name: name.to_owned(),
            columns: Vec::new(),
            origins: Vec::new(),
            bound: None,
            self_references: 0,
        };
        self.level()?.ctes.push(pending);
        self.levels.push(Level::default());
        let bound = self.deeper(|this| {
            if let Some(with) = clauses.with {
                this.level()?.in_expression = true;
                this.with(with)?;
                this.level()?.in_expression = false;
            }
            this.recursion(cte, name, index, all, left, right)
        });
        let level = self.levels.pop().unwrap_or_default();
        let (columns, mut query) = bound?;
        query.ctes = level.ctes.into_iter().filter_map(|cte| cte.bound).collect();
        query.relations = level.relations;
        self.level()?.ctes.truncate(index);
        self.add_cte(cte, name, columns, Vec::new(), query, true)
    }

    fn recursion(
        &mut self,
        cte: &AstCte,
        name: &str,
        index: usize,
        all: bool,
        left: &SetExpr,
        right: &SetExpr,
    ) -> Result<(Vec<(String, TypeRef)>, Query)> {
        let mut start = self.side_query(left, Term::Start)?;
        for target in start.targets.iter_mut().filter(|target| !target.hidden) {
            self.settle_target(target)?;
        }
        let own: Vec<(String, Expression)> = outputs(&start);
        let types: Vec<(String, TypeRef)> =
            own.iter().map(|(name, expression)| (name.clone(), expression.data_type)).collect();
        let columns = self.cte_columns(cte, name, types)?;
        let owner = self.levels.len().checked_sub(2).and_then(|level| self.levels.get_mut(level));
        if let Some(known) = owner.and_then(|level| level.ctes.get_mut(index)) {
            known.columns = columns.clone();
        }
        let step = self.side_query(right, Term::Step)?;
        let others = outputs(&step);
        if own.len() == others.len() {
            for (number, ((_, one), (_, other))) in own.iter().zip(&others).enumerate() {
                let pair = [one.clone(), other.clone()];
                let oid = self.common_type(&pair, "UNION")?;
                let data_type = TypeRef { oid, typmod: common_typmod(&pair, oid) };
                if data_type != one.data_type {
                    let message = format!(
                        "recursive query \"{name}\" column {} has type {} in non-recursive term but type {} overall",
                        number + 1,
                        self.shown_type(one.data_type),
                        self.shown_type(data_type)
                    );
                    let error = Error::from(QueryError::DatatypeMismatch(message))
                        .hint("Cast the output of the non-recursive term to the correct type.");
                    return Err(self.at(error, one.position));
                }
            }
        }
        let (_, left, right) = self.unified("UNION", SetOperator::Union, all, start, step)?;
        let operation =
            SetOperation { operator: SetOperator::Union, all, left: Box::new(left), right: Box::new(right) };
        let relation = Relation { kind: RelationKind::Result, alias: None, columns: columns.clone(), lateral: false };
        self.level()?.add(relation, Vec::new());
        let query = Query {
            ctes: Vec::new(),
            relations: Vec::new(),
            body: QueryBody::SetOperation(operation),
            targets: targets_of(&columns),
            order_by: Vec::new(),
            limit: Limit::default(),
        };
        Ok((columns, query))
    }

    fn shown_type(&self, data_type: TypeRef) -> String {
        match crate::catalog::types::PgType::from_oid(data_type.oid, data_type.typmod) {
            Some(known) => known.format(),
            None => self.type_name(data_type.oid),
        }
    }

    /// The WITH query of a name, as a relation.
    #[allow(clippy::type_complexity, reason = "it is what a relation in FROM consists of")]
    pub(super) fn cte_named(
        &mut self,
        name: &str,
        at: Option<Position>,
    ) -> Result<Option<(Relation, Vec<Origin>, Option<String>)>> {
        for levels_up in 0..self.levels.len() {
            let index = self.levels.len() - 1 - levels_up;
            let Some(cte) = self.levels[index].ctes.iter().position(|cte| cte.name == name) else { continue };
            if self.levels[index].ctes[cte].bound.is_none() {
                self.check_recursion(name, index, at)?;
                let known = &mut self.levels[index].ctes[cte];
                known.self_references += 1;
                if known.self_references > 1 {
                    let message = format!("recursive reference to query \"{name}\" must not appear more than once");
                    return Err(self.fail(QueryError::InvalidRecursion(message), at));
                }
            }
            let known = &self.levels[index].ctes[cte];
            let relation = Relation {
                kind: RelationKind::Cte { levels_up, cte },
                alias: Some(name.to_owned()),
                columns: known.columns.clone(),
                lateral: false,
            };
            return Ok(Some((relation, known.origins.clone(), None)));
        }
        Ok(None)
    }

    /// Fails for aggregates over the rows of a recursive query in its own recursive term.
    pub(super) fn check_recursive_term(&self, query: &Query) -> Result<()> {
        let depth = self.levels.len();
        let is_own = |relation: &Relation| match relation.kind {
            RelationKind::Cte { levels_up, cte } => {
                let owner = depth.checked_sub(levels_up + 1).and_then(|index| self.levels.get(index));
                owner.and_then(|level| level.ctes.get(cte)).is_some_and(|cte| cte.bound.is_none())
            }
            _ => false,
        };
        if !self.levels.last().is_some_and(|level| level.relations.iter().any(is_own)) {
            return Ok(());
        }
        let mut at = None;
        query.walk(0, &mut |part, depth| {
            if matches!(&part.kind, Kind::Aggregate(aggregate) if aggregate.levels_up == depth) {
                at = at.or(part.position);
            }
            at.is_none()
        });
        let message = "aggregate functions are not allowed in a recursive query's recursive term";
        Err(self.fail(QueryError::InvalidRecursion(message.into()), at))
    }

    /// Where a recursive query may not read itself. `owner` is the level of the WITH.
    fn check_recursion(&self, name: &str, owner: usize, at: Option<Position>) -> Result<()> {
        let inside = self.levels.get(owner + 1..).unwrap_or_default();
        let place = inside.iter().find_map(|level| match level.term {
            Term::Start => Some("its non-recursive term"),
            Term::Intersect => Some("INTERSECT"),
            Term::Except => Some("EXCEPT"),
            Term::Plain | Term::Step if level.in_expression => Some("a subquery"),
            Term::Plain | Term::Step if level.outer => Some("an outer join"),
            Term::Plain | Term::Step => None,
        });
        match place {
            None => Ok(()),
            Some(place) => {
                let message = format!("recursive reference to query \"{name}\" must not appear within {place}");
                Err(self.fail(QueryError::InvalidRecursion(message), at))
            }
        }
    }
}

/// Does a query mention a relation of this name, without a schema?
fn mentions(query: &AstQuery, name: &str) -> bool {
    struct Finder<'n>(&'n str);
    impl Visitor for Finder<'_> {
        type Break = ();

        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            match relation.0.as_slice() {
                [only] if only.as_ident().is_some_and(|ident| folded(ident) == self.0) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    query.visit(&mut Finder(name)).is_break()
}
