//! The objects and their history.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use crate::kinds::Kinds;

/// The identity of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The plural of its kind.
    pub plural: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub struct Change {
    /// The version of everything after it: the object's `resourceVersion`.
    pub version: u64,
    /// The object.
    pub key: Key,
    /// The object before; none if it was created.
    pub before: Option<Arc<Value>>,
    /// The object after; none if it was deleted.
    pub after: Option<Arc<Value>>,
    /// The actor of the requesting client.
    pub actor: String,
    /// The request: see [`Call`](crate::Call).
    pub call: String,
}

impl Change {
    /// Returns the type of its event on a watch.
    #[must_use]
    pub fn event(&self) -> &'static str {
        match (&self.before, &self.after) {
            (_, None) => "DELETED",
            (None, Some(_)) => "ADDED",
            (Some(_), Some(_)) => "MODIFIED",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} by {}", self.event(), self.call, self.actor)
    }
}

type Witness = Box<dyn FnMut(&Change) + Send>;

/// The whole state.
pub(crate) struct State {
    pub(crate) version: u64,
    pub(crate) objects: BTreeMap<Key, Arc<Value>>,
    pub(crate) history: Vec<Arc<Change>>,
    /// The earliest version at which watches can begin.
    pub(crate) compacted: u64,
    names: u64,
    witness: Option<Witness>,
}

impl State {
    /// Stores an object, or removes it.
    pub(crate) fn commit(
        &mut self,
        key: Key,
        after: Option<Value>,
        (actor, call): (&str, &str),
    ) -> Arc<Change> {
        self.version += 1;
        let after = after.map(|mut object| {
            object["metadata"]["resourceVersion"] = self.version.to_string().into();
            Arc::new(object)
        });
        let before = match &after {
            Some(object) => self.objects.insert(key.clone(), Arc::clone(object)),
            None => self.objects.remove(&key),
        };
        let change = Arc::new(Change {
            version: self.version,
            key,
            before,
            after,
            actor: actor.to_owned(),
            call: call.to_owned(),
        });
        self.history.push(Arc::clone(&change));
        if let Some(witness) = &mut self.witness {
            witness(&change);
        }
        change
    }

    /// Returns the objects at a version.
    pub(crate) fn at(&self, version: u64) -> BTreeMap<Key, Arc<Value>> {
        let mut objects = self.objects.clone();
        for change in self.history.iter().rev() {
            if change.version <= version {
                break;
            }
            match &change.before {
                Some(object) => objects.insert(change.key.clone(), Arc::clone(object)),
                None => objects.remove(&change.key),
            };
        }
        objects
    }

    /// Returns a number that was never used before.
    pub(crate) fn number(&mut self) -> u64 {
        self.names += 1;
        self.names
    }
}

pub(crate) struct Shared {
    pub(crate) kinds: Kinds,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    state: Mutex<State>,
    /// The version, for watches that wait for the next one.
    pub(crate) changed: watch::Sender<u64>,
}

/// An API server in process. Clones share one state.
#[derive(Clone)]
pub struct Double(pub(crate) Arc<Shared>);

impl Double {
    /// Creates an API server without objects.
    pub fn new(kinds: Kinds, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let state = State {
            version: 1,
            objects: BTreeMap::new(),
            history: Vec::new(),
            compacted: 0,
            names: 0,
            witness: None,
        };
        Self(Arc::new(Shared {
            kinds,
            now: Box::new(now),
            state: Mutex::new(state),
            changed: watch::Sender::new(1),
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0.now)()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // The state after a panic of a test is not used.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and notifies the watches.
    pub(crate) fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let done = work(&mut state);
        let version = state.version;
        drop(state);
        self.0.changed.send_if_modified(|known| {
            let is_news = *known != version;
            *known = version;
            is_news
        });
        done
    }

    /// Passes every change to `witness` immediately, while the server is locked.
    pub fn witness(&self, witness: impl FnMut(&Change) + Send + 'static) {
        self.lock().witness = Some(Box::new(witness));
    }

    /// Removes the history up to now: watches that begin before get 410.
    pub fn compact(&self) {
        let mut state = self.lock();
        state.compacted = state.version;
    }

    /// Returns an object as it is stored.
    #[must_use]
    pub fn get(&self, plural: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let key = Key {
            plural: plural.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        self.lock().objects.get(&key).cloned()
    }

    /// Returns all objects of a kind.
    #[must_use]
    pub fn list(&self, plural: &str) -> Vec<Arc<Value>> {
        let state = self.lock();
        let objects = state.objects.iter();
        objects
            .filter(|(key, _)| key.plural == plural)
            .map(|(_, object)| Arc::clone(object))
            .collect()
    }

    /// Returns all changes so far.
    #[must_use]
    pub fn history(&self) -> Vec<Arc<Change>> {
        self.lock().history.clone()
    }
}

impl fmt::Debug for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Double")
    }
}
