//! Import comprehensive tax of cross-border retail: value, duty, VAT, consumption tax.
