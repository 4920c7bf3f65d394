//! The queries that psql 15 sends for its `\d` family, word for word.
//!
//! `psql_queries.txt` was written down with `psql -E` against a PostgreSQL 15: `-- \d` names the command,
//! `--Q` begins a query. The OID of `messages` in it stands for ours.

use super::world::World;

/// Commands whose queries may still be refused, and why.
const REFUSED: [(&str, &str); 0] = [];

struct Recorded {
    command: String,
    query: String,
}

fn recorded() -> Vec<Recorded> {
    let mut all = Vec::new();
    let mut command = String::new();
    for part in include_str!("psql_queries.txt").split("--Q\n") {
        let (query, next) = part.split_once("-- \\").map_or((part, None), |(query, next)| (query, Some(next)));
        if !query.trim().is_empty() {
            all.push(Recorded { command: command.clone(), query: query.trim().to_owned() });
        }
        if let Some(next) = next {
            command = next.lines().last().unwrap_or_default().trim_start_matches("-- \\").to_owned();
        }
    }
    all
}

async fn answer(world: &World, command: &str, contains: &str) -> Vec<String> {
    let table = world.manager.catalogs().by_id(world.tenant).unwrap().table("public", "messages").unwrap().id.0;
    let query = recorded()
        .into_iter()
        .find(|recorded| recorded.command == command && recorded.query.contains(contains))
        .unwrap_or_else(|| panic!("no query of \\{command} with {contains}"));
    world.lines(&query.query.replace("16384", &table.to_string())).await
}

#[tokio::test]
async fn every_query_of_psql_runs() {
    let world = World::new().await;
    let mut failed = Vec::new();
    let all = recorded();
    assert!(all.len() > 40, "{} queries", all.len());
    for Recorded { command, query } in all {
        if let Err(error) = world.run(&query).await {
            if !REFUSED.iter().any(|(refused, why)| *refused == command && error.to_string().contains(why)) {
                failed.push(format!("\\{command}: {error:?}\n{query}"));
            }
        }
    }
    assert!(failed.is_empty(), "{} queries failed:\n{}", failed.len(), failed.join("\n\n"));
}

#[tokio::test]
async fn psql_shows_the_table() {
    let world = World::new().await;
    assert_eq!(answer(&world, "dt", "relkind").await, ["public|messages|table|app"]);
    assert_eq!(answer(&world, "d", "relkind").await, ["public|messages|table|app"]);
    assert_eq!(answer(&world, "di", "relkind").await, ["public|messages_pkey|index|app|messages"]);
    assert_eq!(answer(&world, "dn", "nspname").await, ["kalam|kalam", "public|app"]);
    assert_eq!(answer(&world, "d messages", "^(messages)$").await.len(), 1);
    assert_eq!(
        answer(&world, "d messages", "attnotnull").await,
        [
            "conversation_id|text|∅|t|∅||",
            "id|uuid|uuidv7()|t|∅||",
            "role|text|'user'::text|f|∅||",
            "author|text|CURRENT_USER|f|∅||",
            "content|text|∅|f|∅||",
            "reply_to|uuid|∅|f|∅||",
            "metadata|jsonb|∅|f|∅||",
            "created_at|timestamp with time zone|now()|f|∅||",
        ]
    );
    let index = answer(&world, "d messages", "indisprimary").await;
    assert_eq!(
        index,
        [
            "messages_pkey|t|t|f|t|CREATE UNIQUE INDEX messages_pkey ON public.messages USING btree (conversation_id, id)|PRIMARY KEY (conversation_id, id)|p|f|f|f|0"
        ]
    );
    assert_eq!(
        answer(&world, "d messages", "contype = 'c'").await,
        [
            "messages_role_check|CHECK (role = ANY (ARRAY['system'::text, 'user'::text, 'assistant'::text, 'tool'::text]))"
        ]
    );
    let databases = answer(&world, "l", "pg_database").await;
    assert!(databases.iter().any(|line| line.starts_with("demo|app|UTF8")), "{databases:?}");
    let roles = answer(&world, "du", "pg_roles").await;
    assert!(roles.iter().any(|line| line.starts_with("app|") && line.contains("{}")), "{roles:?}");
}
