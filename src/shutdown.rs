//! Graceful shutdown on a signal.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Runs the work until it ends by itself. On SIGTERM (Kubernetes) or Ctrl-C (a terminal), cancels
/// `stop` and waits for the work to end.
///
/// # Errors
/// Returns an error if the process cannot listen for signals.
pub async fn when_asked<T>(
    stop: CancellationToken,
    work: impl Future<Output = T>,
) -> io::Result<T> {
    // Listen before starting any work: a signal without a handler kills the process.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let asked = async {
        tokio::select! { one = terminate.recv() => one, one = interrupt.recv() => one }
    };
    tokio::pin!(work);
    Ok(tokio::select! {
        ended = &mut work => ended,
        Some(()) = asked => {
            tracing::info!("stopping");
            stop.cancel();
            work.await
        }
    })
}
