//! Account books, their records, and what enters the zone.

mod flow;
pub(crate) mod rules;
pub(crate) mod store;
mod types;

pub(crate) use flow::{
    Seer, close, codes_of, find_entry, firm_of, name_of, owned, resolve, seer, short,
};
pub use flow::{enter, file_records, load_zone, open_book};
pub use types::*;
