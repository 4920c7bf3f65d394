//! What an expression captures: its parts in the order in which PostgreSQL decides them.
//!
//! The whole match is the longest or the shortest one from the leftmost place where there is one. What its parts match
//! is settled afterwards, from left to right: each takes the longest or the shortest span that leaves the rest a match.
//! So it is in `regcomp.c` and `regexec.c`, which this follows node by node: parts that capture nothing and agree in
//! what they prefer are one node, whose inside is nobody's business.

use std::collections::HashMap;

use super::program::{Compiler, Matcher, Program, Shared};
use super::set::same_letter;
use super::syntax::{Alternatives, Atom, Parsed, Piece};
use crate::error::Result;

/// What a node prefers and contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    longer: bool,
    shorter: bool,
    /// Nodes below prefer different things.
    mixed: bool,
    captures: bool,
    refers: bool,
}

impl Flags {
    fn prefer(greedy: Option<bool>) -> Self {
        Self { longer: greedy == Some(true), shorter: greedy == Some(false), ..Self::default() }
    }

    fn or(self, other: Self) -> Self {
        Self {
            longer: self.longer | other.longer,
            shorter: self.shorter | other.shorter,
            mixed: self.mixed | other.mixed,
            captures: self.captures | other.captures,
            refers: self.refers | other.refers,
        }
    }

    /// As seen from above: what it prefers itself does not count.
    fn up(self) -> Self {
        Self { mixed: self.mixed | (self.longer & self.shorter), longer: false, shorter: false, ..self }
    }

    fn is_messy(self) -> bool {
        self.mixed || self.captures || self.refers
    }

    fn has_preference(self) -> bool {
        self.longer || self.shorter
    }

    fn combine(self, other: Self) -> Self {
        let preferred = if self.has_preference() { self } else { other };
        Self { longer: preferred.longer, shorter: preferred.shorter, ..self.or(other).up() }
    }
}

#[derive(Debug)]
enum Kind {
    /// Matched by its program alone.
    Plain,
    Back {
        number: usize,
        least: u32,
        most: Option<u32>,
    },
    Concat(Box<Node>, Box<Node>),
    Alternate(Vec<Node>),
    Iterate {
        least: u32,
        most: Option<u32>,
        inner: Box<Node>,
    },
    /// Around a node that captures already, as in `((x))`.
    Around(Box<Node>),
}

#[derive(Debug)]
struct Node {
    kind: Kind,
    flags: Flags,
    capture: Option<usize>,
    program: Program,
    /// What it stands for, for the programs of nodes above.
    source: Alternatives,
}

/// An expression that is ready to match.
#[derive(Debug)]
pub(super) struct Tree {
    root: Node,
    shared: Shared,
    pub(super) groups: usize,
    folds: bool,
}

/// Begin and end of the whole match and of each group.
pub(super) type Captures = Vec<Option<(usize, usize)>>;

struct Builder<'a> {
    shared: &'a mut Shared,
    groups: &'a HashMap<usize, Alternatives>,
}

fn single(piece: Piece) -> Alternatives {
    vec![vec![piece]]
}

impl Builder<'_> {
    fn node(&mut self, kind: Kind, flags: Flags, source: Alternatives) -> Result<Node> {
        let mut compiler = Compiler { shared: self.shared, groups: self.groups };
        let program = compiler.compile(&source)?;
        Ok(Node { kind, flags, capture: None, program, source })
    }

    fn alternatives(&mut self, alternatives: &Alternatives) -> Result<Node> {
        if let [only] = alternatives.as_slice() {
            return self.sequence(only);
        }
        let mut flags = Flags { longer: true, ..Flags::default() };
        let mut branches = Vec::with_capacity(alternatives.len());
        for sequence in alternatives {
            let branch = self.sequence(sequence)?;
            flags = flags.or(flags.or(branch.flags).up());
            branches.push(branch);
        }
        let kind = if flags.is_messy() { Kind::Alternate(branches) } else { Kind::Plain };
        self.node(kind, flags, alternatives.clone())
    }

    fn sequence(&mut self, pieces: &[Piece]) -> Result<Node> {
        let mut flags = Flags::default();
        for (index, piece) in pieces.iter().enumerate() {
            if piece.most == Some(0) {
                continue;
            }
            let prefers = Flags::prefer(piece.greedy);
            let (atom, own) = match &piece.atom {
                Atom::Place(_) | Atom::Look { .. } => continue,
                Atom::Set(_) => (None, Flags::default()),
                Atom::Back(_) => (None, Flags { refers: true, ..Flags::default() }),
                Atom::Group { capture, inner } => {
                    let mut atom = self.alternatives(inner)?;
                    if let Some(number) = capture {
                        atom = self.captured(atom, *number)?;
                    }
                    let own = atom.flags;
                    (Some(atom), own)
                }
            };
            let all = flags.or(prefers).or(own);
            if !all.up().is_messy() {
                flags = all;
                continue;
            }
            let prefix = &pieces[..index];
            let rest = &pieces[index + 1..];
            let quantified = self.quantified(piece, atom, prefers)?;
            return self.around(prefix, flags, quantified, rest, pieces);
        }
        self.node(Kind::Plain, flags, vec![pieces.to_vec()])
    }

    fn captured(&mut self, mut atom: Node, number: usize) -> Result<Node> {
        if atom.capture.is_some() {
            let (flags, source) = (atom.flags, atom.source.clone());
            atom = self.node(Kind::Around(Box::new(atom)), flags, source)?;
        }
        atom.capture = Some(number);
        atom.flags.captures = true;
        Ok(atom)
    }

    /// The atom that needs a node of its own, with its quantifier.
    fn quantified(&mut self, piece: &Piece, atom: Option<Node>, prefers: Flags) -> Result<Node> {
        let source = single(piece.clone());
        let (least, most) = (piece.least, piece.most);
        if let Atom::Back(number) = piece.atom {
            let own = Flags { refers: true, ..Flags::default() };
            return self.node(Kind::Back { number, least, most }, own.or(prefers.combine(own)), source);
        }
        let once = Piece { atom: piece.atom.clone(), least: 1, most: Some(1), greedy: None };
        let atom = match atom {
            Some(atom) => atom,
            None => self.node(Kind::Plain, Flags::default(), single(once.clone()))?,
        };
        let own = atom.flags;
        let is_once = (least, most) == (1, Some(1));
        let no_preference = !own.has_preference() && !own.mixed;
        let agrees = !own.mixed && (prefers.longer, prefers.shorter) == (own.longer, own.shorter);
        if is_once && (!prefers.has_preference() || no_preference || agrees) {
            return Ok(atom);
        }
        let flags = prefers.combine(own);
        if !own.captures && !own.refers {
            return self.node(Kind::Plain, flags, source);
        }
        if least > 0 && !own.refers {
            // Only the last of several repetitions captures.
            let before = Piece { least: least - 1, most: most.map(|most| most - 1), ..piece.clone() };
            let preference = Flags { longer: flags.longer, shorter: flags.shorter, ..Flags::default() };
            let before = self.node(Kind::Plain, preference, single(before))?;
            return self.node(Kind::Concat(Box::new(before), Box::new(atom)), flags, source);
        }
        self.node(Kind::Iterate { least, most, inner: Box::new(atom) }, flags, source)
    }

    /// A sequence of a prefix without interest, an atom, and the rest.
    fn around(
        &mut self,
        prefix: &[Piece],
        prefix_flags: Flags,
        atom: Node,
        rest: &[Piece],
        all: &[Piece],
    ) -> Result<Node> {
        let all = vec![all.to_vec()];
        if rest.is_empty() {
            if prefix.is_empty() {
                return Ok(atom);
            }
            let flags = prefix_flags.or(prefix_flags.combine(atom.flags));
            let prefix = self.node(Kind::Plain, prefix_flags, vec![prefix.to_vec()])?;
            return self.node(Kind::Concat(Box::new(prefix), Box::new(atom)), flags, all);
        }
        let rest = self.sequence(rest)?;
        let inner = atom.flags.combine(Flags::default());
        let inner = inner.or(inner.combine(rest.flags));
        let flags = prefix_flags.or(prefix_flags.combine(inner));
        if prefix.is_empty() {
            return self.node(Kind::Concat(Box::new(atom), Box::new(rest)), flags, all);
        }
        // A part whose source has alternatives stands in parentheses.
        let grouped = |node: &Node| Piece {
            atom: Atom::Group { capture: None, inner: node.source.clone() },
            least: 1,
            most: Some(1),
            greedy: None,
        };
        let behind = vec![vec![grouped(&atom), grouped(&rest)]];
        let is_plain = matches!((&atom.kind, &rest.kind), (Kind::Plain, Kind::Plain));
        let tail = if is_plain && !atom.flags.or(rest.flags).up().is_messy() {
            let flags = atom.flags.combine(rest.flags);
            self.node(Kind::Plain, flags, behind)?
        } else {
            self.node(Kind::Concat(Box::new(atom), Box::new(rest)), inner, behind)?
        };
        let prefix = self.node(Kind::Plain, prefix_flags, vec![prefix.to_vec()])?;
        self.node(Kind::Concat(Box::new(prefix), Box::new(tail)), flags, all)
    }
}

/// The bodies of all captured groups.
fn groups(alternatives: &Alternatives, found: &mut HashMap<usize, Alternatives>) {
    for piece in alternatives.iter().flatten() {
        if let Atom::Group { capture, inner } = &piece.atom {
            groups(inner, found);
            if let Some(number) = capture {
                found.insert(*number, inner.clone());
            }
        }
    }
}

impl Tree {
    pub(super) fn new(parsed: &Parsed) -> Result<Self> {
        let mut bodies = HashMap::new();
        groups(&parsed.alternatives, &mut bodies);
        let mut shared = Shared::default();
        let root = Builder { shared: &mut shared, groups: &bodies }.alternatives(&parsed.alternatives)?;
        Ok(Self { root, shared, groups: parsed.groups, folds: parsed.folds })
    }

    pub(super) fn matcher<'a>(&'a self, text: &'a [char]) -> Matcher<'a> {
        Matcher::new(&self.shared, text)
    }

    /// The leftmost match that begins at or behind a place.
    ///
    /// # Errors
    /// 54000 if it takes too long.
    pub(super) fn find(&self, matcher: &mut Matcher<'_>, from: usize) -> Result<Option<Captures>> {
        for begin in from..=matcher.text.len() {
            if let Some(found) = self.find_at(matcher, begin)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The match that begins here.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub(super) fn find_at(&self, matcher: &mut Matcher<'_>, begin: usize) -> Result<Option<Captures>> {
        let (mut least, mut most) = (begin, matcher.text.len());
        let mut captures = vec![None; self.groups + 1];
        loop {
            let shorter = self.root.flags.shorter;
            let end = if shorter {
                matcher.shortest(&self.root.program, begin, least, most)?
            } else {
                matcher.longest(&self.root.program, begin, most)?
            };
            let Some(end) = end else { return Ok(None) };
            captures.fill(None);
            if self.dissect(matcher, &self.root, begin, end, &mut captures)? {
                captures[0] = Some((begin, end));
                return Ok(Some(captures));
            }
            // References can fail where the automaton did not.
            if shorter {
                least = end + 1;
            } else {
                if end == begin {
                    return Ok(None);
                }
                most = end - 1;
            }
            if least > most {
                return Ok(None);
            }
        }
    }

    #[recursive::recursive]
    fn dissect(
        &self,
        matcher: &mut Matcher<'_>,
        node: &Node,
        begin: usize,
        end: usize,
        captures: &mut Captures,
    ) -> Result<bool> {
        matcher.count(1)?;
        let fits = match &node.kind {
            Kind::Plain => true,
            Kind::Back { number, least, most } => {
                self.refers(matcher, captures[*number], (*least, *most), begin, end)?
            }
            Kind::Around(inner) => self.dissect(matcher, inner, begin, end, captures)?,
            Kind::Concat(left, right) => self.concat(matcher, (left, right), begin, end, captures)?,
            Kind::Alternate(branches) => {
                let mut fits = false;
                for branch in branches {
                    if matcher.spans(&branch.program, begin, end)?
                        && self.dissect(matcher, branch, begin, end, captures)?
                    {
                        fits = true;
                        break;
                    }
                    clear(branch, captures);
                }
                fits
            }
            Kind::Iterate { least, most, inner } => {
                self.iterate(matcher, (*least, *most), inner, begin, end, captures)?
            }
        };
        if let (true, Some(number)) = (fits, node.capture) {
            captures[number] = Some((begin, end));
        }
        Ok(fits)
    }

    fn refers(
        &self,
        matcher: &mut Matcher<'_>,
        group: Option<(usize, usize)>,
        (least, most): (u32, Option<u32>),
        begin: usize,
        end: usize,
    ) -> Result<bool> {
        let Some((from, to)) = group else { return Ok(false) };
        let (length, total) = (to - from, end - begin);
        if length == 0 {
            return Ok(total == 0 && most.is_none_or(|most| least <= most));
        }
        if total == 0 {
            return Ok(least == 0);
        }
        let count = total / length;
        if total % length != 0 || count < least as usize || most.is_some_and(|most| count > most as usize) {
            return Ok(false);
        }
        matcher.count(total)?;
        let text = matcher.text;
        let same = |(left, right): (&char, &char)| left == right || (self.folds && same_letter(*left, *right));
        Ok(text[begin..end].chunks(length).all(|part| part.iter().zip(&text[from..to]).all(same)))
    }

    fn concat(
        &self,
        matcher: &mut Matcher<'_>,
        (left, right): (&Node, &Node),
        begin: usize,
        end: usize,
        captures: &mut Captures,
    ) -> Result<bool> {
        let shorter = left.flags.shorter;
        let mut middle = if shorter {
            matcher.shortest(&left.program, begin, begin, end)?
        } else {
            matcher.longest(&left.program, begin, end)?
        };
        while let Some(at) = middle {
            if matcher.spans(&right.program, at, end)?
                && self.dissect(matcher, left, begin, at, captures)?
                && self.dissect(matcher, right, at, end, captures)?
            {
                return Ok(true);
            }
            if at == if shorter { end } else { begin } {
                return Ok(false);
            }
            middle = if shorter {
                matcher.shortest(&left.program, begin, at + 1, end)?
            } else {
                matcher.longest(&left.program, begin, at - 1)?
            };
            clear(left, captures);
            clear(right, captures);
        }
        Ok(false)
    }

    /// Repetitions: as long, or as short, as each of them can be.
    fn iterate(
        &self,
        matcher: &mut Matcher<'_>,
        (least, most): (u32, Option<u32>),
        inner: &Node,
        begin: usize,
        end: usize,
        captures: &mut Captures,
    ) -> Result<bool> {
        let shorter = inner.flags.shorter;
        // None at all is what the shorter one prefers; else what can be there without a character is there.
        let may_be_none = least == 0 && begin == end;
        if shorter && may_be_none {
            return Ok(true);
        }
        let least = (least as usize).max(1);
        let most = (end - begin).min(most.map_or(usize::MAX, |most| most as usize)).max(least);
        // Where the repetitions end; how many of them have been looked into.
        let (mut ends, mut verified) = (vec![begin], 0);
        let mut limit = if shorter { begin } else { end };
        loop {
            // The next repetition is number `number`.
            let number = ends.len();
            let before = ends[number - 1];
            let may_be_empty = |at: usize| number < least && least - number >= end - at;
            if shorter {
                if limit == before && limit != end && !may_be_empty(limit) {
                    limit += 1;
                }
                if number >= most {
                    limit = end;
                }
            }
            let found = if shorter {
                matcher.shortest(&inner.program, before, limit, end)?
            } else {
                matcher.longest(&inner.program, before, limit)?
            };
            verified = verified.min(number - 1);
            let mut go_back = true;
            if let Some(at) = found {
                if at != end {
                    if number >= most {
                        // One of those before must be another.
                    } else if !shorter && at == before && !may_be_empty(at) {
                        ends.push(at);
                    } else {
                        ends.push(at);
                        limit = if shorter { at } else { end };
                        go_back = false;
                    }
                } else {
                    ends.push(at);
                    if number >= least {
                        let mut all = true;
                        for index in verified + 1..=number {
                            clear(inner, captures);
                            if !self.dissect(matcher, inner, ends[index - 1], ends[index], captures)? {
                                all = false;
                                break;
                            }
                            verified = index;
                        }
                        if all {
                            return Ok(true);
                        }
                    }
                }
            }
            if !go_back {
                continue;
            }
            loop {
                let Some(last) = ends.pop() else { return Ok(may_be_none) };
                let Some(before) = ends.last().copied() else {
                    clear(inner, captures);
                    return Ok(may_be_none);
                };
                let number = ends.len();
                if shorter {
                    if last < end {
                        limit = last + 1;
                        break;
                    }
                } else if last > before {
                    limit = last - 1;
                    if limit > before || (number < least && least - number >= end - before) {
                        break;
                    }
                }
            }
        }
    }
}

/// Forgets what a node and those below have captured.
fn clear(node: &Node, captures: &mut Captures) {
    if !node.flags.captures {
        return;
    }
    if let Some(number) = node.capture {
        captures[number] = None;
    }
    match &node.kind {
        Kind::Plain | Kind::Back { .. } => {}
        Kind::Concat(left, right) => {
            clear(left, captures);
            clear(right, captures);
        }
        Kind::Alternate(branches) => branches.iter().for_each(|branch| clear(branch, captures)),
        Kind::Iterate { inner, .. } | Kind::Around(inner) => clear(inner, captures),
    }
}
