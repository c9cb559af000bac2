//! Every row of the scenario table does what the table says.

use gateway::standin::scenario::{Effect, SCENARIOS};

use super::fixture::{Bench, Parcel, message, start};

/// Sends a whole parcel whose order number begins with a prefix; yields the receipts.
fn play(prefix: &str) -> (Bench, Parcel) {
    let bench = Bench::new();
    let parcel = Parcel::of(&format!("{prefix}20260001"));
    bench.counterparts(&parcel);
    let sent = bench.send("CEB621", vec![parcel.inventory()]);
    assert_eq!(sent.is_err(), prefix.starts_with("SDXP"), "{prefix} {sent:?}");
    (bench, parcel)
}

fn statuses(prefix: &str) -> Vec<String> {
    play(prefix).0.statuses("CEB622")
}

#[test]
fn each_row_gives_the_receipts_it_lists() {
    for row in &SCENARIOS {
        let (bench, _) = play(row.example);
        let receipts = bench.receipts();
        let got: Vec<&str> =
            receipts.iter().filter(|r| r.code == "CEB622").map(|r| r.status.as_str()).collect();
        let listed: Vec<&str> =
            row.receipts.split(", ").filter(|s| s.parse::<i64>().is_ok()).collect();
        match row.effect {
            Effect::FormatError => assert!(receipts.iter().all(|r| r.code == "CEB900" && r.valid)),
            // The flawed one in gb2312 can be read, and then says 2 like the right one.
            Effect::Malformed => assert!(got.ends_with(&["2", "120", "800", "899"]), "{got:?}"),
            // A copy comes a step after the first, so neighbours interleave.
            Effect::Twice => {
                let mut sorted = got.clone();
                sorted.sort_by_key(|status| status.parse::<i64>().unwrap());
                assert_eq!(sorted, listed);
            }
            _ => assert_eq!(got, listed, "{}", row.example),
        }
        for receipt in receipts.iter().filter(|_| row.effect != Effect::Malformed) {
            // A refused inventory has no number of the e-port yet; real receipts then leave the
            // element out, although the schema requires it.
            let refused = receipt.status.starts_with('-') && receipt.code == "CEB622";
            assert_eq!(receipt.valid, !refused, "{} {receipt:?}", row.example);
            assert!(receipt.said.is_some_and(|said| said <= receipt.at), "none before its time");
        }
    }
}

#[test]
fn rejections_carry_the_code_asked_for() {
    let bench = play("SREJ1332-").0;
    let last = bench.receipts().pop().unwrap();
    assert_eq!(last.status, "100");
    assert!(last.info.starts_with("[Code:1332;Desc:"), "{}", last.info);
}

#[test]
fn refusals_and_rejections_fall_on_the_document_of_their_code() {
    for (prefix, code, document) in [
        ("SNEG301010-", "CEB312", "CEB311"),
        ("SNEG401007-", "CEB412", "CEB411"),
        ("SNEG504015-", "CEB512", "CEB511"),
    ] {
        let bench = Bench::new();
        let parcel = Parcel::of(&format!("{prefix}1"));
        let documents = match document {
            "CEB311" => parcel.order(),
            "CEB411" => parcel.payment(),
            _ => parcel.waybill(),
        };
        bench.send(document, vec![documents]).unwrap();
        let status = format!("-{}", prefix.trim_start_matches("SNEG").trim_end_matches('-'));
        assert_eq!(bench.statuses(code), [status]);
    }
    let bench = Bench::new();
    bench.send("CEB511", vec![Parcel::of("SREJ511-1").waybill()]).unwrap();
    assert_eq!(bench.statuses("CEB512"), ["2", "100"]);
}

#[test]
fn digits_set_how_long_it_takes() {
    let minutes = |prefix: &str| {
        let last = play(prefix).0.receipts().pop().unwrap();
        (last.at.to_millis() - start().to_millis()) / 60_000
    };
    assert_eq!(minutes("SINSP7-"), 7);
    assert_eq!(minutes("SHOLD3-"), 3);
    assert_eq!(minutes("SLATE45-"), 45);
}

#[test]
fn late_receipts_keep_their_time() {
    for receipt in play("SLATE30-").0.receipts() {
        let waited = receipt.at.to_millis() - receipt.said.unwrap().to_millis();
        assert_eq!(waited, 30 * 60_000);
    }
}

#[test]
fn malformed_receipts_come_in_every_kind() {
    for (prefix, first) in
        [("SMAL1-", "unreadable"), ("SMAL2-", "2"), ("SMAL3-", "2"), ("SMAL4-", "7777")]
    {
        let receipts = play(prefix).0.receipts();
        let head = &receipts[0];
        let shown = if head.status.is_empty() { &head.code } else { &head.status };
        assert_eq!(shown, first, "{prefix}");
        if prefix != "SMAL4-" && prefix != "SMAL2-" {
            assert!(!head.valid, "{prefix}");
        }
        assert_eq!(receipts.last().unwrap().status, "899", "{prefix}");
    }
    assert_eq!(play("SMAL3-").0.receipts()[0].pre_no, "");
    assert_eq!(play("SMAL5-").0.receipts()[0].code, "unreadable");
}

#[test]
fn the_exchange_takes_at_the_second_try_what_failed_for_its_own_reasons() {
    let bench = Bench::new();
    let parcel = Parcel::of("SDXP3002-1");
    bench.counterparts(&parcel);
    let bytes = message("CEB621", vec![parcel.inventory()]);
    let envelope = super::fixture::envelope_of("SAME", "CEB621", &bytes);
    let first = bench.standin.submit(&envelope, start()).unwrap_err();
    assert!(first.retryable && first.code == "3002", "{first:?}");
    assert!(bench.standin.submit(&envelope, start()).is_ok());
    assert_eq!(bench.statuses("CEB622"), ["2", "120", "800", "899"]);

    let bench = Bench::new();
    let envelope = super::fixture::envelope_of(
        "SAME",
        "CEB621",
        &message("CEB621", vec![Parcel::of("SDXP0002-1").inventory()]),
    );
    for _ in 0..3 {
        let failure = bench.standin.submit(&envelope, start()).unwrap_err();
        assert!(!failure.retryable && failure.code == "0002", "{failure:?}");
    }
}

#[test]
fn chained_prefixes_work_together() {
    let got = statuses("SDUP-SINSP2-");
    assert_eq!(got.len(), 12);
    assert_eq!(got.iter().filter(|s| *s == "399").count(), 2);
}
