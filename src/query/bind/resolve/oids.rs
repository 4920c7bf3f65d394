//! OIDs of `pg_type` that the rules themselves name.

use crate::base::ids::Oid;
use crate::catalog::facts::Facts;
use crate::catalog::types::table_of_row_type;

pub(super) const BOOLEAN: Oid = 16;
pub(super) const INTEGER: Oid = 23;
pub(super) const TEXT: Oid = 25;
pub(super) const INT2VECTOR: Oid = 22;
pub(super) const OIDVECTOR: Oid = 30;
pub(super) const NUMERIC: Oid = 1700;
pub(super) const FLOAT4: Oid = 700;
pub(super) const FLOAT8: Oid = 701;
pub(super) const UNKNOWN: Oid = 705;
pub(super) const RECORD: Oid = 2249;
pub(super) const ANY: Oid = 2276;
pub(super) const ANYARRAY: Oid = 2277;
pub(super) const ANYELEMENT: Oid = 2283;
pub(super) const RECORD_ARRAY: Oid = 2287;
pub(super) const ANYNONARRAY: Oid = 2776;
pub(super) const ANYENUM: Oid = 3500;
pub(super) const ANYRANGE: Oid = 3831;
pub(super) const ANYMULTIRANGE: Oid = 4537;
pub(super) const ANYCOMPATIBLE: Oid = 5077;
pub(super) const ANYCOMPATIBLEARRAY: Oid = 5078;
pub(super) const ANYCOMPATIBLENONARRAY: Oid = 5079;
pub(super) const ANYCOMPATIBLERANGE: Oid = 5080;
pub(super) const ANYCOMPATIBLEMULTIRANGE: Oid = 4538;

/// Range types with their subtypes and multirange types, as `pg_range` has them.
const RANGES: [(Oid, Oid, Oid); 6] = [
    (3904, 23, 4451),
    (3906, 1700, 4532),
    (3908, 1114, 4533),
    (3910, 1184, 4534),
    (3912, 1082, 4535),
    (3926, 20, 4536),
];

/// Polymorphic types whose uses in one call must all agree exactly.
pub(super) fn is_simple_polymorphic(oid: Oid) -> bool {
    matches!(oid, ANYELEMENT | ANYARRAY | ANYNONARRAY | ANYENUM | ANYRANGE | ANYMULTIRANGE)
}

/// Polymorphic types whose uses in one call have a common type.
pub(super) fn is_compatible_polymorphic(oid: Oid) -> bool {
    matches!(
        oid,
        ANYCOMPATIBLE | ANYCOMPATIBLEARRAY | ANYCOMPATIBLENONARRAY | ANYCOMPATIBLERANGE | ANYCOMPATIBLEMULTIRANGE
    )
}

/// Any polymorphic type.
pub(super) fn is_polymorphic(oid: Oid) -> bool {
    is_simple_polymorphic(oid) || is_compatible_polymorphic(oid)
}

/// The element type of a true array type.
pub(super) fn element(facts: &Facts, oid: Oid) -> Option<Oid> {
    facts.type_of(oid).filter(|fact| fact.is_array()).map(|fact| fact.element)
}

/// The type of arrays of a type.
pub(super) fn array_of(facts: &Facts, oid: Oid) -> Option<Oid> {
    facts.type_of(oid).map(|fact| fact.array).filter(|array| *array != 0)
}

/// The subtype of a range type.
pub(super) fn subtype(range: Oid) -> Option<Oid> {
    RANGES.iter().find(|(oid, ..)| *oid == range).map(|(_, subtype, _)| *subtype)
}

/// The range type of a multirange type.
pub(super) fn range_of(multirange: Oid) -> Option<Oid> {
    RANGES.iter().find(|(.., oid)| *oid == multirange).map(|(range, ..)| *range)
}

/// The multirange type of a range type.
pub(super) fn multirange_of(range: Oid) -> Option<Oid> {
    RANGES.iter().find(|(oid, ..)| *oid == range).map(|(.., multirange)| *multirange)
}

/// Is it a composite type? `record` is none: it is any of them.
pub(super) fn is_composite(facts: &Facts, oid: Oid) -> bool {
    table_of_row_type(oid).is_some() || facts.type_of(oid).is_some_and(|fact| fact.kind == 'c')
}

/// Is it an array of a composite type?
pub(super) fn is_composite_array(facts: &Facts, oid: Oid) -> bool {
    element(facts, oid).is_some_and(|element| is_composite(facts, element))
}

pub(super) fn is_enum(facts: &Facts, oid: Oid) -> bool {
    facts.type_of(oid).is_some_and(|fact| fact.kind == 'e')
}

/// `typcategory`; `X` for what has none.
pub(super) fn category(facts: &Facts, oid: Oid) -> char {
    if table_of_row_type(oid).is_some() {
        return 'C';
    }
    facts.type_of(oid).map_or('X', |fact| fact.category)
}

/// Is it the preferred type of its category?
pub(super) fn is_preferred(facts: &Facts, oid: Oid) -> bool {
    facts.type_of(oid).is_some_and(|fact| fact.preferred)
}
