//! Comparison of the columns of every view with a table of each release.

use std::collections::BTreeMap;

use super::*;

const TABLE: &str = include_str!("../../../kernel/columns-v4.tsv");

/// Parses a release: `4.2.1BP3` is 4.2.1.3, and without a bundle patch the number is 0.
fn release(heading: &str) -> Version {
    let heading = heading.replace("BETA", "");
    let text = heading.replace("BP", ".");
    text.parse().unwrap()
}

/// Returns the columns of each view of each release, in order.
fn table() -> Vec<(Version, BTreeMap<&'static str, Vec<&'static str>>)> {
    let mut lines = TABLE.lines();
    let headings = lines.next().unwrap().split('\t').skip(2);
    let mut releases: Vec<_> = headings
        .map(|heading| (release(heading), BTreeMap::new()))
        .collect();
    for line in lines {
        let mut cells = line.split('\t');
        let (view, column) = (cells.next().unwrap(), cells.next().unwrap());
        for ((_, views), cell) in releases.iter_mut().zip(cells) {
            if cell == "yes" {
                let columns: &mut Vec<_> = views.entry(view).or_default();
                columns.push(column);
            }
        }
    }
    releases
}

#[test]
fn every_release_has_the_columns_that_its_source_defines() {
    let (mut compared, mut differences) = (0, Vec::new());
    let releases = table();
    for (version, expected) in &releases {
        let known: Vec<_> = releases
            .iter()
            .flat_map(|(_, views)| views.keys())
            .collect();
        for view in views(*version) {
            let columns: Vec<_> = view.columns.iter().map(|column| column.name).collect();
            match expected.get(view.name.as_str()) {
                Some(expected) if *expected == columns => compared += 1,
                Some(expected) => {
                    differences.push(format!("{version} {}: {columns:?} {expected:?}", view.name));
                }
                None if known.iter().any(|known| **known == view.name.as_str()) => {
                    differences.push(format!("{version} {}: not in this release", view.name));
                }
                // The table lacks some views of the simulator.
                None => {}
            }
        }
    }
    println!("{compared} views of {} releases compared", releases.len());

    assert!(compared > 900, "{compared}");
    assert_eq!(differences, Vec::<String>::new());
}

#[test]
fn a_view_is_there_as_soon_as_its_release_has_it() {
    let own: Vec<_> = views(Version::V4_4_2)
        .into_iter()
        .map(|view| view.name)
        .collect();
    for (version, expected) in table() {
        let here = views(version);
        let missing: Vec<_> = expected
            .keys()
            .filter(|name| own.iter().any(|own| own == **name))
            .filter(|name| here.iter().all(|view| view.name != **name))
            .collect();
        assert!(missing.is_empty(), "{version}: {missing:?}");
    }
}
