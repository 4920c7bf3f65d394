//! Names of types in SQL.

use datafusion::sql::sqlparser::ast::{DataType, DateTimeField, IntervalFields, TimezoneInfo};

use super::{Analyser, oids, refuse};
use crate::base::ids::Oid;
use crate::catalog::types::PgType;
use crate::error::{CatalogError, ErrorKind, QueryError, Result};
use crate::query::bind::tree::TypeRef;
use crate::query::bind::types;

/// The range of an interval type that names no fields.
const ALL_INTERVAL_FIELDS: i32 = 0x7fff;
/// Most digits behind the point of seconds.
const MOST_DIGITS: i32 = 6;

impl Analyser<'_> {
    /// The type that a type name means.
    pub(super) fn type_named(&self, data_type: &DataType) -> Result<TypeRef> {
        if let Some(time) = time_with_precision(data_type)? {
            return Ok(time);
        }
        use DataType::{BigInt, Int, Int2, Int4, Int8, Integer, SmallInt};
        if let Int(Some(_)) | Integer(Some(_)) | BigInt(Some(_)) | SmallInt(Some(_)) | Int2(Some(_)) | Int4(Some(_))
        | Int8(Some(_)) = data_type
        {
            return Err(refuse::not_supported("a width of an integer type"));
        }
        if let DataType::Custom(name, modifiers) = data_type {
            let idents: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).collect();
            let names: Vec<String> = idents.iter().map(|ident| crate::query::bind::names::folded(ident)).collect();
            if let ([name], true) | ([_, name], true) = (names.as_slice(), modifiers.is_empty()) {
                let catalog = names.len() == 1 || names[0] == "pg_catalog";
                if catalog && name == "record" {
                    return Ok(TypeRef::plain(super::oids::RECORD));
                }
                let unknown = self.context.facts.type_named(name).is_none();
                if let Some(row) = self.row_type_named(&idents).filter(|_| unknown) {
                    return Ok(row);
                }
                if names.len() == 2 && !self.context.environment.catalog.has_schema(&names[0]) {
                    let at = idents.first().map(|ident| ident.span.start);
                    return Err(self.fail(CatalogError::UnknownSchema(names[0].clone()), at));
                }
            }
        }
        // The pseudo-types of polymorphic functions and others that only the catalog knows have no modifier.
        let known = types::pg_type_at(data_type, self.context.source).map_err(|error| match error.kind() {
            // As an option of a type's own this is a wrong value, as syntax it is a mistake.
            ErrorKind::Catalog(CatalogError::InvalidParameter(message))
                if message.starts_with("type modifier is not allowed") =>
            {
                QueryError::Syntax(message.clone()).into()
            }
            _ => error,
        })?;
        Ok(TypeRef { oid: known.oid(), typmod: typmod(&known) })
    }

    /// The element type of a true array, otherwise 0.
    pub(super) fn element_of(&self, array: Oid) -> Oid {
        self.context.facts.type_of(array).filter(|fact| fact.is_array()).map_or(0, |fact| fact.element)
    }

    /// The array type over an element, otherwise 0.
    pub(super) fn array_of(&self, element: Oid) -> Oid {
        self.context.facts.type_of(element).map_or(0, |fact| fact.array)
    }
}

fn typmod(known: &PgType) -> i32 {
    match known {
        PgType::Array(element) => typmod(element),
        scalar => scalar.typmod(),
    }
}

/// A type of times with a modifier: a precision, or the fields of an interval.
fn time_with_precision(data_type: &DataType) -> Result<Option<TypeRef>> {
    use DateTimeField::{Day, Hour, Minute, Month, Second, Year};
    let (oid, typmod) = match data_type {
        DataType::Timestamp(Some(digits), zone) => {
            (if is_zoned(zone) { oids::TIMESTAMPTZ } else { oids::TIMESTAMP }, precision(*digits))
        }
        DataType::Time(Some(digits), zone) if !is_zoned(zone) => (oids::TIME, precision(*digits)),
        DataType::Interval { fields: None, precision: Some(digits) } => {
            (oids::INTERVAL, ALL_INTERVAL_FIELDS << 16 | precision(*digits))
        }
        DataType::Interval { fields: Some(fields), precision } => {
            let (first, last) = match fields {
                IntervalFields::Year => (Year, None),
                IntervalFields::Month => (Month, None),
                IntervalFields::Day => (Day, None),
                IntervalFields::Hour => (Hour, None),
                IntervalFields::Minute => (Minute, None),
                IntervalFields::Second => (Second, None),
                IntervalFields::YearToMonth => (Year, Some(Month)),
                IntervalFields::DayToHour => (Day, Some(Hour)),
                IntervalFields::DayToMinute => (Day, Some(Minute)),
                IntervalFields::DayToSecond => (Day, Some(Second)),
                IntervalFields::HourToMinute => (Hour, Some(Minute)),
                IntervalFields::HourToSecond => (Hour, Some(Second)),
                IntervalFields::MinuteToSecond => (Minute, Some(Second)),
            };
            (oids::INTERVAL, interval_typmod(Some(&first), last.as_ref(), *precision)?)
        }
        _ => return Ok(None),
    };
    Ok(Some(TypeRef { oid, typmod }))
}

fn is_zoned(zone: &TimezoneInfo) -> bool {
    matches!(zone, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz)
}

/// More than six digits there are not.
fn precision(digits: u64) -> i32 {
    i32::try_from(digits).unwrap_or(MOST_DIGITS).min(MOST_DIGITS)
}

/// `typmod` of `interval <field> [TO <field>]`, with a precision of seconds, if there is one.
///
/// # Errors
/// 0A000 for fields that no interval has.
pub(super) fn interval_typmod(
    leading: Option<&DateTimeField>,
    last: Option<&DateTimeField>,
    digits: Option<u64>,
) -> Result<i32> {
    const FULL_PRECISION: i32 = 0xffff;
    let bit = |field: &DateTimeField| match field {
        DateTimeField::Year | DateTimeField::Years => Some(2),
        DateTimeField::Month | DateTimeField::Months => Some(1),
        DateTimeField::Day | DateTimeField::Days => Some(3),
        DateTimeField::Hour | DateTimeField::Hours => Some(10),
        DateTimeField::Minute | DateTimeField::Minutes => Some(11),
        DateTimeField::Second | DateTimeField::Seconds => Some(12),
        _ => None,
    };
    // The order in which ranges of fields run.
    const ORDER: [i32; 6] = [2, 1, 3, 10, 11, 12];
    let place = |field: &DateTimeField| bit(field).and_then(|bit| ORDER.iter().position(|other| *other == bit));
    let Some(leading) = leading else {
        return Ok(digits.map_or(-1, |digits| (ALL_INTERVAL_FIELDS << 16) | precision(digits)));
    };
    let first = place(leading).ok_or_else(|| refuse::not_supported(format!("interval {leading}")))?;
    let last = match last {
        Some(last) => place(last).ok_or_else(|| refuse::not_supported(format!("interval … TO {last}")))?,
        None => first,
    };
    let range = ORDER.get(first..=last).unwrap_or_default().iter().fold(0, |range, bit| range | (1 << bit));
    if range == 0 {
        return Err(refuse::not_supported("interval with these fields"));
    }
    Ok((range << 16) | digits.map_or(FULL_PRECISION, precision))
}
