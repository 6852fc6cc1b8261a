//! Conversion of flags and environment variables into settings. No other module reads them.

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

/// Subcommands of the program.
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
    /// Namespaces whose objects the operator reconciles, separated by commas; all namespaces if
    /// omitted or empty. Each namespace is watched separately, so Roles in those namespaces are
    /// sufficient.
    #[arg(
        long,
        env = "WATCH_NAMESPACES",
        default_value = "",
        hide_default_value = true
    )]
    pub watch_namespaces: Namespaces,
    /// Address on which /metrics, /healthz and /readyz are served.
    #[arg(long, env = "HTTP_ADDRESS", default_value = "[::]:8080")]
    pub http_address: SocketAddr,
    /// Send a Secret only to hosts that its annotation `backup.oceanbase.io/endpoints` lists.
    #[arg(long, env = "REQUIRE_SECRET_BINDING")]
    pub require_secret_binding: bool,
    /// Work only while holding a Lease, so that several operators may run and only the holder acts.
    #[arg(long, env = "LEADER_ELECT", requires = "lease_namespace")]
    pub leader_elect: bool,
    /// Namespace of the Lease `oceanbase-backup-operator`: the operator's own namespace.
    #[arg(long, env = "POD_NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// Seconds for which the lease is valid after each renewal. No operator acts for that long
    /// after the holder is killed. The holder renews the lease after every two fifteenths of this
    /// time.
    #[arg(long, env = "LEASE_SECONDS", default_value_t = 15,
          value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub lease_seconds: u16,
    /// Name of the lease holder, for display. A unique suffix is added.
    #[arg(long, env = "POD_NAME", default_value = "operator")]
    pub pod_name: String,
    /// Smallest recovery window, in days, that the operator sets as a delete policy. A strategy
    /// that asks for less is rejected, and the database keeps its policy.
    #[arg(long, env = "MIN_RECOVERY_WINDOW_DAYS", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub min_recovery_window_days: u16,
    /// Format of log lines.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: Format,
    /// Filter for log lines: a level, or directives such as `info,kube_runtime=debug`. Lines of
    /// other crates that could quote a Secret are omitted regardless of this filter.
    #[arg(long, env = "LOG_FILTER", default_value = "info,kube_runtime=warn")]
    pub log_filter: String,
}

/// Namespaces without duplicates.
#[derive(Clone, Debug)]
pub struct Namespaces(Vec<String>);

impl FromStr for Namespaces {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut names = Vec::new();
        for name in text.split(',').filter(|_| !text.is_empty()) {
            if !is_label(name) {
                return Err(format!(
                    "'{name}' is not a valid name of a namespace: use at most 63 lower-case \
                     letters, digits and '-', with '-' neither first nor last. Separate names with \
                     a comma only"
                ));
            }
            if names.iter().any(|known| known == name) {
                return Err(format!("namespace '{name}' is listed twice: list it once"));
            }
            names.push(name.to_owned());
        }
        Ok(Self(names))
    }
}

/// Returns whether the name is an RFC 1123 label, as names of namespaces must be.
fn is_label(name: &str) -> bool {
    let of_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(of_label)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

impl Run {
    /// Returns the settings for these flags. `config` belongs to the cluster that holds the lease.
    ///
    /// # Errors
    /// Returns an error if no client can be built from `config`.
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
            ("shop,bank,shop", "'shop' is listed twice"),
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
