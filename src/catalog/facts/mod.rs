//! PostgreSQL's catalog as data: types, functions, operators and casts with PostgreSQL's OIDs.
//!
//! The rows are those of `catalog/pg_catalog/*.csv`, which are the same that SQL sees in `pg_type`, `pg_proc`,
//! `pg_operator` and `pg_cast`. The binder resolves names against them by PostgreSQL's rules.

mod load;

pub use load::Texts;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use crate::base::ids::Oid;

/// A row of `pg_type`.
#[derive(Clone, Debug)]
pub struct TypeFact {
    pub oid: Oid,
    pub name: String,
    /// Bytes of a value; -1 for values of any length.
    pub length: i16,
    pub by_value: bool,
    /// `b`ase, `c`omposite, `d`omain, `e`num, `p`seudo, `r`ange, `m`ultirange.
    pub kind: char,
    /// `typcategory`: `N`umeric, `S`tring, …
    pub category: char,
    pub preferred: bool,
    /// What stands between the elements of an array in text.
    pub delimiter: char,
    /// The element type of an array; also of `name`, `int2vector` and others that have subscripts.
    pub element: Oid,
    /// The type of arrays of it.
    pub array: Oid,
    /// `typsubscript`: `array_subscript_handler` for true arrays.
    pub subscript: String,
    /// The names of the functions that read and write text and binary; `-` where there is none.
    pub input: String,
    pub output: String,
    pub receive: String,
    pub send: String,
    pub align: char,
    pub storage: char,
    /// The collation of its values: 0 for types that have none.
    pub collation: Oid,
}

impl TypeFact {
    /// A true array, as `TypeIsArray…` of PostgreSQL means it.
    pub fn is_array(&self) -> bool {
        self.element != 0 && self.subscript == "array_subscript_handler"
    }
}

/// What a row of `pg_proc` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    Function,
    Procedure,
    Aggregate,
    Window,
}

/// A row of `pg_proc`.
#[derive(Clone, Debug)]
pub struct FunctionFact {
    pub oid: Oid,
    pub name: String,
    /// The schema: `pg_catalog` or `kalam`.
    pub schema: String,
    /// `internal`, or `sql` for those that PostgreSQL computes by a query.
    pub language: String,
    pub kind: FunctionKind,
    pub strict: bool,
    pub returns_set: bool,
    /// `i`mmutable, `s`table, `v`olatile.
    pub volatility: char,
    pub result: Oid,
    /// The types of the input arguments, in order.
    pub arguments: Vec<Oid>,
    /// The element type of the last argument if it is VARIADIC, otherwise 0.
    pub variadic: Oid,
    /// How many of the last arguments have defaults, and these as SQL expressions.
    pub defaults: Vec<String>,
    /// Names of the input arguments, empty without any.
    pub names: Vec<String>,
    /// Names and types of OUT and TABLE columns.
    pub outputs: Vec<(String, Oid)>,
    /// `prosrc`: names the implementation.
    pub source: String,
    /// Aggregates: `n`ormal, `o`rdered-set, `h`ypothetical-set.
    pub aggregate_kind: char,
    /// Ordered-set aggregates: how many arguments stand before WITHIN GROUP.
    pub direct_arguments: usize,
}

/// A row of `pg_operator`. A prefix operator has 0 as `left`.
#[derive(Clone, Debug)]
pub struct OperatorFact {
    pub oid: Oid,
    pub name: String,
    pub left: Oid,
    pub right: Oid,
    pub result: Oid,
    pub commutator: Oid,
    pub negator: Oid,
    pub mergeable: bool,
    pub hashable: bool,
    /// The function in `pg_proc` that computes it.
    pub function: Oid,
}

/// Where a cast may happen without being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CastContext {
    Implicit,
    Assignment,
    Explicit,
}

/// How a cast is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastMethod {
    Function(Oid),
    Binary,
    InOut,
}

/// A row of `pg_cast`.
#[derive(Clone, Debug)]
pub struct CastFact {
    pub oid: Oid,
    pub source: Oid,
    pub target: Oid,
    pub context: CastContext,
    pub method: CastMethod,
}

/// All of it, found by OID and by name.
#[derive(Debug, Default)]
pub struct Facts {
    types: BTreeMap<Oid, TypeFact>,
    types_by_name: HashMap<String, Oid>,
    functions: BTreeMap<Oid, FunctionFact>,
    functions_by_name: HashMap<String, Vec<Oid>>,
    operators: BTreeMap<Oid, OperatorFact>,
    operators_by_name: HashMap<String, Vec<Oid>>,
    casts: BTreeMap<(Oid, Oid), CastFact>,
}

impl Facts {
    /// The facts of this version of KalamDB.
    pub fn shipped() -> &'static Facts {
        static FACTS: LazyLock<Facts> = LazyLock::new(load::shipped);
        &FACTS
    }

    pub fn type_of(&self, oid: Oid) -> Option<&TypeFact> {
        self.types.get(&oid)
    }

    pub fn type_named(&self, name: &str) -> Option<&TypeFact> {
        self.types_by_name.get(name).and_then(|oid| self.types.get(oid))
    }

    pub fn function(&self, oid: Oid) -> Option<&FunctionFact> {
        self.functions.get(&oid)
    }

    /// Functions of a name in any schema, by OID.
    pub fn functions_named(&self, name: &str) -> impl Iterator<Item = &FunctionFact> {
        self.functions_by_name.get(name).into_iter().flatten().filter_map(|oid| self.functions.get(oid))
    }

    pub fn operator(&self, oid: Oid) -> Option<&OperatorFact> {
        self.operators.get(&oid)
    }

    /// Operators of a name, prefix and binary, by OID.
    pub fn operators_named(&self, name: &str) -> impl Iterator<Item = &OperatorFact> {
        self.operators_by_name.get(name).into_iter().flatten().filter_map(|oid| self.operators.get(oid))
    }

    pub fn cast(&self, source: Oid, target: Oid) -> Option<&CastFact> {
        self.casts.get(&(source, target))
    }

    /// All functions, by OID.
    pub fn functions(&self) -> impl Iterator<Item = &FunctionFact> {
        self.functions.values()
    }

    /// All operators, by OID.
    pub fn operators(&self) -> impl Iterator<Item = &OperatorFact> {
        self.operators.values()
    }

    /// All casts, by the OIDs of their types.
    pub fn casts(&self) -> impl Iterator<Item = &CastFact> {
        self.casts.values()
    }

    /// All types, by OID.
    pub fn types(&self) -> impl Iterator<Item = &TypeFact> {
        self.types.values()
    }
}
