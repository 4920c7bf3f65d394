//! The types of `$1`, `$2`, … while a statement is bound: the first use that asks for a type decides.

use parking_lot::Mutex;

use super::oids::UNKNOWN;
use super::wording::{type_name, with_detail};
use crate::base::ids::Oid;
use crate::catalog::facts::Facts;
use crate::error::{QueryError, Result, Unresolved};

/// Most parameters of one statement: the protocol counts them in 16 bits.
const MAXIMUM: usize = 65_535;

/// The parameters of one statement.
#[derive(Debug, Default)]
pub struct Parameters {
    /// By number, from 1; 0 for one that was not mentioned, `unknown` for one without a type.
    types: Mutex<Vec<Oid>>,
}

impl Parameters {
    /// With what the client declared: 0 and `unknown` leave the type open.
    pub fn declared(types: &[Oid]) -> Self {
        Self { types: Mutex::new(types.to_vec()) }
    }

    /// Notes that `$number` is mentioned and answers its type, which is `unknown` until a use settles it.
    ///
    /// # Errors
    /// 42P02 for numbers that no parameter can have.
    pub fn mention(&self, number: usize) -> Result<Oid> {
        if number == 0 || number > MAXIMUM {
            return Err(QueryError::UndefinedParameter(number).into());
        }
        let mut types = self.types.lock();
        if types.len() < number {
            types.resize(number, 0);
        }
        let slot = &mut types[number - 1];
        if *slot == 0 {
            *slot = UNKNOWN;
        }
        Ok(*slot)
    }

    /// A use of `$number`, which had no type when it was mentioned, asks for one.
    pub(super) fn settle(&self, number: usize, wanted: Oid, facts: &Facts) -> Result<(), QueryError> {
        let mut types = self.types.lock();
        let Some(slot) = number.checked_sub(1).and_then(|index| types.get_mut(index)) else {
            return Err(QueryError::UndefinedParameter(number));
        };
        match *slot {
            0 | UNKNOWN => *slot = wanted,
            settled if settled == wanted => {}
            settled => {
                let detail = format!("{} versus {}", type_name(facts, settled), type_name(facts, wanted));
                let message = format!("inconsistent types deduced for parameter ${number}");
                return Err(with_detail(Unresolved::AmbiguousParameter, message, detail));
            }
        }
        Ok(())
    }

    /// A mention of `$number` stayed without a type in the finished tree.
    ///
    /// # Errors
    /// 42P08 when another mention has got one.
    pub fn check(&self, number: usize, data_type: Oid) -> Result<()> {
        let types = self.types.lock();
        match number.checked_sub(1).and_then(|index| types.get(index)) {
            Some(settled) if *settled != data_type => {
                let message = format!("could not determine data type of parameter ${number}");
                Err(super::wording::unresolved(Unresolved::AmbiguousParameter, message).into())
            }
            _ => Ok(()),
        }
    }

    /// The types of all parameters up to the highest number, when the statement is bound.
    ///
    /// # Errors
    /// 42P18 for the first one whose type nothing decided.
    pub fn types(&self) -> Result<Vec<Oid>> {
        let types = self.types.lock();
        match types.iter().position(|oid| matches!(*oid, 0 | UNKNOWN)) {
            Some(index) => Err(QueryError::IndeterminateParameter(index + 1).into()),
            None => Ok(types.clone()),
        }
    }
}
