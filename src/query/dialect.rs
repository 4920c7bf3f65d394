//! PostgreSQL's dialect of sqlparser, without what makes it slow or more than PostgreSQL.
//!
//! sqlparser's own PostgreSQL dialect tries every argument of a function twice, in case it is the name of a
//! named argument: `f(f(f(…)))` then takes time exponential in its depth, and a client could hold a core
//! with a hundred bytes. Names of arguments are identifiers, so trying an identifier is enough.

use std::any::TypeId;

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

/// PostgreSQL as this server reads it.
#[derive(Debug)]
pub struct PostgreSql;

/// What is not said here is as in [`PostgreSqlDialect`].
const OWN: PostgreSqlDialect = PostgreSqlDialect {};

/// Answers a question as sqlparser's dialect does.
macro_rules! as_postgresql {
    ($($question:ident),* $(,)?) => {
        $(fn $question(&self) -> bool {
            OWN.$question()
        })*
    };
}

impl Dialect for PostgreSql {
    /// The parser asks in some places which dialect it is.
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn supports_named_fn_args_with_expr_name(&self) -> bool {
        false
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        OWN.identifier_quote_style(identifier)
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        OWN.is_delimited_identifier_start(character)
    }

    fn is_identifier_start(&self, character: char) -> bool {
        OWN.is_identifier_start(character)
    }

    fn is_identifier_part(&self, character: char) -> bool {
        OWN.is_identifier_part(character)
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        OWN.is_reserved_for_identifier(keyword)
    }

    fn is_custom_operator_part(&self, character: char) -> bool {
        OWN.is_custom_operator_part(character)
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        OWN.get_next_precedence(parser)
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        OWN.prec_value(precedence)
    }

    /// The right side of `IS DISTINCT FROM` ends before AND and OR. sqlparser reads on to the end of the expression.
    fn parse_infix(&self, parser: &mut Parser<'_>, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        let negated = if parser.parse_keywords(&[Keyword::IS, Keyword::DISTINCT, Keyword::FROM]) {
            false
        } else if parser.parse_keywords(&[Keyword::IS, Keyword::NOT, Keyword::DISTINCT, Keyword::FROM]) {
            true
        } else {
            return OWN.parse_infix(parser, expr, precedence);
        };
        let right = parser.parse_subexpr(self.prec_value(Precedence::Is));
        Some(right.map(|right| {
            let (left, right) = (Box::new(expr.clone()), Box::new(right));
            if negated { Expr::IsNotDistinctFrom(left, right) } else { Expr::IsDistinctFrom(left, right) }
        }))
    }

    as_postgresql!(
        allow_extract_custom,
        allow_extract_single_quotes,
        supports_alter_column_type_using,
        supports_array_typedef_with_brackets,
        supports_bitwise_shift_operators,
        supports_comma_separated_trim,
        supports_comment_on,
        supports_create_index_with_clause,
        supports_create_table_like_parenthesized,
        supports_empty_projections,
        supports_explain_with_utility_options,
        supports_filter_during_aggregation,
        supports_geometric_types,
        supports_group_by_expr,
        supports_insert_table_alias,
        supports_interval_options,
        supports_listen_notify,
        supports_load_extension,
        supports_named_fn_args_with_colon_operator,
        supports_nested_comments,
        supports_notnull_operator,
        supports_set_names,
        supports_string_escape_constant,
        supports_unicode_string_literal,
    );
}
