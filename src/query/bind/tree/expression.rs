//! Bound expressions.

use datafusion::common::ScalarValue;

use super::{Frame, Position, Query, TypeRef};
use crate::base::ids::Oid;

/// A bound expression: what it is, of which type, and where it stands in the text. Two are equal if they mean the
/// same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Expression {
    pub kind: Kind,
    pub data_type: TypeRef,
    /// `None` for what no text mentions, such as the argument that a default fills in.
    pub position: Option<Position>,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.data_type == other.data_type
    }
}

/// How a call or a conversion was written, for printing it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `f(x)`.
    Call,
    /// `x::t`, `CAST(x AS t)`.
    ExplicitCast,
    /// Nothing was written: an implicit conversion or one on assignment.
    ImplicitCast,
    /// Syntax of SQL, such as `EXTRACT(… FROM …)`.
    Syntax,
}

/// A column of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// How many queries outwards: 0 is the query that the expression belongs to.
    pub levels_up: usize,
    /// Index in [`Query::relations`] of that query.
    pub relation: usize,
    /// Index in the relation's columns.
    pub column: usize,
}

/// How a value becomes one of another type without a function of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoercionMethod {
    /// The bytes stay as they are (`varchar` → `text`).
    Binary,
    /// By the output function of the one and the input function of the other type.
    InOut,
    /// Element by element, with `function` (0: [`Binary`](Self::Binary) or by text).
    Array { function: Oid },
    /// From a row of unknown columns to a composite type.
    Row,
}

/// `AND`, `OR`, `NOT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logic {
    And,
    Or,
    Not,
}

/// `IS TRUE` and its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BooleanTest {
    True,
    NotTrue,
    False,
    NotFalse,
    Unknown,
    NotUnknown,
}

/// `= ANY (array)`, `= ALL (array)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayQuantifier {
    Any,
    All,
}

/// Values that are written without parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFunction {
    CurrentDate,
    /// With the precision, if one is given.
    CurrentTime(Option<u32>),
    CurrentTimestamp(Option<u32>),
    LocalTime(Option<u32>),
    LocalTimestamp(Option<u32>),
    CurrentRole,
    CurrentUser,
    SessionUser,
    User,
    CurrentCatalog,
    CurrentSchema,
}

/// One key of an ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    pub expression: Expression,
    pub descending: bool,
    pub nulls_first: bool,
}

/// `CASE`. With an operand, each condition already compares it: the operand is [`Kind::CaseOperand`] there.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub operand: Option<Box<Expression>>,
    pub branches: Vec<(Expression, Expression)>,
    pub otherwise: Option<Box<Expression>>,
}

/// A call of an aggregate. It belongs to the query `levels_up` outwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    pub function: Oid,
    /// The arguments before WITHIN GROUP of ordered-set aggregates.
    pub direct_arguments: Vec<Expression>,
    pub arguments: Vec<Expression>,
    /// Were the last arguments given as VARIADIC array?
    pub variadic: bool,
    /// `count(*)`.
    pub star: bool,
    pub distinct: bool,
    pub order_by: Vec<SortKey>,
    pub filter: Option<Box<Expression>>,
    pub levels_up: usize,
}

/// A call of a window function, or of an aggregate as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    pub function: Oid,
    pub arguments: Vec<Expression>,
    pub star: bool,
    pub distinct: bool,
    pub filter: Option<Box<Expression>>,
    /// Index in [`super::QueryBody`]'s windows.
    pub window: usize,
    /// The frame, repeated from the window for convenience of lowering.
    pub frame: Frame,
}

/// What a subquery in an expression is for.
#[derive(Clone, Debug, PartialEq)]
pub enum SubqueryKind {
    Exists,
    /// One value; NULL without a row, 21000 with more than one.
    Scalar,
    /// `ARRAY(SELECT …)`.
    Array,
    /// `test op ANY (SELECT …)`, also `IN`. The test sees a column of the subquery as [`Kind::SubqueryColumn`].
    Any {
        test: Box<Expression>,
    },
    /// `test op ALL (SELECT …)`, also `NOT IN` in its negated form.
    All {
        test: Box<Expression>,
    },
    /// `(a, b) op (SELECT x, y)`: one row.
    RowComparison {
        test: Box<Expression>,
    },
}

/// A subquery in an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    pub kind: SubqueryKind,
    pub query: Box<Query>,
}

impl Kind {
    /// For columns and whole rows: how many queries outwards they are.
    pub fn reaches(&self) -> Option<usize> {
        match self {
            Self::Column(column) => Some(column.levels_up),
            Self::WholeRow { levels_up, .. } => Some(*levels_up),
            _ => None,
        }
    }
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A constant in the Arrow form of its type; of type `unknown`: text that no use has given a type yet.
    Constant(ScalarValue),
    /// `$n`, counted from 1.
    Parameter(usize),
    Column(Column),
    /// All columns of a relation as one composite value; `column` of it is not used.
    WholeRow {
        levels_up: usize,
        relation: usize,
    },
    Function {
        function: Oid,
        arguments: Vec<Expression>,
        variadic: bool,
        form: Form,
    },
    /// An operator; a prefix operator has one argument. `function` is what computes it.
    Operator {
        operator: Oid,
        function: Oid,
        arguments: Vec<Expression>,
    },
    /// `left operator ANY|ALL (array)`.
    ArrayOperator {
        quantifier: ArrayQuantifier,
        operator: Oid,
        function: Oid,
        left: Box<Expression>,
        array: Box<Expression>,
    },
    /// A conversion without a function in `pg_cast`, or with none needed.
    Coerce {
        argument: Box<Expression>,
        method: CoercionMethod,
        form: Form,
    },
    Logic {
        logic: Logic,
        arguments: Vec<Expression>,
    },
    Case(Case),
    /// The operand of the innermost CASE around it.
    CaseOperand,
    Coalesce(Vec<Expression>),
    Greatest(Vec<Expression>),
    Least(Vec<Expression>),
    /// `NULLIF(left, right)`: compared by `operator`, answers the left one.
    NullIf {
        operator: Oid,
        function: Oid,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    /// `left IS [NOT] DISTINCT FROM right` by an equality operator.
    DistinctFrom {
        operator: Oid,
        function: Oid,
        left: Box<Expression>,
        right: Box<Expression>,
        negated: bool,
    },
    IsNull {
        argument: Box<Expression>,
        negated: bool,
    },
    BooleanTest {
        argument: Box<Expression>,
        test: BooleanTest,
    },
    Subquery(Subquery),
    /// A column of the subquery's result, inside the test of that subquery.
    SubqueryColumn(usize),
    Aggregate(Aggregate),
    Window(Window),
    /// `GROUPING(…)`: indexes into the grouping expressions.
    Grouping(Vec<usize>),
    /// `ROW(…)`.
    Row(Vec<Expression>),
    /// `(a, b) < (c, d)`: compared from left to right by one operator for each pair.
    RowComparison {
        operator: String,
        operators: Vec<(Oid, Oid)>,
        left: Vec<Expression>,
        right: Vec<Expression>,
    },
    /// A field of a composite value.
    Field {
        argument: Box<Expression>,
        index: usize,
    },
    /// `ARRAY[…]`; with `nested`, its elements are arrays of the same type.
    Array {
        elements: Vec<Expression>,
        nested: bool,
    },
    /// `a[1]`, `a[1:2]`: bounds that are not written are `None`.
    Subscript {
        argument: Box<Expression>,
        indexes: Vec<(Option<Expression>, Option<Expression>)>,
        slice: bool,
    },
    Value(ValueFunction),
    /// `AT TIME ZONE`, `COLLATE` and others that need no form of their own are functions.
    Collate {
        argument: Box<Expression>,
        collation: Oid,
    },
    /// The default of a column of the statement's target, which is an index into its columns: `DEFAULT` in VALUES and
    /// SET, and what INSERT does not mention.
    Default(usize),
}
