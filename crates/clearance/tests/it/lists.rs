//! Lists of documents: which filters work where, and that the others are refused.

use serde_json::Value as Json;
use web::test::Answer;

use super::api::Door;
use super::support::*;

/// Each list with the filters that work there, beside those that work everywhere.
const LISTS: [(&str, &[&str]); 7] = [
    ("orders", &["order_no"]),
    ("payments", &["order_no"]),
    ("waybills", &["order_no", "waybill_no"]),
    ("waybill-statuses", &["waybill_no"]),
    ("inventories", &["mode", "order_no", "waybill_no", "invt_no", "cop_no"]),
    ("cancel-applications", &["invt_no", "cop_no"]),
    ("warehousing-details", &["cop_no"]),
];

const EVERYWHERE: [&str; 6] = ["state", "number", "from", "to", "party", "has_findings"];

const SOMEWHERE: [&str; 5] = ["mode", "order_no", "waybill_no", "invt_no", "cop_no"];

fn count(answer: &Answer) -> usize {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_works_or_is_refused() {
    let door = Door::open();
    let key = door.operator().await;
    let of = |parcel: &Parcel, path: &str, filter: &str| match (path, filter) {
        (_, "mode") => parcel.mode.to_owned(),
        (_, "order_no") => parcel.order_no(),
        (_, "waybill_no") => parcel.logistics_no(),
        (_, "invt_no") => parcel.invt_no(),
        ("cancel-applications", _) => format!("CX{:08}", parcel.n),
        ("warehousing-details", _) => format!("RK{:08}", parcel.n),
        _ => parcel.cop_no(),
    };
    let parcels = [1, 2].map(Parcel::new);
    for parcel in &parcels {
        door.house.parcel(parcel);
        door.house.send();
        door.house.answer(parcel, 120, 5);
        for (path, body) in [
            ("waybill-statuses", parcel.delivered()),
            ("cancel-applications", parcel.cancel()),
            ("warehousing-details", parcel.warehousing()),
        ] {
            let answer = door.post(&key, &format!("/api/v1/{path}"), &body).await;
            assert_eq!(answer.status, 202, "{}", answer.text);
        }
    }
    for (path, filters) in LISTS {
        let list = format!("/api/v1/{path}");
        assert_eq!(count(&door.get(&key, &list).await), 2, "{path}");
        for filter in SOMEWHERE {
            let value = of(&parcels[1], path, filter);
            let here = door.get(&key, &format!("{list}?{filter}={value}")).await;
            if !filters.contains(&filter) {
                let told = (here.status, here.code());
                assert_eq!(told, (400, "query.unknown".into()), "{path} {filter}");
                continue;
            }
            let expected = if filter == "mode" { 2 } else { 1 };
            assert_eq!(count(&here), expected, "{path} {filter}");
            let nowhere = door.get(&key, &format!("{list}?{filter}=NOWHERE")).await;
            assert_eq!(count(&nowhere), 0, "{path} {filter}");
        }
    }
    // Two filters narrow together; neither stands for the other.
    let [own, other] = parcels.map(|parcel| parcel.order_no());
    let both = door.get(&key, &format!("/api/v1/orders?order_no={own}&number={other}")).await;
    assert_eq!(count(&both), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_document_lists_the_filters_that_work() {
    let door = Door::open();
    let document = door.get(&door.operator().await, "/api/openapi.json").await.json();
    for (path, filters) in LISTS {
        let listed = &document["paths"][format!("/api/v1/{path}")]["get"]["parameters"];
        let mut listed: Vec<&str> = listed
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["name"].as_str())
            .filter(|name| !["limit", "after"].contains(name))
            .collect();
        let mut expected: Vec<&str> = filters.iter().copied().chain(EVERYWHERE).collect();
        if path == "inventories" {
            // Imports and exports lie together there; tested with the exports.
            expected.push("direction");
        }
        listed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(listed, expected, "{path}");
        for post in [format!("/api/v1/{path}"), format!("/api/v1/{path}/batch")] {
            let answers: &Json = &document["paths"][&post]["post"]["responses"];
            assert!(answers["429"].is_object(), "{post}");
        }
    }
    assert!(document["paths"]["/api/v1/messages"]["post"]["responses"]["429"].is_object());
}
