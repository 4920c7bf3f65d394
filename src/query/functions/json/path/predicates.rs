//! Truth values: comparisons, logic, `exists`, `starts with`, `like_regex`.

use std::cmp::Ordering;

use super::datetime;
use super::execute::{Execution, Fault, Outcome};
use super::item::Item;
use crate::catalog::types::json::path::{Operator, Path, Step, regex};
use crate::catalog::types::json::{Value, compare_numbers};

/// SQL's three truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl<'a> Execution<'a> {
    /// What a predicate says of an item.
    pub(super) fn truth(&mut self, predicate: &Step, item: &Item<'a>) -> Outcome<Truth> {
        match predicate {
            Step::Binary(Operator::And, left, right) => {
                let left = self.truth_of(left, item)?;
                if left == Truth::False {
                    return Ok(Truth::False);
                }
                let right = self.truth_of(right, item)?;
                Ok(if right == Truth::True { left } else { right })
            }
            Step::Binary(Operator::Or, left, right) => {
                let left = self.truth_of(left, item)?;
                if left == Truth::True {
                    return Ok(Truth::True);
                }
                let right = self.truth_of(right, item)?;
                Ok(if right == Truth::False { left } else { right })
            }
            Step::Not(operand) => Ok(match self.truth_of(operand, item)? {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Unknown => Truth::Unknown,
            }),
            Step::IsUnknown(operand) => Ok((self.truth_of(operand, item)? == Truth::Unknown).into()),
            Step::Exists(operand) => self.any_exists(operand, item),
            Step::Binary(Operator::StartsWith, left, right) => {
                self.pairs(left, Some((right, false)), item, |_, whole, initial| {
                    let texts = (whole.json(), initial.and_then(Item::json));
                    let (Some(Value::String(whole)), Some(Value::String(initial))) = texts else {
                        return Ok(Truth::Unknown);
                    };
                    Ok(whole.starts_with(initial.as_str()).into())
                })
            }
            Step::LikeRegex { operand, pattern, flags } => {
                let compiled = regex(pattern, *flags).map_err(Fault::Always)?;
                self.pairs(operand, None, item, |_, text, _| match text.json() {
                    Some(Value::String(text)) => Ok(compiled.is_match(text).into()),
                    _ => Ok(Truth::Unknown),
                })
            }
            Step::Binary(operator, left, right) => {
                let operator = *operator;
                self.pairs(left, Some((right, true)), item, |execution, left, right| match right {
                    Some(right) => execution.compare(operator, left, right),
                    None => Ok(Truth::Unknown),
                })
            }
            _ => Ok(Truth::Unknown),
        }
    }

    fn truth_of(&mut self, path: &Path, item: &Item<'a>) -> Outcome<Truth> {
        match path.first() {
            Some(step) if step.is_predicate() => self.truth(step, item),
            _ => Ok(Truth::Unknown),
        }
    }

    fn any_exists(&mut self, operand: &Path, item: &Item<'a>) -> Outcome<Truth> {
        let outcome = if self.lax {
            self.steps(operand, item, None)
        } else {
            // In strict mode it must be known that there are no errors.
            let mut found = Vec::new();
            self.steps(operand, item, Some(&mut found)).map(|_| !found.is_empty())
        };
        match outcome {
            Ok(exists) => Ok(exists.into()),
            Err(Fault::Item(_)) => Ok(Truth::Unknown),
            Err(fault) => Err(fault),
        }
    }

    /// What steps find for an operand; `None` where they fail.
    fn operand(&mut self, path: &Path, item: &Item<'a>, open: bool) -> Outcome<Option<Vec<Item<'a>>>> {
        match self.opened(path, item, open) {
            Ok(found) => Ok(Some(found)),
            Err(Fault::Item(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// A test of all pairs. In lax mode one that holds decides, in strict mode one that is unknown.
    fn pairs(
        &mut self,
        left: &Path,
        right: Option<(&Path, bool)>,
        item: &Item<'a>,
        test: impl Fn(&Self, &Item<'a>, Option<&Item<'a>>) -> Outcome<Truth>,
    ) -> Outcome<Truth> {
        let Some(left) = self.operand(left, item, true)? else { return Ok(Truth::Unknown) };
        let right = match right {
            None => None,
            Some((path, open)) => match self.operand(path, item, open)? {
                None => return Ok(Truth::Unknown),
                found => found,
            },
        };
        let (mut holds, mut fails) = (false, false);
        for one in &left {
            let others: Vec<Option<&Item<'a>>> = match &right {
                None => vec![None],
                Some(items) => items.iter().map(Some).collect(),
            };
            for other in others {
                match test(self, one, other)? {
                    Truth::Unknown if !self.lax => return Ok(Truth::Unknown),
                    Truth::Unknown => fails = true,
                    Truth::True if self.lax => return Ok(Truth::True),
                    Truth::True => holds = true,
                    Truth::False => {}
                }
            }
        }
        Ok(match (holds, fails) {
            (true, _) => Truth::True,
            (false, true) => Truth::Unknown,
            (false, false) => Truth::False,
        })
    }

    fn compare(&self, operator: Operator, left: &Item<'a>, right: &Item<'a>) -> Outcome<Truth> {
        let order = match (left, right) {
            (Item::Datetime(left), Item::Datetime(right)) => match datetime::compare(left, right, self.zone)? {
                Some(order) => order,
                None => return Ok(Truth::Unknown),
            },
            (Item::Json(left), Item::Json(right)) => match (left.as_ref(), right.as_ref()) {
                (Value::Null, Value::Null) => Ordering::Equal,
                // null is only unequal to everything else.
                (Value::Null, _) | (_, Value::Null) => return Ok((operator == Operator::NotEqual).into()),
                (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
                (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
                (Value::String(left), Value::String(right)) => left.cmp(right),
                _ => return Ok(Truth::Unknown),
            },
            (Item::Json(value), Item::Datetime(_)) | (Item::Datetime(_), Item::Json(value)) => {
                let is_null = matches!(value.as_ref(), Value::Null);
                return Ok(if is_null { (operator == Operator::NotEqual).into() } else { Truth::Unknown });
            }
        };
        Ok(match operator {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            _ => order.is_ge(),
        }
        .into())
    }
}
