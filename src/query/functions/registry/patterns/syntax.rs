//! PostgreSQL's advanced regular expressions, from their text to a tree.

use super::set::{Class, Set};
use crate::error::{QueryError, Result};
use crate::query::bind::refuse;

/// Most repetitions that a bound may name.
const MOST_REPETITIONS: u32 = 255;
/// Deepest nesting of parentheses.
const DEPTH: usize = 200;

/// A place between characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordStart,
    WordEnd,
    WordEdge,
    NoWordEdge,
}

/// An expression: alternatives, each of which is a sequence.
pub(super) type Alternatives = Vec<Vec<Piece>>;

/// An atom with its quantifier.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) atom: Atom,
    pub(super) least: u32,
    pub(super) most: Option<u32>,
    /// `None` where the quantifier, if there is one, leaves the choice to the atom.
    pub(super) greedy: Option<bool>,
}

#[derive(Clone, Debug)]
pub(super) enum Atom {
    Set(Set),
    Place(Place),
    Look {
        ahead: bool,
        negated: bool,
        inner: Alternatives,
    },
    /// The number of a capturing group, from 1.
    Group {
        capture: Option<usize>,
        inner: Alternatives,
    },
    Back(usize),
}

/// How an expression is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) folds: bool,
    /// `.` and excluding brackets do not match line feeds.
    pub(super) stops_at_lines: bool,
    /// `^` and `$` also match at line feeds.
    pub(super) line_anchors: bool,
    pub(super) expanded: bool,
    pub(super) literal: bool,
}

/// A parsed expression.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) alternatives: Alternatives,
    pub(super) groups: usize,
    pub(super) folds: bool,
    pub(super) has_back_references: bool,
    pub(super) has_looks: bool,
}

pub(super) fn invalid(what: &str) -> crate::Error {
    QueryError::InvalidRegex(format!("invalid regular expression: {what}")).into()
}

fn bad_escape() -> crate::Error {
    invalid("invalid escape \\ sequence")
}

/// Reads an expression.
///
/// # Errors
/// 2201B.
pub(super) fn parse(text: &str, mut options: Options) -> Result<Parsed> {
    let mut text = text;
    if !options.literal {
        if let Some(rest) = text.strip_prefix("***=") {
            (text, options.literal) = (rest, true);
        } else if let Some(rest) = text.strip_prefix("***:") {
            text = rest;
        } else if text.starts_with("***") {
            return Err(invalid("invalid regexp (reg version 0.8)"));
        }
    }
    if !options.literal {
        text = embedded(text, &mut options)?;
    }
    let mut parser = Parser {
        text: text.chars().collect(),
        at: 0,
        options,
        groups: 0,
        closed: Vec::new(),
        depth: 0,
        in_look: false,
        has_back_references: false,
        has_looks: false,
    };
    let alternatives = if options.literal {
        let piece = |character: &char| plain(Atom::Set(Set::one(*character, options.folds)));
        vec![parser.text.iter().map(piece).collect()]
    } else {
        let found = parser.alternatives()?;
        if parser.at < parser.text.len() {
            return Err(invalid("parentheses () not balanced"));
        }
        found
    };
    Ok(Parsed {
        alternatives,
        groups: parser.groups,
        folds: options.folds,
        has_back_references: parser.has_back_references,
        has_looks: parser.has_looks,
    })
}

/// Options at the beginning, as in `(?i)`.
fn embedded<'a>(text: &'a str, options: &mut Options) -> Result<&'a str> {
    let Some(rest) = text.strip_prefix("(?") else { return Ok(text) };
    if !rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Ok(text);
    }
    let bad = || invalid("invalid embedded option");
    let end = rest.find(')').ok_or_else(bad)?;
    for letter in rest[..end].chars() {
        match letter {
            'c' => options.folds = false,
            'i' => options.folds = true,
            'm' | 'n' => (options.stops_at_lines, options.line_anchors) = (true, true),
            'p' => (options.stops_at_lines, options.line_anchors) = (true, false),
            'w' => (options.stops_at_lines, options.line_anchors) = (false, true),
            's' => (options.stops_at_lines, options.line_anchors) = (false, false),
            't' => options.expanded = false,
            'x' => options.expanded = true,
            'q' => options.literal = true,
            'b' | 'e' => return Err(refuse::not_supported(format!("regular expression option \"{letter}\""))),
            _ => return Err(bad()),
        }
    }
    Ok(&rest[end + 1..])
}

fn plain(atom: Atom) -> Piece {
    Piece { atom, least: 1, most: Some(1), greedy: None }
}

struct Parser {
    text: Vec<char>,
    at: usize,
    options: Options,
    groups: usize,
    /// Which groups have ended: only those can be referred to.
    closed: Vec<usize>,
    depth: usize,
    in_look: bool,
    has_back_references: bool,
    has_looks: bool,
}

/// What an escape stands for.
enum Escaped {
    Character(char),
    Class(Class, bool),
    Place(Place),
    Back(usize),
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn starts_with(&self, wanted: &str) -> bool {
        wanted.chars().enumerate().all(|(index, character)| self.peek_at(index) == Some(character))
    }

    /// White space and comments, where they do not count.
    fn skip(&mut self) -> Result<()> {
        loop {
            if self.starts_with("(?#") {
                while self.peek().is_some_and(|character| character != ')') {
                    self.at += 1;
                }
                if !self.eat(')') {
                    return Err(invalid("parentheses () not balanced"));
                }
            } else if self.options.expanded && self.peek().is_some_and(|character| Class::Space.has(character)) {
                self.at += 1;
            } else if self.options.expanded && self.peek() == Some('#') {
                while self.peek().is_some_and(|character| character != '\n') {
                    self.at += 1;
                }
            } else {
                return Ok(());
            }
        }
    }

    fn alternatives(&mut self) -> Result<Alternatives> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(invalid("regular expression is too complex"));
        }
        let mut found = vec![self.sequence()?];
        while self.eat('|') {
            found.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(found)
    }

    fn sequence(&mut self) -> Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        loop {
            self.skip()?;
            match self.peek() {
                None | Some('|' | ')') => return Ok(pieces),
                _ => {
                    let piece = self.piece()?;
                    pieces.push(piece);
                }
            }
        }
    }

    fn piece(&mut self) -> Result<Piece> {
        let atom = self.atom()?;
        self.skip()?;
        if matches!(atom, Atom::Place(_) | Atom::Look { .. }) {
            // A place cannot be repeated.
            if matches!(self.peek(), Some('*' | '+' | '?')) || self.is_bound() {
                return Err(invalid("quantifier operand invalid"));
            }
            return Ok(plain(atom));
        }
        let mut piece = plain(atom);
        (piece.least, piece.most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            _ if self.is_bound() => {
                self.at += 1;
                let least = self.count()?;
                let (most, prefers) = if self.eat(',') {
                    let most = if self.peek() == Some('}') { None } else { Some(self.count()?) };
                    if most.is_some_and(|most| most < least) {
                        return Err(invalid("invalid repetition count(s)"));
                    }
                    (most, true)
                } else {
                    (Some(least), false)
                };
                if !self.eat('}') {
                    return Err(invalid("invalid repetition count(s)"));
                }
                let is_lazy = self.eat('?');
                piece.greedy = prefers.then_some(!is_lazy);
                (piece.least, piece.most) = (least, most);
                return self.no_second_quantifier(piece);
            }
            _ => return Ok(piece),
        };
        self.at += 1;
        piece.greedy = Some(!self.eat('?'));
        self.no_second_quantifier(piece)
    }

    fn no_second_quantifier(&mut self, piece: Piece) -> Result<Piece> {
        self.skip()?;
        if matches!(self.peek(), Some('*' | '+' | '?')) || self.is_bound() {
            return Err(invalid("quantifier operand invalid"));
        }
        Ok(piece)
    }

    /// A brace before a digit begins a bound, any other is a character.
    fn is_bound(&self) -> bool {
        self.peek() == Some('{') && self.peek_at(1).is_some_and(|character| character.is_ascii_digit())
    }

    fn count(&mut self) -> Result<u32> {
        let bad = || invalid("invalid repetition count(s)");
        let mut count: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|character| character.to_digit(10)) {
            self.at += 1;
            count = Some(count.unwrap_or(0) * 10 + digit);
            if count > Some(MOST_REPETITIONS) {
                return Err(bad());
            }
        }
        count.ok_or_else(bad)
    }

    fn atom(&mut self) -> Result<Atom> {
        let folds = self.options.folds;
        let Some(character) = self.peek() else { return Err(invalid("invalid regular expression")) };
        match character {
            '(' => return self.group(),
            '[' => return self.brackets(),
            '*' | '+' | '?' => return Err(invalid("quantifier operand invalid")),
            '{' if self.is_bound() => return Err(invalid("quantifier operand invalid")),
            _ => self.at += 1,
        }
        Ok(match character {
            '.' => Atom::Set(Set { negated: true, no_newline: self.options.stops_at_lines, ..Set::default() }),
            '^' => Atom::Place(if self.options.line_anchors { Place::LineStart } else { Place::TextStart }),
            '$' => Atom::Place(if self.options.line_anchors { Place::LineEnd } else { Place::TextEnd }),
            '\\' => match self.escape(false)? {
                Escaped::Character(character) => Atom::Set(Set::one(character, folds)),
                Escaped::Class(class, negated) => Atom::Set(Set::class(class, negated)),
                Escaped::Place(place) => Atom::Place(place),
                Escaped::Back(number) => {
                    if self.in_look || !self.closed.contains(&number) {
                        return Err(invalid("invalid backreference number"));
                    }
                    self.has_back_references = true;
                    Atom::Back(number)
                }
            },
            other => Atom::Set(Set::one(other, folds)),
        })
    }

    fn group(&mut self) -> Result<Atom> {
        self.at += 1;
        let looks = [("?=", true, false), ("?!", true, true), ("?<=", false, false), ("?<!", false, true)];
        for (mark, ahead, negated) in looks {
            if self.starts_with(mark) {
                self.at += mark.len();
                let was_in_look = std::mem::replace(&mut self.in_look, true);
                let inner = self.alternatives()?;
                self.in_look = was_in_look;
                self.close()?;
                self.has_looks = true;
                return Ok(Atom::Look { ahead, negated, inner });
            }
        }
        if self.starts_with("?:") {
            self.at += 2;
            let inner = self.alternatives()?;
            self.close()?;
            return Ok(Atom::Group { capture: None, inner });
        }
        if self.peek() == Some('?') {
            return Err(invalid("quantifier operand invalid"));
        }
        // Inside of a constraint nothing is captured.
        let capture = if self.in_look {
            None
        } else {
            self.groups += 1;
            Some(self.groups)
        };
        let inner = self.alternatives()?;
        self.close()?;
        self.closed.extend(capture);
        Ok(Atom::Group { capture, inner })
    }

    fn close(&mut self) -> Result<()> {
        if self.eat(')') { Ok(()) } else { Err(invalid("parentheses () not balanced")) }
    }

    /// What stands behind a backslash.
    fn escape(&mut self, in_brackets: bool) -> Result<Escaped> {
        let Some(character) = self.peek() else { return Err(bad_escape()) };
        self.at += 1;
        let place = |place: Place| if in_brackets { Err(bad_escape()) } else { Ok(Escaped::Place(place)) };
        Ok(match character {
            'a' => Escaped::Character('\u{7}'),
            'A' => return place(Place::TextStart),
            'b' => Escaped::Character('\u{8}'),
            'B' => Escaped::Character('\\'),
            'c' => {
                let letter = self.peek().ok_or_else(bad_escape)?;
                self.at += 1;
                Escaped::Character(char::from_u32(u32::from(letter) & 0x1f).ok_or_else(bad_escape)?)
            }
            'd' => Escaped::Class(Class::Digit, false),
            'D' => Escaped::Class(Class::Digit, true),
            'e' => Escaped::Character('\u{1b}'),
            'f' => Escaped::Character('\u{c}'),
            'm' => return place(Place::WordStart),
            'M' => return place(Place::WordEnd),
            'n' => Escaped::Character('\n'),
            'r' => Escaped::Character('\r'),
            's' => Escaped::Class(Class::Space, false),
            'S' => Escaped::Class(Class::Space, true),
            't' => Escaped::Character('\t'),
            'u' => self.number(16, 4, 4)?,
            'U' => self.number(16, 8, 8)?,
            'v' => Escaped::Character('\u{b}'),
            'w' => Escaped::Class(Class::Word, false),
            'W' => Escaped::Class(Class::Word, true),
            'x' => self.number(16, 1, 255)?,
            'y' => return place(Place::WordEdge),
            'Y' => return place(Place::NoWordEdge),
            'Z' => return place(Place::TextEnd),
            '1'..='9' => {
                let first = self.at - 1;
                self.at = first;
                let mut number = 0_usize;
                while let Some(digit) = self.peek().and_then(|character| character.to_digit(10)) {
                    number = number.saturating_mul(10).saturating_add(digit as usize);
                    self.at += 1;
                }
                if !in_brackets && (self.at == first + 1 || number <= self.groups) {
                    return Ok(Escaped::Back(number));
                }
                if in_brackets && self.at == first + 1 {
                    return Err(bad_escape());
                }
                self.at = first;
                self.octal()?
            }
            '0' => {
                self.at -= 1;
                self.octal()?
            }
            other if other.is_ascii_alphanumeric() => return Err(bad_escape()),
            other => Escaped::Character(other),
        })
    }

    fn octal(&mut self) -> Result<Escaped> {
        let mut number = 0;
        for _ in 0..3 {
            match self.peek().and_then(|character| character.to_digit(8)) {
                Some(digit) if number * 8 + digit <= 255 => {
                    number = number * 8 + digit;
                    self.at += 1;
                }
                _ => break,
            }
        }
        char::from_u32(number).map(Escaped::Character).ok_or_else(bad_escape)
    }

    fn number(&mut self, radix: u32, least: usize, most: usize) -> Result<Escaped> {
        let (mut number, mut count) = (0_u32, 0);
        while count < most {
            let Some(digit) = self.peek().and_then(|character| character.to_digit(radix)) else { break };
            number = number.checked_mul(radix).and_then(|number| number.checked_add(digit)).ok_or_else(bad_escape)?;
            self.at += 1;
            count += 1;
        }
        if count < least {
            return Err(bad_escape());
        }
        char::from_u32(number).map(Escaped::Character).ok_or_else(bad_escape)
    }

    fn brackets(&mut self) -> Result<Atom> {
        let unbalanced = || invalid("brackets [] not balanced");
        for (mark, place) in [("[[:<:]]", Place::WordStart), ("[[:>:]]", Place::WordEnd)] {
            if self.starts_with(mark) {
                self.at += mark.len();
                return Ok(Atom::Place(place));
            }
        }
        self.at += 1;
        let mut set = Set { negated: self.eat('^'), folds: self.options.folds, ..Set::default() };
        set.no_newline = set.negated && self.options.stops_at_lines;
        let mut is_first = true;
        loop {
            let character = self.peek().ok_or_else(unbalanced)?;
            if character == ']' && !is_first {
                self.at += 1;
                return Ok(Atom::Set(set));
            }
            if character == '-' && !is_first && self.peek_at(1) != Some(']') {
                return Err(invalid("invalid character range"));
            }
            is_first = false;
            let Some(start) = self.element(&mut set)? else { continue };
            if self.peek() != Some('-') || self.peek_at(1) == Some(']') || self.peek_at(1).is_none() {
                set.ranges.push((start, start));
                continue;
            }
            self.at += 1;
            let end = match self.peek() {
                Some('-') => {
                    self.at += 1;
                    Some('-')
                }
                _ => self.element(&mut set)?,
            };
            match end {
                Some(end) if start <= end => set.ranges.push((start, end)),
                _ => return Err(invalid("invalid character range")),
            }
        }
    }

    /// One character between brackets; a class goes into the set.
    fn element(&mut self, set: &mut Set) -> Result<Option<char>> {
        let unbalanced = || invalid("brackets [] not balanced");
        let character = self.peek().ok_or_else(unbalanced)?;
        self.at += 1;
        if character == '\\' {
            return match self.escape(true)? {
                Escaped::Character(character) => Ok(Some(character)),
                Escaped::Class(class, negated) => {
                    set.classes.push((class, negated));
                    Ok(None)
                }
                _ => Err(bad_escape()),
            };
        }
        let Some(mark @ (':' | '.' | '=')) = self.peek().filter(|_| character == '[') else {
            return Ok(Some(character));
        };
        self.at += 1;
        let start = self.at;
        while !(self.peek() == Some(mark) && self.peek_at(1) == Some(']')) {
            if self.peek().is_none() {
                return Err(unbalanced());
            }
            self.at += 1;
        }
        let name: String = self.text[start..self.at].iter().collect();
        self.at += 2;
        if mark == ':' {
            let class = Class::named(&name).ok_or_else(|| invalid("invalid character class"))?;
            // Where cases are the same, so are these classes.
            let is_cased = matches!(class, Class::Upper | Class::Lower) && self.options.folds;
            set.classes.push((if is_cased { Class::Alpha } else { class }, false));
            return Ok(None);
        }
        let mut letters = name.chars();
        match (letters.next(), letters.next()) {
            (Some(only), None) => {
                if mark == '=' {
                    set.ranges.push((only, only));
                    return Ok(None);
                }
                Ok(Some(only))
            }
            (None, _) => Err(invalid("invalid collating element")),
            _ => Err(refuse::not_supported("a collating element of more than one character")),
        }
    }
}
