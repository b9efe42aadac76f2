//! Exit status of the program.

/// Exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Everything was done.
    Done = 0,
    /// Some inputs failed, the others are done.
    SomeFailed = 1,
    /// Wrong usage; nothing was started.
    Usage = 2,
    /// A requested check failed.
    CheckFailed = 3,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}
