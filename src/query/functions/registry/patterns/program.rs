//! An expression as an automaton without captures, and how far it matches from a place in a text.
//!
//! All states are followed at once, so that a step costs at most as many operations as the program has; the steps of
//! one call of a function are counted, and too many are an error.

use std::collections::HashMap;

use super::set::{Set, is_word};
use super::syntax::{Alternatives, Atom, Piece, Place, invalid};
use crate::error::{QueryError, Result};

/// Most instructions of all programs of an expression.
const INSTRUCTIONS: usize = 200_000;
/// Most instructions that one match may execute.
const STEPS: u64 = if cfg!(test) { 3_000_000 } else { 300_000_000 };

#[derive(Debug)]
enum Instruction {
    Set(usize),
    /// Both this one and the next.
    Split(usize),
    Jump(usize),
    Place(Place),
    Look {
        ahead: bool,
        negated: bool,
        inner: usize,
    },
    Match,
}

/// A compiled expression, or a part of one.
#[derive(Debug)]
pub(super) struct Program(Vec<Instruction>);

/// What the programs of an expression share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    sets: Vec<Set>,
    /// What constraints look for.
    looks: Vec<Program>,
    instructions: usize,
}

/// Compiles. `groups` are the bodies of captured groups, which stand for references to them: what a reference can
/// match at all is what its group can.
pub(super) struct Compiler<'a> {
    pub(super) shared: &'a mut Shared,
    pub(super) groups: &'a HashMap<usize, Alternatives>,
}

impl Compiler<'_> {
    pub(super) fn compile(&mut self, alternatives: &[Vec<Piece>]) -> Result<Program> {
        let mut program = Vec::new();
        self.alternatives(alternatives, &mut program)?;
        self.push(&mut program, Instruction::Match)?;
        Ok(Program(program))
    }

    fn push(&mut self, program: &mut Vec<Instruction>, instruction: Instruction) -> Result<usize> {
        self.shared.instructions += 1;
        if self.shared.instructions > INSTRUCTIONS {
            return Err(invalid("regular expression is too complex"));
        }
        program.push(instruction);
        Ok(program.len() - 1)
    }

    fn alternatives(&mut self, alternatives: &[Vec<Piece>], program: &mut Vec<Instruction>) -> Result<()> {
        let mut ends = Vec::new();
        for (index, sequence) in alternatives.iter().enumerate() {
            let is_last = index + 1 == alternatives.len();
            let split = if is_last { None } else { Some(self.push(program, Instruction::Split(0))?) };
            for piece in sequence {
                self.piece(piece, program)?;
            }
            if let Some(split) = split {
                ends.push(self.push(program, Instruction::Jump(0))?);
                program[split] = Instruction::Split(program.len());
            }
        }
        let end = program.len();
        for jump in ends {
            program[jump] = Instruction::Jump(end);
        }
        Ok(())
    }

    fn piece(&mut self, piece: &Piece, program: &mut Vec<Instruction>) -> Result<()> {
        for _ in 0..piece.least {
            self.atom(&piece.atom, program)?;
        }
        match piece.most {
            None => {
                let split = self.push(program, Instruction::Split(0))?;
                self.atom(&piece.atom, program)?;
                self.push(program, Instruction::Jump(split))?;
                program[split] = Instruction::Split(program.len());
            }
            Some(most) => {
                let mut splits = Vec::new();
                for _ in piece.least..most {
                    splits.push(self.push(program, Instruction::Split(0))?);
                    self.atom(&piece.atom, program)?;
                }
                for split in splits {
                    program[split] = Instruction::Split(program.len());
                }
            }
        }
        Ok(())
    }

    fn atom(&mut self, atom: &Atom, program: &mut Vec<Instruction>) -> Result<()> {
        let instruction = match atom {
            Atom::Set(set) => {
                let known = self.shared.sets.iter().position(|other| other == set);
                let index = known.unwrap_or_else(|| {
                    self.shared.sets.push(set.clone());
                    self.shared.sets.len() - 1
                });
                Instruction::Set(index)
            }
            Atom::Place(place) => Instruction::Place(*place),
            Atom::Look { ahead, negated, inner } => {
                let inner = self.compile(inner)?;
                self.shared.looks.push(inner);
                Instruction::Look { ahead: *ahead, negated: *negated, inner: self.shared.looks.len() - 1 }
            }
            Atom::Group { inner, .. } => return self.alternatives(inner, program),
            Atom::Back(number) => {
                let groups = self.groups;
                return match groups.get(number) {
                    Some(inner) => self.alternatives(inner, program),
                    None => Ok(()),
                };
            }
        };
        self.push(program, instruction).map(|_| ())
    }
}

/// States that are reached, each once, in the order of their finding.
#[derive(Default)]
struct States {
    list: Vec<usize>,
    marks: Vec<u32>,
    mark: u32,
}

impl States {
    fn clear(&mut self, size: usize) {
        self.list.clear();
        if self.marks.len() < size {
            self.marks.resize(size, 0);
        }
        self.mark = self.mark.wrapping_add(1);
        if self.mark == 0 {
            self.marks.fill(0);
            self.mark = 1;
        }
    }

    fn insert(&mut self, state: usize) -> bool {
        let is_new = self.marks[state] != self.mark;
        self.marks[state] = self.mark;
        is_new
    }
}

/// A text and what is remembered of it.
pub(super) struct Matcher<'a> {
    shared: &'a Shared,
    pub(super) text: &'a [char],
    steps: u64,
    /// Whether what a constraint looks for is there, by constraint and place.
    looked: HashMap<(usize, usize), bool>,
    spare: Vec<(States, States, Vec<usize>)>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(shared: &'a Shared, text: &'a [char]) -> Self {
        Self { shared, text, steps: 0, looked: HashMap::new(), spare: Vec::new() }
    }

    /// The last place up to `limit` where a match that begins here can end.
    pub(super) fn longest(&mut self, program: &Program, begin: usize, limit: usize) -> Result<Option<usize>> {
        let mut last = None;
        self.run(program, begin, limit, |at| {
            last = Some(at);
            false
        })?;
        Ok(last)
    }

    /// The first place from `least` to `limit` where a match that begins here can end.
    pub(super) fn shortest(
        &mut self,
        program: &Program,
        begin: usize,
        least: usize,
        limit: usize,
    ) -> Result<Option<usize>> {
        let mut first = None;
        self.run(program, begin, limit, |at| {
            if at < least {
                return false;
            }
            first = Some(at);
            true
        })?;
        Ok(first)
    }

    /// Can a match of exactly this span be?
    pub(super) fn spans(&mut self, program: &Program, begin: usize, end: usize) -> Result<bool> {
        Ok(self.shortest(program, begin, end, end)?.is_some())
    }

    /// Counts work that is no step of an automaton.
    pub(super) fn count(&mut self, steps: usize) -> Result<()> {
        self.steps += steps as u64;
        if self.steps > STEPS {
            let message = "regular expression failed: it takes too many steps";
            return Err(QueryError::LimitExceeded(message.into()).into());
        }
        Ok(())
    }

    /// Follows all states; `accept` is told each place where a match can end, and says whether that is enough.
    fn run(
        &mut self,
        program: &Program,
        begin: usize,
        limit: usize,
        mut accept: impl FnMut(usize) -> bool,
    ) -> Result<()> {
        let (mut now, mut next, mut stack) = self.spare.pop().unwrap_or_default();
        now.clear(program.0.len());
        let mut at = begin;
        let mut matched = self.add(program, &mut now, &mut stack, 0, at)?;
        loop {
            self.count(now.list.len() + 1)?;
            if (matched && accept(at)) || at >= limit || now.list.is_empty() {
                break;
            }
            let character = self.text[at];
            at += 1;
            next.clear(program.0.len());
            matched = false;
            for index in 0..now.list.len() {
                let state = now.list[index];
                if let Instruction::Set(set) = &program.0[state] {
                    if self.shared.sets[*set].has(character) {
                        matched |= self.add(program, &mut next, &mut stack, state + 1, at)?;
                    }
                }
            }
            std::mem::swap(&mut now, &mut next);
        }
        self.spare.push((now, next, stack));
        Ok(())
    }

    /// Adds a state and all that are reached from it without a character. Is the end among them?
    fn add(
        &mut self,
        program: &Program,
        states: &mut States,
        stack: &mut Vec<usize>,
        state: usize,
        at: usize,
    ) -> Result<bool> {
        let mut matched = false;
        stack.push(state);
        while let Some(state) = stack.pop() {
            if !states.insert(state) {
                continue;
            }
            match &program.0[state] {
                Instruction::Set(_) => states.list.push(state),
                Instruction::Split(other) => stack.extend([*other, state + 1]),
                Instruction::Jump(other) => stack.push(*other),
                Instruction::Place(place) => {
                    if self.holds(*place, at) {
                        stack.push(state + 1);
                    }
                }
                Instruction::Look { ahead, negated, inner } => {
                    if self.looks(*ahead, *inner, at)? != *negated {
                        stack.push(state + 1);
                    }
                }
                Instruction::Match => matched = true,
            }
        }
        Ok(matched)
    }

    fn holds(&self, place: Place, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|index| self.text.get(index)).copied();
        let behind = self.text.get(at).copied();
        let (word_before, word_behind) = (before.is_some_and(is_word), behind.is_some_and(is_word));
        match place {
            Place::TextStart => before.is_none(),
            Place::TextEnd => behind.is_none(),
            Place::LineStart => before.is_none_or(|character| character == '\n'),
            Place::LineEnd => behind.is_none_or(|character| character == '\n'),
            Place::WordStart => !word_before && word_behind,
            Place::WordEnd => word_before && !word_behind,
            Place::WordEdge => word_before != word_behind,
            Place::NoWordEdge => word_before == word_behind,
        }
    }

    fn looks(&mut self, ahead: bool, inner: usize, at: usize) -> Result<bool> {
        if let Some(known) = self.looked.get(&(inner, at)) {
            return Ok(*known);
        }
        let shared = self.shared;
        let program = &shared.looks[inner];
        let mut found = false;
        if ahead {
            found = self.shortest(program, at, at, self.text.len())?.is_some();
        } else {
            for begin in (0..=at).rev() {
                found = self.spans(program, begin, at)?;
                if found {
                    break;
                }
            }
        }
        self.looked.insert((inner, at), found);
        Ok(found)
    }
}
