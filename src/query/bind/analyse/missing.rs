//! What to say of names that are not there, with PostgreSQL's hints.

use super::Analyser;
use crate::error::{Error, QueryError};
use crate::query::bind::tree::{Position, RelationKind};

/// Largest edit distance between a wrong name and one that is suggested.
const FARTHEST: usize = 3;

/// The best suggestions so far.
struct Nearest {
    distance: usize,
    first: Option<(String, String)>,
    second: Option<(String, String)>,
}

impl Analyser<'_> {
    /// 42703 for a column, with the names it may have been meant to be.
    pub(super) fn missing_column(&self, table: Option<&str>, name: &str, at: Option<Position>) -> Error {
        let shown = match table {
            Some(table) => format!("{table}.{name}"),
            None => format!("\"{name}\""),
        };
        let mut error = Error::from(QueryError::UndefinedColumn(shown));
        let mut nearest = Nearest { distance: FARTHEST + 1, first: None, second: None };
        for relation in self.levels.iter().rev().flat_map(|level| &level.relations) {
            if matches!(relation.kind, RelationKind::Join { .. } | RelationKind::Result) {
                continue;
            }
            let alias = relation.alias.as_deref().unwrap_or("unnamed_subquery");
            if relation.columns.iter().any(|(column, _)| column == name) {
                let hint = format!(
                    "There is a column named \"{name}\" in table \"{alias}\", but it cannot be referenced from this \
                     part of the query."
                );
                return self.at(error.hint(hint), at);
            }
            let penalty = table.map_or(0, |table| levenshtein(table, alias));
            for (column, _) in &relation.columns {
                nearest.consider(penalty, alias, column, name);
            }
        }
        error = match (nearest.first, nearest.second) {
            (Some((table, column)), None) => {
                error.hint(format!("Perhaps you meant to reference the column \"{table}.{column}\"."))
            }
            (Some((one, column)), Some((other, second))) => error.hint(format!(
                "Perhaps you meant to reference the column \"{one}.{column}\" or the column \"{other}.{second}\"."
            )),
            _ => error,
        };
        self.at(error, at)
    }

    /// 42P01 for the qualifier of a column.
    pub(super) fn missing_table(&self, schema: Option<&str>, name: &str, at: Option<Position>) -> Error {
        let relations = self.levels.iter().enumerate().rev();
        for (index, relation) in
            relations.flat_map(|(index, level)| level.relations.iter().map(move |own| (index, own)))
        {
            let Some(alias) = relation.alias.as_deref() else { continue };
            let real = match &relation.kind {
                RelationKind::Table { table, .. } => {
                    schema.is_none_or(|schema| schema == table.0.schema) && table.0.name == name
                }
                RelationKind::System { name: real, .. } => real == name,
                RelationKind::Cte { levels_up, cte } => {
                    let owner = index.checked_sub(*levels_up).and_then(|owner| self.levels.get(owner));
                    owner.and_then(|level| level.ctes.get(*cte)).is_some_and(|cte| cte.name == name)
                }
                _ => false,
            };
            if !real && alias != name {
                continue;
            }
            let error = Error::from(QueryError::InvisibleFrom(name.to_owned()));
            let seen = matches!(self.table(None, alias, at), Ok(Some(_)));
            let hint = if alias != name && seen {
                format!("Perhaps you meant to reference the table alias \"{alias}\".")
            } else {
                format!(
                    "There is an entry for table \"{alias}\", but it cannot be referenced from this part of the query."
                )
            };
            return self.at(error.hint(hint), at);
        }
        self.fail(QueryError::MissingFrom(name.to_owned()), at)
    }
}

impl Nearest {
    fn consider(&mut self, penalty: usize, table: &str, actual: &str, wanted: &str) {
        if penalty > self.distance || actual.is_empty() {
            return;
        }
        let distance = levenshtein(actual, wanted);
        // What differs in more than half of its characters is another name.
        if distance > wanted.len() / 2 || distance > self.distance + 1 {
            return;
        }
        let distance = distance + penalty;
        let found = Some((table.to_owned(), actual.to_owned()));
        if distance < self.distance {
            *self = Self { distance, first: found, second: None };
        } else if distance == self.distance {
            if self.second.is_some() {
                // Three equally good names are no help.
                *self = Self { distance: distance.saturating_sub(1), first: None, second: None };
            } else if self.first.is_some() {
                self.second = found;
            } else if self.distance <= FARTHEST {
                self.first = found;
            }
        }
    }
}

/// How many characters must be added, removed or replaced to make one text of the other.
fn levenshtein(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, left) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (place, right) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::levenshtein;

    #[test]
    fn distances() {
        for (one, other, distance) in [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("id", "di", 2)] {
            assert_eq!(levenshtein(one, other), distance);
            assert_eq!(levenshtein(other, one), distance);
        }
    }
}
