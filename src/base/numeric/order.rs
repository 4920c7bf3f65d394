//! The order of numbers: -Infinity, the finite ones, Infinity, NaN. The scale does not matter.

use std::cmp::Ordering;

use super::{Finite, Numeric};

impl Finite {
    pub(super) fn compare(&self, other: &Finite) -> Ordering {
        if self.scale == other.scale {
            return self.coefficient.compare(&other.coefficient);
        }
        let signs = self.coefficient.signum().cmp(&other.coefficient.signum());
        if signs != Ordering::Equal || self.coefficient.is_zero() {
            return signs;
        }
        let scale = self.scale().max(other.scale());
        self.at(scale).compare(&other.at(scale))
    }
}

impl Ord for Numeric {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |number: &Numeric| match number {
            Numeric::NegativeInfinity => 0,
            Numeric::Finite(_) => 1,
            Numeric::Infinity => 2,
            Numeric::NaN => 3,
        };
        match (self, other) {
            (Numeric::Finite(left), Numeric::Finite(right)) => left.compare(right),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

impl PartialOrd for Numeric {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Numeric {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Numeric {}
