//! The national customs message family (CEB): read, check, write, sign, envelope.
