//! How personal data look on screen: enough to recognise one's own, not enough to learn another's.

/// A name: the first character, then one star a character (`李**`).
pub fn name(text: &str) -> String {
    keep_ends(text, 1, 0)
}

/// An identity number: the first three and the last two characters (`370*************81`).
pub fn id_number(text: &str) -> String {
    keep_ends(text, 3, 2)
}

/// A telephone number: the first three and the last four digits (`138****5678`).
pub fn phone(text: &str) -> String {
    keep_ends(text, 3, 4)
}

/// An address: the first six characters, about province and city, then three stars.
pub fn address(text: &str) -> String {
    let kept: String = text.chars().take(6).collect();
    if kept.len() == text.len() { keep_ends(text, 2, 0) } else { format!("{kept}***") }
}

fn keep_ends(text: &str, first: usize, last: usize) -> String {
    let count = text.chars().count();
    // Too short to hide anything between the ends: show one character at most.
    let (first, last) = if count > first + last { (first, last) } else { (1, 0) };
    text.chars()
        .enumerate()
        .map(|(i, c)| if count > 1 && (i < first || i >= count - last) { c } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn shows_the_ends_only() {
        assert_eq!(super::name("李小宝"), "李**");
        assert_eq!(super::name("李"), "*");
        assert_eq!(super::id_number("370303188003078812"), "370*************12");
        assert_eq!(super::phone("13812345678"), "138****5678");
        assert_eq!(super::phone("123"), "1**");
        assert_eq!(super::address("山东省淄博市张店区人民路1号"), "山东省淄博市***");
    }
}
