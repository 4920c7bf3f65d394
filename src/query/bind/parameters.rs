//! The types of `$1`, `$2`, …
//!
//! PostgreSQL gives a parameter the type that its first use asks for. Here a query is bound twice when a
//! type is missing: the first time every use of an untyped parameter is noted, the second time all
//! parameters have their types from the start. What no use decides is text, as PostgreSQL decides for
//! output columns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use parking_lot::Mutex;

use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};

/// Most parameters of one statement: the protocol counts them in 16 bits.
const MAXIMUM: usize = 65_535;

/// What is known of the parameters of a statement while it is bound. Shared by everything that sees them.
#[derive(Debug, Default)]
pub struct Parameters {
    types: Mutex<BTreeMap<usize, PgType>>,
    /// The highest number that is mentioned.
    count: Mutex<usize>,
    mentioned: Mutex<BTreeSet<usize>>,
    /// The types of casts around parameters and of LIMIT: they count where no operator asks for a type.
    hints: Mutex<BTreeMap<usize, PgType>>,
}

impl Parameters {
    /// What the client declared.
    pub fn declared(types: &[Option<PgType>]) -> Self {
        let known = types.iter().enumerate().filter_map(|(index, data_type)| {
            data_type.clone().filter(|data_type| *data_type != PgType::Unknown).map(|data_type| (index + 1, data_type))
        });
        Self {
            types: Mutex::new(known.collect()),
            count: Mutex::new(types.len()),
            mentioned: Mutex::default(),
            hints: Mutex::default(),
        }
    }

    /// Notes that a parameter is mentioned: `$3` is number 3.
    ///
    /// # Errors
    /// 42P02 for `$0` and for names.
    pub fn mention(&self, text: &str) -> Result<usize> {
        let number = text.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok()).unwrap_or(0);
        if number == 0 || number > MAXIMUM {
            return Err(QueryError::UndefinedParameter(number).into());
        }
        let mut count = self.count.lock();
        *count = (*count).max(number);
        self.mentioned.lock().insert(number);
        Ok(number)
    }

    /// Notes the type that a use asks for. The first use decides.
    pub fn suggest(&self, number: usize, data_type: &PgType) {
        if !matches!(data_type, PgType::Unknown | PgType::Void) {
            self.types.lock().entry(number).or_insert_with(|| data_type.without_typmod());
        }
    }

    /// Notes the type that counts when no operator asks for another one.
    pub fn hint(&self, placeholder: &str, data_type: &PgType) {
        if let Ok(number) = self.mention(placeholder) {
            self.hints.lock().entry(number).or_insert_with(|| data_type.without_typmod());
        }
    }

    fn known(&self, number: usize) -> Option<PgType> {
        self.types.lock().get(&number).cloned().or_else(|| self.hints.lock().get(&number).cloned())
    }

    /// Notes the type that a use of the placeholder `$n` asks for.
    pub fn suggest_for(&self, placeholder: &str, data_type: &PgType) {
        if let Ok(number) = self.mention(placeholder) {
            self.suggest(number, data_type);
        }
    }

    /// Takes over the types that DataFusion inferred for placeholders of a plan.
    pub fn learn(&self, plan: &LogicalPlan) -> Result<()> {
        let learned = plan.apply_with_subqueries(|node| {
            node.apply_expressions(|expr| {
                expr.apply(|expr| {
                    if let Expr::Placeholder(placeholder) = expr {
                        if let Some(field) = &placeholder.field {
                            self.suggest_for(&placeholder.id, &PgType::of_field(field));
                        }
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        });
        learned.map(|_| ()).map_err(super::errors::translate)
    }

    /// Takes over the types that an expression's placeholders have.
    pub fn learn_expression(&self, expr: &Expr) -> Result<()> {
        let learned = expr.apply(|expr| {
            if let Expr::Placeholder(placeholder) = expr {
                if let Some(field) = &placeholder.field {
                    self.suggest_for(&placeholder.id, &PgType::of_field(field));
                }
            }
            Ok(TreeNodeRecursion::Continue)
        });
        learned.map(|_| ()).map_err(super::errors::translate)
    }

    /// Are there parameters without a type?
    pub fn incomplete(&self) -> bool {
        self.types.lock().len() < *self.count.lock()
    }

    /// The first parameter that has no type and is mentioned nowhere, so that it can have none.
    pub fn unmentioned(&self) -> Option<usize> {
        let (types, mentioned) = (self.types.lock(), self.mentioned.lock());
        (1..=*self.count.lock()).find(|number| !types.contains_key(number) && !mentioned.contains(number))
    }

    /// Are there parameters at all?
    pub fn is_empty(&self) -> bool {
        *self.count.lock() == 0
    }

    /// The types of all parameters; undecided ones are text.
    pub fn types(&self) -> Vec<PgType> {
        let count = *self.count.lock();
        (1..=count).map(|number| self.known(number).unwrap_or(PgType::Text)).collect()
    }

    /// The types so far in DataFusion's form; `complete`, with hints and with text for undecided ones.
    pub fn fields(&self, complete: bool) -> Vec<Option<FieldRef>> {
        let count = *self.count.lock();
        (1..=count)
            .map(|number| {
                let known = if complete {
                    Some(self.known(number).unwrap_or(PgType::Text))
                } else {
                    self.types.lock().get(&number).cloned()
                };
                known.map(|data_type| Arc::new(data_type.field(format!("${number}"), true)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_use_decides() {
        let parameters = Parameters::declared(&[None, Some(PgType::Int8)]);
        parameters.suggest_for("$1", &PgType::Uuid);
        parameters.suggest_for("$1", &PgType::Text);
        parameters.suggest_for("$2", &PgType::Text);
        parameters.suggest_for("$4", &PgType::Bool);
        assert!(parameters.incomplete());
        assert_eq!(parameters.types(), [PgType::Uuid, PgType::Int8, PgType::Text, PgType::Bool]);
        assert!(parameters.mention("$0").is_err());
        assert!(parameters.mention("$x").is_err());
        assert!(parameters.mention("$70000").is_err());
    }
}
