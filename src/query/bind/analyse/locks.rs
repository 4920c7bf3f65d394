//! `FOR UPDATE` and its siblings: what they cannot be applied to. Locking itself is refused.

use datafusion::sql::sqlparser::ast::{Ident, LockClause};

use super::scope::Level;
use super::{Analyser, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::names::folded;
use crate::query::bind::tree::{Distinct, Kind, Query, QueryBody, RelationKind};
use crate::query::marks;

impl Analyser<'_> {
    /// Refuses the locking clauses of a finished query, as PostgreSQL does where it refuses them too.
    pub(super) fn check_locks(&self, locks: &[LockClause], query: &Query) -> Result<()> {
        let Some(first) = locks.first() else { return Ok(()) };
        let unsupported = |message: String| QueryError::NotSupported(message);
        let strength = strength(first);
        let with = match &query.body {
            QueryBody::SetOperation(_) => Some("UNION/INTERSECT/EXCEPT"),
            QueryBody::Values(_) => {
                return Err(unsupported(format!("{strength} cannot be applied to VALUES")).into());
            }
            QueryBody::Select { grouping, having, windows, distinct, .. } => match (distinct, grouping) {
                (Some(Distinct::All | Distinct::On(_)), _) => Some("DISTINCT clause"),
                (None, Some(grouping)) if !grouping.expressions.is_empty() => Some("GROUP BY clause"),
                _ if having.is_some() => Some("HAVING clause"),
                (None, Some(_)) => Some("aggregate functions"),
                _ if !windows.is_empty() && self.has_window_calls(query) => Some("window functions"),
                _ if self.has_sets(query) => Some("set-returning functions in the target list"),
                _ => None,
            },
        };
        if let Some(with) = with {
            return Err(unsupported(format!("{strength} is not allowed with {with}")).into());
        }
        for lock in locks {
            let strength = self::strength(lock);
            for ident in names(lock) {
                self.check_locked(ident, &strength)?;
            }
        }
        Err(refuse::not_supported(strength))
    }

    /// Can the relation that a locking clause names be locked?
    fn check_locked(&self, ident: &Ident, strength: &str) -> Result<()> {
        let name = folded(ident);
        let at = Some(ident.span.start);
        let level: Option<&Level> = self.levels.last();
        let found = level
            .and_then(|level| level.relations.iter().find(|relation| relation.alias.as_deref() == Some(name.as_str())));
        let Some(relation) = found else {
            let message = format!("relation \"{name}\" in {strength} clause not found in FROM clause");
            return Err(self.fail(QueryError::UnknownLocked(message), at));
        };
        let what = match &relation.kind {
            RelationKind::Join { .. } => "a join",
            RelationKind::Functions { .. } => "a function",
            RelationKind::Values(_) => "VALUES",
            RelationKind::Cte { .. } => "a WITH query",
            _ => return Ok(()),
        };
        Err(self.fail(QueryError::NotSupported(format!("{strength} cannot be applied to {what}")), at))
    }

    fn has_window_calls(&self, query: &Query) -> bool {
        let is_window = |part: &crate::query::bind::tree::Expression, depth: usize| {
            depth == 0 && matches!(part.kind, Kind::Window(_))
        };
        query.targets.iter().any(|target| target.expression.mentions(is_window))
    }

    fn has_sets(&self, query: &Query) -> bool {
        let is_set = |part: &crate::query::bind::tree::Expression, depth: usize| {
            depth == 0
                && matches!(&part.kind, Kind::Function { function, .. }
                    if self.context.facts.function(*function).is_some_and(|fact| fact.returns_set))
        };
        query.targets.iter().any(|target| target.expression.mentions(is_set))
    }
}

/// `FOR UPDATE`, `FOR NO KEY UPDATE`, ….
fn strength(lock: &LockClause) -> String {
    let mark = lock.of.as_ref().and_then(|of| of.0.first()).and_then(|part| part.as_ident());
    match mark.and_then(|mark| marks::behind(mark, marks::LOCK)) {
        Some(strength) => format!("FOR {strength}"),
        None => format!("FOR {}", lock.lock_type),
    }
}

/// The relations that a clause names.
fn names(lock: &LockClause) -> impl Iterator<Item = &Ident> {
    let parts = lock.of.iter().flat_map(|of| &of.0).filter_map(|part| part.as_ident());
    parts.filter(|ident| marks::behind(ident, marks::LOCK).is_none())
}
