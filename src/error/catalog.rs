//! What can be wrong with names, definitions and values of types.

use super::report::Report;

/// An error of the catalog floor.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("database \"{0}\" does not exist")]
    UnknownDatabase(String),
    #[error("database \"{0}\" already exists")]
    DuplicateDatabase(String),
    #[error("schema \"{0}\" does not exist")]
    UnknownSchema(String),
    #[error("schema \"{0}\" already exists")]
    DuplicateSchema(String),
    /// `name` as the statement wrote it: qualified if it was qualified.
    #[error("relation \"{0}\" does not exist")]
    UnknownRelation(String),
    #[error("table \"{0}\" does not exist")]
    UnknownTable(String),
    #[error("relation \"{0}\" already exists")]
    DuplicateRelation(String),
    #[error("column \"{0}\" specified more than once")]
    DuplicateColumn(String),
    #[error("column \"{column}\" of relation \"{table}\" does not exist")]
    UnknownColumn { column: String, table: String },
    #[error("type \"{0}\" does not exist")]
    UnknownType(String),
    #[error("multiple primary keys for table \"{0}\" are not allowed")]
    MultiplePrimaryKeys(String),
    #[error("\"{0}\" is not a table")]
    NotATable(String),
    #[error("permission denied: \"{0}\" is a system catalog")]
    SystemCatalog(String),
    /// A text is not a value of the type: 22P02.
    #[error("invalid input syntax for type {type_name}: \"{text}\"")]
    InvalidText { type_name: String, text: String },
    /// A date or time text has the wrong form: 22007.
    #[error("invalid input syntax for type {type_name}: \"{text}\"")]
    InvalidDatetime { type_name: String, text: String },
    /// A date or time field is out of range: 22008.
    #[error("date/time field value out of range: \"{text}\"")]
    DatetimeOutOfRange { text: String },
    /// As above, when another order of day and month might make it right: 22008.
    #[error("date/time field value out of range: \"{text}\"")]
    MonthDayOutOfRange { text: String },
    /// A number does not fit its type: 22003. The message is PostgreSQL's for the type.
    #[error("{message}")]
    NumberOutOfRange { message: String, detail: Option<String> },
    #[error("value too long for type {type_name}")]
    TooLong { type_name: String },
    /// JSON that does not parse: 22P02, with PostgreSQL's DETAIL.
    #[error("invalid input syntax for type json")]
    InvalidJson { detail: String },
    #[error("invalid byte sequence for encoding \"UTF8\": {0}")]
    InvalidEncoding(String),
    /// A binary value has the wrong length or form: 22P03.
    #[error("incorrect binary data format{0}")]
    InvalidBinary(String),
    #[error("{0}")]
    NotSupported(String),
    /// A type's modifier, or a digit of a bytea, is out of range or not allowed: 22023.
    #[error("{0}")]
    InvalidParameter(String),
    #[error("unacceptable schema name \"{0}\"")]
    ReservedSchema(String),
    /// Objects of users cannot be made in the system's schemas.
    #[error("permission denied for schema {0}")]
    SystemSchema(String),
    #[error("cannot drop the system database \"{0}\"")]
    SystemDatabase(String),
    #[error("column name \"{0}\" conflicts with a system column name")]
    SystemColumn(String),
    #[error("tables can have at most {maximum} columns")]
    TooManyColumns { maximum: usize },
    #[error("column \"{0}\" named in key does not exist")]
    UnknownKeyColumn(String),
    #[error("column \"{0}\" appears twice in primary key constraint")]
    KeyColumnTwice(String),
    /// A key over a type without an order, such as json.
    #[error("data type {0} has no default operator class for access method \"btree\"")]
    NoOperatorClass(String),
    #[error("constraint \"{name}\" for relation \"{table}\" already exists")]
    DuplicateConstraint { name: String, table: String },
    #[error("invalid name syntax")]
    InvalidNameSyntax,
    #[error("role \"{0}\" does not exist")]
    UnknownRole(String),
    #[error("function \"{0}\" does not exist")]
    UnknownFunction(String),
    /// A field of an interval is out of range: 22015.
    #[error("interval field value out of range: \"{text}\"")]
    IntervalOutOfRange { text: String },
    /// A time zone name that means nothing: 22023.
    #[error("time zone \"{0}\" not recognized")]
    UnknownTimeZone(String),
    /// A displacement from UTC out of range: 22009.
    #[error("time zone displacement out of range: \"{text}\"")]
    TimeZoneOutOfRange { text: String },
    /// A text representation error with its own message and DETAIL: 22P02.
    #[error("{message}")]
    BadText { message: String, detail: Option<String> },
    /// A timestamp or date with a message of its own: 22008.
    #[error("{0}")]
    DatetimeOverflow(String),
    /// `\u0000` in jsonb and text: 22P05.
    #[error("unsupported Unicode escape sequence")]
    UnsupportedUnicode { detail: String },
    /// A binary numeric or array with a bad field: 22P03.
    #[error("{0}")]
    BadBinaryNumeric(String),
    #[error("binary data has array element type {found} instead of expected {expected}")]
    WrongElementType { found: u32, expected: u32 },
    /// A jsonpath that does not parse: 42601.
    #[error("{0}")]
    JsonPathSyntax(String),
    /// 2201B.
    #[error("{0}")]
    InvalidRegex(String),
    /// A value is nested too deep to be read: 54001.
    #[error("stack depth limit exceeded")]
    TooDeep,
}

impl CatalogError {
    pub(super) fn describe(&self, report: &mut Report) {
        match self {
            Self::NumberOutOfRange { detail, .. } => report.detail = detail.clone(),
            Self::NoOperatorClass(_) => {
                report.hint = Some(
                    "You must specify an operator class for the index or define a default operator class for the data type."
                        .into(),
                );
            }
            Self::MonthDayOutOfRange { .. } => {
                report.hint = Some("Perhaps you need a different \"datestyle\" setting.".into());
            }
            Self::ReservedSchema(_) => {
                report.detail = Some("The prefix \"pg_\" is reserved for system schemas.".into());
            }
            Self::BadText { detail, .. } => report.detail = detail.clone(),
            Self::UnsupportedUnicode { detail } => report.detail = Some(detail.clone()),
            Self::InvalidJson { detail } => report.detail = Some(detail.clone()),
            _ => {}
        }
    }
}
