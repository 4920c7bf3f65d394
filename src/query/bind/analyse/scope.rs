//! What names mean inside one query: its relations, which of them can be seen, and its WITH queries.

use datafusion::sql::sqlparser::ast::Ident;

use super::clause::Clause;
use crate::base::ids::Oid;
use crate::query::bind::names::folded;
use crate::query::bind::tree::{Column, Cte, Expression, Kind, Relation, RelationKind, TypeRef, WindowDefinition};

/// OID of the relation and number of the column that a column is, unchanged; zeros for anything else.
pub(super) type Origin = (Oid, i16);

/// One query while it is analysed.
pub(super) struct Level {
    pub(super) relations: Vec<Relation>,
    /// For each relation, where its columns come from; may be shorter than its columns.
    pub(super) origins: Vec<Vec<Origin>>,
    pub(super) namespace: Vec<Item>,
    pub(super) ctes: Vec<KnownCte>,
    /// Names of WITH queries that are not to be seen yet, for a hint.
    pub(super) later_ctes: Vec<String>,
    /// Are relations visible only to LATERAL to be seen now?
    pub(super) lateral: bool,
    pub(super) clause: Clause,
    pub(super) has_aggregates: bool,
    pub(super) windows: Vec<WindowDefinition>,
    /// The arguments of GROUPING, which become indexes once the grouping is known.
    pub(super) grouping_calls: Vec<Vec<Expression>>,
    /// Is it a subquery inside an expression?
    pub(super) in_expression: bool,
    /// Is it inside a side of an outer join that may be missing?
    pub(super) outer: bool,
    /// Where in a recursive WITH query it stands, if it is the term of one or inside a set operation of one.
    pub(super) term: Term,
    /// Is it that of a statement that changes the first of its relations?
    pub(super) modifies: bool,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            relations: Vec::new(),
            origins: Vec::new(),
            namespace: Vec::new(),
            ctes: Vec::new(),
            later_ctes: Vec::new(),
            lateral: false,
            clause: Clause::SelectTarget,
            has_aggregates: false,
            windows: Vec::new(),
            grouping_calls: Vec::new(),
            in_expression: false,
            outer: false,
            term: Term::Plain,
            modifies: false,
        }
    }
}

/// What a query is to a set operation around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Plain,
    /// The non-recursive term of a recursive query.
    Start,
    /// Its recursive term.
    Step,
    /// A side of INTERSECT.
    Intersect,
    /// The right side of EXCEPT.
    Except,
}

/// A WITH query that can be named.
pub(super) struct KnownCte {
    pub(super) name: String,
    pub(super) columns: Vec<(String, TypeRef)>,
    pub(super) origins: Vec<Origin>,
    /// The finished query; `None` while a recursive query reads itself.
    pub(super) bound: Option<Cte>,
    /// How often the query reads itself so far.
    pub(super) self_references: usize,
}

/// Something in FROM that names can mean.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) relation: usize,
    pub(super) name: Option<String>,
    /// The schema, if the relation is named without alias and so may be qualified.
    pub(super) schema: Option<String>,
    pub(super) columns: Vec<ItemColumn>,
    /// May its name qualify columns?
    pub(super) table_visible: bool,
    /// May its columns be named without a qualifier?
    pub(super) columns_visible: bool,
    /// Can it be seen by LATERAL only, because it stands in the same FROM?
    pub(super) lateral_only: bool,
    /// May LATERAL use it? Not on the other side of an outer join.
    pub(super) lateral_ok: bool,
}

/// A column of an [`Item`]: what it is called and what it is, seen from its own query.
#[derive(Clone, Debug)]
pub(super) struct ItemColumn {
    pub(super) name: String,
    pub(super) data_type: TypeRef,
    pub(super) column: Column,
}

impl Item {
    /// A relation whose columns are its own.
    pub(super) fn of_relation(index: usize, relation: &Relation) -> Self {
        let columns = relation.columns.iter().enumerate().map(|(number, (name, data_type))| ItemColumn {
            name: name.clone(),
            data_type: *data_type,
            column: Column::here(index, number),
        });
        Self {
            relation: index,
            name: relation.alias.clone(),
            schema: None,
            columns: columns.collect(),
            table_visible: true,
            columns_visible: true,
            lateral_only: false,
            lateral_ok: true,
        }
    }
}

impl Level {
    /// Adds a relation and answers its index.
    pub(super) fn add(&mut self, relation: Relation, origins: Vec<Origin>) -> usize {
        self.relations.push(relation);
        self.origins.push(origins);
        self.relations.len() - 1
    }

    /// Where a column of this query comes from.
    pub(super) fn origin(&self, expression: &Expression) -> Origin {
        match &expression.kind {
            Kind::Column(Column { levels_up: 0, relation, column }) => {
                if let Some(Relation { kind: RelationKind::Join { columns }, .. }) = self.relations.get(*relation) {
                    return match columns.get(*column) {
                        Some(Expression { kind: Kind::Column(input), .. }) if input.relation != *relation => {
                            self.origins.get(input.relation).and_then(|all| all.get(input.column)).copied()
                        }
                        _ => None,
                    }
                    .unwrap_or_default();
                }
                self.origins.get(*relation).and_then(|all| all.get(*column)).copied().unwrap_or_default()
            }
            _ => (0, 0),
        }
    }
}

/// The parts of a name, folded.
pub(super) fn parts(idents: &[Ident]) -> Vec<String> {
    idents.iter().map(folded).collect()
}
