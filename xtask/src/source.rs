//! Checks of one source file: size, floats, clock, documentation, SQL in its place.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::Fault;
use crate::workspace::Source;

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

/// Crates that are pure as a whole.
const PURE_CRATES: [&str; 2] = ["kernel", "ceb"];

/// The part of `tax` that reckons: its files outside of the rooms, without the door.
fn reckons(source: &Source) -> bool {
    let rooms = ["/lib.rs", "/wire.rs"];
    let top = source.path.rsplit_once("/src/").is_some_and(|(_, file)| !file.contains('/'));
    source.package == "tax" && top && !rooms.iter().any(|room| source.path.ends_with(room))
}

/// Whether a file must stay free of input, output, clock and async: the pure crates, the quote of
/// `tax`, and `types` and `rules` of every business folder.
pub(crate) fn is_pure(source: &Source) -> bool {
    let business = ["/rules.rs", "/types.rs", "/rules/", "/types/"];
    let pure_crate = PURE_CRATES.contains(&source.package.as_str());
    let pure_file =
        source.package != "register" && business.iter().any(|b| source.path.contains(b));
    (pure_crate || pure_file || reckons(source))
        && source.path.contains("/src/")
        && !source.is_test()
}

pub(crate) fn check(source: &Source) -> Vec<Fault> {
    let fault = |line: usize, reason: String| Fault { file: source.path.clone(), line, reason };
    let mut faults = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        let reason = format!("{lines} lines: above {FILE_LINES_MAX} a file holds two subjects");
        faults.push(fault(0, reason));
    }
    if !source.text.starts_with("//!") {
        faults.push(fault(1, "starts without a `//!` sentence on what the file is for".to_owned()));
    }
    for (index, line) in source.text.lines().enumerate() {
        let columns: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
        // Comments, texts and rows of Markdown tables are not broken in the middle.
        let literal = line.contains('"') || line.contains("//") || line.starts_with('|');
        if line.chars().count() > COLUMNS_MAX && !literal || columns > 2 * COLUMNS_MAX {
            faults.push(fault(index + 1, format!("wider than {COLUMNS_MAX} columns")));
        }
    }
    match syn::parse_file(&source.text) {
        Err(problem) => faults.push(fault(0, format!("does not parse: {problem}"))),
        Ok(file) => {
            let mut walk = Walk { source, faults: Vec::new(), in_test: source.is_test() };
            walk.visit_file(&file);
            faults.extend(walk.faults);
        }
    }
    faults
}

struct Walk<'a> {
    source: &'a Source,
    faults: Vec<Fault>,
    in_test: bool,
}

impl Walk<'_> {
    fn fault(&mut self, span: Span, reason: impl Into<String>) {
        let fault = Fault {
            file: self.source.path.clone(),
            line: span.start().line,
            reason: reason.into(),
        };
        self.faults.push(fault);
    }

    fn size(&mut self, name: &syn::Ident, block: &syn::Block) {
        let span = block.span();
        let lines = span.end().line - span.start().line + 1;
        if !self.in_test && lines > FUNCTION_LINES_MAX {
            let reason = format!("`{name}` has {lines} lines: above {FUNCTION_LINES_MAX} split it");
            self.fault(name.span(), reason);
        }
    }

    /// The binary has a clock; benchmarks and measurements need one.
    fn is_clock_free(&self) -> bool {
        let measures = ["/benches/", "/measure.rs"].iter().any(|p| self.source.path.contains(p));
        !measures && self.source.package != "kouan" && self.source.package != "xtask"
    }
}

const FLOAT: &str = "floating point: money, quantities and rates are exact decimals";
const CLOCK: &str = "asks the wall clock: time is an argument, only the binary has a clock";

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let before = self.in_test;
        self.in_test |= item.attrs.iter().any(is_cfg_test);
        visit::visit_item_mod(self, item);
        self.in_test = before;
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.size(&item.sig.ident, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.size(&item.sig.ident, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_lit_float(&mut self, literal: &'ast syn::LitFloat) {
        self.fault(literal.span(), FLOAT);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if names.iter().any(|name| name == "f32" || name == "f64") {
            self.fault(path.span(), FLOAT);
        }
        let clocks = ["SystemTime", "Instant", "Timestamp", "Zoned"];
        let asks = names.len() >= 2
            && names[names.len() - 1] == "now"
            && clocks.contains(&names[names.len() - 2].as_str());
        if asks && self.is_clock_free() {
            self.fault(path.span(), CLOCK);
        }
        visit::visit_path(self, path);
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        let text = literal.value();
        let verb = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "];
        let sql = verb.iter().any(|v| text.trim_start().starts_with(v)) && text.len() > 20;
        let at_home = self.source.package == "db"
            || self.source.path.contains("store")
            || self.in_test
            || self.source.package == "xtask";
        if sql && !at_home {
            self.fault(literal.span(), "SQL outside a store: all SQL of a room is in its store");
        }
    }
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(package: &str, path: &str, text: &str) -> Vec<String> {
        let source =
            Source { package: package.to_owned(), path: path.to_owned(), text: text.to_owned() };
        check(&source).into_iter().map(|fault| fault.reason).collect()
    }

    #[test]
    fn floats_and_clocks_are_found_where_they_stand() {
        let text = "//! x\nfn f() -> f64 { std::time::Instant::now(); 1.5 }\n";
        let found = faults("ledger", "crates/ledger/src/lib.rs", text);
        assert_eq!(found.iter().filter(|r| *r == FLOAT).count(), 2);
        assert_eq!(found.iter().filter(|r| *r == CLOCK).count(), 1);
        let found = faults("kouan", "crates/kouan/src/lib.rs", text);
        assert_eq!(found.iter().filter(|r| *r == CLOCK).count(), 0);
    }

    #[test]
    fn long_files_and_functions_are_found() {
        let body = "    let _x = 1;\n".repeat(71);
        let found = faults("ceb", "crates/ceb/src/a.rs", &format!("//! x\nfn f() {{\n{body}}}\n"));
        assert!(found.iter().any(|r| r.contains("`f` has 73 lines")), "{found:?}");
        let found = faults("ceb", "crates/ceb/src/a.rs", &format!("//! x\n{}", "\n".repeat(600)));
        assert!(found.iter().any(|r| r.starts_with("601 lines")), "{found:?}");
    }

    #[test]
    fn sql_lives_in_stores() {
        let text = "//! x\nconst Q: &str = \"SELECT id FROM clearance_order\";\n";
        assert_eq!(faults("clearance", "crates/clearance/src/flow.rs", text).len(), 1);
        assert_eq!(faults("clearance", "crates/clearance/src/store.rs", text).len(), 0);
    }
}
