//! One session: it receives statements and returns answers.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::catalog::{Sight, Variables};
use crate::execute::{self, Caller, Carried, done};
use crate::fault::{self, Moment, Sprung};
use crate::log::{Ending, Entry};
use crate::model::{Account, Privilege, TenantId, World};
use crate::select;
use crate::simulator::{Simulator, State};
use crate::statement::{Action, Statement, parse, split};
use crate::value::{
    Acceptance, Backend, Column, ColumnType, End, Outcome, Reply, ResultSet, SqlError,
};
use crate::{error, rows, views};

/// How long a silent node makes a client wait; longer than any client waits.
const SILENCE: Duration = Duration::from_hours(24);

const DATABASES: [&str; 4] = ["oceanbase", "mysql", "information_schema", "test"];

/// A logged-in session, over the wire or in process.
pub struct Session {
    simulator: Simulator,
    id: u64,
    epoch: u64,
    tenant: TenantId,
    tenant_name: String,
    user: String,
    database: Option<String>,
    variables: Variables,
    carried: Carried,
}

impl Session {
    pub(crate) fn open(
        simulator: Simulator,
        id: u64,
        epoch: u64,
        tenant: TenantId,
        user: String,
        database: Option<&str>,
    ) -> Result<Self, SqlError> {
        let tenant_name = simulator.world(|world| {
            let tenant = world.tenant_by_id(tenant);
            tenant.map_or("sys", |tenant| &tenant.name).to_owned()
        });
        let mut session = Self {
            simulator,
            id,
            epoch,
            tenant,
            tenant_name,
            user,
            database: None,
            variables: Variables::default(),
            carried: Carried::default(),
        };
        if let Some(database) = database {
            session.use_database(database)?;
        }
        Ok(session)
    }

    /// Returns the number of the session in the log.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns a reply if the session is broken or the node does not answer.
    fn lost(&self, state: &State) -> Option<Reply> {
        let account = |state: &State| {
            let mut accounts = state.world.accounts.iter();
            accounts.any(|known| known.tenant == self.tenant && known.name == self.user)
        };
        let hang_up = |delay| Reply {
            delay,
            outcomes: Vec::new(),
            end: End::HangUp,
        };
        match state.node {
            Acceptance::Silent => Some(hang_up(SILENCE)),
            Acceptance::Refuse => Some(hang_up(Duration::ZERO)),
            Acceptance::Serve if self.epoch != state.epoch || !account(state) => {
                Some(hang_up(Duration::ZERO))
            }
            Acceptance::Serve => None,
        }
    }

    fn one(&mut self, state: &mut State, text: &str, reply: &mut Reply) -> Option<End> {
        let statement = parse(text, state.world.version);
        let named = statement.tenants.names().to_vec();
        let session = (self.id, self.tenant_name.as_str());
        let sprung = state.traps.spring(statement.kind, &named, session, text);
        let (ending, result) = self.answer(state, text, &statement, &sprung, reply);
        state.record(Entry {
            number: 0,
            at: state.world.now(),
            session: self.id,
            user: self.user.clone(),
            tenant: self.tenant_name.clone(),
            kind: statement.kind,
            named,
            text: text.trim().to_owned(),
            ending,
        });
        match result {
            None => Some(End::HangUp),
            Some(Ok(outcome)) => {
                reply.outcomes.push(outcome);
                None
            }
            Some(Err(error)) => Some(End::Error(error)),
        }
    }

    /// Returns the log entry's end and the client's answer, which is none if the connection breaks.
    fn answer(
        &mut self,
        state: &mut State,
        text: &str,
        statement: &Statement,
        sprung: &Sprung,
        reply: &mut Reply,
    ) -> (Ending, Option<Result<Outcome, SqlError>>) {
        let limit = Duration::from_micros(self.variables.query_timeout());
        self.carried.waits = Duration::ZERO;
        self.carried.limit = limit;
        self.carried.own_limit = None;
        if sprung.hang_up == Some(Moment::BeforeExecuting) {
            reply.delay += sprung.delay.min(limit);
            reply.delay = if sprung.stalls { SILENCE } else { reply.delay };
            return (Ending::LostBefore, None);
        }
        if sprung.swallows {
            reply.delay += sprung.delay.min(limit);
            return (Ending::Swallowed, Some(Ok(done())));
        }
        let result = match &sprung.refusal {
            Some(error) => Err(error.clone()),
            None => self.run(state, text, statement),
        };
        let limit = match self.carried.own_limit {
            Some(own) if sprung.delay <= limit => own,
            _ => limit,
        };
        let delay = sprung.delay + self.carried.waits;
        reply.delay += delay.min(limit);
        if sprung.stalls {
            reply.delay = SILENCE;
        }
        if sprung.hang_up == Some(Moment::AfterCommit) {
            return (Ending::LostAfter(result.err()), None);
        }
        if delay > limit {
            // The statement was executed, and the client receives a timeout.
            let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
            let error = error::timeout(micros);
            return (Ending::LostAfter(result.err()), Some(Err(error)));
        }
        let ending = match &result {
            Ok(Outcome::Done { .. }) => Ending::Done,
            Ok(Outcome::Rows(set)) => Ending::Rows(set.rows.len()),
            Err(error) => Ending::Refused(error.clone()),
        };
        (ending, Some(result))
    }

    fn run(
        &mut self,
        state: &mut State,
        text: &str,
        statement: &Statement,
    ) -> Result<Outcome, SqlError> {
        let action = statement.action.as_ref().map_err(Clone::clone)?;
        match action {
            Action::Query => self.query(state, text),
            Action::SetVariables(variables) => {
                for (name, value) in variables {
                    self.variables.set(name, value)?;
                }
                Ok(done())
            }
            Action::SetEncryption(password) => {
                self.carried.encryption = Some(password.clone());
                Ok(done())
            }
            Action::Use(name) => self.enter_database(&state.world, name).map(|()| done()),
            Action::Nothing => Ok(done()),
            Action::ShowGrants(user) => self.show_grants(&state.world, user.as_deref()),
            Action::Simulate(faults) => self.simulate(state, faults),
            _ => {
                let account = self.account(&state.world);
                let caller = Caller {
                    tenant: self.tenant,
                    user: self.user.clone(),
                    privileges: account
                        .map(|known| known.privileges.clone())
                        .unwrap_or_default(),
                };
                execute::run(
                    statement,
                    action,
                    &mut state.world,
                    &caller,
                    &mut self.carried,
                )
            }
        }
    }

    fn account<'a>(&self, world: &'a World) -> Option<&'a Account> {
        let mut accounts = world.accounts.iter();
        accounts.find(|known| known.tenant == self.tenant && known.name == self.user)
    }

    /// Returns the grants of the session's user. Grants of another user need SELECT on
    /// `mysql.user`, which only root holds here.
    fn show_grants(&self, world: &World, user: Option<&str>) -> Result<Outcome, SqlError> {
        let user = user.unwrap_or(&self.user);
        if user != self.user && self.user != "root" {
            return Err(error::select_denied(&self.user, "user"));
        }
        let mut accounts = world.accounts.iter();
        let account = accounts.find(|known| known.tenant == self.tenant && known.name == user);
        let account = account.ok_or_else(|| error::no_such_grant(user))?;
        let rows = account.grants().into_iter().map(|row| vec![Some(row)]);
        Ok(Outcome::Rows(ResultSet {
            columns: vec![Column {
                name: format!("Grants for {user}@%"),
                ty: ColumnType::Varchar(1024),
            }],
            rows: rows.collect(),
        }))
    }

    fn query(&self, state: &mut State, text: &str) -> Result<Outcome, SqlError> {
        let own = state.world.tenant_by_id(self.tenant);
        if let Some(count) = own.and_then(|tenant| {
            let database = self.database.as_deref();
            rows::count(text, tenant, database, state.world.sync_scn(tenant))
        }) {
            return Ok(Outcome::Rows(count));
        }
        let may_read = self
            .account(&state.world)
            .is_some_and(|account| account.has(Privilege::Select));
        let readable: &[views::View] = if may_read { &state.views } else { &[] };
        let sight = Sight {
            world: &state.world,
            views: readable,
            tenant: self.tenant,
            user: &self.user,
            database: self.database.as_deref(),
            variables: &self.variables,
            server_time_zone: &state.server_time_zone,
            late: RefCell::new(BTreeSet::new()),
        };
        let answer = select::query(text, &sight);
        let late = sight.late.into_inner();
        for view in late {
            for lag in &mut state.world.lags {
                lag.count(&view);
            }
        }
        match answer {
            // Without the privilege to read, every view is forbidden.
            Err(refused) if refused.code == 1146 && readable.is_empty() => {
                let table = refused.message.split('\'').nth(1).unwrap_or_default();
                Err(error::select_denied(&self.user, table))
            }
            other => other.map(Outcome::Rows),
        }
    }

    fn enter_database(&mut self, world: &World, name: &str) -> Result<(), SqlError> {
        let own = world.tenant_by_id(self.tenant);
        let is_own = own.is_some_and(|tenant| rows::has_database(tenant, name));
        let mut known = DATABASES.iter();
        if !is_own && !known.any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(error::unknown_database(name));
        }
        self.database = Some(name.to_ascii_lowercase());
        Ok(())
    }

    fn simulate(&self, state: &mut State, faults: &str) -> Result<Outcome, SqlError> {
        if self.tenant != TenantId::SYS || self.user != "root" {
            return Err(error::access_denied("SUPER"));
        }
        let refused = |error: fault::FaultError| error::with_code(1210, error.to_string());
        for fault in fault::parse(faults).map_err(refused)? {
            state.apply(fault).map_err(refused)?;
        }
        Ok(done())
    }
}

impl Backend for Session {
    fn execute(&mut self, text: &str) -> Reply {
        let simulator = self.simulator.clone();
        let nearby = simulator.stored_nearby(text);
        let mut state = simulator.lock();
        if let Some(nearby) = nearby {
            state.world.neighbours = nearby;
        }
        if let Some(reply) = self.lost(&state) {
            return reply;
        }
        let mut reply = Reply {
            delay: Duration::ZERO,
            outcomes: Vec::new(),
            end: End::Complete,
        };
        let parts = split(text);
        if parts.is_empty() {
            reply.end = End::Error(error::empty_query());
        }
        for part in parts {
            if let Some(end) = self.one(&mut state, part, &mut reply) {
                reply.end = end;
                break;
            }
        }
        reply
    }

    fn use_database(&mut self, name: &str) -> Result<(), SqlError> {
        let simulator = self.simulator.clone();
        let state = simulator.lock();
        self.enter_database(&state.world, name)
    }

    fn reset(&mut self) {
        self.variables = Variables::default();
        self.carried = Carried::default();
    }

    fn survives(&self) -> bool {
        let state = self.simulator.lock();
        self.lost(&state).is_none()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.simulator.leave();
    }
}
