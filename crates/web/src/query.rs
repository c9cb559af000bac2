//! Reading a query string strictly: an unknown or repeated parameter is a finding, never ignored,
//! because a misspelt filter that is ignored answers a different question than was asked.

use std::cell::RefCell;
use std::fmt;

use kernel::{Finding, Text};
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Name and value of each parameter, percent-decoded, in order.
pub(crate) type Pairs = Vec<(String, String)>;

/// Splits a query string.
pub(crate) fn pairs(query: &str) -> Pairs {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Reads the parameters into `T`, a struct of options, texts, numbers, booleans, unit enums or
/// comma-separated lists of them. `known` are names somebody else has read already. An empty value
/// counts as absent for an `Option`.
pub(crate) fn read<T: DeserializeOwned>(pairs: &Pairs, known: &[&str]) -> Result<T, Vec<Finding>> {
    let findings = RefCell::new(Vec::new());
    let outcome = T::deserialize(Whole { pairs, known, findings: &findings });
    let mut findings = findings.into_inner();
    match outcome {
        Ok(value) if findings.is_empty() => Ok(value),
        Ok(_) => Err(findings),
        Err(fault) => {
            if !fault.told {
                findings.push(fault.finding());
            }
            Err(findings)
        }
    }
}

#[derive(Debug, Default)]
struct Fault {
    field: String,
    found: String,
    expected: String,
    missing: bool,
    /// The findings already say it.
    told: bool,
}

impl Fault {
    fn finding(self) -> Finding {
        if self.missing {
            return Finding::error(
                "query.missing",
                Text::new("缺少查询参数", "a query parameter is missing"),
                Text::new("请补上该参数", "add the parameter"),
            )
            .at(self.field);
        }
        Finding::error(
            "query.invalid",
            Text::new("查询参数的值不正确", "the value of a query parameter is wrong"),
            Text::new("请按接口文档改正", "correct it as the API document says"),
        )
        .at(self.field)
        .found(self.found, self.expected)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}", self.field, self.expected)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Fault {
        Fault { expected: message.to_string(), ..Fault::default() }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Fault {
        Fault { found: variant.into(), expected: expected.join(" | "), ..Fault::default() }
    }

    fn missing_field(field: &'static str) -> Fault {
        Fault { field: field.into(), missing: true, ..Fault::default() }
    }
}

struct Whole<'a> {
    pairs: &'a Pairs,
    known: &'a [&'a str],
    findings: &'a RefCell<Vec<Finding>>,
}

impl<'a> Whole<'a> {
    /// Puts a finding for each parameter that is not in `fields` or stands there twice.
    fn judge(&self, fields: &[&str]) -> Result<(), Fault> {
        let mut findings = self.findings.borrow_mut();
        for (n, (name, _)) in self.pairs.iter().enumerate() {
            let known = self.known.contains(&name.as_str());
            if !known && !fields.contains(&name.as_str()) {
                let expected: Vec<_> = fields.iter().chain(self.known).copied().collect();
                let text = Text::new("不认识的查询参数", "an unknown query parameter");
                let remedy = Text::new("请删除或改正参数名", "remove it or correct its name");
                let expected = expected.join(" | ");
                let finding = Finding::error("query.unknown", text, remedy);
                findings.push(finding.at(name.clone()).found(name.clone(), expected));
            } else if self.pairs[..n].iter().any(|(earlier, _)| earlier == name) {
                let text = Text::new("查询参数重复", "a query parameter is repeated");
                let remedy =
                    Text::new("只保留一个;多个值用逗号分隔", "give it once; commas between");
                findings.push(Finding::error("query.repeated", text, remedy).at(name.clone()));
            }
        }
        let told = !findings.is_empty();
        if told { Err(Fault { told, ..Fault::default() }) } else { Ok(()) }
    }
}

impl<'de> de::Deserializer<'de> for Whole<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(Params { rest: self.pairs.iter(), value: None, known: self.known })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.judge(fields)?;
        self.deserialize_any(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.judge(&[])?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Params<'a> {
    rest: std::slice::Iter<'a, (String, String)>,
    value: Option<&'a (String, String)>,
    known: &'a [&'a str],
}

impl<'de> de::MapAccess<'de> for Params<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.value = self.rest.find(|(name, _)| !self.known.contains(&name.as_str()));
        let Some((name, _)) = self.value else { return Ok(None) };
        let name: StrDeserializer<'_, Fault> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((name, text)) = self.value else {
            return Err(de::Error::custom("a value without a name"));
        };
        seed.deserialize(Value(text)).map_err(|mut fault| {
            fault.field.clone_from(name);
            if fault.found.is_empty() {
                fault.found.clone_from(text);
            }
            fault
        })
    }
}

struct Value<'a>(&'a str);

macro_rules! parsed {
    ($($method:ident $visit:ident $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let wrong = |_| Fault { expected: $expected.into(), ..Fault::default() };
            visitor.$visit(self.0.parse().map_err(wrong)?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Value<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.0)
    }

    parsed! {
        deserialize_bool visit_bool "true | false";
        deserialize_i8 visit_i8 "an integer";
        deserialize_i16 visit_i16 "an integer";
        deserialize_i32 visit_i32 "an integer";
        deserialize_i64 visit_i64 "an integer";
        deserialize_u8 visit_u8 "an integer from 0";
        deserialize_u16 visit_u16 "an integer from 0";
        deserialize_u32 visit_u32 "an integer from 0";
        deserialize_u64 visit_u64 "an integer from 0";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Listed(self.0.split(',')))
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map
        struct identifier ignored_any
    }
}

struct Listed<'a>(std::str::Split<'a, char>);

impl<'de> de::SeqAccess<'de> for Listed<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        self.0.next().map(|text| seed.deserialize(Value(text))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum State {
        Open,
        Closed,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Filter {
        state: Option<State>,
        year: Option<u32>,
        #[serde(default)]
        number: Vec<String>,
        after: Option<String>,
    }

    fn parse(query: &str) -> Result<Filter, Vec<Finding>> {
        read(&pairs(query), &["limit"])
    }

    #[test]
    fn reads_texts_numbers_enums_and_lists() {
        let filter = parse("state=open&year=2026&number=A1,B%202&limit=5").unwrap();
        let number = vec!["A1".to_owned(), "B 2".to_owned()];
        assert_eq!(
            filter,
            Filter { state: Some(State::Open), year: Some(2026), number, after: None }
        );
        assert_eq!(parse("state=").unwrap().state, None);
    }

    #[test]
    fn every_unknown_and_repeated_parameter_is_named() {
        let findings = parse("stat=open&year=1&year=2&x=1").unwrap_err();
        let told: Vec<_> = findings.iter().map(|f| (f.code, f.path.as_str())).collect();
        assert_eq!(
            told,
            [("query.unknown", "stat"), ("query.repeated", "year"), ("query.unknown", "x")]
        );
        assert_eq!(findings[0].expected, "state | year | number | after | limit");
    }

    #[test]
    fn a_wrong_value_says_which_field_and_what_is_allowed() {
        let finding = parse("state=opened").unwrap_err().remove(0);
        assert_eq!((finding.path.as_str(), finding.found.as_str()), ("state", "opened"));
        assert_eq!(finding.expected, "open | closed");
        let finding = parse("year=soon").unwrap_err().remove(0);
        assert_eq!(
            (finding.code, finding.expected.as_str()),
            ("query.invalid", "an integer from 0")
        );
    }

    #[test]
    fn no_filter_at_all_takes_no_parameter() {
        assert!(read::<()>(&pairs("limit=3"), &["limit"]).is_ok());
        assert_eq!(read::<()>(&pairs("a=3"), &["limit"]).unwrap_err()[0].code, "query.unknown");
    }

    #[test]
    fn a_missing_parameter_is_named() {
        #[derive(Debug, Deserialize)]
        struct Needs {
            #[serde(rename = "on")]
            _on: String,
        }
        let findings = read::<Needs>(&pairs(""), &[]).unwrap_err();
        assert_eq!((findings[0].code, findings[0].path.as_str()), ("query.missing", "on"));
    }
}
