//! Takes personal data out of the text of a receipt. Customs quotes the fields it objects to
//! (`[OrderHead.buyerName:…]`), so a text may hold a name, an identity number or a telephone.

use kernel::mask;

type Mask = fn(&str) -> String;

/// Fields whose quoted values are masked, with how.
const PERSONAL: [(&str, Mask); 9] = [
    ("buyerName", mask::name),
    ("payerName", mask::name),
    ("consigneeTelephone", mask::phone),
    ("consigneeAddress", mask::address),
    ("consignee", mask::name),
    ("buyerTelephone", mask::phone),
    ("telephone", mask::phone),
    ("buyerIdNumber", mask::id_number),
    ("payerIdNumber", mask::id_number),
];

const ENDS: [char; 7] = [']', ',', '，', ';', '；', '】', '>'];

/// Digits in a row (an `X` at the end included) that are an identity number or a telephone number.
const ID_DIGITS: usize = 18;
const OLD_ID_DIGITS: usize = 15;
const PHONE_DIGITS: usize = 11;

/// The text with personal values masked.
pub fn scrub(text: &str) -> String {
    mask_runs(&mask_fields(text))
}

fn mask_fields(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    'text: while !rest.is_empty() {
        for (field, mask) in PERSONAL {
            let Some(after) = rest.strip_prefix(field) else { continue };
            let Some(value) = after.strip_prefix([':', '：', '=']) else { continue };
            let sign = &after[..after.len() - value.len()];
            let end = value.find(ENDS).unwrap_or(value.len());
            out.push_str(field);
            out.push_str(sign);
            out.push_str(&mask(&value[..end]));
            rest = &value[end..];
            continue 'text;
        }
        let next = rest.chars().next().map_or(rest.len(), char::len_utf8);
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out
}

/// Masks runs of digits that are as long as an identity or mobile number and look like one.
fn mask_runs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        out.push_str(&rest[..start]);
        let run = &rest[start..];
        let end = run.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(run.len());
        let (word, after) = run.split_at(end);
        if is_identity_number(word) {
            out.push_str(&mask::id_number(word));
        } else if is_mobile_number(word) {
            out.push_str(&mask::phone(word));
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn is_identity_number(word: &str) -> bool {
    let digits = word.strip_suffix(['x', 'X']).unwrap_or(word);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    // An inventory number has 18 characters too, but a letter in its middle; of plain digits only
    // a date of birth in its place makes an identity number.
    let birth = |from: usize| {
        let month = word.get(from..from + 2).and_then(|text| text.parse::<u8>().ok());
        let day = word.get(from + 2..from + 4).and_then(|text| text.parse::<u8>().ok());
        matches!((month, day), (Some(1..=12), Some(1..=31)))
    };
    match word.len() {
        ID_DIGITS => (word.starts_with(char::is_numeric)) && birth(10),
        OLD_ID_DIGITS => birth(8),
        _ => false,
    }
}

fn is_mobile_number(word: &str) -> bool {
    word.len() == PHONE_DIGITS && word.starts_with('1') && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn quoted_personal_fields_are_masked() {
        for (text, clean) in [
            ("[Code:2600;Desc:放行]", "[Code:2600;Desc:放行]"),
            (
                "[Code:13127;Desc:姓名不一致],[OrderHead.buyerName:李小宝,Head.buyerName:李大宝]",
                "[Code:13127;Desc:姓名不一致],[OrderHead.buyerName:李**,Head.buyerName:李**]",
            ),
            ("购买人370303198003078812超过年度限额", "购买人370*************12超过年度限额"),
            ("电话13812345678不符", "电话138****5678不符"),
            ("[OrderHead.acturalPaid:199.00]", "[OrderHead.acturalPaid:199.00]"),
            ("清单64092023I000722460", "清单64092023I000722460"),
            (
                "新增申报成功[4CDE1CFD-EDED-46B1-946C-B8022E42FC94]",
                "新增申报成功[4CDE1CFD-EDED-46B1-946C-B8022E42FC94]",
            ),
            ("consignee：张三；地址不详", "consignee：张*；地址不详"),
            ("", ""),
        ] {
            assert_eq!(scrub(text), clean);
        }
    }
}
