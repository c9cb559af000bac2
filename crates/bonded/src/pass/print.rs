//! The printed form of a gate pass: one HTML page that needs nothing else, with a square code the
//! gate reads.

use std::fmt::Write;

use kernel::Time;
use qrcode::QrCode;
use qrcode::render::svg;

use super::rules::declared;
use super::types::*;

/// Rows printed; a longer list is counted and looked up by its number.
const ROWS_MAX: usize = 200;
const CODE_PIXELS: u32 = 180;

const STYLE: &str = "body{font:14px/1.5 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;\
margin:24px;color:#000}h1{font-size:22px;margin:0}header{display:flex;\
justify-content:space-between;align-items:flex-start}table{border-collapse:collapse;width:100%;\
margin-top:12px}th,td{border:1px solid #000;padding:4px 8px;text-align:left}th{font-weight:600}\
td.n{text-align:right;font-variant-numeric:tabular-nums}@page{size:A4;margin:12mm}";

/// The page. `firm`: the name of the holder; `check`: a short proof that the pass is ours, for the
/// square code.
pub(crate) fn page(pass: &Pass, firm: &str, check: &str) -> String {
    let (zh, en) = pass.state.names();
    let direction = match pass.direction {
        PassDirection::In => "进区 in",
        PassDirection::Out => "出区 out",
    };
    let declared = declared(pass);
    let head = [
        ("核放单号 Number", pass.number.clone()),
        ("状态 State", format!("{zh} {en}")),
        ("企业 Firm", firm.to_owned()),
        ("关区 Zone", pass.zone.clone()),
        ("方向 Direction", direction.to_owned()),
        ("车牌 Vehicle", pass.vehicle_no.clone()),
        ("车自重 Tare, kg", pass.tare.to_string()),
        ("货物毛重 Goods, kg", declared.minus(pass.tare).to_string()),
        ("申报总重 Declared, kg", declared.to_string()),
        ("过磅 Weighed, kg", pass.weighed.map(|kg| kg.to_string()).unwrap_or_default()),
        ("签发 Issued", at(pass.issued_at)),
        ("过卡 Passed", at(pass.passed_at)),
    ];
    let mut html = String::with_capacity(8 * 1024);
    // Writing to a String cannot fail.
    let _ = write!(
        html,
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>核放单 {}</title>\
         <style>{STYLE}</style></head><body><header><div><h1>核放单 Gate pass</h1>",
        escape(&pass.number),
    );
    html.push_str("<table>");
    for (name, value) in head {
        let _ = write!(html, "<tr><th>{name}</th><td>{}</td></tr>", escape(&value));
    }
    let _ = write!(html, "</table></div><div>{}</div></header>", code(pass, check));
    html.push_str(
        "<table><tr><th>序号 No.</th><th>种类 Kind</th><th>编号 Number</th>\
         <th>毛重 Gross, kg</th></tr>",
    );
    for item in pass.items.iter().take(ROWS_MAX) {
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td></tr>",
            item.line,
            item.kind.zh(),
            escape(&item.number),
            item.weight,
        );
    }
    let more = pass.items.len().saturating_sub(ROWS_MAX);
    if more > 0 {
        let _ = write!(html, "<tr><td colspan=\"4\">另 {more} 份 and {more} more</td></tr>");
    }
    html.push_str("</table></body></html>");
    html
}

fn at(time: Option<Time>) -> String {
    time.map(Time::to_rfc3339).unwrap_or_default()
}

/// What the gate reads: number, vehicle, declared weight, and the proof.
pub(super) fn payload(pass: &Pass, check: &str) -> String {
    let declared = declared(pass);
    format!("KOUAN|{}|{}|{declared}|{check}", pass.number, pass.vehicle_no)
}

/// The square code as SVG; empty when there is too much to say, which a number plate never is.
fn code(pass: &Pass, check: &str) -> String {
    let Ok(code) = QrCode::new(payload(pass, check)) else { return String::new() };
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(CODE_PIXELS, CODE_PIXELS)
        .quiet_zone(true)
        .build();
    // Inside HTML the declaration of an XML file has no place.
    match drawn.find("<svg") {
        Some(start) => drawn[start..].to_owned(),
        None => drawn,
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
