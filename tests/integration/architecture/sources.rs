//! Reads the sources of `src/` for the architecture tests: imports, paths and quoted words.
//!
//! # Caveats
//!
//! * The reader is no parser. It knows comments, literals, `use` trees and `#[cfg(test)]`, and
//!   reads all other code as text.
//! * A path through an alias, a glob import or a macro is not resolved.
//! * A file counts as a test if its path says so, or if its parent declares it directly under
//!   `#[cfg(test)]`. Another attribute between the two lines hides the declaration.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of `src/`.
pub(super) struct Source {
    /// Path below `src/`, such as `domain/backup.rs`.
    pub(super) name: String,
    /// The shipped code without comments, string contents and tests.
    pub(super) shipped: String,
    /// Quoted words such as `TenantNotFound` in the shipped code.
    pub(super) words: BTreeSet<String>,
    pub(super) lines: usize,
}

impl Source {
    /// Returns a file with this text.
    pub(super) fn of(name: &str, text: &str) -> Self {
        let (shipped, words) = shipped(text);
        Self {
            name: name.to_owned(),
            shipped,
            words,
            lines: text.lines().count(),
        }
    }

    /// Returns full paths in the shipped code, such as `crate::api::Cause` or `kube::Client`: each
    /// leaf of each `use`, and each other path.
    pub(super) fn paths(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        let mut rest = self.shipped.as_str();
        while let Some((before, after)) = rest.split_once("use ") {
            paths_within(before, &mut paths);
            let is_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let Some((tree, after)) = after.split_once(';').filter(|_| !is_word) else {
                rest = after;
                continue;
            };
            leaves("", tree, &mut paths);
            rest = after;
        }
        paths_within(rest, &mut paths);
        paths.iter().map(|path| self.absolute(path)).collect()
    }

    /// Converts a path that begins with `self` or `super` to one that begins with `crate`.
    fn absolute(&self, path: &str) -> String {
        let mut names: Vec<&str> = path.split("::").collect();
        let own = self.name.trim_end_matches(".rs").trim_end_matches("/mod");
        let mut module: Vec<&str> = own.split('/').filter(|name| *name != "lib").collect();
        let steps = names.iter().take_while(|name| **name == "super").count();
        match names[0] {
            "self" => drop(names.remove(0)),
            "super" => {
                names.drain(..steps);
                module.truncate(module.len().saturating_sub(steps));
            }
            _ => return path.to_owned(),
        }
        [vec!["crate"], module, names].concat().join("::")
    }

    /// Returns whether the file is a module or belongs to it.
    pub(super) fn is_in(&self, module: &str) -> bool {
        self.name == format!("{module}.rs") || self.name.starts_with(&format!("{module}/"))
    }
}

/// Expands `a::{b, c::{self, d as e}}` to `a::b`, `a::c` and `a::c::d`.
fn leaves(prefix: &str, tree: &str, paths: &mut BTreeSet<String>) {
    for branch in split_outside_braces(tree) {
        let branch = branch.trim();
        if let Some((stem, inside)) = branch.split_once('{') {
            let inside = inside.trim_end().trim_end_matches('}');
            leaves(&format!("{prefix}{}", stem.trim()), inside, paths);
        } else {
            let name = branch.split(" as ").next().unwrap_or_default().trim();
            let path = format!("{prefix}{name}");
            let path = path.trim_end_matches("::self").trim_end_matches("::*");
            if !path.is_empty() {
                paths.insert(path.to_owned());
            }
        }
    }
}

fn split_outside_braces(tree: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, letter) in tree.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&tree[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tree[start..]);
    parts
}

/// Collects the paths of two or more names in code without `use`.
fn paths_within(code: &str, paths: &mut BTreeSet<String>) {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for word in code.split(|c| !is_path(c)) {
        let word = word.trim_matches(':');
        if word.contains("::") {
            paths.insert(word.to_owned());
        }
    }
}

/// Returns all files of `src/`.
pub(super) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let is_test = name.contains("/tests/") || name.ends_with("tests.rs");
        let (shipped, words) = if is_test || is_declared_test(&name, &root) {
            Default::default()
        } else {
            shipped(&text)
        };
        Source {
            lines: text.lines().count(),
            name,
            shipped,
            words,
        }
    };
    files.into_iter().map(read).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Returns whether the parent module declares this file under `#[cfg(test)]`.
fn is_declared_test(name: &str, root: &Path) -> bool {
    let path = Path::new(name);
    let (Some(parent), Some(stem)) = (path.parent(), path.file_stem()) else {
        return false;
    };
    let declarations = ["", "pub(crate) "]
        .map(|visibility| format!("#[cfg(test)]\n{visibility}mod {};", stem.display()));
    [parent.with_extension("rs"), parent.join("mod.rs")]
        .iter()
        .filter_map(|above| fs::read_to_string(root.join(above)).ok())
        .any(|text| declarations.iter().any(|one| text.contains(one)))
}

/// Returns the code without comments, text and tests, and its quoted words.
fn shipped(text: &str) -> (String, BTreeSet<String>) {
    let with_words = without_tests(&without_comments_and_text(text, is_word));
    let quoted = with_words.split('"').skip(1).step_by(2);
    let words = quoted.map(str::to_owned).collect();
    (
        without_tests(&without_comments_and_text(text, |_| false)),
        words,
    )
}

/// Returns whether a text is one word such as `TenantNotFound`, or a pattern such as
/// `LogBackup{phase}`.
fn is_word(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '{' || c == '}';
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(is_name)
        && text.contains(|c: char| c.is_ascii_lowercase())
}

/// Blanks out comments, characters and strings except kept ones, and keeps line breaks.
fn without_comments_and_text(text: &str, is_kept: impl Fn(&str) -> bool) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(hashes) = raw_string(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            rest[start..]
                .find(&end)
                .map_or(rest.len(), |at| start + at + end.len())
        } else if letter == '"' {
            let end = end_of_string(rest);
            if is_kept(rest[..end].trim_matches('"')) {
                code.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            end
        } else if letter == '\'' {
            end_of_character(rest)
        } else {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        };
        code.push(' ');
        code.extend(rest[..length].chars().filter(|c| *c == '\n'));
        rest = &rest[length..];
    }
    code
}

/// Returns the number of `#` of a raw string that starts here.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Returns the end of `'x'` or `'\n'`; of a lifetime only the quote.
fn end_of_character(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((_, _))) => text[3..].find('\'').map_or(1, |at| at + 4),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// Removes each item under `#[cfg(test)]`: a module, a function or a declaration.
fn without_tests(code: &str) -> String {
    let mut shipped = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        shipped.push_str(before);
        let end = match (after.find(';'), after.find('{')) {
            (Some(semicolon), Some(brace)) if semicolon < brace => semicolon + 1,
            (Some(semicolon), None) => semicolon + 1,
            (_, Some(brace)) => brace + end_of_block(&after[brace..]),
            (None, None) => after.len(),
        };
        rest = &after[end..];
    }
    shipped + rest
}

fn end_of_block(code: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in code.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::of("domain/example.rs", text)
    }

    fn paths(text: &str) -> Vec<String> {
        source(text).paths().into_iter().collect()
    }

    #[test]
    fn a_nested_use_yields_a_path_for_each_leaf() {
        let text = "pub use crate::a::{self, b::{C, D as E}, f::*};";
        let expected = [
            "crate::a",
            "crate::a::b::C",
            "crate::a::b::D",
            "crate::a::f",
        ];
        assert_eq!(paths(text), expected);
    }

    #[test]
    fn a_path_within_code_is_found() {
        assert_eq!(
            paths("fn f() { let x = kube::Client::new(); }"),
            ["kube::Client::new"]
        );
    }

    #[test]
    fn a_path_with_super_or_self_is_converted_to_a_path_from_the_crate() {
        let text = "use super::super::oceanbase::sender;\nuse self::a::B;\nuse super::*;\n\
                    pub(super) fn f() { super::backup::g() }";
        let expected = [
            "crate::domain",
            "crate::domain::backup::g",
            "crate::domain::example::a::B",
            "crate::oceanbase::sender",
        ];
        assert_eq!(paths(text), expected);
        let mut of_folder = source("use super::controller::Context;");
        of_folder.name = "domain/mod.rs".to_owned();
        assert!(of_folder.paths().contains("crate::controller::Context"));
    }

    #[test]
    fn paths_in_comments_strings_and_characters_are_ignored() {
        let text = "// kube::A\nlet x = \"kube::B \\\" kube::C\"; r#\"kube::\"D\"#; '\\''; '\"'; 'l: loop {}";
        assert_eq!(paths(text), Vec::<String>::new());
    }

    #[test]
    fn code_under_cfg_test_is_not_shipped() {
        let text =
            "use a::B;\n#[cfg(test)]\nmod tests { use kube::Client; fn f() { {} } }\nuse c::D;";
        assert_eq!(paths(text), ["a::B", "c::D"]);
    }

    #[test]
    fn quoted_words_are_found_only_in_shipped_code() {
        let text = "let a = \"TenantLost\"; // \"Comment\"\nlet b = \"a text\"; \
                    format!(\"LogBackup{phase}\");\n#[cfg(test)]\nmod tests { const C: &str = \"Story\"; }";
        let words: Vec<String> = source(text).words.into_iter().collect();
        assert_eq!(words, ["LogBackup{phase}", "TenantLost"]);
    }

    #[test]
    fn the_files_of_all_modules_are_read() {
        let names: Vec<String> = sources().into_iter().map(|source| source.name).collect();
        for name in [
            "main.rs",
            "api/mod.rs",
            "domain/schedule/cron.rs",
            "oceanbase/query.rs",
        ] {
            assert!(names.iter().any(|read| read == name), "{name} in {names:?}");
        }
    }
}
