//! A real connection, and stopping.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::{check, shop};

#[test]
fn answers_over_tcp_and_stops_when_told() {
    check(|site| async move {
        let key = site.key(web::Role::Officer, None).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let app = site.app.clone();
        let server = tokio::spawn(async move {
            let shutdown = async move { stopped.await.unwrap_or_default() };
            web::serve(app, &[shop::module()], listener, shutdown).await
        });
        let mut connection = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /api/v1/caller HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             connection: close\r\n\r\n",
            key.reveal()
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");

        // A connection kept open between requests does not hold up the end.
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut first = [0; 15];
        idle.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");

        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
        // Stopping wrote down when the key was used.
        let operator = Arc::new(site.key(web::Role::Operator, None).await.unwrap());
        let keys = site.get(&operator, "/api/v1/api-keys").await.json();
        assert_eq!(keys["items"][1]["last_used_at"], "2026-11-23T10:00:00.000+08:00");
    });
}
