//! The one mapping from errors to SQLSTATE. No `_` arm: a new variant does not compile without its code.

use super::{
    AuthError, CatalogError, ConfigError, ErrorKind, QueryError, SessionError, StorageError, TransactionError,
};

/// A five-character SQLSTATE, such as `23505`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SqlState(pub &'static str);

impl std::fmt::Display for SqlState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl SqlState {
    /// The SQLSTATE of an error.
    pub fn of(kind: &ErrorKind) -> Self {
        Self(match kind {
            ErrorKind::Auth(error) => auth(error),
            ErrorKind::Catalog(error) => catalog(error),
            ErrorKind::Config(error) => config(error),
            ErrorKind::Query(error) => query(error),
            ErrorKind::Session(error) => session(error),
            ErrorKind::Storage(error) => storage(error),
            ErrorKind::Transaction(error) => transaction(error),
        })
    }
}

fn auth(error: &AuthError) -> &'static str {
    use AuthError::*;
    match error {
        Refused { .. } => "28P01",
        TlsRequired | TokenExpired | NotRenewed { .. } => "28000",
    }
}

fn catalog(error: &CatalogError) -> &'static str {
    use CatalogError::*;
    match error {
        UnknownDatabase(_) => "3D000",
        DuplicateDatabase(_) => "42P04",
        UnknownSchema(_) => "3F000",
        DuplicateSchema(_) => "42P06",
        UnknownRelation(_) | UnknownTable(_) => "42P01",
        DuplicateRelation(_) => "42P07",
        DuplicateColumn(_) => "42701",
        UnknownColumn { .. } => "42703",
        UnknownType(_) => "42704",
        MultiplePrimaryKeys(_) => "42P16",
        NotATable(_) => "42809",
        SystemCatalog(_) => "42501",
        InvalidText { .. } | InvalidJson { .. } => "22P02",
        InvalidDatetime { .. } => "22007",
        DatetimeOutOfRange { .. } | MonthDayOutOfRange { .. } => "22008",
        NumberOutOfRange { .. } => "22003",
        TooLong { .. } => "22001",
        InvalidEncoding(_) => "22021",
        InvalidBinary(_) | BadBinaryNumeric(_) => "22P03",
        WrongElementType { .. } => "42804",
        InvalidParameter(_) | UnknownTimeZone(_) => "22023",
        ReservedSchema(_) => "42939",
        SystemSchema(_) | SystemDatabase(_) => "42501",
        SystemColumn(_) | KeyColumnTwice(_) => "42701",
        TooManyColumns { .. } => "54011",
        UnknownKeyColumn(_) => "42703",
        DuplicateConstraint { .. } => "42710",
        InvalidNameSyntax => "42602",
        UnknownRole(_) | NoOperatorClass(_) => "42704",
        UnknownFunction(_) => "42883",
        IntervalOutOfRange { .. } => "22015",
        TimeZoneOutOfRange { .. } => "22009",
        BadText { .. } => "22P02",
        DatetimeOverflow(_) => "22008",
        UnsupportedUnicode { .. } => "22P05",
        JsonPathSyntax(_) => "42601",
        InvalidRegex(_) => "2201B",
        TooDeep => "54001",
        NotSupported(_) => "0A000",
    }
}

fn config(error: &ConfigError) -> &'static str {
    match error {
        ConfigError::Unreadable { .. } | ConfigError::Invalid { .. } | ConfigError::Refused(_) => "F0000",
    }
}

fn query(error: &QueryError) -> &'static str {
    use QueryError::*;
    match error {
        Syntax(_) | TooManyExpressions | TooFewExpressions => "42601",
        NotSupported(_) => "0A000",
        UndefinedColumn(_) | UndefinedUsing(_) => "42703",
        DuplicateColumnName(_) => "42701",
        AmbiguousColumn(_) | AmbiguousTarget(_) => "42702",
        MissingFrom(_) | UnknownLocked(_) => "42P01",
        UndefinedFunction(_) | UndefinedOperator(_) | NoOrdering(_) => "42883",
        DatatypeMismatch(_) => "42804",
        Unresolved { reason, .. } => unresolved(*reason),
        Grouping(_) => "42803",
        InvalidColumnReference(_) => "42P10",
        DuplicateAlias(_) | DuplicateName(_) => "42712",
        InvisibleFrom(_) => "42P01",
        AmbiguousTable(_) => "42P09",
        InvalidRecursion(_) => "42P19",
        UndefinedObject(_) => "42704",
        Indeterminate(_) => "42P18",
        InvalidLimit(_) => "2201W",
        WrongObject(_) => "42809",
        CannotCast { .. } => "42846",
        AssignedTwice(_) => "42601",
        UnknownConstraint { .. } => "42704",
        UndefinedParameter(_) => "42P02",
        IndeterminateParameter(_) => "42P18",
        TooComplex { .. } | TooManyGroupingSets(_) => "54001",
        TooManyColumns(_) => "54011",
        TooManyArguments(_) => "54023",
        DivisionByZero => "22012",
        NumberOutOfRange(_) => "22003",
        InvalidRegex(_) => "2201B",
        InvalidLogarithm(_) => "2201E",
        InvalidPower(_) => "2201F",
        InvalidWidthBucket(_) => "2201G",
        InvalidSubstring => "22011",
        FrameOffset(_) => "22013",
        NullNotAllowed(_) => "22004",
        NtileArgument => "22014",
        NthValueArgument => "22016",
        InvalidEscape(_) => "22025",
        InvalidEscapeUse(_) => "2200C",
        SubscriptOutOfRange(_) => "2202E",
        InvalidCharacters(_) => "22021",
        UntranslatableCharacter(_) => "22P05",
        DatetimeFormat(_) => "22007",
        InvalidText(_) => "22P02",
        Windowing(_) => "42P20",
        InvalidParameterValue(_) | InvalidSize { .. } => "22023",
        Json { fault, .. } => json(*fault),
        ArraySubscript(_) => "2202E",
        LimitExceeded(_) => "54000",
        Cardinality => "21000",
        Canceled | StatementTimeout => "57014",
        OutOfMemory { .. } => "53200",
        SpillLimit { .. } => "53400",
        Engine { .. } => "XX000",
    }
}

fn json(fault: super::JsonFault) -> &'static str {
    use super::JsonFault::*;
    match fault {
        DuplicateKey => "22030",
        InvalidDatetimeArgument => "22031",
        InvalidSubscript => "22033",
        NonNumeric => "22036",
        SingletonRequired => "22038",
        ArrayNotFound => "22039",
        MemberNotFound => "2203A",
        NumberNotFound => "2203B",
        ObjectNotFound => "2203C",
        ScalarRequired => "2203F",
    }
}

fn unresolved(reason: super::Unresolved) -> &'static str {
    use super::Unresolved::*;
    match reason {
        Undefined => "42883",
        Ambiguous => "42725",
        Mismatch => "42804",
        CannotCast => "42846",
        WrongObject => "42809",
        AmbiguousParameter => "42P08",
        Syntax => "42601",
        UndefinedObject => "42704",
        TooManyArguments => "54023",
    }
}

fn session(error: &SessionError) -> &'static str {
    use SessionError::*;
    match error {
        Aborted => "25P02",
        UnknownStatement(_) | UnknownUnnamedStatement => "26000",
        TooManyStatements { .. } | TooManyChannels { .. } => "53400",
        UnknownCursor(_) => "34000",
        NoCreationSchema => "3F000",
        CopyOption(_) | WrongParameterCount { .. } => "42601",
        PortalDone(_) => "55000",
        NoTransactionBlock(_) => "25P01",
        DuplicateStatement(_) => "42P05",
        UnknownPortal(_) => "34000",
        DuplicatePortal(_) => "42P03",
        MultipleCommands | WrongStatement(_) => "42601",
        InTransactionBlock(_) | TransactionStarted(_) => "25001",
        UnknownSetting(_) => "42704",
        InvalidSetting { .. } | InvalidChoice { .. } | InvalidParameterValue(_) => "22023",
        FixedSetting { .. } => "55P02",
        PermissionDenied(_) | NotOwner(_) | CopyPrivilege { .. } => "42501",
        ObjectInUse { .. } => "55006",
        InvalidName(_) => "42602",
        ProtocolViolation(_) | BrokenProtocol(_) => "08P01",
        BadCopyFormat(_) | CopyLineEnd { .. } => "22P04",
        LimitExceeded(_) => "54000",
        InvalidColumnReference(_) => "42P10",
        WrongType { .. } => "42804",
        CopyFailed(_) => "57014",
        NotSupported(_) | PlanChanged | UnsupportedProtocol { .. } | ReplicationNotSupported => "0A000",
        TooManyConnections => "53300",
        Shutdown | Terminated => "57P01",
        IdleTimeout => "57P05",
        IdleInTransactionTimeout => "25P03",
        LoginTimeout => "57014",
        Panicked => "XX000",
    }
}

fn storage(error: &StorageError) -> &'static str {
    use StorageError::*;
    match error {
        Locked { .. } => "55006",
        UnknownFormat { .. } | NotEmpty | OpenToOthers => "F0000",
        DiskFull { .. } => "53100",
        RocksDb { .. } | Parquet { .. } | ObjectStore { .. } | Io { .. } => "58030",
        Corrupted { .. } | ForeignKey => "XX001",
        Stopped { .. } => "57P01",
        TooBig { .. } => "54000",
        Canceled => "57014",
        Arrow { .. } => "XX000",
    }
}

fn transaction(error: &TransactionError) -> &'static str {
    use TransactionError::*;
    match error {
        DuplicateKey { .. } => "23505",
        NotNull { .. } => "23502",
        Check { .. } => "23514",
        Deadlock { .. } => "40P01",
        LockTimeout => "55P03",
        Canceled => "57014",
        SerializationFailure => "40001",
        ReadOnly(_) => "25006",
        InvalidNotification(_) => "22023",
        DependentObjects { .. } => "2BP01",
        NoRowCheck => "XX000",
        TooLarge { .. } => "54000",
    }
}
