//! Serving: accepts connections, writes down now and then when keys were used, and stops without
//! cutting anyone off in the middle.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::module::Module;
use crate::{App, Settings, keys, module};

const KEYS_SAVED_EVERY: Duration = Duration::from_secs(60);
/// Pause after a failure to accept, such as too many open files: it does not mend by asking again
/// at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Serves the modules until `shutdown` resolves; then takes no new connections and gives requests
/// under way [`Settings::drain`] to finish.
pub async fn serve(
    app: App,
    modules: &[Module],
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let router = module::router(&app, modules);
    let (stop, stopping) = watch::channel(false);
    let saver = tokio::spawn(save_keys_used(app.clone(), stopping.clone()));
    let mut open = JoinSet::new();
    tokio::select! {
        () = accept(&listener, &router, app.settings(), &stopping, &mut open) => {}
        () = shutdown => {}
    }
    drop(listener);
    // The saver listens, so somebody hears this.
    let _ = stop.send(true);
    let all_closed = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(app.settings().drain, all_closed).await.is_err() {
        tracing::warn!(connections = open.len(), "cut connections that did not finish in time");
        open.shutdown().await;
    }
    saver.await.map_err(io::Error::other)
}

/// Accepts for ever.
async fn accept(
    listener: &TcpListener,
    router: &Router,
    settings: &Settings,
    stopping: &watch::Receiver<bool>,
    open: &mut JoinSet<()>,
) {
    let slots = Arc::new(Semaphore::new(settings.connections_max.max(1)));
    // Nobody closes the semaphore.
    while let Ok(slot) = slots.clone().acquire_owned().await {
        while open.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let (router, stopping) = (router.clone(), stopping.clone());
                open.spawn(connection(stream, router, settings.head_timeout, stopping, slot));
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    router: Router,
    head_timeout: Duration,
    stopping: watch::Receiver<bool>,
    _slot: OwnedSemaphorePermit,
) {
    // Answers are small and someone waits for each.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not set TCP_NODELAY");
    }
    let service = TowerToHyperService::new(router);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout);
    let serving = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let outcome = tokio::select! {
        outcome = serving.as_mut() => outcome,
        () = stopped(stopping) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = outcome {
        // A client that went away or was too slow; nothing of ours.
        tracing::debug!(%error, "a connection ended early");
    }
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
