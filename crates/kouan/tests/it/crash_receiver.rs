//! The receivers of the firms' webhooks: note each notice they are told.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use kouan::demo::traffic::Day;
use kouan::platform::Platform;
use serde_json::Value;
use web::notices::{NoticeKind, Outcome, Outgoing, Post};

use super::audit::HELD;
use crate::ending::parties;
use crate::house::{House, Server};

/// All receivers at one address, each under the code of its firm.
#[derive(Clone, Default)]
pub(super) struct Receiver {
    address: String,
    told: Arc<Mutex<Vec<Told>>>,
}

/// A notice as it arrived.
struct Told {
    id: String,
    /// To whom, about what, and what: without number and time.
    said: (String, String, String),
    held: bool,
}

impl Told {
    fn of(id: String, to: &str, body: &[u8]) -> Option<Told> {
        let notice: Value = serde_json::from_slice(body).ok()?;
        let data = &notice["data"];
        let said = (to.to_owned(), data["subject"].to_string(), data["body"].to_string());
        Some(Told { id, said, held: notice["type"] == HELD })
    }
}

impl Receiver {
    pub(super) fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let noted = Arc::clone(&told);
        // Ends with the tests' process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let noted = Arc::clone(&noted);
                std::thread::spawn(move || answer(stream, &noted));
            }
        });
        Receiver { address, told }
    }

    /// Has every firm's notices sent here.
    pub(super) fn subscribe(&self, server: &Server, house: &House, day: &Day) {
        for code in parties(day) {
            let body = serde_json::json!({"url": format!("{}/{code}", self.address)}).to_string();
            let (key, path) = (&house.keys[&code], "/api/v1/webhooks");
            let (status, _, answer) = server.post(path, key, "application/json", body.as_bytes());
            // The firm that is registered nowhere has nobody to be told as.
            assert!(status < 300 || status == 403, "{status} {answer}");
        }
    }

    /// Every notice that was to be pushed was, and none was made twice; how many, and how many came
    /// again because the sender died before it could write down that they were taken.
    pub(super) fn check(&self, platform: &Platform) -> (usize, usize) {
        let sql = "SELECT n.id FROM web_delivery d
                   JOIN web_notice n ON n.party = d.party AND n.seq = d.seq";
        let rows = platform.app.db.read(|tx| tx.query(sql, &[])).unwrap();
        let owed: BTreeSet<String> =
            rows.iter().map(|row| row.id::<NoticeKind>(0).unwrap().to_string()).collect();
        assert_eq!(owed.len(), rows.len(), "a notice is owed twice");
        let all = self.told.lock().unwrap();
        let told: BTreeSet<&String> = all.iter().map(|one| &one.id).collect();
        assert!(told.iter().copied().eq(owed.iter()), "told what is owed, and nothing else");
        let mut made: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for one in all.iter() {
            let ids = made.entry(&one.said).or_default();
            ids.insert(&one.id);
            assert!(ids.len() <= if one.held { 2 } else { 1 }, "told twice: {:?}", one.said);
        }
        (told.len(), all.len() - told.len())
    }
}

impl Post for Receiver {
    fn post(&self, outgoing: &Outgoing) -> Outcome {
        let id = outgoing.headers.iter().find(|(name, _)| *name == "webhook-id").unwrap();
        let to = outgoing.url.rsplit('/').next().unwrap();
        let told = Told::of(id.1.clone(), to, &outgoing.body).unwrap();
        self.told.lock().unwrap().push(told);
        Outcome::Answered(200)
    }
}

/// Takes requests until the other side has no more.
fn answer(stream: TcpStream, noted: &Mutex<Vec<Told>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut request = String::new();
        reader.read_line(&mut request).ok()?;
        let to = request.split_whitespace().nth(1)?.trim_start_matches('/').to_owned();
        let (mut length, mut id) = (0, None);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "webhook-id" => id = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        noted.lock().unwrap().push(Told::of(id?, &to, &body)?);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
    }
}
