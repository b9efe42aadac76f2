//! Files and streams: integration tests in one program, which links once.
#![allow(missing_docs, clippy::unwrap_used)]

mod animation;
mod auxiliary;
mod avif;
mod docs;
mod files;
mod foreign;
mod gain_map;
mod heic;
mod hostile;
mod jpeg;
mod jpeg_composed;
mod metadata;
mod png_size;
mod round_trip;
mod sample;
mod unread;
