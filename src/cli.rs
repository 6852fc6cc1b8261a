//! Flags and environment become settings; nobody else reads either.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, Subcommand};
use kube::{Client, Config};

use crate::controller::leader_election;
use crate::operator::Settings;
use crate::telemetry::logging::Format;

/// Backup and recovery of OceanBase as Kubernetes objects.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator against the current cluster (in a Pod: its own).
    Run(Run),
    /// Print the custom resource definitions as YAML.
    Crds,
}

/// Flags of `run`.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The namespaces whose objects are looked at, with commas between them; all of them when left out or
    /// empty. Each is watched on its own, so that Roles there are enough.
    #[arg(
        long,
        env = "WATCH_NAMESPACES",
        default_value = "",
        hide_default_value = true
    )]
    pub watch_namespaces: Namespaces,
    /// Where /metrics, /healthz and /readyz are served.
    #[arg(long, env = "HTTP_ADDRESS", default_value = "[::]:8080")]
    pub http_address: SocketAddr,
    /// Send a Secret only to hosts that its annotation `backup.oceanbase.io/endpoints` lists.
    #[arg(long, env = "REQUIRE_SECRET_BINDING")]
    pub require_secret_binding: bool,
    /// Work only while holding a Lease, so that several operators may run and one acts.
    #[arg(long, env = "LEADER_ELECT", requires = "lease_namespace")]
    pub leader_elect: bool,
    /// The namespace of the Lease `oceanbase-backup-operator`: the operator's own.
    #[arg(long, env = "POD_NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// For how many seconds the lease is good after each renewal: as long as nobody acts after an
    /// operator was killed. It is renewed every two fifteenths of it.
    #[arg(long, env = "LEASE_SECONDS", default_value_t = 15,
          value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub lease_seconds: u16,
    /// Who holds the lease, for people; something unique is added.
    #[arg(long, env = "POD_NAME", default_value = "operator")]
    pub pod_name: String,
    /// Days of the smallest recovery window that is ever set as a delete policy: a strategy that asks
    /// for less is refused, and the database's policy stays as it is.
    #[arg(long, env = "MIN_RECOVERY_WINDOW_DAYS", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub min_recovery_window_days: u16,
    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: Format,
    /// Which log lines are written: a level, or directives such as `info,kube_runtime=debug`.
    /// Other crates' lines are left out wherever they could quote a Secret, whatever stands here.
    #[arg(long, env = "LOG_FILTER", default_value = "info,kube_runtime=warn")]
    pub log_filter: String,
}

/// Namespaces, each named once.
#[derive(Clone, Debug)]
pub struct Namespaces(Vec<String>);

impl FromStr for Namespaces {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut names = Vec::new();
        for name in text.split(',').filter(|_| !text.is_empty()) {
            if !is_label(name) {
                return Err(format!(
                    "'{name}' is no name of a namespace: write lower-case letters, digits and '-' (not as its \
                     first or last character), at most 63, and nothing but a comma between two names"
                ));
            }
            if names.iter().any(|known| known == name) {
                return Err(format!("namespace '{name}' is named twice: name it once"));
            }
            names.push(name.to_owned());
        }
        Ok(Self(names))
    }
}

/// Whether it is a label as RFC 1123 has it, which names of namespaces are.
fn is_label(name: &str) -> bool {
    let of_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(of_label)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

impl Run {
    /// The settings that the flags make. `config` is of the cluster that keeps the lease.
    ///
    /// # Errors
    /// No client can be made of it.
    pub fn settings(&self, config: &Config) -> Result<Settings, kube::Error> {
        let lease = match self.lease_namespace.clone() {
            Some(namespace) if self.leader_elect => Some(leader_election::Settings {
                client: Client::try_from(config.clone())?,
                namespace,
                identity: leader_election::Settings::identity(&self.pod_name),
                duration: Duration::from_secs(self.lease_seconds.into()),
            }),
            _ => None,
        };
        Ok(Settings {
            namespaces: self.watch_namespaces.0.clone(),
            http_address: Some(self.http_address),
            require_secret_binding: self.require_secret_binding,
            lease,
            min_recovery_window_days: Some(self.min_recovery_window_days),
            version: env!("CARGO_PKG_VERSION"),
            ..Settings::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &[&str]) -> Result<Cli, clap::Error> {
        let program = ["operator", "run"];
        Cli::try_parse_from(program.iter().chain(flags))
    }

    #[test]
    fn an_election_needs_the_namespace_of_its_lease() {
        assert!(read(&["--leader-elect"]).is_err());
        assert!(read(&["--leader-elect", "--lease-namespace", "system"]).is_ok());
    }

    fn watched(flags: &[&str]) -> Result<Vec<String>, String> {
        match read(flags).map_err(|error| error.to_string())?.command {
            Command::Run(run) => Ok(run.watch_namespaces.0),
            Command::Crds => Err("another command".to_owned()),
        }
    }

    #[test]
    fn without_names_all_namespaces_are_watched() {
        assert!(watched(&[]).unwrap().is_empty());
        assert!(watched(&["--watch-namespaces="]).unwrap().is_empty());
    }

    #[test]
    fn namespaces_are_named_with_commas_between_them() {
        let names = watched(&["--watch-namespaces=payments,team-7"]).unwrap();
        assert_eq!(names, ["payments", "team-7"]);
    }

    #[test]
    fn what_is_no_namespace_or_is_named_twice_is_refused_by_its_name() {
        let long = "a".repeat(64);
        for (list, named) in [
            ("payments,Shop", "'Shop'"),
            ("payments, shop", "' shop'"),
            ("payments,", "''"),
            ("-shop", "'-shop'"),
            ("shop-", "'shop-'"),
            ("shop.bank", "'shop.bank'"),
            (&long, &long),
            ("shop,bank,shop", "'shop' is named twice"),
        ] {
            let refusal = watched(&[&format!("--watch-namespaces={list}")]).unwrap_err();
            assert!(refusal.contains(named), "{list}: {refusal}");
        }
    }

    #[test]
    fn a_lease_is_good_for_some_time() {
        assert!(read(&["--lease-seconds", "0"]).is_err());
        assert!(read(&["--lease-seconds", "2"]).is_ok());
    }
}
