//! What can be wrong with a statement, and with running it.

use super::report::Report;

/// Why an operator, function, cast or common type is not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// 42883.
    Undefined,
    /// 42725.
    Ambiguous,
    /// 42804.
    Mismatch,
    /// 42846.
    CannotCast,
    /// 42809.
    WrongObject,
    /// 42P08.
    AmbiguousParameter,
    /// 42601.
    Syntax,
    /// 42704.
    UndefinedObject,
    /// 54023.
    TooManyArguments,
}

/// What is wrong with a JSON document or with a path into it, in the standard's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// 22030.
    DuplicateKey,
    /// 22031.
    InvalidDatetimeArgument,
    /// 22033.
    InvalidSubscript,
    /// 22036.
    NonNumeric,
    /// 22038.
    SingletonRequired,
    /// 22039.
    ArrayNotFound,
    /// 2203A.
    MemberNotFound,
    /// 2203B.
    NumberNotFound,
    /// 2203C.
    ObjectNotFound,
    /// 2203F.
    ScalarRequired,
}

/// An error of the query floor.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// 42601. `syntax error at or near "x"` or `syntax error at end of input`.
    #[error("{0}")]
    Syntax(String),
    #[error("{0}")]
    NotSupported(String),
    #[error("column {0} does not exist")]
    UndefinedColumn(String),
    #[error("column reference \"{0}\" is ambiguous")]
    AmbiguousColumn(String),
    #[error("missing FROM-clause entry for table \"{0}\"")]
    MissingFrom(String),
    #[error("function {0} does not exist")]
    UndefinedFunction(String),
    #[error("operator does not exist: {0}")]
    UndefinedOperator(String),
    #[error("{0}")]
    DatatypeMismatch(String),
    /// An operator, function, cast or common type that PostgreSQL's rules do not find.
    #[error("{message}")]
    Unresolved { reason: Unresolved, message: String, detail: Option<String>, hint: Option<String> },
    #[error("{0}")]
    Grouping(String),
    /// ORDER BY or GROUP BY names an output column that is not there: 42P10.
    #[error("{0}")]
    InvalidColumnReference(String),
    #[error("table name \"{0}\" specified more than once")]
    DuplicateAlias(String),
    /// LIMIT or OFFSET is negative: 2201W.
    #[error("{0}")]
    InvalidLimit(String),
    #[error("{0}")]
    WrongObject(String),
    /// A name is given twice where it may be once, such as two WITH queries of one name: 42712.
    #[error("{0}")]
    DuplicateName(String),
    /// A relation is there but not to be seen from where it is named: 42P01.
    #[error("invalid reference to FROM-clause entry for table \"{0}\"")]
    InvisibleFrom(String),
    /// Two relations of one name in different schemas, named without schema: 42P09.
    #[error("table reference \"{0}\" is ambiguous")]
    AmbiguousTable(String),
    /// A recursive WITH query that recurses in a way that has no meaning: 42P19.
    #[error("{0}")]
    InvalidRecursion(String),
    /// Something named is not there and has no error of its own, such as a window: 42704.
    #[error("{0}")]
    UndefinedObject(String),
    /// Two output columns of one name, of which a clause names one: 42702.
    #[error("{0}")]
    AmbiguousTarget(String),
    /// A locking clause names a relation that is not in FROM: 42P01.
    #[error("{0}")]
    UnknownLocked(String),
    /// USING names a column that one side does not have: 42703.
    #[error("{0}")]
    UndefinedUsing(String),
    /// 54001.
    #[error("{0}")]
    TooManyGroupingSets(String),
    /// 54023.
    #[error("{0}")]
    TooManyArguments(String),
    /// 54011.
    #[error("{0}")]
    TooManyColumns(String),
    /// USING names a column twice: 42701.
    #[error("{0}")]
    DuplicateColumnName(String),
    /// Values of the type cannot be compared: 42883.
    #[error("{0}")]
    NoOrdering(String),
    /// The type of something cannot be known: 42P18.
    #[error("{0}")]
    Indeterminate(String),
    #[error("cannot cast type {from} to {to}")]
    CannotCast { from: String, to: String },
    /// SET gives one column two values: 42601.
    #[error("multiple assignments to same column \"{0}\"")]
    AssignedTwice(String),
    #[error("constraint \"{name}\" for table \"{table}\" does not exist")]
    UnknownConstraint { name: String, table: String },
    #[error("there is no parameter ${0}")]
    UndefinedParameter(usize),
    #[error("could not determine data type of parameter ${0}")]
    IndeterminateParameter(usize),
    #[error("stack depth limit exceeded")]
    TooComplex { hint: String },
    #[error("division by zero")]
    DivisionByZero,
    #[error("{0}")]
    NumberOutOfRange(String),
    /// 2201B.
    #[error("{0}")]
    InvalidRegex(String),
    /// 2201E.
    #[error("{0}")]
    InvalidLogarithm(String),
    /// 2201F.
    #[error("{0}")]
    InvalidPower(String),
    /// 2201G.
    #[error("{0}")]
    InvalidWidthBucket(String),
    /// 22011.
    #[error("negative substring length not allowed")]
    InvalidSubstring,
    /// 22025.
    #[error("{0}")]
    InvalidEscape(String),
    /// The offset of a window frame is negative: 22013.
    #[error("{0}")]
    FrameOffset(String),
    /// A value that must be there is NULL: 22004.
    #[error("{0}")]
    NullNotAllowed(String),
    /// 22014.
    #[error("argument of ntile must be greater than zero")]
    NtileArgument,
    /// 22016.
    #[error("argument of nth_value must be greater than zero")]
    NthValueArgument,
    /// A regular expression of SQL that has more parts than it may have: 2200C.
    #[error("{0}")]
    InvalidEscapeUse(String),
    /// A byte or bit that is not there: 2202E.
    #[error("{0}")]
    SubscriptOutOfRange(String),
    /// Bytes that are no text of their encoding: 22021.
    #[error("{0}")]
    InvalidCharacters(String),
    /// A character that an encoding has not: 22P05.
    #[error("{0}")]
    UntranslatableCharacter(String),
    /// A text does not follow its template: 22007.
    #[error("{0}")]
    DatetimeFormat(String),
    /// A text is no value of its type: 22P02.
    #[error("{0}")]
    InvalidText(String),
    /// A window function where none may be: 42P20.
    #[error("{0}")]
    Windowing(String),
    /// A cast or function refused a value, with its own SQLSTATE class 22 message.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// A JSON document is not what a function or a path wants.
    #[error("{message}")]
    Json { fault: JsonFault, message: String },
    /// 2202E.
    #[error("{0}")]
    ArraySubscript(String),
    /// A text is no size in bytes: 22023.
    #[error("invalid size: \"{text}\"")]
    InvalidSize { text: String, detail: Option<String> },
    /// A value beyond a bound of PostgreSQL's own: 54000.
    #[error("{0}")]
    LimitExceeded(String),
    #[error("more than one row returned by a subquery used as an expression")]
    Cardinality,
    #[error("INSERT has more expressions than target columns")]
    TooManyExpressions,
    #[error("INSERT has more target columns than expressions")]
    TooFewExpressions,
    #[error("canceling statement due to user request")]
    Canceled,
    #[error("canceling statement due to statement timeout")]
    StatementTimeout,
    #[error("out of memory")]
    OutOfMemory { detail: String },
    /// Sorts and joins filled the disk space that they may use together; `limit` is readable, as in `10.0 GB`.
    #[error("temporary file size exceeds query.max_spill_bytes ({limit})")]
    SpillLimit { limit: String },
    /// DataFusion failed in a way that has no better name; its text goes to the log.
    #[error("{message}")]
    Engine { message: String },
}

impl QueryError {
    pub(super) fn describe(&self, report: &mut Report) {
        match self {
            Self::UndefinedFunction(_) => {
                report.hint = Some(
                    "No function matches the given name and argument types. You might need to add explicit type casts."
                        .into(),
                );
            }
            Self::UndefinedOperator(_) => {
                report.hint = Some(
                    "No operator matches the given name and argument types. You might need to add explicit type casts."
                        .into(),
                );
            }
            Self::Unresolved { detail, hint, .. } => {
                report.detail.clone_from(detail);
                report.hint.clone_from(hint);
            }
            Self::InvalidSize { detail: Some(detail), .. } => {
                report.detail = Some(detail.clone());
                report.hint = Some("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".".into());
            }
            Self::TooComplex { hint } => report.hint = Some(hint.clone()),
            Self::OutOfMemory { detail } => report.detail = Some(detail.clone()),
            _ => {}
        }
    }
}
