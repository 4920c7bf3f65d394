//! Operators.

use super::candidates::{Candidate, Choice, choose};
use super::coerce::types;
use super::oids::{self, UNKNOWN};
use super::wording::{leftmost_of, unresolved};
use super::{Resolver, polymorphic};
use crate::base::ids::Oid;
use crate::catalog::facts::{FunctionFact, OperatorFact};
use crate::error::{Result, Unresolved};
use crate::query::bind::tree::{ArrayQuantifier, Expression, Kind, Position, TypeRef};

/// An operator and the types of its operands: one for a prefix operator, otherwise two.
struct Offer<'a> {
    fact: &'a OperatorFact,
    types: Vec<Oid>,
}

impl Candidate for Offer<'_> {
    fn types(&self) -> &[Oid] {
        &self.types
    }
}

impl<'a> Resolver<'a> {
    /// `left name right`, or `name right` for a prefix operator.
    ///
    /// # Errors
    /// 42883 without a fitting operator, 42725 with more than one, 42804 for polymorphic types that contradict
    /// each other, and what the input function of a literal says.
    pub fn operator(
        &self,
        name: &str,
        left: Option<Expression>,
        right: Expression,
        at: Option<Position>,
    ) -> Result<Expression> {
        let left_type = left.as_ref().map(|left| left.data_type.oid);
        let fact = self.find_operator(name, left_type, right.data_type.oid, at)?;
        let operands: Vec<Expression> = left.into_iter().chain([right]).collect();
        let mut declared = declared(fact);
        let result = polymorphic::enforce(self.facts, &types(&operands), &mut declared, fact.result)?;
        let fact = self.there(fact)?;
        let result = self.type_there(result)?;
        let position = leftmost_of(at, &operands);
        let arguments = self.arguments(operands, &declared)?;
        let kind = Kind::Operator { operator: fact.oid, function: fact.function, arguments };
        Ok(Expression { kind, data_type: TypeRef::plain(result), position })
    }

    /// `left name ANY|ALL (array)`.
    ///
    /// # Errors
    /// As [`operator`](Self::operator); 42809 without an array on the right side.
    pub fn array_operator(
        &self,
        quantifier: ArrayQuantifier,
        name: &str,
        left: Expression,
        array: Expression,
        at: Option<Position>,
    ) -> Result<Expression> {
        let wrong = |what: &str| {
            let error = unresolved(Unresolved::WrongObject, format!("op ANY/ALL (array) requires {what}"));
            self.at(error, at)
        };
        let array_type = array.data_type.oid;
        let element = match array_type {
            UNKNOWN => UNKNOWN,
            _ => oids::element(self.facts, array_type).ok_or_else(|| wrong("array on right side"))?,
        };
        let fact = self.find_operator(name, Some(left.data_type.oid), element, at)?;
        let mut declared = declared(fact);
        let result = polymorphic::enforce(self.facts, &[left.data_type.oid, element], &mut declared, fact.result)?;
        if result != oids::BOOLEAN {
            return Err(wrong("operator to yield boolean"));
        }
        if self.facts.function(fact.function).is_some_and(|function: &FunctionFact| function.returns_set) {
            return Err(wrong("operator not to return a set"));
        }
        let fact = self.there(fact)?;
        declared[1] = if oids::is_polymorphic(declared[1]) {
            array_type
        } else {
            let found = oids::array_of(self.facts, declared[1]);
            found.ok_or_else(|| self.at(self.no_array_type(declared[1]), at))?
        };
        let position = leftmost_of(at, [&left, &array]);
        let mut operands = self.arguments(vec![left, array], &declared)?.into_iter();
        let (Some(left), Some(array)) = (operands.next(), operands.next()) else {
            return Err(self.no_operator(name, Some(declared[0]), declared[1]).into());
        };
        let kind = Kind::ArrayOperator {
            quantifier,
            operator: fact.oid,
            function: fact.function,
            left: Box::new(left),
            array: Box::new(array),
        };
        Ok(Expression { kind, data_type: TypeRef::plain(result), position })
    }

    /// The operator that types select: an exact match, where an untyped operand takes the type of the other one,
    /// or the best candidate.
    pub(super) fn find_operator(
        &self,
        name: &str,
        left: Option<Oid>,
        right: Oid,
        at: Option<Position>,
    ) -> Result<&'a OperatorFact> {
        let (exact_left, exact_right) = match left {
            None => (0, right),
            Some(UNKNOWN) => (right, right),
            Some(left) if right == UNKNOWN => (left, left),
            Some(left) => (left, right),
        };
        let facts = self.facts;
        let exact = || facts.operators_named(name).find(|fact| fact.left == exact_left && fact.right == exact_right);
        // A prefix operator is not supposed to take an operand without a type as it is.
        if let Some(fact) = exact() {
            return Ok(fact);
        }
        let actual: Vec<Oid> = left.into_iter().chain([right]).collect();
        let offers: Vec<Offer<'a>> = facts
            .operators_named(name)
            .filter(|fact| (fact.left == 0) == left.is_none())
            .map(|fact| Offer { fact, types: declared(fact) })
            .collect();
        match choose(facts, &actual, &offers) {
            Choice::One(offer) => Ok(offer.fact),
            Choice::Many => Err(self.at(self.many_operators(name, left, right), at)),
            Choice::None => Err(self.at(self.no_operator(name, left, right), at)),
        }
    }
}

/// The types of an operator's operands.
fn declared(fact: &OperatorFact) -> Vec<Oid> {
    if fact.left == 0 { vec![fact.right] } else { vec![fact.left, fact.right] }
}
