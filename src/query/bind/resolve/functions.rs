//! The functions that a call may mean: by name, number and names of arguments, defaults and VARIADIC.

use super::Resolver;
use super::candidates::{Candidate, Choice, choose};
use super::coerce::is_literal;
use super::oids::{category, is_composite};
use super::pathway::{Pathway, pathway};
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, FunctionFact};
use crate::query::bind::resolve::oids::RECORD;
use crate::query::bind::tree::Expression;

/// A function as a certain call sees it.
#[derive(Clone, Debug)]
pub(super) struct Offer<'a> {
    pub(super) fact: &'a FunctionFact,
    /// A type for each argument of the call, in its order, and then for each default.
    pub(super) types: Vec<Oid>,
    /// How many arguments of the call go into the VARIADIC parameter.
    pub(super) variadic: usize,
    /// How many parameters get their defaults.
    pub(super) defaults: usize,
    /// With named arguments: the parameter of each of `types`.
    pub(super) parameters: Option<Vec<usize>>,
    /// Another function of the same call is equally good.
    twin: bool,
}

impl Candidate for Offer<'_> {
    fn types(&self) -> &[Oid] {
        &self.types
    }
}

impl Offer<'_> {
    /// The types that the written arguments must have, without those of defaults.
    fn written(&self) -> &[Oid] {
        &self.types[..self.types.len() - self.defaults]
    }
}

/// What a call means.
pub(super) enum Found<'a> {
    Function(Offer<'a>),
    /// A conversion to this type, written like a call.
    Coercion(Oid),
    Many,
    None,
}

/// The look of a call: what the search needs of it.
pub(super) struct Look<'c> {
    pub(super) schema: Option<&'c str>,
    pub(super) name: &'c str,
    pub(super) arguments: &'c [Expression],
    pub(super) actual: &'c [Oid],
    /// Names of the last arguments.
    pub(super) names: &'c [&'c str],
    /// Is the last argument marked VARIADIC?
    pub(super) variadic: bool,
}

impl<'a> Resolver<'a> {
    /// Finds the function of a call: exactly matching, or a conversion in disguise, or the best candidate.
    pub(super) fn find_function(&self, look: &Look<'_>) -> Found<'a> {
        let offers = self.offers(look);
        let count = look.actual.len();
        let exact = offers.iter().find(|offer| offer.types.get(..count) == Some(look.actual));
        let chosen = match exact {
            Some(offer) => Some(offer),
            None => {
                if let Some(target) = self.disguised_cast(look) {
                    return Found::Coercion(target);
                }
                // Every offer has a type for each argument; what it has beyond them are defaults.
                match choose(self.facts, look.actual, &offers) {
                    Choice::One(offer) => Some(offer),
                    Choice::Many => return Found::Many,
                    Choice::None => None,
                }
            }
        };
        match chosen {
            Some(offer) if offer.twin => Found::Many,
            Some(offer) if misplaced_variadic(offer, look) => Found::None,
            Some(offer) => Found::Function(offer.clone()),
            None => Found::None,
        }
    }

    /// The functions of the call's name that can take its number of arguments. Of two that take the same types,
    /// the one that is not variadic is left.
    fn offers(&self, look: &Look<'_>) -> Vec<Offer<'a>> {
        let mut offers: Vec<Offer<'a>> = Vec::new();
        for fact in self.facts.functions_named(look.name) {
            if fact.schema != look.schema.unwrap_or("pg_catalog") {
                continue;
            }
            let Some(offer) = offer(fact, look) else { continue };
            let rival = offers.iter_mut().find(|other| other.written() == offer.written());
            match rival {
                None => offers.push(offer),
                Some(other) if offer.variadic > 0 && other.variadic == 0 => {}
                Some(other) if offer.variadic == 0 && other.variadic > 0 => *other = offer,
                Some(other) => other.twin = true,
            }
        }
        offers
    }

    /// A call with one argument and the name of a type is a conversion, if one without a function exists.
    fn disguised_cast(&self, look: &Look<'_>) -> Option<Oid> {
        let ([argument], []) = (look.arguments, look.names) else { return None };
        if look.schema.is_some_and(|schema| schema != "pg_catalog") {
            return None;
        }
        let target = self.facts.type_named(look.name).filter(|fact| fact.kind != 'c')?.oid;
        if is_literal(argument) {
            return Some(target);
        }
        let source = argument.data_type.oid;
        match pathway(self.facts, source, target, CastContext::Explicit)? {
            Pathway::Relabel => Some(target),
            Pathway::InOut => {
                let row = source == RECORD || is_composite(self.facts, source);
                (!row || category(self.facts, target) != 'S').then_some(target)
            }
            Pathway::Function(_) | Pathway::Array => None,
        }
    }
}

/// With named arguments, VARIADIC must stand at the variadic parameter itself.
fn misplaced_variadic(offer: &Offer<'_>, look: &Look<'_>) -> bool {
    let Some(parameters) = &offer.parameters else { return false };
    let last = look.actual.len().saturating_sub(1);
    look.variadic && parameters.get(last) != Some(&last)
}

/// How a function looks to a call; `None` when it cannot take these arguments, whatever their types.
fn offer<'a>(fact: &'a FunctionFact, look: &Look<'_>) -> Option<Offer<'a>> {
    let (count, wanted) = (look.actual.len(), fact.arguments.len());
    let named = !look.names.is_empty();
    let expands = fact.variadic != 0 && !look.variadic;
    if named && expands {
        return None;
    }
    let defaults = wanted.saturating_sub(count);
    if defaults > fact.defaults.len() {
        return None;
    }
    let expands = expands && wanted <= count;
    if wanted < count && !expands {
        return None;
    }
    let parameters = if named { Some(by_name(fact, look)?) } else { None };
    let types: Vec<Oid> = match &parameters {
        Some(parameters) => {
            parameters.iter().map(|parameter| fact.arguments.get(*parameter).copied()).collect::<Option<_>>()?
        }
        None if expands => {
            let fixed = wanted.saturating_sub(1);
            let repeated = std::iter::repeat_n(fact.variadic, count - fixed);
            fact.arguments.iter().take(fixed).copied().chain(repeated).collect()
        }
        None => fact.arguments.clone(),
    };
    let variadic = if expands { count + 1 - wanted } else { 0 };
    Some(Offer { fact, types, variadic, defaults, parameters, twin: false })
}

/// The parameter of each argument, and of each default after them. `None` when a name is wrong or a parameter
/// without a default is left out.
fn by_name(fact: &FunctionFact, look: &Look<'_>) -> Option<Vec<usize>> {
    let count = look.actual.len();
    let mut parameters: Vec<usize> = (0..count - look.names.len()).collect();
    for name in look.names {
        let parameter = fact.names.iter().position(|other| other == name)?;
        if parameters.contains(&parameter) {
            return None;
        }
        parameters.push(parameter);
    }
    let first_default = fact.arguments.len() - fact.defaults.len();
    for parameter in 0..fact.arguments.len() {
        if !parameters.contains(&parameter) {
            if parameter < first_default {
                return None;
            }
            parameters.push(parameter);
        }
    }
    Some(parameters)
}
