//! The mean of the largest contrasts.

use super::contrast::Strip;

/// Contrasts lie from 1/2 to below 2¹⁸: the upper halves of their bits.
const LOW: u32 = 0x3f00;
const CLASSES: usize = 0x4880 - LOW as usize;

fn class(contrast: f32) -> Option<usize> {
    let class = (contrast.to_bits() >> 16).checked_sub(LOW)?;
    Some((class as usize).min(CLASSES - 1))
}

/// Sum of the `count` largest contrasts of all strips. The same for every number of threads.
pub(super) fn sum_of_largest(strips: &[&Strip], count: u64) -> f64 {
    let all = || strips.iter().flat_map(|strip| &strip.contrasts);
    let mut classes = vec![0u64; CLASSES];
    for &contrast in all() {
        if let Some(class) = class(contrast) {
            classes[class] += 1;
        }
    }
    // From the top down to the class in which the count is reached.
    let mut above = 0;
    let mut last = None;
    for (class, &n) in classes.iter().enumerate().rev() {
        if above + n > count {
            last = Some(class);
            break;
        }
        above += n;
    }
    let Some(last) = last else { return strips.iter().map(|strip| strip.sum).sum() };
    // Within that class the lower halves of the bits tell values apart.
    let mut values = vec![0u64; 1 << 16];
    let mut sum = 0.0;
    for &contrast in all() {
        match class(contrast) {
            Some(class) if class > last => sum += f64::from(contrast),
            Some(class) if class == last => values[(contrast.to_bits() & 0xffff) as usize] += 1,
            _ => {}
        }
    }
    let mut left = count - above;
    for (low, &n) in values.iter().enumerate().rev() {
        let taken = n.min(left);
        if taken > 0 {
            sum += taken as f64 * f64::from(f32::from_bits(((LOW + last as u32) << 16) | low as u32));
        }
        left -= taken;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(contrasts: Vec<f32>) -> Strip {
        let sum = contrasts.iter().map(|&c| f64::from(c)).sum();
        Strip { scale: 0, x: 0, width: contrasts.len(), sum, max: 0.0, contrasts }
    }

    #[test]
    fn the_largest_are_those_of_a_sorted_list() {
        let value = |i: usize| if i.is_multiple_of(3) { 0.0 } else { 0.5 + (i * 7919 % 1009) as f32 / 8.0 };
        let parts = [strip((0..700).map(value).collect()), strip((700..2000).map(value).collect())];
        let mut sorted: Vec<f32> = (0..2000).map(value).collect();
        sorted.sort_by(|a, b| b.total_cmp(a));
        for count in [1, 2, 5, 600, 1200, 1333, 1334, 2000] {
            let want: f64 = sorted[..count].iter().map(|&v| f64::from(v)).sum();
            let got = sum_of_largest(&[&parts[0], &parts[1]], count as u64);
            assert!((got - want).abs() < 1e-6, "{count}: {got} {want}");
        }
    }

    #[test]
    fn equal_values_are_taken_as_often_as_asked() {
        let strip = strip(vec![3.25; 100]);
        assert!((sum_of_largest(&[&strip], 37) - 37.0 * 3.25).abs() < 1e-12);
    }
}
