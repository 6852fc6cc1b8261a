//! One simulated node: a [`World`] behind a lock, a clock, and observers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::fault::{Fault, FaultError, Traps};
use crate::log::{Connections, Entry, StatementLog};
use crate::model::{Account, Mode, Role, Scn, Stored, TenantId, World};
use crate::scenario::{Scenario, ScenarioError};
use crate::server::verify;
use crate::session::Session;
use crate::value::{Acceptance, Login, SqlError};
use crate::views::{View, views};
use crate::{error, login};

/// The mutable state.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) views: Arc<Vec<View>>,
    pub(crate) server_time_zone: TimeZone,
    pub(crate) log: StatementLog,
    pub(crate) connections: Connections,
    pub(crate) traps: Traps,
    pub(crate) node: Acceptance,
    /// Sessions of an earlier epoch are closed.
    pub(crate) epoch: u64,
    pub(crate) clock_offset: i128,
    plan: VecDeque<(Scn, Fault)>,
    last_session: u64,
    behind_proxy: bool,
    print: Option<fn(&Entry)>,
}

struct Shared {
    clock: Box<dyn Clock>,
    state: Mutex<State>,
    /// Clusters whose storage this one can read.
    seen: Mutex<Vec<Weak<Shared>>>,
}

/// A simulated OceanBase node of a cluster. Clones are the same node.
#[derive(Clone)]
pub struct Simulator(Arc<Shared>);

impl Simulator {
    /// Builds the cluster of a scenario, as of the clock's present.
    ///
    /// # Errors
    /// A scenario that contradicts itself: see [`ScenarioError`].
    pub fn new(scenario: &Scenario, clock: impl Clock) -> Result<Self, ScenarioError> {
        let now = clock.now();
        let world = scenario.build(now)?;
        let mut plan: Vec<_> = scenario
            .faults
            .iter()
            .map(|planned| (now.plus(planned.after), planned.fault.clone()))
            .collect();
        plan.sort_by_key(|(at, _)| *at);
        let state = State {
            views: Arc::new(views(world.version)),
            world,
            server_time_zone: scenario.server_time_zone()?,
            log: StatementLog::default(),
            connections: Connections::default(),
            traps: Traps::default(),
            node: Acceptance::Serve,
            epoch: 0,
            clock_offset: 0,
            plan: plan.into(),
            last_session: 0,
            behind_proxy: scenario.behind_proxy,
            print: None,
        };
        Ok(Self(Arc::new(Shared {
            clock: Box::new(clock),
            state: Mutex::new(state),
            seen: Mutex::new(Vec::new()),
        })))
    }

    /// Locks the present state.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock_as_it_is();
        let now = state.shift(self.0.clock.now());
        state.advance(now);
        state
    }

    fn lock_as_it_is(&self) -> MutexGuard<'_, State> {
        // A panic of a test must not make the model unusable for the test's clean-up.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs in as a client does, without the wire.
    ///
    /// # Errors
    /// The errors of [`Login::login`].
    pub fn connect(&self, user: &str, password: &str) -> Result<Session, SqlError> {
        self.open(user, None, !password.is_empty(), |account| {
            account.password == password
        })
    }

    fn open(
        &self,
        user: &str,
        database: Option<&str>,
        with_password: bool,
        knows: impl Fn(&Account) -> bool,
    ) -> Result<Session, SqlError> {
        let mut state = self.lock();
        let opened = state.authenticate(user, with_password, knows);
        match opened {
            Ok((tenant, user)) => {
                let id = state.admit();
                let epoch = state.epoch;
                drop(state);
                Session::open(self.clone(), id, epoch, tenant, user, database)
            }
            Err(error) => {
                state.connections.refused += 1;
                Err(error)
            }
        }
    }

    /// Injects a fault now.
    ///
    /// # Errors
    /// A tenant or user that does not exist, an archive that does not run.
    pub fn inject(&self, fault: Fault) -> Result<(), FaultError> {
        let mut state = self.lock();
        state.apply(fault)?;
        drop(state);
        // Events that the fault made due have happened when this returns.
        drop(self.lock());
        Ok(())
    }

    /// Returns how many faults still wait for their statement.
    #[must_use]
    pub fn traps(&self) -> usize {
        self.lock_as_it_is().traps.count()
    }

    /// Lets this cluster restore another cluster's backups, in their state at each RESTORE.
    pub fn sees(&self, other: &Self) {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(Arc::downgrade(&other.0));
    }

    /// Returns the backups of the readable clusters, if the statement may need them. Each is locked
    /// alone and before this one, which prevents a deadlock of two clusters.
    pub(crate) fn stored_nearby(&self, text: &str) -> Option<Vec<Stored>> {
        let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let text = text.to_ascii_uppercase();
        if seen.is_empty() || !(text.contains("RESTORE") || text.contains("RECOVER")) {
            return None;
        }
        let others: Vec<_> = seen.iter().filter_map(Weak::upgrade).collect();
        drop(seen);
        let stored = others
            .into_iter()
            .flat_map(|other| Self(other).world(World::stored));
        Some(stored.collect())
    }

    /// Reads the statement log.
    pub fn log<T>(&self, look: impl FnOnce(&StatementLog) -> T) -> T {
        look(&self.lock_as_it_is().log)
    }

    /// Changes the statement log: removes entries, limits them.
    pub fn log_mut<T>(&self, change: impl FnOnce(&mut StatementLog) -> T) -> T {
        change(&mut self.lock_as_it_is().log)
    }

    /// Reads the present state of the cluster.
    pub fn world<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock().world)
    }

    /// Changes the cluster without a statement.
    pub fn world_mut<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.lock().world)
    }

    /// Returns the connections, open and past.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.lock_as_it_is().connections
    }

    /// Sets the SQL address of the node, for `CDB_OB_ACCESS_POINT`.
    pub fn set_address(&self, host: &str, port: u16) {
        self.lock_as_it_is().world.address = (host.to_owned(), port);
    }

    /// Passes every statement to `print` as it ends.
    pub fn print_statements(&self, print: fn(&Entry)) {
        self.lock_as_it_is().print = Some(print);
    }

    pub(crate) fn leave(&self) {
        let mut state = self.lock_as_it_is();
        state.connections.current = state.connections.current.saturating_sub(1);
    }

    /// Returns the time of the node, its jumps included.
    #[must_use]
    pub fn now(&self) -> Scn {
        self.lock().world.now()
    }
}

impl State {
    fn shift(&self, clock: Scn) -> Scn {
        let shifted = i128::from(clock.0).saturating_add(self.clock_offset).max(0);
        Scn(u64::try_from(shifted).unwrap_or(u64::MAX))
    }

    /// Applies all events that are due, planned faults in their order.
    fn advance(&mut self, now: Scn) {
        while self.plan.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((at, fault)) = self.plan.pop_front() {
                self.world.advance(at);
                if let Err(error) = self.apply(fault) {
                    tracing::warn!(%error, "planned fault not applied");
                }
            }
        }
        self.world.advance(now);
    }

    fn authenticate(
        &self,
        user: &str,
        with_password: bool,
        knows: impl Fn(&Account) -> bool,
    ) -> Result<(TenantId, String), SqlError> {
        let name = login::split(user, self.behind_proxy.then_some(&self.world.identity.name));
        let refused = || error::login_refused(name.user, with_password);
        let tenant = match name.tenant {
            Some("sys") => TenantId::SYS,
            Some(tenant) => {
                let tenant = self.world.tenant(tenant).ok_or_else(refused)?;
                if tenant.locked {
                    return Err(error::tenant_is_locked(&tenant.name));
                }
                // The tenant's users are part of its data, which is not restored yet.
                if tenant.role == Role::Restore {
                    return Err(refused());
                }
                if tenant.mode == Mode::Oracle {
                    return Err(error::not_supported(
                        "Oracle tenant for current client driver is",
                    ));
                }
                tenant.id
            }
            None => return Err(refused()),
        };
        let mut accounts = self.world.accounts.iter();
        accounts
            .find(|account| account.tenant == tenant && account.name == name.user)
            .filter(|account| knows(account))
            .map(|account| (tenant, account.name.clone()))
            .ok_or_else(refused)
    }

    fn admit(&mut self) -> u64 {
        self.last_session += 1;
        let connections = &mut self.connections;
        connections.logins += 1;
        connections.current += 1;
        connections.most = connections.most.max(connections.current);
        self.last_session
    }

    pub(crate) fn record(&mut self, entry: Entry) {
        if let Some(print) = self.print {
            print(&entry);
        }
        self.log.push(entry);
    }
}

impl Login for Simulator {
    type Backend = Session;

    fn login(
        &self,
        user: &str,
        scramble: &[u8],
        nonce: &[u8; 20],
        database: Option<&str>,
    ) -> Result<Session, SqlError> {
        self.open(user, database, !scramble.is_empty(), |account| {
            verify(&account.password, nonce, scramble)
        })
    }

    fn accepts(&self) -> Acceptance {
        self.lock().node
    }
}
