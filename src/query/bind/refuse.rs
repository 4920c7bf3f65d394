//! What is answered with 0A000 because DataFusion would read over it.
//!
//! DataFusion's planner ignores `FOR UPDATE`, TABLESAMPLE, WITH ORDINALITY and more without a word, which
//! would be wrong results. Syntax of other databases that sqlparser accepts is a syntax error here, as in
//! PostgreSQL.

use datafusion::sql::sqlparser::ast::{
    Distinct, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr,
    JoinConstraint, JoinOperator, OrderByKind, Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier,
    TableFactor, TableWithJoins, Value, WildcardAdditionalOptions, WindowType,
};

use crate::error::{Error, QueryError};

/// 0A000 with PostgreSQL's usual wording.
pub fn not_supported(what: impl std::fmt::Display) -> Error {
    QueryError::NotSupported(format!("{what} is not supported")).into()
}

fn foreign(what: &str) -> Error {
    QueryError::Syntax(format!("syntax error at or near \"{what}\"")).into()
}

/// Checks the clauses around a query's body.
pub fn query(query: &Query) -> Result<(), Error> {
    if let Some(lock) = query.locks.first() {
        return Err(not_supported(format!("FOR {}", lock.lock_type)));
    }
    if query.for_clause.is_some() {
        return Err(foreign("FOR"));
    }
    if query.settings.is_some() {
        return Err(foreign("SETTINGS"));
    }
    if query.format_clause.is_some() {
        return Err(foreign("FORMAT"));
    }
    if !query.pipe_operators.is_empty() {
        return Err(foreign("|>"));
    }
    if let Some(fetch) = &query.fetch {
        if fetch.with_ties {
            return Err(not_supported("FETCH … WITH TIES"));
        }
        if fetch.percent {
            return Err(foreign("PERCENT"));
        }
    }
    if let Some(order_by) = &query.order_by {
        if order_by.interpolate.is_some() {
            return Err(foreign("INTERPOLATE"));
        }
        match &order_by.kind {
            OrderByKind::All(_) => return Err(foreign("ALL")),
            OrderByKind::Expressions(items) => {
                if items.iter().any(|item| item.with_fill.is_some()) {
                    return Err(foreign("FILL"));
                }
            }
        }
    }
    if let Some(with) = &query.with {
        for cte in &with.cte_tables {
            if matches!(
                cte.query.body.as_ref(),
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
            ) {
                return Err(not_supported("a data-modifying statement in WITH"));
            }
        }
    }
    set_expr(&query.body)
}

fn set_expr(body: &SetExpr) -> Result<(), Error> {
    match body {
        SetExpr::SetOperation { left, right, set_quantifier, op } => {
            if matches!(
                set_quantifier,
                SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName
            ) {
                return Err(foreign("BY"));
            }
            if let (SetOperator::Except | SetOperator::Intersect, SetQuantifier::All) = (op, set_quantifier) {
                // DataFusion answers every row of the left side or none.
                return Err(not_supported(format!("{op} ALL")));
            }
            set_expr(left)?;
            set_expr(right)
        }
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            Err(not_supported("a data-modifying statement in a query"))
        }
        _ => Ok(()),
    }
}

/// Checks the clauses of one SELECT.
pub fn select(select: &Select) -> Result<(), Error> {
    if select.into.is_some() {
        return Err(not_supported("SELECT INTO"));
    }
    if select.top.is_some() {
        return Err(foreign("TOP"));
    }
    if select.exclude.is_some() {
        return Err(foreign("EXCLUDE"));
    }
    if !select.lateral_views.is_empty() {
        return Err(foreign("VIEW"));
    }
    if select.prewhere.is_some() {
        return Err(foreign("PREWHERE"));
    }
    if select.qualify.is_some() {
        return Err(foreign("QUALIFY"));
    }
    if !select.connect_by.is_empty() {
        return Err(foreign("CONNECT"));
    }
    if !select.cluster_by.is_empty() || !select.distribute_by.is_empty() || !select.sort_by.is_empty() {
        return Err(foreign("BY"));
    }
    if select.value_table_mode.is_some() {
        return Err(foreign("AS"));
    }
    match &select.group_by {
        GroupByExpr::All(_) => return Err(foreign("ALL")),
        GroupByExpr::Expressions(_, modifiers) if !modifiers.is_empty() => return Err(foreign("WITH")),
        GroupByExpr::Expressions(..) => {}
    }
    if let Some(Distinct::On(expressions)) = &select.distinct {
        if expressions.is_empty() {
            return Err(foreign(")"));
        }
    }
    select.from.iter().try_for_each(merged_columns)?;
    for item in &select.projection {
        match item {
            SelectItem::ExprWithAliases { .. } => return Err(foreign("(")),
            SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => wildcard(options)?,
            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. } => {}
        }
    }
    Ok(())
}

fn wildcard(options: &WildcardAdditionalOptions) -> Result<(), Error> {
    if options.opt_ilike.is_some() {
        return Err(foreign("ILIKE"));
    }
    if options.opt_exclude.is_some() {
        return Err(foreign("EXCLUDE"));
    }
    if options.opt_except.is_some() {
        return Err(foreign("EXCEPT"));
    }
    if options.opt_replace.is_some() {
        return Err(foreign("REPLACE"));
    }
    if options.opt_rename.is_some() {
        return Err(foreign("RENAME"));
    }
    Ok(())
}

/// Checks one item of FROM.
pub fn table_factor(factor: &TableFactor) -> Result<(), Error> {
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
            if sample.is_some() {
                return Err(not_supported("TABLESAMPLE"));
            }
            if *with_ordinality {
                return Err(not_supported("WITH ORDINALITY"));
            }
            if version.is_some() || !partitions.is_empty() || json_path.is_some() {
                return Err(foreign("FOR"));
            }
            if !with_hints.is_empty() || !index_hints.is_empty() {
                return Err(foreign("WITH"));
            }
            if args.as_ref().is_some_and(|args| args.settings.is_some()) {
                return Err(foreign("SETTINGS"));
            }
            Ok(())
        }
        TableFactor::Derived { sample: Some(_), .. } => Err(not_supported("TABLESAMPLE")),
        TableFactor::Derived { alias: None, .. } => {
            Err(QueryError::Syntax("subquery in FROM must have an alias".into()).into())
        }
        TableFactor::Derived { .. } => Ok(()),
        TableFactor::NestedJoin { table_with_joins, .. } => merged_columns(table_with_joins),
        TableFactor::Function { with_ordinality, .. } | TableFactor::UNNEST { with_ordinality, .. }
            if *with_ordinality =>
        {
            Err(not_supported("WITH ORDINALITY"))
        }
        TableFactor::UNNEST { with_offset: true, .. } => Err(foreign("OFFSET")),
        TableFactor::Function { .. } | TableFactor::UNNEST { .. } => Ok(()),
        other => Err(not_supported(format!("{other} in FROM"))),
    }
}

/// Checks a call of a scalar function, for which DataFusion ignores what only aggregates and window
/// functions may have.
pub fn scalar_call(name: &str, function: &Function) -> Result<(), Error> {
    if function.over.is_some() {
        return Err(QueryError::WrongObject(format!(
            "OVER specified, but {name} is not a window function nor an aggregate function"
        ))
        .into());
    }
    let wrong = |what: &str| {
        QueryError::WrongObject(format!("{what} specified, but {name} is not an aggregate function")).into()
    };
    if function.filter.is_some() {
        return Err(wrong("FILTER"));
    }
    if !function.within_group.is_empty() {
        return Err(wrong("WITHIN GROUP"));
    }
    if let FunctionArguments::List(list) = &function.args {
        if list.duplicate_treatment.is_some() {
            return Err(wrong("DISTINCT"));
        }
        if !list.clauses.is_empty() {
            return Err(wrong("ORDER BY"));
        }
    }
    Ok(())
}

/// 0A000 for `sum(DISTINCT x) OVER …`, which PostgreSQL does not have either.
pub fn distinct_window(function: &Function) -> Result<(), Error> {
    // DataFusion would forget what the window was copied from.
    if let Some(WindowType::WindowSpec(spec)) = &function.over {
        if spec.window_name.is_some() {
            return Err(not_supported("a window that copies another one"));
        }
    }
    let FunctionArguments::List(list) = &function.args else { return Ok(()) };
    if function.over.is_some() && matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct)) {
        return Err(QueryError::NotSupported("DISTINCT is not implemented for window functions".into()).into());
    }
    Ok(())
}

/// 0A000 for the functions that format by a template: DataFusion reads PostgreSQL's template as another one's,
/// and answers the template itself.
pub fn formatting_call(name: &str, function: &Function) -> Result<(), Error> {
    let arguments = match &function.args {
        FunctionArguments::List(list) => list.args.len(),
        _ => 0,
    };
    match (name, arguments) {
        ("to_char" | "to_date" | "to_number" | "to_timestamp", 2) => {
            Err(not_supported(format!("{name} with a format")))
        }
        _ => Ok(()),
    }
}

/// 0A000 where the column that a join merges would be the left table's, which has no row for some of the
/// answer's.
pub fn merged_columns(table: &TableWithJoins) -> Result<(), Error> {
    for join in &table.joins {
        let (what, constraint) = match &join.join_operator {
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => ("RIGHT", constraint),
            JoinOperator::FullOuter(constraint) => ("FULL", constraint),
            _ => continue,
        };
        match constraint {
            JoinConstraint::Using(_) => return Err(not_supported(format!("{what} JOIN … USING"))),
            JoinConstraint::Natural => return Err(not_supported(format!("NATURAL {what} JOIN"))),
            JoinConstraint::On(_) | JoinConstraint::None => {}
        }
    }
    Ok(())
}

/// 0A000 for `array_remove(x, NULL)`, to which DataFusion answers NULL.
pub fn array_remove_null(function: &Function) -> Result<(), Error> {
    let FunctionArguments::List(list) = &function.args else { return Ok(()) };
    let is_null = |argument: &FunctionArg| {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) = argument else { return false };
        matches!(value.value, Value::Null)
    };
    if list.args.get(1).is_some_and(is_null) {
        return Err(not_supported("array_remove of NULL"));
    }
    Ok(())
}
