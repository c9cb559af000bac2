//! The receipts of one letter, packed one after another. Their ids, documents, times and words differ
//! little from one to the next, so each is written as what differs.

use kernel::Time;

use super::types::{Effect, ReceiptId};
use crate::document::DocumentId;
use crate::document::pack::{Packer, Unpacker};

/// A receipt as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: ReceiptId,
    /// The receipt type's number; 0 when it could not be told.
    pub(crate) kind: i64,
    /// Its document; `None` while it is nobody's, or could not be read.
    pub(crate) document_id: Option<DocumentId>,
    pub(crate) status: Option<i64>,
    /// Its own time.
    pub(crate) at: Option<Time>,
    /// [`Effect::number`].
    pub(crate) effect: i64,
    pub(crate) text: String,
}

impl Entry {
    /// Whether it has its document.
    pub(crate) fn is_orphan(&self) -> bool {
        self.effect == Effect::Orphan.number()
    }
}

/// What the next entry is told by.
#[derive(Default)]
struct Before {
    id: i64,
    kind: i64,
    document: i64,
    status: i64,
    at: i64,
    text: String,
}

const HAS_DOCUMENT: u64 = 1;
const HAS_STATUS: u64 = 2;
const HAS_TIME: u64 = 4;

/// Packs entries in the order of their ids.
pub(crate) fn pack(entries: &[Entry]) -> Vec<u8> {
    let mut p = Packer::with_capacity(16 + entries.len() * 16);
    let mut before = Before::default();
    p.number(entries.len() as u64);
    for one in entries {
        let document = one.document_id.map(|id| id.to_i64());
        let at = one.at.map(Time::to_millis);
        let flag = |is_there: bool, bit: u64| if is_there { bit } else { 0 };
        p.number(
            flag(document.is_some(), HAS_DOCUMENT)
                | flag(one.status.is_some(), HAS_STATUS)
                | flag(at.is_some(), HAS_TIME),
        );
        let mut differs = |value: i64, last: &mut i64| {
            p.signed(value.wrapping_sub(*last));
            *last = value;
        };
        differs(one.id.to_i64(), &mut before.id);
        differs(one.kind, &mut before.kind);
        let of = [
            (document, &mut before.document),
            (one.status, &mut before.status),
            (at, &mut before.at),
        ];
        for (value, last) in of {
            if let Some(value) = value {
                differs(value, last);
            }
        }
        p.signed(one.effect);
        let (head, tail) = shared(&before.text, &one.text);
        p.number(head as u64);
        p.number(tail as u64);
        p.text(one.text.get(head..one.text.len() - tail).unwrap_or_default());
        before.text.clone_from(&one.text);
    }
    p.finish()
}

/// How many bytes two texts share at their beginning, and at their end beyond that. Never in the
/// middle of a character.
fn shared(a: &str, b: &str) -> (usize, usize) {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let head = (0..=same).rev().find(|at| b.is_char_boundary(*at)).unwrap_or(0);
    let room = a.len().min(b.len()) - head;
    let backwards = a.bytes().rev().zip(b.bytes().rev()).take(room);
    let same = backwards.take_while(|(x, y)| x == y).count();
    let tail = (0..=same).rev().find(|count| b.is_char_boundary(b.len() - count)).unwrap_or(0);
    (head, tail)
}

/// Reads what [`pack`] wrote. `None` when a later program wrote it.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut u = Unpacker::new(bytes)?;
    let mut before = Before::default();
    let count = u.count();
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let flags = u.number();
        let mut next = |last: &mut i64| {
            *last = last.wrapping_add(u.signed());
            *last
        };
        let id = ReceiptId::from_i64(next(&mut before.id));
        let kind = next(&mut before.kind);
        let document = (flags & HAS_DOCUMENT != 0).then(|| next(&mut before.document));
        let status = (flags & HAS_STATUS != 0).then(|| next(&mut before.status));
        let at = (flags & HAS_TIME != 0).then(|| next(&mut before.at));
        let effect = u.signed();
        let (head, tail) = (u.count_of(before.text.len()), u.count_of(before.text.len()));
        let mut text = before.text.get(..head).unwrap_or_default().to_owned();
        text.push_str(&u.text());
        text.push_str(before.text.get(before.text.len() - tail..).unwrap_or_default());
        before.text.clone_from(&text);
        entries.push(Entry {
            id,
            kind,
            document_id: document.map(DocumentId::from_i64),
            status,
            at: at.map(Time::from_millis),
            effect,
            text,
        });
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry() -> impl Strategy<Value = Entry> {
        let text = prop_oneof![
            "\\[Code:120;Desc:逻辑校验通过\\]",
            "订单[0-9]{0,3}不存在",
            "[a清单é]{0,6}",
            Just(String::new()),
        ];
        let ids = (any::<i64>(), 0_i64..900, proptest::option::of(any::<i64>()));
        let said = (proptest::option::of(any::<i64>()), proptest::option::of(0_i64..1 << 41));
        (ids, said, 0_i64..8, text).prop_map(
            |((id, kind, document), (status, at), effect, text)| Entry {
                id: ReceiptId::from_i64(id),
                kind,
                document_id: document.map(DocumentId::from_i64),
                status,
                at: at.map(Time::from_millis),
                effect,
                text,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_is_read(entries in proptest::collection::vec(entry(), 0..20)) {
            prop_assert_eq!(unpack(&pack(&entries)), Some(entries));
        }
    }

    #[test]
    fn a_hundred_receipts_alike_take_little_room() {
        let one = |n: i64| Entry {
            id: ReceiptId::from_i64(59_000_000_000_000_000 + n),
            kind: 622,
            document_id: Some(DocumentId::from_i64(58_999_999_000_000_000 + n)),
            status: Some(120),
            at: Some(Time::from_millis(1_794_326_400_000)),
            effect: 0,
            text: format!("[Code:120;Desc:逻辑校验通过] 清单{:010}", n * 7_919),
        };
        let entries: Vec<Entry> = (0..100).map(one).collect();
        assert!(pack(&entries).len() < 2_000, "{}", pack(&entries).len());
    }
}
