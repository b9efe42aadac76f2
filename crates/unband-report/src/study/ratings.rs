//! CSV ratings from study pages.

use std::collections::HashMap;

use super::StudyError;

/// One grade.
#[derive(Clone, Debug, PartialEq)]
pub struct Rating {
    /// Identifier of the study.
    pub study: String,
    /// Name of the rater.
    pub rater: String,
    /// Name of the image.
    pub image: String,
    /// The method: an identifier, or its name after [`Ratings::rename`].
    pub method: String,
    /// 1 (very annoying) to 5 (imperceptible).
    pub grade: u8,
    /// Rating time in seconds.
    pub seconds: f64,
    /// Position in the rater's order, from 1.
    pub order: u32,
}

/// The ratings of one study, from any number of files.
#[derive(Clone, Debug, Default)]
pub struct Ratings {
    rows: Vec<Rating>,
    /// File and line of each rater's grade of each image of each method.
    seen: HashMap<[String; 3], (String, u64)>,
}

const COLUMNS: [&str; 7] = ["study", "rater", "image", "method", "grade", "seconds", "order"];

impl Ratings {
    /// All ratings, in the order they were read.
    pub fn rows(&self) -> &[Rating] {
        &self.rows
    }

    /// The study they belong to.
    pub fn study(&self) -> Option<&str> {
        self.rows.first().map(|row| row.study.as_str())
    }

    /// Adds the rows of a CSV file. Its first line names the columns, in any order; other columns are
    /// ignored.
    ///
    /// # Errors
    /// Errors name file and line: a missing column or field, a grade outside 1..=5, another study than
    /// before, an image that the rater has graded before. Rows read until then are kept.
    pub fn read(&mut self, file: &str, csv: &[u8]) -> Result<(), StudyError> {
        let csv = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
        let at = |line, fault: String| StudyError::Row { file: file.to_owned(), line, fault };
        let broken = |error: &csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            let fault = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("{len} fields, {expected_len} are needed")
                }
                csv::ErrorKind::Utf8 { .. } => "not UTF-8 text".to_owned(),
                _ => error.to_string(),
            };
            at(line, fault)
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(csv);
        let header = reader.headers().map_err(|error| broken(&error))?.clone();
        let mut columns = [0; COLUMNS.len()];
        for (name, column) in COLUMNS.iter().zip(&mut columns) {
            *column = header
                .iter()
                .position(|found| found == *name)
                .ok_or_else(|| at(1, format!("there is no column `{name}`")))?;
        }
        for record in reader.into_records() {
            let record = record.map_err(|error| broken(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let rating = rating(&columns.map(|column| record.get(column).unwrap_or_default()))
                .map_err(|fault| at(line, fault))?;
            self.push(rating, file, line)?;
        }
        Ok(())
    }

    fn push(&mut self, rating: Rating, file: &str, line: u64) -> Result<(), StudyError> {
        let at = |fault| StudyError::Row { file: file.to_owned(), line, fault };
        if let Some(study) = self.study().filter(|study| *study != rating.study) {
            return Err(at(format!("study `{}`, the rows before belong to `{study}`", rating.study)));
        }
        let what = [rating.rater.clone(), rating.image.clone(), rating.method.clone()];
        if let Some((before, first)) = self.seen.insert(what, (file.to_owned(), line)) {
            let Rating { rater, image, method, .. } = &rating;
            return Err(at(format!("{rater} graded `{image}` of `{method}` before, in {before}:{first}")));
        }
        self.rows.push(rating);
        Ok(())
    }

    /// Replaces identifiers by names, from pairs of both; others stay as they are.
    pub fn rename(&mut self, key: &[(String, String)]) {
        for row in &mut self.rows {
            if let Some((_, name)) = key.iter().find(|(id, _)| *id == row.method) {
                row.method.clone_from(name);
            }
        }
    }
}

/// The fields, in the order of [`COLUMNS`], or the error text.
fn rating(fields: &[&str; COLUMNS.len()]) -> Result<Rating, String> {
    let [study, rater, image, method, grade, seconds, order] = *fields;
    if let Some((name, _)) = COLUMNS.iter().zip(fields).take(4).find(|(_, field)| field.is_empty()) {
        return Err(format!("{name} is empty"));
    }
    let found = grade.parse().ok().filter(|grade| (1..=5).contains(grade));
    let grade = found.ok_or_else(|| format!("grade `{grade}`, it must be 1, 2, 3, 4 or 5"))?;
    let found = seconds.parse().ok().filter(|s: &f64| s.is_finite() && *s >= 0.0);
    let seconds = found.ok_or_else(|| format!("seconds `{seconds}`, it must be a number from 0"))?;
    let found = order.parse().ok().filter(|&order| order > 0);
    let order = found.ok_or_else(|| format!("order `{order}`, it must be a whole number from 1"))?;
    let [study, rater, image, method] = [study, rater, image, method].map(str::to_owned);
    Ok(Rating { study, rater, image, method, grade, seconds, order })
}
