//! Random queries: the parts of a SELECT, and who makes them.

use super::expression::{Column, Type};
use super::random::Random;

/// A SELECT in parts, so that some can be left away to see what a difference needs.
#[derive(Clone, Debug, Default)]
pub struct Select {
    pub ctes: Vec<String>,
    pub distinct: String,
    pub targets: Vec<String>,
    pub from: String,
    pub filter: Vec<String>,
    pub group: String,
    pub having: String,
    /// A set operation and its right side.
    pub set: String,
    pub order: String,
    pub limit: String,
}

impl Select {
    pub fn sql(&self) -> String {
        let mut sql = String::new();
        let mut clause = |word: &str, text: &str| {
            if !text.is_empty() {
                if !sql.is_empty() {
                    sql.push(' ');
                }
                sql.push_str(word);
                sql.push_str(text);
            }
        };
        clause("WITH ", &self.ctes.join(", "));
        clause("SELECT ", &format!("{}{}", self.distinct, self.targets.join(", ")));
        clause("FROM ", &self.from);
        clause("WHERE ", &self.filter.join(" AND "));
        clause("GROUP BY ", &self.group);
        clause("HAVING ", &self.having);
        clause("", &self.set);
        clause("ORDER BY ", &self.order);
        clause("", &self.limit);
        sql
    }

    /// The same with one part less, every way.
    pub fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        let mut without = |change: &dyn Fn(&mut Self)| {
            let mut one = self.clone();
            change(&mut one);
            if one.sql() != self.sql() {
                smaller.push(one);
            }
        };
        without(&|one| one.limit.clear());
        without(&|one| one.order.clear());
        without(&|one| one.set.clear());
        without(&|one| one.having.clear());
        without(&|one| one.distinct.clear());
        for index in 0..self.filter.len() {
            without(&|one| drop(one.filter.remove(index)));
        }
        if self.targets.len() > 1 && self.set.is_empty() && self.order.is_empty() {
            for index in 0..self.targets.len() {
                without(&|one| drop(one.targets.remove(index)));
            }
        }
        for index in 0..self.ctes.len() {
            without(&|one| drop(one.ctes.remove(index)));
        }
        smaller
    }
}

/// Makes queries.
pub struct Generator {
    pub random: Random,
    /// How many names there are so far.
    names: usize,
    /// How many more queries the statement may have inside.
    pub budget: usize,
    /// What WITH has named: the name and its columns.
    ctes: Vec<(String, Vec<Type>)>,
}

/// The tables of [`super::world`].
const TABLES: [(&str, &[(&str, Type)]); 4] = [
    ("t1", &[("id", Type::Int), ("a", Type::Int), ("b", Type::Int), ("c", Type::Text), ("d", Type::Numeric)]),
    ("t2", &[("id", Type::Int), ("a", Type::Int), ("b", Type::Bigint), ("c", Type::Text), ("e", Type::Date)]),
    ("t3", &[("k", Type::Text), ("n", Type::Int), ("a", Type::Int), ("p", Type::Bool)]),
    ("t0", &[("id", Type::Int), ("a", Type::Int), ("c", Type::Text)]),
];

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), names: 0, budget: 0, ctes: Vec::new() }
    }

    pub fn name(&mut self, letter: char) -> String {
        self.names += 1;
        format!("{letter}{}", self.names)
    }

    /// A statement, and whether its rows are in order.
    pub fn statement(&mut self) -> (Select, bool) {
        self.ctes.clear();
        self.budget = self.random.below(5);
        let mut ctes = Vec::new();
        while self.budget > 0 && self.random.one_in(6) {
            let width = 1 + self.random.below(2);
            let types = self.types(width);
            let query = self.query(&types, &[], 1);
            let name = self.name('w');
            let columns: Vec<String> = (0..types.len()).map(|index| format!("c{index}")).collect();
            ctes.push(format!("{name}({}) AS ({query})", columns.join(", ")));
            self.ctes.push((name, types));
        }
        let width = 1 + self.random.below(4);
        let types = self.types(width);
        let (mut select, _) = self.select(Some(&types), &[], 0);
        select.ctes = ctes;
        if self.random.one_in(8) {
            select.set = self.set(&types, &[], 1);
        }
        let places: Vec<String> = (1..=select.targets.len()).map(|place| place.to_string()).collect();
        let ordered = select.distinct.contains("ON") || self.random.one_in(3);
        if ordered {
            select.order = self.order(&places);
            if self.random.one_in(2) {
                select.limit = self.limit();
            }
        }
        (select, ordered)
    }

    fn types(&mut self, width: usize) -> Vec<Type> {
        (0..width).map(|_| self.random.pick(&Type::ALL)).collect()
    }

    /// A total order: by all columns.
    fn order(&mut self, places: &[String]) -> String {
        let mut keys = Vec::with_capacity(places.len());
        for place in places {
            let direction = self.random.pick(&["", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"]);
            keys.push(format!("{place}{direction}"));
        }
        keys.join(", ")
    }

    fn limit(&mut self) -> String {
        let count = self.random.below(5);
        match self.random.below(5) {
            0 => format!("OFFSET {count}"),
            1 => format!("LIMIT {count} OFFSET {}", self.random.below(3)),
            2 => format!("LIMIT (SELECT count(*) FROM t{})", self.random.below(4)),
            _ => format!("LIMIT {count}"),
        }
    }

    fn set(&mut self, types: &[Type], outer: &[Column], depth: usize) -> String {
        let operator = self.random.pick(&["UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"]);
        let (right, _) = self.select(Some(types), outer, depth + 1);
        let mut right = right;
        right.distinct.clear();
        format!("{operator} {}", right.sql())
    }

    /// A query with columns of these types, as text.
    pub fn query(&mut self, types: &[Type], outer: &[Column], depth: usize) -> String {
        self.budget = self.budget.saturating_sub(1);
        if self.random.one_in(12) {
            let mut rows = Vec::new();
            for _ in 0..1 + self.random.below(3) {
                let mut cells = Vec::with_capacity(types.len());
                for data_type in types {
                    let cell = self.expression(*data_type, outer, depth + 2);
                    cells.push(format!("CAST({cell} AS {})", data_type.name()));
                }
                rows.push(format!("({})", cells.join(", ")));
            }
            return format!("VALUES {}", rows.join(", "));
        }
        let (mut select, _) = self.select(Some(types), outer, depth);
        if depth < 3 && self.random.one_in(8) {
            select.set = self.set(types, outer, depth);
        }
        let places: Vec<String> = (1..=select.targets.len()).map(|place| place.to_string()).collect();
        if select.distinct.contains("ON") || self.random.one_in(6) {
            select.order = self.order(&places);
            if self.random.one_in(2) {
                select.limit = self.limit();
            }
        }
        select.sql()
    }

    /// A query of one row and one column.
    pub fn scalar(&mut self, data_type: Type, outer: &[Column], depth: usize) -> String {
        self.budget = self.budget.saturating_sub(1);
        if self.random.one_in(3) {
            let (mut select, _) = self.select(Some(&[data_type]), outer, depth);
            select.distinct.clear();
            select.order = "1".into();
            select.limit = "LIMIT 1".into();
            return select.sql();
        }
        let (from, columns) = self.from(outer, depth);
        let filter = self.filter(&columns, outer, depth);
        let aggregate = self.aggregate(data_type, &columns, outer, depth);
        Select { targets: vec![aggregate], from, filter, ..Select::default() }.sql()
    }

    /// A SELECT; what its rows are made of comes with it.
    pub fn select(&mut self, types: Option<&[Type]>, outer: &[Column], depth: usize) -> (Select, Vec<Column>) {
        let types = types.map_or_else(|| vec![Type::Int], <[Type]>::to_vec);
        let (from, own) = self.from(outer, depth);
        let filter = self.filter(&own, outer, depth);
        let mut select = Select { from, filter, ..Select::default() };
        let grouped = self.random.one_in(4);
        let mut visible: Vec<Column> = own.clone();
        if grouped {
            visible = self.group(&mut select, &own, outer, depth);
        }
        let all: Vec<Column> = visible.iter().chain(outer).cloned().collect();
        for data_type in &types {
            let target = if !grouped && self.random.one_in(10) {
                self.window(*data_type, &own, outer, depth)
            } else {
                self.expression(*data_type, &all, depth)
            };
            // The types of literals are to be the wanted ones.
            select.targets.push(format!("CAST({target} AS {})", data_type.name()));
        }
        if self.random.one_in(7) {
            select.distinct = "DISTINCT ".into();
        } else if depth < 2 && self.random.one_in(14) {
            select.distinct = format!("DISTINCT ON ({}) ", select.targets[0]);
        }
        (select, own)
    }

    /// GROUP BY. Answers what may be mentioned above it.
    fn group(&mut self, select: &mut Select, own: &[Column], outer: &[Column], depth: usize) -> Vec<Column> {
        let mut keys: Vec<Column> = Vec::new();
        for _ in 0..self.random.below(3) {
            let key = self.random.pick(own);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let texts: Vec<&str> = keys.iter().map(|key| key.sql.as_str()).collect();
        let list = texts.join(", ");
        select.group = match self.random.below(6) {
            _ if keys.is_empty() => String::new(),
            0 => format!("ROLLUP ({list})"),
            1 => format!("CUBE ({list})"),
            2 => format!("GROUPING SETS (({list}), ({}))", texts[0]),
            3 => format!("GROUPING SETS (({list}), ())"),
            _ => list,
        };
        let mut visible = keys;
        for _ in 0..1 + self.random.below(2) {
            let data_type = self.random.pick(&Type::ALL);
            let sql = self.aggregate(data_type, own, outer, depth);
            visible.push(Column { sql, data_type });
        }
        if self.random.one_in(3) {
            let all: Vec<Column> = visible.iter().chain(outer).cloned().collect();
            select.having = self.predicate(&all, depth + 1);
        } else if select.group.is_empty() {
            select.having = "true".into();
        }
        visible
    }

    pub fn filter(&mut self, own: &[Column], outer: &[Column], depth: usize) -> Vec<String> {
        let all: Vec<Column> = own.iter().chain(outer).cloned().collect();
        let mut filter = Vec::new();
        while self.random.one_in(2) {
            let condition = self.predicate(&all, depth);
            filter.push(format!("({condition})"));
        }
        filter
    }

    /// FROM, and its columns.
    pub fn from(&mut self, outer: &[Column], depth: usize) -> (String, Vec<Column>) {
        let (mut sql, mut columns) = self.item(&[], outer, depth);
        while columns.len() < 14 && self.random.one_in(3) {
            let kind = self.random.pick(&["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ","]);
            let lateral_allowed = matches!(kind, "JOIN" | "LEFT JOIN" | "CROSS JOIN" | ",");
            let (item, more) = self.item(if lateral_allowed { &columns } else { &[] }, outer, depth);
            if kind == "," {
                sql = format!("{sql} CROSS JOIN {item}");
                columns.extend(more);
                continue;
            }
            let both: Vec<Column> = columns.iter().chain(&more).cloned().collect();
            let condition = match kind {
                "CROSS JOIN" => String::new(),
                "FULL JOIN" => self.equality(&columns, &more).map_or_else(|| " ON true".into(), |c| format!(" ON {c}")),
                _ => {
                    let equal = self.equality(&columns, &more).filter(|_| !self.random.one_in(4));
                    let equal = equal.unwrap_or_else(|| format!("({})", self.predicate(&both, depth + 1)));
                    if self.random.one_in(4) {
                        let all: Vec<Column> = both.iter().chain(outer).cloned().collect();
                        format!(" ON {equal} AND ({})", self.predicate(&all, depth + 1))
                    } else {
                        format!(" ON {equal}")
                    }
                }
            };
            sql = format!("{sql} {kind} {item}{condition}");
            columns = both;
        }
        (sql, columns)
    }

    fn equality(&mut self, left: &[Column], right: &[Column]) -> Option<String> {
        let one = self.random.pick(left);
        let same: Vec<&Column> = right.iter().filter(|column| column.data_type == one.data_type).collect();
        let other = (!same.is_empty()).then(|| self.random.pick(&same))?;
        Some(format!("{} = {}", one.sql, other.sql))
    }

    /// One item of FROM; it may be lateral to `beside`.
    fn item(&mut self, beside: &[Column], outer: &[Column], depth: usize) -> (String, Vec<Column>) {
        let name = self.name('r');
        let columns = |names: &[(&str, Type)], name: &str| {
            names
                .iter()
                .map(|(column, data_type)| Column { sql: format!("{name}.{column}"), data_type: *data_type })
                .collect()
        };
        if self.budget > 0 && depth < 3 && self.random.one_in(5) {
            let width = 1 + self.random.below(3);
            let types = self.types(width);
            let lateral = !beside.is_empty() && self.random.one_in(2);
            let seen: Vec<Column> =
                if lateral { beside.iter().chain(outer).cloned().collect() } else { outer.to_vec() };
            let query = self.query(&types, &seen, depth + 1);
            let word = if lateral { "LATERAL " } else { "" };
            let names: Vec<String> = (0..types.len()).map(|index| format!("c{index}")).collect();
            let found = names.iter().zip(&types);
            let found =
                found.map(|(column, data_type)| Column { sql: format!("{name}.{column}"), data_type: *data_type });
            return (format!("{word}({query}) AS {name}({})", names.join(", ")), found.collect());
        }
        if !self.ctes.is_empty() && self.random.one_in(4) {
            let (cte, types) = self.random.pick(&self.ctes.clone());
            let found = types.iter().enumerate();
            let found =
                found.map(|(index, data_type)| Column { sql: format!("{name}.c{index}"), data_type: *data_type });
            return (format!("{cte} AS {name}"), found.collect());
        }
        if self.random.one_in(14) {
            let seen: Vec<Column> = beside.iter().filter(|column| column.data_type == Type::Int).cloned().collect();
            let last = if seen.is_empty() { self.random.below(4).to_string() } else { self.random.pick(&seen).sql };
            return (format!("generate_series(1, {last}) AS {name}(g)"), columns(&[("g", Type::Int)], &name));
        }
        let index = if self.random.one_in(8) { 3 } else { self.random.below(3) };
        let (table, own) = TABLES[index];
        (format!("{table} AS {name}"), columns(own, &name))
    }
}
