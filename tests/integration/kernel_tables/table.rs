//! The tables of `tests/kernel`, as values.

use std::collections::{BTreeMap, HashMap};

use oceanbase_backup_operator::oceanbase::version::Version;

use super::shape::shape;

const GRAMMAR: &str = include_str!("../../kernel/grammar-v4.tsv");
const COLUMNS: &str = include_str!("../../kernel/columns-v4.tsv");

/// Accepted statements of each release's parser.
pub(super) struct Grammar {
    pub(super) releases: Vec<Version>,
    /// By shape: the parsed statement, and the answer of each release.
    rows: HashMap<String, (&'static str, Vec<bool>)>,
}

impl Grammar {
    pub(super) fn read() -> Self {
        let (releases, rows) = read(GRAMMAR, 1);
        let rows = rows.map(|(keys, cells)| (shape(keys[0]), (keys[0], cells)));
        Self {
            releases,
            rows: rows.collect(),
        }
    }

    /// Returns whether the release's parser accepts a statement of this shape, or `None` without a
    /// row.
    pub(super) fn accepts(&self, statement: &str, release: usize) -> Option<bool> {
        let (_, cells) = self.rows.get(&shape(statement))?;
        Some(cells[release])
    }
}

/// Columns of each release's views.
pub(super) struct Columns {
    pub(super) releases: Vec<Version>,
    rows: BTreeMap<(&'static str, &'static str), Vec<bool>>,
}

impl Columns {
    pub(super) fn read() -> Self {
        let (releases, rows) = read(COLUMNS, 2);
        Self {
            releases,
            rows: rows
                .map(|(keys, cells)| ((keys[0], keys[1]), cells))
                .collect(),
        }
    }

    /// Returns whether the release's view has the column.
    pub(super) fn has(&self, view: &str, column: &str, release: usize) -> bool {
        let row = self.rows.get(&(view, column));
        row.is_some_and(|cells| cells[release])
    }
}

/// One row: the cells before those of releases, and the cells of releases.
type Row = (Vec<&'static str>, Vec<bool>);

/// Reads a table whose first cells of each row are `keys`.
fn read(text: &'static str, keys: usize) -> (Vec<Version>, impl Iterator<Item = Row>) {
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let releases = header.split('\t').skip(keys).map(release).collect();
    let rows = lines.map(move |line| {
        let cells: Vec<_> = line.split('\t').collect();
        let has = cells[keys..].iter().map(|cell| *cell == "yes");
        (cells[..keys].to_vec(), has.collect())
    });
    (releases, rows)
}

/// Parses a release such as `4.2.1_CE_BP3`, `4.3.0BETA` or `4.3.5.1`: a bundle patch is the fourth
/// number.
fn release(name: &str) -> Version {
    let numbers: Vec<&str> = name
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    numbers.join(".").parse().unwrap()
}

#[test]
fn a_bundle_patch_is_the_fourth_number_of_a_release() {
    for (name, version) in [
        ("4.2.1_CE_BP3", "4.2.1.3"),
        ("4.2.1BP7", "4.2.1.7"),
        ("4.3.0_CE_BETA", "4.3.0.0"),
        ("4.3.5.1", "4.3.5.1"),
    ] {
        assert_eq!(release(name), version.parse().unwrap(), "{name}");
    }
}
