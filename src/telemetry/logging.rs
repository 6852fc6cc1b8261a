//! Log lines: text for people, JSON for machines.
//!
//! Whatever is asked for, other crates speak only as low as [`CEILINGS`] says: what they print
//! below may be the body of an answer, and the body of a Secret is a Secret.

use std::any::Any;
use std::io::IsTerminal;
use std::panic::Location;

use tracing::{Dispatch, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{fmt, registry};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For machines.
    #[default]
    Json,
}

/// Our own lines: no secret can reach them, because no type that holds one can be printed.
const OWN_CRATE: &str = "oceanbase_backup_operator";

/// The lowest level of crates that are not named in [`CEILINGS`], those that come with the next
/// update included. hyper and h2 print headers below it, and with them the operator's own token;
/// rustls the messages of its handshakes, session tickets included; tower and tower-http requests;
/// mysql_async, where somebody switches its tracing on, statements.
const OTHER_CRATES_LEVEL: Level = Level::WARN;

/// The lowest level of each crate that has one of its own.
const CEILINGS: [(&str, Level); 3] = [
    (OWN_CRATE, Level::TRACE),
    // Which object is passed to whom; its watches are of our kinds, and they hold no secrets.
    ("kube_runtime", Level::DEBUG),
    // At WARN it prints the whole body of an answer that it can not read: a Secret, once a proxy
    // or a newer API server says one thing more than expected.
    ("kube_client", Level::ERROR),
];

/// Starts logging to standard output. `filter` is a level, or directives such as
/// `info,kube_runtime=debug`; from then on a panic says where it was, and not what it quotes.
///
/// # Errors
/// Directives that can not be understood, or a log that was started before.
pub fn start(format: Format, filter: &str) -> anyhow::Result<()> {
    dispatch(format, filter, std::io::stdout)?
        .try_init()
        .map_err(|error| anyhow::anyhow!("the log was started before: {error}"))?;
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

/// What may be told of a panic: a text that stands in the source as it is. One that was put
/// together may quote whatever the code had in its hands.
fn panic_text(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("withheld, because it may quote a secret")
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What was written so far.
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

    /// The lines that come out when one of each level goes in, from one crate.
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
