//! Questions: a statement for PostgreSQL, and the same for the resolver.

use datafusion::common::ScalarValue;
use kalam::catalog::facts::{CastContext, Facts};
use kalam::catalog::types::OutputStyle;
use kalam::query::bind::resolve::{Argument, Call, Callee, Parameters, Resolver};
use kalam::query::bind::tree::{ArrayQuantifier, Expression, Form, Kind, Position, TypeRef};

use super::oracle::Answer;

const UNKNOWN: u32 = 705;

/// A NULL of a type, or without one.
#[derive(Clone, Debug)]
pub struct Operand {
    pub oid: u32,
    pub typmod: i32,
    pub name: String,
}

impl Operand {
    pub fn new(oid: u32, typmod: i32, name: &str) -> Self {
        Self { oid, typmod, name: name.to_owned() }
    }

    pub fn unknown() -> Self {
        Self::new(UNKNOWN, -1, "unknown")
    }

    /// `$1`, whose type the question decides.
    pub fn parameter() -> Self {
        Self::new(UNKNOWN, -1, "$1")
    }

    pub fn is_unknown(&self) -> bool {
        self.oid == UNKNOWN
    }

    fn is_parameter(&self) -> bool {
        self.name == "$1"
    }

    /// Does a cast of NULL to the name give a value without a modifier? `bit` means `bit(1)`.
    fn typmod(&self) -> i32 {
        match (self.oid, self.typmod) {
            (1042 | 1014, -1) => 5,
            (1560, -1) => 1,
            (_, typmod) => typmod,
        }
    }

    fn text(&self) -> String {
        if self.is_parameter() {
            "$1".to_owned()
        } else if self.is_unknown() {
            "NULL".to_owned()
        } else {
            format!("NULL::{}", self.name)
        }
    }
}

/// Something whose type is asked for.
#[derive(Clone, Debug)]
pub enum Question {
    Operator {
        name: String,
        left: Option<Operand>,
        right: Operand,
    },
    ArrayOperator {
        name: String,
        left: Operand,
        right: Operand,
    },
    /// With names for the last arguments.
    Function {
        name: String,
        arguments: Vec<Operand>,
        names: Vec<String>,
    },
    /// With what only aggregates and window functions may have.
    Marked {
        name: String,
        arguments: Vec<Operand>,
        mark: Mark,
    },
    Cast {
        source: Operand,
        target: Operand,
    },
    Implicit {
        source: Operand,
        target: Operand,
    },
    Assignment {
        source: Operand,
        target: Operand,
    },
    Common {
        operands: Vec<Operand>,
    },
}

/// What stands in and behind the parentheses of a call.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    Star,
    Distinct,
    /// So many keys.
    OrderBy(usize),
    /// So many of the arguments are direct ones.
    WithinGroup(usize),
    Filter,
    Over,
    Variadic,
}

/// A statement under construction, and where its parts stand.
struct Text<'p>(String, &'p Parameters);

impl Text<'_> {
    fn add(&mut self, part: &str) -> Option<Position> {
        let column = self.0.chars().count() as u64 + 1;
        self.0.push_str(part);
        Some(Position { line: 1, column })
    }

    fn operand(&mut self, operand: &Operand) -> Expression {
        let position = self.add(&operand.text());
        let value = if operand.is_unknown() { ScalarValue::Utf8(None) } else { ScalarValue::Null };
        if operand.is_parameter() {
            let data_type = TypeRef::plain(self.1.mention(1).unwrap());
            return Expression { kind: Kind::Parameter(1), data_type, position };
        }
        let data_type = TypeRef { oid: operand.oid, typmod: operand.typmod() };
        // A constant with a modifier is a call of its length function, which stands where the cast stands.
        Expression { kind: Kind::Constant(value), data_type, position }
    }
}

impl Text<'_> {
    fn marked(&mut self, name: &str, arguments: &[Operand], mark: Mark) -> Call {
        let at = self.add(&format!("\"{name}\"("));
        let mut call = Call { name: name.to_owned(), at, ..Call::default() };
        match mark {
            Mark::Star => {
                self.add("*)");
                call.star = true;
                return call;
            }
            Mark::Distinct => {
                self.add("DISTINCT ");
                call.distinct = true;
            }
            Mark::WithinGroup(direct) => call.direct_arguments = Some(direct),
            Mark::OrderBy(keys) => call.order_by = keys,
            Mark::Filter => call.filter = true,
            Mark::Over => call.over = true,
            Mark::Variadic => call.variadic = true,
        }
        for (index, argument) in arguments.iter().enumerate() {
            match mark {
                Mark::WithinGroup(direct) if index == direct => self.add(") WITHIN GROUP (ORDER BY "),
                Mark::Variadic if index + 1 == arguments.len() => {
                    self.add(if index > 0 { ", VARIADIC " } else { "VARIADIC " })
                }
                _ if index > 0 => self.add(", "),
                _ => None,
            };
            call.arguments.push(Argument { name: None, value: self.operand(argument) });
        }
        match mark {
            Mark::OrderBy(keys) => {
                let key = |index: usize| format!("'k{index}'::text");
                let keys: Vec<String> = (0..keys).map(key).collect();
                self.add(&format!(" ORDER BY {}", keys.join(", ")))
            }
            Mark::Filter => self.add(") FILTER (WHERE true"),
            Mark::Over => self.add(") OVER ("),
            _ => None,
        };
        self.add(")");
        call
    }
}

/// The type of what was resolved, and the operator or function that was chosen; 0 when there is none.
type Answered = kalam::Result<(TypeRef, u32)>;

/// The operator or function at the top.
fn row(expression: &Expression) -> u32 {
    match &expression.kind {
        Kind::Operator { operator, .. } | Kind::ArrayOperator { operator, .. } => *operator,
        _ => 0,
    }
}

fn called(resolver: &Resolver<'_>, callee: Callee<'_>) -> (TypeRef, u32) {
    match callee {
        Callee::Function(resolved) => (resolved.result, resolved.fact.oid),
        // What is still unknown would become text in the output.
        Callee::Coercion(expression) => {
            (resolver.settle(expression).map_or(TypeRef::plain(0), |expression| expression.data_type), 0)
        }
    }
}

impl Question {
    pub fn operands(&self) -> Vec<&Operand> {
        match self {
            Self::Operator { left, right, .. } => left.iter().chain([right]).collect(),
            Self::ArrayOperator { left, right, .. } => vec![left, right],
            Self::Function { arguments, .. } | Self::Marked { arguments, .. } => arguments.iter().collect(),
            Self::Cast { source, target } | Self::Implicit { source, target } | Self::Assignment { source, target } => {
                vec![source, target]
            }
            Self::Common { operands } => operands.iter().collect(),
        }
    }

    pub fn sql(&self) -> String {
        let (style, parameters, nothing) = (OutputStyle::default(), Parameters::default(), Facts::default());
        let mut text = Text("SELECT ".to_owned(), &parameters);
        match self {
            Self::Assignment { source, target } => {
                return format!("INSERT INTO assigned_{} SELECT {}", target.oid, source.text());
            }
            Self::Implicit { source, target } => {
                return format!("SELECT pg_temp.implicit_{}({})", target.oid, source.text());
            }
            // That there is nothing to resolve with does not keep the statement from being written.
            _ => drop(self.run(&Resolver::over(&nothing, &style, &parameters, ""), &mut text)),
        }
        text.0
    }

    /// The resolver's answer.
    pub fn answer(&self, facts: &Facts, complete: bool, sql: &str) -> Answer {
        let (style, parameters) = (OutputStyle::default(), Parameters::default());
        let make = if complete { Resolver::over } else { Resolver::new };
        let resolver = make(facts, &style, &parameters, sql);
        let found = self.run(&resolver, &mut Text("SELECT ".to_owned(), &parameters));
        match found.and_then(|found| Ok((found, parameters.types()?))) {
            Ok(((found, _), parameters)) => Answer::Type(found.oid, found.typmod, parameters),
            Err(error) => {
                let report = error.report();
                Answer::Error {
                    sqlstate: report.sqlstate.to_string(),
                    message: report.message,
                    detail: report.detail.unwrap_or_default(),
                    hint: report.hint.unwrap_or_default(),
                    position: report.position.map(|position| position.to_string()).unwrap_or_default(),
                }
            }
        }
    }

    /// The operator or function that the resolver chooses; 0 when there is none.
    pub fn chosen(&self, facts: &Facts) -> u32 {
        let (style, parameters) = (OutputStyle::default(), Parameters::default());
        let resolver = Resolver::over(facts, &style, &parameters, "");
        self.run(&resolver, &mut Text(String::new(), &parameters)).map_or(0, |(_, row)| row)
    }

    /// Are the two answers the same, as far as the question goes?
    pub fn agree(&self, ours: &Answer, theirs: &Answer) -> bool {
        match self {
            // The words for these are those of the statement, not of the conversion.
            Self::Implicit { .. } | Self::Assignment { .. } => {
                matches!(ours, Answer::Type(..)) == matches!(theirs, Answer::Type(..))
            }
            _ => ours == theirs,
        }
    }

    /// Writes the statement and resolves it at once.
    fn run(&self, resolver: &Resolver<'_>, text: &mut Text) -> Answered {
        let outcome = match self {
            Self::Operator { name, left, right } => {
                let left = left.as_ref().map(|left| text.operand(left));
                let at = text.add(&format!(" {name} "));
                let at = at.map(|at| Position { column: at.column + 1, ..at });
                let right = text.operand(right);
                resolver.operator(name, left, right, at)
            }
            Self::ArrayOperator { name, left, right } => {
                let left = text.operand(left);
                let at = text.add(&format!(" {name} "));
                let at = at.map(|at| Position { column: at.column + 1, ..at });
                text.add("ANY (");
                let right = text.operand(right);
                text.add(")");
                resolver.array_operator(ArrayQuantifier::Any, name, left, right, at)
            }
            Self::Function { name, arguments, names } => {
                let at = text.add(&format!("\"{name}\"("));
                let positional = arguments.len() - names.len();
                let mut written = Vec::new();
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        text.add(", ");
                    }
                    let name = index.checked_sub(positional).map(|index| names[index].clone());
                    if let Some(name) = &name {
                        text.add(&format!("{name} => "));
                    }
                    written.push(Argument { name, value: text.operand(argument) });
                }
                text.add(")");
                let call = Call { name: name.clone(), arguments: written, at, ..Call::default() };
                return resolver.function(call).map(|callee| called(resolver, callee));
            }
            Self::Marked { name, arguments, mark } => {
                let call = text.marked(name, arguments, *mark);
                return resolver.function(call).map(|callee| called(resolver, callee));
            }
            Self::Cast { source, target } => {
                let source = text.operand(source);
                let at = text.add(&format!("::{}", target.name));
                resolver.cast(source, TypeRef { oid: target.oid, typmod: target.typmod() }, at)
            }
            Self::Implicit { source, target } | Self::Assignment { source, target } => {
                let context = match self {
                    Self::Implicit { .. } => CastContext::Implicit,
                    _ => CastContext::Assignment,
                };
                let wanted = TypeRef::plain(target.oid);
                let found = resolver.coerce(text.operand(source), wanted, context, Form::ImplicitCast)?;
                return found
                    .map(|found| (found.data_type, 0))
                    .ok_or_else(|| kalam::error::QueryError::DivisionByZero.into());
            }
            Self::Common { operands } => {
                text.add("COALESCE(");
                let mut written = Vec::new();
                for (index, operand) in operands.iter().enumerate() {
                    if index > 0 {
                        text.add(", ");
                    }
                    written.push(text.operand(operand));
                }
                text.add(")");
                let common = resolver.common_type(&written, "COALESCE")?;
                let typmod = resolver.common_typmod(&written, common);
                for expression in written {
                    resolver.to_common(expression, common, "COALESCE")?;
                }
                return Ok((TypeRef { oid: common, typmod }, 0));
            }
        };
        outcome.map(|expression| (expression.data_type, row(&expression)))
    }
}
