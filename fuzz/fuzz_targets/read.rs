//! Messages from anywhere: reading, checking and writing again must hold together.
#![no_main]

use ceb::{NoCodeLists, ReadOptions, check, message_from_json, message_to_json, read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let strict = read(bytes, &ReadOptions::strict());
    let lenient = read(bytes, &ReadOptions::lenient());
    assert_eq!(strict.structure_valid, lenient.structure_valid);
    assert!(strict.structure_valid || !strict.findings.is_empty());
    let Some(message) = strict.message else { return };
    check(&message, &NoCodeLists);
    let json = message_from_json(message.kind, &message_to_json(&message));
    assert!(json.message.is_some());
    if !strict.structure_valid {
        return;
    }
    // What the schema accepts can be written, and means the same when read again.
    let written = write(&message).unwrap_or_else(|findings| panic!("{findings:?}"));
    let again = read(&written, &ReadOptions::strict()).message;
    let Some(again) = again else { panic!("what was written cannot be read") };
    assert_eq!(again.documents, message.documents);
    assert_eq!(write(&again).as_deref(), Ok(&*written));
});
