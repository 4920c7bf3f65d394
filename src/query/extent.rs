//! How large the plan of a statement will be, measured on its syntax tree before anything is planned.
//!
//! A plan is a tree over which DataFusion recurses many times, and which recurses once more when it is dropped.
//! Two numbers decide what that costs. Its *height*: every relation after the first one in a FROM, every
//! subquery of a condition and every step through a WITH puts one more join or alias on top of the others, and
//! a tree that is too high overflows the stack, which ends the process. And its *size*: DataFusion plans a WITH
//! query once for every mention, so that queries that mention each other twice double at every step.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Query, Select, Statement, TableFactor, Visit, Visitor};

use super::bind::names;
use super::guards::too_complex;
use crate::error::Result;

/// Most relations and subqueries on top of each other. An optimised build survives more than twice as many on
/// the two megabytes of stack that a thread of tokio has by default, see `server/cli/start.rs` for the server's.
pub const HEIGHT: usize = 200;
/// Most relations of a statement once every mention of a WITH query stands for the relations inside it. They
/// are planned within a few tenths of a second.
pub const RELATIONS: usize = 2_000;
/// Most expressions of a statement that mentions WITH queries, counting every mention. Without one, the length of
/// the text is bound enough.
pub const EXPRESSIONS: usize = 1_000_000;
/// Most calls of window functions: each may want an order of its own.
pub const WINDOWS: usize = 200;

/// Refuses a statement whose plan would be too high or too large.
///
/// # Errors
/// [`crate::error::QueryError::TooComplex`] (54001).
pub fn check(statement: &Statement) -> Result<()> {
    let mut extent = Extent { frames: vec![Frame::default()], windows: 0, mentions: false };
    if statement.visit(&mut extent).is_break() {
        return Err(too_complex().into());
    }
    Ok(())
}

/// A query, a SELECT in it, or the statement around all of them.
#[derive(Default)]
struct Frame {
    /// What stands directly in it: relations and subqueries.
    items: usize,
    /// The highest of those.
    highest: usize,
    /// Relations, subqueries and window functions, with all that they stand for.
    relations: usize,
    /// Expressions, likewise.
    expressions: usize,
    /// The size of the WITH queries that may be mentioned here.
    known: HashMap<String, Size>,
    /// The WITH queries by their address, as long as they were not visited.
    awaited: HashMap<usize, String>,
}

#[derive(Clone, Copy, Default)]
struct Size {
    height: usize,
    relations: usize,
    expressions: usize,
}

impl Frame {
    fn size(&self) -> Size {
        let height = self.items.saturating_add(self.highest);
        Size { height, relations: self.relations, expressions: self.expressions }
    }
}

struct Extent {
    frames: Vec<Frame>,
    windows: usize,
    /// Was a WITH query mentioned?
    mentions: bool,
}

impl Extent {
    /// Ends the innermost frame.
    fn close(&mut self) -> Size {
        self.frames.pop().map_or_else(Size::default, |frame| frame.size())
    }

    /// Adds to the innermost frame.
    fn add(&mut self, items: usize, inner: Size) -> ControlFlow<()> {
        let Some(frame) = self.frames.last_mut() else { return ControlFlow::Continue(()) };
        frame.items += items;
        frame.highest = frame.highest.max(inner.height);
        frame.relations = frame.relations.saturating_add(inner.relations);
        frame.expressions = frame.expressions.saturating_add(inner.expressions);
        let size = frame.size();
        let long = self.mentions && size.expressions > EXPRESSIONS;
        if size.height > HEIGHT || size.relations > RELATIONS || long {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn address(query: &Query) -> usize {
    std::ptr::from_ref(query) as usize
}

impl Visitor for Extent {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        let awaited = tables.map(|cte| (address(&cte.query), names::folded(&cte.alias.name))).collect();
        self.frames.push(Frame { awaited, ..Frame::default() });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let size = self.close();
        let Some(outer) = self.frames.last_mut() else { return ControlFlow::Continue(()) };
        match outer.awaited.remove(&address(query)) {
            // It costs nothing until it is mentioned.
            Some(name) => {
                outer.known.insert(name, size);
                ControlFlow::Continue(())
            }
            None => self.add(1, Size { relations: size.relations + 1, ..size }),
        }
    }

    fn pre_visit_select(&mut self, _select: &Select) -> ControlFlow<()> {
        self.frames.push(Frame::default());
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _select: &Select) -> ControlFlow<()> {
        let size = self.close();
        self.add(0, size)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let inner = match factor {
            // Its query counts when it has been visited, as the relations inside parentheses do.
            TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => return ControlFlow::Continue(()),
            TableFactor::Table { name, .. } => match name.0.as_slice() {
                [part] => part.as_ident().and_then(|name| {
                    let name = names::folded(name);
                    self.frames.iter().rev().find_map(|frame| frame.known.get(&name).copied())
                }),
                _ => None,
            },
            _ => None,
        };
        self.mentions |= inner.is_some();
        let mut inner = inner.unwrap_or_default();
        inner.relations += 1;
        self.add(1, inner)
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let Some(frame) = self.frames.last_mut() else { return ControlFlow::Continue(()) };
        frame.expressions += 1;
        if matches!(expr, Expr::Function(function) if function.over.is_some()) {
            frame.relations += 1;
            self.windows += 1;
            if self.windows > WINDOWS {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::parse;

    fn passes(sql: &str) -> bool {
        match parse(sql) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.sqlstate().0, "54001", "{sql}: {error}");
                false
            }
        }
    }

    fn many(count: usize, separator: &str, item: impl Fn(usize) -> String) -> String {
        (0..count).map(item).collect::<Vec<_>>().join(separator)
    }

    #[test]
    fn relations_of_one_from_are_counted() {
        let commas = |count| format!("SELECT 1 FROM {}", many(count, ", ", |n| format!("t AS t{n}")));
        let joins =
            |count| format!("SELECT 1 FROM t{}", many(count, "", |n| format!(" JOIN t AS t{n} ON t{n}.id = t.id")));
        assert!(passes(&commas(HEIGHT - 1)) && passes(&joins(HEIGHT - 2)));
        assert!(!passes(&commas(HEIGHT + 1)) && !passes(&joins(HEIGHT)));
        // What stands beside each other does not add up.
        let select = "SELECT 1 FROM a, b, c, d, e, f, g, h, i, j";
        assert!(passes(&many(40, " UNION ALL ", |_| select.into())));
    }

    #[test]
    fn subqueries_of_a_condition_are_counted() {
        let exists = |count| format!("SELECT 1 FROM t WHERE {}", many(count, " AND ", |_| "EXISTS (SELECT 1)".into()));
        let delete = |count| format!("DELETE FROM t WHERE {}", many(count, " OR ", |n| format!("id IN (SELECT {n})")));
        assert!(passes(&exists(HEIGHT - 2)) && passes(&delete(HEIGHT - 2)));
        assert!(!passes(&exists(HEIGHT + 1)) && !passes(&delete(HEIGHT + 1)));
    }

    #[test]
    fn steps_through_with_queries_add_up() {
        let chain = |count| {
            let steps = many(count, "", |n| format!(", c{} AS (SELECT * FROM c{n})", n + 1));
            format!("WITH c0 AS (SELECT 1 AS x){steps} SELECT * FROM c{count}")
        };
        assert!(passes(&chain(HEIGHT - 10)) && !passes(&chain(HEIGHT + 1)));
        let doubling = |count| {
            let steps = many(count, "", |n| format!(", c{} AS (SELECT a.x FROM c{n} a, C{n} b)", n + 1));
            format!("WITH c0 AS (SELECT 1 AS x){steps} SELECT * FROM c{count}")
        };
        assert!(passes(&doubling(8)) && !passes(&doubling(14)) && !passes(&doubling(150)));
        let list = |count| {
            let values = many(10_000, ", ", |n| n.to_string());
            let mentions = many(count, " UNION ALL ", |_| "SELECT * FROM c, c AS d, c AS e".into());
            format!("WITH c AS (SELECT 1 WHERE 1 IN ({values})) {mentions}")
        };
        assert!(passes(&list(30)) && !passes(&list(40)));
        // Many that are not connected are neither high nor large.
        let beside = many(300, ", ", |n| format!("c{n} AS (SELECT 1)"));
        assert!(passes(&format!("WITH {beside} SELECT * FROM c1, c2")));
    }

    #[test]
    fn window_functions_are_counted() {
        let windows =
            |count| format!("SELECT {} FROM t", many(count, ", ", |n| format!("sum(a) OVER (ORDER BY id + {n})")));
        assert!(passes(&windows(WINDOWS)) && !passes(&windows(WINDOWS + 1)));
    }
}
