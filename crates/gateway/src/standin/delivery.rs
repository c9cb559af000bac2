//! Puts receipts that are due together: those of one type for one receiver, up to 100 returns a
//! message.

use ceb::dxp::Header;
use ceb::schema::Flow;
use db::{DbError, Tx};
use kernel::Time;

use super::Settings;
use super::packed::Guid;
use super::receipt::{self, RAW, RETURNS_PER_MESSAGE_MAX, is_whole};
use super::store::{self, Waiting};
use crate::envelope::cop_msg_id;
use crate::transport::Delivery;

/// Pages of rows looked at for the messages wanted: singles are put together.
const PAGES_MAX: usize = 20;

/// Most bytes of packed receipts read for one collection: written out they are about five times
/// as many.
const PACKED_BYTES_MAX: usize = 8 << 20;

/// What is due at `now`, oldest first, in at most `max` messages.
pub(super) fn collect(
    tx: &mut Tx,
    settings: &Settings,
    now: Time,
    max: usize,
) -> Result<Vec<Delivery>, DbError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut after = (Time::from_millis(i64::MIN), i64::MIN);
    let mut bytes = 0;
    let page = i64::try_from(max).unwrap_or(i64::MAX);
    'pages: for _ in 0..PAGES_MAX {
        let waiting = store::due(tx, now, after, page)?;
        let full_page = waiting.len() == max;
        for one in waiting {
            after = (one.due_at()?, one.id()?);
            bytes += one.bytes()?.len();
            let full = groups.len() == max || bytes > PACKED_BYTES_MAX && !groups.is_empty();
            match find(&mut groups, &one)? {
                Some(group) => group.add(one)?,
                None if full => break 'pages,
                None => groups.push(Group::of(one)?),
            }
        }
        let all_full = groups.len() == max && groups.iter().all(Group::is_full);
        if !full_page || all_full {
            break;
        }
    }
    groups.iter().map(|group| group.delivery(settings, now)).collect()
}

fn find<'a>(groups: &'a mut [Group], one: &Waiting) -> Result<Option<&'a mut Group>, DbError> {
    for group in groups.iter_mut().rev() {
        if group.suits(one)? {
            return Ok(Some(group));
        }
    }
    Ok(None)
}

/// Rows that travel in one message: at least one.
struct Group {
    first: Waiting,
    more: Vec<Waiting>,
    returns: i64,
}

impl Group {
    fn of(first: Waiting) -> Result<Group, DbError> {
        Ok(Group { returns: first.returns()?, first, more: Vec::new() })
    }

    fn is_full(&self) -> bool {
        self.returns >= RETURNS_PER_MESSAGE_MAX as i64
    }

    fn suits(&self, one: &Waiting) -> Result<bool, DbError> {
        let room = self.returns + one.returns()? <= RETURNS_PER_MESSAGE_MAX as i64;
        let kind = one.kind()?;
        Ok(room
            && !is_whole(kind)
            && self.first.kind()? == kind
            && self.first.receiver()? == one.receiver()?)
    }

    fn add(&mut self, one: Waiting) -> Result<(), DbError> {
        self.returns += one.returns()?;
        self.more.push(one);
        Ok(())
    }

    fn delivery(&self, settings: &Settings, now: Time) -> Result<Delivery, DbError> {
        let id = self.first.id()?;
        let kind = self.first.kind()?;
        let export = ceb::message_type(kind).is_some_and(|kind| kind.flow == Flow::Export);
        let dxp_id = if export { &settings.export_dxp_id } else { &settings.dxp_id };
        let message = if is_whole(kind) {
            self.first.bytes()?.to_vec()
        } else {
            let mut rows = vec![self.first.bytes()?];
            for one in &self.more {
                rows.push(one.bytes()?);
            }
            receipt::message(kind, &Guid::made(kind, id.unsigned_abs()), rows.iter().copied())
        };
        let root = if kind == RAW { "CEB900" } else { kind };
        let mut receipt_id = id.to_string();
        for one in &self.more {
            receipt_id.push(',');
            receipt_id.push_str(&one.id()?.to_string());
        }
        let header = Header {
            cop_msg_id: cop_msg_id(dxp_id, id),
            sender_id: dxp_id.clone(),
            receiver_ids: vec![self.first.receiver()?.to_owned()],
            created: now,
            msg_type: format!("{root}Message"),
        };
        Ok(Delivery { receipt_id, header: Some(header), bytes: message })
    }
}
