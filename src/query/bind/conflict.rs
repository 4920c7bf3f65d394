//! ON CONFLICT: what it means for a table.

use datafusion::sql::sqlparser::ast::{ConflictTarget, OnConflictAction, OnInsert};

use super::analyse::{self, Context};
pub use super::bound::ConflictAction;
use super::names::folded;
use super::refuse;
use crate::catalog::Table;
use crate::error::{QueryError, Result};

/// The action that an INSERT asks for.
///
/// # Errors
/// 42703 for a column that is not there, 42P10 when the target is not the table's key; 0A000 for DO UPDATE.
pub fn action(context: &Context<'_>, table: &Table, on: Option<&OnInsert>) -> Result<ConflictAction> {
    let on = match on {
        None => return Ok(ConflictAction::Error),
        Some(OnInsert::OnConflict(on)) => on,
        Some(_) => return Err(QueryError::Syntax("syntax error at or near \"DUPLICATE\"".into()).into()),
    };
    if let OnConflictAction::DoUpdate(_) = on.action {
        return Err(refuse::not_supported("ON CONFLICT DO UPDATE"));
    }
    let key = table.primary_key.as_ref();
    match &on.conflict_target {
        None => {}
        Some(ConflictTarget::Columns(columns)) => {
            let mut wanted: Vec<Option<usize>> = Vec::with_capacity(columns.len());
            for column in columns {
                let name = folded(column);
                let index = table.column(&name);
                if index.is_none() {
                    let error = QueryError::UndefinedColumn(format!("\"{name}\""));
                    return Err(analyse::at_opening(context, error, column.span.start));
                }
                wanted.push(index);
            }
            wanted.dedup();
            let mut have: Vec<Option<usize>> =
                key.map(|key| key.columns.iter().copied().map(Some).collect()).unwrap_or_default();
            wanted.sort_unstable();
            have.sort_unstable();
            if key.is_none() || wanted != have {
                return Err(QueryError::InvalidColumnReference(
                    "there is no unique or exclusion constraint matching the ON CONFLICT specification".into(),
                )
                .into());
            }
        }
        Some(ConflictTarget::OnConstraint(name)) => {
            let name = name.0.last().and_then(|part| part.as_ident()).map(folded).unwrap_or_default();
            if key.is_none_or(|key| key.name != name) {
                return Err(QueryError::UnknownConstraint { name, table: table.name.clone() }.into());
            }
        }
    }
    Ok(ConflictAction::DoNothing)
}
