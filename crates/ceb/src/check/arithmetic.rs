//! Sums and products, line numbers, and fields that go together.

use std::collections::HashSet;

use kernel::{Decimal, Level};

use crate::check::field::CORRECT;
use crate::check::{At, Check};
use crate::message::{Document, Record};
use crate::schema::FieldIndex;

/// The positions a line's arithmetic needs; they differ from record to record.
#[derive(Clone, Copy)]
pub(super) struct LineFields {
    pub(super) quantity: FieldIndex,
    pub(super) price: FieldIndex,
    pub(super) total: FieldIndex,
}

impl Check<'_> {
    /// `totalPrice` is `qty × price`, within the rounding of both: half a unit of the last place
    /// of the price for each piece, and half a unit of the last place of the total, where the
    /// last place is the second decimal or a finer one that is written out.
    pub(super) fn line_totals(&mut self, document: &Document, number: u32, fields: LineFields) {
        for (record, line) in document.lines.iter().zip(1u32..) {
            let value = |at| record.decimal_at(at);
            let (Some(quantity), Some(price), Some(total)) =
                (value(fields.quantity), value(fields.price), value(fields.total))
            else {
                continue;
            };
            let Some(product) = quantity.checked_mul(price) else { continue };
            // A scale beyond what decimals hold has been found against the structure.
            let half = |amount: Decimal| Decimal::try_new(5, amount.scale().max(2) + 1).ok();
            let allowed = half(price)
                .and_then(|half| quantity.abs().checked_mul(half))
                .and_then(|each| each.checked_add(half(total)?));
            let off = product.checked_sub(total).map(|off| off.abs());
            if let (Some(off), Some(allowed)) = (off, allowed)
                && off > allowed
            {
                self.on_field(
                    Level::Error,
                    "amount.line_total",
                    At { record, document: number, line },
                    fields.total,
                    &product.normalize().to_string(),
                    ("总价不等于单价乘以数量", "The line total is not unit price times quantity"),
                    CORRECT,
                );
            }
        }
    }

    /// The line totals should add up to the goods value.
    pub(super) fn goods_value(
        &mut self,
        document: &Document,
        head: At<'_>,
        goods: FieldIndex,
        total: FieldIndex,
    ) {
        let sum = document
            .lines
            .iter()
            .map(|line| line.decimal_at(total))
            .try_fold(Decimal::ZERO, |sum, each| sum.checked_add(each?));
        let (Some(sum), Some(value)) = (sum, head.record.decimal_at(goods)) else { return };
        if sum != value {
            self.on_field(
                Level::Warning,
                "amount.goods_value",
                head,
                goods,
                &sum.normalize().to_string(),
                ("商品价格不等于各项总价之和", "The goods value is not the sum of the line totals"),
                ("核对商品价格和各项总价", "compare the goods value with the lines"),
            );
        }
    }

    /// Lines are numbered 1, 2, 3 …
    pub(super) fn consecutive(&mut self, document: &Document, number: u32, gnum: FieldIndex) {
        for (record, line) in document.lines.iter().zip(1u32..) {
            let found = record.decimal_at(gnum);
            if found.is_some_and(|found| found != Decimal::from(line)) {
                self.on_field(
                    Level::Error,
                    "line.number",
                    At { record, document: number, line },
                    gnum,
                    &line.to_string(),
                    ("表体序号须从 1 开始连续", "Lines must be numbered from 1 without gaps"),
                    ("重新编号", "number the lines anew"),
                );
            }
        }
    }

    /// No two lines say the same in a field.
    pub(super) fn unique_lines(
        &mut self,
        document: &Document,
        number: u32,
        field: FieldIndex,
        code: &'static str,
        texts: (&str, &str),
    ) {
        let mut seen = HashSet::with_capacity(document.lines.len());
        for (record, line) in document.lines.iter().zip(1u32..) {
            if record.at(field).is_some_and(|value| !seen.insert(value)) {
                let at = At { record, document: number, line };
                let remedy = ("只保留一项", "keep one of them");
                self.on_field(Level::Error, code, at, field, "each once", texts, remedy);
            }
        }
    }

    /// The second statutory quantity and its unit stand together or not at all.
    pub(super) fn second_quantity(
        &mut self,
        document: &Document,
        number: u32,
        quantity: FieldIndex,
        unit: FieldIndex,
    ) {
        for (record, line) in document.lines.iter().zip(1u32..) {
            let absent = match (record.at(quantity), record.at(unit)) {
                (Some(_), None) => unit,
                (None, Some(_)) => quantity,
                _ => continue,
            };
            self.on_field(
                Level::Error,
                "line.second_quantity",
                At { record, document: number, line },
                absent,
                "both or neither",
                (
                    "第二数量与第二计量单位须同时填写或同时为空",
                    "The second quantity and its unit stand together or not at all",
                ),
                CORRECT,
            );
        }
    }

    /// Net weight is at most gross weight.
    pub(super) fn weights(&mut self, head: At<'_>, gross: FieldIndex, net: FieldIndex) {
        let value = |at| head.record.decimal_at(at);
        if let (Some(most), Some(weight)) = (value(gross), value(net))
            && weight > most
        {
            self.on_field(
                Level::Error,
                "weight.net_above_gross",
                head,
                net,
                &format!("at most {}", most.normalize()),
                ("净重大于毛重", "The net weight is above the gross weight"),
                CORRECT,
            );
        }
    }

    /// A field may hold one of a few values here.
    pub(super) fn only(
        &mut self,
        at: At<'_>,
        field: FieldIndex,
        allowed: &[&str],
        code: &'static str,
        texts: (&str, &str),
    ) {
        if at.record.at(field).is_some_and(|value| !allowed.contains(&value)) {
            let expected = allowed.join(" | ");
            self.on_field(Level::Error, code, at, field, &expected, texts, CORRECT);
        }
    }

    /// A field must be filled because of the trade mode.
    pub(super) fn mode_asks(&mut self, at: At<'_>, mode: &str, fields: &[FieldIndex]) {
        for field in fields {
            let Some(def) = at.record.def().field(*field) else { continue };
            if at.record.at(*field).is_some() {
                continue;
            }
            self.on_field(
                Level::Error,
                "mode.field_missing",
                at,
                *field,
                def.name,
                (
                    &format!("贸易方式 {mode} 须填写{}", def.zh),
                    &format!("Trade mode {mode} asks for the {}", def.en),
                ),
                ("补填", "fill it in"),
            );
        }
    }

    /// A field is of no use in the trade mode.
    pub(super) fn mode_leaves(&mut self, at: At<'_>, mode: &str, fields: &[FieldIndex]) {
        for field in fields {
            let Some(def) = at.record.def().field(*field) else { continue };
            if at.record.at(*field).is_none() {
                continue;
            }
            self.on_field(
                Level::Warning,
                "mode.field_superfluous",
                at,
                *field,
                "",
                (
                    &format!("贸易方式 {mode} 免填{}", def.zh),
                    &format!("Trade mode {mode} leaves the {} empty", def.en),
                ),
                ("留空", "leave it empty"),
            );
        }
    }
}

/// Shorthand for a line of a document.
pub(super) fn line_at(record: &Record, document: u32, line: u32) -> At<'_> {
    At { record, document, line }
}
