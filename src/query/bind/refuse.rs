//! What is answered with 0A000, and what a query must not have to be a plain one.

use datafusion::sql::sqlparser::ast::{
    GroupByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, TableFactor, WildcardAdditionalOptions,
};

use crate::error::{Error, QueryError};

/// 0A000 with PostgreSQL's usual wording.
pub fn not_supported(what: impl std::fmt::Display) -> Error {
    QueryError::NotSupported(format!("{what} is not supported")).into()
}

/// The SELECT of a query that has nothing but a list, FROM, WHERE, ORDER BY and LIMIT.
pub fn plain_select(query: &Query) -> Option<&Select> {
    let plain_order = query.order_by.as_ref().is_none_or(|order_by| {
        order_by.interpolate.is_none()
            && matches!(&order_by.kind, OrderByKind::Expressions(keys) if keys.iter().all(|key| key.with_fill.is_none()))
    });
    let plain = query.with.is_none()
        && query.fetch.is_none()
        && query.locks.is_empty()
        && query.for_clause.is_none()
        && query.settings.is_none()
        && query.format_clause.is_none()
        && query.pipe_operators.is_empty()
        && plain_order;
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    (plain && is_plain(select)).then_some(select)
}

fn is_plain(select: &Select) -> bool {
    select.distinct.is_none()
        && select.into.is_none()
        && select.top.is_none()
        && select.exclude.is_none()
        && select.select_modifiers.is_none()
        && select.lateral_views.is_empty()
        && select.prewhere.is_none()
        && select.having.is_none()
        && select.named_window.is_empty()
        && select.qualify.is_none()
        && select.connect_by.is_empty()
        && select.cluster_by.is_empty()
        && select.distribute_by.is_empty()
        && select.sort_by.is_empty()
        && select.value_table_mode.is_none()
        && matches!(&select.group_by, GroupByExpr::Expressions(list, modifiers) if list.is_empty() && modifiers.is_empty())
        && select.projection.iter().all(|item| match item {
            SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => is_bare(options),
            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } => true,
            SelectItem::ExprWithAliases { .. } => false,
        })
}

/// Is it `*` without what other databases write behind it?
fn is_bare(options: &WildcardAdditionalOptions) -> bool {
    let WildcardAdditionalOptions { wildcard_token, .. } = options;
    *options == WildcardAdditionalOptions { wildcard_token: wildcard_token.clone(), ..Default::default() }
}

/// Is it a table without samples, hints and the like?
pub fn is_plain_table(factor: &TableFactor) -> bool {
    match factor {
        TableFactor::Table {
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
            with_hints,
            args,
            ..
        } => {
            version.is_none()
                && !with_ordinality
                && partitions.is_empty()
                && json_path.is_none()
                && sample.is_none()
                && index_hints.is_empty()
                && with_hints.is_empty()
                && args.is_none()
        }
        _ => false,
    }
}
