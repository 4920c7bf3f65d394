//! Walking over bound trees.
//!
//! Everything that asks "does this tree mention …" goes through [`Expression::walk`] and [`Query::walk`]: they
//! alone know where expressions hide, and count how many queries deep each of them stands.

use recursive::recursive;

use super::{
    Distinct, Expression, FrameBound, Join, Kind, Query, QueryBody, RelationKind, SortKey, SubqueryKind, Window,
};

/// Sees every expression of a tree, with the number of queries between it and the start of the walk. Answers
/// whether to go into its parts.
pub type Visit<'v> = &'v mut dyn FnMut(&Expression, usize) -> bool;

impl Expression {
    /// Shows `visit` this expression and all in it, queries included. `depth` is that of this expression.
    #[recursive]
    pub fn walk(&self, depth: usize, visit: Visit<'_>) {
        if !visit(self, depth) {
            return;
        }
        for part in self.parts() {
            part.walk(depth, visit);
        }
        if let Kind::Subquery(subquery) = &self.kind {
            subquery.query.walk(depth + 1, visit);
        }
    }

    /// Is there an expression in it, at its own level or in a query inside, for which `test` holds?
    pub fn mentions(&self, mut test: impl FnMut(&Expression, usize) -> bool) -> bool {
        let mut found = false;
        self.walk(0, &mut |expression, depth| {
            found |= test(expression, depth);
            !found
        });
        found
    }

    /// The expressions directly in it that belong to the same query.
    pub fn parts(&self) -> Vec<&Expression> {
        match &self.kind {
            Kind::Constant(_)
            | Kind::Parameter(_)
            | Kind::Column(_)
            | Kind::WholeRow { .. }
            | Kind::CaseOperand
            | Kind::SubqueryColumn(_)
            | Kind::Grouping(_)
            | Kind::Value(_)
            | Kind::Default(_) => Vec::new(),
            Kind::Function { arguments, .. }
            | Kind::Operator { arguments, .. }
            | Kind::Logic { arguments, .. }
            | Kind::Coalesce(arguments)
            | Kind::Greatest(arguments)
            | Kind::Least(arguments)
            | Kind::Row(arguments)
            | Kind::Array { elements: arguments, .. } => arguments.iter().collect(),
            Kind::ArrayOperator { left, array, .. } => vec![left, array],
            Kind::NullIf { left, right, .. } | Kind::DistinctFrom { left, right, .. } => vec![left, right],
            Kind::Coerce { argument, .. }
            | Kind::IsNull { argument, .. }
            | Kind::BooleanTest { argument, .. }
            | Kind::Field { argument, .. }
            | Kind::Collate { argument, .. } => vec![argument],
            Kind::Case(case) => {
                let branches = case.branches.iter().flat_map(|(condition, result)| [condition, result]);
                case.operand.as_deref().into_iter().chain(branches).chain(case.otherwise.as_deref()).collect()
            }
            Kind::Subquery(subquery) => match &subquery.kind {
                SubqueryKind::Exists | SubqueryKind::Scalar | SubqueryKind::Array => Vec::new(),
                SubqueryKind::Any { test } | SubqueryKind::All { test } | SubqueryKind::RowComparison { test } => {
                    vec![test]
                }
            },
            Kind::Aggregate(aggregate) => {
                let keys = aggregate.order_by.iter().map(|key| &key.expression);
                let arguments = aggregate.direct_arguments.iter().chain(&aggregate.arguments);
                arguments.chain(keys).chain(aggregate.filter.as_deref()).collect()
            }
            Kind::Window(Window { arguments, filter, .. }) => arguments.iter().chain(filter.as_deref()).collect(),
            Kind::RowComparison { left, right, .. } => left.iter().chain(right).collect(),
            Kind::Subscript { argument, indexes, .. } => {
                let bounds = indexes.iter().flat_map(|(lower, upper)| lower.iter().chain(upper));
                std::iter::once(argument.as_ref()).chain(bounds).collect()
            }
        }
    }

    /// As [`parts`](Self::parts), to change them.
    pub fn parts_mut(&mut self) -> Vec<&mut Expression> {
        match &mut self.kind {
            Kind::Constant(_)
            | Kind::Parameter(_)
            | Kind::Column(_)
            | Kind::WholeRow { .. }
            | Kind::CaseOperand
            | Kind::SubqueryColumn(_)
            | Kind::Grouping(_)
            | Kind::Value(_)
            | Kind::Default(_) => Vec::new(),
            Kind::Function { arguments, .. }
            | Kind::Operator { arguments, .. }
            | Kind::Logic { arguments, .. }
            | Kind::Coalesce(arguments)
            | Kind::Greatest(arguments)
            | Kind::Least(arguments)
            | Kind::Row(arguments)
            | Kind::Array { elements: arguments, .. } => arguments.iter_mut().collect(),
            Kind::ArrayOperator { left, array, .. } => vec![left, array],
            Kind::NullIf { left, right, .. } | Kind::DistinctFrom { left, right, .. } => vec![left, right],
            Kind::Coerce { argument, .. }
            | Kind::IsNull { argument, .. }
            | Kind::BooleanTest { argument, .. }
            | Kind::Field { argument, .. }
            | Kind::Collate { argument, .. } => vec![argument],
            Kind::Case(case) => {
                let branches = case.branches.iter_mut().flat_map(|(condition, result)| [condition, result]);
                case.operand.as_deref_mut().into_iter().chain(branches).chain(case.otherwise.as_deref_mut()).collect()
            }
            Kind::Subquery(subquery) => match &mut subquery.kind {
                SubqueryKind::Exists | SubqueryKind::Scalar | SubqueryKind::Array => Vec::new(),
                SubqueryKind::Any { test } | SubqueryKind::All { test } | SubqueryKind::RowComparison { test } => {
                    vec![test]
                }
            },
            Kind::Aggregate(aggregate) => {
                let keys = aggregate.order_by.iter_mut().map(|key| &mut key.expression);
                let arguments = aggregate.direct_arguments.iter_mut().chain(&mut aggregate.arguments);
                arguments.chain(keys).chain(aggregate.filter.as_deref_mut()).collect()
            }
            Kind::Window(Window { arguments, filter, .. }) => {
                arguments.iter_mut().chain(filter.as_deref_mut()).collect()
            }
            Kind::RowComparison { left, right, .. } => left.iter_mut().chain(right).collect(),
            Kind::Subscript { argument, indexes, .. } => {
                let bounds = indexes.iter_mut().flat_map(|(lower, upper)| lower.iter_mut().chain(upper));
                std::iter::once(argument.as_mut()).chain(bounds).collect()
            }
        }
    }
}

impl Query {
    /// Shows `visit` every expression of this query and of the queries in it; its own have the depth `depth`.
    #[recursive]
    pub fn walk(&self, depth: usize, visit: Visit<'_>) {
        for cte in &self.ctes {
            cte.query.walk(depth + 1, visit);
        }
        for relation in &self.relations {
            match &relation.kind {
                RelationKind::Table { sample: Some(sample), .. } => {
                    sample.0.walk(depth, visit);
                    sample.1.iter().for_each(|seed| seed.walk(depth, visit));
                }
                RelationKind::Subquery(query) => query.walk(depth + 1, visit),
                RelationKind::Values(rows) => rows.iter().flatten().for_each(|value| value.walk(depth, visit)),
                RelationKind::Functions { items, .. } => items.iter().for_each(|item| item.call.walk(depth, visit)),
                RelationKind::Join { columns } => columns.iter().for_each(|column| column.walk(depth, visit)),
                RelationKind::Table { .. }
                | RelationKind::System { .. }
                | RelationKind::Cte { .. }
                | RelationKind::Result => {}
            }
        }
        match &self.body {
            QueryBody::Select { from, filter, grouping, having, windows, distinct } => {
                from.iter().for_each(|join| conditions(join, depth, visit));
                filter.iter().chain(having).for_each(|condition| condition.walk(depth, visit));
                grouping.iter().flat_map(|grouping| &grouping.expressions).for_each(|key| key.walk(depth, visit));
                for window in windows {
                    window.partition_by.iter().for_each(|key| key.walk(depth, visit));
                    sort_keys(&window.order_by, depth, visit);
                    for bound in [&window.frame.start, &window.frame.end] {
                        if let FrameBound::Preceding(offset) | FrameBound::Following(offset) = bound {
                            offset.walk(depth, visit);
                        }
                    }
                }
                if let Some(Distinct::On(keys)) = distinct {
                    keys.iter().for_each(|key| key.walk(depth, visit));
                }
            }
            QueryBody::Values(rows) => rows.iter().flatten().for_each(|value| value.walk(depth, visit)),
            QueryBody::SetOperation(operation) => {
                operation.left.walk(depth + 1, visit);
                operation.right.walk(depth + 1, visit);
            }
        }
        self.targets.iter().for_each(|target| target.expression.walk(depth, visit));
        sort_keys(&self.order_by, depth, visit);
        self.limit.count.iter().chain(&self.limit.offset).for_each(|quantity| quantity.walk(depth, visit));
    }
}

fn sort_keys(keys: &[SortKey], depth: usize, visit: Visit<'_>) {
    keys.iter().for_each(|key| key.expression.walk(depth, visit));
}

fn conditions(join: &Join, depth: usize, visit: Visit<'_>) {
    if let Join::Join { left, right, condition, .. } = join {
        conditions(left, depth, visit);
        conditions(right, depth, visit);
        condition.iter().for_each(|condition| condition.walk(depth, visit));
    }
}
