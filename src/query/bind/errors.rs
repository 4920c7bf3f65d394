//! What DataFusion says, in PostgreSQL's words.
//!
//! Our own errors travel through DataFusion inside `DataFusionError::External` and come out unchanged.
//! Everything else is recognised by its structure where it has one and by its text where it has not: text
//! that is not recognised is an internal error (XX000) for the client and goes to the log in full.

use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::ast::{Expr, ObjectName, Query, Value, ValueWithSpan, Visit, Visitor};
use datafusion::sql::sqlparser::tokenizer::Location;
use std::ops::ControlFlow;

use super::mistakes;
use crate::catalog::types::PgType;
use crate::error::{Error, QueryError};
use crate::query::parse;

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
        DataFusionError::SchemaError(schema, _) => translate_schema(&schema),
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

fn translate_schema(error: &SchemaError) -> Error {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let Some(relation) = &field.relation else {
                return QueryError::UndefinedColumn(format!("\"{}\"", super::names::shown(&field.name))).into();
            };
            let known = valid_fields.iter().filter_map(|field| field.relation.as_ref());
            if known.into_iter().any(|other| other.table() == relation.table()) {
                let name = super::names::shown(&field.name);
                QueryError::UndefinedColumn(format!("{}.{name}", relation.table())).into()
            } else {
                QueryError::MissingFrom(relation.table().to_owned()).into()
            }
        }
        SchemaError::AmbiguousReference { field } => {
            QueryError::AmbiguousColumn(super::names::shown(&field.name).to_owned()).into()
        }
        SchemaError::DuplicateQualifiedField { qualifier, .. } => {
            QueryError::DuplicateAlias(qualifier.table().to_owned()).into()
        }
        SchemaError::DuplicateUnqualifiedField { name } => {
            QueryError::AmbiguousColumn(super::names::shown(name).to_owned()).into()
        }
    }
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

fn translate_plan(message: &str) -> Error {
    let message = first_line(message);
    if let Some(rest) = message.strip_prefix("Column in SELECT must be in GROUP BY or an aggregate function") {
        let column = rest.split_once("column \"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
        let column = super::names::shown(column.unwrap_or("?"));
        return QueryError::Grouping(format!(
            "column \"{column}\" must appear in the GROUP BY clause or be used in an aggregate function"
        ))
        .into();
    }
    if message.contains("must appear in the GROUP BY clause") {
        let column = message
            .split_once("HAVING clause references: ")
            .and_then(|(_, rest)| rest.split_once(" must appear"))
            .map_or(message, |(name, _)| name);
        return QueryError::Grouping(format!(
            "column \"{column}\" must appear in the GROUP BY clause or be used in an aggregate function"
        ))
        .into();
    }
    if message.starts_with("Aggregate functions are not allowed in the WHERE clause") {
        return QueryError::Grouping("aggregate functions are not allowed in WHERE".into()).into();
    }
    if let Some((_, rest)) = message.split_once("No function matches the given name and argument types '") {
        let call = rest.split_once("'.").map_or(rest, |(call, _)| call);
        return QueryError::UndefinedFunction(postgres_call(call)).into();
    }
    if let Some((_, rest)) = message.split_once("Invalid function '") {
        let name = rest.split_once('\'').map_or(rest, |(name, _)| name);
        return QueryError::UndefinedFunction(format!("{name}()")).into();
    }
    if let Some((_, rest)) = message.split_once("Cannot infer common argument type for comparison operation ") {
        let words: Vec<&str> = rest.split_whitespace().take(3).collect();
        if let [left, op, right] = words.as_slice() {
            let (left, right) = (postgres_type(left), postgres_type(right));
            return QueryError::UndefinedOperator(format!("{left} {op} {right}")).into();
        }
    }
    if let Some((_, rest)) = message.split_once("Cannot coerce arithmetic expression ") {
        let words: Vec<&str> = rest.split_whitespace().take(3).collect();
        if let [left, op, right] = words.as_slice() {
            let (left, right) = (postgres_type(left), postgres_type(right));
            return QueryError::UndefinedOperator(format!("{left} {op} {right}")).into();
        }
    }
    if message.contains("UNION queries have different number of columns")
        || message.contains("must have the same number of columns")
    {
        return QueryError::Syntax("each UNION query must have the same number of columns".into()).into();
    }
    if message.contains("Inconsistent data length across values list") || message.contains("Inconsistent data type") {
        return QueryError::Syntax("VALUES lists must all be the same length".into()).into();
    }
    if let Some((_, rest)) = message.split_once("Cannot find column with position ") {
        let position = rest.split_whitespace().next().unwrap_or_default();
        return QueryError::InvalidColumnReference(format!("GROUP BY position {position} is not in select list"))
            .into();
    }
    if message.contains("Order by column out of bounds") {
        let position = message.split_whitespace().filter_map(|word| word.trim_matches(',').parse::<u64>().ok()).next();
        let position = position.unwrap_or_default();
        return QueryError::InvalidColumnReference(format!("ORDER BY position {position} is not in select list"))
            .into();
    }
    if message.contains("For SELECT DISTINCT, ORDER BY expressions") {
        return QueryError::InvalidColumnReference(
            "for SELECT DISTINCT, ORDER BY expressions must appear in select list".into(),
        )
        .into();
    }
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

/// `lower(Int64, Utf8)` → `lower(bigint, text)`.
fn postgres_call(call: &str) -> String {
    let Some((name, arguments)) = call.split_once('(') else { return format!("{call}()") };
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    if arguments.is_empty() {
        return format!("{name}()");
    }
    let mut types = Vec::new();
    let mut rest = arguments;
    while !rest.is_empty() {
        // The comma within `Decimal128(2, 1)` does not end an argument.
        let mut depth = 0i32;
        let end = rest.find(|character| {
            depth += i32::from(character == '(') - i32::from(character == ')');
            character == ',' && depth == 0
        });
        let (argument, behind) = rest.split_at(end.unwrap_or(rest.len()));
        types.push(postgres_type(argument.trim()));
        rest = behind.trim_start_matches([',', ' ']);
    }
    format!("{name}({})", types.join(", "))
}

fn postgres_type(arrow: &str) -> String {
    if arrow.starts_with("Null") {
        return "unknown".into();
    }
    match arrow.parse::<arrow::datatypes::DataType>() {
        Ok(data_type) => PgType::of_arrow(&data_type).without_typmod().format(),
        Err(_) => arrow.to_lowercase(),
    }
}

/// Adds the place of the name that an error is about, found in the statement's tree.
pub fn locate(error: Error, query: &Query, source: Option<&str>) -> Error {
    use crate::error::{CatalogError, ErrorKind};
    let Some(source) = source else { return error };
    let mut finder = match error.kind() {
        ErrorKind::Query(QueryError::UndefinedColumn(name)) => Finder::column(name.trim_matches('"')),
        ErrorKind::Query(QueryError::AmbiguousColumn(name)) => Finder::column(name),
        ErrorKind::Query(QueryError::MissingFrom(name)) => Finder::qualifier(name),
        ErrorKind::Query(QueryError::Grouping(message)) => match message.split('"').nth(1) {
            Some(name) => Finder::column(name),
            None => return error,
        },
        ErrorKind::Query(QueryError::UndefinedFunction(call)) => {
            Finder::function(call.split('(').next().unwrap_or_default())
        }
        ErrorKind::Catalog(CatalogError::UnknownRelation(name)) => Finder::relation(name),
        ErrorKind::Catalog(CatalogError::UnknownType(name)) => Finder::new(What::Type(name.to_lowercase())),
        ErrorKind::Catalog(
            CatalogError::InvalidText { text, .. }
            | CatalogError::InvalidDatetime { text, .. }
            | CatalogError::DatetimeOutOfRange { text }
            | CatalogError::MonthDayOutOfRange { text }
            | CatalogError::IntervalOutOfRange { text },
        ) => Finder::new(What::Literal(text.clone())),
        _ => return error,
    };
    let _ = query.visit(&mut finder);
    match finder.place.and_then(|place| parse::position(source, place)) {
        Some(position) => error.at(position),
        None => error,
    }
}

/// Looks for the first mention of a name.
struct Finder {
    what: What,
    place: Option<Location>,
}

enum What {
    /// The parts of a column's name, qualifier first.
    Column(Vec<String>),
    Qualifier(String),
    Function(String),
    Relation(Vec<String>),
    /// A type in a cast.
    Type(String),
    /// The text of a string literal.
    Literal(String),
}

impl Finder {
    fn new(what: What) -> Self {
        Self { what, place: None }
    }

    fn column(name: &str) -> Self {
        Self::new(What::Column(name.split('.').map(str::to_owned).collect()))
    }

    fn qualifier(name: &str) -> Self {
        Self::new(What::Qualifier(name.to_owned()))
    }

    fn function(name: &str) -> Self {
        Self::new(What::Function(name.to_owned()))
    }

    fn relation(name: &str) -> Self {
        Self::new(What::Relation(name.split('.').map(str::to_owned).collect()))
    }

    fn found(&mut self, place: Location) -> ControlFlow<()> {
        self.place = Some(place);
        ControlFlow::Break(())
    }
}

impl Visitor for Finder {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let What::Relation(parts) = &self.what else { return ControlFlow::Continue(()) };
        let own: Vec<String> = relation.0.iter().filter_map(|part| part.as_ident()).map(super::names::folded).collect();
        match relation.0.first().and_then(|part| part.as_ident()) {
            Some(first) if own.ends_with(parts) => self.found(first.span.start),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        match (&self.what, &value.value) {
            (What::Literal(text), Value::SingleQuotedString(own) | Value::EscapedStringLiteral(own)) if own == text => {
                self.found(value.span.start)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let hit = match (&self.what, expr) {
            (What::Column(parts), Expr::Identifier(ident)) => {
                (parts.last() == Some(&super::names::folded(ident))).then_some(ident.span.start)
            }
            (What::Column(parts), Expr::CompoundIdentifier(idents)) => {
                let own: Vec<String> = idents.iter().map(super::names::folded).collect();
                own.ends_with(parts).then(|| idents[0].span.start)
            }
            (What::Qualifier(name), Expr::CompoundIdentifier(idents)) => {
                let qualifier = idents.len().checked_sub(2).map(|index| super::names::folded(&idents[index]));
                (qualifier.as_ref() == Some(name)).then(|| idents[0].span.start)
            }
            (What::Function(name), Expr::Function(function)) => {
                let first = function.name.0.first().and_then(|part| part.as_ident());
                let last = function.name.0.last().and_then(|part| part.as_ident());
                match (first, last) {
                    (Some(first), Some(last)) if super::names::folded(last) == *name => Some(first.span.start),
                    _ => None,
                }
            }
            (What::Type(name), Expr::Cast { data_type, .. }) => super::types::place(data_type, name),
            _ => None,
        };
        match hit {
            Some(place) => self.found(place),
            None => ControlFlow::Continue(()),
        }
    }
}
