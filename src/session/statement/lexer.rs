//! PostgreSQL's tokens: enough to cut a text into statements and to read the small statements.
//!
//! The cut has to be right even where the statement itself is not: a semicolon in a string, a comment, a
//! quoted name or a dollar-quoted text ends nothing. Tokens borrow from the text, so cutting allocates
//! nothing. Statements with expressions go on to `query::parse`; what is read from these tokens directly is
//! listed in [`super::parse`].

use crate::Result;
use crate::error::QueryError;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A key word or an unquoted name.
    Word,
    /// `"a name"`.
    Quoted,
    /// `'text'`.
    Text,
    /// `E'text'`.
    Escaped,
    /// `$tag$text$tag$`.
    Dollar,
    /// `B'…'`, `X'…'`, `U&'…'`, `U&"…"`: read by nobody here.
    Special,
    Number,
    /// `$1`.
    Parameter,
    /// One punctuation mark, or a run of operator characters.
    Symbol,
}

/// One token and the place where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub kind: Kind,
    /// As written.
    pub text: &'a str,
    /// In bytes.
    pub start: usize,
}

impl Token<'_> {
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether this is the unquoted word `word`, whatever its case.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// The name that this token means: folded to lower case unless it is quoted.
    pub fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_lowercase()),
            Kind::Quoted => Some(self.text[1..self.text.len() - 1].replace("\"\"", "\"")),
            _ => None,
        }
    }

    /// The value of a string literal.
    pub fn string(&self) -> Option<String> {
        match self.kind {
            Kind::Text => Some(self.text[1..self.text.len() - 1].replace("''", "'")),
            Kind::Escaped => Some(unescape(&self.text[2..self.text.len() - 1])),
            Kind::Dollar => {
                let tag = self.text[1..].find('$').map_or(0, |at| at + 2);
                Some(self.text[tag..self.text.len() - tag].to_owned())
            }
            _ => None,
        }
    }
}

/// Cuts a text into tokens. Comments and white space are left out.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token; `None` at the end.
    ///
    /// # Errors
    /// A string, name or comment that does not end (42601).
    pub fn next(&mut self) -> Result<Option<Token<'a>>> {
        self.skip_space()?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let Some(&first) = bytes.get(start) else { return Ok(None) };
        let next = bytes.get(start + 1).copied();
        let kind = match first {
            b'\'' => self.quoted(start, b'\'', false, Kind::Text, "quoted string")?,
            b'"' => self.quoted(start, b'"', false, Kind::Quoted, "quoted identifier")?,
            b'e' | b'E' if next == Some(b'\'') => {
                self.quoted(start + 1, b'\'', true, Kind::Escaped, "quoted string")?
            }
            b'n' | b'N' if next == Some(b'\'') => {
                self.quoted(start + 1, b'\'', false, Kind::Special, "quoted string")?
            }
            b'b' | b'B' if next == Some(b'\'') => {
                self.quoted(start + 1, b'\'', false, Kind::Special, "bit string literal")?
            }
            b'x' | b'X' if next == Some(b'\'') => {
                self.quoted(start + 1, b'\'', false, Kind::Special, "hexadecimal string literal")?
            }
            b'u' | b'U' if next == Some(b'&') && matches!(bytes.get(start + 2), Some(b'\'' | b'"')) => {
                let (quote, what) =
                    if bytes[start + 2] == b'"' { (b'"', "quoted identifier") } else { (b'\'', "quoted string") };
                self.quoted(start + 2, quote, false, Kind::Special, what)?
            }
            b'$' => self.dollar(start)?,
            b'0'..=b'9' => self.number(start),
            b'.' if next.is_some_and(|byte| byte.is_ascii_digit()) => self.number(start),
            _ if is_word_start(first) => {
                self.at = self.run_end(start, |byte| is_word_start(byte) || byte.is_ascii_digit() || byte == b'$');
                Kind::Word
            }
            _ if is_operator(first) => {
                self.operator(start);
                Kind::Symbol
            }
            _ => {
                let length = self.text[start..].chars().next().map_or(1, char::len_utf8);
                self.at = start + length;
                Kind::Symbol
            }
        };
        Ok(Some(Token { kind, text: &self.text[start..self.at], start }))
    }

    fn run_end(&self, start: usize, accept: impl Fn(u8) -> bool) -> usize {
        let bytes = self.text.as_bytes();
        (start..bytes.len()).find(|&at| !accept(bytes[at])).unwrap_or(bytes.len())
    }

    fn skip_space(&mut self) -> Result<()> {
        let bytes = self.text.as_bytes();
        loop {
            self.at = self.run_end(self.at, |byte| byte.is_ascii_whitespace() || byte == 0x0b);
            match bytes.get(self.at..self.at + 2) {
                Some(b"--") => self.at = self.run_end(self.at, |byte| byte != b'\n' && byte != b'\r'),
                Some(b"/*") => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// Block comments nest.
    fn skip_comment(&mut self) -> Result<()> {
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let mut depth = 0_usize;
        while let Some(pair) = bytes.get(self.at..self.at + 2) {
            match pair {
                b"/*" => depth += 1,
                b"*/" => depth -= 1,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            self.at += 2;
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.unterminated("/* comment", start))
    }

    fn quoted(&mut self, open: usize, quote: u8, escapes: bool, kind: Kind, what: &str) -> Result<Kind> {
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let mut at = open + 1;
        while let Some(&byte) = bytes.get(at) {
            let doubled = byte == quote && bytes.get(at + 1) == Some(&quote);
            if doubled || (escapes && byte == b'\\') {
                at += 2;
            } else if byte == quote {
                self.at = at + 1;
                if kind == Kind::Quoted && at == open + 1 {
                    let error = QueryError::Syntax("zero-length delimited identifier at or near \"\"\"\"".into());
                    return Err(crate::Error::from(error).at(character(self.text, start)));
                }
                return Ok(kind);
            } else {
                at += 1;
            }
        }
        Err(self.unterminated(what, start))
    }

    /// `$1`, `$$text$$`, `$tag$text$tag$`, or a lone `$`.
    fn dollar(&mut self, start: usize) -> Result<Kind> {
        let bytes = self.text.as_bytes();
        if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) {
            self.at = self.run_end(start + 1, |byte| byte.is_ascii_digit());
            return Ok(Kind::Parameter);
        }
        let tag_end = match bytes.get(start + 1) {
            Some(&byte) if is_word_start(byte) => {
                self.run_end(start + 1, |byte| is_word_start(byte) || byte.is_ascii_digit())
            }
            _ => start + 1,
        };
        if bytes.get(tag_end) != Some(&b'$') {
            self.at = start + 1;
            return Ok(Kind::Symbol);
        }
        let tag = &self.text[start..=tag_end];
        match self.text[tag_end + 1..].find(tag) {
            Some(length) => {
                self.at = tag_end + 1 + length + tag.len();
                Ok(Kind::Dollar)
            }
            None => Err(self.unterminated("dollar-quoted string", start)),
        }
    }

    fn number(&mut self, start: usize) -> Kind {
        let bytes = self.text.as_bytes();
        let digits = |at| self.run_end(at, |byte| byte.is_ascii_digit());
        let mut at = digits(start);
        if bytes.get(at) == Some(&b'.') && bytes.get(at + 1) != Some(&b'.') {
            at = digits(at + 1);
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            if bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
                at = digits(at + 1 + sign);
            }
        }
        self.at = at;
        Kind::Number
    }

    /// A run of operator characters; a comment inside the run ends it.
    fn operator(&mut self, start: usize) {
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        while let Some(&byte) = bytes.get(at) {
            if !is_operator(byte) || matches!(bytes.get(at..at + 2), Some(b"--" | b"/*")) {
                break;
            }
            at += 1;
        }
        self.at = at;
    }

    fn unterminated(&mut self, what: &str, start: usize) -> crate::Error {
        self.at = self.text.len();
        let message = format!("unterminated {what} at or near \"{}\"", &self.text[start..]);
        crate::Error::from(QueryError::Syntax(message)).at(character(self.text, start))
    }
}

/// The place of a byte as clients count it: in characters, from 1.
pub(crate) fn character(text: &str, byte: usize) -> u32 {
    let before = text.as_bytes()[..byte].iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
    u32::try_from(before + 1).unwrap_or(u32::MAX)
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_operator(byte: u8) -> bool {
    b"~!@#^&|`?+-*/%<>=".contains(&byte)
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                chars.next();
                out.push('\'');
            }
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('b') => out.push('\u{8}'),
                Some('f') => out.push('\u{c}'),
                Some(kind @ ('x' | 'u' | 'U')) => {
                    let most = match kind {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let mut digits = String::new();
                    while digits.len() < most && chars.peek().is_some_and(char::is_ascii_hexdigit) {
                        digits.extend(chars.next());
                    }
                    match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                        Some(decoded) => out.push(decoded),
                        None => out.push(kind),
                    }
                }
                Some(digit @ '0'..='7') => {
                    let mut code = digit.to_digit(8).unwrap_or(0);
                    for _ in 0..2 {
                        let Some(next) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                        code = code * 8 + next;
                        chars.next();
                    }
                    out.extend(char::from_u32(code));
                }
                Some(other) => out.push(other),
                None => {}
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &str) -> Vec<(Kind, &str)> {
        let mut lexer = Lexer::new(text);
        let mut out = Vec::new();
        while let Some(token) = lexer.next().unwrap() {
            out.push((token.kind, token.text));
        }
        out
    }

    #[test]
    fn a_semicolon_inside_anything_is_not_a_token() {
        let text = "SELECT ';', \";\", $a$;$a$, E'\\';' /* ; /* ; */ ; */ -- ;\n; x";
        let symbols: Vec<_> =
            tokens(text).into_iter().filter(|(kind, text)| *kind == Kind::Symbol && *text == ";").collect();
        assert_eq!(symbols.len(), 1);
    }

    #[test]
    fn tokens_are_those_of_postgresql() {
        assert_eq!(
            tokens("a.b+-1.5e3::\"C d\"<=$2 $$x$$--"),
            [
                (Kind::Word, "a"),
                (Kind::Symbol, "."),
                (Kind::Word, "b"),
                (Kind::Symbol, "+-"),
                (Kind::Number, "1.5e3"),
                (Kind::Symbol, ":"),
                (Kind::Symbol, ":"),
                (Kind::Quoted, "\"C d\""),
                (Kind::Symbol, "<="),
                (Kind::Parameter, "$2"),
                (Kind::Dollar, "$$x$$"),
            ]
        );
    }

    #[test]
    fn names_fold_and_strings_decode() {
        let mut lexer = Lexer::new("FooÄ \"Foo\"\"\" 'it''s' E'a\\tb\\x41\\u00e9\\101' $t$a'b$t$");
        let mut next = || lexer.next().unwrap().unwrap();
        assert_eq!(next().name().unwrap(), "fooä");
        assert_eq!(next().name().unwrap(), "Foo\"");
        assert_eq!(next().string().unwrap(), "it's");
        assert_eq!(next().string().unwrap(), "a\tbAéA");
        assert_eq!(next().string().unwrap(), "a'b");
    }

    #[test]
    fn what_does_not_end_is_named_with_its_place() {
        for (text, message, position) in [
            ("SELECT 'é', 'abc", "unterminated quoted string at or near \"'abc\"", 13),
            ("SELECT /* a", "unterminated /* comment at or near \"/* a\"", 8),
            ("SELECT \"a", "unterminated quoted identifier at or near \"\"a\"", 8),
            ("SELECT $q$a", "unterminated dollar-quoted string at or near \"$q$a\"", 8),
        ] {
            let mut lexer = Lexer::new(text);
            let error = loop {
                match lexer.next() {
                    Ok(token) => assert!(token.is_some(), "{text} must fail"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.to_string(), message);
            assert_eq!(error.sqlstate().0, "42601");
            assert_eq!(error.report().position, Some(position));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_cut_without_a_panic_and_to_its_end(text in "[\\PC'\"$/*;\\-\n]{0,40}") {
            let mut lexer = Lexer::new(&text);
            let mut last = 0;
            while let Ok(Some(token)) = lexer.next() {
                prop_assert!(token.start >= last && !token.text.is_empty());
                last = token.end();
                let _ = (token.name(), token.string());
            }
        }
    }
}
