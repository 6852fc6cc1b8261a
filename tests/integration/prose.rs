//! The style of prose: `docs/style.md` as far as a program can check it.

use std::path::{Path, PathBuf};

use regex::Regex;

/// Phrases that hide the actor, or that are not idiomatic English.
const FORBIDDEN: &str =
    r"(?i)\b(somebody|someone|whoever|nobody|anew|can not|(?:is|are|was|were) told|sees to)\b";

/// Words in a sentence of the documentation, at most.
const MAX_WORDS: usize = 40;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns all files below a directory with this extension, except those of builds.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                left.push(path);
            } else if path.extension().is_some_and(|end| end == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns `path:line: text` of all lines that match.
fn matches(path: &Path, text: &str, pattern: &Regex) -> Vec<String> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| pattern.is_match(line));
    let name = path.strip_prefix(root()).unwrap().display();
    lines
        .map(|(number, line)| format!("{name}:{}: {}", number + 1, line.trim()))
        .collect()
}

/// Returns the sentences of a page's paragraphs: without code blocks, tables, headings and lists of links.
fn sentences(page: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut is_code = false;
    for line in page.lines() {
        let line = line.trim();
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let starts_item = line.starts_with("* ") || line.starts_with("- ");
        let is_text = !is_code && !line.starts_with(['|', '#', '`', '<']) && !line.is_empty();
        if starts_item || !is_text {
            paragraphs.push(String::new());
        }
        if is_text && let Some(last) = paragraphs.last_mut() {
            last.push_str(line);
            last.push(' ');
        }
    }
    let end = Regex::new(r"[.!?:;]\s").unwrap();
    let all = paragraphs.iter().flat_map(|text| end.split(text));
    all.map(str::to_owned).collect()
}

/// Checks the comments of tests, and all text elsewhere. Tests quote the kernel and its word `nobody`.
#[test]
fn no_text_has_a_forbidden_phrase() {
    let phrase = Regex::new(FORBIDDEN).unwrap();
    let comment = Regex::new(&format!(r"^\s*//.*{FORBIDDEN}")).unwrap();
    let own = root().join("tests/integration/prose.rs");
    let mut found = Vec::new();
    for extension in ["rs", "md", "yaml", "lua"] {
        for path in files(root(), extension) {
            let is_test = path.starts_with(root().join("tests")) && extension == "rs";
            let pattern = if is_test { &comment } else { &phrase };
            let is_data = path.starts_with(root().join("tests")) && extension == "yaml";
            if path != own && !is_data {
                let text = std::fs::read_to_string(&path).unwrap();
                found.extend(matches(&path, &text, pattern));
            }
        }
    }
    let count = found.len();
    let found = found.join("\n");
    assert_eq!(count, 0, "{count} lines, see docs/style.md:\n{found}");
}

#[test]
fn no_sentence_of_the_documentation_is_longer_than_forty_words() {
    let mut long = Vec::new();
    for path in files(&root().join("docs"), "md") {
        let page = std::fs::read_to_string(&path).unwrap();
        for sentence in sentences(&page) {
            if sentence.split_whitespace().count() > MAX_WORDS {
                long.push(format!("{}: {sentence}", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_definition_quotes_a_number_of_the_console() {
    let pattern = Regex::new(r"\bS\d{2}\b|console S\d").unwrap();
    let mut found = Vec::new();
    for path in files(&root().join("crds"), "yaml") {
        let text = std::fs::read_to_string(&path).unwrap();
        found.extend(matches(&path, &text, &pattern));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
