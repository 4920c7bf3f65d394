//! Names of types in SQL, and the types they mean.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, Ident, ObjectName, TimezoneInfo,
};
use datafusion::sql::sqlparser::tokenizer::Location;

use super::names;
use crate::catalog::types::PgType;
use crate::error::{CatalogError, ErrorKind, QueryError, Result};
use crate::query::parse;

/// The type that a type name in SQL means.
///
/// # Errors
/// 42704 for a type that does not exist, 22023 for a modifier out of range, 0A000 for a type or modifier
/// that we do not have.
pub fn pg_type(data_type: &DataType) -> Result<PgType> {
    if let DataType::Array(element) = data_type {
        return match element {
            ArrayElemTypeDef::SquareBracket(element, _) | ArrayElemTypeDef::AngleBracket(element) => {
                match pg_type(element)? {
                    // PostgreSQL does not distinguish the dimensions of an array type.
                    array @ PgType::Array(_) => Ok(array),
                    element => Ok(PgType::Array(Box::new(element))),
                }
            }
            _ => Err(QueryError::NotSupported("arrays without an element type are not supported".into()).into()),
        };
    }
    let (name, modifiers) = spelled(data_type)?;
    PgType::from_sql(&name, &modifiers)
}

/// As [`pg_type`], with the place of an unknown name in the statement's text.
///
/// # Errors
/// As [`pg_type`].
pub fn pg_type_at(data_type: &DataType, source: Option<&str>) -> Result<PgType> {
    pg_type(data_type).map_err(|error| {
        let place = match error.kind() {
            ErrorKind::Catalog(CatalogError::UnknownType(name)) => place(data_type, &name.to_lowercase()),
            _ => None,
        };
        match place.zip(source).and_then(|(place, source)| parse::position(source, place)) {
            Some(position) => error.at(position),
            None => error,
        }
    })
}

/// Where a type of this name is written.
pub fn place(data_type: &DataType, name: &str) -> Option<Location> {
    let DataType::Custom(written, _) = data_type else { return None };
    let first = written.0.first()?.as_ident()?;
    (written.to_string().to_lowercase() == name).then_some(first.span.start)
}

/// The name PostgreSQL gives to a column that is a cast to this type: `int4` for `integer`.
pub fn bare_name(data_type: &DataType) -> Option<String> {
    match pg_type(data_type) {
        Ok(PgType::Array(element)) => Some(element.name().to_owned()),
        Ok(known) => Some(known.name().to_owned()),
        Err(_) => None,
    }
}

/// A type's name in SQL and its modifiers.
fn spelled(data_type: &DataType) -> Result<(String, Vec<i64>)> {
    let plain = |name: &str| Ok((name.to_owned(), Vec::new()));
    match data_type {
        DataType::Bool | DataType::Boolean => plain("bool"),
        DataType::SmallInt(None) | DataType::Int2(None) => plain("int2"),
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => plain("int4"),
        DataType::BigInt(None) | DataType::Int8(None) => plain("int8"),
        DataType::Real | DataType::Float4 => plain("float4"),
        DataType::DoublePrecision | DataType::Float8 => plain("float8"),
        DataType::Float(precision) => Ok(("float".into(), number(precision))),
        DataType::Numeric(precision) | DataType::Decimal(precision) | DataType::Dec(precision) => {
            Ok(("numeric".into(), number(precision)))
        }
        DataType::Text => plain("text"),
        DataType::Varchar(length) | DataType::CharacterVarying(length) | DataType::CharVarying(length) => {
            Ok(("varchar".into(), characters(length.as_ref())?))
        }
        DataType::Char(length) | DataType::Character(length) => Ok(("character".into(), characters(length.as_ref())?)),
        DataType::Bytea => plain("bytea"),
        DataType::Uuid => plain("uuid"),
        DataType::JSON => plain("json"),
        DataType::JSONB => plain("jsonb"),
        DataType::Date => plain("date"),
        DataType::Regclass => plain("regclass"),
        DataType::Interval { fields: None, precision } => Ok(("interval".into(), precision_of(*precision))),
        DataType::Time(precision, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            Ok(("time".into(), precision_of(*precision)))
        }
        DataType::Timestamp(precision, zone) => {
            let name = match zone {
                TimezoneInfo::None | TimezoneInfo::WithoutTimeZone => "timestamp",
                TimezoneInfo::WithTimeZone | TimezoneInfo::Tz => "timestamptz",
            };
            Ok((name.into(), precision_of(*precision)))
        }
        DataType::Custom(name, modifiers) => custom(name, modifiers),
        other => {
            let text = other.to_string();
            Err(match text.split(['(', ' ']).next() {
                Some(word) if !is_postgresql(word) => CatalogError::UnknownType(word.to_lowercase()).into(),
                _ => QueryError::NotSupported(format!("type {} is not supported", text.to_lowercase())).into(),
            })
        }
    }
}

/// Types that PostgreSQL has and we do not: asking for them is not a mistake.
fn is_postgresql(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "bit" | "varbit" | "time" | "interval" | "tsvector" | "tsquery" | "point" | "line" | "box" | "circle"
    )
}

fn custom(name: &ObjectName, modifiers: &[String]) -> Result<(String, Vec<i64>)> {
    let parts: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
    let unknown = || CatalogError::UnknownType(name.to_string());
    let (schema, ident) = match parts.as_slice() {
        [ident] => (None, *ident),
        [schema, ident] => (Some(names::folded(schema)), *ident),
        _ => return Err(unknown().into()),
    };
    if schema.is_some_and(|schema| schema != "pg_catalog") {
        return Err(unknown().into());
    }
    // Quoted "char" is another type than char; all other names mean the same with and without quotes.
    let name = match names::folded(ident).as_str() {
        "char" if ident.quote_style.is_some() || parts.len() == 2 => "\"char\"".to_owned(),
        other => other.to_owned(),
    };
    let modifiers = modifiers
        .iter()
        .map(|modifier| modifier.parse().map_err(|_| unknown()))
        .collect::<std::result::Result<Vec<i64>, CatalogError>>()?;
    Ok((name, modifiers))
}

fn number(info: &ExactNumberInfo) -> Vec<i64> {
    match info {
        ExactNumberInfo::None => Vec::new(),
        ExactNumberInfo::Precision(precision) => vec![i64::try_from(*precision).unwrap_or(i64::MAX)],
        ExactNumberInfo::PrecisionAndScale(precision, scale) => {
            vec![i64::try_from(*precision).unwrap_or(i64::MAX), *scale]
        }
    }
}

fn precision_of(precision: Option<u64>) -> Vec<i64> {
    precision.map(|precision| i64::try_from(precision).unwrap_or(i64::MAX)).into_iter().collect()
}

fn characters(length: Option<&CharacterLength>) -> Result<Vec<i64>> {
    match length {
        None => Ok(Vec::new()),
        Some(CharacterLength::IntegerLength { length, unit: None }) => {
            Ok(vec![i64::try_from(*length).unwrap_or(i64::MAX)])
        }
        Some(other) => Err(QueryError::NotSupported(format!("length {other} is not supported")).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::ast::Expr;

    fn of(sql: &str) -> Result<PgType> {
        match crate::query::parse::parse_expression(&format!("x::{sql}"))? {
            Expr::Cast { data_type, .. } => pg_type(&data_type),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn every_spelling_means_its_type() {
        for (sql, data_type) in [
            ("int", PgType::Int4),
            ("pg_catalog.int8", PgType::Int8),
            ("character varying(5)", PgType::Varchar(Some(5))),
            ("varchar", PgType::Varchar(None)),
            ("numeric(10,2)", PgType::Numeric(Some((10, 2)))),
            ("double precision", PgType::Float8),
            ("timestamp with time zone", PgType::Timestamptz),
            ("timestamptz", PgType::Timestamptz),
            ("time", PgType::Time),
            ("uuid", PgType::Uuid),
            ("jsonb", PgType::Jsonb),
            ("bytea", PgType::Bytea),
            ("\"char\"", PgType::Char),
            ("pg_catalog.\"char\"", PgType::Char),
            ("pg_catalog.regtype", PgType::Regtype),
            ("regclass", PgType::Regclass),
            ("name", PgType::Name),
            ("oid[]", PgType::Array(Box::new(PgType::Oid))),
            ("pg_catalog.int2[]", PgType::Array(Box::new(PgType::Int2))),
            ("text[][]", PgType::Array(Box::new(PgType::Text))),
        ] {
            assert_eq!(of(sql).unwrap(), data_type, "{sql}");
        }
    }

    #[test]
    fn unknown_types_are_named() {
        let report = of("nosuch").unwrap_err().report();
        assert_eq!((report.sqlstate.0, report.message.as_str()), ("42704", "type \"nosuch\" does not exist"));
        assert_eq!(of("tinyint").unwrap_err().sqlstate().0, "42704");
        assert_eq!(of("bit(3)").unwrap_err().sqlstate().0, "0A000");
    }
}
