//! Who may know whom: reads the `use` lines of every file and compares them with the table below, which
//! ARCHITECTURE.md explains.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A room and the rooms that it may name. `http` and `app` are the rim and see all.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("database", &["domain"]),
    ("wire", &["domain"]),
    ("geodata", &[]),
    ("base", &["domain", "geodata"]),
    ("region", &["domain", "geodata"]),
    ("locate", &["domain", "geodata", "region"]),
    ("hazard", &["database", "domain", "geodata", "locate"]),
    ("shelters", &["domain", "geodata", "locate", "region"]),
    ("audit", &["database", "domain"]),
    ("identity", &["audit", "database", "domain", "wire"]),
    ("media", &["domain"]),
    ("log", &["audit", "database", "domain"]),
    ("backup", &["audit", "base", "database", "domain", "media"]),
    ("live", &["domain", "wire", "log"]),
    ("hub", &["domain", "wire"]),
    ("inspect", &["database", "domain", "log", "media"]),
    ("tiles", &["base", "domain", "hazard", "live", "region", "wire"]),
    ("intake", &["domain", "hazard", "identity", "live", "locate", "log", "media", "wire"]),
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if holds_tests(&path) {
            continue;
        }
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Tests may look further than their room, in files and folders of their own or in a module at the end of the file.
fn holds_tests(path: &Path) -> bool {
    path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"))
}

/// The source above its test module. A module of tests that lies in a file of its own ends nothing.
fn without_tests(source: &str) -> &str {
    let begins_tests = |(at, attribute): &(usize, &str)| {
        let mut below = source[at + attribute.len()..].lines().map(str::trim).filter(|line| !line.is_empty());
        let item = below.find(|line| !line.starts_with("#["));
        item.is_some_and(|item| item.contains("mod ") && item.ends_with('{'))
    };
    source.match_indices("#[cfg(test)]").find(begins_tests).map_or(source, |(at, _)| &source[..at])
}

/// The rooms that a source text names by `crate::room`.
fn rooms_named(source: &str) -> BTreeSet<String> {
    let code = without_tests(source).lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut named = BTreeSet::new();
    for line in code {
        for after in line.split("crate::").skip(1) {
            named.insert(after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    named
}

#[test]
fn every_room_knows_only_whom_it_may_know() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (room, may_know) in MAY_KNOW {
        let mut files = Vec::new();
        rust_files(&source.join(room), &mut files);
        assert!(!files.is_empty(), "room {room} has moved; mend the table");
        for file in files {
            for named in rooms_named(&std::fs::read_to_string(&file).unwrap()) {
                // What says why a test cannot run is no room, and is there for tests alone.
                if named != *room && named != "skipped" && !may_know.contains(&named.as_str()) {
                    wrong.push(format!("{} names {named}", file.strip_prefix(&source).unwrap().display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_a_test_module_in_the_file_is_left_out() {
    let named = |source| rooms_named(source).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(named("#[cfg(test)]\nmod tests;\n\nuse crate::wire::Code;\n"), "wire");
    assert_eq!(named("use crate::log::Draft;\n#[cfg(test)]\nmod tests {\n    use crate::app;\n}\n"), "log");
    assert_eq!(named("#[cfg(test)]\nimpl World {}\nuse crate::hub::Hub;\n"), "hub");
}
