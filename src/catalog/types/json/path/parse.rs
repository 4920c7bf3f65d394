//! The grammar of jsonpath. Expressions and predicates are read by one set of functions and told apart afterwards:
//! both may stand in parentheses.

use regex::RegexBuilder;

use super::lex::{Lexer, Token};
use super::{JsonPath, Method, Operator, Path, RegexFlags, Step};
use crate::base::numeric::Numeric;
use crate::error::{CatalogError, Result};

/// Deepest nesting.
const DEPTH: usize = 200;

/// Reads a path.
///
/// # Errors
/// 42601 and 22P02 for what is no path, 2201B for a regular expression that is none, 54001 when nested too deep.
pub fn parse(text: &str) -> Result<JsonPath> {
    let mut lexer = Lexer::new(text);
    let token = lexer.advance()?;
    if token == Token::End {
        let message = format!("invalid input syntax for type jsonpath: \"{text}\"");
        return Err(CatalogError::BadText { message, detail: None }.into());
    }
    let mut parser = Parser { lexer, token, depth: DEPTH };
    let lax = match parser.word().as_deref() {
        Some("strict") => false,
        Some("lax") => true,
        _ => {
            let steps = parser.whole()?;
            return finish(true, steps);
        }
    };
    parser.next()?;
    let steps = parser.whole()?;
    finish(lax, steps)
}

fn finish(lax: bool, steps: Path) -> Result<JsonPath> {
    check(&steps, false, false)?;
    Ok(JsonPath { lax, steps })
}

/// `@` only in filters, `last` only in subscripts.
fn check(path: &Path, in_filter: bool, in_subscript: bool) -> Result<()> {
    let refused = |message: &str| Err(CatalogError::JsonPathSyntax(message.to_owned()).into());
    for step in path {
        match step {
            Step::Current if !in_filter => return refused("@ is not allowed in root expressions"),
            Step::Last if !in_subscript => return refused("LAST is allowed only in array subscripts"),
            Step::Binary(_, left, right) => {
                check(left, in_filter, in_subscript)?;
                check(right, in_filter, in_subscript)?;
            }
            Step::Sign { operand, .. }
            | Step::Not(operand)
            | Step::IsUnknown(operand)
            | Step::Exists(operand)
            | Step::LikeRegex { operand, .. } => check(operand, in_filter, in_subscript)?,
            Step::Filter(condition) => check(condition, true, in_subscript)?,
            Step::Elements(places) => {
                for (from, to) in places {
                    check(from, in_filter, true)?;
                    to.iter().try_for_each(|to| check(to, in_filter, true))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    depth: usize,
}

/// Is what was read in parentheses, so that a predicate may be an operand of `!` and have steps behind it?
struct Read {
    path: Path,
    parenthesised: bool,
}

impl Read {
    fn is_predicate(&self) -> bool {
        self.path.len() == 1 && self.path[0].is_predicate()
    }
}

impl Parser<'_> {
    fn next(&mut self) -> Result<()> {
        self.token = self.lexer.advance()?;
        Ok(())
    }

    fn fail<T>(&self) -> Result<T> {
        Err(self.lexer.error("syntax error"))
    }

    /// The current name as a keyword: only `true`, `false` and `null` must be in lower case.
    fn word(&self) -> Option<String> {
        match &self.token {
            Token::Name(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        }
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.token, Token::Symbol(own) if own == symbol)
    }

    fn eat(&mut self, symbol: &str) -> Result<bool> {
        let found = self.is(symbol);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &str) -> Result<()> {
        if self.eat(symbol)? { Ok(()) } else { self.fail() }
    }

    fn whole(&mut self) -> Result<Path> {
        let read = self.or()?;
        if self.token == Token::End { Ok(read.path) } else { self.fail() }
    }

    fn or(&mut self) -> Result<Read> {
        self.depth = self.depth.checked_sub(1).ok_or(CatalogError::TooDeep)?;
        let mut left = self.and()?;
        while self.is("||") {
            left = self.logic(left, Operator::Or, Self::and)?;
        }
        self.depth += 1;
        Ok(left)
    }

    fn and(&mut self) -> Result<Read> {
        let mut left = self.comparison()?;
        while self.is("&&") {
            left = self.logic(left, Operator::And, Self::comparison)?;
        }
        Ok(left)
    }

    fn logic(&mut self, left: Read, operator: Operator, right: fn(&mut Self) -> Result<Read>) -> Result<Read> {
        if !left.is_predicate() {
            return self.fail();
        }
        self.next()?;
        let right = right(self)?;
        if !right.is_predicate() {
            return self.fail();
        }
        let step = Step::Binary(operator, Box::new(left.path), Box::new(right.path));
        Ok(Read { path: vec![step], parenthesised: false })
    }

    fn comparison(&mut self) -> Result<Read> {
        let left = self.sum()?;
        let operator = match &self.token {
            Token::Symbol("==" | "=") => Operator::Equal,
            Token::Symbol("!=" | "<>") => Operator::NotEqual,
            Token::Symbol("<") => Operator::Less,
            Token::Symbol("<=") => Operator::LessOrEqual,
            Token::Symbol(">") => Operator::Greater,
            Token::Symbol(">=") => Operator::GreaterOrEqual,
            _ => return self.test(left),
        };
        if left.is_predicate() {
            return self.fail();
        }
        self.next()?;
        let right = self.sum()?;
        if right.is_predicate() {
            return self.fail();
        }
        let step = Step::Binary(operator, Box::new(left.path), Box::new(right.path));
        Ok(Read { path: vec![step], parenthesised: false })
    }

    /// `starts with`, `like_regex`, `is unknown` behind what was read.
    fn test(&mut self, left: Read) -> Result<Read> {
        let step = match self.word().as_deref() {
            Some("is") if left.is_predicate() && left.parenthesised => {
                self.next()?;
                if self.word().as_deref() != Some("unknown") {
                    return self.fail();
                }
                self.next()?;
                Step::IsUnknown(Box::new(left.path))
            }
            Some("starts") if !left.is_predicate() => {
                self.next()?;
                if self.word().as_deref() != Some("with") {
                    return self.fail();
                }
                self.next()?;
                let initial = match std::mem::replace(&mut self.token, Token::End) {
                    Token::String(text) => Step::String(text),
                    Token::Variable(name) => Step::Variable(name),
                    other => {
                        self.token = other;
                        return self.fail();
                    }
                };
                self.next()?;
                Step::Binary(Operator::StartsWith, Box::new(left.path), Box::new(vec![initial]))
            }
            Some("like_regex") if !left.is_predicate() => {
                self.next()?;
                let pattern = self.string()?;
                let flags = if self.word().as_deref() == Some("flag") {
                    self.next()?;
                    read_flags(&self.string()?)?
                } else {
                    RegexFlags::default()
                };
                regex(&pattern, flags)?;
                Step::LikeRegex { operand: Box::new(left.path), pattern, flags }
            }
            _ => return Ok(left),
        };
        Ok(Read { path: vec![step], parenthesised: false })
    }

    fn string(&mut self) -> Result<String> {
        match std::mem::replace(&mut self.token, Token::End) {
            Token::String(text) => {
                self.next()?;
                Ok(text)
            }
            other => {
                self.token = other;
                self.fail()
            }
        }
    }

    fn sum(&mut self) -> Result<Read> {
        let mut left = self.product()?;
        loop {
            let operator = match self.token {
                Token::Symbol("+") => Operator::Add,
                Token::Symbol("-") => Operator::Subtract,
                _ => return Ok(left),
            };
            left = self.arithmetic(left, operator, Self::product)?;
        }
    }

    fn product(&mut self) -> Result<Read> {
        let mut left = self.signed()?;
        loop {
            let operator = match self.token {
                Token::Symbol("*") => Operator::Multiply,
                Token::Symbol("/") => Operator::Divide,
                Token::Symbol("%") => Operator::Modulo,
                _ => return Ok(left),
            };
            left = self.arithmetic(left, operator, Self::signed)?;
        }
    }

    fn arithmetic(&mut self, left: Read, operator: Operator, right: fn(&mut Self) -> Result<Read>) -> Result<Read> {
        if left.is_predicate() {
            return self.fail();
        }
        self.next()?;
        let right = right(self)?;
        if right.is_predicate() {
            return self.fail();
        }
        let step = Step::Binary(operator, Box::new(left.path), Box::new(right.path));
        Ok(Read { path: vec![step], parenthesised: false })
    }

    fn signed(&mut self) -> Result<Read> {
        let minus = self.is("-");
        if !minus && !self.is("+") {
            return self.negated();
        }
        self.depth = self.depth.checked_sub(1).ok_or(CatalogError::TooDeep)?;
        self.next()?;
        let operand = self.signed()?;
        self.depth += 1;
        if operand.is_predicate() {
            return self.fail();
        }
        let path = match (operand.path.as_slice(), minus) {
            ([Step::Number(_)], false) => operand.path,
            ([Step::Number(number)], true) => vec![Step::Number(match number.strip_prefix('-') {
                Some(positive) => positive.to_owned(),
                None if number.bytes().all(|byte| matches!(byte, b'0' | b'.')) => number.clone(),
                None => format!("-{number}"),
            })],
            _ => vec![Step::Sign { minus, operand: Box::new(operand.path) }],
        };
        Ok(Read { path, parenthesised: false })
    }

    /// `!(…)`, `exists (…)`, or a value with its steps.
    fn negated(&mut self) -> Result<Read> {
        if self.eat("!")? {
            let operand = self.accessor()?;
            let delimited = operand.parenthesised || matches!(operand.path.as_slice(), [Step::Exists(_)]);
            if !operand.is_predicate() || !delimited {
                return self.fail();
            }
            return Ok(Read { path: vec![Step::Not(Box::new(operand.path))], parenthesised: false });
        }
        self.accessor()
    }

    fn accessor(&mut self) -> Result<Read> {
        let mut read = self.primary()?;
        let bare = read.path.len();
        loop {
            if self.eat("[")? {
                let step = self.subscripts()?;
                read.path.push(step);
            } else if self.eat(".")? {
                let step = self.member()?;
                read.path.push(step);
            } else if self.eat("?")? {
                self.expect("(")?;
                let condition = self.or()?;
                if !condition.is_predicate() {
                    return self.fail();
                }
                self.expect(")")?;
                read.path.push(Step::Filter(Box::new(condition.path)));
            } else {
                if read.path.len() > bare {
                    read.parenthesised = false;
                }
                return Ok(read);
            }
        }
    }

    fn primary(&mut self) -> Result<Read> {
        let token = std::mem::replace(&mut self.token, Token::End);
        let step = match &token {
            Token::String(text) => Step::String(text.clone()),
            Token::Variable(name) => Step::Variable(name.clone()),
            Token::Integer(text) | Token::Number(text) => Step::Number(number(text)?),
            Token::Symbol("$") => Step::Root,
            Token::Symbol("@") => Step::Current,
            Token::Name(name) if name == "null" => Step::Null,
            Token::Name(name) if name == "true" => Step::Bool(true),
            Token::Name(name) if name == "false" => Step::Bool(false),
            Token::Name(name) if name.eq_ignore_ascii_case("last") => Step::Last,
            Token::Name(name) if name.eq_ignore_ascii_case("exists") => {
                self.next()?;
                self.expect("(")?;
                let operand = self.or()?;
                if operand.is_predicate() {
                    return self.fail();
                }
                self.expect(")")?;
                let path = vec![Step::Exists(Box::new(operand.path))];
                return Ok(Read { path, parenthesised: false });
            }
            Token::Symbol("(") => {
                self.next()?;
                let mut inner = self.or()?;
                self.expect(")")?;
                inner.parenthesised = true;
                return Ok(inner);
            }
            _ => {
                self.token = token;
                return self.fail();
            }
        };
        self.next()?;
        Ok(Read { path: vec![step], parenthesised: false })
    }

    fn subscripts(&mut self) -> Result<Step> {
        if self.eat("*")? {
            self.expect("]")?;
            return Ok(Step::AnyElement);
        }
        let mut places = Vec::new();
        loop {
            let from = self.place()?;
            let to = if self.word().as_deref() == Some("to") {
                self.next()?;
                Some(self.place()?)
            } else {
                None
            };
            places.push((from, to));
            if self.eat("]")? {
                return Ok(Step::Elements(places));
            }
            self.expect(",")?;
        }
    }

    fn place(&mut self) -> Result<Path> {
        let read = self.or()?;
        if read.is_predicate() { self.fail() } else { Ok(read.path) }
    }

    /// What follows a point.
    fn member(&mut self) -> Result<Step> {
        let name = match std::mem::replace(&mut self.token, Token::End) {
            Token::Symbol("*") => {
                self.next()?;
                return Ok(Step::AnyMember);
            }
            Token::Symbol("**") => {
                self.next()?;
                return self.levels();
            }
            Token::String(text) => {
                self.next()?;
                return Ok(Step::Member(text));
            }
            Token::Name(name) => name,
            other => {
                self.token = other;
                return self.fail();
            }
        };
        self.next()?;
        if !self.is("(") {
            return Ok(Step::Member(name));
        }
        let step = match name.to_ascii_lowercase().as_str() {
            "type" => Step::Method(Method::Type),
            "size" => Step::Method(Method::Size),
            "abs" => Step::Method(Method::Abs),
            "floor" => Step::Method(Method::Floor),
            "ceiling" => Step::Method(Method::Ceiling),
            "double" => Step::Method(Method::Double),
            "keyvalue" => Step::Method(Method::KeyValue),
            "datetime" => {
                self.next()?;
                let template = if self.is(")") { None } else { Some(self.string()?) };
                self.expect(")")?;
                return Ok(Step::Datetime(template));
            }
            _ => return self.fail(),
        };
        self.next()?;
        self.expect(")")?;
        Ok(step)
    }

    fn levels(&mut self) -> Result<Step> {
        if !self.eat("{")? {
            return Ok(Step::AnyDepth { first: 0, last: u32::MAX });
        }
        let first = self.level()?;
        let last = if self.word().as_deref() == Some("to") {
            self.next()?;
            self.level()?
        } else {
            first
        };
        self.expect("}")?;
        Ok(Step::AnyDepth { first, last })
    }

    fn level(&mut self) -> Result<u32> {
        let level = match &self.token {
            Token::Integer(text) => text.parse::<i32>().ok().and_then(|level| u32::try_from(level).ok()),
            Token::Name(name) if name.eq_ignore_ascii_case("last") => Some(u32::MAX),
            _ => return self.fail(),
        };
        let Some(level) = level else {
            let message = "value is out of range for type integer".to_owned();
            return Err(CatalogError::NumberOutOfRange { message, detail: None }.into());
        };
        self.next()?;
        Ok(level)
    }
}

/// A number as `numeric` writes it.
fn number(text: &str) -> Result<String> {
    Ok(Numeric::parse(text)?.to_string())
}

fn read_flags(text: &str) -> Result<RegexFlags> {
    let mut flags = RegexFlags::default();
    for flag in text.chars() {
        match flag {
            'i' => flags.ignore_case = true,
            's' => flags.dot_all = true,
            'm' => flags.multi_line = true,
            'x' => flags.expanded = true,
            'q' => flags.quoted = true,
            other => {
                let message = "invalid input syntax for type jsonpath".to_owned();
                let error = crate::Error::from(CatalogError::JsonPathSyntax(message));
                return Err(error.detail(format!("Unrecognized flag character \"{other}\" in LIKE_REGEX predicate.")));
            }
        }
    }
    Ok(flags)
}

/// The regular expression of `like_regex`.
///
/// # Errors
/// 2201B for one that is none, 0A000 for the flag `x`.
pub(crate) fn regex(pattern: &str, flags: RegexFlags) -> Result<regex::Regex> {
    if flags.expanded && !flags.quoted {
        let message = "XQuery \"x\" flag (expanded regular expressions) is not implemented";
        return Err(CatalogError::NotSupported(message.into()).into());
    }
    let escaped = if flags.quoted { regex::escape(pattern) } else { pattern.to_owned() };
    let compiled = RegexBuilder::new(&escaped)
        .case_insensitive(flags.ignore_case)
        .dot_matches_new_line(flags.dot_all)
        .multi_line(flags.multi_line && !flags.quoted)
        .build();
    compiled.map_err(|error| match error {
        regex::Error::Syntax(text) if text.contains("not supported") => {
            CatalogError::NotSupported("this regular expression in like_regex is not supported".into()).into()
        }
        _ => CatalogError::InvalidRegex(format!("invalid regular expression: {}", fault(pattern))).into(),
    })
}

/// PostgreSQL's words for the commonest mistakes.
fn fault(pattern: &str) -> &'static str {
    let count = |letter: char| pattern.chars().filter(|own| *own == letter).count();
    if count('(') != count(')') {
        "parentheses () not balanced"
    } else if count('[') != count(']') {
        "brackets [] not balanced"
    } else {
        "quantifier operand invalid"
    }
}
