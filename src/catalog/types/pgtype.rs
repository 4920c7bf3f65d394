//! The PostgreSQL types KalamDB has, their OIDs, names, sizes and Arrow forms.
//!
//! OIDs, names and lengths are PostgreSQL's own (`pg_type.dat`): drivers compile them in. One table below
//! states them for every type; everything else in this file reads that table.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use serde::{Deserialize, Serialize};

use crate::base::ids::{Oid, TableId};
use crate::error::{CatalogError, Result};

/// The key of the Arrow field metadata that carries `"<oid>:<typmod>"`.
pub const TYPE_METADATA: &str = "kalam.type";

/// The OID of `record`.
pub const RECORD: Oid = 2249;

/// Where the OIDs of the types of tables' rows begin: each table has one, at the distance of its own OID.
const ROW_TYPES: Oid = 1 << 30;

/// `reltype`: the OID of the type of a table's rows.
pub fn row_type(table: TableId) -> Oid {
    table.0 | ROW_TYPES
}

/// The table whose rows have the type of this OID, if it is one.
pub fn table_of_row_type(oid: Oid) -> Option<u32> {
    (oid & !(ROW_TYPES - 1) == ROW_TYPES && oid != ROW_TYPES).then_some(oid & (ROW_TYPES - 1))
}

/// A PostgreSQL type with its modifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PgType {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    /// Precision and scale, as in `numeric(10,2)`.
    Numeric(Option<(u16, i16)>),
    Text,
    /// The longest length in characters.
    Varchar(Option<u32>),
    Name,
    /// `"char"`, the one-byte type of the system catalogs.
    Char,
    Bytea,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    Interval,
    Uuid,
    Json,
    Jsonb,
    Jsonpath,
    Oid,
    Regclass,
    Regtype,
    Regproc,
    Regnamespace,
    Regrole,
    Int2vector,
    Oidvector,
    Array(Box<PgType>),
    /// Rows: of any kind (`record`), or those of a table. The fields are those of the Arrow type.
    Record(Oid),
    Void,
    /// A literal whose type is not decided yet.
    Unknown,
}

/// What `pg_type.dat` says of a type.
struct Facts {
    oid: Oid,
    array: Oid,
    size: i16,
    name: &'static str,
    /// `typname` of the array type.
    array_name: &'static str,
    /// What `format_type` prints without a modifier.
    format: &'static str,
}

const fn facts(
    oid: Oid,
    array: Oid,
    size: i16,
    name: &'static str,
    array_name: &'static str,
    format: &'static str,
) -> Facts {
    Facts { oid, array, size, name, array_name, format }
}

/// Every type that is not an array, with no modifier.
const SCALARS: [PgType; 31] = [
    PgType::Bool,
    PgType::Int2,
    PgType::Int4,
    PgType::Int8,
    PgType::Float4,
    PgType::Float8,
    PgType::Numeric(None),
    PgType::Text,
    PgType::Varchar(None),
    PgType::Name,
    PgType::Char,
    PgType::Bytea,
    PgType::Date,
    PgType::Time,
    PgType::Timestamp,
    PgType::Timestamptz,
    PgType::Interval,
    PgType::Uuid,
    PgType::Json,
    PgType::Jsonb,
    PgType::Jsonpath,
    PgType::Oid,
    PgType::Regclass,
    PgType::Regtype,
    PgType::Regproc,
    PgType::Regnamespace,
    PgType::Regrole,
    PgType::Int2vector,
    PgType::Oidvector,
    PgType::Void,
    PgType::Unknown,
];

impl PgType {
    /// The facts of the type, or of an array's element type.
    fn facts(&self) -> Facts {
        match self {
            Self::Bool => facts(16, 1000, 1, "bool", "_bool", "boolean"),
            Self::Bytea => facts(17, 1001, -1, "bytea", "_bytea", "bytea"),
            Self::Char => facts(18, 1002, 1, "char", "_char", "\"char\""),
            Self::Name => facts(19, 1003, 64, "name", "_name", "name"),
            Self::Int8 => facts(20, 1016, 8, "int8", "_int8", "bigint"),
            Self::Int2 => facts(21, 1005, 2, "int2", "_int2", "smallint"),
            Self::Int2vector => facts(22, 1006, -1, "int2vector", "_int2vector", "int2vector"),
            Self::Int4 => facts(23, 1007, 4, "int4", "_int4", "integer"),
            Self::Regproc => facts(24, 1008, 4, "regproc", "_regproc", "regproc"),
            Self::Text => facts(25, 1009, -1, "text", "_text", "text"),
            Self::Oid => facts(26, 1028, 4, "oid", "_oid", "oid"),
            Self::Oidvector => facts(30, 1013, -1, "oidvector", "_oidvector", "oidvector"),
            Self::Json => facts(114, 199, -1, "json", "_json", "json"),
            Self::Float4 => facts(700, 1021, 4, "float4", "_float4", "real"),
            Self::Float8 => facts(701, 1022, 8, "float8", "_float8", "double precision"),
            Self::Unknown => facts(705, 0, -2, "unknown", "", "unknown"),
            Self::Varchar(_) => facts(1043, 1015, -1, "varchar", "_varchar", "character varying"),
            Self::Date => facts(1082, 1182, 4, "date", "_date", "date"),
            Self::Time => facts(1083, 1183, 8, "time", "_time", "time without time zone"),
            Self::Timestamp => facts(1114, 1115, 8, "timestamp", "_timestamp", "timestamp without time zone"),
            Self::Timestamptz => facts(1184, 1185, 8, "timestamptz", "_timestamptz", "timestamp with time zone"),
            Self::Interval => facts(1186, 1187, 16, "interval", "_interval", "interval"),
            Self::Numeric(_) => facts(1700, 1231, -1, "numeric", "_numeric", "numeric"),
            Self::Regclass => facts(2205, 2210, 4, "regclass", "_regclass", "regclass"),
            Self::Regtype => facts(2206, 2211, 4, "regtype", "_regtype", "regtype"),
            Self::Void => facts(2278, 0, 4, "void", "", "void"),
            Self::Uuid => facts(2950, 2951, 16, "uuid", "_uuid", "uuid"),
            Self::Jsonb => facts(3802, 3807, -1, "jsonb", "_jsonb", "jsonb"),
            Self::Jsonpath => facts(4072, 4073, -1, "jsonpath", "_jsonpath", "jsonpath"),
            Self::Regnamespace => facts(4089, 4090, 4, "regnamespace", "_regnamespace", "regnamespace"),
            Self::Regrole => facts(4096, 4097, 4, "regrole", "_regrole", "regrole"),
            Self::Record(_) => facts(RECORD, 0, -1, "record", "", "record"),
            Self::Array(element) => element.facts(),
        }
    }

    /// Every type that is not an array, without modifiers: what `pg_type` lists, next to their arrays.
    pub fn scalars() -> &'static [PgType] {
        &SCALARS
    }

    /// The OID in `pg_type`.
    pub fn oid(&self) -> Oid {
        match self {
            Self::Array(element) => element.facts().array,
            Self::Record(oid) => *oid,
            scalar => scalar.facts().oid,
        }
    }

    /// The OID of the type's array type; 0 when it has none.
    pub fn array_oid(&self) -> Oid {
        match self {
            Self::Array(_) => 0,
            scalar => scalar.facts().array,
        }
    }

    /// `atttypmod`: -1 without a modifier.
    pub fn typmod(&self) -> i32 {
        match self {
            Self::Varchar(Some(length)) => i32::try_from(*length).map_or(-1, |length| length + 4),
            Self::Numeric(Some((precision, scale))) => {
                ((i32::from(*precision) << 16) | (i32::from(*scale) & 0x7ff)) + 4
            }
            Self::Array(element) => element.typmod(),
            _ => -1,
        }
    }

    /// `typlen`: bytes of a fixed-size type, -1 for a varlena, -2 for a C string.
    pub fn size(&self) -> i16 {
        match self {
            Self::Array(_) => -1,
            scalar => scalar.facts().size,
        }
    }

    /// `typname`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Array(element) => element.facts().array_name,
            scalar => scalar.facts().name,
        }
    }

    /// What PostgreSQL's `format_type(oid, typmod)` prints.
    pub fn format(&self) -> String {
        match self {
            Self::Varchar(Some(length)) => format!("character varying({length})"),
            Self::Numeric(Some((precision, scale))) => format!("numeric({precision},{scale})"),
            Self::Array(element) => format!("{}[]", element.format()),
            scalar => scalar.facts().format.to_owned(),
        }
    }

    /// The Arrow form of a column of this type.
    pub fn arrow(&self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int2 => DataType::Int16,
            Self::Int4 => DataType::Int32,
            Self::Int8 => DataType::Int64,
            Self::Float4 => DataType::Float32,
            Self::Float8 => DataType::Float64,
            // Encoded as `base::numeric` says. No other type has this form.
            Self::Numeric(_) => DataType::BinaryView,
            Self::Text
            | Self::Varchar(_)
            | Self::Json
            | Self::Jsonb
            | Self::Jsonpath
            | Self::Name
            | Self::Char
            | Self::Unknown => DataType::Utf8,
            Self::Bytea => DataType::Binary,
            Self::Uuid => DataType::FixedSizeBinary(16),
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Oid | Self::Regclass | Self::Regtype | Self::Regproc | Self::Regnamespace | Self::Regrole => {
                DataType::UInt32
            }
            Self::Int2vector => DataType::new_list(DataType::Int16, true),
            Self::Oidvector => DataType::new_list(DataType::UInt32, true),
            Self::Array(element) => DataType::new_list(element.arrow(), true),
            Self::Record(_) => DataType::Struct(Fields::empty()),
            Self::Void => DataType::Null,
        }
    }

    /// The type of an OID and modifier, as in RowDescription or `pg_attribute`.
    pub fn from_oid(oid: Oid, typmod: i32) -> Option<PgType> {
        if oid == 0 {
            return None;
        }
        if oid == RECORD || table_of_row_type(oid).is_some() {
            return Some(PgType::Record(oid));
        }
        SCALARS.iter().find_map(|scalar| {
            let facts = scalar.facts();
            if facts.oid == oid {
                Some(scalar.with_typmod(typmod))
            } else if facts.array == oid {
                Some(PgType::Array(Box::new(scalar.with_typmod(typmod))))
            } else {
                None
            }
        })
    }

    /// The type of a SQL type name (any of PostgreSQL's spellings, lower case) and its modifiers in parentheses.
    ///
    /// # Errors
    /// 42704 for an unknown name, 22023 for a modifier out of range, 0A000 for a modifier we cannot honour.
    pub fn from_sql(name: &str, modifiers: &[i64]) -> Result<PgType> {
        let scalar = match name {
            "boolean" => Self::Bool,
            "smallint" => Self::Int2,
            "integer" | "int" => Self::Int4,
            "bigint" => Self::Int8,
            "real" => Self::Float4,
            "double precision" => Self::Float8,
            "float" => match modifiers {
                [] | [25..=53] => return Ok(Self::Float8),
                [1..=24] => return Ok(Self::Float4),
                _ => return Err(invalid_modifier("precision for type float must be at least 1 bit and less than 54")),
            },
            "decimal" | "dec" => Self::Numeric(None),
            "character varying" => Self::Varchar(None),
            "timestamp without time zone" => Self::Timestamp,
            "timestamp with time zone" => Self::Timestamptz,
            "time without time zone" => Self::Time,
            "\"char\"" => Self::Char,
            // `char` without quotes is character(1), which is another type.
            "char" | "character" | "bpchar" => {
                return Err(CatalogError::NotSupported("type character is not supported; use text".into()).into());
            }
            other => SCALARS
                .iter()
                .find(|scalar| scalar.name() == other)
                .cloned()
                .ok_or_else(|| CatalogError::UnknownType(other.to_owned()))?,
        };
        scalar.with_modifiers(modifiers)
    }

    fn with_modifiers(self, modifiers: &[i64]) -> Result<PgType> {
        match (self, modifiers) {
            (scalar, []) => Ok(scalar),
            (Self::Varchar(_), [length @ 1..=10_485_760]) => {
                Ok(Self::Varchar(Some(u32::try_from(*length).expect("checked by the pattern"))))
            }
            (Self::Varchar(_), [length]) if *length < 1 => {
                Err(invalid_modifier("length for type varchar must be at least 1"))
            }
            (Self::Varchar(_), [_]) => Err(invalid_modifier("length for type varchar cannot exceed 10485760")),
            (Self::Numeric(_), [precision]) => numeric(*precision, 0),
            (Self::Numeric(_), [precision, scale]) => numeric(*precision, *scale),
            // Six digits is what these types keep anyway.
            (scalar @ (Self::Time | Self::Timestamp | Self::Timestamptz | Self::Interval), [6]) => Ok(scalar),
            (scalar @ (Self::Time | Self::Timestamp | Self::Timestamptz | Self::Interval), [_]) => {
                let message = format!("a precision of type {} is not supported", scalar.name());
                Err(CatalogError::NotSupported(message).into())
            }
            (scalar, _) => Err(CatalogError::InvalidParameter(format!(
                "type modifier is not allowed for type \"{}\"",
                scalar.name()
            ))
            .into()),
        }
    }

    /// The same type with the modifier of `pg_attribute.atttypmod`.
    fn with_typmod(&self, typmod: i32) -> PgType {
        if typmod < 4 {
            return self.clone();
        }
        let value = typmod - 4;
        match self {
            Self::Varchar(_) => Self::Varchar(u32::try_from(value).ok()),
            Self::Numeric(_) => {
                // The scale is an 11-bit two's complement number.
                let scale = ((value & 0x7ff) ^ 1024) - 1024;
                match (u16::try_from(value >> 16), i16::try_from(scale)) {
                    (Ok(precision), Ok(scale)) => Self::Numeric(Some((precision, scale))),
                    _ => Self::Numeric(None),
                }
            }
            other => other.clone(),
        }
    }

    /// The same type without its modifier.
    #[must_use]
    pub fn without_typmod(&self) -> PgType {
        match self {
            Self::Varchar(_) => Self::Varchar(None),
            Self::Numeric(_) => Self::Numeric(None),
            Self::Array(element) => Self::Array(Box::new(element.without_typmod())),
            other => other.clone(),
        }
    }

    /// The type of an array's elements (also of the two vectors).
    pub fn element(&self) -> Option<PgType> {
        match self {
            Self::Array(element) => Some((**element).clone()),
            Self::Int2vector => Some(Self::Int2),
            Self::Oidvector => Some(Self::Oid),
            _ => None,
        }
    }

    /// Whether values of this type can be stored in a user's column.
    pub fn is_storable(&self) -> bool {
        match self {
            Self::Array(element) => element.is_storable() && !matches!(**element, Self::Array(_)),
            _ => !matches!(
                self,
                Self::Record(_) | Self::Void | Self::Unknown | Self::Int2vector | Self::Oidvector | Self::Char
            ),
        }
    }

    /// Whether values of this type can be part of a key: types with an order that storage can encode.
    pub fn is_key(&self) -> bool {
        self.is_storable() && !matches!(self, Self::Json | Self::Jsonb | Self::Jsonpath | Self::Array(_))
    }

    /// `typcategory`.
    pub fn category(&self) -> char {
        match self {
            Self::Bool => 'B',
            Self::Int2 | Self::Int4 | Self::Int8 | Self::Float4 | Self::Float8 | Self::Numeric(_) => 'N',
            Self::Oid | Self::Regclass | Self::Regtype | Self::Regproc | Self::Regnamespace | Self::Regrole => 'N',
            Self::Text | Self::Varchar(_) | Self::Name => 'S',
            Self::Char => 'Z',
            Self::Date | Self::Time | Self::Timestamp | Self::Timestamptz => 'D',
            Self::Interval => 'T',
            Self::Bytea | Self::Uuid | Self::Json | Self::Jsonb | Self::Jsonpath => 'U',
            Self::Int2vector | Self::Oidvector | Self::Array(_) => 'A',
            Self::Void => 'P',
            Self::Record(RECORD) => 'P',
            Self::Record(_) => 'C',
            Self::Unknown => 'X',
        }
    }

    /// An Arrow field of this type; its metadata carries OID and modifier.
    pub fn field(&self, name: impl Into<String>, nullable: bool) -> Field {
        Field::new(name, self.arrow(), nullable).with_metadata(self.metadata())
    }

    /// The Arrow field metadata of this type.
    pub fn metadata(&self) -> HashMap<String, String> {
        HashMap::from([(TYPE_METADATA.to_owned(), format!("{}:{}", self.oid(), self.typmod()))])
    }

    /// The type of an Arrow field: what its metadata says, else the natural type of the Arrow type.
    pub fn of_field(field: &Field) -> PgType {
        field.metadata().get(TYPE_METADATA).and_then(|text| parse_metadata(text)).unwrap_or_else(|| match list_element(
            field.data_type(),
        ) {
            Some(element) => Self::Array(Box::new(Self::of_field(element))),
            None => Self::of_arrow(field.data_type()),
        })
    }

    /// The natural PostgreSQL type of an Arrow type, also of the forms that only DataFusion makes.
    pub fn of_arrow(data_type: &DataType) -> PgType {
        match data_type {
            DataType::Boolean => Self::Bool,
            DataType::Int8 | DataType::UInt8 | DataType::Int16 => Self::Int2,
            DataType::UInt16 | DataType::Int32 => Self::Int4,
            DataType::UInt32 => Self::Oid,
            DataType::Int64 | DataType::UInt64 => Self::Int8,
            DataType::Float16 | DataType::Float32 => Self::Float4,
            DataType::Float64 => Self::Float8,
            DataType::BinaryView => Self::Numeric(None),
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Self::Numeric(None)
            }
            DataType::Binary | DataType::LargeBinary => Self::Bytea,
            DataType::FixedSizeBinary(16) => Self::Uuid,
            DataType::FixedSizeBinary(_) => Self::Bytea,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Time32(_) | DataType::Time64(_) => Self::Time,
            DataType::Timestamp(_, None) => Self::Timestamp,
            DataType::Timestamp(_, Some(_)) => Self::Timestamptz,
            DataType::Interval(_) | DataType::Duration(_) => Self::Interval,
            DataType::Dictionary(_, value) => Self::of_arrow(value),
            DataType::Struct(_) => Self::Record(RECORD),
            other => match list_element(other) {
                Some(element) => Self::Array(Box::new(Self::of_field(element))),
                None => Self::Text,
            },
        }
    }
}

impl std::fmt::Display for PgType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.format())
    }
}

fn list_element(data_type: &DataType) -> Option<&Field> {
    match data_type {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => Some(element),
        _ => None,
    }
}

fn parse_metadata(text: &str) -> Option<PgType> {
    let (oid, typmod) = text.split_once(':')?;
    PgType::from_oid(oid.parse().ok()?, typmod.parse().ok()?)
}

fn numeric(precision: i64, scale: i64) -> Result<PgType> {
    if !(1..=1000).contains(&precision) {
        return Err(invalid_modifier(&format!("NUMERIC precision {precision} must be between 1 and 1000")));
    }
    if !(-1000..=1000).contains(&scale) {
        return Err(invalid_modifier(&format!("NUMERIC scale {scale} must be between -1000 and 1000")));
    }
    let fit = "checked above";
    Ok(PgType::Numeric(Some((u16::try_from(precision).expect(fit), i16::try_from(scale).expect(fit)))))
}

fn invalid_modifier(message: &str) -> crate::Error {
    CatalogError::InvalidParameter(message.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_again_by_its_oid_and_by_its_field() {
        for scalar in PgType::scalars() {
            assert_eq!(PgType::from_oid(scalar.oid(), -1).as_ref(), Some(scalar));
            assert_eq!(&PgType::of_field(&scalar.field("c", true)), scalar);
            if scalar.array_oid() != 0 {
                let array = PgType::Array(Box::new(scalar.clone()));
                assert_eq!(PgType::from_oid(scalar.array_oid(), -1), Some(array.clone()));
                assert_eq!(PgType::of_field(&array.field("c", true)), array);
            }
        }
    }

    #[test]
    fn modifiers_are_postgresqls() {
        for (name, modifiers, typmod, format) in [
            ("varchar", vec![20], 24, "character varying(20)"),
            ("numeric", vec![10, 2], 655_366, "numeric(10,2)"),
            ("decimal", vec![5], 327_684, "numeric(5,0)"),
            ("numeric", vec![1000, -3], 65_538_049, "numeric(1000,-3)"),
            ("int", vec![], -1, "integer"),
            ("timestamptz", vec![], -1, "timestamp with time zone"),
            ("float", vec![24], -1, "real"),
        ] {
            let pg = PgType::from_sql(name, &modifiers).unwrap();
            assert_eq!((pg.typmod(), pg.format().as_str()), (typmod, format));
            assert_eq!(PgType::from_oid(pg.oid(), typmod), Some(pg));
        }
    }

    #[test]
    fn modifiers_that_cannot_be_honoured_are_refused() {
        for (name, modifiers, sqlstate) in [
            ("varchar", vec![0], "22023"),
            ("numeric", vec![1001], "22023"),
            ("timestamp", vec![3], "0A000"),
            ("text", vec![3], "22023"),
            ("nosuch", vec![], "42704"),
        ] {
            let error = PgType::from_sql(name, &modifiers).unwrap_err();
            assert_eq!(error.sqlstate().0, sqlstate, "{name}");
        }
    }

    #[test]
    fn arrow_types_without_metadata_have_a_natural_type() {
        for (arrow, pg) in [
            (DataType::Utf8View, PgType::Text),
            (DataType::LargeUtf8, PgType::Text),
            (DataType::Null, PgType::Text),
            (DataType::UInt64, PgType::Int8),
            (DataType::Date64, PgType::Date),
            (DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into())), PgType::Timestamptz),
            (DataType::BinaryView, PgType::Numeric(None)),
            (DataType::new_list(DataType::Int64, true), PgType::Array(Box::new(PgType::Int8))),
        ] {
            assert_eq!(PgType::of_field(&Field::new("c", arrow, true)), pg);
        }
    }
}
