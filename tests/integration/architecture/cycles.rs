//! Cycles of imports between the files of a room.
//!
//! A module and the modules below it may import each other: the parent declares a type, and its
//! children add to it. Siblings must not, neither directly nor by way of others. An import between
//! two files therefore counts as one between the two siblings that they are in.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Source, sources};

/// Modules with the modules that they import.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Returns the path of the module of a file, such as `domain::backup`.
fn module(source: &Source) -> String {
    let name = source.name.trim_end_matches(".rs");
    name.trim_end_matches("/mod").replace('/', "::")
}

/// Returns the imports between the siblings of each folder.
fn imports(sources: &[Source]) -> Graph {
    let modules: BTreeSet<String> = sources.iter().map(module).collect();
    let mut graph = Graph::new();
    for source in sources {
        let from = module(source);
        for path in source.paths() {
            let Some(path) = path.strip_prefix("crate::") else {
                continue;
            };
            let imported = stems(path).find(|stem| modules.contains(*stem));
            if let Some((one, other)) = imported.and_then(|to| siblings(&from, to)) {
                graph.entry(one).or_default().insert(other);
            }
        }
    }
    graph
}

/// Returns a path and all paths above it, the longest first.
fn stems(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| Some(path.rsplit_once("::")?.0))
}

/// Returns the modules of one folder that two modules are in. Returns `None` if one is above the
/// other, or if they are in two rooms.
fn siblings(from: &str, to: &str) -> Option<(String, String)> {
    let (from, to): (Vec<&str>, Vec<&str>) = (from.split("::").collect(), to.split("::").collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let is_apart = common < from.len() && common < to.len();
    (common > 0 && is_apart).then(|| (from[..=common].join("::"), to[..=common].join("::")))
}

/// Search for strongly connected components by Tarjan's algorithm.
#[derive(Default)]
struct Search<'a> {
    /// Number of each visited module, in the order of the visits.
    numbers: BTreeMap<&'a str, usize>,
    /// Visited modules whose component is not complete.
    open: Vec<&'a str>,
    cycles: Vec<Vec<&'a str>>,
}

impl<'a> Search<'a> {
    /// Visits a module and all that it leads to. Returns the lowest number that it leads back to.
    fn visit(&mut self, module: &'a str, graph: &'a Graph) -> usize {
        let number = self.numbers.len();
        self.numbers.insert(module, number);
        self.open.push(module);
        let mut lowest = number;
        for next in graph.get(module).into_iter().flatten() {
            let reached = match self.numbers.get(next.as_str()) {
                None => self.visit(next, graph),
                Some(reached) if self.open.contains(&next.as_str()) => *reached,
                Some(_) => continue,
            };
            lowest = lowest.min(reached);
        }
        if lowest == number {
            let start = self.open.iter().position(|open| *open == module);
            let mut cycle = self.open.split_off(start.unwrap());
            cycle.sort_unstable();
            self.cycles.extend((cycle.len() > 1).then_some(cycle));
        }
        lowest
    }
}

/// Returns the modules of each cycle, with the imports between them.
fn cycles(sources: &[Source]) -> Vec<String> {
    let graph = imports(sources);
    let mut search = Search::default();
    for module in graph.keys() {
        if !search.numbers.contains_key(module.as_str()) {
            search.visit(module, &graph);
        }
    }
    let described = search.cycles.iter().map(|cycle| {
        let within = |module: &&str| {
            let imported = graph.get(*module).into_iter().flatten();
            let imported = imported.filter(|to| cycle.contains(&to.as_str()));
            let imported: Vec<&str> = imported.map(String::as_str).collect();
            format!("{module} -> {}", imported.join(", "))
        };
        let imports: Vec<String> = cycle.iter().map(within).collect();
        imports.join("; ")
    });
    described.collect()
}

#[test]
fn no_siblings_import_each_other() {
    assert_eq!(cycles(&sources()), Vec::<String>::new());
}

/// Guards against a search that finds nothing, with which the test above would pass.
#[test]
fn imports_between_siblings_are_found() {
    let graph = imports(&sources());
    for (from, to) in [
        ("domain::strategy", "domain::log_backup"),
        ("domain::backup::attempt", "domain::backup::queue"),
    ] {
        assert!(graph[from].contains(to), "{from} -> {to}");
    }
}

fn made_up(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<Source> = files
        .iter()
        .map(|(name, text)| Source::of(name, text))
        .collect();
    cycles(&sources)
}

#[test]
fn a_cycle_is_found_however_its_imports_are_written() {
    let files = [
        ("domain/a.rs", "use super::b::B;"),
        ("domain/b.rs", "fn f() { crate::domain::c::d::g() }"),
        ("domain/c.rs", "mod d;"),
        ("domain/c/d.rs", "use super::super::{a::A, e};"),
        ("domain/e.rs", "use crate::oceanbase::X;"),
        ("domain/f.rs", "use super::a::A;"),
    ];
    let cycle = "domain::a -> domain::b; domain::b -> domain::c; domain::c -> domain::a";
    assert_eq!(made_up(&files), [cycle]);
}

#[test]
fn two_cycles_are_found_apart() {
    let files = [
        ("api/a.rs", "use super::b::B;"),
        ("api/b.rs", "use super::a::A;"),
        ("api/b/c.rs", "use super::d::D;"),
        ("api/b/d.rs", "use super::c::C;"),
    ];
    let expected = [
        "api::a -> api::b; api::b -> api::a",
        "api::b::c -> api::b::d; api::b::d -> api::b::c",
    ];
    assert_eq!(made_up(&files), expected);
}

#[test]
fn a_parent_and_its_children_may_import_each_other() {
    let files = [
        ("domain/a.rs", "use self::b::B;"),
        ("domain/a/b.rs", "use super::A; use super::c::C;"),
        ("domain/a/c.rs", "use super::A;"),
        ("domain/mod.rs", "use self::a::A;"),
    ];
    assert_eq!(made_up(&files), Vec::<String>::new());
}

#[test]
fn imports_of_tests_do_not_count() {
    let files = [
        ("domain/a.rs", "use super::b::B;"),
        (
            "domain/b.rs",
            "#[cfg(test)]\nmod tests { use crate::domain::a::A; }",
        ),
    ];
    assert_eq!(made_up(&files), Vec::<String>::new());
}
