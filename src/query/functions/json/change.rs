//! What makes a changed document of a jsonb: `||`, `-`, `#-`, `jsonb_set`, `jsonb_insert`, `jsonb_strip_nulls`.

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int32Type;
use std::sync::Arc;

use super::{TextLists, documents, invalid, strings};
use crate::catalog::types::json::{Value, write_string};
use crate::error::{CatalogError, QueryError, Result};

/// `||`. Two objects become one; everything else becomes an array and is put behind each other.
///
/// # Errors
/// 54001 for documents that are nested too deep, as of all functions here.
pub fn concat(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (left, right) = (strings(&arrays[0]), strings(&arrays[1]));
    documents(arrays, |row| {
        let (left, right) = (Value::of_jsonb(left.value(row))?, Value::of_jsonb(right.value(row))?);
        Ok(Some(match (left, right) {
            (Value::Object(mut members), Value::Object(more)) => {
                members.extend(more);
                Value::object(members)
            }
            (left, right) => {
                let mut items = as_items(left);
                items.extend(as_items(right));
                Value::Array(items)
            }
        }))
    })
}

fn as_items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => vec![other],
    }
}

/// `- text` and `- text[]`: members of these names, and elements that are these strings, go.
///
/// # Errors
/// 22023 for a scalar.
pub fn delete_names(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let targets = strings(&arrays[0]);
    let is_list = arrays[1].as_list_opt::<i32>().is_some();
    documents(arrays, |row| {
        let names: Vec<&str> = if is_list {
            TextLists::new(&arrays[1]).row(row).flatten().collect()
        } else {
            vec![strings(&arrays[1]).value(row)]
        };
        Ok(Some(match Value::of_jsonb(targets.value(row))? {
            Value::Object(mut members) => {
                members.retain(|(key, _)| !names.contains(&key.as_str()));
                Value::Object(members)
            }
            Value::Array(mut items) => {
                items.retain(|item| !matches!(item, Value::String(text) if names.contains(&text.as_str())));
                Value::Array(items)
            }
            _ => return Err(invalid("cannot delete from scalar")),
        }))
    })
}

/// `- integer`.
///
/// # Errors
/// 22023 for what is no array.
pub fn delete_place(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (targets, places) = (strings(&arrays[0]), arrays[1].as_primitive::<Int32Type>());
    documents(arrays, |row| match Value::of_jsonb(targets.value(row))? {
        Value::Array(mut items) => {
            let place = i64::from(places.value(row));
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let place = usize::try_from(if place < 0 { length + place } else { place });
            if let Some(place) = place.ok().filter(|place| *place < items.len()) {
                items.remove(place);
            }
            Ok(Some(Value::Array(items)))
        }
        Value::Object(_) => Err(invalid("cannot delete from object using integer index")),
        _ => Err(invalid("cannot delete from scalar")),
    })
}

/// What happens at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    /// Replaces, and creates what is not there.
    Create,
    Replace,
    InsertBefore,
    InsertAfter,
    Delete,
}

impl Operation {
    fn creates(self) -> bool {
        !matches!(self, Self::Replace | Self::Delete)
    }

    fn inserts(self) -> bool {
        matches!(self, Self::InsertBefore | Self::InsertAfter)
    }
}

/// `#-`.
///
/// # Errors
/// 22023 for a scalar, 22004 for a NULL in the path, 22P02 for a step into an array that is no number.
pub fn delete_path(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let targets = strings(&arrays[0]);
    let paths = TextLists::new(&arrays[1]);
    documents(arrays, |row| {
        let mut target = Value::of_jsonb(targets.value(row))?;
        delete_at(&mut target, &paths.row(row).collect::<Vec<_>>())?;
        Ok(Some(target))
    })
}

fn delete_at(target: &mut Value, path: &[Option<&str>]) -> Result<()> {
    if target.is_scalar() {
        return Err(invalid("cannot delete path in scalar"));
    }
    if is_empty(target) || path.is_empty() {
        return Ok(());
    }
    at_path(target, path, 0, &Value::Null, Operation::Delete)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// `jsonb_set(target, path, value, create_if_missing)`.
///
/// # Errors
/// As [`delete_path`].
pub fn set(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (targets, values) = (strings(&arrays[0]), strings(&arrays[2]));
    let (paths, create) = (TextLists::new(&arrays[1]), arrays[3].as_boolean());
    documents(arrays, |row| {
        let mut target = Value::of_jsonb(targets.value(row))?;
        let path: Vec<_> = paths.row(row).collect();
        set_at(&mut target, &path, &Value::of_jsonb(values.value(row))?, create.value(row))?;
        Ok(Some(target))
    })
}

fn set_at(target: &mut Value, path: &[Option<&str>], value: &Value, create: bool) -> Result<()> {
    if target.is_scalar() {
        return Err(invalid("cannot set path in scalar"));
    }
    if is_empty(target) && !create || path.is_empty() {
        return Ok(());
    }
    at_path(target, path, 0, value, if create { Operation::Create } else { Operation::Replace })
}

/// `jsonb_set_lax(target, path, value, create_if_missing, null_value_treatment)`.
///
/// # Errors
/// As [`set`]; 22023 for an unknown treatment, 22004 where the treatment is to refuse.
pub fn set_lax(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (targets, values) = (strings(&arrays[0]), strings(&arrays[2]));
    let (paths, create) = (TextLists::new(&arrays[1]), arrays[3].as_boolean());
    let treatments = strings(&arrays[4]);
    let strict = [Arc::clone(&arrays[0]), Arc::clone(&arrays[1]), Arc::clone(&arrays[3])];
    documents(&strict, |row| {
        let treatment = if treatments.is_null(row) { "" } else { treatments.value(row) };
        if !matches!(treatment, "delete_key" | "return_target" | "use_json_null" | "raise_exception") {
            return Err(invalid(
                "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"",
            ));
        }
        let mut target = Value::of_jsonb(targets.value(row))?;
        let path: Vec<_> = paths.row(row).collect();
        if values.is_valid(row) {
            set_at(&mut target, &path, &Value::of_jsonb(values.value(row))?, create.value(row))?;
            return Ok(Some(target));
        }
        match treatment {
            "raise_exception" => {
                let error = crate::Error::from(QueryError::NullNotAllowed("JSON value must not be null".into()));
                return Err(error
                    .detail("Exception was raised because null_value_treatment is \"raise_exception\".")
                    .hint(
                        "To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.",
                    ));
            }
            "use_json_null" => set_at(&mut target, &path, &Value::Null, create.value(row))?,
            "delete_key" => delete_at(&mut target, &path)?,
            _ => {}
        }
        Ok(Some(target))
    })
}

/// `jsonb_insert(target, path, value, insert_after)`.
///
/// # Errors
/// As [`set`]; 22023 for a member that is there.
pub fn insert(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (targets, values) = (strings(&arrays[0]), strings(&arrays[2]));
    let (paths, after) = (TextLists::new(&arrays[1]), arrays[3].as_boolean());
    documents(arrays, |row| {
        let mut target = Value::of_jsonb(targets.value(row))?;
        let path: Vec<_> = paths.row(row).collect();
        if target.is_scalar() {
            return Err(invalid("cannot set path in scalar"));
        }
        if !path.is_empty() {
            let operation = if after.value(row) { Operation::InsertAfter } else { Operation::InsertBefore };
            at_path(&mut target, &path, 0, &Value::of_jsonb(values.value(row))?, operation)?;
        }
        Ok(Some(target))
    })
}

/// PostgreSQL's `setPath`: goes down step by step; what is not there, or no container, stays as it is.
fn at_path(target: &mut Value, path: &[Option<&str>], level: usize, value: &Value, operation: Operation) -> Result<()> {
    let Some(step) = path[level] else {
        let message = format!("path element at position {} is null", level + 1);
        return Err(QueryError::NullNotAllowed(message).into());
    };
    let is_last = level + 1 == path.len();
    match target {
        Value::Object(members) => {
            let found = members.iter().position(|(key, _)| key == step);
            match found {
                Some(place) if !is_last => at_path(&mut members[place].1, path, level + 1, value, operation)?,
                Some(_) if operation.inserts() => {
                    return Err(invalid("cannot replace existing key")
                        .hint("Try using the function jsonb_set to replace key value."));
                }
                Some(place) if operation == Operation::Delete => {
                    members.remove(place);
                }
                Some(place) => members[place].1 = value.clone(),
                None if is_last && operation.creates() => {
                    members.push((step.to_owned(), value.clone()));
                    *target = Value::object(std::mem::take(members));
                }
                None => {}
            }
        }
        Value::Array(items) => {
            let Some(index) = crate::catalog::types::json::step_index(step) else {
                let message = format!("path element at position {} is not an integer: \"{step}\"", level + 1);
                return Err(CatalogError::BadText { message, detail: None }.into());
            };
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            // Before the first one everything is one place, as behind the last.
            let before_all = index < -length;
            let place = usize::try_from(if index < 0 { length + index } else { index }).unwrap_or(0).min(items.len());
            let is_there = !before_all && place < items.len();
            if !is_last {
                if is_there {
                    at_path(&mut items[place], path, level + 1, value, operation)?;
                }
                return Ok(());
            }
            match operation {
                Operation::Delete if is_there => {
                    items.remove(place);
                }
                Operation::Create | Operation::Replace if is_there => items[place] = value.clone(),
                Operation::InsertAfter if is_there => items.insert(place + 1, value.clone()),
                Operation::Delete | Operation::Replace => {}
                _ => items.insert(if before_all { 0 } else { place }, value.clone()),
            }
        }
        _ => {}
    }
    Ok(())
}

/// `jsonb_strip_nulls`: members that are null go, at every depth.
///
/// # Errors
/// None of its own.
pub fn strip_nulls(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let targets = strings(&arrays[0]);
    documents(arrays, |row| {
        let mut target = Value::of_jsonb(targets.value(row))?;
        strip(&mut target);
        Ok(Some(target))
    })
}

/// `json_strip_nulls`: the same of a json, whose members stay in their order and are written without spaces.
///
/// # Errors
/// 22P05 and 22P02 for characters that a text cannot have.
pub fn strip_nulls_of_json(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let answers = strings(&arrays[0]).iter().map(|document| {
        let Some(document) = document else { return Ok(None) };
        let mut value = Value::of_jsonb(document)?;
        strip(&mut value);
        let mut out = Vec::with_capacity(document.len());
        write_compact(&value, &mut out);
        Ok(Some(String::from_utf8_lossy(&out).into_owned()))
    });
    Ok(Arc::new(answers.collect::<Result<StringArray>>()?))
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|(_, value)| *value != Value::Null);
            members.iter_mut().for_each(|(_, value)| strip(value));
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

fn write_compact(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            out.push(b'{');
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                write_compact(value, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_compact(item, out);
            }
            out.push(b']');
        }
        scalar => scalar.write(out),
    }
}
