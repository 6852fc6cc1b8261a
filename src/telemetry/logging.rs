//! Log lines: text for a terminal, JSON for log collectors.
//!
//! [`CEILINGS`] limits the levels of other crates, whatever the filter requests. Their lines below
//! that level may quote the body of a response, and the body may be a Secret.

use std::any::Any;
use std::io::IsTerminal;
use std::panic::Location;

use tracing::{Dispatch, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{fmt, registry};

/// Format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For log collectors.
    #[default]
    Json,
}

/// The operator's own crate. Its lines cannot contain a secret, because no type that holds one can
/// be printed.
const OWN_CRATE: &str = "oceanbase_backup_operator";

/// Lowest level of crates that [`CEILINGS`] does not name, including crates that a later update
/// adds. Below that level, hyper and h2 print headers and thereby the operator's token. rustls
/// prints handshake messages and session tickets. tower and tower-http print requests. mysql_async
/// prints statements if its tracing is enabled.
const OTHER_CRATES_LEVEL: Level = Level::WARN;

/// Lowest level of each crate with an exception.
const CEILINGS: [(&str, Level); 3] = [
    (OWN_CRATE, Level::TRACE),
    // Prints which object is passed to which controller. It watches only the operator's kinds,
    // which hold no secrets.
    ("kube_runtime", Level::DEBUG),
    // At WARN it prints the whole body of a response that it cannot parse. The body may be a
    // Secret, as soon as a proxy or a newer API server adds an unexpected field.
    ("kube_client", Level::ERROR),
];

/// Starts logging to standard output. `filter` is a level, or directives such as
/// `info,kube_runtime=debug`. From then on, the log line of a panic contains its location but no
/// values that its message quotes.
///
/// # Errors
/// Returns an error if the directives are invalid or logging was started before.
pub fn start(format: Format, filter: &str) -> anyhow::Result<()> {
    dispatch(format, filter, std::io::stdout)?
        .try_init()
        .map_err(|error| anyhow::anyhow!("logging was already started: {error}"))?;
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(Location::to_string);
        tracing::error!(location, text = panic_text(panic.payload()), "panicked");
    }));
    Ok(())
}

fn dispatch<W>(format: Format, filter: &str, writer: W) -> anyhow::Result<Dispatch>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let asked = filter.parse::<Targets>()?;
    let ceilings = Targets::new()
        .with_targets(CEILINGS)
        .with_default(LevelFilter::from_level(OTHER_CRATES_LEVEL));
    let registry = registry().with(asked).with(ceilings);
    let subscriber: Box<dyn Subscriber + Send + Sync> = match format {
        Format::Text => {
            let lines = fmt::layer().with_ansi(std::io::stdout().is_terminal());
            Box::new(registry.with(lines.with_writer(writer)))
        }
        Format::Json => {
            let lines = fmt::layer().json().flatten_event(true);
            Box::new(registry.with(lines.with_writer(writer)))
        }
    };
    Ok(Dispatch::new(subscriber))
}

/// Returns the text of a panic that may be logged: a literal from the source. A formatted text may
/// quote any value that the code held.
fn panic_text(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("withheld, because it could contain a secret")
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Log output collected so far.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns the lines that a crate produces when it logs one line per level.
    macro_rules! levels_of {
        ($filter:literal, $target:literal) => {{
            let written = Written::default();
            let writer = written.clone();
            let dispatch = dispatch(Format::Json, $filter, move || writer.clone()).unwrap();
            tracing::dispatcher::with_default(&dispatch, || {
                tracing::error!(target: $target, "said");
                tracing::warn!(target: $target, "said");
                tracing::info!(target: $target, "said");
                tracing::debug!(target: $target, "said");
                tracing::trace!(target: $target, "said");
            });
            let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
            let level = |line: &str| ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"]
                .into_iter()
                .find(|level| line.contains(&format!(r#""level":"{level}""#)))
                .unwrap();
            text.lines().map(level).collect::<Vec<_>>().join(" ")
        }};
    }

    #[test]
    fn our_own_lines_are_written_at_every_level_that_is_asked_for() {
        assert_eq!(
            levels_of!("trace", "oceanbase_backup_operator::controller"),
            "ERROR WARN INFO DEBUG TRACE"
        );
        assert_eq!(
            levels_of!("warn", "oceanbase_backup_operator::controller"),
            "ERROR WARN"
        );
    }

    #[test]
    fn the_client_never_prints_an_answer_that_it_can_not_read() {
        assert_eq!(levels_of!("trace", "kube_client::client"), "ERROR");
    }

    #[test]
    fn what_prints_headers_handshakes_and_statements_keeps_to_warnings() {
        assert_eq!(levels_of!("trace", "hyper::proto"), "ERROR WARN");
        assert_eq!(levels_of!("trace", "hyper_util::client"), "ERROR WARN");
        assert_eq!(levels_of!("trace", "h2::codec"), "ERROR WARN");
        assert_eq!(levels_of!("trace", "rustls::client::hs"), "ERROR WARN");
        assert_eq!(levels_of!("trace", "tower_http::trace"), "ERROR WARN");
        assert_eq!(levels_of!("trace", "tower::buffer"), "ERROR WARN");
        assert_eq!(levels_of!("trace", "mysql_async::conn"), "ERROR WARN");
    }

    #[test]
    fn a_crate_that_nobody_knows_yet_keeps_to_warnings() {
        assert_eq!(levels_of!("trace", "new_dependency"), "ERROR WARN");
    }

    #[test]
    fn a_directive_for_one_crate_does_not_lift_its_ceiling() {
        assert_eq!(
            levels_of!("kube_client=trace", "kube_client::client"),
            "ERROR"
        );
        assert_eq!(levels_of!("hyper=trace", "hyper::proto"), "ERROR WARN");
        assert_eq!(
            levels_of!("kube_runtime=trace", "kube_runtime::watcher"),
            "ERROR WARN INFO DEBUG"
        );
    }

    #[test]
    fn a_level_below_the_ceiling_holds() {
        assert_eq!(
            levels_of!("error,kube_runtime=warn", "hyper::proto"),
            "ERROR"
        );
        assert_eq!(
            levels_of!("info,kube_runtime=warn", "kube_runtime::watcher"),
            "ERROR WARN"
        );
    }

    fn panic_text_of(panics: impl FnOnce() + std::panic::UnwindSafe) -> &'static str {
        panic_text(&*std::panic::catch_unwind(panics).unwrap_err())
    }

    #[test]
    fn a_panic_tells_a_text_of_the_source() {
        assert_eq!(panic_text_of(|| panic!("no such step")), "no such step");
    }

    #[test]
    fn a_panic_does_not_tell_what_it_quotes() {
        let secret = "canary-2b7c1f".to_owned();
        let refused = "no number".parse::<u8>().map(drop);
        let text = panic_text_of(move || refused.expect(&secret));
        assert!(text.starts_with("withheld"), "{text}");
    }
}
