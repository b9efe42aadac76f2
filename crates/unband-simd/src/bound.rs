//! Largest and smallest of two floats by one comparison.

/// `f32::max` and `f32::min` in one instruction of every processor. Those of the standard library must also
/// return the other operand for NaN, which WebAssembly does by a function call for each float. Same results
/// unless the argument is NaN.
pub trait Bound {
    /// `self`, or `low` if that is larger.
    #[must_use]
    fn at_least(self, low: Self) -> Self;
    /// `self`, or `high` if that is smaller.
    #[must_use]
    fn at_most(self, high: Self) -> Self;
}

#[allow(clippy::inline_always)] // bodies must be compiled into the functions that have the instructions
impl Bound for f32 {
    #[inline(always)]
    fn at_least(self, low: Self) -> Self {
        if self > low { self } else { low }
    }

    #[inline(always)]
    fn at_most(self, high: Self) -> Self {
        if self < high { self } else { high }
    }
}
