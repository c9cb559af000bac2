//! Random operations against a model: the equation of every book holds at every moment, and
//! nothing is ever below nothing.

use std::collections::HashMap;

use bonded::{Return, ReturnLine, Settled, Settlement};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::stage::*;

/// One thing somebody does. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Act {
    Enter(u8, u32),
    Draw(u8, u8, u32),
    Settle(u8, bool),
    PutBack(u8, u32),
    Plan(u8, u32),
    Dispatch(u8),
    Receive(u8, u32),
    Recall(u8),
    Apply(u8, u32),
    Finish(u8, u32),
    GiveUp(u8),
    Count(u8, u32),
}

fn act() -> impl Strategy<Value = Act> {
    let item = || 0..2_u8;
    let key = || 1..12_u8;
    let quantity = || 1..40_u32;
    prop_oneof![
        4 => (item(), quantity()).prop_map(|(i, q)| Act::Enter(i, q)),
        8 => (key(), item(), quantity()).prop_map(|(k, i, q)| Act::Draw(k, i, q)),
        8 => (key(), any::<bool>()).prop_map(|(k, released)| Act::Settle(k, released)),
        4 => (key(), quantity()).prop_map(|(k, q)| Act::PutBack(k, q)),
        3 => (item(), quantity()).prop_map(|(i, q)| Act::Plan(i, q)),
        3 => any::<u8>().prop_map(Act::Dispatch),
        3 => (any::<u8>(), quantity()).prop_map(|(n, q)| Act::Receive(n, q)),
        1 => any::<u8>().prop_map(Act::Recall),
        2 => (item(), quantity()).prop_map(|(i, q)| Act::Apply(i, q)),
        2 => (any::<u8>(), quantity()).prop_map(|(n, q)| Act::Finish(n, q)),
        1 => any::<u8>().prop_map(Act::GiveUp),
        2 => (item(), quantity()).prop_map(|(i, q)| Act::Count(i, q)),
    ]
}

const ITEMS: [&str; 2] = ["A", "B"];

/// What the first book should hold, reckoned the simplest way.
#[derive(Default)]
struct Model {
    on_hand: [i64; 2],
    aside: [i64; 2],
    /// On the way, and on hand in the other book.
    transit: [i64; 2],
    other: [i64; 2],
    /// Inventory: item, quantity, returned; state: held, released, given back.
    draws: HashMap<u8, (usize, i64, i64, Draw)>,
    returns: u8,
    transfers: Vec<(String, usize, i64, i64, bool)>,
    destructions: Vec<(String, usize, i64)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Draw {
    Held,
    Released,
    GivenBack,
}

impl Model {
    fn free(&self, item: usize) -> i64 {
        self.on_hand[item] - self.aside[item]
    }
}

async fn perform(stage: &Stage, model: &mut Model, n: usize, act: &Act) {
    match *act {
        Act::Enter(item, quantity) => {
            let item = usize::from(item);
            let body = json!({
                "checklist_no": format!("QD{n}"), "declaration_no": "D", "trade_mode": "1210",
                "entered_on": "2026-11-20",
                "lines": [{"item_record_no": ITEMS[item], "quantity": quantity.to_string()}],
            });
            stage.done(&stage.a, &format!("books/{BOOK}/entries"), body).await;
            model.on_hand[item] += i64::from(quantity);
        }
        Act::Draw(key, item, quantity) => declare(stage, model, key, item, quantity).await,
        Act::Settle(key, released) => settle(stage, model, key, released).await,
        Act::PutBack(of, quantity) => put_back(stage, model, of, quantity).await,
        Act::Plan(item, quantity) => {
            let (item, quantity) = (usize::from(item), i64::from(quantity));
            let line = json!({"item_record_no": ITEMS[item], "quantity": quantity.to_string()});
            let body = json!({"from": BOOK, "to": OTHER, "lines": [line]});
            let answer = stage.post(&stage.a, "transfers", body).await;
            assert_eq!(answer.status == 201, quantity <= model.free(item), "{}", answer.text);
            if answer.status == 201 {
                let id = answer.json()["id"].as_str().unwrap().to_owned();
                model.aside[item] += quantity;
                model.transfers.push((id, item, quantity, 0, false));
            }
        }
        Act::Dispatch(_) | Act::Receive(..) | Act::Recall(_) => travel(stage, model, act).await,
        Act::Apply(..) | Act::Finish(..) | Act::GiveUp(_) => destroy(stage, model, act).await,
        Act::Count(item, found) => count(stage, model, usize::from(item), i64::from(found)).await,
    }
}

async fn declare(stage: &Stage, model: &mut Model, key: u8, item: u8, quantity: u32) {
    let (item, quantity) = (usize::from(item), i64::from(quantity));
    let line = [(1, ITEMS[item], quantity.to_string())];
    let lines: Vec<_> = line.iter().map(|(gnum, item, q)| (*gnum, *item, q.as_str())).collect();
    let found = stage.draw(vec![draw(key, &lines)]).await.remove(0);
    let known = model.draws.get(&key).copied();
    let before = known.filter(|(.., state)| *state == Draw::Held);
    match known {
        Some((i, q, _, Draw::Released)) => {
            assert_eq!(found.is_empty(), (i, q) == (item, quantity));
            return;
        }
        Some((i, q, _, Draw::Held)) if (i, q) == (item, quantity) => {
            assert!(found.is_empty());
            return;
        }
        _ => {}
    }
    let freed = before.filter(|(i, ..)| *i == item).map_or(0, |(_, q, ..)| q);
    let fits = quantity <= model.free(item) + freed;
    assert_eq!(found.is_empty(), fits, "{found:?}");
    if fits {
        if let Some((i, q, ..)) = before {
            model.aside[i] -= q;
        }
        model.aside[item] += quantity;
        model.draws.insert(key, (item, quantity, 0, Draw::Held));
    }
}

async fn settle(stage: &Stage, model: &mut Model, key: u8, released: bool) {
    let settlement = if released { Settlement::Released } else { Settlement::GivenBack };
    let settled = stage.settle(key, settlement).await;
    let Some((item, quantity, returned, state)) = model.draws.get(&key).copied() else {
        assert_eq!(settled, Settled::Nothing);
        return;
    };
    let after = match (state, released) {
        (Draw::Held, true) => {
            model.aside[item] -= quantity;
            model.on_hand[item] -= quantity;
            Draw::Released
        }
        (Draw::Held, false) => {
            model.aside[item] -= quantity;
            Draw::GivenBack
        }
        (Draw::Released, false) => {
            model.on_hand[item] += quantity - returned;
            Draw::GivenBack
        }
        (Draw::GivenBack, true) if quantity <= model.free(item) => {
            model.on_hand[item] -= quantity;
            Draw::Released
        }
        (Draw::GivenBack, true) => {
            assert!(matches!(settled, Settled::Short(_)));
            return;
        }
        _ => {
            assert_eq!(settled, Settled::Already);
            return;
        }
    };
    assert_eq!(settled, Settled::Done);
    model.draws.insert(key, (item, quantity, 0, after));
}

async fn put_back(stage: &Stage, model: &mut Model, of: u8, quantity: u32) {
    let quantity = i64::from(quantity);
    let known = model.draws.get(&of).copied();
    let item = known.map_or(0, |(item, ..)| item);
    model.returns += 1;
    let line = ReturnLine {
        gnum: 1,
        item_record_no: ITEMS[item],
        quantity: kernel::Decimal::from(quantity),
    };
    let one = [Return { key: [model.returns; 16], of: [of; 16], lines: vec![line] }];
    let found = stage.site.write(move |tx, ctx| bonded::put_back(tx, ctx, &one)).await.unwrap();
    let fits = known.is_some_and(|(_, drawn, returned, state)| {
        state == Draw::Released && quantity <= drawn - returned
    });
    assert_eq!(found[0].is_empty(), fits, "{found:?}");
    if let Some((item, drawn, returned, state)) = known.filter(|_| fits) {
        model.on_hand[item] += quantity;
        model.draws.insert(of, (item, drawn, returned + quantity, state));
    }
}

async fn travel(stage: &Stage, model: &mut Model, act: &Act) {
    let (Act::Dispatch(n) | Act::Receive(n, _) | Act::Recall(n)) = act else { return };
    if model.transfers.is_empty() {
        return;
    }
    let at = usize::from(*n) % model.transfers.len();
    let (id, item, quantity, received, gone) = model.transfers[at].clone();
    let left = quantity - received;
    let path = |act: &str| format!("transfers/{id}/{act}");
    match act {
        Act::Dispatch(_) => {
            let body = json!({"reference": "QD"});
            let answer = stage.post(&stage.a, &path("dispatch"), body).await;
            assert_eq!(answer.status == 200, !gone, "{}", answer.text);
            if !gone {
                model.aside[item] -= quantity;
                model.on_hand[item] -= quantity;
                model.transit[item] += quantity;
                model.transfers[at].4 = true;
            }
        }
        Act::Receive(_, part) => {
            let part = i64::from(*part);
            let lines = json!([{"line": 1, "quantity": part.to_string()}]);
            let body = json!({"reference": "QD", "lines": lines});
            let answer = stage.post(&stage.b, &path("receive"), body).await;
            assert_eq!(answer.status == 200, gone && part <= left, "{}", answer.text);
            if answer.status == 200 {
                model.transit[item] -= part;
                model.other[item] += part;
                model.transfers[at].3 += part;
            }
        }
        _ => {
            let body = json!({"reason": "召回"});
            let answer = stage.post(&stage.a, &path("recall"), body).await;
            assert_eq!(answer.status == 200, gone && left > 0, "{}", answer.text);
            if answer.status == 200 {
                model.transit[item] -= left;
                model.on_hand[item] += left;
                model.transfers[at].3 = quantity;
            }
        }
    }
}

fn application(item: &str, quantity: i64) -> Value {
    json!({
        "book": BOOK, "ground": "expired", "explanation": "过期", "cannot_be_reexported": true,
        "authorised_by": "A1", "destroyer_code": "D1", "destroyer_name": "示例",
        "destroyer_in_scope": true, "place": "区外", "outside_zone": true,
        "papers": ["explanation", "plan", "authorisation", "application_form", "qualification",
            "contract"],
        "lines": [{"item_record_no": item, "quantity": quantity.to_string()}],
    })
}

async fn destroy(stage: &Stage, model: &mut Model, act: &Act) {
    if let Act::Apply(item, quantity) = act {
        let (item, quantity) = (usize::from(*item), i64::from(*quantity));
        let answer = stage.post(&stage.a, "destructions", application(ITEMS[item], quantity)).await;
        assert_eq!(answer.status == 201, quantity <= model.free(item), "{}", answer.text);
        if answer.status == 201 {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            let approval = json!({"approval_no": "X", "approved_on": "2026-11-20"});
            stage.done(&stage.a, &format!("destructions/{id}/approve"), approval).await;
            model.aside[item] += quantity;
            model.destructions.push((id, item, quantity));
        }
        return;
    }
    let (Act::Finish(n, _) | Act::GiveUp(n)) = act else { return };
    if model.destructions.is_empty() {
        return;
    }
    let at = usize::from(*n) % model.destructions.len();
    let (id, item, quantity) = model.destructions[at].clone();
    if let Act::Finish(_, part) = act {
        let part = i64::from(*part);
        let lines = json!([{"line": 1, "quantity": part.to_string()}]);
        let body = json!({"finished_on": "2026-11-23", "video": "V", "lines": lines});
        let answer = stage.post(&stage.a, &format!("destructions/{id}/finish"), body).await;
        assert_eq!(answer.status == 200, part <= quantity, "{}", answer.text);
        if answer.status != 200 {
            return;
        }
        model.on_hand[item] -= part;
    } else {
        let body = json!({"reason": "撤回"});
        stage.done(&stage.a, &format!("destructions/{id}/withdraw"), body).await;
    }
    model.aside[item] -= quantity;
    model.destructions.remove(at);
}

/// Counts all, finds so much of one record, and adjusts it if that is possible.
async fn count(stage: &Stage, model: &mut Model, item: usize, found: i64) {
    let mut counted = model.on_hand;
    counted[item] = found;
    let file = format!("料号,数量\nA,{}\nB,{}\n", counted[0], counted[1]);
    let taken = stage.csv(&stage.a, &format!("books/{BOOK}/stocktakes"), &file).await.json();
    if found == model.on_hand[item] {
        assert_eq!(taken["state"], "closed");
        return;
    }
    assert_eq!(taken["differing"], 1, "the book says what the model says: {taken}");
    let path = format!("stocktakes/{}/decide", taken["id"].as_str().unwrap());
    let decision = json!({"line": 1, "decision": "adjust", "reason": "盘点"});
    let answer = stage.post(&stage.a, &path, json!({"decisions": [decision]})).await;
    let fits = found >= model.aside[item];
    assert_eq!(answer.status == 200, fits, "{}", answer.text);
    if fits {
        model.on_hand[item] = found;
    }
}

async fn compare(stage: &Stage, model: &Model) {
    stage.verify().await;
    for (n, item) in ITEMS.into_iter().enumerate() {
        let here = stage.figures(BOOK, item, &["on_hand", "free", "in_transit"]).await;
        let wanted = [model.on_hand[n], model.free(n), model.transit[n]];
        assert_eq!(here, wanted.map(|number| number.to_string()), "{item}");
        let there = stage.figures(OTHER, item, &["on_hand"]).await;
        assert_eq!(there, [model.other[n].to_string()], "{item} in the other book");
    }
}

#[test]
fn the_equation_holds_after_every_step_of_any_story() {
    const STORIES: u32 = 6;
    let story = proptest::collection::vec(act(), 25..45);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for _ in 0..STORIES {
        let story = story.new_tree(&mut runner).unwrap().current();
        play(|stage| {
            let story = story.clone();
            async move {
                stage.shelve(&stage.a, BOOK, &[("A", "0"), ("B", "0")]).await;
                stage.shelve(&stage.b, OTHER, &[("A", "0"), ("B", "0")]).await;
                let mut model = Model::default();
                for (n, act) in story.iter().enumerate() {
                    perform(&stage, &mut model, n, act).await;
                    compare(&stage, &model).await;
                }
            }
        });
    }
}
