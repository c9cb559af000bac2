//! One kept-alive HTTP/1.1 connection, written out: the load generator shares the machine with the
//! server it measures, so it must cost next to nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::Failure;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// An answer as it came.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    /// Seconds of `Retry-After`, when given.
    pub(super) retry_after_s: Option<u64>,
    pub(super) body: &'a [u8],
}

/// A connection to the server.
pub(super) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    /// The head of the answer that is coming, and its length, once it is there.
    head: Option<(usize, Head)>,
}

impl Connection {
    /// Connects.
    pub(super) fn open(server: SocketAddr) -> Result<Connection, Failure> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Connection { stream, received: Vec::new(), head: None })
    }

    /// Sends a request, head and body in one piece.
    pub(super) fn send(&mut self, request: &[u8]) -> Result<(), Failure> {
        self.received.clear();
        self.head = None;
        Ok(self.stream.write_all(request)?)
    }

    /// Sends a request and waits for the answer; gives its status.
    pub(super) fn ask(&mut self, request: &[u8]) -> Result<u16, Failure> {
        self.send(request)?;
        loop {
            if let Some(answer) = self.hear()? {
                return Ok(answer.status);
            }
        }
    }

    /// Waits for more of the answer; gives it when all of it has come.
    pub(super) fn hear(&mut self) -> Result<Option<Answer<'_>>, Failure> {
        let mut chunk = [0; 16 << 10];
        let count = self.stream.read(&mut chunk)?;
        if count == 0 {
            return Err(Failure::new("the server closed the connection"));
        }
        self.received.extend_from_slice(chunk.get(..count).unwrap_or_default());
        if self.head.is_none() {
            let end = self.received.windows(4).position(|four| four == b"\r\n\r\n");
            let Some(len) = end.map(|end| end + 4) else {
                if self.received.len() > HEAD_BYTES_MAX {
                    return Err(Failure::new("the server's answer has no end of its head"));
                }
                return Ok(None);
            };
            self.head = Some((len, Head::read(self.received.get(..len).unwrap_or_default())?));
        }
        let Some((len, head)) = &self.head else { return Ok(None) };
        let body = self.received.get(*len..len + head.content_length);
        Ok(body.map(|body| Answer { status: head.status, retry_after_s: head.retry_after_s, body }))
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

struct Head {
    status: u16,
    content_length: usize,
    retry_after_s: Option<u64>,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Head, Failure> {
        let wrong = || Failure::new("the server's answer is not understood");
        let text = std::str::from_utf8(bytes)?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or_else(wrong)?;
        let mut head = Head { status: status.parse()?, content_length: 0, retry_after_s: None };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.content_length = value.parse()?;
            } else if name.eq_ignore_ascii_case("retry-after") {
                head.retry_after_s = value.parse().ok();
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(wrong());
            }
        }
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_however_it_is_cut_and_the_connection_serves_again() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4];
            stream.read_exact(&mut request).unwrap();
            for piece in ["HTTP/1.1 202 Accepted\r\nContent-Le", "ngth: 5\r\n\r\nab", "cde"] {
                stream.write_all(piece.as_bytes()).unwrap();
                stream.flush().unwrap();
            }
            stream.read_exact(&mut request).unwrap();
            let busy = "HTTP/1.1 429 Too Many\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(busy.as_bytes()).unwrap();
        });
        let mut connection = Connection::open(server).unwrap();
        let mut ask = |request: &[u8]| -> Result<_, Failure> {
            connection.send(request)?;
            loop {
                if let Some(Answer { status, retry_after_s, body }) = connection.hear()? {
                    return Ok((status, retry_after_s, body.to_vec()));
                }
            }
        };
        assert_eq!(ask(b"one!").unwrap(), (202, None, b"abcde".to_vec()));
        assert_eq!(ask(b"two!").unwrap(), (429, Some(3), Vec::new()));
        assert!(ask(b"more").is_err());
        answering.join().unwrap();
    }
}
