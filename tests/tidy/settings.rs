//! Every setting of the server's own sections is read by the server.
//!
//! The other sections are taken apart in `database/parts.rs`, where the compiler looks after them; what the
//! server reads is spread over the places that need it, so this looks for each name there.

use std::fs;
use std::path::Path;

use kalam::config::Config;

use super::{code, collect};

const SECTIONS: &[&str] = &["server", "tls", "auth", "log"];

#[test]
fn every_setting_of_the_server_is_read() {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server"), &mut files);
    let sources: Vec<String> = files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.ends_with("tests.rs"))
        .map(|path| code::without_tests(&code::without_comments_and_strings(&fs::read_to_string(path).unwrap())))
        .collect();
    let config = serde_json::to_value(Config::default()).unwrap();
    for section in SECTIONS {
        for key in config[section].as_object().unwrap().keys() {
            // What the session makes of it is wired with the other sections.
            if (*section, key.as_str()) == ("log", "slow_statement_ms") {
                continue;
            }
            let read = sources.iter().any(|source| reads(source, section, key));
            assert!(read, "[{section}] {key} is in kalam.toml, and src/server does not read it");
        }
    }
}

/// Whether code names `config.key` or `config.section.key`.
fn reads(source: &str, section: &str, key: &str) -> bool {
    [format!("config.{key}"), format!("config.{section}.{key}")].iter().any(|path| {
        source.match_indices(path.as_str()).any(|(at, _)| {
            let after = source[at + path.len()..].chars().next();
            !after.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        })
    })
}

#[test]
fn a_name_that_only_begins_like_a_setting_does_not_read_it() {
    assert!(reads("f(config.max_connections)", "server", "max_connections"));
    assert!(reads("f(&config.server.listen, 1)", "server", "listen"));
    assert!(!reads("f(config.key_file)", "tls", "key"));
    assert!(!reads("f(config.tls.listen)", "server", "listen"));
}
