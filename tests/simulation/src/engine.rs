//! The simulated database in process, behind the operator's database interface.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use oceanbase_backup_operator::oceanbase::client::{
    Account, Connect, ConnectError, QueryError, Rows, ServerError, Session,
};
use oceanbase_sim::Simulator;
use oceanbase_sim::value::{Acceptance, Backend, Login, NoAnswer, Reply, SqlError};
use secrecy::ExposeSecret;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::oracle::Oracle;
use crate::plan::Act;
use crate::seat::Seat;

/// How long a client tries to reach a silent node.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The database as the operator reaches it.
#[derive(Clone)]
pub struct Engine {
    /// The database.
    pub simulator: Simulator,
    /// The process that sends statements, and the source of their faults.
    pub seat: Seat,
    /// The oracle that checks the statements.
    pub oracle: Oracle,
    /// Statements whose connection was cut, and which the database will begin nevertheless.
    pub arriving: Arc<Mutex<JoinSet<()>>>,
}

impl Connect for Engine {
    fn connect<'a>(
        &'a self,
        account: &'a Account,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectError>> {
        async move {
            let unreachable = |why: &str| Err(ConnectError::Unreachable(why.to_owned()));
            match self.seat.meet("login") {
                Some(Act::KillBefore | Act::KillAfter) => return pending().await,
                Some(Act::LoseBefore | Act::LoseAfter) => return unreachable("made to fail"),
                Some(Act::Late(seconds) | Act::Freeze(seconds)) => {
                    sleep(Duration::from_secs(seconds.into())).await;
                }
                Some(Act::Refuse(code)) => return Err(ConnectError::Refused(refusal(code))),
                _ => {}
            }
            match self.simulator.accepts() {
                Acceptance::Serve => {}
                Acceptance::Refuse => return unreachable("refused"),
                Acceptance::Silent => {
                    sleep(CONNECT_TIMEOUT).await;
                    return unreachable("silent");
                }
            }
            let password = account.password.expose_secret();
            let session = self.simulator.connect(&account.user, password);
            let session = session.map_err(|error| ConnectError::Refused(server_error(error)))?;
            let session = InProcess {
                engine: self.clone(),
                session: Some(Arc::new(Mutex::new(session))),
            };
            Ok(Box::new(session) as _)
        }
        .boxed()
    }
}

#[derive(Clone)]
struct InProcess {
    engine: Engine,
    /// Removed when an answer is lost: the session is unusable then.
    session: Option<Arc<Mutex<oceanbase_sim::Session>>>,
}

impl InProcess {
    fn execute(&self, session: &Mutex<oceanbase_sim::Session>, text: &str) -> Reply {
        let Engine {
            simulator,
            oracle,
            seat,
            ..
        } = &self.engine;
        oracle.before_statement(simulator, text);
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = session.execute(text);
        drop(session);
        oracle.after_statements(simulator, &seat.actor());
        reply
    }
}

impl Session for InProcess {
    fn query<'a>(
        &'a mut self,
        text: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Rows, QueryError>> {
        async move {
            let lost = |why: &str| Err(QueryError::Lost(why.to_owned()));
            let Some(session) = self.session.take() else {
                return lost("used after an answer was lost");
            };
            let act = self.engine.seat.meet(&name(text));
            let mut delay = Duration::ZERO;
            match act {
                Some(Act::KillBefore) => return pending().await,
                Some(Act::LoseBefore) => return lost("hung up before"),
                Some(Act::Arrive(seconds)) => {
                    let (this, text) = (self.clone(), text.to_owned());
                    let arriving = &self.engine.arriving;
                    let mut arriving = arriving.lock().unwrap_or_else(PoisonError::into_inner);
                    arriving.spawn(async move {
                        sleep(Duration::from_secs(seconds.into())).await;
                        this.execute(&session, &text);
                    });
                    return lost("hung up before");
                }
                Some(Act::Refuse(code)) => {
                    self.session = Some(session);
                    return Err(QueryError::Server(refusal(code)));
                }
                Some(Act::Late(seconds)) => delay = Duration::from_secs(seconds.into()),
                _ => {}
            }
            let reply = self.execute(&session, text);
            match act {
                Some(Act::KillAfter) => return pending().await,
                Some(Act::LoseAfter) => return lost("hung up after"),
                // The answer is ready when the process continues.
                Some(Act::Freeze(seconds)) => sleep(Duration::from_secs(seconds.into())).await,
                _ => {}
            }
            let delay = reply.delay + delay;
            if delay > timeout {
                sleep(timeout).await;
                return lost("time is up");
            }
            sleep(delay).await;
            let set = match reply.last() {
                Err(NoAnswer::HungUp) => return lost("hung up"),
                Err(NoAnswer::Refused(error)) => {
                    self.session = Some(session);
                    return Err(QueryError::Server(server_error(error)));
                }
                Ok(set) => set,
            };
            self.session = Some(session);
            Ok(Rows {
                columns: set.columns.into_iter().map(|column| column.name).collect(),
                rows: set.rows,
            })
        }
        .boxed()
    }
}

fn server_error(error: SqlError) -> ServerError {
    ServerError {
        code: error.code,
        text: error.message,
    }
}

fn refusal(code: u16) -> ServerError {
    ServerError {
        code,
        text: "made to be refused".to_owned(),
    }
}

/// Names the statement identically in each run. Keys contain uids and query texts are long, so
/// neither is used.
fn name(text: &str) -> String {
    let text = without_instants(without_uids(text));
    let Some(rest) = text.strip_prefix("SELECT ") else {
        return text;
    };
    let views: Vec<&str> = rest
        .split("oceanbase.")
        .skip(1)
        .map(|after| after.split([' ', ',', ')']).next().unwrap_or_default())
        .collect();
    let has_key = rest.contains("obb/") || rest.contains("obr/");
    let of_what = if has_key { " by key" } else { "" };
    if views.is_empty() {
        text
    } else {
        format!("SELECT {}{of_what}", views.join(","))
    }
}

/// Removes the instants by which the engine names auxiliary tenants.
pub(crate) fn without_instants(text: String) -> String {
    const AUXILIARY: &str = "AUX_RECOVER$";
    let Some((head, rest)) = text.split_once(AUXILIARY) else {
        return text;
    };
    let rest = rest.trim_start_matches(|sign: char| sign.is_ascii_digit());
    format!("{head}{AUXILIARY}*{rest}")
}

fn without_uids(text: &str) -> String {
    let mut parts = text.split("obb/");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, number) = part.split_once('/').unwrap_or(("", part));
        short.push_str("obb/*/");
        short.push_str(number);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_goes_by_its_text_without_uids() {
        assert_eq!(
            name("ALTER SYSTEM BACKUP TENANT = 'a' DESCRIPTION = 'obb/12-34/1'"),
            "ALTER SYSTEM BACKUP TENANT = 'a' DESCRIPTION = 'obb/*/1'"
        );
    }

    #[test]
    fn an_auxiliary_tenant_goes_by_its_name_without_an_instant() {
        let text = "DROP TENANT IF EXISTS `AUX_RECOVER$1795139700000000` FORCE";
        assert_eq!(name(text), "DROP TENANT IF EXISTS `AUX_RECOVER$*` FORCE");
    }

    #[test]
    fn a_query_goes_by_its_views() {
        let text = "SELECT a FROM oceanbase.CDB_OB_BACKUP_JOBS WHERE DESCRIPTION = 'obb/1/2'";
        assert_eq!(name(text), "SELECT CDB_OB_BACKUP_JOBS by key");
    }
}
