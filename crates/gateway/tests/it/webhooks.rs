//! Notices go where they may, and nowhere else.

use gateway::WebhookClient;
use gateway::webhook::{WebhookFailure, WebhookSettings};

use super::client::{response, server};

fn client(allow_private: bool) -> WebhookClient {
    WebhookClient::new(&WebhookSettings { allow_private, timeout_ms: 5_000 }).unwrap()
}

#[test]
fn a_notice_is_posted_with_its_headers_and_the_status_comes_back() {
    let (address, seen) = server(vec![
        response("204 No Content", "", ""),
        response("302 Found", "location: http://127.0.0.1:1/\r\n", ""),
        response("500 Oops", "", "trouble"),
    ]);
    let client = client(true);
    let headers = [("webhook-id", "ntc_1"), ("content-type", "application/json")];
    let post = || client.post(&format!("{address}/hook"), &headers, b"{}", 5_000);
    assert_eq!(post(), Ok(204));
    assert_eq!(post(), Ok(302), "redirects are not followed");
    assert_eq!(post(), Ok(500));
    let seen = seen.recv().unwrap();
    assert_eq!(seen.line, "POST /hook HTTP/1.1");
    assert!(seen.headers.contains("webhook-id: ntc_1"), "{}", seen.headers);
    assert_eq!(seen.body, b"{}");
}

#[test]
fn private_addresses_are_refused_by_name_and_number() {
    let (address, seen) = server(vec![response("200 OK", "", "")]);
    let port = address.rsplit_once(':').unwrap().1;
    for url in [
        address.clone(),
        format!("http://localhost:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        "nonsense".to_owned(),
    ] {
        let answer = client(false).post(&url, &[], b"{}", 2_000);
        assert!(matches!(answer, Err(WebhookFailure::Address(_))), "{url}: {answer:?}");
    }
    assert!(seen.try_recv().is_err(), "nothing was sent");
}

#[test]
fn silence_is_a_timeout() {
    let (address, _seen) = server(vec![None]);
    let answer = client(true).post(&address, &[], b"{}", 200);
    assert_eq!(answer, Err(WebhookFailure::Timeout));
}
