//! Random queries against a PostgreSQL 15, and against themselves.
//!
//! [`query`] makes queries from a seed: joins of all kinds, subqueries in every place and correlated over several
//! levels, grouping sets, windows, CTEs, set operations, limits over a total order. PostgreSQL and KalamDB answer them
//! over the same rows, which lie fresh, flushed or mixed: same types, same rows, or the same SQLSTATE. What KalamDB
//! refuses (0A000) is counted, and must stay rare. Ternary logic partitioning and NoREC (M. Rigger and Z. Su, 2020)
//! need no other database: the rows for which a condition is true, false and NULL are all rows, and a filter keeps
//! as many as the condition counts.
//!
//! `make differential SECONDS=600 SEED=7` asks for longer; a difference is printed with the number of its query, which
//! `SEED=… FROM=…` begins with.

mod expression;
mod query;
mod random;
mod world;

use std::time::{Duration, Instant};

use query::{Generator, Select};
use world::{Answer, World};

/// Of so many queries one may be refused with 0A000.
const REFUSED_ONE_IN: usize = 50;

/// So many differences are looked for before the report.
const FAULTS: usize = 12;

/// How long a test may ask.
fn time() -> Duration {
    let seconds = std::env::var("KALAM_DIFFERENTIAL_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(6))
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

#[test]
fn random_queries_answer_as_postgresql() {
    let Some(mut world) = World::new() else { return };
    let (seed, mut asked) = (number("KALAM_DIFFERENTIAL_SEED", 1), number("KALAM_DIFFERENTIAL_FROM", 0));
    let (begin, start, time) = (asked, Instant::now(), time());
    let (mut rows, mut errors, mut refused, mut slow) = (0usize, 0usize, 0usize, 0usize);
    let mut reasons: Vec<String> = Vec::new();
    let mut faults = Vec::new();
    while start.elapsed() < time && faults.len() < FAULTS {
        let mut generator = Generator::new(seed.wrapping_mul(1 << 32).wrapping_add(asked));
        let (select, ordered) = generator.statement();
        let state = usize::try_from(asked % 3).unwrap();
        asked += 1;
        let sql = select.sql();
        let theirs = world.postgres(&sql, ordered);
        if theirs.is_timeout() {
            slow += 1;
            continue;
        }
        let ours = world.kalam(state, &sql, ordered);
        match &theirs {
            Answer::Rows { .. } => rows += 1,
            Answer::Error { .. } => errors += 1,
        }
        if ours.is_refusal() && !theirs.is_refusal() {
            refused += 1;
            reasons.push(ours.message().to_owned());
            continue;
        }
        if ours.is_timeout() {
            slow += 1;
            continue;
        }
        if ours.agrees(&theirs) {
            continue;
        }
        let small = shrunk(&mut world, state, select, ordered);
        let sql = small.sql();
        let (theirs, ours) = (world.postgres(&sql, ordered), world.kalam(state, &sql, ordered));
        let number = asked - 1;
        let state = world::STATES[state];
        faults.push(format!("SEED={seed} FROM={number}, {state}:\n{sql}\n  PostgreSQL: {theirs}\n    KalamDB: {ours}"));
    }
    reasons.sort();
    reasons.dedup();
    println!(
        "seed {seed}: {} queries, {rows} with rows, {errors} with errors, {refused} refused, {slow} too slow; refused: {}",
        asked - begin,
        reasons.join("; "),
    );
    assert!(faults.is_empty(), "{} answers differ:\n{}", faults.len(), faults.join("\n"));
    let asked = usize::try_from(asked - begin).unwrap();
    assert!(refused * REFUSED_ONE_IN <= asked, "{refused} of {asked} queries are refused");
    assert!(errors * 4 <= asked, "the queries say too little: {errors} of {asked} are mistakes");
}

/// The smallest query that still differs, by leaving away parts.
fn shrunk(world: &mut World, state: usize, mut select: Select, ordered: bool) -> Select {
    let mut tries = 0;
    'again: while tries < 60 {
        for smaller in select.smaller() {
            tries += 1;
            let sql = smaller.sql();
            let ordered = ordered && !smaller.order.is_empty();
            let (theirs, ours) = (world.postgres(&sql, ordered), world.kalam(state, &sql, ordered));
            // A part that was needed is a mistake in both.
            if matches!(theirs, Answer::Rows { .. })
                && !ours.is_refusal()
                && !ours.is_timeout()
                && !ours.agrees(&theirs)
            {
                select = smaller;
                continue 'again;
            }
        }
        break;
    }
    select
}

#[test]
fn partitions_of_a_query_are_the_query() {
    let Some(mut world) = World::new() else { return };
    let (seed, mut asked) = (number("KALAM_DIFFERENTIAL_SEED", 1), number("KALAM_DIFFERENTIAL_FROM", 0));
    let (begin, start, time) = (asked, Instant::now(), time() / 2);
    let mut compared = 0usize;
    let mut faults = Vec::new();
    while start.elapsed() < time && faults.len() < FAULTS {
        let mut generator = Generator::new(seed.wrapping_mul(1 << 32).wrapping_add(asked) ^ 0x5EED);
        generator.budget = 3;
        let state = usize::try_from(asked % 3).unwrap();
        asked += 1;
        let (from, columns) = generator.from(&[], 1);
        let condition = generator.predicate(&columns, 0);
        let targets: Vec<&str> = columns.iter().map(|column| column.sql.as_str()).collect();
        let select = |filter: &str| format!("SELECT {} FROM {from}{filter}", targets.join(", "));
        let parts = [
            select(&format!(" WHERE ({condition})")),
            select(&format!(" WHERE NOT ({condition})")),
            select(&format!(" WHERE ({condition}) IS NULL")),
        ];
        let all = world.kalam(state, &select(""), false);
        let union = world.kalam(state, &parts.join(" UNION ALL "), false);
        let counted = world.kalam(state, &format!("SELECT count(*) FROM {from} WHERE ({condition})"), false);
        let summed = format!("SELECT coalesce(sum(({condition})::int), 0) FROM {from}");
        let summed = world.kalam(state, &summed, false);
        let answers = [&all, &union, &counted, &summed];
        if answers.iter().any(|answer| answer.is_refusal() || answer.is_timeout()) {
            continue;
        }
        compared += 1;
        let number = asked - 1;
        let place = format!("SEED={seed} FROM={number}, {}", world::STATES[state]);
        if !all.same_rows(&union) {
            faults.push(format!("{place}:\n{}\n  WHERE {condition}\n  all: {all}\n  parts: {union}", select("")));
        }
        if !counted.same_rows(&summed) {
            faults.push(format!("{place}: FROM {from}\n  WHERE {condition}\n  counted: {counted}\n  summed: {summed}"));
        }
    }
    println!("seed {seed}: {} conditions, {compared} compared", asked - begin);
    assert!(faults.is_empty(), "{} answers differ:\n{}", faults.len(), faults.join("\n"));
    assert!(compared > 0, "nothing was compared");
}
