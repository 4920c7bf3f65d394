//! Which conversions there are, and when they may happen.

use super::oids::{self, category, element};
use super::polymorphic;
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, CastMethod, Facts};

/// How a value of one type becomes one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pathway {
    /// Nothing has to be done.
    Relabel,
    Function(Oid),
    /// Element by element.
    Array,
    /// By output and input function.
    InOut,
}

/// The conversion between two types in a context. `unknown` and pseudo-types are not its business.
pub(super) fn pathway(facts: &Facts, source: Oid, target: Oid, context: CastContext) -> Option<Pathway> {
    if let (Some(source), Some(target)) = (array_element(facts, source, target), element(facts, target)) {
        // Elements are never arrays themselves, so that one step is enough.
        return scalar_pathway(facts, source, target, context).map(|_| Pathway::Array);
    }
    scalar_pathway(facts, source, target, context)
}

/// The element type of `source` if a conversion to `target` may go element by element.
fn array_element(facts: &Facts, source: Oid, target: Oid) -> Option<Oid> {
    let vector = matches!(target, oids::OIDVECTOR | oids::INT2VECTOR);
    if source == target || vector || facts.cast(source, target).is_some() {
        return None;
    }
    element(facts, source)
}

fn scalar_pathway(facts: &Facts, source: Oid, target: Oid, context: CastContext) -> Option<Pathway> {
    if source == target {
        return Some(Pathway::Relabel);
    }
    if let Some(cast) = facts.cast(source, target) {
        return (context >= cast.context).then_some(match cast.method {
            CastMethod::Function(function) => Pathway::Function(function),
            CastMethod::Binary => Pathway::Relabel,
            CastMethod::InOut => Pathway::InOut,
        });
    }
    // Everything can be assigned to a string, and a string can be read as everything when that is written.
    let to_string = context >= CastContext::Assignment && category(facts, target) == 'S';
    let from_string = context >= CastContext::Explicit && category(facts, source) == 'S';
    (to_string || from_string).then_some(Pathway::InOut)
}

/// May values of all the `sources` become values of the `targets`, as arguments of one call?
pub(super) fn can_coerce(facts: &Facts, sources: &[Oid], targets: &[Oid], context: CastContext) -> bool {
    let mut polymorphic = false;
    for (source, target) in sources.iter().copied().zip(targets.iter().copied()) {
        if source == target || target == oids::ANY {
            continue;
        }
        if oids::is_polymorphic(target) {
            polymorphic = true;
            continue;
        }
        if source == oids::UNKNOWN || pathway(facts, source, target, context).is_some() {
            continue;
        }
        let row = match target {
            oids::RECORD => oids::is_composite(facts, source),
            oids::RECORD_ARRAY => oids::is_composite_array(facts, source),
            _ => source == oids::RECORD && oids::is_composite(facts, target),
        };
        if !row {
            return false;
        }
    }
    !polymorphic || polymorphic::consistent(facts, sources, targets)
}

/// The function that fits a value of a type to a modifier; `None` when there is none.
pub(super) fn length_function(facts: &Facts, oid: Oid) -> Option<Oid> {
    match facts.cast(oid, oid)?.method {
        CastMethod::Function(function) => Some(function),
        CastMethod::Binary | CastMethod::InOut => None,
    }
}
