//! Mean opinion scores and rater screening.

use std::collections::BTreeMap;

use super::{Rating, Ratings};

/// A mean with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half of the 95 % interval: 1.96 s/√n, s with n − 1 degrees of freedom; none for fewer than two values.
    pub interval: Option<f64>,
    /// Number of values.
    pub count: usize,
}

/// Scores of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodScore {
    /// Its name.
    pub name: String,
    /// Mean opinion score, 1 to 5, over all ratings of all images.
    pub opinion: Estimate,
    /// Grade minus the same rater's grade of the hidden reference for the same image, where both were given:
    /// −4 to 4, 0 when both look alike. `None` for the reference itself.
    pub difference: Option<Estimate>,
}

/// Scores of one image of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageScore {
    /// The image.
    pub image: String,
    /// The method.
    pub method: String,
    /// Mean opinion score, 1 to 5.
    pub opinion: Estimate,
}

/// Statistics of a rater's grades relative to the others'.
#[derive(Clone, Debug, PartialEq)]
pub struct RaterScore {
    /// Name of the rater.
    pub name: String,
    /// Number of grades.
    pub ratings: usize,
    /// P: number of grades far above the mean of all raters.
    pub above: usize,
    /// Q: number of grades far below.
    pub below: usize,
    /// Excluded from every mean.
    pub rejected: bool,
}

/// Results of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The methods, best first.
    pub methods: Vec<MethodScore>,
    /// The images by name, each with its methods by name.
    pub images: Vec<ImageScore>,
    /// The raters, by name.
    pub raters: Vec<RaterScore>,
}

/// A rater is rejected above this share of outlying grades …
const SHARE: f64 = 0.05;
/// … when they are on both sides: below this imbalance. A merely strict or lenient rater stays.
const IMBALANCE: f64 = 0.3;

/// Screens the raters, then scores the methods by the remaining ones. `reference` is the hidden reference's
/// method.
///
/// A grade is far above or below when it is at least 2 S from its presentation's mean, or √20 S where the
/// kurtosis β₂ of the grades is outside 2..=4; S has n − 1 degrees of freedom. A rater is rejected when (P +
/// Q) / (grades given) > 0.05 and |P − Q| / (P + Q) < 0.3. Screening is done once.
///
/// Source: ITU-R BT.500-14, annex 1, 2.3.1. Differs: a presentation with unanimous grades is not included (S
/// = 0 would make every grade far above and below). With fewer than six grades per presentation none can be 2
/// S away.
pub fn score(ratings: &Ratings, reference: Option<&str>) -> Scores {
    let raters = screen(ratings.rows());
    let rejected = |name: &str| raters.iter().any(|rater| rater.rejected && rater.name == name);
    let kept: Vec<&Rating> = ratings.rows().iter().filter(|row| !rejected(&row.rater)).collect();
    let hidden: BTreeMap<_, _> = kept
        .iter()
        .filter(|row| Some(row.method.as_str()) == reference)
        .map(|row| ((&row.rater, &row.image), f64::from(row.grade)))
        .collect();
    let mut grades: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut differences: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut each: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for row in &kept {
        let grade = f64::from(row.grade);
        grades.entry(&row.method).or_default().push(grade);
        each.entry((&row.image, &row.method)).or_default().push(grade);
        if let Some(best) = hidden.get(&(&row.rater, &row.image)).filter(|_| Some(&*row.method) != reference)
        {
            differences.entry(&row.method).or_default().push(grade - best);
        }
    }
    let mut methods: Vec<MethodScore> = grades
        .iter()
        .map(|(name, grades)| MethodScore {
            name: (*name).to_owned(),
            opinion: estimate(grades),
            difference: differences.get(name).map(|differences| estimate(differences)),
        })
        .collect();
    methods.sort_by(|a, b| b.opinion.mean.total_cmp(&a.opinion.mean));
    let images = each
        .iter()
        .map(|((image, method), grades)| ImageScore {
            image: (*image).to_owned(),
            method: (*method).to_owned(),
            opinion: estimate(grades),
        })
        .collect();
    Scores { methods, images, raters }
}

fn screen(rows: &[Rating]) -> Vec<RaterScore> {
    let mut presentations: BTreeMap<(&str, &str), Vec<&Rating>> = BTreeMap::new();
    let mut raters: BTreeMap<&str, RaterScore> = BTreeMap::new();
    for row in rows {
        presentations.entry((&row.image, &row.method)).or_default().push(row);
        let name = row.rater.clone();
        let new = RaterScore { name, ratings: 0, above: 0, below: 0, rejected: false };
        raters.entry(&row.rater).or_insert(new).ratings += 1;
    }
    for rows in presentations.values() {
        let Some((mean, far)) = limits(rows) else { continue };
        for row in rows {
            if let Some(rater) = raters.get_mut(row.rater.as_str()) {
                let grade = f64::from(row.grade);
                rater.above += usize::from(grade >= mean + far);
                rater.below += usize::from(grade <= mean - far);
            }
        }
    }
    let mut raters: Vec<RaterScore> = raters.into_values().collect();
    for rater in &mut raters {
        let (p, q) = (rater.above as f64, rater.below as f64);
        rater.rejected =
            (p + q) / rater.ratings as f64 > SHARE && (p - q).abs() / (p + q).max(1.0) < IMBALANCE;
    }
    raters
}

/// The mean of a presentation's grades and the distance that is far from it; `None` if all agree.
fn limits(rows: &[&Rating]) -> Option<(f64, f64)> {
    let n = rows.len() as f64;
    let mean = rows.iter().map(|row| f64::from(row.grade)).sum::<f64>() / n;
    let moment = |power| rows.iter().map(|row| (f64::from(row.grade) - mean).powi(power)).sum::<f64>() / n;
    let (second, fourth) = (moment(2), moment(4));
    if second <= 0.0 {
        return None;
    }
    let deviation = (second * n / (n - 1.0)).sqrt();
    let normal = (2.0..=4.0).contains(&(fourth / (second * second)));
    Some((mean, deviation * if normal { 2.0 } else { 20f64.sqrt() }))
}

fn estimate(values: &[f64]) -> Estimate {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    let interval = (values.len() > 1).then(|| 1.96 * (squares / (n - 1.0) / n).sqrt());
    Estimate { mean, interval, count: values.len() }
}
