//! What a path finds: parts of documents, and times that `.datetime()` made.

use std::borrow::Cow;

use super::datetime::Datetime;
use crate::catalog::types::json::Value;

/// One item.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    Json(Cow<'a, Value>),
    Datetime(Datetime),
}

impl<'a> Item<'a> {
    pub(super) fn of(value: Value) -> Self {
        Self::Json(Cow::Owned(value))
    }

    pub(super) fn number(text: String) -> Self {
        Self::of(Value::Number(text))
    }

    /// As a document: a time is a string.
    pub(super) fn to_value(&self) -> Cow<'_, Value> {
        match self {
            Self::Json(value) => Cow::Borrowed(value.as_ref()),
            Self::Datetime(datetime) => Cow::Owned(Value::String(datetime.to_text())),
        }
    }

    pub(super) fn json(&self) -> Option<&Value> {
        match self {
            Self::Json(value) => Some(value),
            Self::Datetime(_) => None,
        }
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self.json(), Some(Value::Array(_)))
    }

    /// Is it an object or an array?
    pub(super) fn is_nested(&self) -> bool {
        matches!(self.json(), Some(Value::Array(_) | Value::Object(_)))
    }

    /// How many elements it has, if it is an array.
    pub(super) fn length(&self) -> Option<usize> {
        match self.json() {
            Some(Value::Array(items)) => Some(items.len()),
            _ => None,
        }
    }

    /// The elements of an array or the values of an object.
    pub(super) fn children(&self) -> Vec<Item<'a>> {
        fn borrowed(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
            match value {
                Value::Array(items) => Box::new(items.iter()),
                Value::Object(members) => Box::new(members.iter().map(|(_, value)| value)),
                _ => Box::new(std::iter::empty()),
            }
        }
        match self {
            Self::Json(Cow::Borrowed(value)) => borrowed(value).map(|value| Self::Json(Cow::Borrowed(value))).collect(),
            Self::Json(Cow::Owned(value)) => borrowed(value).map(|value| Self::of(value.clone())).collect(),
            Self::Datetime(_) => Vec::new(),
        }
    }

    /// The element at a place.
    pub(super) fn element(&self, place: usize) -> Option<Item<'a>> {
        match self {
            Self::Json(Cow::Borrowed(Value::Array(items))) => {
                items.get(place).map(|value| Self::Json(Cow::Borrowed(value)))
            }
            Self::Json(Cow::Owned(Value::Array(items))) => items.get(place).cloned().map(Self::of),
            _ => None,
        }
    }

    /// The member of an object.
    pub(super) fn member(&self, name: &str) -> Option<Item<'a>> {
        match self {
            Self::Json(Cow::Borrowed(value)) => value.member(name).map(|value| Self::Json(Cow::Borrowed(value))),
            Self::Json(Cow::Owned(value)) => value.member(name).cloned().map(Self::of),
            Self::Datetime(_) => None,
        }
    }

    /// What `.type()` answers.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Json(value) => value.type_name(),
            Self::Datetime(datetime) => datetime.type_name(),
        }
    }
}
