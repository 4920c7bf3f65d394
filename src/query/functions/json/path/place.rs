//! The number that `.keyvalue()` gives an object: where it lies in PostgreSQL's binary form of the document. Numbers of
//! different objects differ, and those of one object are equal; here they are also the very numbers of PostgreSQL.

use std::borrow::Cow;

use super::execute::Execution;
use super::item::Item;
use crate::catalog::types::json::Value;

/// What tells the objects of documents that a path made itself from each other.
const GENERATION: i64 = 10_000_000_000;

impl<'a> Execution<'a> {
    pub(super) fn place_of(&mut self, item: &Item<'a>) -> i64 {
        let Item::Json(Cow::Borrowed(wanted)) = item else {
            self.generated += 1;
            return (self.generated - 1) * GENERATION;
        };
        for (number, document) in [(0, self.document()), (1, Some(self.variables()))] {
            if let Some(place) = document.and_then(|document| find(document, wanted)) {
                return number * GENERATION + place;
            }
        }
        0
    }
}

fn find(document: &Value, wanted: &Value) -> Option<i64> {
    let mut found = None;
    container(document, 0, wanted, &mut found);
    found
}

/// Lays out a container from `start` on; answers its end.
fn container(value: &Value, start: i64, wanted: &Value, found: &mut Option<i64>) -> i64 {
    if std::ptr::eq(value, wanted) {
        *found = Some(start);
    }
    let length = |count: usize| i64::try_from(count).unwrap_or(0);
    match value {
        Value::Array(items) => {
            let mut at = start + 4 + 4 * length(items.len());
            items.iter().for_each(|item| at = part(item, at, wanted, found));
            at
        }
        Value::Object(members) => {
            let mut at = start + 4 + 8 * length(members.len());
            members.iter().for_each(|(key, _)| at += length(key.len()));
            members.iter().for_each(|(_, value)| at = part(value, at, wanted, found));
            at
        }
        scalar => part(scalar, start + 8, wanted, found),
    }
}

fn part(value: &Value, at: i64, wanted: &Value, found: &mut Option<i64>) -> i64 {
    let aligned = (at + 3) / 4 * 4;
    match value {
        Value::Null | Value::Bool(_) => at,
        Value::String(text) => at + i64::try_from(text.len()).unwrap_or(0),
        Value::Number(text) => aligned + numeric_bytes(text),
        nested => container(nested, aligned, wanted, found),
    }
}

/// The length of a numeric: a header of six bytes, and two for every four digits.
fn numeric_bytes(text: &str) -> i64 {
    let text = text.trim_start_matches('-');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let pad = (4 - whole.len() % 4) % 4;
    let mut digits = "0".repeat(pad) + whole + fraction;
    while digits.len() % 4 != 0 {
        digits.push('0');
    }
    let groups: Vec<&str> = (0..digits.len() / 4).map(|index| &digits[4 * index..4 * index + 4]).collect();
    let leading = groups.iter().take_while(|group| **group == "0000").count();
    let trailing = groups.iter().rev().take_while(|group| **group == "0000").count();
    let count = if leading == groups.len() { 0 } else { groups.len() - leading - trailing };
    6 + 2 * i64::try_from(count).unwrap_or(0)
}
