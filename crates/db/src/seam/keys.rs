//! How the table `keys` gets into a statement that may have tables of its own.

/// Puts the table in front of a statement: `WITH keys… SELECT …`, or first in its own `WITH`.
pub(crate) fn with(table: &str, sql: &str) -> String {
    let sql = sql.trim_start();
    match sql.get(..5) {
        Some(word) if word[..4].eq_ignore_ascii_case("with") && word.ends_with(is_space) => {
            format!("WITH {table}, {}", &sql[5..])
        }
        _ => format!("WITH {table} {sql}"),
    }
}

fn is_space(c: char) -> bool {
    c.is_ascii_whitespace()
}
