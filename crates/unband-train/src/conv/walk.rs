//! Mapping from outputs of a convolution to the inputs that they read, along one axis.

/// One axis of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Input size.
    pub input: usize,
    /// Kernel size.
    pub kernel: usize,
    /// Stride.
    pub stride: usize,
    /// Zero padding at each end.
    pub padding: usize,
    /// Dilation.
    pub dilation: usize,
}

/// A tap of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Index in the kernel.
    pub index: usize,
    /// Read position, relative to the sample under the output.
    pub offset: isize,
}

/// Read pattern of outputs. Output `n · phases + p` is above input `n · step` and reads with the taps of
/// phase `p`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Number of input samples.
    pub inputs: usize,
    /// Number of output samples.
    pub outputs: usize,
    /// Input samples between consecutive outputs of a phase.
    pub step: usize,
    /// Taps of the whole kernel.
    pub kernel: usize,
    /// The taps of each phase.
    pub phases: Vec<Vec<Tap>>,
}

impl Axis {
    /// Output size; zero if the kernel does not fit.
    pub fn output(self) -> usize {
        let reach = self.dilation * (self.kernel - 1) + 1;
        (self.input + 2 * self.padding).checked_sub(reach).map_or(0, |room| room / self.stride + 1)
    }

    /// Read position of a tap, relative to the sample under the output.
    pub fn offset(self, tap: usize) -> isize {
        (tap * self.dilation).cast_signed() - self.padding.cast_signed()
    }

    /// The read pattern of the convolution.
    pub fn forward(self) -> Walk {
        let taps = (0..self.kernel).map(|index| Tap { index, offset: self.offset(index) }).collect();
        Walk {
            inputs: self.input,
            outputs: self.output(),
            step: self.stride,
            kernel: self.kernel,
            phases: vec![taps],
        }
    }

    /// The read pattern of its input gradient, which reads the output gradient. Input `x` is read by tap `t`
    /// of the output at `(x − offset(t)) / stride`, if that is an integer.
    pub fn backward(self) -> Walk {
        let stride = self.stride.cast_signed();
        let phase = |p: isize| -> Vec<Tap> {
            let place = |index| p - self.offset(index);
            let meets = |&index: &usize| place(index).rem_euclid(stride) == 0;
            let tap = |index| Tap { index, offset: place(index).div_euclid(stride) };
            (0..self.kernel).filter(meets).map(tap).collect()
        };
        Walk {
            inputs: self.output(),
            outputs: self.input,
            step: 1,
            kernel: self.kernel,
            phases: (0..stride).map(phase).collect(),
        }
    }
}

impl Walk {
    /// Outputs of the longest phase.
    pub(crate) fn per_phase(&self) -> usize {
        self.outputs.div_ceil(self.phases.len())
    }

    /// Padding read before the first input.
    pub fn before(&self) -> usize {
        let least = self.phases.iter().flatten().map(|tap| tap.offset).min().unwrap_or(0);
        least.min(0).unsigned_abs()
    }

    /// Padding read after the last input.
    pub fn after(&self) -> usize {
        let most = self.phases.iter().flatten().map(|tap| tap.offset).max().unwrap_or(0);
        let last = (self.per_phase().max(1) - 1) * self.step;
        (last.cast_signed() + most - (self.inputs.cast_signed() - 1)).max(0).unsigned_abs()
    }

    /// Whether this is a kernel of three, centred on each sample.
    pub(crate) fn is_three_around(&self) -> bool {
        let [taps] = self.phases.as_slice() else { return false };
        let mut offsets: Vec<isize> = taps.iter().map(|tap| tap.offset).collect();
        offsets.sort_unstable();
        self.step == 1 && offsets == [-1, 0, 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_meets_the_same_samples_as_the_way_there() {
        for (input, kernel, stride, padding, dilation) in [
            (9, 3, 1, 1, 1),
            (8, 4, 2, 1, 1),
            (11, 5, 2, 0, 1),
            (12, 3, 3, 4, 2),
            (5, 1, 2, 0, 1),
            (7, 2, 1, 3, 1),
        ] {
            let axis = Axis { input, kernel, stride, padding, dilation };
            let meetings = |walk: &Walk| -> Vec<(isize, usize, isize)> {
                let mut all = Vec::new();
                for o in 0..walk.outputs {
                    let (n, p) = (o / walk.phases.len(), o % walk.phases.len());
                    for tap in &walk.phases[p] {
                        let i = (n * walk.step).cast_signed() + tap.offset;
                        assert!(i >= -walk.before().cast_signed(), "{axis:?}");
                        assert!(i < (walk.inputs + walk.after()).cast_signed(), "{axis:?}");
                        if (0..walk.inputs.cast_signed()).contains(&i) {
                            all.push((i, tap.index, o.cast_signed()));
                        }
                    }
                }
                all
            };
            let mut there = meetings(&axis.forward());
            let mut back: Vec<_> =
                meetings(&axis.backward()).into_iter().map(|(o, t, i)| (i, t, o)).collect();
            there.sort_unstable();
            back.sort_unstable();
            assert!(!there.is_empty() && there == back, "{axis:?}");
        }
    }
}
