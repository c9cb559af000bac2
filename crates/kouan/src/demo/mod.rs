//! A simulated day of imports, played through the real doors.

pub mod traffic;
