//! Reads the SQL of migrations just far enough to split it and to translate its types.

/// A piece of SQL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Word(&'a str),
    /// Strings, comments, numbers, signs, spaces: passed on as they are.
    Other(&'a str),
    Comment(&'a str),
    End,
}

/// Things that only one engine has, or that hide behaviour from the program.
const FORBIDDEN: [&str; 8] =
    ["AUTOINCREMENT", "SERIAL", "BIGSERIAL", "TRIGGER", "JSONB", "VARCHAR", "NUMERIC", "REAL"];

/// The statements of a migration, comments outside of them left out. `Err` names a word that may
/// not be used.
pub(crate) fn statements(sql: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut statement = String::new();
    for piece in pieces(sql) {
        match piece {
            Piece::Word(word) => {
                if let Some(name) = FORBIDDEN.iter().find(|name| word.eq_ignore_ascii_case(name)) {
                    return Err((*name).to_owned());
                }
                statement.push_str(word);
            }
            Piece::Comment(text) if statement.trim().is_empty() => _ = text,
            Piece::Other(text) | Piece::Comment(text) => statement.push_str(text),
            Piece::End => out.push(std::mem::take(&mut statement).trim().to_owned()),
        }
    }
    out.push(statement.trim().to_owned());
    out.retain(|statement| !statement.is_empty());
    Ok(out)
}

/// SQLite: integers by the name that makes a primary key the row's own number, and strict tables,
/// so that a wrong type is refused as PostgreSQL refuses it.
pub(crate) fn for_sqlite(statement: &str) -> String {
    let mut out = replaced(statement, |word| match word {
        "BIGINT" | "BOOLEAN" => Some("INTEGER"),
        _ => None,
    });
    let upper = out.to_ascii_uppercase();
    if upper.starts_with("CREATE TABLE") {
        let joint = if upper.ends_with("WITHOUT ROWID") { ", " } else { " " };
        out.push_str(joint);
        out.push_str("STRICT");
    }
    out
}

/// PostgreSQL: its name for bytes, and no storage hints.
pub(crate) fn for_postgres(statement: &str) -> String {
    let out = replaced(statement, |word| (word == "BLOB").then_some("BYTEA"));
    let upper = out.to_ascii_uppercase();
    match upper.strip_suffix("WITHOUT ROWID") {
        Some(rest) if upper.starts_with("CREATE TABLE") => out[..rest.len()].to_owned(),
        _ => out,
    }
}

fn replaced(statement: &str, by: impl Fn(&str) -> Option<&'static str>) -> String {
    pieces(statement)
        .map(|piece| match piece {
            Piece::Word(word) => by(&word.to_ascii_uppercase()).unwrap_or(word),
            Piece::Other(text) | Piece::Comment(text) => text,
            Piece::End => ";",
        })
        .collect()
}

fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        let (piece, length) = first(rest)?;
        rest = &rest[length..];
        Some(piece)
    })
}

fn first(sql: &str) -> Option<(Piece<'_>, usize)> {
    let start = sql.chars().next()?;
    let until = |end: Option<usize>| end.unwrap_or(sql.len());
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if start == ';' {
        return Some((Piece::End, 1));
    }
    if is_word(start) {
        let length = until(sql.find(|c| !is_word(c)));
        return Some((Piece::Word(&sql[..length]), length));
    }
    if sql.starts_with("--") {
        let length = until(sql.find('\n'));
        return Some((Piece::Comment(&sql[..length]), length));
    }
    let length = match start {
        '\'' | '"' => until(sql[1..].find(start).map(|i| i + 2)),
        _ => {
            until(sql.find(|c| is_word(c) || c == ';' || c == '\'' || c == '"' || c == '-')).max(1)
        }
    };
    Some((Piece::Other(&sql[..length]), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_outside_strings_and_comments() {
        let sql =
            "-- one; two\nCREATE TABLE a (b TEXT DEFAULT ';--'); -- end\nCREATE INDEX c ON a (b)";
        let found = statements(sql).unwrap();
        assert_eq!(found, ["CREATE TABLE a (b TEXT DEFAULT ';--')", "CREATE INDEX c ON a (b)"]);
    }

    #[test]
    fn translates_types_but_not_strings() {
        let sql = "CREATE TABLE a (b BIGINT, c BLOB, d BOOLEAN, e TEXT DEFAULT 'BLOB')";
        assert_eq!(
            for_sqlite(sql),
            "CREATE TABLE a (b INTEGER, c BLOB, d INTEGER, e TEXT DEFAULT 'BLOB') STRICT"
        );
        assert_eq!(
            for_postgres(sql),
            "CREATE TABLE a (b BIGINT, c BYTEA, d BOOLEAN, e TEXT DEFAULT 'BLOB')"
        );
    }

    #[test]
    fn a_clustered_table_is_a_hint_to_sqlite_only() {
        let sql = "CREATE TABLE a (b TEXT PRIMARY KEY) WITHOUT ROWID";
        assert_eq!(for_sqlite(sql), format!("{sql}, STRICT"));
        assert_eq!(for_postgres(sql).trim(), "CREATE TABLE a (b TEXT PRIMARY KEY)");
    }

    #[test]
    fn what_only_one_engine_has_is_refused() {
        let sql = "CREATE TABLE a (b SERIAL)";
        assert_eq!(statements(sql), Err("SERIAL".to_owned()));
    }
}
