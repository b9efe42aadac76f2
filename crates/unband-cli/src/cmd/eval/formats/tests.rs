use super::*;

fn table() -> Listing {
    let cell =
        |text: &str, interval: &str, best| ListingCell { text: text.into(), interval: interval.into(), best };
    Listing {
        title: "A_B & C".into(),
        notes: vec!["50 % of {x}, a|b.".into(), "_".into()],
        head: ["method", "psnr dB ↑", "ΔE00 ↓"].map(str::to_owned).to_vec(),
        rows: vec![
            ListingRow::Measured {
                name: "f3k_db|x".into(),
                cells: vec![cell("39.37", "39.1–39.6", true), cell("∞", "", false)],
            },
            ListingRow::Printed {
                name: "P & Q".into(),
                cells: vec![cell("25.73", "", false), cell("", "", false)],
            },
            ListingRow::Nothing { name: "N".into(), why: "runs/n_1 is not there | train".into() },
        ],
    }
}

#[test]
fn markdown_marks_the_best_and_keeps_its_columns() {
    let text = markdown(&table());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "## A\\_B & C");
    assert_eq!(lines[4], "| f3k\\_db\\|x | **39.37** (39.1–39.6) | ∞ |");
    assert_eq!(lines[5], "| *P & Q* | *25.73* |  |");
    assert_eq!(lines[6], "| N | runs/n\\_1 is not there \\| train |  |");
    // Bars that are not column separators are escaped.
    for line in &lines[2..7] {
        assert_eq!(line.replace("\\|", "").matches('|').count(), 4, "{line}");
    }
}

#[test]
fn latex_has_no_letter_that_means_something_else() {
    let text = latex(&table());
    assert!(text.contains("\\caption{A\\_B \\& C.}"), "{text}");
    assert!(text.contains("method & psnr dB $\\uparrow$ & $\\Delta$E00 $\\downarrow$ \\\\\n\\midrule"));
    assert!(text.contains("f3k\\_db\\textbar{}x & \\textbf{39.37} & $\\infty$ \\\\"));
    assert!(text.contains("\\textit{P \\& Q} & \\textit{25.73} &  \\\\"));
    assert!(text.contains("{\\footnotesize 50 \\% of \\{x\\}, a\\textbar{}b. \\_\\par}"), "{text}");
    assert!(text.contains("N & \\multicolumn{2}{l}{not run} \\\\"));
    assert!(text.contains("\\begin{tabular}{lrr}\n\\toprule"));
    assert_eq!(
        text.matches('{').count() - text.matches("\\{").count(),
        text.matches('}').count() - text.matches("\\}").count()
    );
}

#[test]
fn a_terminal_gets_reasons_below_the_numbers() {
    let text = text(&table());
    assert!(
        text.starts_with("A_B & C\nmethod    psnr dB ↑  ΔE00 ↓\nf3k_db|x      39.37       ∞\n"),
        "{text}"
    );
    assert!(text.ends_with("– N: runs/n_1 is not there | train\n"));
}
