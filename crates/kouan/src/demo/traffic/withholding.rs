//! What the platform withholds for taxes: what the tax room quotes for the goods as the inventory
//! will describe them.

use kernel::{Date, Decimal, Fen};
use register::rules::Rules;
use register::tariff::Tariff;
use tax::{Item, Request};

use super::parcel::{Basket, Line};

/// Taxes due on a basket whose buyer has bought nothing else this year.
///
/// # Errors
/// When the basket cannot be taxed: a bug in the catalogue.
pub(super) fn withheld(
    basket: &Basket,
    mode: &str,
    on: Date,
    rules: &Rules,
    tariff: &Tariff,
) -> Result<Fen, String> {
    let request = Request {
        on,
        mode: mode.to_owned(),
        buyer_used: Decimal::ZERO,
        freight: basket.freight.to_yuan(),
        insurance: Decimal::ZERO,
        items: basket.lines.iter().map(item).collect(),
    };
    match tax::quote(&request, rules, tariff) {
        Ok(quote) => Ok(quote.total),
        Err(findings) => {
            let told: Vec<String> =
                findings.iter().map(|f| format!("{} {} {}", f.code, f.path, f.found)).collect();
            Err(told.join("; "))
        }
    }
}

fn item(line: &Line) -> Item {
    Item {
        hs_code: line.good.hs_code.clone(),
        quantity: Decimal::from(line.pieces),
        total_price: line.total().to_yuan(),
        net_content_g: line.good.net_content(line.pieces),
        pieces: line.good.sheets(line.pieces),
        rates: None,
    }
}
