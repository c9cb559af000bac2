//! Destruction of bonded goods under 海关总署公告2025年第79号, with its clocks.

mod flow;
mod rules;
mod store;
mod types;

pub(crate) use flow::{apply, approve, extend, file_papers, find, finish, give_up};
pub use rules::Clocks;
pub(crate) use rules::standing;
pub(crate) use store::{Filter, list};
pub use types::*;
