//! Kernels of the classical filters; a module is named after its filter.

pub mod bband;
pub mod chroma_guide;
pub mod f3kdb;
pub mod fcdr;
pub mod ffmpeg_deband;
pub mod gradfun;
pub mod jpeg_bounds;
pub mod libplacebo;
pub mod smooth;
pub mod undither;
