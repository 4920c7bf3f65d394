//! Questions about the levels that an expression mentions.

use crate::query::bind::tree::{Aggregate, Column, Expression, Kind, Query};

/// Does a query mention columns of the queries around it?
pub(super) fn reaches_out(query: &Query) -> bool {
    let mut found = false;
    query.walk(0, &mut |part, depth| {
        found |= is_outer(part, depth);
        !found
    });
    found
}

/// Does an expression?
pub(super) fn mentions_outer(expression: &Expression) -> bool {
    expression.mentions(is_outer)
}

fn is_outer(part: &Expression, depth: usize) -> bool {
    match &part.kind {
        Kind::Column(column) => column.levels_up > depth,
        Kind::WholeRow { levels_up, .. } => *levels_up > depth,
        Kind::Aggregate(aggregate) => aggregate.levels_up > depth,
        _ => false,
    }
}

/// Does it mention columns of its own query?
pub(super) fn mentions_own(expression: &Expression) -> bool {
    expression.mentions(|part, depth| match &part.kind {
        Kind::Column(column) => column.levels_up == depth,
        Kind::WholeRow { levels_up, .. } => *levels_up == depth,
        _ => false,
    })
}

pub(super) fn mentions_subquery(expression: &Expression) -> bool {
    expression.mentions(|part, _| matches!(part.kind, Kind::Subquery(_)))
}

/// The expression as it is written so many queries further in (or, with a negative number, out). It has no subquery
/// in it.
pub(super) fn shifted(expression: &Expression, levels: isize) -> Expression {
    let mut shifted = expression.clone();
    shift(&mut shifted, levels);
    shifted
}

fn shift(expression: &mut Expression, levels: isize) {
    match &mut expression.kind {
        Kind::Column(Column { levels_up, .. })
        | Kind::WholeRow { levels_up, .. }
        | Kind::Aggregate(Aggregate { levels_up, .. }) => *levels_up = levels_up.saturating_add_signed(levels),
        _ => {}
    }
    for part in expression.parts_mut() {
        shift(part, levels);
    }
}

/// The parts of a condition that AND combines.
pub(super) fn conjuncts(condition: &Expression) -> Vec<&Expression> {
    let mut parts = Vec::new();
    let mut open = vec![condition];
    while let Some(part) = open.pop() {
        match &part.kind {
            Kind::Logic { logic: crate::query::bind::tree::Logic::And, arguments } => {
                open.extend(arguments.iter().rev());
            }
            _ => parts.push(part),
        }
    }
    parts
}
