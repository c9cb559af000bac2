//! Canonical XML against the recommendation and against libxml2.

use ceb::c14n::{Part, canonicalize};
use ceb::signature::DS;
use proptest::prelude::*;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::support::{has, official_samples, rng, run};

fn canonical(xml: &str) -> String {
    String::from_utf8(canonicalize(xml.as_bytes(), Part::Document).unwrap()).unwrap()
}

#[test]
fn examples_of_the_recommendation() {
    // 3.1 processing instructions, comments, white space outside the root
    let xml = "<?xml version=\"1.0\"?>\n\n<?xml-stylesheet   href=\"doc.xsl\"\n   type=\"text/xsl\"   ?>\n\
        \n<doc>Hello, world!<!-- Comment 1 --></doc>\n\n<?pi-without-data     ?>\n\n<!-- Comment 2 -->\n";
    let expected = "<?xml-stylesheet href=\"doc.xsl\"\n   type=\"text/xsl\"   ?>\n\
        <doc>Hello, world!</doc>\n<?pi-without-data?>";
    assert_eq!(canonical(xml), expected);
    // 3.3 start and end tags, attribute order, superfluous declarations
    let xml = "<doc>\n   <e1   />\n   <e2   ></e2>\n   <e3   name = \"elem3\"   id=\"elem3\"   />\n   \
        <e5 a:attr=\"out\" b:attr=\"sorted\" attr2=\"all\" attr=\"I'm\"\n      \
        xmlns:b=\"http://www.ietf.org\"\n      xmlns:a=\"http://www.w3.org\"\n      \
        xmlns=\"http://example.org\"/>\n   <e6 xmlns=\"\" xmlns:a=\"http://www.w3.org\">\n      \
        <e7 xmlns=\"http://www.ietf.org\">\n         <e8 xmlns=\"\" xmlns:a=\"http://www.w3.org\">\n            \
        <e9 xmlns=\"\" xmlns:a=\"http://www.ietf.org\"/>\n         </e8>\n      </e7>\n   </e6>\n</doc>";
    let expected = "<doc>\n   <e1></e1>\n   <e2></e2>\n   <e3 id=\"elem3\" name=\"elem3\"></e3>\n   \
        <e5 xmlns=\"http://example.org\" xmlns:a=\"http://www.w3.org\" xmlns:b=\"http://www.ietf.org\" \
        attr=\"I'm\" attr2=\"all\" b:attr=\"sorted\" a:attr=\"out\"></e5>\n   \
        <e6 xmlns:a=\"http://www.w3.org\">\n      <e7 xmlns=\"http://www.ietf.org\">\n         \
        <e8 xmlns=\"\">\n            <e9 xmlns:a=\"http://www.ietf.org\"></e9>\n         </e8>\n      \
        </e7>\n   </e6>\n</doc>";
    assert_eq!(canonical(xml), expected);
    // 3.4 character modifications and references
    let xml = "<doc>\r\n   <text>First line&#x0d;&#10;Second line</text>\r   <value>&#x32;</value>\n   \
        <compute><![CDATA[value>\"0\" && value<\"10\" ?\"valid\":\"error\"]]></compute>\n   \
        <compute expr='value>\"0\" &amp;&amp; value&lt;\"10\" ?\"valid\":\"error\"'>valid</compute>\n   \
        <norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; ' b='\t\r\n'/>\n</doc>";
    let expected = "<doc>\n   <text>First line&#xD;\nSecond line</text>\n   <value>2</value>\n   \
        <compute>value&gt;\"0\" &amp;&amp; value&lt;\"10\" ?\"valid\":\"error\"</compute>\n   \
        <compute expr=\"value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; \
        ?&quot;valid&quot;:&quot;error&quot;\">valid</compute>\n   \
        <norm attr=\" '    &#xD;&#xA;&#x9;   ' \" b=\"  \"></norm>\n</doc>";
    assert_eq!(canonical(xml), expected);
}

#[test]
fn an_element_alone_carries_what_it_inherits() {
    let xml = "<a xmlns=\"urn:d\" xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" xml:lang=\"zh\" xml:space=\"preserve\" x=\"1\">\
        <b xmlns:p=\"urn:p2\" xml:lang=\"en\"><p:c xmlns=\"\" q:z=\"1\" y=\"2\"><d/></p:c></b></a>";
    let part = |namespace, local| {
        let bytes = canonicalize(xml.as_bytes(), Part::Element(namespace, local)).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(
        part("urn:p2", "c"),
        "<p:c xmlns:p=\"urn:p2\" xmlns:q=\"urn:q\" y=\"2\" xml:lang=\"en\" xml:space=\"preserve\" \
         q:z=\"1\"><d></d></p:c>"
    );
    assert_eq!(
        part("", "d"),
        "<d xmlns:p=\"urn:p2\" xmlns:q=\"urn:q\" xml:lang=\"en\" xml:space=\"preserve\"></d>"
    );
    assert_eq!(part("urn:none", "d"), "");
}

#[test]
fn the_enveloped_transform_leaves_everything_but_the_signature() {
    let xml = format!(
        "<a>\n <b/>\n <s:Signature xmlns:s=\"{DS}\"><c/></s:Signature>\n <d><Signature xmlns=\"{DS}\"/></d></a>"
    );
    let bytes = canonicalize(xml.as_bytes(), Part::WithoutSignature).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        format!("<a>\n <b></b>\n \n <d><Signature xmlns=\"{DS}\"></Signature></d></a>")
    );
}

#[test]
fn national_encodings_become_utf_8() {
    let (bytes, ..) = encoding_rs::GB18030
        .encode("<?xml version=\"1.0\" encoding=\"gb2312\"?><a b=\"回执\">入库</a>");
    let canonical = canonicalize(&bytes, Part::Document).unwrap();
    assert_eq!(String::from_utf8(canonical).unwrap(), "<a b=\"回执\">入库</a>");
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    let many = format!("<a {}/>", (0..100).map(|n| format!("x{n}='' ")).collect::<String>());
    let scopes: String = (0..100).map(|n| format!("<a xmlns:x{n}='urn:{n}'>")).collect();
    for xml in [
        "",
        " ",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a/>&amp;",
        "<![CDATA[x]]><a/>",
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<a>&x;</a>",
        "<a>&amp</a>",
        "<a>& </a>",
        "<a b=\"&x;\"/>",
        "<a b=\"&\"/>",
        "<a b=\"<\"/>",
        "<a b='1' b='2'/>",
        "<a b/>",
        "<a b=1/>",
        "<a b='1'c='2'/>",
        "<a b='1'/ >",
        "< a/>",
        "<1/>",
        "<a:b/>",
        "<a b:c='1'/>",
        "<a xmlns:b=''/>",
        "<a xmlns:xmlns='urn:x'/>",
        "<xmlns:a/>",
        "<a xmlns:xml='urn:x'/>",
        "<a xmlns:b='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:b='urn:x' xmlns:b='urn:y'/>",
        "<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>",
        "<a xmlns='urn:&#x61;'/>",
        "<a>]]></a>",
        "<a>\u{1}</a>",
        "<a>&#1;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>&#+65;</a>",
        "<a>\u{ffff}</a>",
        "<a><!-- a--b --></a>",
        "<?xml version='1.1'?><a/>",
        " <?xml version='1.0'?><a/>",
        "<?xml?><a/>",
        "<?XML x?><a/>",
        "<a><?xml version='1.0'?></a>",
        "<?xml version='1.0' encoding='utf-16'?><a/>",
        "<a:b:c xmlns:a='urn:a'/>",
        "<a></a",
        "<a b='",
        "<!--",
        "<a><![CDATA[</a>",
        "\u{feff}\u{feff}<a/>",
        &deep,
        &many,
        &scopes,
    ] {
        assert!(canonicalize(xml.as_bytes(), Part::Document).is_err(), "accepted {xml:?}");
    }
    assert!(canonicalize(b"<a>\xff</a>", Part::Document).is_err());
    assert!(
        canonicalize(b"<?xml version='1.0' encoding='gbk'?><a>\xff\xff</a>", Part::Document)
            .is_err()
    );
}

#[test]
fn a_fault_names_its_line() {
    let fault = canonicalize(b"<a>\n<b>\n</c>\n</a>", Part::Document).unwrap_err();
    assert_eq!(fault.line, 3);
    let finding = fault.finding("signature.not_xml");
    assert_eq!((finding.code, finding.line), ("signature.not_xml", Some(3)));
}

/// libxml2 keeps comments in the form xmllint writes, so they are taken out before.
fn without_comments(xml: &str) -> String {
    let mut out = String::new();
    let mut rest = xml;
    while let Some((before, after)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    out + rest
}

fn assert_like_libxml2(folder: &std::path::Path, xml: &str) {
    std::fs::write(folder.join("in.xml"), without_comments(xml)).unwrap();
    let theirs = run(folder, "xmllint", &["--nonet", "--c14n", "in.xml"]).unwrap();
    let ours = canonicalize(xml.as_bytes(), Part::Document).unwrap();
    assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs), "of {xml:?}");
}

#[test]
fn official_samples_are_canonical_like_libxml2() {
    if !has("xmllint", "--version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for path in official_samples() {
        let text = std::fs::read_to_string(path).unwrap();
        assert_like_libxml2(folder.path(), text.trim_start_matches('\u{feff}'));
    }
}

#[test]
fn generated_documents_are_canonical_like_libxml2() {
    if !has("xmllint", "--version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..300 {
        assert_like_libxml2(folder.path(), &generate(&mut rng(seed)));
    }
}

fn pick<'a>(rng: &mut StdRng, choices: &[&'a str]) -> &'a str {
    choices.choose(rng).unwrap()
}

fn generate(rng: &mut StdRng) -> String {
    let mut out = String::new();
    out.push_str(pick(
        rng,
        &["", "<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='UTF-8'?>\r\n"],
    ));
    out.push_str(pick(
        rng,
        &["", "<?pi some  thing?>\n", "<!-- before -->", "<?p?>\n\n<?q \r\nx?>"],
    ));
    element(rng, &mut out, 0, &["p", "q"], true);
    out.push_str(pick(rng, &["", "\n", "<?after?>", "<!-- after --> \n<?after all ?>\n"]));
    out
}

fn element(rng: &mut StdRng, out: &mut String, depth: usize, prefixes: &[&str], root: bool) {
    let space = pick(rng, &[" ", "\n", "  ", "\t", "\r\n"]);
    let prefix = pick(rng, &["", "", "p:", "q:"]);
    let name = format!("{prefix}{}", pick(rng, &["a", "b", "订单", "c-1.x"]));
    let mut attributes = Vec::new();
    for declared in prefixes {
        if root || rng.random_ratio(1, 4) {
            let uri = pick(rng, &["http://x.example/1", "http://x.example/2", "urn:x-three"]);
            attributes.push(format!("xmlns:{declared}={}", quoted(rng, uri)));
        }
    }
    if rng.random_ratio(1, 4) {
        let uri = pick(rng, &["", "http://x.example/1", "http://x.example/d"]);
        attributes.push(format!("xmlns={}", quoted(rng, uri)));
    }
    // Local names differ, because two prefixes may mean one namespace.
    for attribute in ["a1", "z2", "p:b3", "q:a4", "p:y5", "xml:lang", "xml:space", "M6"] {
        if rng.random_ratio(1, 4) {
            let value: String = (0..rng.random_range(0..4)).map(|_| value(rng)).collect();
            let equals = pick(rng, &["=", " = ", "\n="]);
            let value = if attribute == "xml:space" { "preserve".to_owned() } else { value };
            attributes.push(format!("{attribute}{equals}{}", quoted(rng, &value)));
        }
    }
    for at in (1..attributes.len()).rev() {
        attributes.swap(at, rng.random_range(0..=at));
    }
    out.push('<');
    out.push_str(&name);
    for attribute in attributes {
        out.push_str(space);
        out.push_str(&attribute);
    }
    if rng.random_ratio(1, 5) {
        out.push_str(pick(rng, &["/>", " />", "\n/>"]));
        return;
    }
    out.push_str(pick(rng, &[">", " >"]));
    for _ in 0..rng.random_range(0..5) {
        if depth < 5 && rng.random_ratio(1, 2) {
            element(rng, out, depth + 1, prefixes, false);
        } else {
            out.push_str(pick(
                rng,
                &[
                    "text",
                    "清单 ",
                    "\r\n",
                    "\r",
                    "\n\t",
                    "&lt;",
                    "&gt; >",
                    "&amp;amp;",
                    "&quot;\"'",
                    "&#13;",
                    "&#xA;",
                    "&#x6e05;",
                    "<![CDATA[<a>&amp;\r\n]] >]]>",
                    "<![CDATA[]]>",
                    "<!-- c -->",
                    "<?pi  x?>",
                    "<?pi x\r\ny ?>",
                    "\u{2028}\u{85}",
                    "𠮷",
                ],
            ));
        }
    }
    out.push_str("</");
    out.push_str(&name);
    out.push_str(pick(rng, &[">", " >", "\n>"]));
}

fn value(rng: &mut StdRng) -> &'static str {
    pick(
        rng,
        &[
            "v", " ", "\t", "\n", "\r\n", "\r", "&#9;", "&#10;", "&#13;", "&#32;", "&amp;", "&lt;",
            "&quot;", "&apos;", "&gt;", ">", "清", "&#x6e05;",
        ],
    )
}

fn quoted(rng: &mut StdRng, value: &str) -> String {
    let quote = pick(rng, &["\"", "'"]);
    format!("{quote}{value}{quote}")
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = canonicalize(&bytes, Part::Document);
    }

    #[test]
    fn markup_soup_does_not_panic(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("<"), Just(">"), Just("/>"), Just("</a>"), Just("<a "), Just("x='"), Just("'"), Just("\""),
                Just("&"), Just(";"), Just("#x"), Just("<!--"), Just("-->"), Just("<![CDATA["), Just("]]>"),
                Just("<?"), Just("?>"), Just("xmlns:"), Just("="), Just(":"), Just(" "), Just("清"), Just("<a>"),
            ],
            0..40,
        )
    ) {
        let _ = canonicalize(parts.concat().as_bytes(), Part::Document);
    }

    #[test]
    fn the_canonical_form_is_its_own(seed in any::<u64>()) {
        let once = canonicalize(generate(&mut rng(seed)).as_bytes(), Part::Document).unwrap();
        let again = canonicalize(&once, Part::Document).unwrap();
        prop_assert_eq!(once, again);
    }
}
