//! Expressions.

use std::sync::Arc;

use ::recursive::recursive;
use datafusion::common::{Column as PlanColumn, ScalarValue};
use datafusion::functions::core as core_functions;
use datafusion::functions_nested::make_array::make_array_udf;
use datafusion::logical_expr::expr::{BinaryExpr, InList, Placeholder, ScalarFunction};
use datafusion::logical_expr::{Expr, Operator, ScalarUDF};

use super::outer::{mentions_subquery, shifted};
use super::{Lowering, Names, keys, pg_type};
use crate::base::ids::Oid;
use crate::catalog::facts::{Facts, FunctionFact};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::bind::tree::{
    ArrayQuantifier, BooleanTest, Case, CoercionMethod, Column, Expression, Form, Kind, Logic, ValueFunction,
};
use crate::query::functions::array::Quantifier;
use crate::query::functions::{cast, interval, json, numbers, record, registry};
use crate::query::values;

impl Lowering<'_> {
    #[recursive]
    pub(super) fn expression(&mut self, expression: &Expression) -> Result<Expr> {
        if let Some(computed) = self.computed(self.levels.len(), expression) {
            return Ok(computed);
        }
        match &expression.kind {
            Kind::Constant(value) => Ok(values::constant(value.clone(), &pg_type(expression.data_type)?)),
            Kind::Parameter(number) => {
                let field = pg_type(expression.data_type)?.field(format!("${number}"), true);
                let placeholder = Placeholder::new_with_field(format!("${number}"), Some(Arc::new(field)));
                Ok(Expr::Placeholder(placeholder))
            }
            Kind::Column(column) => self.column(*column, expression),
            Kind::Function { function, arguments, variadic, form } => {
                self.function(expression, *function, arguments, *variadic, *form)
            }
            Kind::Operator { function, arguments, .. } => self.call(*function, arguments, expression),
            Kind::ArrayOperator { quantifier, operator, function, left, array } => {
                self.array_operator(*quantifier, (*operator, *function), left, array)
            }
            Kind::Coerce { argument, method, form } => self.coerce(expression, argument, *method, *form),
            Kind::Logic { logic, arguments } => self.logic(*logic, arguments),
            Kind::Case(case) => self.case(case),
            Kind::CaseOperand => {
                self.operands.last().cloned().ok_or_else(|| refuse::not_supported("an operand outside of CASE"))
            }
            Kind::Coalesce(arguments) => self.coalesce(arguments),
            Kind::Greatest(arguments) => self.extreme(expression, true, arguments),
            Kind::Least(arguments) => self.extreme(expression, false, arguments),
            Kind::NullIf { function, left, right, .. } => self.null_if(*function, left, right),
            Kind::DistinctFrom { function, left, right, negated, .. } => {
                self.distinct_from(*function, left, right, *negated)
            }
            Kind::IsNull { argument, negated } if matches!(pg_type(argument.data_type), Ok(PgType::Record(_))) => {
                self.row_is_null(argument, *negated)
            }
            Kind::IsNull { argument, negated } => {
                let argument = Box::new(self.expression(argument)?);
                Ok(if *negated { Expr::IsNotNull(argument) } else { Expr::IsNull(argument) })
            }
            Kind::BooleanTest { argument, test } => {
                let argument = Box::new(self.expression(argument)?);
                Ok(match test {
                    BooleanTest::True => Expr::IsTrue(argument),
                    BooleanTest::NotTrue => Expr::IsNotTrue(argument),
                    BooleanTest::False => Expr::IsFalse(argument),
                    BooleanTest::NotFalse => Expr::IsNotFalse(argument),
                    BooleanTest::Unknown => Expr::IsUnknown(argument),
                    BooleanTest::NotUnknown => Expr::IsNotUnknown(argument),
                })
            }
            Kind::Subquery(subquery) => self.subquery(subquery, false),
            Kind::SubqueryColumn(index) => {
                let columns = self.tested.last();
                let column = columns.and_then(|columns| columns.get(*index)).cloned();
                column.ok_or_else(|| refuse::not_supported("a subquery with several columns in this place"))
            }
            Kind::RowComparison { operator, operators, left, right } => {
                self.row_comparison(operator, operators, left, right)
            }
            Kind::Array { elements, nested: false } => {
                let data_type = pg_type(expression.data_type)?;
                if elements.is_empty() {
                    let empty = values::parse("{}", &data_type, &self.environment.style)?;
                    return Ok(values::constant(empty, &data_type));
                }
                Ok(registry::array(&data_type, self.all(elements)?))
            }
            Kind::Value(value) => self.value(*value),
            Kind::Collate { argument, .. } => self.expression(argument),
            Kind::Aggregate(aggregate) if aggregate.levels_up > 0 => {
                self.outer_aggregate(expression, aggregate.levels_up)
            }
            Kind::Aggregate(_) | Kind::Window(_) | Kind::Grouping(_) => {
                Err(refuse::not_supported("an aggregate or window function in this place"))
            }
            Kind::WholeRow { levels_up, relation } => self.whole_row(*levels_up, *relation, expression),
            Kind::Row(values) => {
                let names = self.names_of_row(expression.data_type.oid);
                self.row(values, names)
            }
            Kind::Field { argument, index } => self.field(argument, *index),
            Kind::Array { .. } => Err(refuse::not_supported("arrays of arrays")),
            Kind::Subscript { argument, indexes, slice } => self.subscript(argument, indexes, *slice),
            Kind::Default(column) => self.default(*column),
        }
    }

    /// `a[1]`, `a[1:2]`, `document['a'][0]`.
    fn subscript(
        &mut self,
        argument: &Expression,
        indexes: &[(Option<Expression>, Option<Expression>)],
        slice: bool,
    ) -> Result<Expr> {
        let data_type = pg_type(argument.data_type)?;
        let value = self.expression(argument)?;
        if data_type == PgType::Jsonb {
            let steps = indexes.iter().filter_map(|(step, _)| step.as_ref()).map(|step| self.expression(step));
            let path = steps.collect::<Result<Vec<_>>>()?;
            let path = Expr::ScalarFunction(ScalarFunction::new_udf(make_array_udf(), path));
            let function = json::extract(&data_type, PgType::Jsonb);
            return Ok(Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![value, path])));
        }
        let mut bounds = Vec::with_capacity(indexes.len());
        for (lower, upper) in indexes {
            let mut bound = |bound: &Option<Expression>| bound.as_ref().map(|bound| self.expression(bound)).transpose();
            bounds.push((bound(lower)?, bound(upper)?));
        }
        registry::subscript(value, &data_type, bounds, slice)
    }

    /// What an operator below has computed already, seen from `level` queries in.
    fn computed(&self, level: usize, expression: &Expression) -> Option<Expr> {
        let level = self.levels.get(level.checked_sub(1)?)?;
        // What was computed last is what stands for it here.
        level.computed.iter().rev().find(|(computed, _)| computed == expression).map(|(_, column)| column.clone())
    }

    /// An aggregate of a query around this one.
    fn outer_aggregate(&mut self, expression: &Expression, levels_up: usize) -> Result<Expr> {
        if mentions_subquery(expression) {
            return Err(refuse::not_supported("a subquery in an aggregate of a query around it"));
        }
        let levels = isize::try_from(levels_up).unwrap_or(isize::MAX);
        let there = shifted(expression, -levels);
        let level = self.levels.len().saturating_sub(levels_up);
        match self.computed(level, &there) {
            Some(Expr::Column(column)) => self.outer(column, expression),
            _ => Err(refuse::not_supported("an aggregate of a query around this one in this place")),
        }
    }

    fn column(&mut self, column: Column, expression: &Expression) -> Result<Expr> {
        let Some(level) = self.levels.len().checked_sub(1 + column.levels_up) else {
            return Err(refuse::not_supported("a column of no query"));
        };
        if column.levels_up > 0 {
            let here = Expression {
                kind: Kind::Column(Column { levels_up: 0, ..column }),
                data_type: expression.data_type,
                position: None,
            };
            if let Some(Expr::Column(computed)) = self.computed(level + 1, &here) {
                return self.outer(computed, expression);
            }
        }
        let Some(names) = self.levels[level].relations.get(column.relation) else {
            return Err(refuse::not_supported("a reference to a relation in this place"));
        };
        match names {
            Names::Absent => Err(refuse::not_supported("a reference to a relation in this place")),
            Names::Plan { qualifier, columns, .. } => {
                let found = PlanColumn::new(Some(qualifier.clone()), columns[column.column].clone());
                if column.levels_up == 0 && !self.beside {
                    Ok(Expr::Column(found))
                } else {
                    self.outer(found, expression)
                }
            }
            Names::Join(columns) => {
                let inner = columns[column.column].clone();
                let levels = isize::try_from(column.levels_up).unwrap_or(isize::MAX);
                self.expression(&shifted(&inner, levels))
            }
        }
    }

    fn outer(&self, column: PlanColumn, expression: &Expression) -> Result<Expr> {
        let field = pg_type(expression.data_type)?.field(column.name.clone(), true);
        Ok(Expr::OuterReferenceColumn(Arc::new(field), column))
    }

    /// The row of `pg_proc`.
    pub(super) fn function_fact(&self, function: Oid) -> Result<&'static FunctionFact> {
        let fact = Facts::shipped().function(function);
        fact.ok_or_else(|| refuse::not_supported(format!("the function with OID {function}")))
    }

    fn function(
        &mut self,
        expression: &Expression,
        function: Oid,
        arguments: &[Expression],
        variadic: bool,
        form: Form,
    ) -> Result<Expr> {
        /// The type of VARIADIC parameters that take arguments of different types.
        const ANY: Oid = 2276;
        if variadic && self.function_fact(function)?.variadic == ANY {
            return Err(refuse::not_supported("VARIADIC with an array"));
        }
        // What fits a time to a precision is computed as any function.
        let fits_times = self.function_fact(function).is_ok_and(|fact| fact.source.ends_with("_scale"));
        if matches!(form, Form::ExplicitCast | Form::ImplicitCast) && !fits_times {
            if let Some((argument, rest)) = arguments.split_first() {
                // The functions that bound lengths say in their third argument whether longer text may be cut.
                let is_explicit = match rest.get(1).map(|argument| &argument.kind) {
                    Some(Kind::Constant(ScalarValue::Boolean(Some(is_explicit)))) => *is_explicit,
                    _ => form == Form::ExplicitCast,
                };
                let kind = if is_explicit { cast::Kind::Explicit } else { cast::Kind::Assignment };
                let target = pg_type(expression.data_type)?;
                let from = pg_type(argument.data_type)?;
                return Ok(registry::convert(self.expression(argument)?, &from, &target, kind));
            }
        }
        self.call(function, arguments, expression)
    }

    /// A call of a function of `pg_proc`.
    fn call(&mut self, function: Oid, arguments: &[Expression], result: &Expression) -> Result<Expr> {
        let fact = self.function_fact(function)?;
        if fact.returns_set {
            return Err(refuse::not_supported(format!("set-returning function {} in this place", fact.name)));
        }
        let types = arguments.iter().map(|argument| pg_type(argument.data_type)).collect::<Result<Vec<_>>>()?;
        let arguments = self.all(arguments)?;
        if let ([left, right], [PgType::Record(_), PgType::Record(_)]) = (arguments.as_slice(), types.as_slice()) {
            if let Some(compared) = record::compare(&fact.source, left.clone(), right.clone()) {
                return Ok(compared);
            }
        }
        registry::call(fact, arguments, &types, &pg_type(result.data_type)?)
    }

    pub(super) fn all(&mut self, expressions: &[Expression]) -> Result<Vec<Expr>> {
        expressions.iter().map(|expression| self.expression(expression)).collect()
    }

    /// A comparison of two expressions that are lowered already.
    pub(super) fn compare(&self, function: Oid, left: (Expr, PgType), right: (Expr, PgType)) -> Result<Expr> {
        let fact = self.function_fact(function)?;
        registry::call(fact, vec![left.0, right.0], &[left.1, right.1], &PgType::Bool)
    }

    /// A function that answers one of its arguments, or all of them.
    fn one_of(&mut self, function: Arc<ScalarUDF>, arguments: &[Expression]) -> Result<Expr> {
        let arguments = self.all(arguments)?;
        Ok(Expr::ScalarFunction(ScalarFunction::new_udf(function, arguments)))
    }

    /// GREATEST or LEAST. The engine compares intervals by their fields and documents by their text.
    fn extreme(&mut self, expression: &Expression, greatest: bool, arguments: &[Expression]) -> Result<Expr> {
        match pg_type(expression.data_type)? {
            PgType::Interval => {
                let arguments = self.all(arguments)?;
                Ok(interval::extreme_of(greatest, arguments))
            }
            PgType::Numeric(_) => Ok(numbers::extreme_of(greatest, self.all(arguments)?)),
            PgType::Jsonb => Ok(json::order::extreme(greatest, self.all(arguments)?)),
            _ if greatest => self.one_of(core_functions::greatest(), arguments),
            _ => self.one_of(core_functions::least(), arguments),
        }
    }

    /// The first argument that is not NULL. A subquery is run only if no argument before it decides.
    fn coalesce(&mut self, arguments: &[Expression]) -> Result<Expr> {
        if !arguments.iter().any(mentions_subquery) {
            return self.one_of(core_functions::coalesce(), arguments);
        }
        let before = self.guards.len();
        let mut lowered = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let value = self.expression(argument)?;
            if !value.is_volatile() {
                self.guards.push(Expr::IsNull(Box::new(value.clone())));
            }
            lowered.push(value);
        }
        self.guards.truncate(before);
        Ok(Expr::ScalarFunction(ScalarFunction::new_udf(core_functions::coalesce(), lowered)))
    }

    fn array_operator(
        &mut self,
        quantifier: ArrayQuantifier,
        (operator, function): (Oid, Oid),
        left: &Expression,
        array: &Expression,
    ) -> Result<Expr> {
        let name = Facts::shipped().operator(operator).map_or("", |fact| fact.name.as_str());
        let types = (pg_type(left.data_type)?, pg_type(array.data_type)?);
        let value = self.expression(left)?;
        if let Kind::Array { elements, nested: false } = &array.kind {
            let negated = match (quantifier, name) {
                (ArrayQuantifier::Any, "=") => Some(false),
                (ArrayQuantifier::All, "<>") => Some(true),
                _ => None,
            };
            let plain = !keys::has(&types.0);
            let same = types.1.element().is_some_and(|element| element.arrow() == types.0.arrow());
            if let (Some(negated), true) = (negated, same) {
                let list = self.all(elements)?.into_iter().map(|element| keys::of(element, &types.0)).collect();
                return Ok(Expr::InList(InList { expr: Box::new(keys::of(value, &types.0)), list, negated }));
            }
            // What does not compare as it lies in arrays is compared with one element after the other.
            if let (false, Some(element), false) = (plain, types.1.element(), value.is_volatile()) {
                let fact = self.function_fact(function)?;
                let mut compared = Vec::with_capacity(elements.len());
                for own in elements {
                    let sides = vec![value.clone(), self.expression(own)?];
                    compared.push(registry::call(fact, sides, &[types.0.clone(), element.clone()], &PgType::Bool)?);
                }
                return Ok(quantified(quantifier, compared));
            }
        }
        if let Kind::Coerce { argument, method: CoercionMethod::Array { .. }, form } = &array.kind {
            let elements = (pg_type(argument.data_type)?.element(), types.1.element());
            if let (Kind::Array { elements: own, nested: false }, (Some(from), Some(to)), false) =
                (&argument.kind, elements, value.is_volatile())
            {
                let fact = self.function_fact(function)?;
                let kind = if *form == Form::ExplicitCast { cast::Kind::Explicit } else { cast::Kind::Assignment };
                let mut compared = Vec::with_capacity(own.len());
                for own in own {
                    let element = registry::convert(self.expression(own)?, &from, &to, kind);
                    let sides = vec![value.clone(), element];
                    compared.push(registry::call(fact, sides, &[types.0.clone(), to.clone()], &PgType::Bool)?);
                }
                return Ok(quantified(quantifier, compared));
            }
        }
        let quantifier = match quantifier {
            ArrayQuantifier::Any => Quantifier::Any,
            ArrayQuantifier::All => Quantifier::All,
        };
        let array = self.expression(array)?;
        registry::array_operator(self.function_fact(function)?, quantifier, value, array, (&types.0, &types.1))
    }

    fn coerce(
        &mut self,
        expression: &Expression,
        argument: &Expression,
        method: CoercionMethod,
        form: Form,
    ) -> Result<Expr> {
        let (source, target) = (pg_type(argument.data_type)?, pg_type(expression.data_type)?);
        let value = self.expression(argument)?;
        match (&source, &target) {
            (PgType::Record(_), PgType::Record(_)) => return Ok(value),
            (PgType::Record(_), PgType::Text | PgType::Varchar(None)) => return Ok(record::to_text(value)),
            (PgType::Record(_), _) | (_, PgType::Record(_)) => {
                return Err(refuse::not_supported("this conversion of a row"));
            }
            _ => {}
        }
        if method == CoercionMethod::Row {
            return Err(refuse::not_supported("row values"));
        }
        if method == CoercionMethod::Binary && source.arrow() == target.arrow() {
            return Ok(value);
        }
        let kind = if form == Form::ExplicitCast { cast::Kind::Explicit } else { cast::Kind::Assignment };
        Ok(registry::convert(value, &source, &target, kind))
    }

    fn logic(&mut self, logic: Logic, arguments: &[Expression]) -> Result<Expr> {
        if let (Logic::Not, [Expression { kind: Kind::Subquery(subquery), .. }]) = (logic, arguments) {
            return self.subquery(subquery, true);
        }
        // What is cheap decides before a subquery is run.
        let mut lowered: Vec<Option<Expr>> = vec![None; arguments.len()];
        let (first, last): (Vec<_>, Vec<_>) =
            (0..arguments.len()).partition(|index| !mentions_subquery(&arguments[*index]));
        let mut guards: Vec<Expr> = Vec::new();
        let has_subquery = !last.is_empty();
        for index in first.into_iter().chain(last) {
            let guard = (!guards.is_empty()).then(|| conjunction(guards.clone(), Operator::And));
            let argument = self.guarded(guard, |this| this.expression(&arguments[index]))?;
            if has_subquery && !argument.is_volatile() {
                guards.push(match logic {
                    Logic::Or => Expr::IsNotTrue(Box::new(argument.clone())),
                    _ => Expr::IsNotFalse(Box::new(argument.clone())),
                });
            }
            lowered[index] = Some(argument);
        }
        let mut arguments: Vec<Expr> = lowered.into_iter().flatten().collect();
        Ok(match logic {
            Logic::Not => Expr::Not(Box::new(arguments.swap_remove(0))),
            Logic::And => conjunction(arguments, Operator::And),
            Logic::Or => conjunction(arguments, Operator::Or),
        })
    }

    fn case(&mut self, case: &Case) -> Result<Expr> {
        let operand = case.operand.as_ref().map(|operand| self.expression(operand)).transpose()?;
        let has_operand = operand.is_some();
        if operand.as_ref().is_some_and(Expr::is_volatile) {
            return Err(refuse::not_supported("CASE over a volatile operand"));
        }
        // A subquery in a branch is run only for the rows that come to it.
        let has_subquery = case.branches.iter().any(|(when, then)| mentions_subquery(when) || mentions_subquery(then))
            || case.otherwise.as_deref().is_some_and(mentions_subquery);
        let mut conditions = Vec::with_capacity(case.branches.len());
        let mut results = Vec::with_capacity(case.branches.len() + 1);
        let before = self.guards.len();
        for (when, then) in &case.branches {
            self.operands.extend(operand.clone());
            let condition = self.expression(when);
            if has_operand {
                self.operands.pop();
            }
            let condition = condition?;
            let reached = has_subquery.then(|| Expr::IsTrue(Box::new(condition.clone())));
            results.push(self.guarded(reached, |this| this.expression(then))?);
            if has_subquery && !condition.is_volatile() {
                self.guards.push(Expr::IsNotTrue(Box::new(condition.clone())));
            }
            conditions.push(condition);
        }
        if let Some(otherwise) = &case.otherwise {
            results.push(self.expression(otherwise)?);
        }
        self.guards.truncate(before);
        let otherwise = if case.otherwise.is_some() { results.pop().map(Box::new) } else { None };
        let branches = conditions.into_iter().map(Box::new).zip(results.into_iter().map(Box::new)).collect();
        Ok(Expr::Case(datafusion::logical_expr::Case::new(None, branches, otherwise)))
    }

    fn null_if(&mut self, function: Oid, left: &Expression, right: &Expression) -> Result<Expr> {
        let types = (pg_type(left.data_type)?, pg_type(right.data_type)?);
        let (value, other) = (self.expression(left)?, self.expression(right)?);
        if value.is_volatile() {
            return Err(refuse::not_supported("NULLIF of a volatile expression"));
        }
        let equal = self.compare(function, (value.clone(), types.0.clone()), (other, types.1))?;
        let null = values::null(&types.0)?;
        let branches = vec![(Box::new(equal), Box::new(null))];
        Ok(Expr::Case(datafusion::logical_expr::Case::new(None, branches, Some(Box::new(value)))))
    }

    fn distinct_from(&mut self, function: Oid, left: &Expression, right: &Expression, negated: bool) -> Result<Expr> {
        let types = (pg_type(left.data_type)?, pg_type(right.data_type)?);
        let (left, right) = (self.expression(left)?, self.expression(right)?);
        registry::distinct_from(self.function_fact(function)?, left, right, (&types.0, &types.1), negated)
    }

    /// `(a, b) < (c, d)` as `a < c OR a = c AND b < d`.
    fn row_comparison(
        &mut self,
        operator: &str,
        operators: &[(Oid, Oid)],
        left: &[Expression],
        right: &[Expression],
    ) -> Result<Expr> {
        let mut pairs = Vec::with_capacity(left.len());
        for ((left, right), (_, function)) in left.iter().zip(right).zip(operators) {
            let types = (pg_type(left.data_type)?, pg_type(right.data_type)?);
            let values = (self.expression(left)?, self.expression(right)?);
            let compared =
                self.compare(*function, (values.0.clone(), types.0.clone()), (values.1.clone(), types.1.clone()))?;
            let equality = Facts::shipped()
                .operators_named("=")
                .find(|fact| fact.left == left.data_type.oid && fact.right == right.data_type.oid);
            let equal = match (operator, equality) {
                ("=" | "<>", _) => compared.clone(),
                (_, Some(fact)) => self.compare(fact.function, (values.0, types.0), (values.1, types.1))?,
                (_, None) => return Err(refuse::not_supported("a comparison of rows of these types")),
            };
            pairs.push((compared, equal));
        }
        match operator {
            "=" => Ok(conjunction(pairs.into_iter().map(|(compared, _)| compared).collect(), Operator::And)),
            "<>" => Ok(conjunction(pairs.into_iter().map(|(compared, _)| compared).collect(), Operator::Or)),
            // All but the last column decide only when they differ: `<=` of them is no more than `<` then.
            _ => {
                let mut pairs = pairs.into_iter().rev();
                let Some((mut result, _)) = pairs.next() else { return Err(refuse::not_supported("empty rows")) };
                for (compared, equal) in pairs {
                    let differs = Expr::Not(Box::new(equal.clone()));
                    let decided = conjunction(vec![compared, differs], Operator::And);
                    let undecided = conjunction(vec![equal, result], Operator::And);
                    result = conjunction(vec![decided, undecided], Operator::Or);
                }
                Ok(result)
            }
        }
    }

    fn value(&self, value: ValueFunction) -> Result<Expr> {
        let name = match value {
            ValueFunction::CurrentDate => "current_date",
            ValueFunction::CurrentTimestamp(None) => "current_timestamp",
            ValueFunction::LocalTimestamp(None) => "localtimestamp",
            ValueFunction::CurrentTimestamp(Some(digits)) => {
                let now = self.value(ValueFunction::CurrentTimestamp(None))?;
                return Ok(registry::with_precision(now, &PgType::Timestamptz, digits));
            }
            ValueFunction::LocalTimestamp(Some(digits)) => {
                let now = self.value(ValueFunction::LocalTimestamp(None))?;
                return Ok(registry::with_precision(now, &PgType::Timestamp, digits));
            }
            ValueFunction::LocalTime(digits) => {
                let now = self.value(ValueFunction::LocalTimestamp(None))?;
                let time = registry::convert(now, &PgType::Timestamp, &PgType::Time, cast::Kind::Explicit);
                return Ok(match digits {
                    Some(digits) => registry::with_precision(time, &PgType::Time, digits),
                    None => time,
                });
            }
            ValueFunction::CurrentRole | ValueFunction::CurrentUser | ValueFunction::User => "current_user",
            ValueFunction::SessionUser => "session_user",
            ValueFunction::CurrentCatalog => "current_database",
            ValueFunction::CurrentSchema => "current_schema",
            other => return Err(refuse::not_supported(format!("{other:?}"))),
        };
        Ok(Expr::ScalarFunction(ScalarFunction::new_udf(registry::by_name(name)?, Vec::new())))
    }
}

/// Comparisons of which one, or each, must be true.
fn quantified(quantifier: ArrayQuantifier, compared: Vec<Expr>) -> Expr {
    conjunction(compared, if quantifier == ArrayQuantifier::Any { Operator::Or } else { Operator::And })
}

/// Expressions joined by AND or OR, as a tree that is as low as it can be: plans are walked recursively.
pub(super) fn conjunction(mut expressions: Vec<Expr>, operator: Operator) -> Expr {
    while expressions.len() > 1 {
        let mut pairs = Vec::with_capacity(expressions.len().div_ceil(2));
        let mut rest = expressions.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right))),
                None => left,
            });
        }
        expressions = pairs;
    }
    let empty = || Expr::Literal(ScalarValue::Boolean(Some(operator == Operator::And)), None);
    expressions.pop().unwrap_or_else(empty)
}
