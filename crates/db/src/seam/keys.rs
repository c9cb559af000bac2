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

/// The statement for one key, its columns as parameters in the place of the table: an engine that
/// runs it once a key need not join a table of one row, and an `UPDATE … FROM` not build a table of
/// rows to change. `number` gives the parameter of a column, `n` included. `None` when the text is
/// none of the forms known here; then the table serves.
pub(crate) fn without(sql: &str, number: impl Fn(&str) -> Option<usize>) -> Option<String> {
    if sql.contains('"') || quotes_more_than_a_word(sql) {
        return None;
    }
    let sql = sql.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    if sql.matches("keys k").count() != 1 {
        return None;
    }
    let bare = unjoined(&sql)?;
    let bare = format!(" {bare} ");
    let mut out = String::with_capacity(bare.len());
    let mut rest = bare.as_str();
    while let Some(at) = rest.find("k.") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let name_end = from[2..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_')? + 2;
        if before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            out.push_str(&from[..name_end]);
        } else {
            out.push_str(&format!("${}", number(&from[2..name_end])?));
        }
        rest = &from[name_end..];
    }
    out.push_str(rest);
    Some(out.trim().to_owned())
}

/// Whether a text in quotes could be taken for a part of the statement.
fn quotes_more_than_a_word(sql: &str) -> bool {
    let mut quoted = sql.split('\'').skip(1).step_by(2);
    quoted.any(|text| text.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
}

/// Takes the table out of the forms that rooms write.
fn unjoined(sql: &str) -> Option<String> {
    let (before, after) = sql.split_once("keys k")?;
    let verb = before.split(' ').next()?.to_ascii_uppercase();
    match verb.as_str() {
        "UPDATE" => {
            let before = before.strip_suffix(" FROM ")?;
            let after = after.strip_prefix(" WHERE ")?;
            Some(format!("{before} WHERE {after}"))
        }
        "DELETE" => {
            if let Some(before) = before.strip_suffix(" EXISTS (SELECT 1 FROM ") {
                return Some(format!("{before} ({}", after.strip_prefix(" WHERE ")?));
            }
            let (before, columns) = before.strip_suffix(" FROM ")?.rsplit_once(" IN (SELECT ")?;
            let after = after.strip_prefix(')')?;
            let several = columns.contains(',');
            let columns = if several { format!("({columns})") } else { columns.to_owned() };
            Some(format!("{before} = {columns}{after}"))
        }
        "SELECT" => selected(before.strip_suffix(" FROM ")?, after.strip_prefix(" JOIN ")?),
        _ => None,
    }
}

/// `SELECT … FROM keys k JOIN a ON x [JOIN b ON y …] [WHERE z]`, inner joins alone.
fn selected(columns: &str, joined: &str) -> Option<String> {
    let upper = joined.to_ascii_uppercase();
    let words = ["LEFT", "RIGHT", "FULL", "CROSS", "OR", "SELECT", "GROUP", "ORDER", "LIMIT"];
    if joined.contains(',') && upper.contains(" JOIN ")
        || upper.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| words.contains(&word))
    {
        return None;
    }
    let (on, filter) = match upper.find(" WHERE ") {
        Some(at) => (&joined[..at], Some(&joined[at + 7..])),
        None => (joined, None),
    };
    let mut tables = Vec::new();
    let mut conditions = Vec::new();
    for join in on.split(" JOIN ") {
        let (table, condition) = join.split_once(" ON ")?;
        tables.push(table);
        conditions.push(condition);
    }
    conditions.extend(filter);
    Some(format!("{columns} FROM {} WHERE {}", tables.join(" JOIN "), conditions.join(" AND ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(sql: &str) -> Option<String> {
        without(sql, |name| ["n", "a", "b"].iter().position(|known| *known == name).map(|i| i + 3))
    }

    #[test]
    fn every_form_that_rooms_write_stands_alone_for_one_key() {
        let forms = [
            ("UPDATE t SET x = k.b, y = $1 FROM keys k\n WHERE t.id = k.a", {
                "UPDATE t SET x = $5, y = $1 WHERE t.id = $4"
            }),
            ("DELETE FROM t WHERE id IN (SELECT k.a FROM keys k)", "DELETE FROM t WHERE id = $4"),
            (
                "DELETE FROM t WHERE (id, n) IN (SELECT k.a, k.b FROM keys k) AND NOT dead",
                "DELETE FROM t WHERE (id, n) = ($4, $5) AND NOT dead",
            ),
            (
                "DELETE FROM t WHERE EXISTS (SELECT 1 FROM keys k WHERE t.id = k.a)",
                "DELETE FROM t WHERE (t.id = $4)",
            ),
            (
                "SELECT k.n, o.id FROM keys k JOIN t o ON o.a = k.a AND o.b = k.b",
                "SELECT $3, o.id FROM t o WHERE o.a = $4 AND o.b = $5",
            ),
            (
                "SELECT k.n, s.x FROM keys k JOIN t o ON o.a = k.a JOIN s ON s.id = o.id WHERE s.y > 1",
                "SELECT $3, s.x FROM t o JOIN s WHERE o.a = $4 AND s.id = o.id AND s.y > 1",
            ),
        ];
        for (sql, wanted) in forms {
            assert_eq!(one(sql).as_deref(), Some(wanted), "{sql}");
        }
    }

    #[test]
    fn other_forms_keep_the_table() {
        for sql in [
            "SELECT k.n, COUNT(*) FROM keys k JOIN t o ON o.a = k.a GROUP BY k.n",
            "SELECT k.n FROM keys k LEFT JOIN t o ON o.a = k.a",
            "SELECT k.n FROM keys k JOIN t o ON o.a = k.a OR o.b = k.b",
            "SELECT k.n FROM keys k JOIN t o ON o.a = 'k.a'",
            "SELECT k.n FROM keys k JOIN keys k2 ON k2.a = k.a",
            "WITH x AS (SELECT 1) SELECT k.n FROM keys k JOIN x ON 1 = k.a",
            "INSERT INTO t SELECT k.a FROM keys k",
            "UPDATE t SET x = k.c FROM keys k WHERE t.id = k.a",
        ] {
            assert_eq!(one(sql), None, "{sql}");
        }
    }
}
