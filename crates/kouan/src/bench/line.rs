//! A connection of the load generator and the message that is on its way on it. One thread drives
//! many, waiting for whichever is answered first: a thread each would take more of the machine than
//! the messages do.

use std::net::SocketAddr;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::load::Notes;
use super::supply::Shot;
use super::wire::Connection;
use crate::Failure;
use crate::clock::Stopwatch;

/// How often a message is sent while the platform says that it is full.
const TRIES_MAX: u32 = 100;

/// A connection.
pub(super) struct Line<'a> {
    connection: Connection,
    request: Vec<u8>,
    turn: Turn<'a>,
}

enum Turn<'a> {
    Free,
    /// To be sent at `at`; its wait counts from `due`, or from the sending.
    Loaded {
        shot: &'a Shot,
        due: Option<Duration>,
        at: Duration,
        tries: u32,
    },
    Asked {
        shot: &'a Shot,
        due: Duration,
        tries: u32,
    },
}

impl<'a> Line<'a> {
    /// Connects.
    pub(super) fn open(server: SocketAddr) -> Result<Line<'a>, Failure> {
        let connection = Connection::open(server)?;
        Ok(Line { connection, request: Vec::new(), turn: Turn::Free })
    }

    /// Whether nothing is on its way.
    pub(super) fn is_free(&self) -> bool {
        matches!(self.turn, Turn::Free)
    }

    /// Takes a message, whose request is to be written into what this gives.
    pub(super) fn load(&mut self, shot: &'a Shot, due: Option<Duration>) -> &mut Vec<u8> {
        self.turn = Turn::Loaded { shot, due, at: due.unwrap_or_default(), tries: 0 };
        self.request.clear();
        &mut self.request
    }

    /// Sends what is loaded, if it is time.
    pub(super) fn send_if_due(&mut self, watch: &Stopwatch) -> Result<(), Failure> {
        let Turn::Loaded { shot, due, at, tries } = self.turn else { return Ok(()) };
        let now = watch.elapsed();
        if at <= now {
            self.turn = Turn::Asked { shot, due: due.unwrap_or(now), tries: tries + 1 };
            self.connection.send(&self.request)?;
        }
        Ok(())
    }

    /// Hears more of the answer, and notes it when it is whole.
    pub(super) fn hear(&mut self, watch: &Stopwatch, notes: &mut Notes) -> Result<(), Failure> {
        let Turn::Asked { shot, due, tries } = self.turn else { return Ok(()) };
        let Some(answer) = self.connection.hear()? else { return Ok(()) };
        if !matches!(answer.status, 429 | 503) {
            self.turn = Turn::Free;
            return notes.answered(shot, answer.body, watch.elapsed().saturating_sub(due));
        }
        if tries >= TRIES_MAX {
            return Err(Failure::new("the platform takes nothing any more"));
        }
        notes.retries += 1;
        let at = watch.elapsed() + Duration::from_secs(answer.retry_after_s.unwrap_or(1));
        self.turn = Turn::Loaded { shot, due: Some(due), at, tries };
        Ok(())
    }
}

/// Waits until lines hear something or have something to send; gives the places of those that hear,
/// `None` when all are free.
pub(super) fn wait(lines: &[Line<'_>], now: Duration) -> Result<Option<Vec<usize>>, Failure> {
    let mut places = Vec::with_capacity(lines.len());
    let mut polled = Vec::with_capacity(lines.len());
    let mut soonest: Option<Duration> = None;
    for (place, line) in lines.iter().enumerate() {
        match &line.turn {
            Turn::Free => {}
            Turn::Loaded { at, .. } => soonest = Some(soonest.map_or(*at, |one| one.min(*at))),
            Turn::Asked { .. } => {
                places.push(place);
                polled.push(PollFd::new(&line.connection, PollFlags::IN));
            }
        }
    }
    if polled.is_empty() && soonest.is_none() {
        return Ok(None);
    }
    let left = soonest.map(|at| at.saturating_sub(now));
    let left = left.map(Timespec::try_from).transpose()?;
    match poll(&mut polled, left.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(std::io::Error::from(error).into()),
    }
    let heard = places.into_iter().zip(&polled).filter(|(_, polled)| !polled.revents().is_empty());
    Ok(Some(heard.map(|(place, _)| place).collect()))
}
