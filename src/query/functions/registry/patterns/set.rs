//! The characters that an atom of a regular expression matches.

/// A class of characters, as in `[[:alpha:]]`. Which letters there are is Unicode's matter, which digits is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Alnum,
    Alpha,
    Ascii,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Word,
    Xdigit,
}

impl Class {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "alnum" => Self::Alnum,
            "alpha" => Self::Alpha,
            "ascii" => Self::Ascii,
            "blank" => Self::Blank,
            "cntrl" => Self::Cntrl,
            "digit" => Self::Digit,
            "graph" => Self::Graph,
            "lower" => Self::Lower,
            "print" => Self::Print,
            "punct" => Self::Punct,
            "space" => Self::Space,
            "upper" => Self::Upper,
            "word" => Self::Word,
            "xdigit" => Self::Xdigit,
            _ => return None,
        })
    }

    pub(super) fn has(self, character: char) -> bool {
        match self {
            Self::Alnum => character.is_alphanumeric(),
            Self::Alpha => character.is_alphabetic(),
            Self::Ascii => character.is_ascii(),
            Self::Blank => character == '\t' || (is_space(character) && !matches!(character, '\n'..='\r')),
            Self::Cntrl => character.is_control(),
            Self::Digit => character.is_ascii_digit(),
            Self::Graph => !character.is_control() && !is_space(character),
            Self::Lower => character.is_lowercase(),
            Self::Print => !character.is_control(),
            Self::Punct => !character.is_alphanumeric() && !character.is_control() && !is_space(character),
            Self::Space => is_space(character),
            Self::Upper => character.is_uppercase(),
            Self::Word => is_word(character),
            Self::Xdigit => character.is_ascii_hexdigit(),
        }
    }

    /// The class inside of the brackets of the `regex` crate.
    fn written(self) -> &'static str {
        match self {
            Self::Alnum => "\\p{Alphabetic}\\p{N}",
            Self::Alpha => "\\p{Alphabetic}",
            Self::Ascii => "\\x00-\\x7f",
            Self::Blank => "\\t \\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{205f}\\x{3000}",
            Self::Cntrl => "\\p{Cc}",
            Self::Digit => "0-9",
            Self::Graph => {
                "[^\\p{Cc} \\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}\\x{2029}\\x{205f}\\x{3000}]"
            }
            Self::Lower => "\\p{Lowercase}",
            Self::Print => "[^\\p{Cc}]",
            Self::Punct => {
                "[^\\p{Alphabetic}\\p{N}\\p{Cc} \\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}\\x{2029}\
                 \\x{205f}\\x{3000}]"
            }
            Self::Space => {
                "\\t-\\r \\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}\\x{2029}\\x{205f}\\x{3000}"
            }
            Self::Upper => "\\p{Uppercase}",
            Self::Word => "\\p{Alphabetic}\\p{N}_",
            Self::Xdigit => "0-9A-Fa-f",
        }
    }
}

fn is_space(character: char) -> bool {
    matches!(
        character,
        '\t'..='\r'
            | ' '
            | '\u{1680}'
            | '\u{2000}'..='\u{2006}'
            | '\u{2008}'..='\u{200a}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{205f}'
            | '\u{3000}'
    )
}

/// Is it a character of words?
pub(super) fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// The other case of a letter that has one other.
fn other_cases(character: char) -> [char; 2] {
    if character.is_ascii() {
        return [character.to_ascii_lowercase(), character.to_ascii_uppercase()];
    }
    [single(character, character.to_lowercase()), single(character, character.to_uppercase())]
}

fn single(character: char, mut changed: impl Iterator<Item = char>) -> char {
    match (changed.next(), changed.next()) {
        (Some(only), None) => only,
        _ => character,
    }
}

/// Are these the same but for their case?
pub(super) fn same_letter(left: char, right: char) -> bool {
    left == right || other_cases(left)[0] == other_cases(right)[0]
}

/// A set of characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Set {
    pub(super) ranges: Vec<(char, char)>,
    /// Classes, and whether their complement is meant.
    pub(super) classes: Vec<(Class, bool)>,
    pub(super) negated: bool,
    /// It has no line feed, whatever else is said.
    pub(super) no_newline: bool,
    /// A letter stands for both of its cases.
    pub(super) folds: bool,
}

impl Set {
    pub(super) fn one(character: char, folds: bool) -> Self {
        Self { ranges: vec![(character, character)], folds, ..Self::default() }
    }

    pub(super) fn class(class: Class, negated: bool) -> Self {
        Self { classes: vec![(class, negated)], ..Self::default() }
    }

    pub(super) fn has(&self, character: char) -> bool {
        if self.no_newline && character == '\n' {
            return false;
        }
        let holds = |character: char| {
            self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
                || self.classes.iter().any(|(class, negated)| class.has(character) != *negated)
        };
        let inside = holds(character) || (self.folds && other_cases(character).into_iter().any(holds));
        inside != self.negated
    }

    /// The set in the syntax of the `regex` crate.
    pub(super) fn write(&self, out: &mut String) {
        let write_char =
            |out: &mut String, character: char| out.push_str(&format!("\\x{{{:x}}}", u32::from(character)));
        out.push_str(if self.folds { "(?i:[" } else { "(?-i:[" });
        if self.no_newline {
            out.push_str("[^\\n]&&");
        }
        out.push_str(if self.negated { "[^" } else { "[" });
        let empty = self.ranges.is_empty() && self.classes.is_empty();
        if empty {
            // Nothing at all.
            out.push_str("\\x00&&\\x01");
        }
        for (first, last) in &self.ranges {
            write_char(out, *first);
            if first != last {
                out.push('-');
                write_char(out, *last);
            }
        }
        for (class, negated) in &self.classes {
            out.push_str(if *negated { "[^" } else { "[" });
            out.push_str(class.written());
            out.push(']');
        }
        out.push_str("]])");
    }
}
