//! The select list.

use datafusion::sql::sqlparser::ast::{
    ObjectName, SelectItem, SelectItemQualifiedWildcardKind, Spanned, WildcardAdditionalOptions,
};

use super::clause::Clause;
use super::rows;
use super::{Analyser, refuse};
use crate::error::{QueryError, Result};
use crate::query::bind::names::{folded, of_expression};
use crate::query::bind::tree::{Expression, Position, Target};
use crate::query::marks;

impl Analyser<'_> {
    /// All items of a select list, `*` written out.
    pub(super) fn targets(&mut self, items: &[SelectItem], clause: Clause) -> Result<Vec<Target>> {
        let mut targets = Vec::with_capacity(items.len());
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) if marks::is_alone(expr, marks::NO_COLUMNS) => {}
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }
                    if rows::all_fields(expr).is_some() =>
                {
                    self.row_columns(expr, clause, &mut targets)?;
                }
                SelectItem::UnnamedExpr(expr) => {
                    let expression = self.expression_in(expr, clause)?;
                    targets.push(self.target(of_expression(expr), expression)?);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let expression = self.expression_in(expr, clause)?;
                    targets.push(self.target(folded(alias), expression)?);
                }
                SelectItem::Wildcard(options) => {
                    let at = Some(options.wildcard_token.0.span.start);
                    self.all_columns(options, at, &mut targets)?;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    refuse_options(options)?;
                    self.all_of(name, &mut targets)?;
                }
                other => return Err(refuse::not_supported(format!("{other} in a select list"))),
            }
        }
        Ok(targets)
    }

    pub(super) fn target(&mut self, name: String, expression: Expression) -> Result<Target> {
        let origin = self.level()?.origin(&expression);
        Ok(Target { expression, name, hidden: false, origin })
    }

    fn all_columns(
        &mut self,
        options: &WildcardAdditionalOptions,
        at: Option<Position>,
        targets: &mut Vec<Target>,
    ) -> Result<()> {
        refuse_options(options)?;
        let items = self.level()?.namespace.iter().filter(|item| item.columns_visible);
        let mut any = false;
        let mut columns = Vec::new();
        for item in items {
            any = true;
            columns.extend(Self::columns_of(item, 0, at));
        }
        if !any {
            let message = "SELECT * with no tables specified is not valid";
            return Err(self.fail(QueryError::Syntax(message.into()), at));
        }
        for (name, expression) in columns {
            targets.push(self.target(name, expression)?);
        }
        Ok(())
    }

    fn all_of(&mut self, name: &ObjectName, targets: &mut Vec<Target>) -> Result<()> {
        let idents: Vec<_> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let at = Some(name.span().start);
        let (levels_up, item) = self.table_named(&idents, at)?;
        for (name, expression) in Self::columns_of(item, levels_up, at) {
            targets.push(self.target(name, expression)?);
        }
        Ok(())
    }
}

/// What other databases write behind `*`.
fn refuse_options(options: &WildcardAdditionalOptions) -> Result<()> {
    let WildcardAdditionalOptions { wildcard_token, .. } = options;
    let plain = WildcardAdditionalOptions { wildcard_token: wildcard_token.clone(), ..Default::default() };
    if *options == plain { Ok(()) } else { Err(refuse::not_supported("* with options")) }
}
