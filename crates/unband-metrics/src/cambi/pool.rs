//! Spatial pooling of CAMBI: the mean of the largest contrasts.

use super::contrast::ContrastStrip;

/// Lowest class of contrasts, which range from 1/2 to below 2¹⁸. A class is the upper half of a value's bits.
const LOW: u32 = 0x3f00;
const CLASSES: usize = 0x4880 - LOW as usize;

fn class(contrast: f32) -> Option<usize> {
    let class = (contrast.to_bits() >> 16).checked_sub(LOW)?;
    Some((class as usize).min(CLASSES - 1))
}

/// Sum of the `count` largest contrasts of all strips. Independent of the number of threads.
pub(super) fn sum_of_largest(strips: &[&ContrastStrip], count: u64) -> f64 {
    // Neighbours are often alike: four separate counters keep increments from waiting for each other.
    let mut lanes = vec![[0u32; 4]; CLASSES + 1];
    for strip in strips {
        for four in strip.contrasts.chunks(4) {
            for (lane, &contrast) in four.iter().enumerate() {
                let class = class(contrast).unwrap_or(CLASSES);
                lanes[class][lane] += 1;
            }
        }
    }
    let classes = lanes[..CLASSES].iter().map(|lanes| lanes.iter().map(|&n| u64::from(n)).sum::<u64>());
    let classes: Vec<u64> = classes.collect();
    // Finds the class that contains the `count`-th largest contrast.
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
    // Within that class the lower halves of the bits distinguish values.
    let mut values = vec![0u64; 1 << 16];
    let from = (LOW + last as u32) << 16;
    let mut sums = [0.0; 8];
    for strip in strips {
        for eight in strip.contrasts.chunks(8) {
            // The bits of non-negative floats are ordered like the values.
            let mut within = 0u32;
            for (sum, contrast) in sums.iter_mut().zip(eight) {
                let bits = contrast.to_bits();
                let above = bits > from | 0xffff;
                within |= u32::from(!above) & u32::from(bits >= from);
                *sum += if above { f64::from(*contrast) } else { 0.0 };
            }
            if within != 0 {
                for bits in
                    eight.iter().map(|contrast| contrast.to_bits()).filter(|bits| bits >> 16 == from >> 16)
                {
                    values[(bits & 0xffff) as usize] += 1;
                }
            }
        }
    }
    let mut sum: f64 = sums.iter().sum();
    let mut left = count - above;
    for (low, &n) in values.iter().enumerate().rev() {
        let taken = n.min(left);
        if taken > 0 {
            sum += taken as f64 * f64::from(f32::from_bits(from | low as u32));
        }
        left -= taken;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(contrasts: Vec<f32>) -> ContrastStrip {
        let sum = contrasts.iter().map(|&c| f64::from(c)).sum();
        ContrastStrip { scale: 0, x: 0, width: contrasts.len(), sum, max: 0.0, contrasts }
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
