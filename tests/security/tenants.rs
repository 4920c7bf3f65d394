//! Two tenants with equal table names, keys and channels never meet.

use std::error::Error;

use crate::support::client::Client;
use crate::support::server::Server;
use crate::support::until;
use crate::support::wire::{Wire, cancel_request, query};

/// Two tenants, each with the table `t` and the same key in it.
fn two_tenants(server: &Server) -> (Wire, Wire) {
    let mut operator = Wire::connect_as(server, "kalam", "root", "operator");
    operator.ok("CREATE DATABASE acme");
    operator.ok("CREATE DATABASE globex");
    let open = |tenant: &str| {
        let mut wire = Wire::connect_as(server, tenant, "app", "owner");
        wire.ok("CREATE TABLE t (id int PRIMARY KEY, secret text)");
        wire.ok(&format!("INSERT INTO t VALUES (1, 'of {tenant}')"));
        wire.ok(&format!("INSERT INTO messages (conversation_id, id, content) VALUES ('lobby', '01890000-0000-7000-8000-000000000001', 'of {tenant}')"));
        wire
    };
    (open("acme"), open("globex"))
}

#[test]
fn rows_do_not_meet() {
    let mut server = Server::start();
    let (mut acme, mut globex) = two_tenants(&server);
    let check = |acme: &mut Wire, globex: &mut Wire| {
        assert_eq!(acme.rows("SELECT id, secret FROM t"), ["1|of acme"]);
        assert_eq!(globex.rows("SELECT id, secret FROM t"), ["1|of globex"]);
        assert_eq!(acme.rows("SELECT content FROM messages"), ["of acme"]);
        assert_eq!(
            globex.rows("SELECT content FROM messages WHERE conversation_id = 'lobby' ORDER BY id DESC LIMIT 50"),
            ["of globex"]
        );
    };
    check(&mut acme, &mut globex);
    // Neither by other names of the same table.
    for sql in [
        "SELECT * FROM globex.public.t",
        "SELECT * FROM globex.t",
        "INSERT INTO globex.public.t VALUES (2, 'x')",
        "DROP TABLE globex.public.t",
    ] {
        let error = acme.fails(sql);
        assert!(["0A000", "42P01", "3F000"].contains(&error.sqlstate()), "{sql}: {error}");
        assert!(!format!("{:?}", error.0).contains("of globex"));
    }
    assert_eq!(acme.rows("SELECT secret FROM acme.public.t"), ["of acme"], "its own name works");
    // In history.
    for wire in [&mut acme, &mut globex] {
        wire.ok("SELECT kalam.flush('t')");
        wire.ok("SELECT kalam.flush('messages')");
    }
    check(&mut acme, &mut globex);
    // Changing, deleting and truncating one leaves the other.
    acme.ok("UPDATE t SET secret = 'changed'");
    assert_eq!(globex.rows("SELECT secret FROM t"), ["of globex"]);
    acme.ok("TRUNCATE t");
    acme.ok("DELETE FROM messages");
    assert_eq!(globex.rows("SELECT secret FROM t"), ["of globex"]);
    assert_eq!(globex.rows("SELECT content FROM messages"), ["of globex"]);
    acme.ok("DROP TABLE t");
    assert_eq!(globex.rows("SELECT secret FROM t"), ["of globex"]);
    server.restart();
    let mut globex = Wire::connect_as(&server, "globex", "app", "owner");
    assert_eq!(globex.rows("SELECT secret FROM t"), ["of globex"]);
    assert_eq!(Wire::connect_as(&server, "acme", "app", "owner").fails("SELECT * FROM t").sqlstate(), "42P01");
}

#[test]
fn a_token_of_one_tenant_does_not_open_another() {
    let server = Server::start();
    let _ = two_tenants(&server);
    let token = server.token("acme", "app", "owner");
    for tenant in ["globex", "kalam", "demo", "Acme", "nosuch"] {
        let error = Wire::to(&server).unwrap().login("app", tenant, &token).unwrap_err();
        assert!(error.sqlstate().starts_with("28"), "{tenant}: {error}");
        assert!(!error.message().contains("acme"), "{error}");
    }
}

#[test]
fn catalogs_show_the_own_tenant_only() {
    let server = Server::start();
    let (mut acme, mut globex) = two_tenants(&server);
    globex.ok("CREATE TABLE only_in_globex (hidden_column int PRIMARY KEY)");
    globex.ok("SELECT kalam.flush('t')");
    let mut names = |sql: &str| acme.rows(sql).join("\n");
    for sql in [
        "SELECT relname FROM pg_class",
        "SELECT attname FROM pg_attribute",
        "SELECT table_name FROM information_schema.tables",
        "SELECT column_name FROM information_schema.columns",
        "SELECT datname FROM pg_database",
        "SELECT * FROM kalam.tenants",
        "SELECT * FROM kalam.history_files",
        "SELECT * FROM kalam.flushes",
        "SELECT * FROM kalam.subscriptions",
        "SELECT datname, query FROM pg_stat_activity",
        "SELECT conname FROM pg_constraint",
        "SELECT catalog_name FROM information_schema.schemata",
    ] {
        let text = names(sql);
        assert!(!text.contains("globex"), "{sql}: {text}");
        assert!(!text.contains("hidden_column"), "{sql}: {text}");
    }
    assert!(names("SELECT relname FROM pg_class").contains("messages"));
    assert_eq!(names("SELECT datname FROM pg_database WHERE datname <> 'kalam'"), "acme");
    assert_eq!(names("SELECT current_database()"), "acme");
    assert_eq!(names("SELECT count(*) FROM kalam.history_files"), "0");
    assert_eq!(names("SELECT count(DISTINCT datname) FROM pg_stat_activity WHERE datname IS NOT NULL"), "1");
}

#[tokio::test]
async fn channels_do_not_meet() -> Result<(), Box<dyn Error>> {
    let server = Server::start();
    let mut operator = Wire::connect_as(&server, "kalam", "root", "operator");
    operator.ok("CREATE DATABASE acme");
    operator.ok("CREATE DATABASE globex");
    let acme = Client::connect_as(&server, "acme", "app", "owner").await;
    let globex = Client::connect_as(&server, "globex", "app", "owner").await;
    for client in [&acme, &globex] {
        client.batch_execute("LISTEN news; LISTEN messages; LISTEN \"messages:lobby\"").await?;
    }
    let writer = Client::connect_as(&server, "acme", "app", "owner").await;
    writer.batch_execute("NOTIFY news, 'of acme'").await?;
    writer.batch_execute("INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'of acme')").await?;
    assert_eq!(acme.notification().await.payload(), "of acme");
    assert_eq!(acme.notification().await.channel().split(':').next(), Some("messages"));
    acme.notification().await;
    assert_eq!(globex.notifications().await, []);
    Ok(())
}

/// Process ids are visible, secrets are not, and a cancel needs both.
#[test]
fn a_cancel_hits_its_own_session_only() {
    let server = Server::plain();
    let (mut acme, globex) = two_tenants(&server);
    let endless = "SELECT count(*) FROM generate_series(1, 200000000000) AS g(x) WHERE g.x % 7 = 8";
    let mut watcher = Wire::connect_as(&server, "acme", "app", "owner");
    acme.send(&query(endless)).unwrap();
    let active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%200000000000%' AND query NOT LIKE '%pg_stat%'";
    until("the statement runs", || (watcher.value(active) == "1").then_some(()));
    // The process id of one with the secret of the other.
    let mut attacker = Wire::plain(server.address()).unwrap();
    attacker.send(&cancel_request((acme.key.0, globex.key.1))).unwrap();
    attacker.until_closed();
    assert_eq!(watcher.value(active), "1");
    // Nor through SQL.
    let mut other = globex;
    for function in ["pg_cancel_backend", "pg_terminate_backend"] {
        let (reply, error) = other.run_all(&format!("SELECT {function}({})", acme.key.0));
        assert!(error.is_some() || reply.rows[0][0].as_deref() == Some("f"), "{reply:?}");
    }
    assert_eq!(watcher.value(active), "1");
    let mut own = Wire::plain(server.address()).unwrap();
    own.send(&cancel_request(acme.key)).unwrap();
    let messages = acme.until_ready().unwrap();
    assert!(messages.iter().any(|m| m.tag == b'E' && m.fields().sqlstate() == "57014"), "{messages:?}");
}

#[test]
fn errors_do_not_tell_of_others() {
    let server = Server::start();
    let (mut acme, mut globex) = two_tenants(&server);
    globex.ok("CREATE TABLE payroll (id int PRIMARY KEY, amount int)");
    globex.ok("INSERT INTO payroll VALUES (1, 4711)");
    // The same error as for a table that nobody has.
    let (there, nowhere) = (acme.fails("SELECT * FROM payroll"), acme.fails("SELECT * FROM payrolx"));
    assert_eq!(there.message().replace("payroll", "payrolx"), nowhere.message());
    assert_eq!(there.sqlstate(), nowhere.sqlstate());
    let error = acme.fails("INSERT INTO t VALUES (1, 'again')");
    assert_eq!(error.get('D'), "Key (id)=(1) already exists.");
    acme.ok("INSERT INTO t VALUES (2, 'free here')");
    globex.ok("INSERT INTO t VALUES (2, 'and here')");
}

#[test]
fn databases_are_made_and_erased_by_operators() {
    let mut server = Server::start();
    let mut operator = Wire::connect_as(&server, "kalam", "root", "operator");
    operator.ok("CREATE DATABASE acme");
    assert_eq!(operator.fails("CREATE DATABASE acme").sqlstate(), "42P04");
    let mut acme = Wire::connect_as(&server, "acme", "app", "owner");
    acme.ok("INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'erase me')");
    acme.ok("SELECT kalam.flush('messages')");
    acme.ok("INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'erase me too')");
    // Connections keep it alive, unless FORCE.
    let error = operator.fails("DROP DATABASE acme");
    assert_eq!(error.sqlstate(), "55006");
    assert_eq!(error.message(), "database \"acme\" is being accessed by other users");
    operator.ok("DROP DATABASE acme WITH (FORCE)");
    let messages = acme.until_closed();
    assert_eq!(messages[0].fields().sqlstate(), "57P01");
    assert_eq!(operator.fails("DROP DATABASE acme").sqlstate(), "3D000");
    operator.ok("DROP DATABASE IF EXISTS acme");
    operator.ok("CREATE DATABASE owned OWNER mia");
    let owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'owned'";
    assert_eq!(operator.value(owner), "mia");
    operator.ok("DROP DATABASE owned");
    assert_eq!(operator.fails("BEGIN; CREATE DATABASE in_a_block").sqlstate(), "25001");
    operator.run("ROLLBACK").unwrap();
    let token = server.token("acme", "app", "owner");
    assert!(Wire::to(&server).unwrap().login("app", "acme", &token).is_err());
    // A new one of the same name has nothing of the old one, also after a restart.
    operator.ok("CREATE DATABASE acme");
    let mut acme = Wire::connect_as(&server, "acme", "app", "owner");
    assert_eq!(acme.value("SELECT count(*) FROM messages"), "0");
    drop((acme, operator));
    server.restart();
    let mut acme = Wire::connect_as(&server, "acme", "app", "owner");
    assert_eq!(acme.value("SELECT count(*) FROM messages"), "0");
    // Nothing of the erased text is left in history.
    let mut files = Vec::new();
    history_files(&server.data().join("history"), &mut files);
    assert!(files.is_empty(), "history of an erased tenant: {files:?}");
}

fn history_files(directory: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            history_files(&path, files);
        } else {
            files.push(path);
        }
    }
}
