//! Compares what `kubectl describe` shows in a story with the documentation.
//!
//! Each story has a section in the page. A block in it begins with its command:
//! `$ kubectl describe KIND NAME   # OceanBase VERSION`.

use std::path::Path;

use regex::Regex;

use crate::support::World;

/// The page of the documentation.
const DOCUMENT: &str = "docs/release-examples.md";

/// The line that marks omitted lines.
const LEFT_OUT: &str = "...";

/// The beginning of a block with the output of a command.
const BLOCK: &str = "```console\n";

/// Fails if the section has a block for this object and release whose lines kubectl does not show
/// in this order. Times, SCNs, hashes, ports and the namespace differ in each run, and count as
/// equal.
pub(super) fn compare(world: &World, version: &str, section: &str, (kind, name): (&str, &str)) {
    let document = document();
    let mut sections = document.split("\n## ").skip(1);
    let section = sections
        .find(|text| text.starts_with(&format!("{section}\n")))
        .unwrap_or_else(|| panic!("{DOCUMENT} has no section `{section}`"));
    assert!(
        section.contains(BLOCK),
        "{DOCUMENT} shows no output in `{section}`"
    );
    let command = format!("$ kubectl describe {kind} {name}   # OceanBase {version}\n");
    let mut blocks = blocks(section);
    let Some(block) = blocks.find_map(|block| block.strip_prefix(&*command)) else {
        return;
    };
    let described = world.kubectl(&["describe", kind, name]).unwrap();
    let shown = status(&described).replace(&world.namespace, "databases");
    let (block, comparable) = (without_run(block), without_run(&shown));
    let mut rest = &*comparable;
    for part in parts(&block) {
        let Some((_, after)) = rest.split_once(&*part) else {
            panic!(
                "{DOCUMENT} has lines that kubectl does not show:\n{part}\nkubectl shows:\n{shown}"
            );
        };
        rest = after;
    }
}

/// Returns the runs of lines between omitted lines.
fn parts(block: &str) -> Vec<String> {
    let lines: Vec<_> = block.lines().collect();
    let parts = lines.split(|line| line.trim() == LEFT_OUT);
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(|part| part.join("\n") + "\n").collect()
}

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    std::fs::read_to_string(path).unwrap()
}

/// Returns the blocks with outputs of commands.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let after = text.split(BLOCK).skip(1);
    after.filter_map(|rest| rest.split("```").next())
}

/// Returns the status in the output of `kubectl describe`: metadata differ, and events are grouped
/// by time.
fn status(described: &str) -> String {
    let lines = described.lines();
    let lines = lines.skip_while(|line| *line != "Status:");
    let lines = lines.take_while(|line| !line.starts_with("Events:"));
    lines.fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// Returns the text without values that differ between two runs.
fn without_run(text: &str) -> String {
    const PATTERNS: [(&str, &str); 5] = [
        (r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?Z?", "TIME"),
        (r"\b\d{19}\b", "SCN"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UID"),
        (r"[0-9a-f]{32}", "HASH"),
        (r"127\.0\.0\.1:\d+", "ENDPOINT"),
    ];
    PATTERNS
        .iter()
        .fold(text.to_owned(), |text, (pattern, word)| {
            let pattern = Regex::new(pattern).unwrap();
            pattern.replace_all(&text, *word).into_owned()
        })
}

#[test]
fn each_block_shows_something_of_a_release_with_stories() {
    const RELEASES: [&str; 4] = ["4.0.0.0", "4.2.1.0", "4.2.1.8", "4.3.5.2"];
    let document = document();
    for block in blocks(&document) {
        let (command, shown) = block.split_once('\n').unwrap_or_default();
        let release = command.rsplit(' ').next().unwrap_or_default();
        assert!(RELEASES.contains(&release), "{command}");
        assert!(!parts(shown).is_empty(), "{command} shows nothing");
    }
}
