//! Words of PostgreSQL's grammar by what they may stand for.

use datafusion::sql::sqlparser::keywords::Keyword;

/// Words that begin a clause or continue a construct, and no expression.
pub fn is_clause_word(keyword: Keyword) -> bool {
    use Keyword::*;
    matches!(
        keyword,
        FROM | WHERE
            | GROUP
            | HAVING
            | ORDER
            | LIMIT
            | OFFSET
            | FETCH
            | UNION
            | INTERSECT
            | EXCEPT
            | WINDOW
            | AND
            | OR
            | AS
            | ASC
            | DESC
            | USING
            | INTO
            | IN
            | THEN
            | ELSE
            | WHEN
            | END
            | RETURNING
            | SELECT
            | TABLE
    )
}

/// Words that join relations, and functions at best.
pub fn is_join_word(keyword: Keyword) -> bool {
    use Keyword::*;
    matches!(
        keyword,
        JOIN | INNER | CROSS | NATURAL | FULL | OUTER | LEFT | RIGHT | LIKE | ILIKE | IS | SIMILAR | TABLESAMPLE
    )
}

/// PostgreSQL's reserved words.
pub fn is_reserved(keyword: Keyword) -> bool {
    use Keyword::*;
    is_clause_word(keyword)
        || matches!(
            keyword,
            ANALYZE
                | ANY
                | ARRAY
                | ASYMMETRIC
                | BOTH
                | CASE
                | CAST
                | CHECK
                | COLLATE
                | COLUMN
                | CONSTRAINT
                | CREATE
                | CURRENT_CATALOG
                | CURRENT_DATE
                | CURRENT_ROLE
                | CURRENT_TIME
                | CURRENT_TIMESTAMP
                | CURRENT_USER
                | DEFAULT
                | DEFERRABLE
                | DISTINCT
                | DO
                | FALSE
                | FOR
                | FOREIGN
                | GRANT
                | INITIALLY
                | LATERAL
                | LEADING
                | LOCALTIME
                | LOCALTIMESTAMP
                | NOT
                | NULL
                | ON
                | ONLY
                | PLACING
                | PRIMARY
                | REFERENCES
                | SESSION_USER
                | SOME
                | SYMMETRIC
                | TO
                | TRAILING
                | TRUE
                | UNIQUE
                | USER
                | WITH
        )
}

/// Words that name a column behind AS only.
pub fn needs_as(keyword: Keyword) -> bool {
    use Keyword::*;
    matches!(
        keyword,
        ARRAY
            | AS
            | CHAR
            | CHARACTER
            | CREATE
            | DAY
            | EXCEPT
            | FETCH
            | FILTER
            | FOR
            | FROM
            | GRANT
            | GROUP
            | HAVING
            | HOUR
            | INTERSECT
            | INTO
            | LIMIT
            | MINUTE
            | MONTH
            | NOTNULL
            | OFFSET
            | ON
            | ORDER
            | OVER
            | OVERLAPS
            | PRECISION
            | RETURNING
            | SECOND
            | TO
            | UNION
            | VARYING
            | WHERE
            | WINDOW
            | WITH
            | WITHIN
            | WITHOUT
            | YEAR
    )
}
