//! Calls in the notation of functions.

use datafusion::common::ScalarValue;

use super::coerce::types;
use super::functions::{Found, Look, Offer};
use super::oids::{self, ANY};
use super::wording::{MANY_FUNCTIONS, NO_AGGREGATE, NO_FUNCTION, leftmost_of, mismatch, unresolved, with_hint};
use super::{Resolver, polymorphic};
use crate::base::ids::Oid;
use crate::catalog::facts::{CastContext, FunctionFact, FunctionKind};
use crate::error::{Error, QueryError, Result, Unresolved};
use crate::query::bind::tree::{Expression, Form, Kind, Position, TypeRef};

/// Most arguments of a call (`FUNC_MAX_ARGS`).
const MAXIMUM: usize = 100;

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The name in `name => value`.
    pub name: Option<String>,
    pub value: Expression,
}

/// A call as it was written. The arguments of an ordered-set aggregate are the direct ones, followed by those of
/// WITHIN GROUP.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub schema: Option<String>,
    pub name: String,
    pub arguments: Vec<Argument>,
    /// Is the last argument marked VARIADIC?
    pub variadic: bool,
    /// `name(*)`.
    pub star: bool,
    pub distinct: bool,
    /// With WITHIN GROUP: how many arguments stand before it.
    pub direct_arguments: Option<usize>,
    /// How many keys ORDER BY has inside the parentheses.
    pub order_by: usize,
    /// Is there a FILTER?
    pub filter: bool,
    /// Is there an OVER?
    pub over: bool,
    pub at: Option<Position>,
}

/// What a call turned out to be.
#[derive(Clone, Debug)]
pub enum Callee<'a> {
    /// A function, an aggregate or a window function; see its kind.
    Function(Resolved<'a>),
    /// A conversion that is written like a call: `text(5)`.
    Coercion(Expression),
}

/// A call with everything found.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    pub fact: &'a FunctionFact,
    /// In the order of the function's parameters, converted to their types, with defaults filled in. Values for a
    /// VARIADIC parameter are one array, except those of VARIADIC "any".
    pub arguments: Vec<Expression>,
    /// How many of the arguments stand before WITHIN GROUP.
    pub direct_arguments: usize,
    pub result: TypeRef,
    /// Is the last argument the array of a VARIADIC parameter?
    pub variadic: bool,
    /// The first place of the call or its arguments.
    pub position: Option<Position>,
}

impl Call {
    /// The name as it was written, for messages.
    fn written_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }

    fn has_within_group(&self) -> bool {
        self.direct_arguments.is_some()
    }
}

impl<'a> Resolver<'a> {
    /// What a call in the notation of functions means.
    ///
    /// # Errors
    /// 42883 without a fitting function, 42725 with more than one, 42809 for a function of another kind, 42804
    /// for polymorphic types that contradict each other, and what the input function of a literal says.
    pub fn function(&self, mut call: Call) -> Result<Callee<'a>> {
        if call.arguments.len() > MAXIMUM {
            let message = format!("cannot pass more than {MAXIMUM} arguments to a function");
            return Err(self.at(unresolved(Unresolved::TooManyArguments, message), call.at));
        }
        let arguments = std::mem::take(&mut call.arguments);
        let names = self.argument_names(&arguments)?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let arguments: Vec<Expression> = arguments.into_iter().map(|argument| argument.value).collect();
        let actual = types(&arguments);
        let look = Look {
            schema: call.schema.as_deref(),
            name: &call.name,
            arguments: &arguments,
            actual: &actual,
            names: &names,
            variadic: call.variadic,
        };
        let found = self.find_function(&look);
        let offer = match found {
            Found::Function(offer) => offer,
            Found::Coercion(target) => {
                self.plain_only(&call)?;
                let position = leftmost_of(call.at, &arguments);
                let Some(argument) = arguments.into_iter().next() else { return Err(self.missing(&call, &[], &[])) };
                let was_literal = super::coerce::is_literal(&argument);
                let target = TypeRef::plain(self.type_there(target)?);
                let mut converted = self.convert(argument, target, CastContext::Explicit, Form::Call)?;
                if !was_literal {
                    converted.position = position;
                }
                return Ok(Callee::Coercion(converted));
            }
            Found::Many => {
                let signature = self.function_signature(&call.written_name(), &actual, &names);
                let message = format!("function {signature} is not unique");
                return Err(self.at(with_hint(Unresolved::Ambiguous, message, MANY_FUNCTIONS), call.at));
            }
            Found::None => return Err(self.missing(&call, &actual, &names)),
        };
        let signature = || self.function_signature(&call.written_name(), &actual, &names);
        self.check_kind(&call, &offer, signature, !names.is_empty())?;
        self.complete(&call, &offer, arguments, actual).map(Callee::Function)
    }

    /// The names of the last arguments.
    fn argument_names(&self, arguments: &[Argument]) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for argument in arguments {
            let position = argument.value.position;
            match &argument.name {
                Some(name) if names.contains(name) => {
                    let message = format!("argument name \"{name}\" used more than once");
                    return Err(self.at(unresolved(Unresolved::Syntax, message), position));
                }
                Some(name) => names.push(name.clone()),
                None if names.is_empty() => {}
                None => {
                    let message = "positional argument cannot follow named argument";
                    return Err(self.at(unresolved(Unresolved::Syntax, message), position));
                }
            }
        }
        Ok(names)
    }

    /// 42883.
    fn missing(&self, call: &Call, actual: &[Oid], names: &[&str]) -> Error {
        let message =
            format!("function {} does not exist", self.function_signature(&call.written_name(), actual, names));
        let hint = if call.order_by > 1 && !call.has_within_group() { NO_AGGREGATE } else { NO_FUNCTION };
        self.at(with_hint(Unresolved::Undefined, message, hint), call.at)
    }

    /// 42809 for the marks of aggregates at something else.
    fn plain_only(&self, call: &Call) -> Result<()> {
        let name = call.written_name();
        let mark = if call.star {
            format!("{name}(*) specified, but {name} is not an aggregate function")
        } else if call.distinct {
            format!("DISTINCT specified, but {name} is not an aggregate function")
        } else if call.has_within_group() {
            format!("WITHIN GROUP specified, but {name} is not an aggregate function")
        } else if call.order_by > 0 {
            format!("ORDER BY specified, but {name} is not an aggregate function")
        } else if call.filter {
            format!("FILTER specified, but {name} is not an aggregate function")
        } else if call.over {
            format!("OVER specified, but {name} is not a window function nor an aggregate function")
        } else {
            return Ok(());
        };
        Err(self.at(unresolved(Unresolved::WrongObject, mark), call.at))
    }

    /// Does the call have the form that this kind of function needs?
    fn check_kind(&self, call: &Call, offer: &Offer<'a>, signature: impl Fn() -> String, named: bool) -> Result<()> {
        let name = call.written_name();
        let wrong = |message: String| Err(self.at(unresolved(Unresolved::WrongObject, message), call.at));
        let refused = |message: &str| Err(self.at(QueryError::NotSupported(message.to_owned()), call.at));
        let bare = call.arguments_missing(offer);
        match offer.fact.kind {
            FunctionKind::Function => self.plain_only(call)?,
            FunctionKind::Procedure => {
                let message = format!("{} is a procedure", signature());
                let hint = "To call a procedure, use CALL.";
                return Err(self.at(with_hint(Unresolved::WrongObject, message, hint), call.at));
            }
            FunctionKind::Aggregate if offer.fact.aggregate_kind != 'n' => {
                if !call.has_within_group() {
                    return wrong(format!("WITHIN GROUP is required for ordered-set aggregate {name}"));
                }
                if call.over {
                    return refused(&format!("OVER is not supported for ordered-set aggregate {name}"));
                }
                self.check_direct_arguments(call, offer, signature)?;
            }
            FunctionKind::Aggregate => {
                if call.has_within_group() {
                    return wrong(format!("{name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP"));
                }
                if call.over && call.distinct {
                    return refused("DISTINCT is not implemented for window functions");
                }
                if bare && !call.star {
                    return wrong(format!("{name}(*) must be used to call a parameterless aggregate function"));
                }
                if call.over && call.order_by > 0 {
                    return refused("aggregate ORDER BY is not implemented for window functions");
                }
            }
            FunctionKind::Window => {
                if !call.over {
                    return wrong(format!("window function {name} requires an OVER clause"));
                }
                if call.has_within_group() {
                    return wrong(format!("window function {name} cannot have WITHIN GROUP"));
                }
                if call.distinct {
                    return refused("DISTINCT is not implemented for window functions");
                }
                if call.order_by > 0 {
                    return refused("aggregate ORDER BY is not implemented for window functions");
                }
                if call.filter {
                    return refused("FILTER is not implemented for non-aggregate window functions");
                }
            }
        }
        if named && offer.fact.kind == FunctionKind::Aggregate && !call.over {
            return refused("aggregates cannot use named arguments");
        }
        Ok(())
    }

    /// Are there as many arguments before WITHIN GROUP as the aggregate wants? The search counted all together.
    fn check_direct_arguments(&self, call: &Call, offer: &Offer<'a>, signature: impl Fn() -> String) -> Result<()> {
        let name = call.written_name();
        let (fact, total) = (offer.fact, offer.types.len() - offer.defaults);
        let direct = call.direct_arguments.unwrap_or(0);
        let aggregated = total.saturating_sub(direct);
        let wanted = fact.direct_arguments;
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let hint = if fact.variadic == 0 || wanted < fact.arguments.len() {
            (direct != wanted).then(|| {
                let s = plural(wanted);
                format!(
                    "There is an ordered-set aggregate {name}, but it requires {wanted} direct argument{s}, not {direct}."
                )
            })
        } else if fact.aggregate_kind == 'h' {
            (offer.variadic != 2 * aggregated).then(|| {
                let hypothetical = offer.variadic.saturating_sub(aggregated);
                format!(
                    "To use the hypothetical-set aggregate {name}, the number of hypothetical direct arguments \
                     (here {hypothetical}) must match the number of ordering columns (here {aggregated})."
                )
            })
        } else {
            (offer.variadic <= aggregated).then(|| {
                let s = plural(wanted);
                format!(
                    "There is an ordered-set aggregate {name}, but it requires at least {wanted} direct argument{s}."
                )
            })
        };
        match hint {
            None => Ok(()),
            Some(hint) => {
                let message = format!("function {} does not exist", signature());
                Err(self.at(with_hint(Unresolved::Undefined, message, hint), call.at))
            }
        }
    }

    /// Settles polymorphic types and converts the arguments.
    fn complete(
        &self,
        call: &Call,
        offer: &Offer<'a>,
        mut arguments: Vec<Expression>,
        mut actual: Vec<Oid>,
    ) -> Result<Resolved<'a>> {
        let fact = offer.fact;
        let written = arguments.len();
        let position = leftmost_of(call.at, &arguments);
        if fact.kind == FunctionKind::Aggregate && fact.aggregate_kind == 'h' {
            self.unify_hypothetical(call, offer, &mut arguments, &mut actual)?;
        }
        let mut declared = offer.types.clone();
        // Defaults take part in settling polymorphic types.
        actual.extend(declared.iter().skip(written));
        let result = polymorphic::enforce(self.facts, &actual, &mut declared, fact.result)?;
        let fact = self.function_there(fact.oid)?;
        let result = self.type_there(result)?;
        let mut arguments = self.arguments(arguments, &declared)?;
        for parameter in self.default_parameters(offer, written) {
            arguments.push(self.default_of(fact, parameter)?);
        }
        if let Some(parameters) = &offer.parameters {
            let mut ordered: Vec<(usize, Expression)> = parameters.iter().copied().zip(arguments).collect();
            ordered.sort_by_key(|(parameter, _)| *parameter);
            arguments = ordered.into_iter().map(|(_, argument)| argument).collect();
        }
        let mut variadic = call.variadic && fact.variadic != 0;
        if offer.variadic > 0 && fact.variadic != ANY {
            let values = arguments.split_off(arguments.len() - offer.variadic);
            arguments.push(self.variadic_array(values, call.at)?);
            variadic = true;
        }
        if variadic && fact.variadic == ANY && offer.variadic == 0 {
            if let (Some(array), Some(last)) = (actual.last(), arguments.last()) {
                if oids::element(self.facts, *array).is_none() {
                    return Err(self.at(mismatch("VARIADIC argument must be an array"), last.position));
                }
            }
        }
        let direct_arguments = call.direct_arguments.unwrap_or(0);
        Ok(Resolved { fact, arguments, direct_arguments, result: TypeRef::plain(result), variadic, position })
    }

    /// The parameters that get their defaults.
    fn default_parameters(&self, offer: &Offer<'a>, written: usize) -> Vec<usize> {
        match &offer.parameters {
            Some(parameters) => parameters.iter().skip(written).copied().collect(),
            None => (offer.types.len() - offer.defaults..offer.types.len()).collect(),
        }
    }

    /// The default of a parameter. All of PostgreSQL's own are constants, as `0`, `true` and `'{}'::jsonb`; the
    /// input function of the parameter's type reads them.
    fn default_of(&self, fact: &FunctionFact, parameter: usize) -> Result<Expression> {
        let first = fact.arguments.len() - fact.defaults.len();
        let unusable = || super::refuse::not_supported(format!("a default of function {}", fact.name));
        let text = parameter.checked_sub(first).and_then(|index| fact.defaults.get(index)).ok_or_else(unusable)?;
        let target = fact.arguments.get(parameter).copied().ok_or_else(unusable)?;
        let literal = match text.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').map(|(inner, _)| inner).ok_or_else(unusable)?,
            None => text.as_str(),
        };
        let literal = (!literal.starts_with("NULL")).then(|| literal.to_owned());
        let kind = Kind::Constant(ScalarValue::Utf8(literal));
        let literal = Expression { kind, data_type: TypeRef::plain(oids::UNKNOWN), position: None };
        self.convert(literal, TypeRef::plain(target), CastContext::Implicit, Form::ImplicitCast)
    }

    /// The values of a VARIADIC parameter as one array.
    fn variadic_array(&self, values: Vec<Expression>, at: Option<Position>) -> Result<Expression> {
        let element = values.first().map_or(oids::UNKNOWN, |value| value.data_type.oid);
        let array = oids::array_of(self.facts, element);
        let position = leftmost_of(None, &values);
        let array = array.ok_or_else(|| self.at(self.no_array_type(element), position.or(at)))?;
        let kind = Kind::Array { elements: values, nested: false };
        Ok(Expression { kind, data_type: TypeRef::plain(array), position })
    }

    /// Each hypothetical argument gets a common type with the column that it is compared to.
    fn unify_hypothetical(
        &self,
        call: &Call,
        offer: &Offer<'a>,
        arguments: &mut [Expression],
        actual: &mut [Oid],
    ) -> Result<()> {
        let direct = call.direct_arguments.unwrap_or(0).min(arguments.len());
        let aggregated = arguments.len() - direct;
        let plain = direct.saturating_sub(aggregated);
        for hypothetical in plain..direct {
            let column = direct + hypothetical - plain;
            if offer.types.get(hypothetical) != Some(&ANY) {
                continue;
            }
            let context = "WITHIN GROUP";
            let pair = [arguments[column].clone(), arguments[hypothetical].clone()];
            let common = self.common_type(&pair, context)?;
            for (index, argument) in [column, hypothetical].into_iter().zip(pair) {
                arguments[index] =
                    self.convert(argument, TypeRef::plain(common), CastContext::Implicit, Form::ImplicitCast)?;
                actual[index] = common;
            }
        }
        Ok(())
    }
}

impl Call {
    /// Is it an aggregate without arguments, neither direct nor aggregated ones?
    fn arguments_missing(&self, offer: &Offer<'_>) -> bool {
        offer.types.is_empty() && !self.has_within_group()
    }
}
