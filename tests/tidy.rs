//! The house rules that a compiler does not check: floors, file heads, file lengths, unwraps, borders.
//!
//! Every rule is a function from one file to its faults, so that the tests at the end can show each of them
//! failing on bad code; `the_tree_is_tidy` applies them all to the tree.

mod code;
mod dependencies;
mod settings;

use std::fs;
use std::path::{Path, PathBuf};

/// The floors of the house. A module may use modules of its own floor and of the floors below it.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("error", 0),
    ("config", 0),
    ("storage", 1),
    ("notify", 1),
    ("catalog", 2),
    ("transaction", 3),
    ("query", 4),
    ("session", 5),
    ("database", 6),
    ("server", 7),
];

/// Names at the crate's root that are not modules: re-exports of floor 0.
const ROOT_REEXPORTS: &[&str] = &["Error", "Result"];

/// Crates that only some modules may name.
const BORDERS: &[(&str, &[&str])] =
    &[("pgwire", &["server"]), ("datafusion", &["query", "session", "database"]), ("rocksdb", &["storage", "error"])];

const LONGEST_FILE: usize = 600;

/// Directories of sources and texts that the rules look at.
const TREES: &[&str] = &["src", "tests", "benches", "sqllogictest", "docs", "scripts", "catalog", ".ci"];

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut faults = Vec::new();
    let mut files = Vec::new();
    for tree in TREES {
        collect(&root.join(tree), &mut files);
    }
    for name in ["Cargo.toml", "kalam.toml", "README.md", "CHANGELOG.md", "Makefile"] {
        if root.join(name).exists() {
            files.push(root.join(name));
        }
    }
    assert!(files.len() > 20, "the walk found only {} files: it looks in the wrong place", files.len());
    for file in files {
        let path = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let Ok(text) = fs::read_to_string(&file) else { continue }; // not a text
        faults.extend(machine_names(&path, &text));
        if path.ends_with(".rs") {
            faults.extend(rust_faults(&path, &text));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn rust_faults(path: &str, text: &str) -> Vec<String> {
    let bare = code::without_comments_and_strings(text);
    let mut faults = head(path, text);
    faults.extend(length(path, text));
    faults.extend(unfinished(path, text, &bare));
    if path.starts_with("src/") {
        faults.extend(upward_imports(path, &bare));
        faults.extend(borders(path, &bare));
        faults.extend(unwraps(path, &bare));
    }
    faults
}

fn head(path: &str, text: &str) -> Vec<String> {
    let good = text.starts_with("//! ") && text.lines().next().is_some_and(|line| line.len() > "//! ".len());
    if good { vec![] } else { vec![format!("{path}:1: opens without a `//!` that says what the file is")] }
}

fn length(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    let excused =
        text.lines().any(|line| line.strip_prefix("//! Long because:").is_some_and(|reason| reason.trim().len() > 10));
    if lines > LONGEST_FILE && !excused {
        vec![format!("{path}: {lines} lines, more than {LONGEST_FILE}, without `//! Long because: …`")]
    } else {
        vec![]
    }
}

/// The module of the crate's root that a file belongs to; None for `lib.rs` and `main.rs`, which see everything.
fn root_module(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let module = inside.split('/').next()?.trim_end_matches(".rs");
    (!matches!(module, "lib" | "main")).then_some(module)
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

fn upward_imports(path: &str, bare: &str) -> Vec<String> {
    let Some(module) = root_module(path) else { return vec![] };
    let Some(own) = floor(module) else {
        return vec![format!("{path}: the module `{module}` has no floor; give it one in tests/tidy")];
    };
    let mut faults = Vec::new();
    for (line, used) in code::crate_segments(bare) {
        match floor(&used) {
            Some(other) if other > own => {
                faults.push(format!("{path}:{line}: `{module}` (floor {own}) uses `{used}` (floor {other})"));
            }
            Some(_) => {}
            None if ROOT_REEXPORTS.contains(&used.as_str()) => {}
            None => faults.push(format!("{path}:{line}: `crate::{used}` is on no floor")),
        }
    }
    faults
}

fn borders(path: &str, bare: &str) -> Vec<String> {
    let Some(module) = root_module(path) else { return vec![] };
    let mut faults = Vec::new();
    for (name, allowed) in BORDERS {
        if allowed.contains(&module) {
            continue;
        }
        for line in code::lines_with_word(bare, name) {
            faults.push(format!("{path}:{line}: only {} may use {name}", allowed.join(", ")));
        }
    }
    faults
}

fn unwraps(path: &str, bare: &str) -> Vec<String> {
    if path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || path.contains("/tests/") {
        return vec![];
    }
    code::without_tests(bare)
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(".unwrap()"))
        .map(|(index, _)| format!("{path}:{}: unwrap() outside tests", index + 1))
        .collect()
}

fn unfinished(path: &str, text: &str, bare: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for word in ["todo", "unimplemented"] {
        for line in code::lines_with_word(bare, word) {
            if bare.lines().nth(line - 1).is_some_and(|code| code.contains(&format!("{word}!"))) {
                faults.push(format!("{path}:{line}: {word}!()"));
            }
        }
    }
    // The marks are put together here so that this file does not find itself.
    for mark in [concat!("TO", "DO"), concat!("FIX", "ME")] {
        for line in code::lines_with_word(text, mark) {
            faults.push(format!("{path}:{line}: {mark} left in the tree"));
        }
    }
    faults
}

/// Names of package registries and paths of one machine have no place in the tree.
fn machine_names(path: &str, text: &str) -> Vec<String> {
    let marks = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
        concat!("index.crates", ".io"),
        concat!("files.python", "hosted.org"),
        concat!("pypi", ".org"),
        concat!("registry.npm", "js.org"),
    ];
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for mark in marks {
            if line.contains(mark) {
                faults.push(format!("{path}:{}: names {mark}", index + 1));
            }
        }
    }
    faults
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

mod the_checker {
    //! Each rule on a snippet that breaks it, and on one that does not.

    use super::*;

    fn faults(path: &str, text: &str) -> String {
        rust_faults(path, text).join("\n")
    }

    #[test]
    fn a_good_file_has_no_faults() {
        let text = "//! Rows.\n\nuse crate::base::ids;\nuse crate::{error::StorageError, Result};\n\n\
                    // crate::server is named in a comment, and .unwrap() too.\n\
                    const TEXT: &str = \"crate::query .unwrap() pgwire\";\n\
                    #[cfg(test)]\nmod tests {\n    fn f() { Some(1).unwrap(); }\n}\n";
        assert_eq!(faults("src/storage/row.rs", text), "");
    }

    #[test]
    fn upward_imports_are_found() {
        for (path, text) in [
            ("src/storage/row.rs", "//! x\nuse crate::catalog::Table;"),
            ("src/storage/row.rs", "//! x\nuse crate::{base::ids, transaction::Manager};"),
            ("src/storage/row.rs", "//! x\nuse crate::{\n    base::{ids, clock},\n    session,\n};"),
            ("src/config.rs", "//! x\nfn f() { crate::storage::open() }"),
            ("src/query/mod.rs", "//! x\nfn f(session: &crate::session::Session) {}"),
            ("src/database.rs", "//! x\nuse crate::server;"),
            ("src/base/mod.rs", "//! x\n#[cfg(test)]\nmod tests { use crate::storage; }"),
        ] {
            assert!(faults(path, text).contains("floor"), "not found in {path}: {text}");
        }
    }

    #[test]
    fn a_module_without_a_floor_is_found() {
        assert!(faults("src/newcomer.rs", "//! x\n").contains("has no floor"));
        assert!(faults("src/session/mod.rs", "//! x\nuse crate::newcomer;").contains("on no floor"));
    }

    #[test]
    fn crates_behind_borders_are_found() {
        assert!(faults("src/session/mod.rs", "//! x\nuse pgwire::api::Type;").contains("pgwire"));
        assert!(faults("src/storage/scan.rs", "//! x\nuse datafusion::error::Result;").contains("datafusion"));
        assert!(faults("src/server/encode.rs", "//! x\nfn f(_: datafusion::X) {}").contains("datafusion"));
        assert!(faults("src/query/scan.rs", "//! x\nuse rocksdb::DB;").contains("rocksdb"));
        assert_eq!(faults("src/query/scan.rs", "//! x\nuse datafusion::error::Result;"), "");
    }

    #[test]
    fn a_missing_head_is_found() {
        assert!(faults("src/storage/row.rs", "use std::fmt;\n").contains("opens without"));
        assert!(faults("tests/main.rs", "//!\n").contains("opens without"));
    }

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = format!("//! x\n{}", "fn f() {}\n".repeat(LONGEST_FILE));
        assert!(faults("src/storage/row.rs", &long).contains("lines"));
        let excused = format!("//! x\n//! Long because: it is one table of two hundred rows.\n{long}");
        assert_eq!(faults("src/storage/row.rs", &excused), "");
        let lazy = format!("//! x\n//! Long because:\n{long}");
        assert!(faults("src/storage/row.rs", &lazy).contains("lines"));
    }

    #[test]
    fn unwrap_outside_tests_is_found() {
        let text = "//! x\n#[cfg(test)]\nmod tests { fn a() { b.unwrap() } }\nfn f() {\n    g().unwrap();\n}\n";
        assert_eq!(faults("src/storage/row.rs", text), "src/storage/row.rs:5: unwrap() outside tests");
        assert_eq!(faults("src/storage/tests.rs", text), "");
        assert_eq!(faults("src/storage/row_tests.rs", text), "");
        let outside = "//! x\n#[cfg(test)]\nmod tests;\nfn f() { let c = '\"'; g().unwrap(); }\n";
        assert!(faults("src/storage/row.rs", outside).contains(":4: unwrap()"));
    }

    #[test]
    fn unfinished_work_is_found() {
        assert!(faults("src/base/x.rs", concat!("//! x\nfn f() { to", "do!() }")).contains("!()"));
        assert!(faults("src/base/x.rs", concat!("//! x\nfn f() { unimple", "mented!(\"later\") }")).contains("!()"));
        assert!(faults("src/base/x.rs", concat!("//! x\n// TO", "DO: later")).contains("left in the tree"));
    }

    #[test]
    fn machine_names_are_found() {
        assert!(!machine_names("README.md", concat!("cd /ro", "ot/kalam")).is_empty());
        assert!(!machine_names("Makefile", concat!("pip install -i https://pypi", ".org/simple x")).is_empty());
        assert!(machine_names("README.md", "data lies in ./data, caches in $HOME/.cache").is_empty());
    }

    #[test]
    fn literals_do_not_confuse_the_lexer() {
        let text =
            "let a = r#\"x \" crate::server\"#; let b = b'\"'; let c: &'static str = \"\\\"\"; crate::base::f();";
        let bare = code::without_comments_and_strings(text);
        assert_eq!(code::crate_segments(&bare), vec![(1, "base".to_owned())]);
        let nested = "/* a /* b */ crate::server */ crate::base::g()";
        assert_eq!(code::crate_segments(&code::without_comments_and_strings(nested)).len(), 1);
    }
}
