use super::*;
use crate::bits;
use crate::planes::Codes;
use unband_image::Context;
use unband_image::findings::Cause;
use unband_image::image::Image;

/// A rule that is not in the table: images of one column.
const ONE_COLUMN: Rule = Rule {
    name: "one-column",
    when: "the image has one column",
    applies: |evidence| (evidence.codes.width == 1).then(|| Findings::plain(1, 1)),
};

fn decided(table: &'static [Rule], width: usize) -> (&'static str, Cause, u8) {
    let codes: Vec<u8> = (0..width * 64).map(|i| (i % 64 * 4) as u8).collect();
    let image = Image::from_gray(width, 64, &codes).expect("the size is that of the samples");
    let ctx = Context { threads: 1, ..Context::default() };
    let codes = Codes { width, height: 64, planes: vec![codes] };
    let evidence = Evidence::new(&image, bits::effective(&image), codes, &ctx);
    let (rule, found) = decide(table, &evidence);
    (rule.name, found.cause, found.effective_bits)
}

#[test]
fn a_new_cause_is_one_rule_and_one_line() {
    static LONGER: &[Rule] = &[ONE_COLUMN, super::levels::RULE, plain::RULE];
    assert_eq!(decided(LONGER, 1), ("one-column", Cause::Plain, 1));
    assert_eq!(decided(LONGER, 64), ("levels", Cause::Levels, 6));
    assert_eq!(decided(RULES, 64), ("levels", Cause::Levels, 6));
}

#[test]
fn names_are_unique_and_the_last_rule_always_applies() {
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.last(), Some(&"plain"));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
    assert_eq!(decided(&RULES[RULES.len() - 1..], 64).0, "plain");
}
