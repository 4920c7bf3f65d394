//! PostgreSQL's dialect of sqlparser, without what makes it slow or more than PostgreSQL.
//!
//! sqlparser's own PostgreSQL dialect tries every argument of a function twice, in case it is the name of a
//! named argument: `f(f(f(…)))` then takes time exponential in its depth, and a client could hold a core
//! with a hundred bytes. Names of arguments are identifiers, so trying an identifier is enough.

use std::any::TypeId;

use datafusion::sql::sqlparser::ast::{BinaryOperator, DataType, Expr, Ident, ObjectName, TrimWhereField, TypedString};
use datafusion::sql::sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::marks;
use super::words::{is_clause_word, is_join_word, is_reserved, needs_as};

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
        if is_prefix_operator(&parser.peek_token_ref().token) {
            return Some(Ok(self.prec_value(Precedence::PgOther)));
        }
        // `SIMILAR` without `TO` is a part of SUBSTRING.
        let is = |place: usize, wanted: Keyword| match &parser.peek_nth_token_ref(place).token {
            Token::Word(word) => word.keyword == wanted,
            _ => false,
        };
        if is(0, Keyword::SIMILAR) && !is(1, Keyword::TO) {
            return Some(Ok(0));
        }
        OWN.get_next_precedence(parser)
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        prefix(self, parser).or_else(|| OWN.parse_prefix(parser))
    }

    fn parse_infix(&self, parser: &mut Parser<'_>, expr: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        infix(self, parser, expr, precedence).or_else(|| OWN.parse_infix(parser, expr, precedence))
    }

    fn is_select_item_alias(&self, explicit: bool, keyword: &Keyword, _parser: &mut Parser<'_>) -> bool {
        explicit || !needs_as(*keyword)
    }

    fn is_table_factor_alias(&self, explicit: bool, keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        !(is_reserved(*keyword) || is_join_word(*keyword)) && (explicit || self.is_table_alias(keyword, parser))
    }

    fn supports_named_fn_args_with_assignment_operator(&self) -> bool {
        true
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        OWN.prec_value(precedence)
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

/// An expression of PostgreSQL's that sqlparser reads otherwise or not at all.
fn prefix(dialect: &PostgreSql, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    let token = parser.peek_token();
    let Token::Word(word) = &token.token else {
        if token.token == Token::Colon {
            return Some(parser.expected("an expression", token));
        }
        let empty = token.token == Token::LParen && parser.peek_nth_token(1).token == Token::RParen;
        return empty.then(|| {
            parser.next_token();
            parser.next_token();
            Ok(Expr::Tuple(Vec::new()))
        });
    };
    let next = parser.peek_nth_token(1);
    if matches!(
        next.token,
        Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_) | Token::DollarQuotedString(_)
    ) && (word.quote_style.is_some() || !is_known_type(word.keyword))
        && !(word.quote_style.is_none() && is_reserved(word.keyword))
    {
        return Some(typed_literal(parser, 1));
    }
    if next.token == Token::Period
        && matches!(parser.peek_nth_token(2).token, Token::Word(_))
        && matches!(parser.peek_nth_token(3).token, Token::SingleQuotedString(_))
    {
        return Some(typed_literal(parser, 3));
    }
    if word.quote_style.is_some() {
        return None;
    }
    let is_call = next.token == Token::LParen;
    match word.keyword {
        Keyword::SUBSTRING if is_call && parser.peek_nth_token(2).token == Token::RParen => {
            let name = Ident { value: word.value.clone(), quote_style: None, span: token.span };
            parser.next_token();
            return Some(parser.parse_function(ObjectName::from(vec![name])));
        }
        Keyword::SUBSTRING if is_call => return Some(substring(parser)),
        Keyword::TRIM if is_call => return Some(trim(parser)),
        _ => {}
    }
    if word.value.eq_ignore_ascii_case("VARIADIC") {
        parser.next_token();
        return Some(parser.parse_expr().map(|expr| marks::note(expr, marks::VARIADIC, token.span)));
    }
    if word.keyword == Keyword::OPERATOR && is_call {
        let start = token.span;
        parser.next_token();
        return Some(operator_name(parser).and_then(|name| {
            let operand = parser.parse_subexpr(dialect.prec_value(Precedence::PgOther))?;
            Ok(marks::note(operand, format!("{}{name}", marks::PREFIX), start))
        }));
    }
    let misplaced = is_clause_word(word.keyword) || (!is_call && is_join_word(word.keyword));
    misplaced.then(|| parser.expected("an expression", token))
}

/// `name 'text'`, with the name in `count` tokens.
fn typed_literal(parser: &mut Parser<'_>, count: usize) -> Result<Expr, ParserError> {
    let mut idents = Vec::with_capacity(2);
    for _ in 0..count {
        let token = parser.next_token();
        if let Token::Word(word) = token.token {
            idents.push(Ident { value: word.value, quote_style: word.quote_style, span: token.span });
        }
    }
    let data_type = DataType::Custom(ObjectName::from(idents), Vec::new());
    Ok(Expr::TypedString(TypedString { data_type, value: parser.parse_value()?, uses_odbc_syntax: false }))
}

/// The name in `OPERATOR(schema.name)`, with its schema unless that is `pg_catalog`.
fn operator_name(parser: &mut Parser<'_>) -> Result<String, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let mut schema = None;
    while let Token::Word(word) = parser.peek_token().token {
        parser.next_token();
        parser.expect_token(&Token::Period)?;
        schema = Some(if word.quote_style.is_some() { word.value } else { word.value.to_lowercase() });
    }
    let name = parser.next_token().token.to_string();
    parser.expect_token(&Token::RParen)?;
    Ok(match schema.as_deref() {
        None | Some("pg_catalog") => name,
        Some(schema) => format!("{schema}.{name}"),
    })
}

/// What stands behind an operand, where sqlparser reads it otherwise or not at all.
fn infix(
    dialect: &PostgreSql,
    parser: &mut Parser<'_>,
    expr: &Expr,
    precedence: u8,
) -> Option<Result<Expr, ParserError>> {
    let first = parser.peek_token();
    let Token::Word(word) = &first.token else {
        if is_prefix_operator(&first.token) {
            parser.next_token();
            return Some(binary(parser, expr, BinaryOperator::Custom(first.token.to_string()), precedence));
        }
        let quantified = matches!(&parser.peek_nth_token(1).token, Token::Word(word) if quantifier(word.keyword).is_some())
            && parser.peek_nth_token(2).token == Token::LParen;
        if quantified && !compares(&first.token) {
            parser.next_token();
            let operator = BinaryOperator::Custom(first.token.to_string());
            return Some(quantified_by(parser, expr, operator));
        }
        return None;
    };
    let negated = word.keyword == Keyword::NOT;
    let offset = usize::from(negated);
    let keyword = |parser: &Parser<'_>, index: usize| match parser.peek_nth_token(index).token {
        Token::Word(word) if word.quote_style.is_none() => word.keyword,
        _ => Keyword::NoKeyword,
    };
    let own = keyword(parser, offset);
    let behind = parser.peek_nth_token(offset + 1);
    let is_behind = |text: &str| matches!(&behind.token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text));
    let skip = |parser: &mut Parser<'_>, count: usize| {
        for _ in 0..count {
            parser.next_token();
        }
    };
    match own {
        Keyword::BETWEEN if is_behind("SYMMETRIC") => {
            skip(parser, offset + 2);
            let bound = dialect.prec_value(Precedence::Between);
            Some(parser.parse_subexpr(bound).and_then(|low| {
                parser.expect_keyword(Keyword::AND)?;
                let high = parser.parse_subexpr(bound)?;
                let (expr, low, high) = (Box::new(expr.clone()), Box::new(low), Box::new(high));
                let between = Expr::Between { expr, negated, low, high };
                Ok(marks::note(between, marks::SYMMETRIC, first.span))
            }))
        }
        Keyword::IN if behind.token == Token::LParen && list_of_subqueries(parser, offset + 2) => {
            skip(parser, offset + 2);
            Some(parser.parse_comma_separated(Parser::parse_expr).and_then(|list| {
                parser.expect_token(&Token::RParen)?;
                Ok(Expr::InList { expr: Box::new(expr.clone()), list, negated })
            }))
        }
        Keyword::LIKE | Keyword::ILIKE if quantifier(keyword(parser, offset + 1)).is_some() => {
            let operator = match (own, negated) {
                (Keyword::LIKE, false) => BinaryOperator::PGLikeMatch,
                (Keyword::LIKE, true) => BinaryOperator::PGNotLikeMatch,
                (_, false) => BinaryOperator::PGILikeMatch,
                (_, true) => BinaryOperator::PGNotILikeMatch,
            };
            skip(parser, offset + 1);
            Some(quantified_by(parser, expr, operator))
        }
        Keyword::IS if !negated => {
            let inverted = keyword(parser, 1) == Keyword::NOT;
            let start = 1 + usize::from(inverted);
            if keyword(parser, start) != Keyword::DISTINCT || keyword(parser, start + 1) != Keyword::FROM {
                return None;
            }
            skip(parser, start + 2);
            // sqlparser would take everything behind it for the operand, AND included.
            Some(parser.parse_subexpr(dialect.prec_value(Precedence::Is)).map(|right| {
                let (left, right) = (Box::new(expr.clone()), Box::new(right));
                if inverted { Expr::IsNotDistinctFrom(left, right) } else { Expr::IsDistinctFrom(left, right) }
            }))
        }
        Keyword::OPERATOR if !negated && behind.token == Token::LParen => {
            parser.next_token();
            Some(operator_name(parser).and_then(|name| {
                let parts = name
                    .split_once('.')
                    .map_or_else(|| vec![name.clone()], |(schema, name)| vec![schema.to_owned(), name.to_owned()]);
                let operator = BinaryOperator::PGCustomBinaryOperator(parts);
                if quantifier(keyword(parser, 0)).is_some() {
                    return quantified_by(parser, expr, operator);
                }
                binary(parser, expr, operator, precedence)
            }))
        }
        _ => None,
    }
}

fn binary(parser: &mut Parser<'_>, left: &Expr, op: BinaryOperator, precedence: u8) -> Result<Expr, ParserError> {
    let right = parser.parse_subexpr(precedence)?;
    Ok(Expr::BinaryOp { left: Box::new(left.clone()), op, right: Box::new(right) })
}

/// ANY or ALL and what stands in the parentheses behind it.
fn quantified_by(parser: &mut Parser<'_>, left: &Expr, compare_op: BinaryOperator) -> Result<Expr, ParserError> {
    let any = match parser.next_token().token {
        Token::Word(word) => quantifier(word.keyword).unwrap_or(true),
        _ => true,
    };
    parser.expect_token(&Token::LParen)?;
    let starts_query = match parser.peek_token().token {
        Token::Word(word) => matches!(word.keyword, Keyword::SELECT | Keyword::WITH | Keyword::VALUES),
        _ => false,
    };
    let right = if starts_query { Expr::Subquery(parser.parse_query()?) } else { parser.parse_expr()? };
    parser.expect_token(&Token::RParen)?;
    let (left, right) = (Box::new(left.clone()), Box::new(right));
    Ok(if any {
        Expr::AnyOp { left, compare_op, right, is_some: false }
    } else {
        Expr::AllOp { left, compare_op, right }
    })
}

/// Does the list whose first token stands at `index` begin with a query in parentheses, and go on behind it?
fn list_of_subqueries(parser: &Parser<'_>, index: usize) -> bool {
    if parser.peek_nth_token(index).token != Token::LParen {
        return false;
    }
    let mut depth = 0usize;
    let mut place = index;
    loop {
        match parser.peek_nth_token(place).token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            Token::EOF => return false,
            _ => {}
        }
        place += 1;
        if depth == 0 {
            return parser.peek_nth_token(place).token == Token::Comma;
        }
    }
}

/// ANY and ALL: is it the former?
fn quantifier(keyword: Keyword) -> Option<bool> {
    match keyword {
        Keyword::ANY | Keyword::SOME => Some(true),
        Keyword::ALL => Some(false),
        _ => None,
    }
}

/// Operators before ANY and ALL that sqlparser knows.
fn compares(token: &Token) -> bool {
    matches!(
        token,
        Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::LtEq
            | Token::Gt
            | Token::GtEq
            | Token::Tilde
            | Token::TildeAsterisk
            | Token::ExclamationMarkTilde
            | Token::ExclamationMarkTildeAsterisk
            | Token::DoubleTilde
            | Token::DoubleTildeAsterisk
            | Token::ExclamationMarkDoubleTilde
            | Token::ExclamationMarkDoubleTildeAsterisk
            | Token::Comma
    )
}

/// Operators that sqlparser knows before an operand only.
fn is_prefix_operator(token: &Token) -> bool {
    matches!(token, Token::AtDashAt | Token::PGSquareRoot | Token::PGCubeRoot | Token::DoubleExclamationMark)
}

/// Types whose literals sqlparser reads.
fn is_known_type(keyword: Keyword) -> bool {
    !matches!(keyword, Keyword::NoKeyword | Keyword::NAME)
}

/// SUBSTRING, of which sqlparser knows neither SIMILAR nor that FOR may come before FROM.
fn substring(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    parser.expect_keyword(Keyword::SUBSTRING)?;
    parser.expect_token(&Token::LParen)?;
    let expr = Box::new(parser.parse_expr()?);
    let (mut from, mut length) = (None, None);
    let special = parser.consume_token(&Token::Comma);
    if special {
        from = Some(parser.parse_expr()?);
        if parser.consume_token(&Token::Comma) {
            length = Some(parser.parse_expr()?);
        }
    } else if parser.parse_keyword(Keyword::SIMILAR) {
        // The pattern and its escape character are what FROM and FOR name in SQL:1999.
        from = Some(parser.parse_expr()?);
        parser.expect_keyword(Keyword::ESCAPE)?;
        length = Some(parser.parse_expr()?);
    } else if parser.parse_keyword(Keyword::FROM) {
        from = Some(parser.parse_expr()?);
        if parser.parse_keyword(Keyword::FOR) {
            length = Some(parser.parse_expr()?);
        }
    } else if parser.parse_keyword(Keyword::FOR) {
        length = Some(parser.parse_expr()?);
        if parser.parse_keyword(Keyword::FROM) {
            from = Some(parser.parse_expr()?);
        }
    }
    parser.expect_token(&Token::RParen)?;
    let substring_from = from.map(Box::new);
    Ok(Expr::Substring { expr, substring_from, substring_for: length.map(Box::new), special, shorthand: false })
}

/// TRIM, of which sqlparser does not know that what is trimmed off may be left out before FROM.
fn trim(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    parser.expect_keyword(Keyword::TRIM)?;
    parser.expect_token(&Token::LParen)?;
    let trim_where = match parser.parse_one_of_keywords(&[Keyword::BOTH, Keyword::LEADING, Keyword::TRAILING]) {
        Some(Keyword::LEADING) => Some(TrimWhereField::Leading),
        Some(Keyword::TRAILING) => Some(TrimWhereField::Trailing),
        Some(_) => Some(TrimWhereField::Both),
        None => None,
    };
    let mut trim_what = None;
    let has_from = parser.parse_keyword(Keyword::FROM);
    let mut expr = Box::new(parser.parse_expr()?);
    if !has_from && parser.parse_keyword(Keyword::FROM) {
        trim_what = Some(std::mem::replace(&mut expr, Box::new(parser.parse_expr()?)));
    }
    let mut others = Vec::new();
    while parser.consume_token(&Token::Comma) {
        others.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RParen)?;
    let trim_characters = (!others.is_empty()).then_some(others);
    Ok(Expr::Trim { expr, trim_where, trim_what, trim_characters })
}
