//! Identifiers with check digits, and those with a fixed form. A failed check of a code that an
//! authority issued is a warning, never a refusal: some issued codes fail it.

/// What a look at an identifier says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Right form, right check digit (or no check digit to test).
    Good,
    /// Right form, but the last character should be this one.
    WrongCheck(char),
    /// Wrong length or characters.
    Malformed,
}

/// Unified social credit code 统一社会信用代码, GB 32100-2015: 18 characters, mod 31.
pub fn social_credit_code(code: &str) -> Verdict {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const VALUES: [u8; 128] = {
        let mut values = [u8::MAX; 128];
        let mut at = 0;
        while at < ALPHABET.len() {
            values[ALPHABET[at] as usize] = at as u8;
            at += 1;
        }
        values
    };
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let value = |c: char| VALUES.get(c as usize).copied().map(usize::from).filter(|v| *v < 31);
    let Some(values) = values::<18>(code, value) else { return Verdict::Malformed };
    let sum: usize = values.iter().zip(WEIGHTS).map(|(v, w)| v * w).sum();
    compare(code, ALPHABET[(31 - sum % 31) % 31] as char)
}

/// Organisation code 组织机构代码, GB 11714: 8 characters and a check character, mod 11.
pub fn organisation_code(code: &str) -> Verdict {
    const WEIGHTS: [usize; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let value = |c: char| c.to_digit(36).filter(|_| !c.is_ascii_lowercase()).map(|d| d as usize);
    let Some(values) = values::<9>(code, value) else { return Verdict::Malformed };
    let sum: usize = values.iter().zip(WEIGHTS).map(|(v, w)| v * w).sum();
    compare(code, ['0', 'X', '9', '8', '7', '6', '5', '4', '3', '2', '1'][sum % 11])
}

/// Resident identity number 公民身份号码, GB 11643: 17 digits and a check character, mod 11-2; the
/// birth date must be a real day.
pub fn identity_number(number: &str) -> Verdict {
    const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let value = |c: char| if c == 'X' { Some(10) } else { c.to_digit(10).map(|d| d as usize) };
    let Some(values) = values::<18>(number, value) else { return Verdict::Malformed };
    if values[..17].contains(&10) || crate::time::parse_compact_date(&number[6..14]).is_none() {
        return Verdict::Malformed;
    }
    let sum: usize = values.iter().zip(WEIGHTS).map(|(v, w)| v * w).sum();
    compare(number, ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][sum % 11])
}

/// Customs registration code 海关注册编码: 10 characters, 4 digits of district, then digits and
/// upper-case letters. It has no check digit.
pub fn customs_code(code: &str) -> Verdict {
    let form = code.len() == 10
        && code.bytes().take(4).all(|b| b.is_ascii_digit())
        && code.bytes().skip(4).all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    if form { Verdict::Good } else { Verdict::Malformed }
}

/// What the message family calls an enterprise code: 10-character customs code or 18-character
/// unified social credit code.
pub fn enterprise_code(code: &str) -> Verdict {
    if code.len() == 10 { customs_code(code) } else { social_credit_code(code) }
}

/// GS1 key with a mod-10 check digit: GTIN-8, -12, -13, -14 or SSCC-18.
pub fn gs1_key(key: &str) -> Verdict {
    if !matches!(key.len(), 8 | 12 | 13 | 14 | 18) {
        return Verdict::Malformed;
    }
    let value = |c: char| c.to_digit(10).map(|d| d as usize);
    let Some(values) = key.chars().map(value).collect::<Option<Vec<usize>>>() else {
        return Verdict::Malformed;
    };
    let sum: usize = values
        .iter()
        .rev()
        .skip(1)
        .enumerate()
        .map(|(i, v)| v * if i % 2 == 0 { 3 } else { 1 })
        .sum();
    compare(key, digit((10 - sum % 10) % 10))
}

/// Postal item identifier, UPU S10: two letters, eight digits, check digit, country.
pub fn postal_item(item: &str) -> Verdict {
    const WEIGHTS: [usize; 8] = [8, 6, 4, 2, 3, 5, 9, 7];
    let upper = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase());
    if item.len() != 13 || !item.is_ascii() || !upper(&item[..2]) || !upper(&item[11..]) {
        return Verdict::Malformed;
    }
    let Some(values) = values::<9>(&item[2..11], |c| c.to_digit(10).map(|d| d as usize)) else {
        return Verdict::Malformed;
    };
    let sum: usize = values.iter().zip(WEIGHTS).map(|(v, w)| v * w).sum();
    compare(&item[..11], ['5', '0', '9', '8', '7', '6', '5', '4', '3', '2', '1'][sum % 11])
}

/// Freight container number, ISO 6346: owner and category letters, six digits, check digit.
pub fn container(number: &str) -> Verdict {
    let letters = number.is_ascii()
        && number.len() == 11
        && number[..3].bytes().all(|b| b.is_ascii_uppercase())
        && matches!(number.as_bytes()[3], b'U' | b'J' | b'Z');
    // Letters count from 10 and skip the multiples of 11.
    let value = |c: char| match c.to_digit(36).filter(|_| !c.is_ascii_lowercase())? as usize {
        v @ 0..=10 => Some(v),
        v @ 11..=20 => Some(v + 1),
        v @ 21..=30 => Some(v + 2),
        v => Some(v + 3),
    };
    let Some(values) =
        values::<11>(number, value).filter(|v| letters && v[4..].iter().all(|d| *d < 10))
    else {
        return Verdict::Malformed;
    };
    let sum: usize = values[..10].iter().enumerate().map(|(i, v)| v << i).sum();
    compare(number, digit(sum % 11 % 10))
}

fn digit(value: usize) -> char {
    char::from_digit((value % 10) as u32, 10).unwrap_or('0')
}

/// The values of the characters of a code that is so long and ASCII.
fn values<const LENGTH: usize>(
    code: &str,
    value: impl Fn(char) -> Option<usize>,
) -> Option<[usize; LENGTH]> {
    let bytes: &[u8; LENGTH] = code.as_bytes().try_into().ok()?;
    let mut values = [0; LENGTH];
    for (own, byte) in values.iter_mut().zip(bytes) {
        *own = value(char::from(*byte)).filter(|_| byte.is_ascii())?;
    }
    Some(values)
}

fn compare(code: &str, expected: char) -> Verdict {
    if code.ends_with(expected) { Verdict::Good } else { Verdict::WrongCheck(expected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appends each worked check digit of regulations.md section K and expects it to be the one.
    fn check(verdict: fn(&str) -> Verdict, body: &str, right: char) {
        assert_eq!(verdict(&format!("{body}{right}")), Verdict::Good, "{body}{right}");
        let wrong = if right == '0' { '1' } else { '0' };
        assert_eq!(verdict(&format!("{body}{wrong}")), Verdict::WrongCheck(right), "{body}{wrong}");
    }

    #[test]
    fn identity_numbers_h1() {
        check(identity_number, "11010519491231002", 'X');
        check(identity_number, "34052419800101001", 'X');
        check(identity_number, "37030318800307881", '2');
        check(identity_number, "37110218851130004", '9');
        assert_eq!(identity_number("110105194913310021"), Verdict::Malformed);
        assert_eq!(identity_number(""), Verdict::Malformed);
        assert_eq!(identity_number("一二三四五六"), Verdict::Malformed);
    }

    #[test]
    fn social_credit_codes_h2() {
        check(social_credit_code, "91350100M000100Y4", '3');
        check(social_credit_code, "91370303MA3C12346", '2');
        check(social_credit_code, "91371102MA3D56788", '5');
        assert_eq!(social_credit_code("91350100M000100I43"), Verdict::Malformed);
    }

    #[test]
    fn organisation_codes_h3() {
        check(organisation_code, "D2143569", 'X');
        check(organisation_code, "M000100Y", '4');
    }

    #[test]
    fn customs_codes_have_letters_but_no_check() {
        assert_eq!(customs_code("13029609B5"), Verdict::Good);
        assert_eq!(customs_code("1302"), Verdict::Malformed);
        assert_eq!(enterprise_code("3703960001"), Verdict::Good);
    }

    #[test]
    fn postal_items_i1() {
        for (item, right) in [
            ("EE47312482US", '9'),
            ("RR12345678CN", '5'),
            ("LX00000000CN", '5'),
            ("CP00000008CN", '0'),
        ] {
            let (body, country) = item.split_at(10);
            assert_eq!(postal_item(&format!("{body}{right}{country}")), Verdict::Good, "{item}");
        }
        assert_eq!(postal_item("EE473124828US"), Verdict::WrongCheck('9'));
    }

    #[test]
    fn containers_i2() {
        check(container, "CSQU305438", '3');
        check(container, "TRIU123456", '2');
        check(container, "COSU800121", '5');
        check(container, "QLHU000008", '0');
        assert_eq!(container("CSQA3054383"), Verdict::Malformed);
    }

    #[test]
    fn gs1_keys_i3() {
        check(gs1_key, "629104150021", '3');
        check(gs1_key, "400638133393", '1');
        check(gs1_key, "690123456789", '2');
        check(gs1_key, "00614141123456789", '0');
        check(gs1_key, "36901234000000001", '7');
        check(gs1_key, "1690123456789", '9');
    }
}
