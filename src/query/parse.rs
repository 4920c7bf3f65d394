//! From text to statements: sqlparser under PostgreSQL's error messages.
//!
//! A text is tokenised once, checked by [`guards`], cut at its semicolons and parsed statement by
//! statement, so that every statement knows its own text. One statement that does not parse fails the
//! whole text before anything ran, as in PostgreSQL. sqlparser's own messages never reach a client: what
//! counts of them is the token they point at, which becomes `syntax error at or near "…"`.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::dialect::PostgreSql;
use super::{extent, guards, tokens};
use crate::error::{CatalogError, Error, QueryError, Result};

/// One statement of a text.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub statement: Statement,
    /// The statement's own text, without white space around it and without its semicolon.
    pub text: Arc<str>,
    /// The whole text it came from: positions of errors count in it.
    pub source: Arc<str>,
    /// Where `text` begins in `source`, in bytes.
    pub offset: usize,
}

/// Parses a text of any number of statements. An empty text, or one of comments only, has none.
///
/// # Errors
/// 42601 with the position of the token that cannot stand where it stands; 54001 from [`guards`].
pub fn parse(sql: &str) -> Result<Vec<Parsed>> {
    let source: Arc<str> = Arc::from(sql);
    let lines = Lines::new(sql);
    let tokens = Tokenizer::new(&PostgreSql, sql)
        .tokenize_with_location()
        .map_err(|error| unterminated(sql, &lines, &error.message, error.location))?;
    guards::check(&tokens)?;
    check_neighbours(sql, &lines, &tokens)?;
    let mut statements = Vec::new();
    for part in tokens.split(|token| token.token == Token::SemiColon) {
        let Some(first) = part.iter().position(is_significant) else { continue };
        let last = part.iter().rposition(is_significant).unwrap_or(first);
        let part = &part[first..=last];
        let start = lines.byte(sql, part[0].span.start);
        let end = lines.byte(sql, part[part.len() - 1].span.end);
        let statement = parse_one(sql, &lines, part)?;
        statements.push(Parsed {
            statement,
            text: Arc::from(&sql[start..end]),
            source: Arc::clone(&source),
            offset: start,
        });
    }
    Ok(statements)
}

/// Parses one expression, such as a stored DEFAULT or CHECK.
///
/// # Errors
/// 42601 and 54001, as [`parse`].
pub fn parse_expression(sql: &str) -> Result<datafusion::sql::sqlparser::ast::Expr> {
    let lines = Lines::new(sql);
    let tokens = Tokenizer::new(&PostgreSql, sql)
        .tokenize_with_location()
        .map_err(|error| unterminated(sql, &lines, &error.message, error.location))?;
    guards::check(&tokens)?;
    let mut parser = parser(tokens::readable(sql, &lines, &tokens)?);
    let parsed = parser.parse_expr();
    let parsed = parsed.map_err(|error| syntax_error(sql, &lines, &tokens, &parser, &error))?;
    at_end(sql, &lines, &mut parser)?;
    Ok(parsed)
}

/// What sqlparser reads as an alias, and PostgreSQL as a mistake or as an operator.
fn check_neighbours(sql: &str, lines: &Lines, tokens: &[TokenWithSpan]) -> Result<()> {
    let mut before: Option<&TokenWithSpan> = None;
    for token in tokens.iter().filter(|token| is_significant(token)) {
        let last = before.replace(token);
        let Some(last) = last else { continue };
        let is_string = |token: &Token| matches!(token, Token::SingleQuotedString(_));
        match (&last.token, &token.token) {
            (Token::Number(..), Token::Word(word))
                if word.quote_style.is_none() && last.span.end == token.span.start =>
            {
                let text = &sql[lines.byte(sql, last.span.start)..lines.byte(sql, token.span.end)];
                let message = format!("trailing junk after numeric literal at or near \"{text}\"");
                return Err(Error::from(QueryError::Syntax(message)).at(lines.position(last.span.start)));
            }
            (left, right) if is_string(left) && is_string(right) => {
                if last.span.end.line == token.span.start.line {
                    return Err(near(sql, lines, token));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn parser(tokens: Vec<TokenWithSpan>) -> Parser<'static> {
    // The guard allows 64 levels of parentheses; sqlparser counts up to three of its own levels for each.
    Parser::new(&PostgreSql).with_recursion_limit(400).with_tokens_with_locations(tokens)
}

fn parse_one(sql: &str, lines: &Lines, tokens: &[TokenWithSpan]) -> Result<Statement> {
    let mut parser = parser(tokens::readable(sql, lines, tokens)?);
    let parsed = parser.parse_statement();
    let mut statement = parsed.map_err(|error| syntax_error(sql, lines, tokens, &parser, &error))?;
    guards::balance(&mut statement);
    at_end(sql, lines, &mut parser)?;
    extent::check(&statement)?;
    Ok(statement)
}

fn at_end(sql: &str, lines: &Lines, parser: &mut Parser<'_>) -> Result<()> {
    let next = parser.peek_token();
    if next.token == Token::EOF { Ok(()) } else { Err(near(sql, lines, &next)) }
}

fn is_significant(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_) | Token::EOF)
}

/// Finds the token that a message of sqlparser is about: by the place it names, else the next one.
fn syntax_error(sql: &str, lines: &Lines, tokens: &[TokenWithSpan], parser: &Parser<'_>, error: &ParserError) -> Error {
    let message = match error {
        ParserError::RecursionLimitExceeded => return guards::too_complex().into(),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    if message.contains("found: EOF") {
        return end_of_input(sql);
    }
    let place = place_of(message);
    let named = place.and_then(|place| tokens.iter().find(|token| token.span.start == place));
    match named {
        Some(token) => near(sql, lines, token),
        None => {
            let next = parser.peek_token_ref().clone();
            if next.token == Token::EOF { end_of_input(sql) } else { near(sql, lines, &next) }
        }
    }
}

/// `… at Line: 1, Column: 8` → the location.
fn place_of(message: &str) -> Option<Location> {
    let rest = &message[message.rfind("at Line: ")? + "at Line: ".len()..];
    let (line, column) = rest.split_once(", Column: ")?;
    let column: String = column.chars().take_while(char::is_ascii_digit).collect();
    Some(Location { line: line.trim().parse().ok()?, column: column.parse().ok()? })
}

pub(super) fn near(sql: &str, lines: &Lines, token: &TokenWithSpan) -> Error {
    let start = lines.byte(sql, token.span.start);
    let end = lines.byte(sql, token.span.end).max(start);
    let text = if end > start { sql[start..end].to_owned() } else { token.token.to_string() };
    Error::from(QueryError::Syntax(format!("syntax error at or near \"{text}\""))).at(lines.position(token.span.start))
}

pub(super) fn end_of_input(sql: &str) -> Error {
    let length = u32::try_from(sql.trim_end().chars().count()).unwrap_or(u32::MAX - 1);
    Error::from(QueryError::Syntax("syntax error at end of input".into())).at(length + 1)
}

/// What the tokenizer refuses: quotes and comments that do not end.
fn unterminated(sql: &str, lines: &Lines, message: &str, place: Location) -> Error {
    if message.contains("encoded string") && has_nul(&sql[lines.byte(sql, place)..]) {
        return CatalogError::InvalidEncoding("0x00".into()).into();
    }
    let what = if message.contains("comment") {
        "unterminated /* comment"
    } else if message.contains("dollar-quoted") {
        "unterminated dollar-quoted string"
    } else if message.contains('"') {
        "unterminated quoted identifier"
    } else if message.to_ascii_lowercase().contains("unterminated") {
        "unterminated quoted string"
    } else {
        "syntax error"
    };
    let start = lines.byte(sql, place);
    Error::from(QueryError::Syntax(format!("{what} at or near \"{}\"", &sql[start..]))).at(lines.position(place))
}

/// Does the escape string at the beginning of `sql` write a NUL, which no text may contain?
fn has_nul(sql: &str) -> bool {
    let Some((_, body)) = sql.split_once('\'') else { return false };
    let mut rest = body;
    while let Some(place) = rest.find(['\\', '\'']) {
        let after = &rest[place + 1..];
        if rest[place..].starts_with('\'') {
            // Two quotes are one in the text, a single one ends it.
            match after.strip_prefix('\'') {
                Some(next) => rest = next,
                None => return false,
            }
            continue;
        }
        let Some(kind) = after.chars().next() else { return false };
        let (digits, radix, length) = match kind {
            'x' => (&after[1..], 16, 2),
            'u' => (&after[1..], 16, 4),
            'U' => (&after[1..], 16, 8),
            '0'..='7' => (after, 8, 3),
            _ => {
                rest = &after[kind.len_utf8()..];
                continue;
            }
        };
        let digits: &str = &digits[..digits.chars().take(length).take_while(|c| c.is_digit(radix)).count()];
        if !digits.is_empty() && digits.chars().all(|digit| digit == '0') {
            return true;
        }
        rest = &after[1..];
    }
    false
}

/// Turns sqlparser's lines and columns into PostgreSQL's positions.
#[derive(Debug)]
pub struct Lines {
    /// The number of characters, and of bytes, before each line.
    starts: Vec<(u32, usize)>,
}

impl Lines {
    /// Reads the line ends of a text.
    pub fn new(sql: &str) -> Self {
        let mut starts = vec![(0, 0)];
        let mut characters = 0;
        for (byte, character) in sql.char_indices() {
            characters += 1;
            if character == '\n' {
                starts.push((characters, byte + 1));
            }
        }
        Self { starts }
    }

    /// The 1-based position in characters.
    pub fn position(&self, place: Location) -> u32 {
        let (characters, _) = self.line(place);
        characters + u32::try_from(place.column).unwrap_or(u32::MAX / 2)
    }

    fn line(&self, place: Location) -> (u32, usize) {
        let line = usize::try_from(place.line).unwrap_or(usize::MAX).saturating_sub(1);
        self.starts[line.min(self.starts.len() - 1)]
    }

    pub(super) fn byte(&self, sql: &str, place: Location) -> usize {
        let (_, start) = self.line(place);
        let column = usize::try_from(place.column).unwrap_or(usize::MAX).saturating_sub(1);
        sql[start..].char_indices().nth(column).map_or(sql.len(), |(byte, _)| start + byte)
    }
}

/// The position of a place in a text, for errors found after parsing. `None` for nodes without a place.
pub fn position(source: &str, place: Location) -> Option<u32> {
    (place.line > 0).then(|| Lines::new(source).position(place))
}

/// The position of the first mention of a parameter in a text.
pub fn parameter_position(source: &str, number: usize) -> Option<u32> {
    let tokens = Tokenizer::new(&PostgreSql, source).tokenize_with_location().ok()?;
    let name = format!("${number}");
    let token = tokens.iter().find(|token| matches!(&token.token, Token::Placeholder(text) if *text == name))?;
    position(source, token.span.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(sql: &str) -> (String, String, Option<u32>) {
        let report = parse(sql).unwrap_err().report();
        (report.sqlstate.0.to_owned(), report.message, report.position)
    }

    #[test]
    fn statements_keep_their_own_text() {
        let parsed = parse(" SELECT 1 ; -- one\n;; select 'ä;' /* two */ ; ").unwrap();
        let texts: Vec<&str> = parsed.iter().map(|parsed| &*parsed.text).collect();
        assert_eq!(texts, ["SELECT 1", "select 'ä;'"]);
        assert_eq!(&parsed[1].source[parsed[1].offset..][..6], "select");
    }

    #[test]
    fn nothing_is_no_statement() {
        assert!(parse("").unwrap().is_empty());
        assert!(parse(" ; -- ping\n/* x */").unwrap().is_empty());
    }

    #[test]
    fn errors_read_like_postgresql() {
        assert_eq!(failure("SELEC 1"), ("42601".into(), "syntax error at or near \"SELEC\"".into(), Some(1)));
        assert_eq!(
            failure("SELECT 1;\n  SELECT 'ä' FROM t WHERE )"),
            ("42601".into(), "syntax error at or near \")\"".into(), Some(37))
        );
        assert_eq!(failure("SELECT 1 +"), ("42601".into(), "syntax error at end of input".into(), Some(11)));
        assert_eq!(
            failure("SELECT 'abc"),
            ("42601".into(), "unterminated quoted string at or near \"'abc\"".into(), Some(8))
        );
        assert_eq!(failure("SELECT 1 2").1, "syntax error at or near \"2\"");
    }

    #[test]
    fn no_text_contains_nul() {
        for sql in ["SELECT E'a\\000b'", "SELECT e'\\x00'", "SELECT 1, E'it''s \\\\ \\n \\u0000'"] {
            let failure = failure(sql);
            assert_eq!(failure.0, "22021", "{sql}");
            assert_eq!(failure.1, "invalid byte sequence for encoding \"UTF8\": 0x00");
        }
        assert_eq!(failure("SELECT E'a\\").0, "42601");
        assert!(parse("SELECT E'\\101\\x41'").is_ok());
    }

    #[test]
    fn what_is_too_deep_is_refused_before_it_is_parsed() {
        for sql in [
            format!("SELECT 1{}", "+1".repeat(10_000)),
            format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
            format!("SELECT {}1", "- ".repeat(10_000)),
            format!("SELECT {}true", "NOT ".repeat(10_000)),
            format!("SELECT 1 WHERE {}true", "a = 1 OR ".repeat(10_000)),
            format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(10_000)),
            format!("SELECT {} 1 {}", "CASE WHEN true THEN ".repeat(10_000), "END ".repeat(10_000)),
            format!("SELECT * FROM t{}", " JOIN t ON true".repeat(10_000)),
            format!("SELECT 1{}", "::int".repeat(10_000)),
        ] {
            assert_eq!(failure(&sql).0, "54001", "{}", &sql[..40]);
        }
    }

    #[test]
    fn nested_calls_take_linear_time() {
        assert!(parse(&format!("SELECT {}1{}", "f(".repeat(60), ")".repeat(60))).is_ok());
        assert_eq!(failure(&format!("SELECT {}1{}", "(SELECT ".repeat(50), ")".repeat(50))).0, "54001");
        assert!(parse("SELECT f(a => 1, b := 2)").is_ok());
    }

    #[test]
    fn long_lists_are_not_deep() {
        assert!(parse(&format!("SELECT 1 WHERE 1 IN (1{})", ", -1".repeat(20_000))).is_ok());
        assert!(parse(&format!("INSERT INTO t VALUES (1, 'x'){}", ", (1, 'x')".repeat(20_000))).is_ok());
    }
}
