//! The types of `$1`, `$2`, … while a statement is bound: the first use that asks for a type decides.

use parking_lot::Mutex;

use crate::base::ids::Oid;
use crate::error::{QueryError, Result};

/// `unknown` in `pg_type`.
const UNKNOWN: Oid = 705;

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
}
