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
];

/// The starting tariff.
pub(crate) const TARIFF: &[Source<'static>] = files!["tariff/":
];

/// Code lists.
pub(crate) const CODES: &[Source<'static>] = files!["codes/":
];

/// Meanings and remedies of codes.
pub(crate) const REMEDIES: &[Source<'static>] = files!["remedies/":
];
