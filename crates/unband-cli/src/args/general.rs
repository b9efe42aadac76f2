//! Options of nearly every command: threads, memory, device, verbosity.

use std::num::NonZeroUsize;

use clap::Args;

use super::{memory, threads};
use crate::card::DeviceArgs;
use crate::images;
use crate::reporter::Loudness;

/// Verbosity.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ReporterArgs {
    /// Print errors only
    #[arg(short, long, conflicts_with = "verbose", help_heading = "General")]
    pub quiet: bool,
    /// Print findings and decisions too
    #[arg(short, long, help_heading = "General")]
    pub verbose: bool,
}

impl ReporterArgs {
    /// The verbosity that was asked for.
    pub(crate) fn loudness(self) -> Loudness {
        Loudness::new(self.quiet, self.verbose)
    }
}

/// Threads.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ThreadArgs {
    /// Number of threads [default: all processors]
    #[arg(short = 'j', long, value_name = "N", value_parser = threads, help_heading = "General")]
    threads: Option<NonZeroUsize>,
}

impl ThreadArgs {
    /// Number of threads for all images together.
    pub(crate) fn count(self) -> usize {
        images::threads(self.threads)
    }
}

/// Threads, memory and device.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ResourceArgs {
    /// Threads.
    #[command(flatten)]
    pub threads: ThreadArgs,
    /// Memory limit, such as 800M or 2G
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "General", hide_short_help = true)]
    pub max_memory: Option<u64>,
    /// Device for networks.
    #[command(flatten)]
    pub device: DeviceArgs,
}
