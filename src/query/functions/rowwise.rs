//! A frame for functions that are called rarely and simply: one row at a time, a few plain arguments.
//!
//! Most functions of the system catalogs look one thing up per row. They are written as closures over a
//! [`Row`]; this frame does the types, the NULLs and the arrays around them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, FieldRef, Int16Type, Int32Type, Int64Type, UInt32Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use crate::base::ids::Oid;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::bind::errors;
use crate::query::bind::output::type_of_field;
use crate::query::environment::Environment;
use crate::query::planner::EnvironmentExtension;
use crate::query::scan::ScanContext;
use crate::query::{functions, values};

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    Text,
    Integer,
    Bool,
    /// An OID, or the name of what it identifies.
    Relation,
    Type,
    Oid,
    /// Anything; read as text.
    Any,
}

/// What a function answers: one value per row.
pub type Body = fn(&Environment, &Row<'_>) -> Result<ScalarValue>;

/// A function over rows.
#[derive(Clone)]
pub struct Rowwise {
    name: &'static str,
    arguments: Vec<Argument>,
    /// How many of the arguments must be there.
    required: usize,
    /// Is the answer NULL when an argument is NULL?
    strict: bool,
    returns: PgType,
    body: Body,
    signature: Signature,
}

impl fmt::Debug for Rowwise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rowwise").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PartialEq for Rowwise {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Rowwise {}

impl Hash for Rowwise {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Rowwise {
    /// A stable function that answers NULL for NULL, all of whose arguments must be there.
    pub fn new(name: &'static str, arguments: &[Argument], returns: PgType, body: Body) -> Self {
        Self {
            name,
            arguments: arguments.to_vec(),
            required: arguments.len(),
            strict: true,
            returns,
            body,
            signature: signature(arguments.len(), arguments.len(), Volatility::Stable),
        }
    }

    /// The last arguments may be left out.
    #[must_use]
    pub fn optional(mut self, count: usize) -> Self {
        self.required = self.arguments.len() - count;
        self.signature = signature(self.required, self.arguments.len(), self.signature.volatility);
        self
    }

    /// It sees NULLs.
    #[must_use]
    pub fn called_on_null(mut self) -> Self {
        self.strict = false;
        self
    }

    /// Nothing but its arguments decides its answer.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.signature = signature(self.required, self.arguments.len(), Volatility::Immutable);
        self
    }

    /// It has effects, or answers differently every time.
    #[must_use]
    pub fn volatile(mut self) -> Self {
        self.signature = signature(self.required, self.arguments.len(), Volatility::Volatile);
        self
    }

    /// As DataFusion holds it.
    pub fn build(self) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(self))
    }

    fn undefined(&self, types: &[DataType]) -> QueryError {
        let types: Vec<String> = types.iter().map(functions::undefined::type_name).collect();
        QueryError::UndefinedFunction(format!("{}({})", self.name, types.join(", ")))
    }
}

fn signature(required: usize, maximum: usize, volatility: Volatility) -> Signature {
    if maximum == 0 {
        return Signature::nullary(volatility);
    }
    let mut variants = Vec::new();
    for count in required..=maximum {
        variants.push(if count == 0 { TypeSignature::Nullary } else { TypeSignature::UserDefined });
        if count > 0 {
            break;
        }
    }
    if let [only] = variants.as_slice() {
        return Signature::new(only.clone(), volatility);
    }
    Signature::one_of(variants, volatility)
}

impl ScalarUDFImpl for Rowwise {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.returns.arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        Ok(Arc::new(self.returns.field(self.name, true)))
    }

    fn coerce_types(&self, types: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        if types.len() < self.required || types.len() > self.arguments.len() {
            return Err(errors::external(self.undefined(types)));
        }
        types
            .iter()
            .zip(&self.arguments)
            .map(|(actual, wanted)| accept(actual, *wanted).ok_or_else(|| errors::external(self.undefined(types))))
            .collect()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let environment = EnvironmentExtension::of(&args.config_options)?;
        let context = EnvironmentExtension::context_of(&args.config_options).ok();
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant && self.signature.volatility != Volatility::Volatile { 1 } else { args.number_rows };
        let kinds: Vec<PgType> = args.arg_fields.iter().map(|field| type_of_field(field)).collect();
        let arrays: Vec<ArrayRef> =
            args.args.into_iter().map(|argument| argument.into_array(rows)).collect::<DataFusionResult<_>>()?;
        let mut answers = Vec::with_capacity(rows);
        let null = values::null_value(&self.returns).map_err(errors::external)?;
        for index in 0..rows {
            let row = Row { environment, context, arrays: &arrays, kinds: &kinds, index };
            let answer = if self.strict && arrays.iter().any(|array| array.is_null(index)) {
                null.clone()
            } else {
                (self.body)(environment, &row).map_err(errors::external)?
            };
            answers.push(if answer.is_null() { null.clone() } else { answer });
        }
        let array = values::to_array(answers, &self.returns).map_err(errors::external)?;
        if rows == 1 && constant && self.signature.volatility != Volatility::Volatile {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

fn accept(actual: &DataType, wanted: Argument) -> Option<DataType> {
    let is_text = matches!(actual, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null);
    let is_integer = actual.is_integer();
    match wanted {
        Argument::Text if is_text => Some(DataType::Utf8),
        Argument::Integer if is_integer || actual.is_null() => Some(DataType::Int64),
        Argument::Bool if matches!(actual, DataType::Boolean | DataType::Null) => Some(DataType::Boolean),
        Argument::Relation | Argument::Type | Argument::Oid => match actual {
            DataType::UInt32 => Some(DataType::UInt32),
            DataType::Null => Some(DataType::UInt32),
            _ if is_integer => Some(DataType::Int64),
            _ if is_text => Some(DataType::Utf8),
            _ => None,
        },
        Argument::Any => Some(actual.clone()),
        _ => None,
    }
}

/// One row of arguments.
pub struct Row<'a> {
    environment: &'a Arc<Environment>,
    context: Option<&'a Arc<ScanContext>>,
    arrays: &'a [ArrayRef],
    kinds: &'a [PgType],
    index: usize,
}

impl Row<'_> {
    /// The running execution; there is none while a statement is only bound.
    pub fn context(&self) -> Option<&ScanContext> {
        self.context.map(Arc::as_ref)
    }

    /// Is the argument there and not NULL?
    pub fn has(&self, argument: usize) -> bool {
        self.arrays.get(argument).is_some_and(|array| !array.is_null(self.index))
    }

    /// A text argument.
    pub fn text(&self, argument: usize) -> Option<&str> {
        if !self.has(argument) {
            return None;
        }
        self.arrays[argument].as_string_opt::<i32>().map(|array| array.value(self.index))
    }

    /// An integer argument.
    pub fn integer(&self, argument: usize) -> Option<i64> {
        if !self.has(argument) {
            return None;
        }
        let array = &self.arrays[argument];
        if let Some(array) = array.as_primitive_opt::<Int64Type>() {
            return Some(array.value(self.index));
        }
        if let Some(array) = array.as_primitive_opt::<Int32Type>() {
            return Some(i64::from(array.value(self.index)));
        }
        if let Some(array) = array.as_primitive_opt::<Int16Type>() {
            return Some(i64::from(array.value(self.index)));
        }
        array.as_primitive_opt::<UInt32Type>().map(|array| i64::from(array.value(self.index)))
    }

    /// A boolean argument.
    pub fn boolean(&self, argument: usize) -> Option<bool> {
        if !self.has(argument) {
            return None;
        }
        self.arrays[argument].as_boolean_opt().map(|array| array.value(self.index))
    }

    /// An argument that identifies an object: a number, or a name that is looked up as `kind`.
    ///
    /// # Errors
    /// 42P01 and its siblings for a name that means nothing.
    pub fn oid(&self, argument: usize, kind: &PgType) -> Result<Option<Oid>> {
        if let Some(number) = self.integer(argument) {
            return Ok(Oid::try_from(number).ok());
        }
        match self.text(argument) {
            Some(text) => functions::names::oid(self.environment, kind, text).map(Some),
            None => Ok(None),
        }
    }

    /// How many elements an array argument has.
    pub fn list_length(&self, argument: usize) -> Option<i32> {
        if !self.has(argument) {
            return None;
        }
        self.arrays[argument].as_list_opt::<i32>().map(|list| list.value_length(self.index))
    }

    /// The type of an argument.
    pub fn kind(&self, argument: usize) -> Option<&PgType> {
        self.kinds.get(argument)
    }
}
