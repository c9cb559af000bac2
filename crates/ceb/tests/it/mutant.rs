//! Messages broken on purpose, in ways a schema validator cares about.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// A piece of a message.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Element(Element),
    /// Text and whatever else stands between tags, as written.
    Raw(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Element {
    name: String,
    attributes: String,
    pieces: Vec<Piece>,
}

/// Takes apart a well-formed text without comments, instructions, or `>` in attributes.
pub(crate) fn parse(text: &str) -> (String, Element) {
    let start = text.find("<ceb:").or_else(|| text.find("<CEB")).unwrap();
    let (prolog, mut rest) = text.split_at(start);
    (prolog.to_owned(), element(&mut rest))
}

fn element(rest: &mut &str) -> Element {
    let (tag, after) = rest[1..].split_once('>').unwrap();
    *rest = after;
    let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let end = tag.find(char::is_whitespace).unwrap_or(tag.len());
    let (name, attributes) = (tag[..end].to_owned(), tag[end..].to_owned());
    let mut pieces = Vec::new();
    if empty {
        return Element { name, attributes, pieces };
    }
    loop {
        if let Some(after) = rest.strip_prefix("</") {
            *rest = after.split_once('>').unwrap().1;
            break;
        }
        if rest.starts_with('<') {
            pieces.push(Piece::Element(element(rest)));
        } else {
            let at = rest.find('<').unwrap();
            pieces.push(Piece::Raw(rest[..at].to_owned()));
            *rest = &rest[at..];
        }
    }
    Element { name, attributes, pieces }
}

pub(crate) fn text(prolog: &str, root: &Element) -> String {
    let mut out = prolog.to_owned();
    root.write(&mut out);
    out
}

const NUMBERS: &[&str] = &[
    "",
    " ",
    "1",
    "-1",
    "+1",
    "1.",
    ".5",
    ".",
    "-",
    "+",
    "-.",
    "1e5",
    "1.234567",
    "1.23456000",
    "12345678901234567890",
    "000000000000000000000000000000005",
    "1.0000000000000000000000000000",
    "1.00000000000000000000000",
    "1.000000000000000000000000",
    "  7 ",
    "\n7\t",
    "7 7",
    "0.000001",
    "0.00001",
    "NaN",
    "INF",
    "٣",
    "0x1",
    "1_000",
    "123456789012345678.9",
    "1234567890123456789",
    "12345678901234.56789",
    "123456789012345.56789",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "+5",
    "-0",
    "0",
    "--1",
    "1-",
    "1..2",
    "00.10",
    "999999999",
    "1000000000",
    "12345",
    "123456",
    "9999",
    "10000",
    "12&#48;",
    "1<!-- -->2",
    "1<![CDATA[2]]>",
    "0000000001",
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "142",
    "143",
    "3",
    "1",
    "  1  ",
    "1 ",
    "a b",
    "a  b",
    "\t",
    "&#32;",
    "&#13;\r\n",
    "<![CDATA[]]>",
    "<![CDATA[ ]]>",
    "<![CDATA[142]]>",
    "&lt;&amp;&gt;&quot;&apos;",
    "&nbsp;",
    "&#0;",
    "&#x10FFFF;",
    "&#x110000;",
    "&#xD800;",
    "]]>",
    "]]",
    "a]]&gt;",
    "\u{85}",
    "\u{a0}",
    "\u{1}",
    "\u{fffe}",
    "\u{10ffff}",
    "𠀀𠀀𠀀",
    "<!-- x -->",
    "<!---->",
    "<!-- -- -->",
    "<?x?>",
    "<?xml?>",
    "<?XmL a?>",
    "<?xml-a b?>",
    "<? x?>",
    "<ceb:x/>",
    "<x/>",
    "&",
    "&amp",
    "&;",
    "&#;",
    "&#x;",
    "&#-1;",
    "&#+65;",
    "<",
    "x<",
    "<![CDATA[",
    "<![cdata[x]]>",
    "<!x>",
    "a&#x42;",
    "<!--a--->",
    "<1/>",
    "<-a/>",
    "</>",
    "<a b/>",
    "<a b=c/>",
    "<a b='c\"/>",
];

const ATTRIBUTES: &[&str] = &[
    " a=\"1\"",
    " xml:lang=\"zh\"",
    " xmlns:q=\"urn:q\"",
    " xmlns:q=\"\"",
    " q:a=\"1\"",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\"",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:noNamespaceSchemaLocation='n'",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:other=\"1\"",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
      xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xsi:type=\"xs:int\"",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
      xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xsi:type=\"xs:string\"",
    " a=\"1\" a=\"2\"",
    " a=\"<\"",
    " a='&amp;'",
    " a",
    " a=b",
    " a=\"1\"b=\"2\"",
    "\n",
    "\t\r\n ",
    " xmlns=\"urn:other\"",
    " xmlns=\"http://www.chinaport.gov.cn/ceb\"",
    " Id=\"x\"",
    " Id=\"1\"",
    " Id=\"a:b\"",
    " guid=\"4CDE1CFD-EDED-46B1-946C-B8022E42FC94\"",
    " 1=\"2\"",
    " a = \"1\" ",
    " xmlns:ceb=\"urn:elsewhere\"",
    " xmlns:ds=\"urn:elsewhere\"",
];

const URIS: &[&str] = &[
    "",
    "a",
    "a b",
    " a ",
    "%",
    "%41",
    "%4",
    "http://[",
    "http://[::1]/",
    "a:b",
    ":a",
    "#",
    "##",
    "?#",
    "http://x:80",
    "http://x:y",
    "http://u@x/",
    "//x",
    "中",
    "a[b",
    "1a:b",
    "{}",
    "a|b",
    "/a",
    "?a?b",
    "a#b#c",
    "http://",
    "a/b:c",
    "./a:b",
    "urn:x:y",
    "http://a@b@c/",
    "-a:b",
    "a+b:c",
];

const BASE64: &[&str] = &[
    "",
    "AAAA",
    "AAA",
    "AA==",
    "AA=",
    "AAA=",
    "AAB=",
    "AB==",
    "A===",
    "====",
    "=",
    "AA==AAAA",
    "!!!",
    "AA AA",
    " A A A A ",
    "中",
    "AAAA=",
    "AQ==",
    "AgA=",
    "AAAAA",
    "AA=A",
    "A-A_",
];

const NAMES: &[&str] = &[
    "ceb:orderNo",
    "ceb:guid",
    "ceb:note",
    "ceb:OrderHead",
    "ceb:BaseTransfer",
    "ceb:BaseSubscribe",
    "ceb:ExtendMessage",
    "ds:Signature",
    "ceb:Message",
    "orderNo",
    "ceb:x",
    "q:x",
    "a:b:c",
    "é",
    "ds:KeyName",
    "ds:X509Data",
    "ds:Reference",
    "ceb:Order",
    "ds:Object",
    "_x",
    "ceb:x.y-z",
];

/// One mutant of a message.
pub(crate) fn mutate(prolog: &str, root: &Element, rng: &mut StdRng) -> String {
    let mut root = root.clone();
    let mut prolog = prolog.to_owned();
    let mut raw = None;
    for _ in 0..rng.random_range(1..=2) {
        let total = root.count();
        let target = rng.random_range(1..total.max(2));
        match rng.random_range(0..20) {
            0..=2 => root.at_parent(target, &mut |pieces, at| drop(pieces.remove(at))),
            3 => root.at_parent(target, &mut |pieces, at| pieces.insert(at, pieces[at].clone())),
            4 => root.at_parent(target, &mut |pieces, at| {
                let other = (at + 1) % pieces.len();
                pieces.swap(at, other);
            }),
            5 => root.at(target, &mut |it| it.name = pick(NAMES, rng).to_owned()),
            6 | 7 => root.at(target, &mut |it| it.attributes.push_str(pick(ATTRIBUTES, rng))),
            8 => root.at(target, &mut |it| it.pieces.clear()),
            9 => root.attribute_values(rng),
            10 => {
                let text = pick(TEXTS, rng).to_owned();
                root.at_parent(target, &mut |pieces, at| {
                    pieces.insert(at, Piece::Raw(text.clone()));
                });
            }
            11 => prolog = pick(PROLOGS, rng).to_owned(),
            12 => raw = Some(rng.random_range(0..1_000_000usize)),
            13 => root.at_namespace(target),
            _ => root.leaf(rng),
        }
    }
    let whole = text(&prolog, &root);
    match raw {
        Some(at) => scratch(&whole, at, rng),
        None => whole,
    }
}

const PROLOGS: &[&str] = &[
    "",
    " ",
    "\u{feff}",
    "\u{feff}\u{feff}",
    "<?xml version=\"1.0\"?>",
    "<?xml version='1.1'?>",
    "<?xml version='2.0'?>",
    "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n",
    "<?xml version='1.0' standalone='maybe'?>",
    "<?xml encoding='utf-8'?>",
    " <?xml version='1.0'?>",
    "<!-- x -->",
    "<?x y?>\n",
    "x",
    "<?xml version='1.0' ?> <!-- - - -->",
    "<?xml version=1.0?>",
    "<?xml version='1.0'encoding='utf-8'?>",
    "<?xml version='1.0' encoding=''?>",
    "&#32;",
    "<?xml version = '1.0'\tencoding\n=\r\"UTF-8\"?>",
    "<![CDATA[ ]]>",
    "<?xml version='1.'?>",
    "<?xml version='1.0' encoding='utf-8' x='y'?>",
    "<?xml version='1.x'?>",
    "<?xml version='1.10'?>",
];

/// Breaks the text itself: a piece cut out, or a strange character put in.
fn scratch(text: &str, at: usize, rng: &mut StdRng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = at % chars.len();
    match rng.random_range(0..4) {
        0 => chars.truncate(at),
        1 => drop(chars.remove(at)),
        2 => chars.insert(
            at,
            *['<', '>', '&', '"', '\'', '/', ':', '=', '\u{1}', ' ', '清', '-', '!', '?']
                .choose(rng)
                .unwrap(),
        ),
        _ => {
            let other = rng.random_range(0..chars.len());
            chars.swap(at, other);
        }
    }
    chars.into_iter().collect()
}

fn pick<'t>(from: &[&'t str], rng: &mut StdRng) -> &'t str {
    from.choose(rng).unwrap()
}

impl Element {
    fn write(&self, out: &mut String) {
        out.push_str(&format!("<{}{}>", self.name, self.attributes));
        for piece in &self.pieces {
            match piece {
                Piece::Element(element) => element.write(out),
                Piece::Raw(raw) => out.push_str(raw),
            }
        }
        out.push_str(&format!("</{}>", self.name));
    }

    fn elements(&mut self) -> impl Iterator<Item = &mut Element> {
        self.pieces.iter_mut().filter_map(|piece| match piece {
            Piece::Element(element) => Some(element),
            Piece::Raw(_) => None,
        })
    }

    fn count(&mut self) -> usize {
        1 + self.elements().map(Element::count).sum::<usize>()
    }

    /// Applies to the `target`-th element in document order, the root being 0.
    fn at(&mut self, target: usize, act: &mut dyn FnMut(&mut Element)) {
        if target == 0 {
            return act(self);
        }
        let mut before = 1;
        for element in self.elements() {
            let size = element.count();
            if target < before + size {
                return element.at(target - before, act);
            }
            before += size;
        }
    }

    /// Applies to the pieces of the parent of the `target`-th element, and where it stands there.
    fn at_parent(&mut self, target: usize, act: &mut dyn FnMut(&mut Vec<Piece>, usize)) {
        let mut before = 1;
        for at in 0..self.pieces.len() {
            let Piece::Element(element) = &mut self.pieces[at] else { continue };
            let size = element.count();
            if target == before {
                return act(&mut self.pieces, at);
            }
            if target < before + size {
                return element.at_parent(target - before, act);
            }
            before += size;
        }
    }

    /// Puts another value into some element that holds text only.
    fn leaf(&mut self, rng: &mut StdRng) {
        let total = self.count();
        for _ in 0..20 {
            let target = rng.random_range(0..total);
            let mut done = false;
            self.at(target, &mut |it| {
                if it.elements().next().is_some() {
                    return;
                }
                done = true;
                let value = match rng.random_range(0..10) {
                    _ if it.name.starts_with("ds:") => pick(BASE64, rng).to_owned(),
                    0..=3 => pick(NUMBERS, rng).to_owned(),
                    4..=6 => pick(TEXTS, rng).to_owned(),
                    _ => LENGTHS.choose(rng).map(|n| "清".repeat(*n)).unwrap(),
                };
                it.pieces = vec![Piece::Raw(value)];
            });
            if done {
                return;
            }
        }
    }

    /// Changes attribute values: the root's, or those of the signature block.
    fn attribute_values(&mut self, rng: &mut StdRng) {
        let value = pick(URIS, rng).to_owned();
        let total = self.count();
        let target = if rng.random_range(0..3) == 0 { 0 } else { rng.random_range(0..total) };
        self.at(target, &mut |it| {
            let Some((head, tail)) = it.attributes.rsplit_once("=\"") else { return };
            let after = tail.split_once('"').unwrap().1;
            it.attributes = format!("{head}=\"{value}\"{after}");
        });
    }

    /// Moves an element into another namespace, or the same by another prefix.
    fn at_namespace(&mut self, target: usize) {
        self.at(target, &mut |it| {
            let Some((_, local)) = it.name.split_once(':') else { return };
            let same = local.len() % 2 == 0;
            let uri = if same { "http://www.chinaport.gov.cn/ceb" } else { "urn:other" };
            it.name = format!("other:{local}");
            it.attributes.push_str(&format!(" xmlns:other=\"{uri}\""));
        });
    }
}

const LENGTHS: &[usize] =
    &[1, 2, 3, 4, 6, 8, 10, 14, 17, 18, 19, 20, 30, 32, 36, 37, 50, 60, 61, 100, 101, 200, 251];
