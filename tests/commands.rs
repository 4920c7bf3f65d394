//! The `kalam` command: help, exit codes, one-line errors, tenants from the command line.

use std::fs;
use std::net::TcpListener;

use crate::support::server::{Server, kalam, temporary_directory, token};
use crate::support::token::Token;
use crate::support::wire::Wire;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command that must fail, with one line on stderr that contains `words`, and gives its exit code.
fn fails(arguments: &[&str], words: &[&str]) -> i32 {
    let output = kalam(arguments);
    let error = text(&output.stderr);
    assert!(!output.status.success(), "kalam {arguments:?} succeeded");
    let lines: Vec<&str> = error.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 1, "one line, not: {error}");
    for word in words {
        assert!(error.contains(word), "no {word:?} in: {error}");
    }
    assert!(!error.contains("panicked") && !error.contains("Error {"), "{error}");
    output.status.code().expect("an exit code, not a signal")
}

#[test]
fn help_reads_well() {
    let output = kalam(&["--help"]);
    assert!(output.status.success());
    let help = text(&output.stdout);
    for word in ["dev", "serve", "token", "tenant"] {
        assert!(help.contains(word), "{help}");
    }
    for command in [&["dev", "--help"][..], &["serve", "--help"], &["token", "--help"], &["tenant", "--help"]] {
        let output = kalam(command);
        assert!(output.status.success(), "{command:?}");
        assert!(text(&output.stdout).contains("Usage: kalam"), "{command:?}");
    }
    assert!(text(&kalam(&["--version"]).stdout).contains(env!("CARGO_PKG_VERSION")));
    assert_eq!(kalam(&["nosuchcommand"]).status.code(), Some(2));
    assert_eq!(kalam(&["dev", "--nosuchoption"]).status.code(), Some(2));
}

#[test]
fn a_taken_port_is_named() {
    let directory = temporary_directory();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let data = directory.path().join("data");
    fails(&["dev", "--data-dir", data.to_str().unwrap(), "--listen", &address], &[&address, "in use"]);
}

#[test]
fn a_locked_data_directory_is_named() {
    let server = Server::start();
    let data = server.data().to_str().unwrap();
    fails(&["dev", "--data-dir", data, "--listen", "127.0.0.1:0"], &[data, "another"]);
    assert_eq!(Wire::connect(&server).value("SELECT 'unharmed'"), "unharmed");
}

#[test]
fn a_bad_setting_is_named_with_its_line() {
    let directory = temporary_directory();
    let file = directory.path().join("kalam.toml");
    let path = file.to_str().unwrap();
    fs::write(&file, "[server]\nlisten = \"127.0.0.1:0\"\nlisten_adress = \"typo\"\n").unwrap();
    fails(&["serve", "--config", path], &["listen_adress", "line 3"]);
    fs::write(&file, "[commit]\n\ndurability = \"maybe\"\n").unwrap();
    fails(&["serve", "--config", path], &["line 3"]);
    fs::write(&file, "[server\n").unwrap();
    fails(&["serve", "--config", path], &["line 1"]);
    fails(&["serve", "--config", "nosuchfile.toml"], &["nosuchfile.toml"]);
    // Without TLS only on loopback.
    let data = directory.path().join("data");
    fails(&["dev", "--data-dir", data.to_str().unwrap(), "--listen", "0.0.0.0:0", "--tls", "off"], &["loopback"]);
}

#[test]
fn an_unreadable_key_is_named() {
    let directory = temporary_directory();
    let (file, key) = (directory.path().join("kalam.toml"), directory.path().join("idp.pem"));
    let data = directory.path().join("data");
    Server::on(&data).stop();
    fs::write(&key, "this is no key\n").unwrap();
    fs::write(
        &file,
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[storage]\ndirectory = {data:?}\n[tls]\nself_signed = true\n[[auth.keys]]\nid = \"idp\"\nalgorithm = \"ES256\"\npath = {key:?}\n"
        ),
    )
    .unwrap();
    fails(&["serve", "--config", file.to_str().unwrap()], &["idp.pem"]);
    fs::remove_file(&key).unwrap();
    fails(&["serve", "--config", file.to_str().unwrap()], &["idp.pem"]);
}

#[test]
fn an_unknown_format_is_refused_by_name() {
    let directory = temporary_directory();
    let data = directory.path().join("data");
    Server::on(&data).stop();
    // The version is a file that a person can read.
    let version = fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_str().unwrap().to_lowercase().contains("format"))
        .expect("the data directory carries its format version");
    let good = fs::read_to_string(&version).unwrap();
    let bad: String = good.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    assert_ne!(good, bad);
    fs::write(&version, &bad).unwrap();
    fails(&["dev", "--data-dir", data.to_str().unwrap(), "--listen", "127.0.0.1:0"], &["format", "9"]);
    fs::write(&version, &good).unwrap();
    Server::on(&data).stop();
}

#[test]
fn tokens_are_made_beside_a_running_server() {
    let server = Server::start();
    let text = server.token("demo", "zoë", "reader");
    let parsed = Token::parse(&text);
    assert_eq!(parsed.header["alg"], "HS256");
    assert_eq!((parsed.claims["sub"].as_str(), parsed.claims["tenant"].as_str()), (Some("zoë"), Some("demo")));
    assert_eq!(parsed.claims["role"], "reader");
    for claim in ["exp", "iss", "aud"] {
        assert!(parsed.claims.contains_key(claim), "{claim}");
    }
    let exp = Token::parse(&token(server.data(), "demo", "app", "owner", "90s")).claims["exp"].as_u64().unwrap();
    let now = crate::support::token::now();
    assert!((now + 80..=now + 91).contains(&exp), "{exp} at {now}");
    let data = server.data().to_str().unwrap();
    // Operators have no say in a tenant, and nobody else one in the system's.
    for (tenant, role) in [("demo", "operator"), ("kalam", "owner"), ("kalam", "member"), ("kalam", "reader")] {
        let arguments = ["token", "--data-dir", data, "--tenant", tenant, "--user", "app", "--role", role];
        fails(&arguments, &["operator", "tenant kalam"]);
    }
    fails(&["token", "--data-dir", "nosuchdirectory", "--tenant", "demo", "--user", "app"], &["nosuchdirectory"]);
    assert_eq!(
        kalam(&["token", "--data-dir", data, "--tenant", "demo", "--user", "app", "--ttl", "soon"]).status.code(),
        Some(2)
    );
    // Only the token is printed.
    let output = kalam(&["token", "--data-dir", data, "--tenant", "demo", "--user", "app"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
}

#[test]
fn tenants_are_listed_made_and_dropped_with_and_without_a_server() {
    let directory = temporary_directory();
    let data = directory.path().join("data");
    let mut server = Server::on(&data);
    let path = data.to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let mut all = vec!["tenant"];
        all.extend(arguments);
        all.extend(["--data-dir", &path]);
        let output = kalam(&all);
        assert!(output.status.success(), "kalam {all:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    fails(&["tenant", "create", "", "--data-dir", &path], &["the name of a tenant must have 1 to 63 bytes"]);
    fails(&["tenant", "drop", "kalam", "--data-dir", &path], &["the tenant kalam", "cannot be dropped"]);
    for running in [true, false] {
        assert!(run(&["list"]).contains("demo"));
        run(&["create", "acme"]);
        assert!(run(&["list"]).contains("acme"));
        fails(&["tenant", "create", "acme", "--data-dir", &path], &["acme", "exists"]);
        if running {
            let mut wire = Wire::connect_as(&server, "acme", "app", "owner");
            assert_eq!(wire.value("SELECT count(*) FROM messages"), "0");
            drop(wire);
            crate::support::until("the connection is gone", || {
                kalam(&["tenant", "drop", "acme", "--data-dir", &path]).status.success().then_some(())
            });
        } else {
            run(&["drop", "acme"]);
        }
        assert!(!run(&["list"]).contains("acme"));
        fails(&["tenant", "drop", "acme", "--data-dir", &path], &["acme", "not exist"]);
        if running {
            server.stop();
        }
    }
}

/// Files of somebody else are not mixed with the database's.
#[test]
fn a_folder_of_something_else_is_refused() {
    let directory = temporary_directory();
    let path = directory.path().to_str().unwrap();
    fs::write(directory.path().join("letter.txt"), "mine").unwrap();
    let arguments = ["dev", "--data-dir", path, "--listen", "127.0.0.1:0"];
    assert_eq!(fails(&arguments, &[path, "exists but is not empty"]), 1);
    fails(&["tenant", "list", "--data-dir", path], &[path, "exists but is not empty"]);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

/// `kalam dev` again on the same directory: the same certificate and key, so that old tokens still work.
#[test]
fn dev_keeps_its_directory() {
    let mut server = Server::start();
    let token = server.token("demo", "app", "owner");
    Wire::connect(&server).ok("INSERT INTO messages (conversation_id, content) VALUES ('lobby', 'kept')");
    server.restart();
    let mut wire = Wire::to(&server).unwrap();
    wire.login("app", "demo", &token).unwrap();
    assert_eq!(wire.value("SELECT content FROM messages"), "kept");
    // Messages and secrets are for their owner only.
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(server.data()).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_lowercase();
        if path.is_file() && name.contains("key") {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name} can be read by others: {mode:o}");
        }
    }
}
