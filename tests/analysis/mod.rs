//! What a statement means, against a PostgreSQL 15: names and types of its columns, or its error with the words and
//! the place.
//!
//! The statements are those of `statements.sql` and `modifications.sql` beside this file and those of `sqllogictest/`. PostgreSQL only
//! parses and describes them. Where we answer 0A000, the statement is not analysed yet, which the test counts; any
//! other difference fails it, and the few that are meant stand in [`DIFFERENT`].

mod world;

use std::collections::BTreeMap;

use kalam::catalog::facts::Facts;
use kalam::query::bind::analyse::{Context, modification, query};
use kalam::query::bind::resolve::Parameters;
use kalam::query::bind::tree::{Column, Expression, JoinKind, Kind, Query, QueryBody, RelationKind, SubqueryKind};
use kalam::query::parse;
use kalam::query::sqlparser::ast::{SetExpr, Statement};

use crate::support::postgres;
use crate::support::root;
use crate::support::wire::{Message, Wire, describe_statement, sync};
use world::World;

/// Statements that may be answered otherwise, by a part of their text, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("uuidv7", "PostgreSQL 15 does not have it"),
    ("kalam.", "a schema of ours"),
    ("information_schema.", "the views of ours have fewer columns and simpler types"),
    ("* FROM pg_", "the relations of ours have fewer columns"),
    ("pg_tables", "the views of ours are queries over our relations"),
];

/// What a statement is answered with.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    /// Names, OIDs and modifiers of the columns; OIDs of the parameters.
    Columns(Vec<(String, u32, i32)>, Vec<u32>),
    /// SQLSTATE, message, DETAIL, HINT, position.
    Error(String, String, String, String, String),
}

impl Answer {
    /// The types of the rows of tables have OIDs of their own in every database.
    fn with_tables_alike(self) -> Self {
        const FIRST: u32 = 16384;
        match self {
            Self::Columns(columns, types) => {
                let alike = |(name, oid, typmod): (String, u32, i32)| (name, oid.min(FIRST), typmod);
                Self::Columns(columns.into_iter().map(alike).collect(), types)
            }
            error => error,
        }
    }
}

fn ours(world: &World, database: &str, sql: &str) -> Option<Answer> {
    let environment = world.environment(database, sql);
    let parameters = Parameters::default();
    let context = Context::new(&environment, Facts::shipped(), &parameters);
    let answer = parse(sql).and_then(|mut parsed| {
        let statement = if parsed.len() == 1 { parsed.remove(0).statement } else { return Ok(None) };
        let targets = match &statement {
            Statement::Query(ast) => match ast.body.as_ref() {
                SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) => {
                    modification(&context, inner, ast.with.as_ref())?.returning.unwrap_or_default()
                }
                _ => query(&context, ast)?.targets,
            },
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
                modification(&context, &statement, None)?.returning.unwrap_or_default()
            }
            _ => return Ok(None),
        };
        Ok(Some((targets, parameters.types()?)))
    });
    Some(match answer.transpose()? {
        Ok((targets, types)) => {
            let columns = targets.iter().filter(|target| !target.hidden);
            let columns = columns.map(|target| {
                (target.name.clone(), target.expression.data_type.oid, target.expression.data_type.typmod)
            });
            Answer::Columns(columns.collect(), types)
        }
        Err(error) => {
            let report = error.report();
            Answer::Error(
                report.sqlstate.0.to_owned(),
                report.message,
                report.detail.unwrap_or_default(),
                report.hint.unwrap_or_default(),
                report.position.map(|position| position.to_string()).unwrap_or_default(),
            )
        }
    })
}

fn theirs(messages: &[Message]) -> Answer {
    let mut columns = Vec::new();
    let mut types = Vec::new();
    for message in messages {
        match message.tag {
            b'E' => {
                let fields = message.fields();
                let field = |name| fields.get(name).to_owned();
                return Answer::Error(field('C'), field('M'), field('D'), field('H'), field('P'));
            }
            b'T' => columns = message.columns().into_iter().map(|own| (own.name, own.oid, own.typmod)).collect(),
            b't' => {
                let words = message.body[2..].chunks_exact(4);
                types = words.map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
            }
            _ => {}
        }
    }
    Answer::Columns(columns, types)
}

fn own_statements() -> Vec<String> {
    let directory = root().join("tests/analysis");
    let text = match std::env::var_os("KALAM_ANALYSIS_STATEMENTS") {
        Some(path) => std::fs::read_to_string(path).unwrap(),
        None => ["statements.sql", "modifications.sql"]
            .map(|file| std::fs::read_to_string(directory.join(file)).unwrap())
            .join("\n"),
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--"));
    lines.map(|line| line.trim_end_matches(';').to_owned()).collect()
}

/// The queries of the logic tests; their tables are missing here, which both servers say in the same words.
fn logic_tests() -> Vec<String> {
    let mut statements = Vec::new();
    let mut files: Vec<_> =
        std::fs::read_dir(root().join("sqllogictest")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "slt")) {
        for block in std::fs::read_to_string(file).unwrap().split("\n\n") {
            let lines = block.lines().filter(|line| !line.starts_with('#'));
            let lines: Vec<&str> = lines.skip(1).take_while(|line| *line != "----").collect();
            let statement = lines.join("\n");
            let word = statement.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            if matches!(word.as_str(), "SELECT" | "VALUES" | "WITH" | "TABLE" | "INSERT" | "UPDATE" | "DELETE") {
                statements.push(statement);
            }
        }
    }
    statements
}

async fn tree(sql: &str) -> Query {
    let world = World::new().await;
    let environment = world.environment("demo", sql);
    let Statement::Query(ast) = parse(sql).unwrap().remove(0).statement else { panic!("{sql}") };
    let parameters = Parameters::default();
    let context = Context::new(&environment, Facts::shipped(), &parameters);
    query(&context, &ast).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

fn column(expression: &Expression) -> Column {
    let Kind::Column(column) = expression.kind else { panic!("{expression:?}") };
    column
}

#[tokio::test]
async fn columns_point_outwards_to_their_query() {
    let query = tree("SELECT (SELECT p.name FROM posts q WHERE q.author = p.id) FROM numbers, people p").await;
    let Kind::Subquery(subquery) = &query.targets[0].expression.kind else { panic!("{query:?}") };
    assert_eq!(subquery.kind, SubqueryKind::Scalar);
    let inner = &subquery.query;
    assert_eq!(column(&inner.targets[0].expression), Column { levels_up: 1, relation: 1, column: 1 });
    let QueryBody::Select { filter: Some(filter), .. } = &inner.body else { panic!("{inner:?}") };
    let Kind::Operator { arguments, .. } = &filter.kind else { panic!("{filter:?}") };
    assert_eq!(column(&arguments[0]), Column::here(0, 0));
    assert_eq!(column(&arguments[1]), Column { levels_up: 1, relation: 1, column: 0 });
}

#[tokio::test]
async fn an_aggregate_belongs_to_the_query_of_its_columns() {
    let query = tree("SELECT (SELECT sum(p.points) FROM posts LIMIT 1) FROM people p").await;
    let Kind::Subquery(subquery) = &query.targets[0].expression.kind else { panic!("{query:?}") };
    let Kind::Aggregate(aggregate) = &subquery.query.targets[0].expression.kind else { panic!("{query:?}") };
    assert_eq!(aggregate.levels_up, 1);
    let QueryBody::Select { grouping, .. } = &query.body else { panic!("{query:?}") };
    assert!(grouping.is_some(), "the outer query is grouped");
    let QueryBody::Select { grouping, .. } = &subquery.query.body else { panic!("{query:?}") };
    assert!(grouping.is_none(), "the inner query is not");
}

#[tokio::test]
async fn using_merges_columns_by_the_kind_of_join() {
    for (join, kind, relation) in
        [("JOIN", JoinKind::Inner, 0), ("LEFT JOIN", JoinKind::Left, 0), ("RIGHT JOIN", JoinKind::Right, 1)]
    {
        let query = tree(&format!("SELECT n FROM numbers {join} posts USING (n)")).await;
        assert_eq!(column(&query.targets[0].expression).relation, relation, "{join}");
        let QueryBody::Select { from, .. } = &query.body else { panic!("{query:?}") };
        assert!(matches!(&from[0], kalam::query::bind::tree::Join::Join { kind: own, .. } if *own == kind));
    }
    let query = tree("SELECT n FROM numbers FULL JOIN posts USING (n)").await;
    let merged = column(&query.targets[0].expression);
    let RelationKind::Join { columns } = &query.relations[merged.relation].kind else { panic!("{query:?}") };
    assert!(matches!(&columns[merged.column].kind, Kind::Coalesce(sides) if sides.len() == 2));
}

#[tokio::test]
async fn grouping_sets_are_written_out() {
    let query = tree("SELECT n, GROUPING(t) FROM numbers GROUP BY b, ROLLUP (n, t)").await;
    let QueryBody::Select { grouping: Some(grouping), .. } = &query.body else { panic!("{query:?}") };
    assert_eq!(grouping.expressions.len(), 3);
    assert_eq!(grouping.sets, [vec![0, 1, 2], vec![0, 1], vec![0]]);
    assert_eq!(query.targets[1].expression.kind, Kind::Grouping(vec![2]));
}

#[tokio::test]
async fn with_queries_are_found_outwards() {
    let query = tree("WITH c AS (SELECT 1 AS a) SELECT * FROM (SELECT a FROM c) s").await;
    assert_eq!(query.ctes.len(), 1);
    let RelationKind::Subquery(inner) = &query.relations[0].kind else { panic!("{query:?}") };
    assert_eq!(inner.relations[0].kind, RelationKind::Cte { levels_up: 1, cte: 0 });
    let recursive = tree("WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c) SELECT n FROM c").await;
    assert!(recursive.ctes[0].recursive);
    let QueryBody::SetOperation(operation) = &recursive.ctes[0].query.body else { panic!("{recursive:?}") };
    assert_eq!(operation.right.relations[0].kind, RelationKind::Cte { levels_up: 2, cte: 0 });
}

#[tokio::test]
async fn statements_mean_what_postgresql_says() {
    let Some(postgres) = postgres::shared() else { return };
    let database = postgres.database();
    let mut wire = Wire::plain(postgres.address()).unwrap();
    wire.login("app", &database, "").unwrap();
    world::statements().iter().for_each(|statement| {
        wire.ok(statement);
    });
    let world = World::new().await;
    let mut statements = own_statements();
    statements.extend(logic_tests());
    let mut differences = Vec::new();
    let mut waiting: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut same = 0usize;
    for statement in &statements {
        if DIFFERENT.iter().any(|(part, _)| statement.contains(part)) {
            continue;
        }
        let Some(own) = ours(&world, &database, statement) else { continue };
        let messages = [crate::support::wire::parse("", statement, &[]), describe_statement(""), sync()].concat();
        wire.send(&messages).unwrap();
        let reference = theirs(&wire.until_ready().unwrap());
        let (own, reference) = (own.with_tables_alike(), reference.with_tables_alike());
        match &own {
            own if *own == reference => same += 1,
            Answer::Error(code, message, ..) if code == "0A000" => {
                waiting.entry(message.clone()).or_default().push(statement.clone());
            }
            _ => differences.push(format!("{statement}\n    ours:   {own:?}\n    theirs: {reference:?}")),
        }
    }
    let count: usize = waiting.values().map(Vec::len).sum();
    println!("{same} statements agree, {count} wait");
    for (message, statements) in &waiting {
        println!("{:4} × {message}, such as {}", statements.len(), statements[0]);
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(same > count, "{same} statements are the same and {count} are not analysed");
}
