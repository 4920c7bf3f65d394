//! An expression ready for use, and what an automaton of the `regex` crate can do for it.
//!
//! Whether something matches, and where the leftmost match begins, does not depend on what is preferred: that crate
//! answers it quickly, as long as there are neither references nor constraints that look around. How far the match
//! goes and what it captures is what [`Tree`] decides.

use regex::{Regex, RegexBuilder};

use super::program::Matcher;
use super::set::Set;
use super::syntax::{Alternatives, Atom, Options, Parsed, Piece, Place, parse};
use super::tree::{Captures, Tree};
use crate::error::Result;

#[derive(Debug)]
pub(super) struct Pattern {
    fast: Option<Regex>,
    tree: Option<Tree>,
    pub(super) groups: usize,
}

/// A text by its characters.
#[derive(Default)]
pub(super) struct Text {
    chars: Vec<char>,
    /// Where each character begins, and where the last one ends.
    offsets: Vec<usize>,
}

impl Text {
    pub(super) fn read(&mut self, text: &str) {
        self.chars.clear();
        self.offsets.clear();
        for (offset, character) in text.char_indices() {
            self.chars.push(character);
            self.offsets.push(offset);
        }
        self.offsets.push(text.len());
    }

    pub(super) fn length(&self) -> usize {
        self.chars.len()
    }

    pub(super) fn part<'t>(&self, text: &'t str, (begin, end): (usize, usize)) -> &'t str {
        &text[self.offsets[begin]..self.offsets[end]]
    }
}

impl Pattern {
    /// Compiles an expression. `shows_match` says whether it matters what matches, and not only whether something does.
    ///
    /// # Errors
    /// 2201B; 0A000 for what is not supported.
    pub(super) fn new(text: &str, options: Options, shows_match: bool) -> Result<Self> {
        let parsed = parse(text, options)?;
        let fast = fast(&parsed);
        let tree = if shows_match || fast.is_none() { Some(Tree::new(&parsed)?) } else { None };
        Ok(Self { fast, tree, groups: parsed.groups })
    }

    /// Does it match anywhere?
    ///
    /// # Errors
    /// 54000 if it takes too long.
    pub(super) fn is_match(&self, text: &str, space: &mut Text) -> Result<bool> {
        if let Some(fast) = &self.fast {
            return Ok(fast.is_match(text));
        }
        space.read(text);
        Ok(self.search(text, space)?.next(0)?.is_some())
    }

    /// Prepares to find matches in a text, which `space` has read.
    pub(super) fn search<'a>(&'a self, text: &'a str, space: &'a Text) -> Result<Search<'a>> {
        let Some(tree) = &self.tree else { return Err(super::syntax::invalid("no tree")) };
        Ok(Search { fast: self.fast.as_ref(), tree, matcher: tree.matcher(&space.chars), text, space })
    }
}

/// Finds matches in one text.
pub(super) struct Search<'a> {
    fast: Option<&'a Regex>,
    tree: &'a Tree,
    matcher: Matcher<'a>,
    text: &'a str,
    space: &'a Text,
}

impl Search<'_> {
    /// The first match that begins at or behind a character.
    ///
    /// # Errors
    /// 54000 if it takes too long.
    pub(super) fn next(&mut self, from: usize) -> Result<Option<Captures>> {
        if let Some(fast) = self.fast {
            let Some(found) = fast.find_at(self.text, self.space.offsets[from]) else { return Ok(None) };
            let begin = self.space.offsets.partition_point(|offset| *offset < found.start());
            if let Some(captures) = self.tree.find_at(&mut self.matcher, begin)? {
                return Ok(Some(captures));
            }
        }
        self.tree.find(&mut self.matcher, from)
    }
}

fn fast(parsed: &Parsed) -> Option<Regex> {
    if parsed.has_back_references || parsed.has_looks {
        return None;
    }
    let mut out = String::new();
    write(&parsed.alternatives, &mut out);
    RegexBuilder::new(&out).build().ok()
}

fn write(alternatives: &Alternatives, out: &mut String) {
    for (index, sequence) in alternatives.iter().enumerate() {
        if index > 0 {
            out.push('|');
        }
        for piece in sequence {
            write_piece(piece, out);
        }
    }
}

fn write_piece(piece: &Piece, out: &mut String) {
    match &piece.atom {
        Atom::Set(set) => write_set(set, out),
        Atom::Place(place) => {
            return out.push_str(match place {
                Place::TextStart => "\\A",
                Place::TextEnd => "\\z",
                Place::LineStart => "(?m:^)",
                Place::LineEnd => "(?m:$)",
                Place::WordStart => "\\b{start}",
                Place::WordEnd => "\\b{end}",
                Place::WordEdge => "\\b",
                Place::NoWordEdge => "\\B",
            });
        }
        Atom::Group { inner, .. } => {
            out.push_str("(?:");
            write(inner, out);
            out.push(')');
        }
        // What these need there is no automaton for; the caller has asked before.
        Atom::Look { .. } | Atom::Back(_) => {}
    }
    match (piece.least, piece.most) {
        (1, Some(1)) => {}
        (0, None) => out.push('*'),
        (1, None) => out.push('+'),
        (0, Some(1)) => out.push('?'),
        (least, None) => out.push_str(&format!("{{{least},}}")),
        (least, Some(most)) => out.push_str(&format!("{{{least},{most}}}")),
    }
}

fn write_set(set: &Set, out: &mut String) {
    // Plain characters stay plain, so that the crate sees the literals in them.
    match (set.ranges.as_slice(), set.classes.is_empty(), set.negated, set.folds) {
        ([(first, last)], true, false, false) if first == last && !set.no_newline => {
            out.push_str(&regex::escape(first.encode_utf8(&mut [0; 4])));
        }
        ([], true, true, _) if !set.no_newline => out.push_str("(?s:.)"),
        _ => set.write(out),
    }
}
