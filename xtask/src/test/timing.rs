//! The table of test times.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// A part of the test run: a row of the table.
#[derive(Debug, PartialEq)]
pub(super) struct Part {
    name: String,
    /// Wall-clock time. `None` for a part of a program, because such parts run at the same time.
    wall: Option<Duration>,
    tests: Vec<Duration>,
}

impl Part {
    pub(super) fn new(name: &str, wall: Duration) -> Self {
        Self {
            name: name.to_owned(),
            wall: Some(wall),
            tests: Vec::new(),
        }
    }
}

/// Returns the rows of a program from its output. A large program has one row for each of its
/// modules.
pub(super) fn parts(program: &str, lines: &[String], wall: Duration) -> Vec<Part> {
    let mut all = Part::new(program, wall);
    let mut modules = BTreeMap::<&str, Vec<Duration>>::new();
    for (name, took) in lines.iter().filter_map(|line| test(line)) {
        all.tests.push(took);
        let module = name.split("::").next().unwrap_or_default();
        modules.entry(module).or_default().push(took);
    }
    if all.tests.is_empty() {
        return Vec::new();
    }
    let mut rows = vec![all];
    if program.contains("integration") {
        rows.extend(modules.into_iter().map(|(module, tests)| Part {
            name: format!("– {module}"),
            wall: None,
            tests,
        }));
    }
    rows
}

/// Returns name and duration from a line such as `test a::b ... ok <1.234s>`.
fn test(line: &str) -> Option<(&str, Duration)> {
    let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let seconds = result.split_once('<')?.1.strip_suffix("s>")?;
    Some((name, Duration::from_secs_f64(seconds.parse().ok()?)))
}

/// Returns the table in Markdown.
pub(super) fn table(parts: &[Part]) -> String {
    let mut text = "| Part | Tests | Wall time, s | Sum of tests, s | Longest test, s |\n\
                    |---|--:|--:|--:|--:|\n"
        .to_owned();
    for Part { name, wall, tests } in parts {
        let wall = wall.map_or_else(String::new, |wall| wall.as_secs().to_string());
        let (count, sum, longest) = if tests.is_empty() {
            Default::default()
        } else {
            let sum = tests.iter().sum::<Duration>().as_secs();
            let longest = tests.iter().max().map_or(0, Duration::as_secs);
            (
                tests.len().to_string(),
                sum.to_string(),
                longest.to_string(),
            )
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {name} | {count} | {wall} | {sum} | {longest} |");
    }
    let total: Duration = parts.iter().filter_map(|part| part.wall).sum();
    let count: usize = parts
        .iter()
        .filter(|part| part.wall.is_some())
        .map(|part| part.tests.len())
        .sum();
    let _ = writeln!(text, "| all | {count} | {} | | |", total.as_secs());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_a_row_for_itself_and_each_of_its_modules() {
        let lines = [
            "running 4 tests",
            "test stories::slow ... ok <61.500s>",
            "test stories::quick ... FAILED <0.500s>",
            "test docs::links ... ok <2.000s>",
            "test docs::other ... ignored",
        ];
        let lines = lines.map(str::to_owned);
        let mut rows = vec![Part::new("build", Duration::from_secs(100))];
        rows.extend(parts("integration (test)", &lines, Duration::from_secs(70)));
        let expected = "\
| Part | Tests | Wall time, s | Sum of tests, s | Longest test, s |
|---|--:|--:|--:|--:|
| build |  | 100 |  |  |
| integration (test) | 3 | 70 | 64 | 61 |
| – docs | 1 |  | 2 | 2 |
| – stories | 2 |  | 62 | 61 |
| all | 3 | 170 | | |
";
        assert_eq!(table(&rows), expected);
    }
}
