//! Plans a simulated day: who sends what, when, and what ought to come of it.
