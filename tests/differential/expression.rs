//! Random expressions of a wanted type. None of them can fail: which of several errors a query ends with is nobody's
//! promise.

use super::query::Generator;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Int,
    Bigint,
    Text,
    Bool,
    Numeric,
    Date,
}

/// Something that an expression may mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub sql: String,
    pub data_type: Type,
}

impl Type {
    pub const ALL: [Self; 8] =
        [Self::Int, Self::Int, Self::Int, Self::Bigint, Self::Text, Self::Bool, Self::Numeric, Self::Date];

    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Bigint => "bigint",
            Self::Text => "text",
            Self::Bool => "boolean",
            Self::Numeric => "numeric(12,2)",
            Self::Date => "date",
        }
    }
}

/// Deepest nesting of queries.
const DEPTH: usize = 3;

impl Generator {
    /// An expression over columns.
    pub fn expression(&mut self, data_type: Type, columns: &[Column], depth: usize) -> String {
        self.nested(data_type, columns, depth, 0)
    }

    fn nested(&mut self, data_type: Type, columns: &[Column], depth: usize, height: usize) -> String {
        if height < 3 && self.random.one_in(3) {
            return self.compound(data_type, columns, depth, height + 1);
        }
        let own: Vec<&Column> = columns.iter().filter(|column| column.data_type == data_type).collect();
        if !own.is_empty() && !self.random.one_in(5) {
            return self.random.pick(&own).sql.clone();
        }
        self.literal(data_type)
    }

    fn literal(&mut self, data_type: Type) -> String {
        if self.random.one_in(8) {
            return format!("NULL::{}", data_type.name());
        }
        let number = self.random.below(5);
        match data_type {
            Type::Int => number.to_string(),
            Type::Bigint => format!("{number}::bigint"),
            Type::Text => format!("'{}'", self.random.pick(&["p", "q", "r", "", "pq"])),
            Type::Bool => self.random.pick(&["true", "false"]).into(),
            Type::Numeric => format!("{number}.50::numeric(12,2)"),
            Type::Date => format!("DATE '2020-01-0{}'", number + 1),
        }
    }

    fn compound(&mut self, data_type: Type, columns: &[Column], depth: usize, height: usize) -> String {
        if self.budget > 0 && depth < DEPTH && self.random.one_in(5) {
            return format!("({})", self.scalar(data_type, columns, depth + 1));
        }
        if data_type == Type::Bool {
            return format!("({})", self.condition(columns, depth, height));
        }
        let part = |this: &mut Self| this.nested(data_type, columns, depth, height);
        match self.random.below(5) {
            0 => {
                let (then, otherwise) = (part(self), part(self));
                let condition = self.condition(columns, depth, height);
                format!("CASE WHEN {condition} THEN {then} ELSE {otherwise} END")
            }
            1 => format!("coalesce({}, {})", part(self), part(self)),
            2 => format!("nullif({}, {})", part(self), part(self)),
            3 => format!("greatest({}, {})", part(self), part(self)),
            _ => match data_type {
                Type::Int | Type::Bigint => {
                    let operator = self.random.pick(&["+", "-"]);
                    format!("({} {operator} {})", part(self), part(self))
                }
                Type::Text => format!("({} || {})", part(self), part(self)),
                Type::Date => format!("({} + 1)", part(self)),
                _ => format!("least({}, {})", part(self), part(self)),
            },
        }
    }

    /// A condition: true, false or NULL.
    pub fn predicate(&mut self, columns: &[Column], depth: usize) -> String {
        self.condition(columns, depth, 0)
    }

    fn condition(&mut self, columns: &[Column], depth: usize, height: usize) -> String {
        if self.budget > 0 && depth < DEPTH && self.random.one_in(4) {
            return self.subquery_test(columns, depth);
        }
        if height >= 3 {
            return self.nested(Type::Bool, columns, depth, height);
        }
        let data_type = self.random.pick(&Type::ALL);
        let deeper = height + 1;
        let part = |this: &mut Self| this.nested(data_type, columns, depth, deeper);
        match self.random.below(11) {
            0 => format!("({}) IS NULL", part(self)),
            1 => format!("({}) IS NOT NULL", part(self)),
            2 => format!("{} IN ({}, {})", part(self), self.literal(data_type), part(self)),
            3 => format!("{} NOT IN ({}, {})", part(self), self.literal(data_type), part(self)),
            4 => format!("{} IS DISTINCT FROM {}", part(self), part(self)),
            5 => format!("{} BETWEEN {} AND {}", part(self), part(self), part(self)),
            6 => {
                let (left, right) = (self.condition(columns, depth, deeper), self.condition(columns, depth, deeper));
                format!("(({left}) {} ({right}))", self.random.pick(&["AND", "OR"]))
            }
            7 => format!("NOT ({})", self.condition(columns, depth, deeper)),
            8 => {
                let test = self.random.pick(&["IS TRUE", "IS NOT TRUE", "IS FALSE", "IS UNKNOWN"]);
                format!("({}) {test}", self.condition(columns, depth, deeper))
            }
            _ => {
                let operator = self.random.pick(&["=", "=", "<>", "<", "<=", ">", ">="]);
                format!("{} {operator} {}", part(self), part(self))
            }
        }
    }

    fn subquery_test(&mut self, columns: &[Column], depth: usize) -> String {
        let data_type = self.random.pick(&Type::ALL);
        let left = self.nested(data_type, columns, depth, 2);
        match self.random.below(7) {
            0 => {
                let not = self.random.pick(&["", "NOT "]);
                format!("{not}EXISTS ({})", self.query(&[data_type], columns, depth + 1))
            }
            1 | 2 => {
                let not = self.random.pick(&["IN", "NOT IN"]);
                format!("{left} {not} ({})", self.query(&[data_type], columns, depth + 1))
            }
            3 | 4 => {
                let operator = self.random.pick(&["=", "<>", "<", "<=", ">", ">="]);
                let word = self.random.pick(&["ANY", "ALL"]);
                let mut query = self.query(&[data_type], columns, depth + 1);
                if query.starts_with("VALUES") {
                    // The parser takes `ANY (VALUES (1))` for the call of a function.
                    query = format!("SELECT * FROM ({query}) AS v");
                }
                format!("{left} {operator} {word} ({query})")
            }
            5 => {
                let other_type = self.random.pick(&Type::ALL);
                let other = self.nested(other_type, columns, depth, 2);
                let not = self.random.pick(&["IN", "NOT IN"]);
                format!("({left}, {other}) {not} ({})", self.query(&[data_type, other_type], columns, depth + 1))
            }
            _ => {
                let operator = self.random.pick(&["=", "<>", "<", ">"]);
                format!("{left} {operator} ({})", self.scalar(data_type, columns, depth + 1))
            }
        }
    }

    /// An aggregate over the rows of a query, of a wanted type.
    pub fn aggregate(&mut self, data_type: Type, own: &[Column], outer: &[Column], depth: usize) -> String {
        let all: Vec<Column> = own.iter().chain(outer).cloned().collect();
        // An aggregate without a column of its own query belongs to the query around it.
        let argument = |this: &mut Self, data_type: Type| {
            let columns: Vec<&Column> = own.iter().filter(|column| column.data_type == data_type).collect();
            if columns.is_empty() {
                let value = this.literal(data_type);
                return format!("CASE WHEN {} IS NULL THEN NULL ELSE {value} END", own[0].sql);
            }
            let column = this.random.pick(&columns).sql.clone();
            if this.random.one_in(6) && this.budget > 0 && depth < DEPTH {
                let value = this.scalar(data_type, &all, depth + 1);
                return format!("coalesce({column}, ({value}))");
            }
            column
        };
        let call = match data_type {
            Type::Bigint => match self.random.below(4) {
                0 => format!("sum({})", argument(self, Type::Int)),
                1 => format!("count({})", argument(self, Type::Text)),
                2 => format!("count(DISTINCT {})", argument(self, Type::Int)),
                _ => format!("count({})", own[0].sql),
            },
            Type::Bool => format!("{}({})", self.random.pick(&["bool_and", "bool_or"]), argument(self, Type::Bool)),
            Type::Text if self.random.one_in(3) => {
                let value = argument(self, Type::Text);
                format!("string_agg({value}, ',' ORDER BY {value})")
            }
            Type::Numeric if self.random.one_in(2) => format!("sum({})", argument(self, Type::Numeric)),
            _ => format!("{}({})", self.random.pick(&["min", "max"]), argument(self, data_type)),
        };
        if self.random.one_in(6) {
            let condition = self.predicate(own, depth.max(DEPTH - 1));
            return format!("{call} FILTER (WHERE {condition})");
        }
        call
    }

    /// A window function whose value does not depend on the order of equal rows.
    pub fn window(&mut self, data_type: Type, own: &[Column], outer: &[Column], depth: usize) -> String {
        let call = match data_type {
            Type::Bigint => match self.random.below(3) {
                0 => "rank()".into(),
                1 => "dense_rank()".into(),
                _ => format!("count({})", self.random.pick(own).sql),
            },
            _ => {
                let found: Vec<&Column> = own.iter().filter(|column| column.data_type == data_type).collect();
                if found.is_empty() || data_type == Type::Bool {
                    return self.expression(data_type, own, depth);
                }
                format!("{}({})", self.random.pick(&["min", "max"]), self.random.pick(&found).sql)
            }
        };
        let mut over = Vec::new();
        if self.random.one_in(2) {
            over.push(format!("PARTITION BY {}", self.random.pick(own).sql));
        }
        if self.random.one_in(2) {
            let all: Vec<Column> = own.iter().chain(outer).cloned().collect();
            let key = self.expression(Type::Int, &all, depth.max(DEPTH - 1));
            // A constant would be a place in the list to some and is a mistake to others.
            over.push(format!("ORDER BY {key} + {}", 0));
        }
        format!("{call} OVER ({})", over.join(" "))
    }
}
