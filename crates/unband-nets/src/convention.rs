//! How weights are run: order of channels, scale of values and number of steps.

use std::num::NonZeroU32;

use crate::checkpoint::CheckpointFiles;
use crate::zoo;

/// Metadata key of the order, `rgb` or `bgr`.
pub(crate) const ORDER: &str = "unband.order";

/// Metadata key of the scale.
pub(crate) const SCALE: &str = "unband.scale";

/// Metadata key of the number of steps.
pub const STEPS: &str = "unband.steps";

/// How an image is passed to a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convention {
    /// Blue, green, red instead of red, green, blue.
    pub bgr: bool,
    /// Factor of the network's values: 1/255 for a network whose training divided bytes by 255 twice.
    pub scale: f32,
    /// Steps of a multi-step network; `None` where the file does not state them.
    pub steps: Option<NonZeroU32>,
}

impl Default for Convention {
    /// Red, green, blue, unscaled: all weights trained by unband.
    fn default() -> Self {
        Self { bgr: false, scale: 1.0, steps: None }
    }
}

impl Convention {
    /// From the metadata of a file; `None` without any.
    pub(crate) fn from_facts(facts: &[(String, String)]) -> Option<Self> {
        let fact = |key: &str| facts.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let (order, scale, steps) = (fact(ORDER), fact(SCALE), fact(STEPS));
        [order, scale, steps].iter().any(Option::is_some).then(|| Self {
            bgr: order.is_some_and(|order| order.eq_ignore_ascii_case("bgr")),
            scale: scale.and_then(parse_scale).unwrap_or(1.0),
            steps: steps.and_then(|steps| steps.trim().parse().ok()),
        })
    }

    /// That of a file: by its metadata, else by its checksum if it is a published one ([`zoo::PUBLISHED`]).
    pub fn of_file(source: &CheckpointFiles, facts: &[(String, String)]) -> Self {
        Self::from_facts(facts).or_else(|| known(source)).unwrap_or_default()
    }

    /// As metadata.
    pub fn facts(self) -> Vec<(String, String)> {
        let order = if self.bgr { "bgr" } else { "rgb" };
        let steps = self.steps.map(|steps| (STEPS, steps.to_string()));
        let facts = [(ORDER, order.to_owned()), (SCALE, self.scale.to_string())];
        facts.into_iter().chain(steps).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Whether images are passed as they are.
    pub fn is_plain(self) -> bool {
        Self { steps: None, ..self } == Self::default()
    }

    /// Converts planes of red, green and blue, `area` samples each, to the network's.
    pub fn feed(self, data: &mut [f32], area: usize) {
        self.swap(data, area);
        if (self.scale - 1.0).abs() > 0.0 {
            for v in data {
                *v *= self.scale;
            }
        }
    }

    /// Converts an output of the network back; planes are exchanged where there are three.
    pub fn take(self, data: &mut [f32], area: usize) {
        self.swap(data, area);
        if (self.scale - 1.0).abs() > 0.0 {
            for v in data {
                *v /= self.scale;
            }
        }
    }

    fn swap(self, data: &mut [f32], area: usize) {
        if self.bgr && area > 0 && data.len() == 3 * area {
            let (red, rest) = data.split_at_mut(area);
            red.swap_with_slice(&mut rest[area..]);
        }
    }
}

/// A factor above 0: a number, or a fraction such as `1/255`.
pub fn parse_scale(text: &str) -> Option<f32> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let value = match text.split_once('/') {
        Some((above, below)) => number(above)? / number(below)?,
        None => number(text)?,
    } as f32;
    (1e-6..=1e6).contains(&value).then_some(value)
}

/// The convention of a published file whose scripts pass images differently. The checksum is computed only
/// for files of the same size as one of them.
fn known(source: &CheckpointFiles) -> Option<Convention> {
    let bytes = source.bytes();
    let mut sized = zoo::PUBLISHED.iter().filter(|p| !p.convention().is_plain() && p.bytes == Some(bytes));
    sized.next()?;
    zoo::with_sha256(&source.sha256()).map(super::zoo::Published::convention)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let bgr = Convention { bgr: true, scale: 0.25, steps: None };
        let mut data = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        bgr.feed(&mut data, 2);
        assert_eq!(data, [1.25, 1.5, 0.75, 1.0, 0.25, 0.5]);
        bgr.take(&mut data, 2);
        assert_eq!(data, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        // A map of one plane has no order.
        let mut map = vec![0.5, 1.0];
        bgr.take(&mut map, 2);
        assert_eq!(map, [2.0, 4.0]);
    }

    #[test]
    fn metadata_states_it() {
        assert_eq!(Convention::from_facts(&[]), None);
        let steps = NonZeroU32::new(3);
        let scaled = Convention { bgr: true, scale: 1.0 / 255.0, steps: None };
        for convention in [Convention::default(), scaled, Convention { steps, ..scaled }] {
            assert_eq!(Convention::from_facts(&convention.facts()), Some(convention));
        }
        let stated =
            |steps: &str| Convention::from_facts(&[(STEPS.into(), steps.into())]).unwrap_or_default();
        assert_eq!(stated("3"), Convention { steps, ..Convention::default() });
        assert_eq!((stated("0"), stated("many")), (Convention::default(), Convention::default()));
        assert_eq!(Convention::from_facts(&[(SCALE.into(), "nonsense".into())]), Some(Convention::default()));
    }

    #[test]
    fn scales_are_numbers_or_fractions() {
        assert_eq!(parse_scale("1/255"), Some(1.0 / 255.0));
        assert_eq!(parse_scale(" 2.5 "), Some(2.5));
        for wrong in ["", "0", "-1", "1/0", "nan", "inf", "1/255/255", "x"] {
            assert_eq!(parse_scale(wrong), None, "{wrong}");
        }
    }
}
