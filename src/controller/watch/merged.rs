//! Watches of several namespaces, merged into one: a cache has one writer, and a new list replaces
//! its whole content.
//!
//! The first lists of all namespaces form one list, which completes with the last of them. Until
//! then, objects of an unlisted namespace do not count as missing. Later, a broken watch may list
//! its namespace again. The new list then becomes changes, plus deletions of the objects that it
//! lacks; objects of other namespaces remain.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use kube::Resource;
use kube_runtime::watcher::{self, Event};

/// Merges the watches of the named namespaces. `deleted` builds a deleted object of which only
/// namespace and name are known.
pub fn merged<K>(
    watches: Vec<(String, BoxStream<'static, watcher::Result<Event<K>>>)>,
    deleted: fn(&str, &str) -> K,
) -> impl Stream<Item = watcher::Result<Event<K>>> + Send
where
    K: Resource + Send + 'static,
{
    let (names, watches): (Vec<_>, Vec<_>) = watches.into_iter().unzip();
    let mut joined = MergedWatch::new(names, deleted);
    let numbered = watches.into_iter().enumerate();
    stream::select_all(numbered.map(|(number, watch)| watch.map(move |event| (number, event))))
        .flat_map(move |(number, event)| {
            let events = match event {
                Ok(event) => joined.next(number, event).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            stream::iter(events)
        })
}

/// State of the merged watch.
struct MergedWatch<K> {
    namespaces: Vec<Namespace>,
    deleted: fn(&str, &str) -> K,
    has_begun: bool,
    /// Newest change of each object, while not all namespaces are listed: by the number of its
    /// namespace, and its name.
    held: BTreeMap<(usize, String), Event<K>>,
}

/// State of one namespace.
#[derive(Default)]
struct Namespace {
    name: String,
    is_listed: bool,
    /// Names of its objects.
    known: BTreeSet<String>,
    /// Names in the list that is being read.
    listing: BTreeSet<String>,
}

impl<K: Resource> MergedWatch<K> {
    fn new(names: Vec<String>, deleted: fn(&str, &str) -> K) -> Self {
        let namespaces = names.into_iter().map(|name| Namespace {
            name,
            ..Namespace::default()
        });
        Self {
            namespaces: namespaces.collect(),
            deleted,
            has_begun: false,
            held: BTreeMap::new(),
        }
    }

    /// Translates an event of the namespace with this number into events of the shared cache.
    fn next(&mut self, number: usize, event: Event<K>) -> Vec<Event<K>> {
        let space = &mut self.namespaces[number];
        match event {
            Event::Init => {
                space.listing.clear();
                let begins = !std::mem::replace(&mut self.has_begun, true);
                begins.then_some(Event::Init).into_iter().collect()
            }
            Event::InitApply(object) => {
                let name = name_of(&object);
                space.listing.insert(name.clone());
                let is_new = space.known.insert(name.clone());
                if is_new && !space.is_listed {
                    return vec![Event::InitApply(object)];
                }
                self.changed(number, name, Event::Apply(object))
            }
            Event::InitDone => self.listed(number),
            Event::Apply(object) => {
                let name = name_of(&object);
                space.known.insert(name.clone());
                self.changed(number, name, Event::Apply(object))
            }
            Event::Delete(object) => {
                let name = name_of(&object);
                space.known.remove(&name);
                self.changed(number, name, Event::Delete(object))
            }
        }
    }

    fn listed(&mut self, number: usize) -> Vec<Event<K>> {
        let was_complete = self.is_complete();
        let space = &mut self.namespaces[number];
        let listing = std::mem::take(&mut space.listing);
        let before = std::mem::replace(&mut space.known, listing);
        space.is_listed = true;
        let mut events = Vec::new();
        for name in before.difference(&self.namespaces[number].known) {
            let deleted = (self.deleted)(&self.namespaces[number].name, name);
            self.held
                .insert((number, name.clone()), Event::Delete(deleted));
        }
        if self.is_complete() {
            if !was_complete {
                events.push(Event::InitDone);
            }
            events.extend(std::mem::take(&mut self.held).into_values());
        }
        events
    }

    fn is_complete(&self) -> bool {
        self.namespaces.iter().all(|space| space.is_listed)
    }

    /// Delays a change until the list of all namespaces is complete: the end of the list would make
    /// the cache drop the change.
    fn changed(&mut self, number: usize, name: String, event: Event<K>) -> Vec<Event<K>> {
        if self.is_complete() {
            return vec![event];
        }
        self.held.insert((number, name), event);
        Vec::new()
    }
}

fn name_of<K: Resource>(object: &K) -> String {
    object.meta().name.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::ResourceExt;
    use kube_runtime::reflector::store::Writer;

    use super::*;

    const SHOP: usize = 0;
    const BANK: usize = 1;

    fn object(namespace: &str, name: &str) -> ConfigMap {
        let mut object = ConfigMap::default();
        object.metadata.namespace = Some(namespace.into());
        object.metadata.name = Some(name.into());
        object
    }

    /// Namespaces `shop` and `bank`, and their shared cache.
    struct Watched {
        joined: MergedWatch<ConfigMap>,
        store: Writer<ConfigMap>,
    }

    impl Watched {
        fn new() -> Self {
            Self {
                joined: MergedWatch::new(vec!["shop".into(), "bank".into()], object),
                store: Writer::default(),
            }
        }

        /// Delivers events of a namespace, each as its first letter and an object's name. Returns
        /// the events of the cache in the same form, with the namespace.
        fn deliver(&mut self, number: usize, events: &[&str]) -> Vec<String> {
            let namespace = self.joined.namespaces[number].name.clone();
            let mut delivered = Vec::new();
            for text in events {
                let (word, name) = text.split_once(' ').unwrap_or((text, ""));
                let event = match word {
                    "init" => Event::Init,
                    "lists" => Event::InitApply(object(&namespace, name)),
                    "done" => Event::InitDone,
                    "applies" => Event::Apply(object(&namespace, name)),
                    _ => Event::Delete(object(&namespace, name)),
                };
                for event in self.joined.next(number, event) {
                    self.store.apply_watcher_event(&event);
                    delivered.push(match event {
                        Event::Init => "init".into(),
                        Event::InitApply(object) => format!("lists {}", full(&object)),
                        Event::InitDone => "done".into(),
                        Event::Apply(object) => format!("applies {}", full(&object)),
                        Event::Delete(object) => format!("deletes {}", full(&object)),
                    });
                }
            }
            delivered
        }

        fn is_ready(&self) -> bool {
            let store = self.store.as_reader();
            store.wait_until_ready().now_or_never().is_some()
        }

        fn stored(&self) -> Vec<String> {
            let state = self.store.as_reader().state();
            let mut names: Vec<_> = state.iter().map(|object| full(object)).collect();
            names.sort();
            names
        }
    }

    fn full(object: &ConfigMap) -> String {
        format!(
            "{}/{}",
            object.namespace().unwrap_or_default(),
            object.name_any()
        )
    }

    /// Both namespaces listed: `a` and `b` in the shop, `a` in the bank.
    fn listed() -> Watched {
        let mut watched = Watched::new();
        watched.deliver(SHOP, &["init", "lists a", "lists b", "done"]);
        watched.deliver(BANK, &["init", "lists a", "done"]);
        assert_eq!(watched.stored(), ["bank/a", "shop/a", "shop/b"]);
        watched
    }

    #[test]
    fn the_first_lists_of_all_namespaces_are_one_list() {
        let mut watched = Watched::new();
        let delivered = [
            watched.deliver(SHOP, &["init", "lists a", "done"]),
            watched.deliver(BANK, &["init", "lists a", "done"]),
        ];
        let delivered = delivered.concat();
        assert_eq!(delivered, ["init", "lists shop/a", "lists bank/a", "done"]);
        assert_eq!(watched.stored(), ["bank/a", "shop/a"]);
    }

    #[test]
    fn a_namespace_that_can_not_be_listed_holds_all_of_them_back() {
        let mut watched = Watched::new();
        watched.deliver(SHOP, &["init", "lists a", "done"]);
        // The list is rejected and retried.
        watched.deliver(BANK, &["init"]);
        watched.deliver(BANK, &["init"]);
        watched.deliver(SHOP, &["applies a"]);
        assert!(!watched.is_ready());
        watched.deliver(BANK, &["init", "done"]);
        assert!(watched.is_ready());
    }

    #[test]
    fn a_namespace_that_is_listed_again_changes_itself_and_leaves_the_others() {
        let mut watched = listed();
        let delivered = watched.deliver(SHOP, &["init", "lists b", "lists c", "done"]);
        assert_eq!(
            delivered,
            ["applies shop/b", "applies shop/c", "deletes shop/a"]
        );
        assert_eq!(watched.stored(), ["bank/a", "shop/b", "shop/c"]);
    }

    #[test]
    fn a_list_that_breaks_off_deletes_nothing() {
        let mut watched = listed();
        watched.deliver(SHOP, &["init", "lists b"]);
        let delivered = watched.deliver(SHOP, &["init", "lists a", "lists b", "done"]);
        assert_eq!(delivered, ["applies shop/a", "applies shop/b"]);
    }

    #[test]
    fn what_changes_in_a_listed_namespace_while_another_is_not_is_not_lost() {
        let mut watched = Watched::new();
        watched.deliver(SHOP, &["init", "lists a", "lists b", "done"]);
        let held = watched.deliver(SHOP, &["deletes a", "applies c", "deletes b", "applies b"]);
        assert_eq!(held, Vec::<String>::new());
        let delivered = watched.deliver(BANK, &["init", "done"]);
        assert_eq!(
            delivered,
            ["done", "deletes shop/a", "applies shop/b", "applies shop/c"]
        );
        assert_eq!(watched.stored(), ["shop/b", "shop/c"]);
    }

    #[test]
    fn what_only_a_broken_first_list_had_is_deleted() {
        let mut watched = Watched::new();
        watched.deliver(SHOP, &["init", "lists a", "lists b"]);
        watched.deliver(SHOP, &["init", "lists b", "done"]);
        watched.deliver(BANK, &["init", "done"]);
        assert_eq!(watched.stored(), ["shop/b"]);
    }

    #[test]
    fn once_all_are_listed_changes_are_passed_on_as_they_are() {
        let mut watched = listed();
        let delivered = watched.deliver(BANK, &["applies b", "deletes a"]);
        assert_eq!(delivered, ["applies bank/b", "deletes bank/a"]);
        // The deletion was delivered: a later list adds nothing.
        let delivered = watched.deliver(BANK, &["init", "lists b", "done"]);
        assert_eq!(delivered, ["applies bank/b"]);
    }
}
