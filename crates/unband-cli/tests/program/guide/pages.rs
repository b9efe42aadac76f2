//! Commands of a page, each with the output that the page shows.

/// A command of a console block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// Line of the page, from 1.
    pub line: usize,
    /// Byte of the page at which the line begins.
    pub at: usize,
    /// As typed, without remarks.
    pub command: String,
    /// The lines below it.
    pub output: Vec<String>,
}

/// The commands of all console blocks. A backslash at the end of a line continues it.
pub(super) fn typed(page: &str) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    let (mut inside, mut continues) = (false, false);
    let mut at = 0;
    for (number, line) in page.lines().enumerate() {
        let begin = at;
        at += line.len() + 1;
        if line.starts_with("```") {
            (inside, continues) = (line == "```console", false);
            continue;
        }
        if !inside {
            continue;
        }
        if let Some(typed) = line.strip_prefix("$ ") {
            all.push(Typed { line: number + 1, at: begin, command: String::new(), output: Vec::new() });
            continues = add(all.last_mut(), typed);
        } else if continues {
            continues = add(all.last_mut(), line);
        } else if let Some(last) = all.last_mut() {
            last.output.push(line.to_owned());
        }
    }
    for typed in &mut all {
        while typed.output.last().is_some_and(String::is_empty) {
            typed.output.pop();
        }
    }
    all
}

/// Adds a line of a command; is it continued?
fn add(to: Option<&mut Typed>, line: &str) -> bool {
    let Some(to) = to else { return false };
    let code = remark(line).trim();
    let (code, continues) = code.strip_suffix('\\').map_or((code, false), |code| (code, true));
    to.command.push_str(code);
    continues
}

/// The line without a remark behind ` #`.
fn remark(line: &str) -> &str {
    line.split(" #").next().unwrap_or(line)
}

#[test]
fn commands_have_the_output_below_them() {
    let page = "text\n```console\n$ unband a.png   # a remark\nsaid\n\nmore\n\n$ b \\\n    c\n```\n```sh\n$ no\n```\n";
    let all = typed(page);
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].line, all[0].command.as_str()), (3, "unband a.png"));
    assert_eq!(all[0].output, ["said", "", "more"]);
    assert_eq!((all[1].command.as_str(), all[1].output.len()), ("b c", 0));
}
