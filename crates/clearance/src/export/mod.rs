//! The rules of export: what its documents must agree on, whether a list will do or a declaration
//! form is needed, what follows what, and what is summarised when. Pure.

pub mod compare;
pub mod form;
pub mod law;
pub mod reference;
pub mod step;
pub mod summary;
pub mod window;

pub use law::{ExportLaw, ExportMode};
