//! Values of types that may get more fields.

/// Values of types that may get more fields: such a type has public fields and a default, but no literals
/// outside of its crate.
///
/// ```
/// use unband_image::{Context, With};
///
/// let ctx = Context::with(|new| new.threads = 2);
/// assert_eq!(ctx.but(|new| new.frame = 7).frame, 7);
/// ```
pub trait With: Sized {
    /// The default with changes.
    #[must_use]
    fn with(change: impl FnOnce(&mut Self)) -> Self
    where
        Self: Default,
    {
        Self::default().but(change)
    }

    /// This value with changes.
    #[must_use]
    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl<T> With for T {}
