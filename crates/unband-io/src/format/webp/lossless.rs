//! Stands for the lossy encoder where it is not built.

use super::super::{When, WriteOptions};
use super::NAME;
use crate::Error;

pub(super) const WHEN: When = When::Never;

pub(super) fn encode(_: &[u8], _: u32, _: u32, _: bool, _: &WriteOptions) -> Result<Vec<u8>, Error> {
    Err(Error::encode(NAME, "the lossy encoder was not built"))
}
