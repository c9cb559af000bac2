//! The files of `rules/`, compiled in. A test keeps these lists equal to the directory.

use crate::source::Source;

macro_rules! files {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(Source {
            name: $name,
            text: include_str!(concat!("../../../rules/", $folder, $name)),
        }),*]
    };
}

/// Law by date.
pub(crate) const RULES: &[Source<'static>] = files!["":
    "bonded.toml",
    "calendar.toml",
    "collection.toml",
    "consumption-tax.toml",
    "credit.toml",
    "exchange-rate.toml",
    "export.toml",
    "foreign-exchange.toml",
    "identifiers.toml",
    "import-limits.toml",
    "import-tax.toml",
    "matching.toml",
    "messages.toml",
    "platform-report.toml",
    "positive-list.toml",
    "retention.toml",
    "returns.toml",
];

/// The starting tariff.
pub(crate) const TARIFF: &[Source<'static>] = files!["tariff/":
    "care.csv",
    "chemicals.csv",
    "electronics.csv",
    "food.csv",
    "industry.csv",
    "textiles.csv",
];

/// Code lists.
pub(crate) const CODES: &[Source<'static>] = files!["codes/":
    "app_status.csv",
    "app_type.csv",
    "country.csv",
    "currency.csv",
    "customs.csv",
    "division.csv",
    "exchange_code.csv",
    "id_type.csv",
    "ie_flag.csv",
    "lists.csv",
    "logistics_status.csv",
    "order_type.csv",
    "pay_type.csv",
    "receipt_status.csv",
    "statistics_flag.csv",
    "tax_bill_status.csv",
    "trade_mode.csv",
    "transport_mode.csv",
    "unit.csv",
    "ver_dept.csv",
    "wrap_type.csv",
];

/// Meanings and remedies of codes.
pub(crate) const REMEDIES: &[Source<'static>] = files!["remedies/":
    "customs.csv",
    "eport.csv",
    "exchange.csv",
    "format.csv",
    "payment-data.csv",
    "status.csv",
];
