//! Stands for [`process`](crate::process) where there are no files: a program is never found.

use std::io;
use std::time::Duration;

use crate::Error;

/// An optional external program.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its possible names.
    pub(crate) names: &'static [&'static str],
    /// Its purpose.
    pub(crate) purpose: &'static str,
    /// How to install it.
    pub(crate) install: &'static str,
}

/// A folder that forgets its files.
pub(crate) struct Room;

impl Program {
    pub(crate) fn run(&self, _: &Room, _: &[&str], _: Duration) -> Result<(), Error> {
        let Self { names, purpose, install } = *self;
        Err(Error::NoProgram { program: names[0], purpose: purpose.into(), install })
    }
}

impl Room {
    #[allow(clippy::unnecessary_wraps)] // as its counterpart
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self)
    }

    #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
    pub(crate) fn create(&self, _: &str) -> Result<io::Sink, Error> {
        Ok(io::sink())
    }

    #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
    pub(crate) fn read(&self, _: &str, _: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }
}
