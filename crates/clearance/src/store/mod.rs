//! All SQL of clearance.

pub(crate) mod census;
pub(crate) mod course;
pub(crate) mod decision;
pub(crate) mod declaration;
pub(crate) mod finding;
pub(crate) mod history;
pub(crate) mod inventory;
pub(crate) mod list;
pub(crate) mod mention;
pub(crate) mod message;
pub(crate) mod paper;
pub(crate) mod receipt;
pub(crate) mod summary;
