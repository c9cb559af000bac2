//! Quoting: is it retail, and what tax is due.

use std::sync::Arc;

use kernel::{Date, Decimal, Fen, Finding, Round};
use register::rules::{Law, NoRule, Rules, Ruling};
use register::tariff::Tariff;
use serde::{Serialize, Serializer};

use crate::apportion::by_largest_remainder;
use crate::fault;
use crate::ratio::Ratio;
use crate::request::{Item, Request};
use crate::terms::{self, Applied, Terms, Used};

/// Largest amount or quantity taken, so that all arithmetic stays exact.
const NUMBER_MAX: i64 = 1_000_000_000_000;
/// Most decimals of an amount or quantity; messages have 5.
const DECIMALS_MAX: u32 = 12;
/// Decimals shown of a quantity that does not end, such as tonnes of beer from litres.
const QUANTITY_DECIMALS: u32 = 9;

/// Whether an order comes in as retail, and how it is taxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Retail within the limits: the share of statutory VAT and consumption tax, duty at the rate
    /// for retail.
    WithinLimit,
    /// Retail over the single limit, one piece, within the yearly limit: taxed in full.
    FullRate,
    /// Over the single limit with several pieces: not retail, and not to be split artificially.
    NotRetail,
    /// Over the yearly limit (before 2019 also over the single one): general trade.
    GeneralTrade,
}

impl Verdict {
    /// Whether the order comes in as retail.
    pub fn is_retail(self) -> bool {
        matches!(self, Verdict::WithinLimit | Verdict::FullRate)
    }
}

/// The answer. On the wire amounts are strings in yuan.
///
/// For an order that is not retail the taxes are what full rates come to: an estimate of what the
/// same goods bear as general trade, not a claim by this channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// Whether it is retail, and at which rates.
    pub verdict: Verdict,
    /// Sum of the lines: price, freight, insurance. What counts against the limits.
    #[serde(serialize_with = "yuan")]
    pub customs_value: Decimal,
    /// Duty.
    #[serde(serialize_with = "fen")]
    pub duty: Fen,
    /// Consumption tax.
    #[serde(serialize_with = "fen")]
    pub consumption_tax: Fen,
    /// Value added tax.
    #[serde(serialize_with = "fen")]
    pub vat: Fen,
    /// All three.
    #[serde(serialize_with = "fen")]
    pub total: Fen,
    /// The lines in the order of the request; their amounts sum to those above.
    pub lines: Vec<Line>,
    /// Every rule that took part.
    pub rules: Vec<RuleReference>,
    /// Warnings; not there when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// As asked.
    pub hs_code: String,
    /// Its part of the freight.
    #[serde(serialize_with = "yuan")]
    pub freight: Decimal,
    /// Its part of the insurance.
    #[serde(serialize_with = "yuan")]
    pub insurance: Decimal,
    /// Price, freight, insurance.
    #[serde(serialize_with = "yuan")]
    pub customs_value: Decimal,
    /// Duty.
    #[serde(serialize_with = "fen")]
    pub duty: Fen,
    /// Consumption tax.
    #[serde(serialize_with = "fen")]
    pub consumption_tax: Fen,
    /// Value added tax.
    #[serde(serialize_with = "fen")]
    pub vat: Fen,
    /// All three.
    #[serde(serialize_with = "fen")]
    pub total: Fen,
    /// The rates it was taxed at, before the share collected within the limits.
    pub rates: LineRates,
}

/// Rates of a line, as fractions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineRates {
    /// Duty on the customs value.
    pub duty: Decimal,
    /// VAT on the composite price.
    pub vat: Decimal,
    /// Consumption tax on the composite price.
    pub ad_valorem: Decimal,
    /// Consumption tax in yuan per unit.
    pub per_unit: Decimal,
    /// Units counted, to 9 decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_quantity: Option<Decimal>,
    /// Share of VAT and consumption tax that is collected.
    pub share: Decimal,
}

/// A rule that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleReference {
    /// Id in the rule files.
    #[serde(serialize_with = "text")]
    pub id: Arc<str>,
    /// Document it comes from.
    #[serde(serialize_with = "text")]
    pub source: Arc<str>,
    /// First day it holds.
    pub from: Date,
}

/// Quotes an order by the law of its day.
///
/// # Errors
/// Every finding, with its JSON path, when the request cannot be quoted: a value that is missing
/// or out of range, a mode that is not retail, goods the tariff does not know or the positive list
/// does not admit.
pub fn quote(request: &Request, rules: &Rules, tariff: &Tariff) -> Result<Quote, Vec<Finding>> {
    let law = rules.on(request.on);
    let mut used = Used::default();
    let mut findings = Vec::new();
    check(request, &law, &mut findings);
    let frame = Frame::of(&law, &mut used, &mut findings);
    let indices = 0..request.items.len();
    let terms: Vec<Option<Terms>> = indices
        .map(|index| terms::of(request, index, &law, tariff, &mut used, &mut findings))
        .collect();
    let terms: Option<Vec<Terms>> = terms.into_iter().collect();
    let (Some(frame), Some(terms)) = (frame, terms) else { return Err(findings) };
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    let quoted = compute(request, &frame, &law, &terms, &mut used, &mut findings);
    match quoted {
        Some(mut quote) if !findings.iter().any(Finding::is_error) => {
            quote.rules = used.into_references();
            quote.findings = findings;
            Ok(quote)
        }
        Some(_) => Err(findings),
        None => {
            if !findings.iter().any(Finding::is_error) {
                findings.push(fault::overflow("items"));
            }
            Err(findings)
        }
    }
}

/// What the law of the day says of every order.
struct Frame {
    single: Decimal,
    annual: Decimal,
    annual_inclusive: bool,
    one_piece_full_rate: bool,
    round: Round,
    with_freight: bool,
    with_insurance: bool,
}

impl Frame {
    fn of(law: &Law<'_>, used: &mut Used, findings: &mut Vec<Finding>) -> Option<Frame> {
        let single = kept(law.decimal("import.limit.single"), used, findings);
        let annual = kept(law.decimal("import.limit.annual"), used, findings);
        let inclusive = kept(law.bool("import.limit.annual_inclusive"), used, findings);
        let one_piece = kept(law.bool("import.limit.single_piece_full_rate"), used, findings);
        let parts = kept(law.list("import.value.parts"), used, findings);
        let rounding = kept(law.text("import.tax.rounding"), used, findings);
        let round = match rounding.as_deref() {
            Some("half_up") => Some(Round::HalfUp),
            Some("down") => Some(Round::Down),
            Some(other) => {
                let known = "half_up or down";
                findings.push(fault::rule_unknown("import.tax.rounding", other, known));
                None
            }
            None => None,
        };
        for (id, known) in [
            ("import.tax.rounding_scope", "line"),
            ("import.value.apportionment", "by_price_largest_remainder"),
        ] {
            let found = kept(law.text(id), used, findings);
            if found.as_deref().is_some_and(|found| found != known) {
                findings.push(fault::rule_unknown(id, found.as_deref().unwrap_or_default(), known));
            }
        }
        let parts = parts?;
        let has = |name: &str| parts.iter().any(|part| **part == *name);
        Some(Frame {
            single: single?,
            annual: annual?,
            annual_inclusive: inclusive?,
            one_piece_full_rate: one_piece?,
            round: round?,
            with_freight: has("freight"),
            with_insurance: has("insurance"),
        })
    }

    fn verdict(&self, request: &Request, customs_value: Decimal) -> Option<Verdict> {
        let sum = request.buyer_used.checked_add(customs_value)?;
        let over_annual = sum > self.annual || (sum == self.annual && !self.annual_inclusive);
        let one_piece = matches!(&*request.items, [only] if only.quantity == Decimal::ONE);
        Some(if over_annual {
            Verdict::GeneralTrade
        } else if customs_value <= self.single {
            Verdict::WithinLimit
        } else if !self.one_piece_full_rate {
            Verdict::GeneralTrade
        } else if one_piece {
            Verdict::FullRate
        } else {
            Verdict::NotRetail
        })
    }
}

fn kept<T>(
    ruling: Result<Ruling<T>, NoRule>,
    used: &mut Used,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    match ruling {
        Ok(ruling) => Some(used.take(ruling)),
        Err(missing) => {
            findings.push(missing.to_finding());
            None
        }
    }
}

/// At which rates the whole order is taxed.
struct Channel {
    /// Duty in place of the tariff's.
    duty: Option<Decimal>,
    share: Decimal,
    round: Round,
}

/// `None` when a number is too large. Findings may be added.
fn compute(
    request: &Request,
    frame: &Frame,
    law: &Law<'_>,
    terms: &[Terms],
    used: &mut Used,
    findings: &mut Vec<Finding>,
) -> Option<Quote> {
    let prices: Vec<Decimal> = request.items.iter().map(|item| item.total_price).collect();
    let amount = |counts: bool, amount: Decimal| if counts { amount } else { Decimal::ZERO };
    let freight = by_largest_remainder(amount(frame.with_freight, request.freight), &prices)?;
    let insurance = by_largest_remainder(amount(frame.with_insurance, request.insurance), &prices)?;
    let value =
        |index: usize| prices[index].checked_add(freight[index])?.checked_add(insurance[index]);
    let values: Vec<Decimal> = (0..prices.len()).map(value).collect::<Option<_>>()?;
    let customs_value = values.iter().try_fold(Decimal::ZERO, |sum, v| sum.checked_add(*v))?;
    let verdict = frame.verdict(request, customs_value)?;
    let mut channel = Channel { duty: None, share: Decimal::ONE, round: frame.round };
    if verdict == Verdict::WithinLimit {
        channel.share = kept(law.decimal("import.share_of_statutory"), used, findings)?;
        channel.duty = Some(kept(law.decimal("import.duty_within_limit"), used, findings)?);
    }
    let mut lines = Vec::with_capacity(prices.len());
    for (index, (terms, item)) in terms.iter().zip(&request.items).enumerate() {
        let Some(duty) = channel.duty.or(terms.duty) else {
            findings.push(terms::duty_missing(index));
            continue;
        };
        let path = format!("items[{index}]");
        let base = Ratio::of(values[index])?;
        let applied = terms.consumption_tax.applied(item, base, &path, findings)?;
        let mut line = assess(item, base, duty, terms.vat, &applied, &channel)?;
        line.freight = freight[index];
        line.insurance = insurance[index];
        line.customs_value = values[index];
        lines.push(line);
    }
    let sum = |part: fn(&Line) -> Fen| {
        lines.iter().try_fold(Fen::ZERO, |sum, line| sum.checked_add(part(line)))
    };
    Some(Quote {
        verdict,
        customs_value,
        duty: sum(|line| line.duty)?,
        consumption_tax: sum(|line| line.consumption_tax)?,
        vat: sum(|line| line.vat)?,
        total: sum(|line| line.total)?,
        lines,
        rules: Vec::new(),
        findings: Vec::new(),
    })
}

/// The taxes of one line: with D the duty, q the specific consumption tax and c its share of the
/// composite price, P = (value + D + q) / (1 − c); consumption tax = P·c + q; VAT = P·v.
fn assess(
    item: &Item,
    base: Ratio,
    duty: Decimal,
    vat: Decimal,
    tax: &Applied,
    channel: &Channel,
) -> Option<Line> {
    let share = Ratio::of(channel.share)?;
    let ad_valorem = Ratio::of(tax.ad_valorem)?;
    let specific = match tax.unit_quantity {
        Some(quantity) => quantity.mul(Ratio::of(tax.per_unit)?)?,
        None => Ratio::ZERO,
    };
    let own_duty = base.mul(Ratio::of(duty)?)?;
    let composite = base.add(own_duty)?.add(specific)?.div(Ratio::ONE.sub(ad_valorem)?)?;
    let consumption = composite.mul(ad_valorem)?.add(specific)?.mul(share)?;
    let value_added = composite.mul(Ratio::of(vat)?)?.mul(share)?;
    let fen = |ratio: Ratio| ratio.to_fen(channel.round);
    let (duty_fen, consumption_tax, vat_fen) =
        (fen(own_duty)?, fen(consumption)?, fen(value_added)?);
    let total = duty_fen.checked_add(consumption_tax)?.checked_add(vat_fen)?;
    let unit_quantity = match tax.unit_quantity {
        Some(quantity) => Some(quantity.to_decimal(QUANTITY_DECIMALS)?),
        None => None,
    };
    Some(Line {
        hs_code: item.hs_code.clone(),
        freight: Decimal::ZERO,
        insurance: Decimal::ZERO,
        customs_value: Decimal::ZERO,
        duty: duty_fen,
        consumption_tax,
        vat: vat_fen,
        total,
        rates: LineRates {
            duty,
            vat,
            ad_valorem: tax.ad_valorem,
            per_unit: tax.per_unit,
            unit_quantity,
            share: channel.share,
        },
    })
}

fn check(request: &Request, law: &Law<'_>, findings: &mut Vec<Finding>) {
    match law.list("import.retail_modes") {
        Ok(modes) if modes.value.iter().all(|mode| **mode != *request.mode) => {
            findings.push(fault::mode(&request.mode, &modes.value.join(", ")));
        }
        Ok(_) => {}
        Err(missing) => findings.push(missing.to_finding()),
    }
    let amounts = [
        ("buyer_used", request.buyer_used),
        ("freight", request.freight),
        ("insurance", request.insurance),
    ];
    for (path, amount) in amounts {
        not_negative(path, amount, findings);
    }
    let lines = request.items.len();
    let most =
        law.int("import.order_lines_max").ok().and_then(|max| usize::try_from(max.value).ok());
    if lines == 0 || most.is_some_and(|most| lines > most) {
        let expected = format!("1..{} lines", most.unwrap_or(lines));
        findings.push(fault::range("items", lines, &expected));
    }
    for (index, item) in request.items.iter().enumerate() {
        check_item(item, &format!("items[{index}]"), findings);
    }
}

fn check_item(item: &Item, path: &str, findings: &mut Vec<Finding>) {
    let at = |name: &str| format!("{path}.{name}");
    // With rates given the tariff need not know the code, so a heading will do.
    let own_rates = item.rates.as_ref().is_some_and(|rates| rates.vat.is_some());
    let shortest = if own_rates { 4 } else { 10 };
    let digits = item.hs_code.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !(shortest..=10).contains(&item.hs_code.len()) {
        findings.push(fault::format(&at("hs_code"), &item.hs_code, "10 digits"));
    }
    let needed = [("quantity", Some(item.quantity)), ("total_price", Some(item.total_price))];
    let optional = [("net_content_g", item.net_content_g), ("pieces", item.pieces)];
    let tax = item.rates.as_ref().and_then(|rates| rates.consumption_tax.as_ref());
    let own = ("rates.consumption_tax.unit_quantity", tax.and_then(|tax| tax.unit_quantity));
    for (name, number) in needed.into_iter().chain(optional).chain([own]) {
        if let Some(number) = number {
            positive(&at(name), number, findings);
        }
    }
    let per_unit = tax.and_then(|tax| tax.per_unit);
    if let Some(number) = per_unit {
        not_negative(&at("rates.consumption_tax.per_unit"), number, findings);
    }
    let Some(rates) = &item.rates else { return };
    let fraction = |name: &str, rate: Option<Decimal>, max: Decimal, findings: &mut Vec<_>| {
        let fits = |rate: &Decimal| {
            (Decimal::ZERO..max).contains(rate) && rate.normalize().scale() <= DECIMALS_MAX
        };
        if let Some(rate) = rate.filter(|rate| !fits(rate)) {
            let expected = format!("a fraction from 0 to below {max}, such as 0.13");
            findings.push(fault::range(&at(name), rate, &expected));
        }
    };
    fraction("rates.duty", rates.duty, Decimal::TEN, findings);
    fraction("rates.vat", rates.vat, Decimal::ONE, findings);
    let ad_valorem = tax.and_then(|tax| tax.ad_valorem);
    fraction("rates.consumption_tax.ad_valorem", ad_valorem, Decimal::ONE, findings);
}

fn not_negative(path: &str, number: Decimal, findings: &mut Vec<Finding>) {
    if number < Decimal::ZERO || !fits(number) {
        findings.push(fault::range(path, number, &format!("0..{NUMBER_MAX}, 12 decimals at most")));
    }
}

fn positive(path: &str, number: Decimal, findings: &mut Vec<Finding>) {
    if number <= Decimal::ZERO || !fits(number) {
        let expected = format!("above 0, {NUMBER_MAX} at most, 12 decimals at most");
        findings.push(fault::range(path, number, &expected));
    }
}

fn fits(number: Decimal) -> bool {
    number <= Decimal::from(NUMBER_MAX) && number.normalize().scale() <= DECIMALS_MAX
}

fn yuan<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    let mut amount = amount.normalize();
    if amount.scale() < 2 {
        amount.rescale(2);
    }
    serializer.collect_str(&amount)
}

fn fen<S: Serializer>(amount: &Fen, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
