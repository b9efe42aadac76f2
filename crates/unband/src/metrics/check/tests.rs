use super::*;
use crate::Findings;
use crate::verdict::Verdict;

const SCOPE: Scope = Scope { defaults: &["cambi"], ..Scope::IMAGE };

fn scores(value: Value) -> Scores {
    Scores::new(Verdict::new(&Findings::plain(1, 8)), vec![value])
}

fn fails(text: &str, value: f64) -> bool {
    let cambi = unband_metrics::find("cambi").unwrap();
    Check::parse(text, &SCOPE).unwrap().fails(&[cambi], &scores(Value::Number(value))).is_some()
}

#[test]
fn each_sign_means_what_it_means_at_school() {
    assert!(fails("cambi>5", 5.1) && !fails("cambi > 5", 5.0) && fails("cambi>=5", 5.0));
    assert!(fails("cambi<5", 4.9) && !fails("cambi<5", 5.0) && fails("cambi<= 5", 5.0));
    assert!(fails("banding<=none", 0.0) && !fails("banding>=slight", 0.0));
}

#[test]
fn a_value_that_could_not_be_measured_does_not_pass() {
    let cambi = unband_metrics::find("cambi").unwrap();
    let check = Check::parse("cambi>5", &SCOPE).unwrap();
    let said = check.fails(&[cambi], &scores(Value::Missing("too small".into()))).unwrap();
    assert!(said.contains("too small"), "{said}");
}

#[test]
fn a_wrong_check_lists_the_names() {
    for wrong in [
        "cambi",
        "cambi=5",
        "cambi==5",
        "cambi>",
        "cambi>nan",
        "cambi>inf",
        "camby>5",
        "psnr>5",
        ">5",
        "banding>5",
        "cambi.worst>5",
        "",
    ] {
        let hint = Check::parse(wrong, &SCOPE).unwrap_err().hint().unwrap();
        assert!(hint.contains("cambi-coarse, bband, dbi, ") && hint.contains(", niqe"), "{wrong}: {hint}");
    }
}

#[test]
fn videos_have_more_values_than_images() {
    let of = |text: &str| Check::parse(text, &Scope::VIDEO).map(|check| check.of());
    assert_eq!(of("cambi>5"), Ok(CheckOf::All));
    assert_eq!(of("cambi.worst > 8"), Ok(CheckOf::Worst));
    assert_eq!([of("banding.shot>=visible"), of("bband.shot>1")], [Ok(CheckOf::Shot), Ok(CheckOf::Shot)]);
    for percentile in ["cambi.p99.5>5", "cambi:topk=0.5.p99.5>5"] {
        assert_eq!(of(percentile), Ok(CheckOf::Percentile(99.5)));
    }
    assert_eq!(of("cambi:topk=0.5>5"), Ok(CheckOf::All));
    for wrong in ["cambi.>5", "cambi.p>5", "cambi.p101>5", "cambi.p-1>5", "cambi.best>5", "cambi.pnan>5"] {
        let hint = of(wrong).unwrap_err().hint().unwrap();
        assert!(hint.contains("NAME.p95"), "{wrong}: {hint}");
    }
}
