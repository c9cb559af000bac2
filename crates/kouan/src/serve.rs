//! Serving: the HTTP door, the folder door and the workers, until asked to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::Failure;
use crate::folder::{self, FolderDoor};
use crate::platform::{Platform, modules};
use crate::worker::{Bell, Roster, Worker, customs, evidence, push, upkeep};

/// Workers that run beside the doors; stopped when dropped.
pub struct Crew {
    bell: Bell,
    threads: Vec<JoinHandle<()>>,
    platform: Arc<Platform>,
}

impl Crew {
    /// Starts every worker of the platform.
    ///
    /// # Errors
    /// When a client cannot be made or the system gives no thread.
    pub fn start(platform: &Arc<Platform>) -> Result<Crew, Failure> {
        let bell = Bell::default();
        let news = bell.clone();
        platform.app.db.on_news(move || news.ring());
        let mut workers: Vec<Worker> = vec![
            customs::forward(Arc::clone(platform)),
            customs::collect(Arc::clone(platform)),
            push::push(Arc::clone(platform))?,
            upkeep::upkeep(Arc::clone(platform)),
            evidence::evidence(Arc::clone(platform)),
        ];
        if !platform.config.folders.is_empty() {
            workers.push(folder::settle(Arc::clone(platform)));
        }
        for folder in &platform.config.folders {
            workers.push(FolderDoor::open(folder, Arc::clone(platform))?.worker());
        }
        let roster = Arc::new(Roster::default());
        platform.app.share(Arc::clone(&roster));
        let told = Arc::clone(&roster);
        platform.app.also_check("workers", move || told.trouble().map_or(Ok(()), Err));
        let mut crew = Crew { bell, threads: Vec::new(), platform: Arc::clone(platform) };
        for worker in workers {
            crew.threads.push(worker.start_on(&crew.bell, &roster)?);
        }
        Ok(crew)
    }

    /// Wakes the workers: something may be due.
    pub fn ring(&self) {
        self.bell.ring();
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.bell.stop();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a worker ended in a panic");
            }
        }
        // What came in since the last checkpoint does not wait for the next start to be published.
        if let Err(failure) = evidence::publish(&self.platform) {
            tracing::warn!(%failure, "no checkpoint was published at the end");
        }
    }
}

/// Makes the runtime that drives the HTTP door.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("http").build()?)
}

/// Binds the HTTP door.
///
/// # Errors
/// When the address is taken or not ours; says which.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|e| Failure::new(format!("listening on {address}: {e}")))
}

/// Serves until `shutdown` resolves; then lets open requests finish, works off what the intake
/// holds, and stops the workers.
///
/// # Errors
/// When serving fails.
pub async fn serve(
    platform: Arc<Platform>,
    crew: Crew,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let served = web::serve(platform.app.clone(), &modules(), listener, shutdown).await;
    let ended = tokio::task::spawn_blocking(move || {
        platform.intake.stop();
        drop(crew);
    });
    ended.await?;
    Ok(served?)
}

/// Resolves when the process is asked to end: Ctrl-C or SIGTERM. SIGTERM is listened for from this
/// call on, not from the first wait: who announces that it serves must be able to end in order. To
/// be called inside the runtime.
pub fn asked_to_stop() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = signal(SignalKind::terminate());
    async move {
        let Ok(mut terminate) = terminate else {
            let _ = tokio::signal::ctrl_c().await;
            return;
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
}
