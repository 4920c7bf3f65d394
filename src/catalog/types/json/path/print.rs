//! How PostgreSQL prints a path: brackets by the priority of operators, names always in quotes.

use super::{JsonPath, Operator, Path, Step};
use crate::catalog::types::json::write_string;

impl JsonPath {
    /// Appends the text.
    pub fn write(&self, out: &mut Vec<u8>) {
        if !self.lax {
            out.extend_from_slice(b"strict ");
        }
        write_path(&self.steps, true, out);
    }
}

/// How tightly an operator binds its operands.
fn priority(step: &Step) -> u8 {
    match step {
        Step::Binary(operator, ..) => match operator {
            Operator::Or => 0,
            Operator::And => 1,
            Operator::Add | Operator::Subtract => 3,
            Operator::Multiply | Operator::Divide | Operator::Modulo => 4,
            _ => 2,
        },
        Step::Sign { .. } => 5,
        _ => 6,
    }
}

fn write_path(path: &Path, brackets: bool, out: &mut Vec<u8>) {
    for (index, step) in path.iter().enumerate() {
        write_step(step, index == 0 && brackets || index > 0, index + 1 < path.len(), out);
    }
}

/// An operand of `of`.
fn write_operand(path: &Path, of: &Step, out: &mut Vec<u8>) {
    let brackets = path.first().is_some_and(|first| priority(first) <= priority(of));
    write_path(path, brackets, out);
}

fn write_step(step: &Step, brackets: bool, has_next: bool, out: &mut Vec<u8>) {
    let text = |text: &str, out: &mut Vec<u8>| out.extend_from_slice(text.as_bytes());
    match step {
        Step::Null => text("null", out),
        Step::Bool(value) => text(if *value { "true" } else { "false" }, out),
        Step::Number(number) if has_next => text(&format!("({number})"), out),
        Step::Number(number) => text(number, out),
        Step::String(value) => write_string(value, out),
        Step::Variable(name) => {
            out.push(b'$');
            write_string(name, out);
        }
        Step::Root => out.push(b'$'),
        Step::Current => out.push(b'@'),
        Step::Last => text("last", out),
        Step::Binary(operator, left, right) => {
            enclosed(brackets, out, |out| {
                write_operand(left, step, out);
                text(&format!(" {} ", operator.symbol()), out);
                write_operand(right, step, out);
            });
        }
        Step::Sign { minus, operand } => {
            enclosed(brackets, out, |out| {
                out.push(if *minus { b'-' } else { b'+' });
                write_operand(operand, step, out);
            });
        }
        Step::LikeRegex { operand, pattern, flags } => {
            enclosed(brackets, out, |out| {
                write_operand(operand, step, out);
                text(" like_regex ", out);
                write_string(pattern, out);
                let known = [
                    (flags.ignore_case, 'i'),
                    (flags.dot_all, 's'),
                    (flags.multi_line, 'm'),
                    (flags.expanded, 'x'),
                    (flags.quoted, 'q'),
                ];
                let set: String = known.iter().filter(|(is_set, _)| *is_set).map(|(_, letter)| *letter).collect();
                if !set.is_empty() {
                    text(&format!(" flag \"{set}\""), out);
                }
            });
        }
        Step::Not(operand) => {
            text("!(", out);
            write_path(operand, false, out);
            out.push(b')');
        }
        Step::IsUnknown(operand) => {
            out.push(b'(');
            write_path(operand, false, out);
            text(") is unknown", out);
        }
        Step::Exists(operand) => {
            text("exists (", out);
            write_path(operand, false, out);
            out.push(b')');
        }
        Step::Filter(condition) => {
            text("?(", out);
            write_path(condition, false, out);
            out.push(b')');
        }
        Step::Member(name) => {
            out.push(b'.');
            write_string(name, out);
        }
        Step::AnyMember => text(".*", out),
        Step::AnyElement => text("[*]", out),
        Step::Elements(places) => {
            out.push(b'[');
            for (index, (from, to)) in places.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_path(from, false, out);
                if let Some(to) = to {
                    text(" to ", out);
                    write_path(to, false, out);
                }
            }
            out.push(b']');
        }
        Step::AnyDepth { first, last } => {
            text(".**", out);
            let level = |level: u32| if level == u32::MAX { "last".to_owned() } else { level.to_string() };
            match (*first, *last) {
                (0, u32::MAX) => {}
                (first, last) if first == last => text(&format!("{{{}}}", level(first)), out),
                (first, last) => text(&format!("{{{} to {}}}", level(first), level(last)), out),
            }
        }
        Step::Method(method) => text(&format!(".{}()", method.name()), out),
        Step::Datetime(template) => {
            text(".datetime(", out);
            if let Some(template) = template {
                write_string(template, out);
            }
            out.push(b')');
        }
    }
}

fn enclosed(brackets: bool, out: &mut Vec<u8>, inner: impl FnOnce(&mut Vec<u8>)) {
    if brackets {
        out.push(b'(');
    }
    inner(out);
    if brackets {
        out.push(b')');
    }
}
