//! What DataFusion says, in PostgreSQL's words.
//!
//! Our own errors travel through DataFusion inside `DataFusionError::External` and come out unchanged.
//! Everything else is recognised by its structure where it has one and by its text where it has not: text
//! that is not recognised is an internal error (XX000) for the client and goes to the log in full.

use datafusion::common::DataFusionError;

use super::mistakes;
use crate::error::{Error, QueryError};

/// Puts one of our errors into DataFusion's type, for the way up through it.
pub fn external(error: impl Into<Error>) -> DataFusionError {
    DataFusionError::External(Box::new(error.into()))
}

/// Translates an error of DataFusion.
pub fn translate(error: DataFusionError) -> Error {
    match error {
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(own) => *own,
            Err(other) => match other.downcast::<DataFusionError>() {
                Ok(nested) => translate(*nested),
                Err(other) => engine(other.to_string()),
            },
        },
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => translate(*inner),
        DataFusionError::Collection(errors) => match errors.into_iter().next() {
            Some(first) => translate(first),
            None => engine("empty error collection".into()),
        },
        DataFusionError::Shared(shared) => match std::sync::Arc::try_unwrap(shared) {
            Ok(inner) => translate(inner),
            Err(shared) => translate_shared(&shared),
        },
        DataFusionError::ArrowError(arrow, _) => translate_arrow(*arrow),
        DataFusionError::NotImplemented(message) => not_supported(&message),
        DataFusionError::ResourcesExhausted(message) => {
            QueryError::OutOfMemory { detail: first_line(&message).to_owned() }.into()
        }
        DataFusionError::SQL(error, _) => QueryError::Syntax(error.to_string()).into(),
        DataFusionError::Plan(message) => translate_plan(&message),
        DataFusionError::Execution(message) => translate_execution(&message),
        other => engine(other.to_string()),
    }
}

/// An error that several consumers of one stream hold: our own part of it is told again from its text.
fn translate_shared(error: &DataFusionError) -> Error {
    match error.find_root() {
        DataFusionError::External(inner) => match inner.downcast_ref::<Error>() {
            Some(own) => retell(own),
            None => engine(inner.to_string()),
        },
        DataFusionError::ResourcesExhausted(message) => {
            QueryError::OutOfMemory { detail: first_line(message).to_owned() }.into()
        }
        DataFusionError::NotImplemented(message) => not_supported(message),
        DataFusionError::ArrowError(arrow, _) => translate_arrow_text(&arrow.to_string()),
        DataFusionError::Execution(message) => translate_execution(message),
        DataFusionError::Plan(message) => translate_plan(message),
        other => engine(other.to_string()),
    }
}

/// Rebuilds one of our errors that cannot be moved out of its `Arc`. Only errors that a running query
/// raises come here.
fn retell(error: &Error) -> Error {
    use crate::error::{CatalogError, ErrorKind};
    let message = error.to_string();
    match (error.kind(), error.sqlstate().0) {
        (_, "57014") => QueryError::Canceled.into(),
        (_, "21000") => QueryError::Cardinality.into(),
        (_, "22012") => QueryError::DivisionByZero.into(),
        (_, "22003") => QueryError::NumberOutOfRange(message).into(),
        (ErrorKind::Catalog(CatalogError::InvalidText { type_name, text }), _) => {
            CatalogError::InvalidText { type_name: type_name.clone(), text: text.clone() }.into()
        }
        (ErrorKind::Catalog(CatalogError::InvalidDatetime { type_name, text }), _) => {
            CatalogError::InvalidDatetime { type_name: type_name.clone(), text: text.clone() }.into()
        }
        (ErrorKind::Catalog(CatalogError::TooLong { type_name }), _) => {
            CatalogError::TooLong { type_name: type_name.clone() }.into()
        }
        (ErrorKind::Query(QueryError::Json { fault, .. }), _) => QueryError::Json { fault: *fault, message }.into(),
        (_, "2202E") => QueryError::ArraySubscript(message).into(),
        (_, "22004") => QueryError::NullNotAllowed(message).into(),
        (_, "0A000") => QueryError::NotSupported(message).into(),
        (_, "2201B") => QueryError::InvalidRegex(message).into(),
        (_, "2201E") => QueryError::InvalidLogarithm(message).into(),
        (_, "2201F") => QueryError::InvalidPower(message).into(),
        (_, "22011") => QueryError::InvalidSubstring.into(),
        (_, "54000") => QueryError::LimitExceeded(message).into(),
        (_, "22023") => QueryError::InvalidParameterValue(message).into(),
        _ => engine(message),
    }
}

fn engine(message: String) -> Error {
    if let Some(limit) = spill_limit(&message) {
        return QueryError::SpillLimit { limit }.into();
    }
    if let Some(mistake) = mistakes::recognise(&message) {
        return mistake;
    }
    tracing::warn!(target: "kalam::query", error = %message, "the query engine failed");
    let message = first_line(&message).to_owned();
    QueryError::Engine { message: format!("the query could not be run: {message}") }.into()
}

/// The limit of the spill files' size, if the error says that it was reached. DataFusion reports it as an
/// I/O error that passes through Arrow's writer, so that its text is all that is left of it.
fn spill_limit(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("during the spilling process has exceeded the allowable limit of ")?;
    Some(rest.split(". ").next().unwrap_or_default().to_owned())
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

fn not_supported(message: &str) -> Error {
    if let Some(mistake) = mistakes::recognise(message) {
        return mistake;
    }
    if message.contains("OuterReferenceColumn") {
        // The rest of the message is a tree of Rust's.
        return super::refuse::not_supported("this reference to a column of an outer query or of LATERAL's left side");
    }
    QueryError::NotSupported(format!("not supported yet: {}", first_line(message))).into()
}

fn translate_arrow(error: arrow::error::ArrowError) -> Error {
    use arrow::error::ArrowError;
    match error {
        ArrowError::ExternalError(inner) => match inner.downcast::<Error>() {
            Ok(own) => *own,
            Err(other) => match other.downcast::<DataFusionError>() {
                Ok(nested) => translate(*nested),
                Err(other) => engine(other.to_string()),
            },
        },
        ArrowError::DivideByZero => QueryError::DivisionByZero.into(),
        other => translate_arrow_text(&other.to_string()),
    }
}

fn translate_arrow_text(message: &str) -> Error {
    if message.contains("Divide by zero") {
        return QueryError::DivisionByZero.into();
    }
    if message.contains("overflow") || message.contains("Can't cast value") || message.contains("is too large to store")
    {
        return QueryError::NumberOutOfRange(overflow_message(message)).into();
    }
    engine(message.to_owned())
}

/// PostgreSQL names the type that was too small.
fn overflow_message(message: &str) -> String {
    let kind = if message.contains("Int16") {
        "smallint"
    } else if message.contains("Int32") {
        "integer"
    } else if message.contains("Int64") {
        "bigint"
    } else if message.contains("Float") {
        "double precision"
    } else {
        return "value overflows numeric format".into();
    };
    format!("{kind} out of range")
}

fn translate_execution(message: &str) -> Error {
    if let Some(mistake) = mistakes::recognise(message) {
        return mistake;
    }
    if message.contains("Divide by zero") || message.contains("division by zero") {
        return QueryError::DivisionByZero.into();
    }
    if message.contains("more than one row") {
        return QueryError::Cardinality.into();
    }
    if message.contains("overflow") {
        return QueryError::NumberOutOfRange(overflow_message(message)).into();
    }
    engine(message.to_owned())
}

/// What the engine says of a plan is no mistake of the statement, which was analysed before.
fn translate_plan(message: &str) -> Error {
    let message = first_line(message);
    if message.contains("LIMIT must not be negative") || message.contains("LIMIT must be >= 0") {
        return QueryError::InvalidLimit("LIMIT must not be negative".into()).into();
    }
    if message.contains("OFFSET must not be negative") || message.contains("OFFSET must be >=0") {
        return QueryError::InvalidLimit("OFFSET must not be negative".into()).into();
    }
    if let Some(mistake) = mistakes::recognise(message) {
        return mistake;
    }
    if message.contains("orrelated") || message.contains("ubquery") || message.contains("nsupported") {
        return not_supported(message);
    }
    engine(message.to_owned())
}
