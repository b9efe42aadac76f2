//! Cached results, so that an interrupted table can be resumed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use unband_metrics::Metric;

use super::{EvaluateError, EvaluateFault};
use crate::metrics::Value;

/// Result of one method and setting on one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Values by the name of the metric.
    values: BTreeMap<String, CachedValue>,
    /// Seconds of the method.
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CachedValue {
    /// As text: JSON has no infinity.
    Number(String),
    Missing(String),
}

impl Record {
    /// Builds the record from values in the order of the metrics.
    pub fn new(metrics: &[Metric], values: &[Value], seconds: f64) -> Self {
        let kept = |value: &Value| match value {
            Value::Number(number) => CachedValue::Number(number.to_string()),
            Value::Missing(why) => CachedValue::Missing(why.clone()),
            Value::Blank => CachedValue::Missing("nothing to compare with".to_owned()),
        };
        let values =
            metrics.iter().zip(values).map(|(metric, value)| (metric.name().to_owned(), kept(value)));
        Self { values: values.collect(), seconds }
    }

    /// The value of a metric.
    pub fn value(&self, metric: &Metric) -> Value {
        match self.values.get(metric.name()) {
            Some(CachedValue::Number(text)) => match text.parse() {
                Ok(number) => Value::Number(number),
                Err(_) => Value::Missing(format!("`{text}` is not a number")),
            },
            Some(CachedValue::Missing(why)) => Value::Missing(why.clone()),
            None => Value::Missing("was not measured".to_owned()),
        }
    }

    /// The same if it is a number.
    pub fn number(&self, metric: &Metric) -> Option<f64> {
        match self.value(metric) {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// A folder of results, each named by a hash of everything it depends on.
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Creates the folder.
    ///
    /// # Errors
    /// I/O errors.
    pub fn open(folder: &Path) -> Result<Self, EvaluateError> {
        fs::create_dir_all(folder)
            .map_err(|source| EvaluateFault::OutputFolder { source }.of(folder.display().to_string()))?;
        Ok(Self { folder: folder.to_path_buf() })
    }

    fn file(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }

    /// A result; `None` if it is missing or unreadable.
    pub fn get(&self, key: &str) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.file(key)).ok()?).ok()
    }

    /// Writes a result atomically.
    ///
    /// # Errors
    /// I/O errors.
    pub fn put(&self, key: &str, record: &Record) -> Result<(), EvaluateError> {
        let file = self.file(key);
        let fail = |fault: EvaluateFault| fault.of(file.display().to_string());
        let bytes = serde_json::to_vec(record).map_err(|error| fail(error.into()))?;
        unband_io::write_bytes(&bytes, &file, true).map_err(|error| fail(error.into()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_result_comes_back_to_the_last_bit() {
        let metrics: Vec<_> =
            ["psnr", "cambi", "dbi"].map(|name| unband_metrics::find(name).unwrap()).to_vec();
        let values =
            [Value::Number(f64::INFINITY), Value::Number(0.1 + 0.2), Value::Missing("too small".into())];
        let dir = tempfile::tempdir().unwrap();
        let store = Cache::open(&dir.path().join("kept")).unwrap();
        let record = Record::new(&metrics, &values, 0.125);
        store.put("a", &record).unwrap();
        let back = store.get("a").unwrap();
        assert_eq!(back, record);
        let again: Vec<Value> = metrics.iter().map(|metric| back.value(metric)).collect();
        assert_eq!(again, values);
        assert_eq!(store.get("b"), None);
        fs::write(dir.path().join("kept/a.json"), "{\"values\":{").unwrap();
        assert_eq!(store.get("a"), None, "half a file is none");
    }
}
