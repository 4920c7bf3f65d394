//! Polymorphic types: `anyelement` and its family, whose uses in one call must agree exactly, and
//! `anycompatible` and its family, whose uses have a common type.

use super::common;
use super::oids::*;
use super::wording::{mismatch, no_array_type, type_name, with_detail};
use crate::base::ids::Oid;
use crate::catalog::facts::Facts;
use crate::error::{QueryError, Unresolved};

/// What the arguments of one call say about the polymorphic types.
#[derive(Default)]
struct Known {
    element: Option<Oid>,
    array: Option<Oid>,
    range: Option<Oid>,
    multirange: Option<Oid>,
    /// Types that must have a common type.
    compatible: Vec<Oid>,
    compatible_range: Option<Oid>,
    compatible_multirange: Option<Oid>,
}

/// Notes a type; false when another one was noted before.
fn note(slot: &mut Option<Oid>, oid: Oid) -> bool {
    *slot.get_or_insert(oid) == oid
}

/// Do the actual types contradict each other? Says nothing about types that are not polymorphic.
pub(super) fn consistent(facts: &Facts, actual: &[Oid], declared: &[Oid]) -> bool {
    is_consistent(facts, actual, declared).is_some()
}

fn is_consistent(facts: &Facts, actual: &[Oid], declared: &[Oid]) -> Option<()> {
    let mut known = Known::default();
    let pairs = || actual.iter().copied().zip(declared.iter().copied());
    for (actual, declared) in pairs().filter(|(actual, _)| *actual != UNKNOWN) {
        let agrees = match declared {
            ANYELEMENT | ANYNONARRAY | ANYENUM => note(&mut known.element, actual),
            ANYARRAY => note(&mut known.array, actual),
            ANYRANGE => note(&mut known.range, actual),
            ANYMULTIRANGE => note(&mut known.multirange, actual),
            ANYCOMPATIBLE | ANYCOMPATIBLENONARRAY => {
                known.compatible.push(actual);
                true
            }
            ANYCOMPATIBLEARRAY => {
                known.compatible.push(element(facts, actual)?);
                true
            }
            ANYCOMPATIBLERANGE => {
                if known.compatible_range.is_none() {
                    known.compatible.push(subtype(actual)?);
                }
                note(&mut known.compatible_range, actual)
            }
            ANYCOMPATIBLEMULTIRANGE => {
                range_of(actual)?;
                note(&mut known.compatible_multirange, actual)
            }
            _ => true,
        };
        if !agrees {
            return None;
        }
    }
    // An argument of type anyarray is left to `enforce`, whose message says more.
    if let Some(array) = known.array.filter(|array| *array != ANYARRAY) {
        let element = element(facts, array)?;
        note(&mut known.element, element).then_some(())?;
    }
    if let Some(multirange) = known.multirange {
        note(&mut known.range, range_of(multirange)?).then_some(())?;
    }
    if let Some(range) = known.range {
        note(&mut known.element, subtype(range)?).then_some(())?;
    }
    let declares = |oid| declared.contains(&oid);
    let is_array = |oid: Option<Oid>| oid.is_some_and(|oid| element(facts, oid).is_some());
    if declares(ANYNONARRAY) && is_array(known.element) {
        return None;
    }
    if declares(ANYENUM) && !known.element.is_some_and(|oid| is_enum(facts, oid)) {
        return None;
    }
    if let Some(multirange) = known.compatible_multirange {
        let range = range_of(multirange)?;
        if known.compatible_range.is_none() {
            known.compatible.push(subtype(range)?);
        }
        note(&mut known.compatible_range, range).then_some(())?;
    }
    if !known.compatible.is_empty() {
        let chosen = common::of_types(facts, &known.compatible).ok()?;
        common::all_become(facts, &known.compatible, chosen).then_some(())?;
        if declares(ANYCOMPATIBLENONARRAY) && element(facts, chosen).is_some() {
            return None;
        }
        if known.compatible_range.is_some_and(|range| subtype(range) != Some(chosen)) {
            return None;
        }
    }
    Some(())
}

/// Replaces polymorphic types in `declared` where an argument must be converted, and answers the type that the
/// call returns when it is declared to return `result`.
pub(super) fn enforce(facts: &Facts, actual: &[Oid], declared: &mut [Oid], result: Oid) -> Result<Oid, QueryError> {
    if !declared.iter().any(|oid| is_polymorphic(*oid)) {
        return Ok(result);
    }
    let mut known = collect(facts, actual, declared)?;
    let declares = |declared: &[Oid], oid| result == oid || declared.contains(&oid);
    if declared.iter().any(|oid| is_simple_polymorphic(*oid)) {
        simple(facts, &mut known, declared, result)?;
    }
    let mut compatible = None;
    if declared.iter().any(|oid| is_compatible_polymorphic(*oid)) {
        let has_range = declares(declared, ANYCOMPATIBLERANGE);
        let has_multirange = declares(declared, ANYCOMPATIBLEMULTIRANGE);
        let chosen = compatible_type(facts, &mut known, has_range, has_multirange)?;
        if declares(declared, ANYCOMPATIBLENONARRAY) && element(facts, chosen).is_some() {
            let name = type_name(facts, chosen);
            return Err(mismatch(format!("type matched to anycompatiblenonarray is an array type: {name}")));
        }
        compatible = Some(chosen);
    }
    for (index, declared) in declared.iter_mut().enumerate() {
        let untyped = actual.get(index) == Some(&UNKNOWN);
        if is_compatible_polymorphic(*declared) || (untyped && is_simple_polymorphic(*declared)) {
            *declared = replaced(facts, &known, compatible, *declared)?;
        }
    }
    if is_polymorphic(result) { replaced(facts, &known, compatible, result) } else { Ok(result) }
}

/// What a polymorphic type stands for.
fn replaced(facts: &Facts, known: &Known, compatible: Option<Oid>, declared: Oid) -> Result<Oid, QueryError> {
    let array = |element: Option<Oid>| {
        let element = element.unwrap_or(0);
        array_of(facts, element).ok_or_else(|| no_array_type(facts, element))
    };
    let needed = |found: Option<Oid>, name: &str| found.ok_or_else(|| undetermined(name));
    match declared {
        ANYELEMENT | ANYNONARRAY | ANYENUM => needed(known.element, "anyelement"),
        ANYARRAY => known.array.map_or_else(|| array(known.element), Ok),
        ANYRANGE => needed(known.range, "anyrange"),
        ANYMULTIRANGE => needed(known.multirange, "anymultirange"),
        ANYCOMPATIBLE | ANYCOMPATIBLENONARRAY => needed(compatible, "anycompatible"),
        ANYCOMPATIBLEARRAY => array(compatible),
        ANYCOMPATIBLERANGE => needed(known.compatible_range, "anycompatiblerange"),
        ANYCOMPATIBLEMULTIRANGE => needed(known.compatible_multirange, "anycompatiblemultirange"),
        other => Ok(other),
    }
}

fn undetermined(name: &str) -> QueryError {
    mismatch(format!("could not determine polymorphic type {name} because input has type unknown"))
}

fn not_alike(facts: &Facts, declared: &str, one: Option<Oid>, other: Oid) -> QueryError {
    let detail = format!("{} versus {}", type_name(facts, one.unwrap_or(0)), type_name(facts, other));
    with_detail(Unresolved::Mismatch, format!("arguments declared \"{declared}\" are not all alike"), detail)
}

fn not_consistent(facts: &Facts, names: (&str, &str), one: Oid, other: Option<Oid>) -> QueryError {
    let (first, second) = names;
    let detail = format!("{} versus {}", type_name(facts, one), type_name(facts, other.unwrap_or(0)));
    let message = format!("argument declared {first} is not consistent with argument declared {second}");
    with_detail(Unresolved::Mismatch, message, detail)
}

fn not_a(facts: &Facts, declared: &str, what: &str, actual: Oid) -> QueryError {
    mismatch(format!("argument declared {declared} is not {what} but type {}", type_name(facts, actual)))
}

fn collect(facts: &Facts, actual: &[Oid], declared: &[Oid]) -> Result<Known, QueryError> {
    let mut known = Known::default();
    for (actual, declared) in actual.iter().copied().zip(declared.iter().copied()) {
        if actual == UNKNOWN {
            continue;
        }
        let (slot, name) = match declared {
            ANYELEMENT | ANYNONARRAY | ANYENUM => (&mut known.element, "anyelement"),
            ANYARRAY => (&mut known.array, "anyarray"),
            ANYRANGE => (&mut known.range, "anyrange"),
            ANYMULTIRANGE => (&mut known.multirange, "anymultirange"),
            ANYCOMPATIBLE | ANYCOMPATIBLENONARRAY => {
                known.compatible.push(actual);
                continue;
            }
            ANYCOMPATIBLEARRAY => {
                let element = element(facts, actual);
                known.compatible.push(element.ok_or_else(|| not_a(facts, "anycompatiblearray", "an array", actual))?);
                continue;
            }
            ANYCOMPATIBLERANGE => {
                let name = "anycompatiblerange";
                if known.compatible_range.is_none() {
                    let subtype = subtype(actual).ok_or_else(|| not_a(facts, name, "a range type", actual))?;
                    known.compatible.push(subtype);
                }
                (&mut known.compatible_range, name)
            }
            ANYCOMPATIBLEMULTIRANGE => {
                let name = "anycompatiblemultirange";
                range_of(actual).ok_or_else(|| not_a(facts, name, "a multirange type", actual))?;
                (&mut known.compatible_multirange, name)
            }
            _ => continue,
        };
        if !note(slot, actual) {
            return Err(not_alike(facts, name, *slot, actual));
        }
    }
    Ok(known)
}

/// Brings the types of the first family together.
fn simple(facts: &Facts, known: &mut Known, declared: &[Oid], result: Oid) -> Result<(), QueryError> {
    if let Some(array) = known.array {
        let element = if array == ANYARRAY {
            let count = declared.iter().filter(|oid| is_simple_polymorphic(**oid)).count();
            if count != 1 || (result != ANYARRAY && is_simple_polymorphic(result)) {
                return Err(mismatch("cannot determine element type of \"anyarray\" argument"));
            }
            ANYELEMENT
        } else {
            element(facts, array).ok_or_else(|| not_a(facts, "anyarray", "an array", array))?
        };
        if !note(&mut known.element, element) {
            return Err(not_consistent(facts, ("anyarray", "anyelement"), array, known.element));
        }
    }
    if let Some(multirange) = known.multirange {
        let range =
            range_of(multirange).ok_or_else(|| not_a(facts, "anymultirange", "a multirange type", multirange))?;
        if !note(&mut known.range, range) {
            return Err(not_consistent(facts, ("anymultirange", "anyrange"), multirange, known.range));
        }
    } else {
        known.multirange = known.range.and_then(multirange_of);
    }
    if let Some(range) = known.range {
        let subtype = subtype(range).ok_or_else(|| not_a(facts, "anyrange", "a range type", range))?;
        if !note(&mut known.element, subtype) {
            return Err(not_consistent(facts, ("anyrange", "anyelement"), range, known.element));
        }
    }
    let Some(found) = known.element else {
        return Err(mismatch("could not determine polymorphic type because input has type unknown"));
    };
    let declares = |oid| result == oid || declared.contains(&oid);
    if found != ANYELEMENT && declares(ANYNONARRAY) && element(facts, found).is_some() {
        let name = type_name(facts, found);
        return Err(mismatch(format!("type matched to anynonarray is an array type: {name}")));
    }
    if found != ANYELEMENT && declares(ANYENUM) && !is_enum(facts, found) {
        let name = type_name(facts, found);
        return Err(mismatch(format!("type matched to anyenum is not an enum type: {name}")));
    }
    Ok(())
}

/// The common type of the second family.
fn compatible_type(facts: &Facts, known: &mut Known, has_range: bool, has_multirange: bool) -> Result<Oid, QueryError> {
    if let Some(multirange) = known.compatible_multirange {
        let range = range_of(multirange);
        if let Some(range) = range {
            if known.compatible_range.is_none() {
                known.compatible.extend(subtype(range));
            }
            if !note(&mut known.compatible_range, range) {
                let names = ("anycompatiblemultirange", "anycompatiblerange");
                return Err(not_consistent(facts, names, multirange, known.compatible_range));
            }
        }
    } else {
        known.compatible_multirange = known.compatible_range.and_then(multirange_of);
    }
    let chosen = if known.compatible.is_empty() {
        // As everywhere, what nothing decides is text.
        TEXT
    } else {
        let chosen = common::of_types(facts, &known.compatible).map_err(|(one, other)| {
            let (one, other) = (type_name(facts, one), type_name(facts, other));
            mismatch(format!("argument types {one} and {other} cannot be matched"))
        })?;
        if !common::all_become(facts, &known.compatible, chosen) {
            return Err(mismatch("arguments of anycompatible family cannot be cast to a common type"));
        }
        chosen
    };
    for (needed, found, name) in [
        (has_range, known.compatible_range, "anycompatiblerange"),
        (has_multirange, known.compatible_multirange, "anycompatiblemultirange"),
    ] {
        if needed {
            let found = found.ok_or_else(|| undetermined(name))?;
            if known.compatible_range.and_then(subtype) != Some(chosen) {
                let (found, chosen) = (type_name(facts, found), type_name(facts, chosen));
                return Err(mismatch(format!("{name} type {found} does not match anycompatible type {chosen}")));
            }
        }
    }
    Ok(chosen)
}
