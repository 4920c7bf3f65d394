//! `.type()`, `.size()`, `.double()`, `.floor()`, `.ceiling()`, `.abs()`, `.keyvalue()`.

use super::execute::{Execution, Fault, Found, Outcome, item_fault, number_text};
use super::item::Item;
use crate::base::numeric::Numeric;
use crate::catalog::types::json::Value;
use crate::catalog::types::json::path::{Method, Step};
use crate::catalog::types::number;
use crate::error::JsonFault;

impl<'a> Execution<'a> {
    pub(super) fn method(
        &mut self,
        method: Method,
        rest: &[Step],
        steps: &[Step],
        item: &Item<'a>,
        found: Found<'_, 'a>,
        unwrap: bool,
    ) -> Outcome<bool> {
        let name = method.name();
        let refused = |fault: JsonFault, only: &str| {
            item_fault(fault, format!("jsonpath item method .{name}() can only be applied to {only}"))
        };
        let answer = match method {
            Method::Type => Item::of(Value::String(item.type_name().to_owned())),
            Method::Size => match item.length() {
                Some(length) => Item::number(length.to_string()),
                None if self.lax => Item::number("1".to_owned()),
                None => return refused(JsonFault::ArrayNotFound, "an array"),
            },
            _ if unwrap && item.is_array() => return self.each_element(steps, item, found, false),
            Method::Abs | Method::Floor | Method::Ceiling => {
                let Some(Value::Number(text)) = item.json() else {
                    return refused(JsonFault::NonNumeric, "a numeric value");
                };
                let number = Numeric::parse(text).map_err(Fault::Always)?;
                let number = match method {
                    Method::Abs => Ok(number.abs()),
                    Method::Floor => number.floor(),
                    _ => number.ceiling(),
                };
                Item::number(number_text(&number.map_err(Fault::Item)?))
            }
            Method::Double => match item.json() {
                Some(Value::Number(text)) => {
                    if number::parse_float8(text).is_ok_and(f64::is_finite) {
                        item.clone()
                    } else {
                        let message = format!(
                            "numeric argument of jsonpath item method .{name}() is out of range for type double precision"
                        );
                        return item_fault(JsonFault::NonNumeric, message);
                    }
                }
                Some(Value::String(text)) => match number::parse_float8(text) {
                    Ok(value) if value.is_finite() => Item::number(number_text(&Numeric::from_float8(value))),
                    _ => {
                        let message = format!(
                            "string argument of jsonpath item method .{name}() is not a valid representation of a double precision number"
                        );
                        return item_fault(JsonFault::NonNumeric, message);
                    }
                },
                _ => return refused(JsonFault::NonNumeric, "a string or numeric value"),
            },
            Method::KeyValue => return self.key_values(rest, item, found),
        };
        self.steps(rest, &answer, found)
    }

    /// One object for each member: its name, its value, and a number of the object it comes from.
    fn key_values(&mut self, rest: &[Step], item: &Item<'a>, mut found: Found<'_, 'a>) -> Outcome<bool> {
        let Some(Value::Object(members)) = item.json() else {
            let message = "jsonpath item method .keyvalue() can only be applied to an object";
            return item_fault(JsonFault::ObjectNotFound, message);
        };
        let id = Value::Number(self.place_of(item).to_string());
        let mut any = false;
        for (key, value) in members {
            let member = Value::object(vec![
                ("key".to_owned(), Value::String(key.clone())),
                ("value".to_owned(), value.clone()),
                ("id".to_owned(), id.clone()),
            ]);
            any |= self.steps(rest, &Item::of(member), found.as_deref_mut())?;
            if any && found.is_none() {
                return Ok(true);
            }
        }
        Ok(any)
    }
}
