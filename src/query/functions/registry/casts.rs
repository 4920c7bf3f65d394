//! Conversions between types: the functions of `pg_cast`, and those by text.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Int32Type, UInt32Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, ScalarUDF, Volatility};

use super::{Call, not_implemented};
use crate::base::ids::Oid;
use crate::catalog::facts::{CastMethod, Facts};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::environment::Environment;
use crate::query::functions::cast::{self, Kind};
use crate::query::functions::convert as conversions;
use crate::query::functions::kernel::{self, Kernel};

/// The functions that `pg_cast` names.
fn functions() -> &'static HashSet<Oid> {
    static FUNCTIONS: LazyLock<HashSet<Oid>> = LazyLock::new(|| {
        let function = |method: &CastMethod| match method {
            CastMethod::Function(function) => Some(*function),
            _ => None,
        };
        Facts::shipped().casts().filter_map(|cast| function(&cast.method)).collect()
    });
    &FUNCTIONS
}

/// An expression of one type as one of another: by the cast between the two, by text where there is none, by nothing
/// where the values are the same.
pub fn convert(argument: Expr, from: &PgType, to: &PgType, kind: Kind) -> Expr {
    if from == to || matches!((from, to), (PgType::Numeric(_), PgType::Numeric(None))) {
        return argument;
    }
    if let Some(function) = same_bits(from, to) {
        return kernel::call(function, vec![argument]);
    }
    let stable = changes_with_session(from) || changes_with_session(to);
    let volatility = if stable { Volatility::Stable } else { Volatility::Immutable };
    let how = if kind == Kind::Explicit { 'e' } else { 'a' };
    let name = format!("pg_cast_{how}_{}_{}_{}", from.oid(), to.oid(), to.typmod());
    let (from, target) = (from.clone(), to.clone());
    let work = move |environment: &Environment, arrays: &[ArrayRef]| {
        cast::array_to(&arrays[0], &from, &target, kind, environment)
    };
    let function = Kernel::new(name, 1, to.clone(), volatility, work);
    kernel::call(function, vec![argument])
}

/// An integer is an OID of the same bits, and an OID such an integer.
fn same_bits(from: &PgType, to: &PgType) -> Option<Arc<ScalarUDF>> {
    let name = format!("pg_bits_{}_{}", from.name(), to.name());
    let is_oid = conversions::is_oid;
    let work: fn(&Environment, &[ArrayRef]) -> Result<ArrayRef> = match (from, to) {
        (PgType::Int4, to) if is_oid(to) => {
            |_, arrays| Ok(Arc::new(arrays[0].as_primitive::<Int32Type>().unary::<_, UInt32Type>(i32::cast_unsigned)))
        }
        (from, PgType::Int4) if is_oid(from) => {
            |_, arrays| Ok(Arc::new(arrays[0].as_primitive::<UInt32Type>().unary::<_, Int32Type>(u32::cast_signed)))
        }
        _ => return None,
    };
    Some(Kernel::new(name, 1, to.clone(), Volatility::Immutable, work))
}

/// Does the text of a value depend on the settings or the catalog of the session?
fn changes_with_session(data_type: &PgType) -> bool {
    match data_type {
        PgType::Array(element) => changes_with_session(element),
        PgType::Timestamptz
        | PgType::Timestamp
        | PgType::Date
        | PgType::Time
        | PgType::Interval
        | PgType::Bytea
        | PgType::Float4
        | PgType::Float8
        | PgType::Regclass
        | PgType::Regtype
        | PgType::Regproc
        | PgType::Regnamespace
        | PgType::Regrole => true,
        _ => false,
    }
}

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    // The same functions that casts call have other names too.
    let is_cast = functions().contains(&call.fact.oid) || matches!(call.source.as_str(), "booltext" | "text_regclass");
    if !is_cast {
        return None;
    }
    let from = call.kind(0);
    let mut to = call.result.clone();
    let mut kind = Kind::Explicit;
    if call.types.len() > 1 {
        let Expr::Literal(ScalarValue::Int32(Some(typmod)), _) = &call.arguments[1] else {
            return Some(Err(refuse::not_supported(format!("{} with a computed modifier", call.fact.name))));
        };
        let typmod = *typmod;
        if let Some(Expr::Literal(ScalarValue::Boolean(Some(false)), _)) = call.arguments.get(2) {
            kind = Kind::Assignment;
        }
        let has_modifiers = matches!(to, PgType::Varchar(_) | PgType::Numeric(_));
        match PgType::from_oid(to.oid(), typmod) {
            Some(with_modifier) if has_modifiers => to = with_modifier,
            // Six digits is what times have anyway.
            _ if typmod < 0 || typmod == 6 => {}
            _ => return Some(Err(refuse::not_supported(format!("a precision of type {}", to.name())))),
        }
    }
    let argument = call.first();
    if !conversions::is_possible(&from, &to, Kind::Explicit) {
        return Some(Err(not_implemented(call.fact)));
    }
    Some(Ok(convert(argument, &from, &to, kind)))
}
