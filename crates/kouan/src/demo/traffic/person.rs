//! Invented buyers. Their identity numbers have the right form and check digit, but birth dates
//! between 1880 and 1899: nobody alive has such a number.

use kernel::identifier::{Verdict, identity_number};

use super::chance::Chance;

/// A buyer, who is also payer and consignee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) id_number: String,
    pub(super) phone: String,
    pub(super) address: String,
    /// Administrative division of the address, six digits.
    pub(super) district: &'static str,
}

struct Place {
    code: &'static str,
    zh: &'static str,
}

const fn place(code: &'static str, zh: &'static str) -> Place {
    Place { code, zh }
}

const PLACES: [Place; 20] = [
    place("370303", "山东省淄博市张店区"),
    place("370302", "山东省淄博市淄川区"),
    place("370305", "山东省淄博市临淄区"),
    place("370306", "山东省淄博市周村区"),
    place("371102", "山东省日照市东港区"),
    place("371103", "山东省日照市岚山区"),
    place("370102", "山东省济南市历下区"),
    place("370202", "山东省青岛市市南区"),
    place("110105", "北京市朝阳区"),
    place("120101", "天津市和平区"),
    place("130102", "河北省石家庄市长安区"),
    place("210102", "辽宁省沈阳市和平区"),
    place("310115", "上海市浦东新区"),
    place("320106", "江苏省南京市鼓楼区"),
    place("330106", "浙江省杭州市西湖区"),
    place("340104", "安徽省合肥市蜀山区"),
    place("410105", "河南省郑州市金水区"),
    place("420106", "湖北省武汉市武昌区"),
    place("440106", "广东省广州市天河区"),
    place("510107", "四川省成都市武侯区"),
];

const SURNAMES: &str = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜";
const GIVEN: &str = "安博晨丹恩帆歌涵嘉可岚明宁沛琪然珊桐薇希晓妍逸悦云泽知子梓清溪朗";

/// Days of the birth dates used: 1880 to 1899.
const DAYS: u64 = 7304;
/// Sequence numbers used with one birth date.
const SEQUENCES: u64 = 997;

/// How many different people there are.
pub(super) const PEOPLE: u64 = PLACES.len() as u64 * DAYS * SEQUENCES;

impl Person {
    /// The person with this number. Different numbers below [`PEOPLE`] are different people; the
    /// stride is prime to the count, so neighbours have little in common.
    pub(super) fn of(number: u64) -> Person {
        const STRIDE: u64 = 75_979_891;
        let mixed = (u128::from(number % PEOPLE) * u128::from(STRIDE) % u128::from(PEOPLE)) as u64;
        let mut chance = Chance::of(mixed, 0x5045_5253, 0);
        let home = &PLACES[(mixed % PLACES.len() as u64) as usize % PLACES.len()];
        let live = chance.pick(&PLACES).unwrap_or(home);
        let rest = mixed / PLACES.len() as u64;
        let born = jiff::civil::date(1880, 1, 1)
            .saturating_add(jiff::Span::new().days((rest % DAYS) as i64));
        let body = format!("{}{}{:03}", home.code, born.strftime("%Y%m%d"), rest / DAYS + 1);
        let street = chance.between(1, 400);
        let house = chance.between(1, 30);
        Person {
            name: name(&mut chance),
            id_number: checked(&body),
            phone: format!("10000{:06}", chance.below(1_000_000)),
            address: format!("{}样例路{street}号{house}单元", live.zh),
            district: live.code,
        }
    }

    /// The same person with a wrong last character in the identity number.
    pub(super) fn with_wrong_check(mut self) -> Person {
        let last = self.id_number.pop();
        self.id_number.push(if last == Some('7') { '3' } else { '7' });
        self
    }
}

fn name(chance: &mut Chance) -> String {
    let surnames: Vec<char> = SURNAMES.chars().collect();
    let given: Vec<char> = GIVEN.chars().collect();
    let mut name = String::new();
    name.extend(chance.pick(&surnames));
    name.extend(chance.pick(&given));
    if chance.per_mille(700) {
        name.extend(chance.pick(&given));
    }
    name
}

/// Appends the check character of an identity number of 17 digits.
fn checked(body: &str) -> String {
    match identity_number(&format!("{body}0")) {
        Verdict::WrongCheck(check) => format!("{body}{check}"),
        Verdict::Good | Verdict::Malformed => format!("{body}0"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn people_are_different_and_their_numbers_valid() {
        let mut seen = HashSet::new();
        for number in (0..5_000).chain(PEOPLE - 1_000..PEOPLE) {
            let person = Person::of(number);
            assert_eq!(identity_number(&person.id_number), Verdict::Good, "{}", person.id_number);
            assert!(person.id_number[6..10].starts_with("18"), "nobody alive");
            assert!(seen.insert(person.id_number));
        }
        let wrong = Person::of(3).with_wrong_check();
        assert!(matches!(identity_number(&wrong.id_number), Verdict::WrongCheck(_)));
    }
}
