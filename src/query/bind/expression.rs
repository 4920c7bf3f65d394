//! Expressions outside of queries: DEFAULT, CHECK, the arguments of EXECUTE.

use std::sync::{Arc, OnceLock};

use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast;

use super::analyse::{self, Context, Purpose};
use super::resolve::Parameters;
use super::tree::{self, Kind, Relation, RelationKind, TypeRef};
use crate::catalog::Table;
use crate::catalog::facts::Facts;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::environment::Environment;
use crate::query::planner::Planner;
use crate::query::{lower, parse, values};

/// The defaults of one definition of a table, as far as they were needed.
pub(crate) struct TableDefaults {
    /// Its address is the key under which this is remembered: as long as it lives, no other table has it.
    _table: Arc<Table>,
    values: Vec<OnceLock<Expr>>,
}

impl Planner {
    /// The default of a column in the form of its type, or NULL.
    ///
    /// # Errors
    /// When the stored text does not bind any more.
    pub(crate) fn default_value(
        &self,
        environment: &Arc<Environment>,
        table: &Arc<Table>,
        column: usize,
    ) -> Result<Expr> {
        let key = Arc::as_ptr(table).addr();
        let known = self.defaults().get(&key).unwrap_or_else(|| {
            let values = table.columns.iter().map(|_| OnceLock::new()).collect();
            let defaults = Arc::new(TableDefaults { _table: Arc::clone(table), values });
            self.defaults().insert(key, Arc::clone(&defaults));
            defaults
        });
        if let Some(value) = known.values[column].get() {
            return Ok(value.clone());
        }
        let definition = &table.columns[column];
        let (value, is_same) = match &definition.default {
            None => (values::null(&definition.data_type)?, true),
            Some(text) => {
                let parsed = parse::parse_expression(text)?;
                let target = (definition.name.as_str(), type_ref(&definition.data_type));
                let bound = bind(environment, &parsed, Purpose::Default, None, Some(target), None)?;
                (lower::stored(self, environment, &bound, &definition.data_type)?, same_everywhere(&bound))
            }
        };
        if is_same {
            // Somebody else may have been faster with the same value.
            let _ = known.values[column].set(value.clone());
        }
        Ok(value)
    }

    /// Checks that the DEFAULT of a new column binds.
    ///
    /// # Errors
    /// As [`Planner::bind`]; 42804 when it cannot be converted to the column's type.
    pub fn check_default(
        &self,
        environment: &Arc<Environment>,
        expr: &ast::Expr,
        column: &str,
        data_type: &PgType,
    ) -> Result<()> {
        let source = environment.source.as_deref();
        let bound = bind(environment, expr, Purpose::Default, None, Some((column, type_ref(data_type))), source)?;
        lower::stored(self, environment, &bound, data_type).map(|_| ())
    }

    /// Checks that the CHECK of a new table binds, and answers the names of the columns that it mentions, in the
    /// order of `columns`.
    ///
    /// # Errors
    /// As [`Planner::bind`].
    pub fn check_constraint(
        &self,
        environment: &Arc<Environment>,
        expr: &ast::Expr,
        table: &str,
        columns: &[(String, PgType)],
    ) -> Result<Vec<String>> {
        let source = environment.source.as_deref();
        let bound = bind(environment, expr, Purpose::Check, Some(relation(table, columns)), None, source)?;
        lower::expression(self, environment, &bound, &lower::schema(table, columns)?)?;
        let mentioned = |index: usize| {
            bound.mentions(|part, _| matches!(&part.kind, Kind::Column(column) if column.column == index))
        };
        let names = columns.iter().enumerate().filter(|(index, _)| mentioned(*index));
        Ok(names.map(|(_, (name, _))| name.clone()).collect())
    }

    /// The CHECK of a table over its columns, which stand in `schema`, and whether it means the same in every session.
    ///
    /// # Errors
    /// When the stored text does not bind any more.
    pub(crate) fn check_of(
        &self,
        environment: &Arc<Environment>,
        text: &str,
        table: &str,
        columns: &[(String, PgType)],
        schema: &DFSchema,
    ) -> Result<(Expr, bool)> {
        let parsed = parse::parse_expression(text)?;
        let bound = bind(environment, &parsed, Purpose::Check, Some(relation(table, columns)), None, None)?;
        Ok((lower::expression(self, environment, &bound, schema)?, same_everywhere(&bound)))
    }

    /// The value of an expression that mentions no column, as the type `target`; `argument` is its number when it is
    /// an argument of EXECUTE.
    ///
    /// # Errors
    /// As [`Planner::bind`], and errors of evaluation.
    pub fn evaluate_constant(
        &self,
        environment: &Arc<Environment>,
        expr: &ast::Expr,
        target: &PgType,
        argument: Option<usize>,
    ) -> Result<ScalarValue> {
        let purpose = argument.map_or(Purpose::Value, Purpose::ExecuteParameter);
        let bound = bind(environment, expr, purpose, None, Some(("value", type_ref(target))), None)?;
        match lower::stored(self, environment, &bound, target)? {
            Expr::Literal(value, _) => Ok(value),
            computed => self.constant(environment, &computed, target),
        }
    }
}

fn bind(
    environment: &Environment,
    expr: &ast::Expr,
    purpose: Purpose,
    relation: Option<Relation>,
    target: Option<(&str, TypeRef)>,
    source: Option<&str>,
) -> Result<tree::Expression> {
    let parameters = Parameters::default();
    let context = Context { source, ..Context::new(environment, Facts::shipped(), &parameters) };
    let bound = analyse::expression(&context, expr, purpose, relation, target)?;
    let mut number = None;
    bound.walk(0, &mut |part, _| {
        if let Kind::Parameter(mentioned) = part.kind {
            number = number.or(Some(mentioned));
        }
        number.is_none()
    });
    match number {
        Some(number) => Err(QueryError::UndefinedParameter(number).into()),
        None => Ok(bound),
    }
}

fn relation(name: &str, columns: &[(String, PgType)]) -> Relation {
    let columns = columns.iter().map(|(name, data_type)| (name.clone(), type_ref(data_type))).collect();
    Relation { kind: RelationKind::Result, alias: Some(name.to_owned()), columns, lateral: false }
}

fn type_ref(data_type: &PgType) -> TypeRef {
    analyse::type_ref(data_type)
}

/// Do the literals of an expression read the same in every session? Those of times, of names of objects and of
/// intervals may not.
fn same_everywhere(expression: &tree::Expression) -> bool {
    let reads_same = |oid| match PgType::from_oid(oid, -1) {
        Some(data_type) => matches!(
            data_type,
            PgType::Unknown
                | PgType::Bool
                | PgType::Int2
                | PgType::Int4
                | PgType::Int8
                | PgType::Float4
                | PgType::Float8
                | PgType::Numeric(_)
                | PgType::Text
                | PgType::Varchar(_)
                | PgType::Name
                | PgType::Char
                | PgType::Bytea
                | PgType::Uuid
                | PgType::Json
                | PgType::Jsonb
        ),
        None => false,
    };
    !expression.mentions(|part, _| matches!(part.kind, Kind::Constant(_)) && !reads_same(part.data_type.oid))
}
