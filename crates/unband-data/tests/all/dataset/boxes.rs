//! Box files, valid and hostile.

use proptest::prelude::*;
use unband_data::dataset::boxes::{BoxesError, parse, read};
use unband_image::Window;

use super::set::xml;

const SIZE: (usize, usize) = (512, 384);

fn window(x0: usize, y0: usize) -> Window {
    Window { x0, y0, x1: x0 + 256, y1: y0 + 256 }
}

#[test]
fn boxes_are_read_as_labelimg_writes_them() {
    let text = xml(SIZE, &[("banding", ["1", "2", "30", "40"]), ("nonbanded", ["-5", "0", "9", " 7 "])]);
    let boxes = parse(&text).unwrap();
    assert_eq!(boxes.size, Some((512, 384)));
    let found: Vec<_> = boxes.boxes.iter().map(|b| (b.name.as_str(), b.corners, b.is_banding())).collect();
    assert_eq!(found, [("banding", [1, 2, 30, 40], true), ("nonbanded", [-5, 0, 9, 7], false)]);
    // With a byte order mark, a declaration and an empty document type.
    let dressed = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{text}");
    assert_eq!(parse(&dressed).unwrap(), boxes);
}

#[test]
fn names_say_whether_there_is_banding_however_they_are_written() {
    for (name, banding) in [
        ("banding", true),
        ("Banded", true),
        ("sky", true),
        ("nonbanded", false),
        ("NonBanded", false),
        ("non banded", false),
        ("Non-Banding", false),
    ] {
        let boxes = parse(&xml(SIZE, &[(name, ["0", "0", "9", "9"])])).unwrap();
        assert_eq!(boxes.boxes[0].is_banding(), banding, "{name}");
    }
}

#[test]
fn boxes_touch_windows_with_which_they_share_a_pixel() {
    let touches = |corners: [&str; 4], at: Window| {
        let boxes = parse(&xml(SIZE, &[("banding", corners)])).unwrap();
        boxes.boxes[0].touches(at)
    };
    assert!(touches(["255", "255", "256", "256"], window(0, 0)));
    assert!(!touches(["256", "0", "300", "300"], window(0, 0)));
    assert!(!touches(["0", "256", "300", "300"], window(0, 0)));
    assert!(touches(["0", "0", "129", "129"], window(128, 128)));
    assert!(!touches(["0", "0", "128", "129"], window(128, 128)));
    // Corners in another order describe the same box.
    assert!(
        touches(["129", "0", "0", "129"], window(128, 128))
            && touches(["0", "129", "129", "0"], window(128, 128))
    );
    // Without area, outside the image, covering it and beyond it.
    assert!(!touches(["50", "50", "50", "90"], window(0, 0)));
    assert!(
        !touches(["-90", "-90", "-1", "0"], window(0, 0))
            && !touches(["9000", "0", "9999", "99"], window(0, 0))
    );
    assert!(touches(["-2147483648", "-2147483648", "2147483647", "2147483647"], window(256, 128)));
}

#[test]
fn sides_that_are_no_whole_numbers_are_named_with_their_line() {
    for text in ["nan", "", "12.5", "1e3", "0x10", "99999999999999999999", "-", "٣"] {
        match parse(&xml(SIZE, &[("banding", ["1", "2", text, "4"])])) {
            Err(BoxesError::Number { line: 22, side: "xmax", text: found }) => assert_eq!(found, text),
            other => panic!("{text}: {other:?}"),
        }
    }
    let without = xml(SIZE, &[("banding", ["1", "2", "3", "4"])]).replace("\t\t\t<ymin>2</ymin>\n", "");
    assert!(
        matches!(parse(&without), Err(BoxesError::Side { line: 19, side: "ymin" })),
        "{:?}",
        parse(&without)
    );
    let long = xml(SIZE, &[("banding", [&"9".repeat(100_000), "2", "3", "4"])]);
    assert!(parse(&long).unwrap_err().to_string().len() < 120);
}

#[test]
fn objects_without_name_or_box_say_nothing() {
    for text in [
        "<annotation/>",
        "<annotation><object/></annotation>",
        "<annotation><object><name>banding</name></object></annotation>",
        "<annotation><object><bndbox><xmin>1</xmin></bndbox></object></annotation>",
        "<other><deep><object><name>a</name></object></deep></other>",
    ] {
        assert!(parse(text).unwrap().boxes.is_empty(), "{text}");
    }
    // Invalid sizes are ignored.
    for (width, height) in [("0", "0"), ("nan", "384"), ("-5", "384")] {
        let text = format!("<a><size><width>{width}</width><height>{height}</height></size></a>");
        assert_eq!(parse(&text).unwrap().size, None);
    }
}

#[test]
fn entities_do_not_grow() {
    let entity = |i: usize| {
        let before = if i == 0 { "lol".to_owned() } else { format!("&l{};", i - 1).repeat(10) };
        format!("<!ENTITY l{i} \"{before}\">")
    };
    let entities: String = (0..12).map(entity).collect();
    let text = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [{entities}]>\
         <annotation><object><name>&l11;</name></object></annotation>"
    );
    assert!(matches!(parse(&text), Err(BoxesError::Xml(_))));
    let outside =
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a><object><name>&x;</name></object></a>";
    assert!(matches!(parse(outside), Err(BoxesError::Xml(_))));
}

#[test]
fn nesting_takes_no_stack_and_crowds_no_memory() {
    let deep = format!("{}{}", "<a>".repeat(40_000), "</a>".repeat(40_000));
    assert!(parse(&deep).unwrap().boxes.is_empty());
    let crowd = format!("<a>{}</a>", "<b/>".repeat(200_000));
    assert!(matches!(parse(&crowd), Err(BoxesError::Xml(_))));
}

#[test]
fn every_cut_of_a_file_is_an_error_and_never_a_panic() {
    let text = xml(SIZE, &[("banding", ["1", "2", "30", "40"])]);
    for cut in 0..text.trim_end().len() {
        assert!(parse(&text[..cut]).is_err(), "{cut} bytes");
    }
}

#[test]
fn files_that_are_no_text_or_too_large_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xml");
    std::fs::write(&path, b"<annotation>\xff\xfe</annotation>").unwrap();
    assert!(matches!(read(&path), Err(BoxesError::Text(12))));
    std::fs::write(&path, vec![b' '; (1 << 20) + 1]).unwrap();
    assert!(matches!(read(&path), Err(BoxesError::Large)));
    assert!(matches!(read(folder.path()), Err(BoxesError::Io(_))));
}

proptest! {
    #[test]
    fn damaged_files_give_boxes_or_errors(places in prop::collection::vec((0usize..900, any::<u8>()), 1..12)) {
        let text = xml(SIZE, &[("banding", ["1", "2", "30", "40"]), ("nonbanded", ["5", "6", "7", "8"])]);
        let mut bytes = text.into_bytes();
        for (place, byte) in places {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        if let Ok(boxes) = std::str::from_utf8(&bytes).map_err(|_| ()).and_then(|text| parse(text).map_err(|_| ())) {
            prop_assert!(boxes.boxes.len() <= 2);
            for labelled in boxes.boxes {
                // Whatever the corners are, a window either shares a pixel with the box or does not.
                prop_assert!(!labelled.touches(window(0, 0)) || labelled.corners.iter().any(|&c| c < 256));
            }
        }
    }
}
