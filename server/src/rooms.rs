//! Who may know whom: reads the `use` lines of every file and compares them with the table below, which
//! ARCHITECTURE.md explains.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A room and the rooms that it may name. `http` and `app` are the rim and see all.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("region", &["domain"]),
    ("locate", &["domain", "region"]),
    ("identity", &["domain", "wire"]),
    ("media", &["domain"]),
    ("log", &["domain"]),
    ("live", &["domain", "wire", "log"]),
    ("hub", &["domain", "wire"]),
    ("intake", &["domain", "identity", "live", "locate", "log", "media", "wire"]),
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !holds_tests(&path) {
            found.push(path);
        }
    }
}

/// Tests may look further than their room, in files of their own or below the first `#[cfg(test)]`.
fn holds_tests(file: &Path) -> bool {
    file.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"))
}

/// The rooms that a source text names by `crate::room`.
fn rooms_named(source: &str) -> BTreeSet<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
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
                if named != *room && !may_know.contains(&named.as_str()) {
                    wrong.push(format!("{} names {named}", file.strip_prefix(&source).unwrap().display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
