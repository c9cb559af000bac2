//! Serving: accepts connections, writes down now and then when keys were used, and stops without
//! cutting anyone off in the middle.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::module::Module;
use crate::{App, keys, module};

const KEYS_SAVED_EVERY: Duration = Duration::from_secs(60);

/// Serves the modules until `shutdown` resolves; then takes no new connections and gives the open
/// ones [`crate::Settings::drain`] to finish.
pub async fn serve(
    app: App,
    modules: &[Module],
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = module::router(&app, modules);
    let (stop, stopping) = watch::channel(false);
    let listener = listener.tap_io(|connection| {
        // Answers are small and someone waits for each.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
    });
    let saver = tokio::spawn(save_keys_used(app.clone(), stopping.clone()));
    let served = axum::serve(listener, router).with_graceful_shutdown(stopped(stopping.clone()));
    let mut served = tokio::spawn(async move { served.await });
    let outcome = tokio::select! {
        outcome = &mut served => outcome,
        () = shutdown => {
            // Nobody listening any more is as good as told.
            let _ = stop.send(true);
            match tokio::time::timeout(app.settings().drain, &mut served).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    tracing::warn!("some connections did not finish in time and were cut");
                    served.abort();
                    Ok(Ok(()))
                }
            }
        }
    };
    let _ = stop.send(true);
    if saver.await.is_err() {
        tracing::error!("the task that saves when keys were used has died");
    }
    outcome.map_err(io::Error::other)?
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means the sender is gone, which also means to stop.
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn save_keys_used(app: App, stopping: watch::Receiver<bool>) {
    loop {
        let last = tokio::select! {
            () = tokio::time::sleep(KEYS_SAVED_EVERY) => false,
            () = stopped(stopping.clone()) => true,
        };
        let app = app.clone();
        let saved = tokio::task::spawn_blocking(move || keys::flush_last_used(&app)).await;
        if let Ok(Err(error)) = saved {
            tracing::warn!(%error, "could not save when keys were last used");
        }
        if last {
            return;
        }
    }
}
