//! The graceful stop: who asks for it, and that work is told.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Works until the work ends by itself, and tells it to stop when Kubernetes (SIGTERM) or somebody
/// at a terminal (Ctrl-C) asks for that.
///
/// # Errors
/// The process can not listen for signals.
pub async fn when_asked<T>(
    stop: CancellationToken,
    work: impl Future<Output = T>,
) -> io::Result<T> {
    // Before anything is done: a signal that nobody listens for is a kill.
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
