//! What a receipt means and what to do about it.

use kernel::Text;
use register::codes::{Codes, List};
use register::remedies::Remedies;

use super::Subject;

/// What a receipt means, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// Its meaning.
    pub(crate) meaning: Text,
    /// Who does what now.
    pub(crate) remedy: Text,
}

/// What to do about a receipt of the type with this number (622 for CEB622). A code quoted in its
/// text says more than its status; the status of a tax bill has a list of its own.
pub(crate) fn advice(
    remedies: &Remedies,
    codes: &Codes,
    kind: i64,
    status: Option<i64>,
    text: &str,
) -> Advice {
    let status = status.map(|status| status.to_string()).unwrap_or_default();
    if Subject::of_code(&format!("CEB{kind}")) == Some(Subject::TaxBill) {
        return of_tax_bill(codes, &status);
    }
    let mut quoted = quoted_codes(text).map(|code| remedies.lookup(code, text));
    let remedy = quoted.find(|remedy| remedy.known);
    let remedy = remedy.unwrap_or_else(|| remedies.lookup(&status, text));
    Advice { meaning: remedy.meaning.clone(), remedy: remedy.remedy.clone() }
}

fn of_tax_bill(codes: &Codes, status: &str) -> Advice {
    let (zh, en) = match codes.entry(List::TaxBillStatus, status) {
        Some(entry) => (&*entry.zh, &*entry.en),
        None => ("状态未收录", "status not on the list"),
    };
    let remedy = match status {
        "1" => Text::new(
            "无需报送；担保企业核对税额，待海关汇总后缴纳",
            "nothing to send; the guarantor checks the amounts and pays once customs summarises",
        ),
        "2" => Text::new(
            "无需报送；担保企业按海关汇总的税款缴款书缴纳",
            "nothing to send; the guarantor pays as the summary payment notice of customs says",
        ),
        "3" => Text::new(
            "无需报送；此税单不再缴纳，已缴纳的与海关核对",
            "nothing to send; this bill is not to be paid; if it was, settle it with customs",
        ),
        _ => Text::new("请向海关核实该税单", "ask customs about this bill"),
    };
    Advice { meaning: Text::new(format!("电子税单：{zh}"), format!("tax bill: {en}")), remedy }
}

/// The numbers in `[Code:2600;Desc:放行]`.
fn quoted_codes(text: &str) -> impl Iterator<Item = &str> {
    let after = |sign: &'static str| text.split(sign).skip(1);
    after("[Code:").chain(after("[code:")).filter_map(|rest| {
        let end = rest.find([';', ']'])?;
        let code = rest[..end].trim();
        code.parse::<i64>().is_ok().then_some(code)
    })
}
