//! The steps of a path, as `jsonpath_exec.c` takes them.
//!
//! An item goes through the steps one after the other; a step may turn it into several or none. `found` collects what
//! comes out at the end; without it the question is only whether something does, and the first answer ends the work.

use std::borrow::Cow;

use super::Options;
use super::item::Item;
use super::predicates::Truth;
use crate::base::numeric::Numeric;
use crate::catalog::types::Zone;
use crate::catalog::types::json::Value;
use crate::catalog::types::json::path::{JsonPath, Operator, Path, Step};
use crate::error::{CatalogError, JsonFault, QueryError};
use crate::query::functions::json::build;

/// Why a path ends early.
#[derive(Debug)]
pub(super) enum Fault {
    /// What `silent` and predicates make nothing of.
    Item(crate::Error),
    /// What nobody suppresses.
    Always(crate::Error),
}

impl From<CatalogError> for Fault {
    fn from(error: CatalogError) -> Self {
        Self::Always(error.into())
    }
}

pub(super) type Outcome<T> = Result<T, Fault>;

/// An error of SQL/JSON.
pub(super) fn item_fault<T>(fault: JsonFault, message: impl Into<String>) -> Outcome<T> {
    Err(Fault::Item(build::fault(fault, message)))
}

/// What is collected, if anything.
pub(super) type Found<'f, 'a> = Option<&'f mut Vec<Item<'a>>>;

/// Deepest recursion through steps and documents.
const DEPTH: usize = 2_000;

/// One run of a path over one document.
pub(super) struct Execution<'a> {
    pub(super) lax: bool,
    /// Is the absence of members and elements no error?
    ignore_absence: bool,
    root: Item<'a>,
    pub(super) current: Item<'a>,
    variables: &'a Value,
    is_operator: bool,
    /// The length of the array whose subscript is computed.
    innermost: Option<usize>,
    pub(super) zone: Option<&'a Zone>,
    depth: usize,
    pub(super) generated: i64,
}

impl<'a> Execution<'a> {
    pub(super) fn new(path: &JsonPath, document: &'a Value, variables: &'a Value, options: &'a Options) -> Self {
        let root = Item::Json(Cow::Borrowed(document));
        Self {
            lax: path.lax,
            ignore_absence: path.lax,
            current: root.clone(),
            root,
            variables,
            is_operator: options.operator,
            innermost: None,
            zone: options.zone.as_ref(),
            depth: DEPTH,
            generated: if options.operator { 1 } else { 2 },
        }
    }

    /// The document, where the path began with it.
    pub(super) fn document(&self) -> Option<&'a Value> {
        match &self.root {
            Item::Json(Cow::Borrowed(document)) => Some(document),
            _ => None,
        }
    }

    pub(super) fn variables(&self) -> &'a Value {
        self.variables
    }

    /// Collects everything that the path finds.
    pub(super) fn run(&mut self, path: &JsonPath, found: &mut Vec<Item<'a>>) -> Outcome<()> {
        let root = self.root.clone();
        self.steps(&path.steps, &root, Some(found)).map(|_| ())
    }

    /// Whether the path finds anything. In strict mode it must be known that there are no errors.
    pub(super) fn exists(&mut self, path: &JsonPath) -> Outcome<bool> {
        let root = self.root.clone();
        if self.lax {
            return self.steps(&path.steps, &root, None);
        }
        let mut found = Vec::new();
        self.steps(&path.steps, &root, Some(&mut found))?;
        Ok(!found.is_empty())
    }

    /// Takes an item through steps; answers whether something came out.
    pub(super) fn steps(&mut self, steps: &[Step], item: &Item<'a>, found: Found<'_, 'a>) -> Outcome<bool> {
        let unwrap = self.lax;
        self.steps_of(steps, item, found, unwrap)
    }

    /// The same where arrays are opened for the first step or not.
    fn steps_of(&mut self, steps: &[Step], item: &Item<'a>, found: Found<'_, 'a>, unwrap: bool) -> Outcome<bool> {
        let Some((step, rest)) = steps.split_first() else {
            if let Some(found) = found {
                found.push(item.clone());
            }
            return Ok(true);
        };
        self.depth = self.depth.checked_sub(1).ok_or(CatalogError::TooDeep)?;
        let outcome = self.step(step, rest, steps, item, found, unwrap);
        self.depth += 1;
        outcome
    }

    fn step(
        &mut self,
        step: &Step,
        rest: &[Step],
        steps: &[Step],
        item: &Item<'a>,
        found: Found<'_, 'a>,
        unwrap: bool,
    ) -> Outcome<bool> {
        // In lax mode most steps apply to the elements of an array.
        let opens = unwrap && item.is_array();
        match step {
            Step::Null => self.literal(Value::Null, rest, found),
            Step::Bool(value) => self.literal(Value::Bool(*value), rest, found),
            Step::Number(text) => self.literal(Value::Number(text.clone()), rest, found),
            Step::String(text) => self.literal(Value::String(text.clone()), rest, found),
            Step::Variable(name) => {
                let variables: &'a Value = self.variables;
                // An operator has none, and takes every one for null.
                if self.is_operator {
                    return self.literal(Value::Null, rest, found);
                }
                let Some(value) = variables.member(name) else {
                    let message = format!("could not find jsonpath variable \"{name}\"");
                    return Err(Fault::Always(QueryError::UndefinedObject(message).into()));
                };
                self.steps(rest, &Item::Json(Cow::Borrowed(value)), found)
            }
            Step::Root => {
                let root = self.root.clone();
                self.steps(rest, &root, found)
            }
            Step::Current => {
                let current = self.current.clone();
                self.steps(rest, &current, found)
            }
            Step::Last => {
                let length = self.innermost.unwrap_or(0);
                let last = i64::try_from(length).unwrap_or(i64::MAX) - 1;
                self.steps(rest, &Item::number(last.to_string()), found)
            }
            Step::Binary(operator, left, right) if operator.is_arithmetic() => {
                let number = self.arithmetic(*operator, left, right, item)?;
                self.steps(rest, &Item::number(number), found)
            }
            predicate if predicate.is_predicate() => {
                let truth = self.truth(predicate, item)?;
                let value = match truth {
                    Truth::True => Value::Bool(true),
                    Truth::False => Value::Bool(false),
                    Truth::Unknown => Value::Null,
                };
                self.steps(rest, &Item::of(value), found)
            }
            Step::Sign { minus, operand } => self.signed(*minus, operand, rest, item, found),
            Step::Member(name) => match item.json() {
                Some(Value::Object(_)) => match item.member(name) {
                    Some(value) => self.steps(rest, &value, found),
                    None if self.ignore_absence => Ok(false),
                    None => {
                        let message = format!("JSON object does not contain key \"{name}\"");
                        item_fault(JsonFault::MemberNotFound, message)
                    }
                },
                _ if opens => self.each_element(steps, item, found, false),
                _ if self.ignore_absence => Ok(false),
                _ => {
                    let message = "jsonpath member accessor can only be applied to an object";
                    item_fault(JsonFault::MemberNotFound, message)
                }
            },
            Step::AnyMember => match item.json() {
                Some(Value::Object(_)) => {
                    let unwrap = self.lax;
                    self.any(rest, item, found, (1, 1, 1), false, unwrap)
                }
                _ if opens => self.each_element(steps, item, found, false),
                _ if self.ignore_absence => Ok(false),
                _ => {
                    let message = "jsonpath wildcard member accessor can only be applied to an object";
                    item_fault(JsonFault::ObjectNotFound, message)
                }
            },
            Step::AnyElement => {
                if item.is_array() {
                    let unwrap = self.lax;
                    self.any(rest, item, found, (1, 1, 1), false, unwrap)
                } else if self.lax {
                    self.steps(rest, item, found)
                } else if self.ignore_absence {
                    Ok(false)
                } else {
                    let message = "jsonpath wildcard array accessor can only be applied to an array";
                    item_fault(JsonFault::ArrayNotFound, message)
                }
            }
            Step::Elements(places) => self.subscripts(places, rest, item, found),
            Step::AnyDepth { first, last } => self.any_depth(*first, *last, rest, item, found),
            Step::Filter(_) if opens => self.each_element(steps, item, found, false),
            Step::Filter(condition) => {
                let outside = std::mem::replace(&mut self.current, item.clone());
                let truth = condition.first().map_or(Ok(Truth::False), |condition| self.truth(condition, item));
                self.current = outside;
                if truth? == Truth::True { self.steps(rest, item, found) } else { Ok(false) }
            }
            Step::Method(method) => self.method(*method, rest, steps, item, found, unwrap),
            Step::Datetime(_) if opens => self.each_element(steps, item, found, false),
            Step::Datetime(template) => {
                let datetime = super::datetime::read(item, template.as_deref())?;
                self.steps(rest, &Item::Datetime(datetime), found)
            }
            _ => Ok(false),
        }
    }

    fn literal(&mut self, value: Value, rest: &[Step], found: Found<'_, 'a>) -> Outcome<bool> {
        self.steps(rest, &Item::of(value), found)
    }

    /// The steps over each element of an array.
    pub(super) fn each_element(
        &mut self,
        steps: &[Step],
        item: &Item<'a>,
        found: Found<'_, 'a>,
        unwrap: bool,
    ) -> Outcome<bool> {
        self.any(steps, item, found, (1, 1, 1), false, unwrap)
    }

    /// The steps over everything that lies from `first` to `last` levels deep in an item, which is `level` deep.
    fn any(
        &mut self,
        steps: &[Step],
        item: &Item<'a>,
        mut found: Found<'_, 'a>,
        (level, first, last): (u32, u32, u32),
        ignore_absence: bool,
        unwrap: bool,
    ) -> Outcome<bool> {
        let mut any = false;
        if level > last {
            return Ok(false);
        }
        for child in item.children() {
            let is_leaf = first == u32::MAX && last == u32::MAX && !child.is_nested();
            if level >= first || is_leaf {
                let outside = self.ignore_absence;
                self.ignore_absence |= ignore_absence;
                let outcome = self.steps_of(steps, &child, found.as_deref_mut(), unwrap);
                self.ignore_absence = outside;
                any |= outcome?;
                if any && found.is_none() {
                    return Ok(true);
                }
            }
            if level < last && child.is_nested() {
                self.depth = self.depth.checked_sub(1).ok_or(CatalogError::TooDeep)?;
                let below = (level + 1, first, last);
                let outcome = self.any(steps, &child, found.as_deref_mut(), below, ignore_absence, unwrap);
                self.depth += 1;
                any |= outcome?;
                if any && found.is_none() {
                    return Ok(true);
                }
            }
        }
        Ok(any)
    }

    fn any_depth(
        &mut self,
        first: u32,
        last: u32,
        rest: &[Step],
        item: &Item<'a>,
        mut found: Found<'_, 'a>,
    ) -> Outcome<bool> {
        let mut any = false;
        if first == 0 {
            let outside = std::mem::replace(&mut self.ignore_absence, true);
            let outcome = self.steps(rest, item, found.as_deref_mut());
            self.ignore_absence = outside;
            any = outcome?;
            if any && found.is_none() {
                return Ok(true);
            }
        }
        if item.is_nested() {
            let unwrap = self.lax;
            any |= self.any(rest, item, found, (1, first, last), true, unwrap)?;
        }
        Ok(any)
    }

    fn subscripts(
        &mut self,
        places: &[(Path, Option<Path>)],
        rest: &[Step],
        item: &Item<'a>,
        mut found: Found<'_, 'a>,
    ) -> Outcome<bool> {
        if !item.is_array() && !self.lax {
            if self.ignore_absence {
                return Ok(false);
            }
            let message = "jsonpath array accessor can only be applied to an array";
            return item_fault(JsonFault::ArrayNotFound, message);
        }
        let length = item.length();
        let size = i64::try_from(length.unwrap_or(1)).unwrap_or(i64::MAX);
        let outside = self.innermost.replace(length.unwrap_or(1));
        let mut any = false;
        for (from, to) in places {
            let from = self.index(from, item)?;
            let to = to.as_ref().map_or(Ok(from), |to| self.index(to, item))?;
            if !self.ignore_absence && (from < 0 || from > to || to >= size) {
                return item_fault(JsonFault::InvalidSubscript, "jsonpath array subscript is out of bounds");
            }
            for place in from.max(0)..=to.min(size - 1) {
                let place = usize::try_from(place).unwrap_or(0);
                let element = if length.is_some() { item.element(place) } else { Some(item.clone()) };
                let Some(element) = element else { continue };
                any |= self.steps(rest, &element, found.as_deref_mut())?;
                if any && found.is_none() {
                    self.innermost = outside;
                    return Ok(true);
                }
            }
        }
        self.innermost = outside;
        Ok(any)
    }

    /// A subscript, without what is behind its point.
    fn index(&mut self, path: &Path, item: &Item<'a>) -> Outcome<i64> {
        let mut found = Vec::new();
        self.steps(path, item, Some(&mut found))?;
        let [Item::Json(value)] = found.as_slice() else { return wrong_subscript() };
        let Value::Number(text) = value.as_ref() else { return wrong_subscript() };
        let whole = text.split('.').next().unwrap_or("0");
        match whole.parse::<i32>() {
            Ok(index) => Ok(index.into()),
            Err(_) if whole == "-" => Ok(0),
            Err(_) => item_fault(JsonFault::InvalidSubscript, "jsonpath array subscript is out of integer range"),
        }
    }

    /// What steps find, arrays opened in lax mode.
    pub(super) fn opened(&mut self, path: &Path, item: &Item<'a>, open: bool) -> Outcome<Vec<Item<'a>>> {
        let mut found = Vec::new();
        self.steps(path, item, Some(&mut found))?;
        if !(open && self.lax) {
            return Ok(found);
        }
        let mut opened = Vec::with_capacity(found.len());
        for item in found {
            if item.is_array() { opened.extend(item.children()) } else { opened.push(item) }
        }
        Ok(opened)
    }

    fn arithmetic(&mut self, operator: Operator, left: &Path, right: &Path, item: &Item<'a>) -> Outcome<String> {
        let (left, right) = (self.opened(left, item, true)?, self.opened(right, item, true)?);
        let single = |items: &[Item<'a>], side: &str| match items {
            [Item::Json(value)] => match value.as_ref() {
                Value::Number(text) => Numeric::parse(text).map_err(Fault::Always),
                _ => not_single(side, operator),
            },
            _ => not_single(side, operator),
        };
        let (left, right) = (single(&left, "left")?, single(&right, "right")?);
        let result = match operator {
            Operator::Add => left.add(&right),
            Operator::Subtract => left.subtract(&right),
            Operator::Multiply => left.multiply(&right),
            Operator::Divide => left.divide(&right),
            _ => left.modulo(&right),
        };
        result.map(|number| number_text(&number)).map_err(Fault::Item)
    }

    fn signed(
        &mut self,
        minus: bool,
        operand: &Path,
        rest: &[Step],
        item: &Item<'a>,
        mut found: Found<'_, 'a>,
    ) -> Outcome<bool> {
        let mut any = false;
        for item in self.opened(operand, item, true)? {
            let Some(Value::Number(text)) = item.json() else {
                if found.is_none() && rest.is_empty() {
                    continue;
                }
                let sign = if minus { '-' } else { '+' };
                let message = format!("operand of unary jsonpath operator {sign} is not a numeric value");
                return item_fault(JsonFault::NumberNotFound, message);
            };
            let number = if minus { negated(text)? } else { text.clone() };
            any |= self.steps(rest, &Item::number(number), found.as_deref_mut())?;
            if any && found.is_none() {
                return Ok(true);
            }
        }
        Ok(any)
    }
}

fn wrong_subscript<T>() -> Outcome<T> {
    item_fault(JsonFault::InvalidSubscript, "jsonpath array subscript is not a single numeric value")
}

fn not_single<T>(side: &str, operator: Operator) -> Outcome<T> {
    let symbol = operator.symbol();
    let message = format!("{side} operand of jsonpath operator {symbol} is not a single numeric value");
    item_fault(JsonFault::SingletonRequired, message)
}

fn negated(text: &str) -> Outcome<String> {
    Numeric::parse(text).map(|number| number_text(&number.negated())).map_err(Fault::Always)
}

/// A number as a document has it.
pub(super) fn number_text(number: &Numeric) -> String {
    let mut out = Vec::new();
    number.write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}
