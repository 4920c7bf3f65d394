//! The choice between several operators or functions of one name.

use super::oids::{UNKNOWN, category, is_preferred};
use super::pathway::can_coerce;
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, Facts};

/// Something that takes arguments of certain types.
pub(super) trait Candidate {
    fn types(&self) -> &[Oid];
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice<T> {
    One(T),
    Many,
    None,
}

/// Keeps the candidates whose types the actual ones reach by implicit casts, and chooses among them.
pub(super) fn choose<'c, T: Candidate>(facts: &Facts, actual: &[Oid], candidates: &'c [T]) -> Choice<&'c T> {
    let fitting: Vec<&T> = candidates
        .iter()
        .filter(|candidate| can_coerce(facts, actual, candidate.types(), CastContext::Implicit))
        .collect();
    match fitting.as_slice() {
        [] => Choice::None,
        [one] => Choice::One(*one),
        _ => best(facts, actual, fitting).map_or(Choice::Many, Choice::One),
    }
}

/// The heuristics of the manual's "Function Type Resolution", steps 4.b to 4.f, in order.
fn best<'c, T: Candidate>(facts: &Facts, actual: &[Oid], candidates: Vec<&'c T>) -> Option<&'c T> {
    let exact = |index: usize, offered: Oid| actual[index] != UNKNOWN && actual[index] == offered;
    let candidates = most(candidates, exact);
    if let [one] = candidates.as_slice() {
        return Some(*one);
    }
    // A preferred type counts only inside the category of the actual type.
    let candidates = most(candidates, |index, offered| {
        exact(index, offered)
            || (actual[index] != UNKNOWN
                && is_preferred(facts, offered)
                && category(facts, offered) == category(facts, actual[index]))
    });
    if let [one] = candidates.as_slice() {
        return Some(*one);
    }
    if !actual.contains(&UNKNOWN) {
        return None;
    }
    let candidates = by_category(facts, actual, candidates);
    if let [one] = candidates.as_slice() {
        return Some(*one);
    }
    by_known_type(facts, actual, &candidates)
}

/// The candidates with the most arguments that satisfy `good`; all of them when none satisfies it anywhere.
fn most<T: Candidate>(candidates: Vec<&T>, good: impl Fn(usize, Oid) -> bool) -> Vec<&T> {
    let score =
        |candidate: &T| candidate.types().iter().enumerate().filter(|(index, offered)| good(*index, **offered)).count();
    let scores: Vec<usize> = candidates.iter().map(|candidate| score(candidate)).collect();
    let highest = scores.iter().copied().max().unwrap_or(0);
    candidates.into_iter().zip(scores).filter(|(_, score)| *score == highest).map(|(candidate, _)| candidate).collect()
}

/// Decides on a category for every untyped argument, strings first, and drops what does not take it.
fn by_category<'c, T: Candidate>(facts: &Facts, actual: &[Oid], candidates: Vec<&'c T>) -> Vec<&'c T> {
    let mut wanted: Vec<(usize, char, bool)> = Vec::new();
    for (index, _) in actual.iter().enumerate().filter(|(_, oid)| **oid == UNKNOWN) {
        let offered = || candidates.iter().filter_map(|candidate| candidate.types().get(index).copied());
        let Some(first) = offered().next().map(|oid| category(facts, oid)) else { return candidates };
        let agreed = if offered().any(|oid| category(facts, oid) == 'S') {
            'S'
        } else if offered().all(|oid| category(facts, oid) == first) {
            first
        } else {
            return candidates;
        };
        let preferred = offered().any(|oid| category(facts, oid) == agreed && is_preferred(facts, oid));
        wanted.push((index, agreed, preferred));
    }
    let fits = |candidate: &&'c T| {
        wanted.iter().all(|(index, agreed, preferred)| {
            let offered = candidate.types()[*index];
            category(facts, offered) == *agreed && (!preferred || is_preferred(facts, offered))
        })
    };
    let kept: Vec<&'c T> = candidates.iter().copied().filter(fits).collect();
    if kept.is_empty() { candidates } else { kept }
}

/// If all typed arguments have one type, the untyped ones are supposed to have it too: does one candidate fit?
fn by_known_type<'c, T: Candidate>(facts: &Facts, actual: &[Oid], candidates: &[&'c T]) -> Option<&'c T> {
    let mut known = actual.iter().copied().filter(|oid| *oid != UNKNOWN);
    let first = known.next()?;
    if known.any(|oid| oid != first) {
        return None;
    }
    let supposed = vec![first; actual.len()];
    let mut fitting =
        candidates.iter().filter(|candidate| can_coerce(facts, &supposed, candidate.types(), CastContext::Implicit));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Some(*one),
        _ => None,
    }
}
