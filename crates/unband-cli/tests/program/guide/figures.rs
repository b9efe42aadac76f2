//! Comparison of printed lines with those of a page.

/// A line of a page for any number of lines.
const ANY: &str = "…";

/// Is the line of a page compared?
pub(super) fn is_compared(line: &str) -> bool {
    line.trim() != ANY && !line.trim().is_empty()
}

/// Checks that the lines of a page are printed, in their order. Between `…` they follow each other. Seconds
/// depend on the machine.
///
/// # Errors
/// The first line that is not printed, and all that was.
pub(super) fn compared(page: &[String], printed: &str) -> Result<(), String> {
    let printed: Vec<String> = printed.lines().map(timeless).collect();
    let mut at = 0;
    let mut anywhere = true;
    for line in page {
        if line.trim() == ANY {
            anywhere = true;
            continue;
        }
        let line = timeless(line);
        let rest = &printed[at..];
        let found = if anywhere {
            rest.iter().position(|own| *own == line)
        } else {
            rest.first().and_then(|own| (*own == line).then_some(0))
        };
        let Some(found) = found else {
            return Err(format!("not printed:\n{line}\nbut:\n{}", printed.join("\n")));
        };
        at += found + 1;
        anywhere = false;
    }
    Ok(())
}

/// The line with `N s` for any number of seconds, and without spaces at its end.
fn timeless(line: &str) -> String {
    let words: Vec<&str> = line.trim_end().split(' ').collect();
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    for i in 1..words.len() {
        if words[i].trim_end_matches([',', ';', '.']) == "s" && words[i - 1].parse::<f64>().is_ok() {
            "N".clone_into(&mut words[i - 1]);
        }
    }
    words.join(" ")
}

#[test]
fn lines_follow_each_other_unless_some_are_omitted() {
    let page = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
    let printed = "head\na 1\nb 2  0.09 s → x\n\nc 3\n";
    for fine in [&["a 1", "b 2  1.25 s → x"][..], &["a 1", "…", "c 3"], &["head"], &[], &["…"]] {
        assert_eq!(compared(&page(fine), printed), Ok(()), "{fine:?}");
    }
    for wrong in [&["a 2"][..], &["a 1", "c 3"], &["c 3", "a 1"], &["c 3", "…", "d"]] {
        assert!(compared(&page(wrong), printed).is_err(), "{wrong:?}");
    }
}
