//! The table in `docs/guide/formats.md` matches the registry.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use unband_image::Depth;
use unband_io::{FORMATS, When};

fn table() -> String {
    let mut out = String::from(
        "| format | extensions | read | written depths | lossy | effort | alpha | ICC | Exif | XMP | IPTC | CICP | density | texts |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for format in FORMATS {
        let yes = |is: bool| if is { "yes" } else { "–" };
        let mut cells =
            vec![format.name.to_owned(), format.extensions.join(", "), yes(format.reads).to_owned()];
        match &format.writes {
            None => cells.extend(vec!["–".to_owned(); 11]),
            Some(w) => {
                let depths: Vec<String> = w
                    .depths
                    .iter()
                    .map(|d| match d {
                        Depth::Int(bits) => bits.to_string(),
                        Depth::F32 => "32f".to_owned(),
                    })
                    .collect();
                cells.push(if depths.len() > 6 { "1–16".to_owned() } else { depths.join(", ") });
                let when = |when: When| match when {
                    When::Never => "–",
                    When::WithQuality => "with a quality",
                    When::Always => "yes",
                    other => panic!("{other:?}"),
                };
                cells.extend([w.lossy, w.effort].map(|w| when(w).to_owned()));
                let kept = [w.alpha, w.icc, w.exif, w.xmp, w.iptc, w.cicp, w.density, w.text];
                cells.extend(kept.map(|k| yes(k).to_owned()));
            }
        }
        writeln!(out, "| {} |", cells.join(" | ")).unwrap();
    }
    out
}

#[test]
fn the_table_in_the_docs_is_that_of_the_registry() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/formats.md");
    let page = fs::read_to_string(path).unwrap();
    let start = page.find("docs.rs -->\n").unwrap() + "docs.rs -->\n".len();
    let end = page.find("<!-- end of table -->").unwrap();
    assert_eq!(&page[start..end], table());
}
