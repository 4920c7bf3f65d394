//! The printed form: which parentheses PostgreSQL sets, in either of its two forms.

use std::fmt::Write;

/// How parentheses are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Around every operator.
    Exact,
    /// Where they are needed, as PostgreSQL sees it.
    Pretty,
}

/// A part of an expression, as far as printing it makes a difference.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A string literal that has no type yet.
    Literal(String),
    /// What needs no parentheses: a column, a constant with its label, a keyword.
    Word(String),
    /// `name(a, b)`, which ends with a parenthesis of its own.
    Call {
        before: String,
        arguments: Vec<Node>,
        separator: &'static str,
        after: &'static str,
    },
    Cast {
        operand: Box<Node>,
        to: String,
    },
    Operator {
        name: String,
        left: Box<Node>,
        right: Box<Node>,
    },
    /// `x op ANY (array)`.
    Quantified {
        left: Box<Node>,
        operator: &'static str,
        array: Box<Node>,
    },
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// `x IS NULL` and the like; also `a IS DISTINCT FROM b`.
    Test {
        operand: Box<Node>,
        suffix: &'static str,
        right: Option<Box<Node>>,
    },
}

impl Node {
    /// Writes the node and what is below it.
    pub(super) fn print(&self, form: Form, out: &mut String) {
        let exact = form == Form::Exact;
        let encloses = exact
            && matches!(
                self,
                Self::Operator { .. }
                    | Self::Quantified { .. }
                    | Self::And(_)
                    | Self::Or(_)
                    | Self::Not(_)
                    | Self::Test { .. }
            );
        if encloses {
            out.push('(');
        }
        match self {
            Self::Literal(text) => out.push_str(&quote(text)),
            Self::Word(text) => out.push_str(text),
            Self::Call { before, arguments, separator, after } => {
                out.push_str(before);
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        out.push_str(separator);
                    }
                    argument.print(form, out);
                }
                out.push_str(after);
            }
            Self::Cast { operand, to } => {
                if exact {
                    out.push('(');
                    operand.print(form, out);
                    out.push(')');
                } else {
                    self.print_part(operand, form, out);
                }
                let _ = write!(out, "::{to}");
            }
            Self::Operator { name, left, right } => {
                self.print_part(left, form, out);
                let _ = write!(out, " {name} ");
                self.print_part(right, form, out);
            }
            Self::Quantified { left, operator, array } => {
                self.print_part(left, form, out);
                let _ = write!(out, " {operator} (");
                self.print_part(array, form, out);
                out.push(')');
            }
            Self::And(parts) | Self::Or(parts) => {
                let word = if matches!(self, Self::And(_)) { " AND " } else { " OR " };
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        out.push_str(word);
                    }
                    self.print_part(part, form, out);
                }
            }
            Self::Not(operand) => {
                out.push_str("NOT ");
                self.print_part(operand, form, out);
            }
            Self::Test { operand, suffix, right } => {
                self.print_part(operand, form, out);
                let _ = write!(out, " {suffix}");
                if let Some(right) = right {
                    out.push(' ');
                    self.print_part(right, form, out);
                }
            }
        }
        if encloses {
            out.push(')');
        }
    }

    fn print_part(&self, part: &Node, form: Form, out: &mut String) {
        if form == Form::Exact || part.is_simple_in(self) {
            part.print(form, out);
        } else {
            out.push('(');
            part.print(form, out);
            out.push(')');
        }
    }

    /// PostgreSQL's `isSimpleNode`: does this need no parentheses within `parent`, in the pretty form?
    fn is_simple_in(&self, parent: &Node) -> bool {
        let in_logic = matches!(parent, Node::And(_) | Node::Or(_) | Node::Not(_) | Node::Call { .. });
        match self {
            Self::Literal(_) | Self::Word(_) | Self::Call { .. } => true,
            Self::Cast { operand, .. } => operand.is_simple_in(self),
            Self::Operator { name, .. } => match parent {
                Self::Operator { name: outer, left, .. } => {
                    let rank = |name: &str| match name {
                        "+" | "-" => Some(0),
                        "*" | "/" | "%" => Some(1),
                        _ => None,
                    };
                    match (rank(name), rank(outer)) {
                        (Some(own), Some(outer)) if own != outer => own > outer,
                        // From left to right.
                        (Some(_), Some(_)) => std::ptr::eq(self, left.as_ref()),
                        _ => false,
                    }
                }
                _ => in_logic,
            },
            Self::Test { .. } => in_logic,
            Self::Quantified { .. } => false,
            Self::And(_) | Self::Not(_) => matches!(parent, Node::And(_) | Node::Or(_)),
            Self::Or(_) => matches!(parent, Node::Or(_)),
        }
    }
}

/// A literal as PostgreSQL's deparser writes it: with standard strings a backslash is nothing special.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
