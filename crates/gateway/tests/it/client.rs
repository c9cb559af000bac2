//! The client for a real address, against a server of a page.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use ceb::dxp::{self, Answer, Header, Response};
use gateway::client::DxpSettings;
use gateway::envelope::{self, Addresses, EXPORT_RECEIVER, IMPORT_RECEIVER, Outgoing};
use gateway::{Customs, DxpClient};

use super::fixture::{DXP_ID, Parcel, envelope_of, message, start};

/// What a server saw of one request.
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: String,
    pub(super) body: Vec<u8>,
}

/// What a server answers: the text of a whole response. `None` says nothing and hangs up late.
pub(super) type Script = Vec<Option<String>>;

/// Answers each request with the next line of the script; yields its address and what it saw.
pub(super) fn server(script: Script) -> (String, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, seen) = channel();
    thread::spawn(move || {
        let mut silent = Vec::new();
        for answer in script {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let request = request(&mut stream);
            let _ = tell.send(request);
            match answer {
                Some(text) => {
                    let _ = stream.write_all(text.as_bytes());
                }
                None => silent.push(stream),
            }
        }
        // Keeps silent connections open until the client gave up and the test is over.
        let _ = listener.accept();
    });
    (address, seen)
}

fn request(stream: &mut TcpStream) -> Seen {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let head = loop {
        let n = stream.read(&mut buffer).unwrap_or(0);
        bytes.extend_from_slice(&buffer[..n]);
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if n == 0 {
            break bytes.len();
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let lower = text.to_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0);
    while bytes.len() < head + length {
        let n = stream.read(&mut buffer).unwrap_or(0);
        if n == 0 {
            break;
        }
        bytes.extend_from_slice(&buffer[..n]);
    }
    let (line, headers) = text.split_once("\r\n").unwrap_or((&text, ""));
    Seen { line: line.to_owned(), headers: headers.to_lowercase(), body: bytes[head..].to_vec() }
}

/// A response with a body; every connection is closed after it.
pub(super) fn response(status: &str, headers: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    ))
}

fn client(address: &str, timeout_ms: u64) -> DxpClient {
    DxpClient::new(DxpSettings {
        submit_url: format!("{address}/send"),
        receipts_url: format!("{address}/receipts"),
        dxp_id: DXP_ID.to_owned(),
        timeout_ms,
        authorities: None,
        authorization: Some("Bearer k1".to_owned()),
    })
    .unwrap()
}

fn an_envelope() -> Vec<u8> {
    envelope_of("M1", "CEB311", &message("CEB311", vec![Parcel::of("A1").order()]))
}

fn rep(code: &str) -> String {
    let answer = Answer {
        code: code.to_owned(),
        text: Some("说明".to_owned()),
        noticed: start().date(),
        original: Header {
            cop_msg_id: "M1".to_owned(),
            sender_id: DXP_ID.to_owned(),
            receiver_ids: vec![IMPORT_RECEIVER.to_owned()],
            created: start(),
            msg_type: "CEB311Message".to_owned(),
        },
        ..Answer::default()
    };
    let response =
        Response { receiver_id: DXP_ID.to_owned(), answers: vec![answer], ..Response::default() };
    String::from_utf8(dxp::write_response(&response).unwrap()).unwrap()
}

#[test]
fn an_envelope_goes_out_as_it_is() {
    let (address, seen) = server(vec![response("200 OK", "", "OK")]);
    let envelope = an_envelope();
    let accepted = client(&address, 5_000).submit(&envelope, start()).unwrap();
    assert_eq!(accepted.cop_msg_id, "M1");
    let seen = seen.recv().unwrap();
    assert_eq!(seen.line, "POST /send HTTP/1.1");
    assert!(seen.headers.contains("authorization: bearer k1"), "{}", seen.headers);
    assert_eq!(seen.body, envelope);
}

#[test]
fn answers_are_classified() {
    for (answer, code, retryable) in [
        (response("200 OK", "", &rep("0002")), "0002", false),
        (response("200 OK", "", &rep("3001")), "3001", true),
        (response("400 Bad Request", "", &rep("1004")), "1004", false),
        (response("503 Service Unavailable", "", "later"), "3999", true),
        (response("429 Too Many Requests", "", ""), "3999", true),
        (response("404 Not Found", "", ""), "2001", false),
        (response("302 Found", "location: http://127.0.0.1:1/\r\n", ""), "2999", false),
        (None, "3003", true),
        (Some("HTTP/1.1".to_owned()), "3002", true),
    ] {
        let timeout = if answer.is_none() { 300 } else { 5_000 };
        let (address, _seen) = server(vec![answer.clone()]);
        let failure = client(&address, timeout).submit(&an_envelope(), start()).unwrap_err();
        assert_eq!((failure.code.as_str(), failure.retryable), (code, retryable), "{answer:?}");
    }
    let (address, _seen) = server(vec![response("200 OK", "", &rep("0000"))]);
    assert!(client(&address, 5_000).submit(&an_envelope(), start()).is_ok());
}

#[test]
fn nobody_there_is_worth_another_try_and_no_address_is_not() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let failure = client(&address, 2_000).submit(&an_envelope(), start()).unwrap_err();
    assert!(failure.retryable && failure.code == "3002", "{failure:?}");
    let failure = client("nonsense", 2_000).submit(&an_envelope(), start()).unwrap_err();
    assert!(!failure.retryable, "{failure:?}");
}

#[test]
fn receipts_are_asked_for_one_by_one_and_acknowledged() {
    let (address, seen) = server(vec![
        response("200 OK", "receipt-id: r1\r\n", "<one/>"),
        response("200 OK", "receipt-id: r2\r\n", "<two/>"),
        response("204 No Content", "", ""),
        response("204 No Content", "", ""),
        response("410 Gone", "", ""),
    ]);
    let client = client(&address, 5_000);
    let deliveries = client.collect(start(), 10).unwrap();
    let bodies: Vec<&[u8]> = deliveries.iter().map(|d| d.bytes.as_slice()).collect();
    assert_eq!(bodies, [b"<one/>", b"<two/>"]);
    client.delivered(&["r1", "r2"], start()).unwrap();
    let lines: Vec<String> = seen.try_iter().map(|s| s.line).collect();
    assert_eq!(
        lines,
        [
            format!("GET /receipts?dxpid={DXP_ID} HTTP/1.1"),
            format!("GET /receipts?dxpid={DXP_ID}&after=r1 HTTP/1.1"),
            format!("GET /receipts?dxpid={DXP_ID}&after=r2 HTTP/1.1"),
            "DELETE /receipts/r1 HTTP/1.1".to_owned(),
            "DELETE /receipts/r2 HTTP/1.1".to_owned(),
        ]
    );
}

#[test]
fn what_came_before_trouble_is_not_lost() {
    let (address, _seen) = server(vec![
        response("200 OK", "receipt-id: r1\r\n", "<one/>"),
        response("500 Oops", "", ""),
        response("500 Oops", "", ""),
    ]);
    let client = client(&address, 5_000);
    assert_eq!(client.collect(start(), 10).unwrap().len(), 1);
    assert_eq!(client.collect(start(), 10).unwrap_err().code, "3999");
}

#[test]
fn a_receipt_without_a_name_counts_as_delivered() {
    let (address, _seen) = server(vec![response("200 OK", "", "<one/>")]);
    let client = client(&address, 5_000);
    let deliveries = client.collect(start(), 10).unwrap();
    assert_eq!(deliveries.len(), 1);
    client.delivered(&[&deliveries[0].receipt_id], start()).unwrap();
}

#[test]
fn wrapping_and_unwrapping_give_the_message_back() {
    let bytes = message("CEB621", vec![Parcel::of("A1").inventory()]);
    let addresses = Addresses::of("DXPENT0000000001");
    for (message_type, transfer_id, receiver, sender) in [
        ("CEB621Message", Some(DXP_ID), IMPORT_RECEIVER, DXP_ID),
        ("CEB603Message", None, EXPORT_RECEIVER, "DXPENT0000000001"),
    ] {
        let id = envelope::cop_msg_id(sender, 7);
        let outgoing = Outgoing { message: &bytes, message_type, transfer_id, cop_msg_id: &id };
        let wrapped = envelope::wrap(&addresses, &outgoing, start()).unwrap();
        let read = dxp::read(&wrapped, &dxp::Limits::default()).unwrap();
        assert_eq!(read.header.receiver_ids, [receiver]);
        assert_eq!(read.header.msg_type, message_type);
        let unwrapped = envelope::unwrap(&wrapped).unwrap();
        assert_eq!(unwrapped.from, Some((sender.to_owned(), id)));
        assert_eq!(unwrapped.message, bytes);
    }
    assert_eq!(envelope::unwrap(&bytes).unwrap().message, bytes, "a bare message passes");
    assert!(
        envelope::wrap(
            &Addresses::of("an address much too long for the schema"),
            &Outgoing {
                message: &bytes,
                message_type: "CEB621Message",
                transfer_id: None,
                cop_msg_id: "x"
            },
            start()
        )
        .is_err()
    );
}
