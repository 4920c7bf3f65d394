//! `make run` and `make test` need one and the same build of every dependency.
//!
//! Cargo unifies the features of dependencies with those that dev-dependencies ask for, but only when it builds
//! tests. A feature that only tests switch on is therefore half an hour of building twice. Cargo.toml names such
//! features for the command itself, too; this finds the one that is missing there.

use std::collections::BTreeSet;
use std::process::Command;

/// Each package with its version and features, once for every set of features that it is built with.
fn builds(edges: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--edges", edges, "--prefix", "none", "--format", "{p} [{f}]"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // A mark stands behind packages whose dependencies were listed before.
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn tests_need_no_second_build_of_a_dependency() {
    let command = builds("normal,build");
    let tests = builds("normal,build,dev");
    assert!(command.len() > 100, "cargo tree names only {} packages", command.len());
    assert!(tests.len() > command.len(), "the tests have dependencies of their own");
    let twice: Vec<&String> = command.difference(&tests).collect();
    assert!(
        twice.is_empty(),
        "built once more for the tests, with more features; name those under \"Not used by name\" in Cargo.toml: {twice:#?}"
    );
}
