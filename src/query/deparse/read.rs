//! From the syntax tree to what is printed: the types of all parts, and the casts that nobody wrote.

use super::node::{Form, Node};
use super::types::{Typed, boolean, common_type, keyword, label, number, number_rank, operation, resolve, typed};
use crate::catalog::Table;
use crate::catalog::describe::quote_ident;
use crate::catalog::types::PgType;
use crate::query::ast::{
    self, BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};
use crate::query::bind::types::pg_type;
use crate::query::environment::Environment;
use crate::query::functions::convert;
use crate::query::{bind, parse, values};

/// An expression over the columns of a table as PostgreSQL would print it; `None` if it has parts that are
/// not known here.
pub fn deparse(environment: &Environment, table: Option<&Table>, sql: &str, form: Form) -> Option<String> {
    let expression = parse::parse_expression(sql).ok()?;
    let reader = Reader { environment, table };
    let read = reader.read(&expression)?;
    // What nothing gave a type is text.
    let read = if read.data_type == PgType::Unknown { reader.coerce(read, &PgType::Text)? } else { read };
    let mut text = String::new();
    read.node.print(form, &mut text);
    Some(text)
}

struct Reader<'a> {
    environment: &'a Environment,
    table: Option<&'a Table>,
}

impl Reader<'_> {
    fn read(&self, expression: &Expr) -> Option<Typed> {
        Some(match expression {
            Expr::Nested(inner) => self.read(inner)?,
            Expr::Identifier(ident) => {
                let name = bind::names::folded(ident);
                let column = self.table?.columns.iter().find(|column| column.name == name)?;
                typed(Node::Word(quote_ident(&name)), column.data_type.without_typmod())
            }
            Expr::Value(value) => Self::value(&value.value)?,
            Expr::TypedString(literal) => self.constant_of(&literal.value.value, &literal.data_type)?,
            Expr::Interval(interval) => {
                let Expr::Value(value) = interval.value.as_ref() else { return None };
                let Value::SingleQuotedString(text) = &value.value else { return None };
                let field = interval.leading_field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
                self.constant(&format!("{text}{field}"), &PgType::Interval)?
            }
            Expr::Cast { expr, data_type, .. } => self.cast(expr, data_type)?,
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => boolean(Node::Not(Box::new(self.condition(expr)?))),
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => self.negative(expr)?,
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => self.logic(left, right, true)?,
            Expr::BinaryOp { left, op: BinaryOperator::Or, right } => self.logic(left, right, false)?,
            Expr::BinaryOp { left, op, right } => self.operator(self.read(left)?, op, self.read(right)?)?,
            Expr::IsNull(operand) => self.test(operand, "IS NULL")?,
            Expr::IsNotNull(operand) => self.test(operand, "IS NOT NULL")?,
            Expr::IsTrue(operand) => self.test(operand, "IS TRUE")?,
            Expr::IsNotTrue(operand) => self.test(operand, "IS NOT TRUE")?,
            Expr::IsFalse(operand) => self.test(operand, "IS FALSE")?,
            Expr::IsNotFalse(operand) => self.test(operand, "IS NOT FALSE")?,
            Expr::IsUnknown(operand) => self.test(operand, "IS UNKNOWN")?,
            Expr::IsNotUnknown(operand) => self.test(operand, "IS NOT UNKNOWN")?,
            Expr::IsDistinctFrom(left, right) => self.distinct(left, right, false)?,
            Expr::IsNotDistinctFrom(left, right) => self.distinct(left, right, true)?,
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high)?,
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated)?,
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => match right.as_ref() {
                Expr::Array(array) => self.any_of(self.read(left)?, &array.elem, false)?,
                _ => return None,
            },
            Expr::Like { negated, any: false, expr, pattern, escape_char: None } => {
                self.pattern(expr, if *negated { "!~~" } else { "~~" }, pattern)?
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.pattern(expr, if *negated { "!~~*" } else { "~~*" }, pattern)?
            }
            Expr::Extract { field, expr, .. } => {
                let before = format!("EXTRACT({} FROM ", field.to_string().to_lowercase());
                let arguments = vec![self.read(expr)?.node];
                typed(Node::Call { before, arguments, separator: "", after: ")" }, PgType::Numeric(None))
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                let (time, zone) = (self.read(timestamp)?, self.read(time_zone)?);
                let result = match time.data_type {
                    PgType::Timestamptz => PgType::Timestamp,
                    PgType::Timestamp => PgType::Timestamptz,
                    _ => return None,
                };
                let arguments = vec![time.node, self.coerce(zone, &PgType::Text)?.node];
                typed(Node::Call { before: "(".into(), arguments, separator: " AT TIME ZONE ", after: ")" }, result)
            }
            Expr::Function(function) => self.function(function)?,
            _ => return None,
        })
    }

    fn value(value: &Value) -> Option<Typed> {
        Some(match value {
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => {
                typed(Node::Literal(text.clone()), PgType::Unknown)
            }
            Value::Number(digits, _) => number(digits)?,
            Value::Boolean(value) => boolean(Node::Word(value.to_string())),
            Value::Null => typed(Node::Word("NULL".into()), PgType::Unknown),
            _ => return None,
        })
    }

    fn constant_of(&self, value: &Value, data_type: &ast::DataType) -> Option<Typed> {
        match value {
            Value::SingleQuotedString(text) => self.constant(text, &pg_type(data_type).ok()?),
            _ => None,
        }
    }

    /// A constant of a type, in that type's own spelling.
    fn constant(&self, text: &str, data_type: &PgType) -> Option<Typed> {
        let value = values::parse(text, data_type, &self.environment.style).ok()?;
        let array = value.to_array().ok()?;
        let written = convert::to_text(&array, &data_type.without_typmod(), self.environment).ok()?;
        let text = values::of_array(&written).ok()?;
        let text = text.try_as_str()??.to_owned();
        Some(typed(Node::Word(label(&text, data_type)), data_type.without_typmod()))
    }

    fn cast(&self, operand: &Expr, data_type: &ast::DataType) -> Option<Typed> {
        let target = pg_type(data_type).ok()?;
        let operand = self.read(operand)?;
        if let Node::Literal(text) = &operand.node {
            return self.constant(text, &target);
        }
        if operand.data_type == target {
            return Some(operand);
        }
        if operand.data_type == PgType::Unknown {
            return Some(typed(Node::Word(format!("NULL::{}", target.format())), target.without_typmod()));
        }
        let to = target.format();
        Some(typed(Node::Cast { operand: Box::new(operand.node), to }, target.without_typmod()))
    }

    /// Gives an expression a type that nobody wrote.
    fn coerce(&self, operand: Typed, target: &PgType) -> Option<Typed> {
        let target = target.without_typmod();
        match &operand.node {
            Node::Literal(text) => self.constant(text, &target),
            _ if operand.data_type == PgType::Unknown => {
                Some(typed(Node::Word(format!("NULL::{}", target.format())), target))
            }
            _ if operand.data_type == target => Some(operand),
            _ => Some(typed(Node::Cast { operand: Box::new(operand.node), to: target.format() }, target)),
        }
    }

    fn condition(&self, expression: &Expr) -> Option<Node> {
        let condition = self.read(expression)?;
        let condition = self.coerce(condition, &PgType::Bool)?;
        Some(condition.node)
    }

    fn negative(&self, operand: &Expr) -> Option<Typed> {
        let Expr::Value(value) = operand else { return None };
        let Value::Number(digits, _) = &value.value else { return None };
        number(&format!("-{digits}"))
    }

    /// AND and OR; `a AND b AND c` is one of three parts.
    fn logic(&self, left: &Expr, right: &Expr, is_and: bool) -> Option<Typed> {
        let (left, right) = (self.condition(left)?, self.condition(right)?);
        let mut parts = match left {
            Node::And(parts) if is_and => parts,
            Node::Or(parts) if !is_and => parts,
            other => vec![other],
        };
        parts.push(right);
        Some(boolean(if is_and { Node::And(parts) } else { Node::Or(parts) }))
    }

    fn test(&self, operand: &Expr, suffix: &'static str) -> Option<Typed> {
        let operand = Box::new(self.read(operand)?.node);
        Some(boolean(Node::Test { operand, suffix, right: None }))
    }

    fn distinct(&self, left: &Expr, right: &Expr, negated: bool) -> Option<Typed> {
        let (left, right) = self.comparable(self.read(left)?, self.read(right)?)?;
        let test =
            Node::Test { operand: Box::new(left.node), suffix: "IS DISTINCT FROM", right: Some(Box::new(right.node)) };
        Some(boolean(if negated { Node::Not(Box::new(test)) } else { test }))
    }

    fn between(&self, operand: &Expr, negated: bool, low: &Expr, high: &Expr) -> Option<Typed> {
        let compare =
            |op: &BinaryOperator, bound: &Expr| Some(self.operator(self.read(operand)?, op, self.read(bound)?)?.node);
        Some(boolean(if negated {
            Node::Or(vec![compare(&BinaryOperator::Lt, low)?, compare(&BinaryOperator::Gt, high)?])
        } else {
            Node::And(vec![compare(&BinaryOperator::GtEq, low)?, compare(&BinaryOperator::LtEq, high)?])
        }))
    }

    fn in_list(&self, operand: &Expr, list: &[Expr], negated: bool) -> Option<Typed> {
        let left = self.read(operand)?;
        if let [only] = list {
            let op = if negated { BinaryOperator::NotEq } else { BinaryOperator::Eq };
            return self.operator(left, &op, self.read(only)?);
        }
        self.any_of(left, list, negated)
    }

    fn any_of(&self, left: Typed, list: &[Expr], negated: bool) -> Option<Typed> {
        let items = list.iter().map(|item| self.read(item)).collect::<Option<Vec<_>>>()?;
        let common = common_type(std::iter::once(&left).chain(&items).map(|item| &item.data_type))?;
        let items = items.into_iter().map(|item| Some(self.coerce(item, &common)?.node)).collect::<Option<Vec<_>>>()?;
        let mut array = Node::Call { before: "ARRAY[".into(), arguments: items, separator: ", ", after: "]" };
        // Integers of all widths compare with each other.
        let is_integer = |data_type: &PgType| number_rank(data_type).is_some_and(|rank| rank <= 2);
        let mut left = match is_integer(&left.data_type) && is_integer(&common) {
            true => left,
            false => self.coerce(left, &common)?,
        };
        if matches!(common, PgType::Varchar(_)) {
            // Text compares varchar.
            left = self.coerce(left, &PgType::Text)?;
            array = Node::Cast { operand: Box::new(array), to: "text[]".into() };
        }
        let operator = if negated { "<> ALL" } else { "= ANY" };
        Some(boolean(Node::Quantified { left: Box::new(left.node), operator, array: Box::new(array) }))
    }

    fn pattern(&self, operand: &Expr, name: &str, pattern: &Expr) -> Option<Typed> {
        let left = self.text(self.read(operand)?)?;
        let right = self.text(self.read(pattern)?)?;
        Some(boolean(operation(name, left, right)))
    }

    /// An operand that must be text.
    fn text(&self, operand: Typed) -> Option<Typed> {
        match operand.data_type {
            PgType::Text | PgType::Name => Some(operand),
            PgType::Varchar(_) | PgType::Unknown => self.coerce(operand, &PgType::Text),
            _ => None,
        }
    }

    fn operator(&self, left: Typed, op: &BinaryOperator, right: Typed) -> Option<Typed> {
        use BinaryOperator as B;
        let name = op.to_string();
        match op {
            B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq => {
                let (left, right) = self.comparable(left, right)?;
                Some(boolean(operation(&name, left, right)))
            }
            B::PGRegexMatch | B::PGRegexIMatch | B::PGRegexNotMatch | B::PGRegexNotIMatch => {
                let (left, right) = (self.text(left)?, self.text(right)?);
                Some(boolean(operation(&name, left, right)))
            }
            B::StringConcat => {
                let (left, right) = (self.text(left)?, self.text(right)?);
                Some(typed(operation(&name, left, right), PgType::Text))
            }
            B::Arrow | B::LongArrow => {
                let result = match (&left.data_type, op) {
                    (PgType::Json | PgType::Jsonb, B::Arrow) => left.data_type.clone(),
                    (PgType::Json | PgType::Jsonb, _) => PgType::Text,
                    _ => return None,
                };
                let right = if right.data_type == PgType::Int4 { right } else { self.text(right)? };
                Some(typed(operation(&name, left, right), result))
            }
            B::Plus | B::Minus => match self.moment(left.clone(), op, right.clone()) {
                Some(moved) => Some(moved),
                None => self.arithmetic(left, &name, right),
            },
            B::Multiply | B::Divide | B::Modulo => self.arithmetic(left, &name, right),
            _ => None,
        }
    }

    fn arithmetic(&self, left: Typed, name: &str, right: Typed) -> Option<Typed> {
        let (left, right) = self.comparable(left, right)?;
        let result = common_type([&left.data_type, &right.data_type].into_iter())?;
        number_rank(&result)?;
        Some(typed(operation(name, left, right), result))
    }

    /// Times and intervals, added and subtracted.
    fn moment(&self, left: Typed, op: &BinaryOperator, right: Typed) -> Option<Typed> {
        use PgType as T;
        let minus = *op == BinaryOperator::Minus;
        let is_time = |data_type: &T| matches!(data_type, T::Timestamp | T::Timestamptz | T::Date);
        // Beside a time a literal is an interval, and another time in a difference.
        let right = match (&left.data_type, &right.data_type) {
            (time, T::Unknown) if is_time(time) && !minus => self.coerce(right, &T::Interval)?,
            (time, T::Unknown) if is_time(time) => {
                let time = time.clone();
                self.coerce(right, &time)?
            }
            _ => right,
        };
        let result = match (&left.data_type, &right.data_type) {
            (T::Timestamp | T::Timestamptz, T::Interval) => left.data_type.clone(),
            (T::Date, T::Interval) => T::Timestamp,
            (T::Date, T::Int4) => T::Date,
            (T::Date, T::Date) if minus => T::Int4,
            (T::Interval, T::Interval) => T::Interval,
            (left, right) if minus && left == right && is_time(left) => T::Interval,
            _ => return None,
        };
        Some(typed(operation(&op.to_string(), left, right), result))
    }

    /// Two operands as a comparison gets them.
    fn comparable(&self, left: Typed, right: Typed) -> Option<(Typed, Typed)> {
        use PgType as T;
        let pair = match (&left.data_type, &right.data_type) {
            (T::Unknown, T::Unknown) => (T::Text, T::Text),
            (T::Unknown, other) | (other, T::Unknown) => (other.clone(), other.clone()),
            (left, right) => match (number_rank(left), number_rank(right)) {
                // Integers of all widths, and the two floats, have operators of their own.
                (Some(0..=2), Some(0..=2)) | (Some(4..), Some(4..)) => (left.clone(), right.clone()),
                (Some(_), Some(_)) => {
                    let common = common_type([left, right].into_iter())?;
                    (common.clone(), common)
                }
                _ => (left.clone(), right.clone()),
            },
        };
        let is_text = |data_type: &T| matches!(data_type, T::Text | T::Varchar(_) | T::Name);
        let is_time = |data_type: &T| matches!(data_type, T::Timestamp | T::Timestamptz | T::Date);
        let both_numbers = number_rank(&pair.0).is_some() && number_rank(&pair.1).is_some();
        let fits = pair.0 == pair.1
            || both_numbers
            || (is_text(&pair.0) && is_text(&pair.1))
            || (is_time(&pair.0) && is_time(&pair.1));
        if !fits {
            return None;
        }
        let as_text = |data_type: T| if matches!(data_type, T::Varchar(_)) { T::Text } else { data_type };
        Some((self.coerce(left, &as_text(pair.0))?, self.coerce(right, &as_text(pair.1))?))
    }

    fn function(&self, function: &ast::Function) -> Option<Typed> {
        let plain = function.filter.is_none() && function.over.is_none() && function.within_group.is_empty();
        let parts: Vec<String> =
            function.name.0.iter().filter_map(|part| part.as_ident()).map(bind::names::folded).collect();
        let name = match parts.as_slice() {
            [name] if plain => name.as_str(),
            [schema, name] if plain && schema == "pg_catalog" => name.as_str(),
            _ => return None,
        };
        let list = match &function.args {
            FunctionArguments::None => return keyword(name),
            FunctionArguments::List(list) if list.duplicate_treatment.is_none() && list.clauses.is_empty() => list,
            _ => return None,
        };
        let mut arguments = Vec::with_capacity(list.args.len());
        for argument in &list.args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument else { return None };
            arguments.push(self.read(expr)?);
        }
        let call = |before: String, arguments: Vec<Node>, result: PgType| {
            typed(Node::Call { before, arguments, separator: ", ", after: ")" }, result)
        };
        if let "coalesce" | "nullif" | "greatest" | "least" = name {
            let common = common_type(arguments.iter().map(|argument| &argument.data_type))?;
            let arguments: Option<Vec<Node>> =
                arguments.into_iter().map(|argument| Some(self.coerce(argument, &common)?.node)).collect();
            return Some(call(format!("{}(", name.to_uppercase()), arguments?, common));
        }
        let given: Vec<PgType> = arguments.iter().map(|argument| argument.data_type.clone()).collect();
        let Some((wanted, result)) = resolve(name, &given) else {
            // A function of our own: without arguments there is nothing to convert.
            return given.is_empty().then(|| call(format!("{}(", quote_ident(name)), Vec::new(), PgType::Unknown));
        };
        let arguments: Option<Vec<Node>> =
            arguments.into_iter().zip(&wanted).map(|(own, wanted)| Some(self.coerce(own, wanted)?.node)).collect();
        Some(call(format!("{}(", quote_ident(name)), arguments?, result))
    }
}
