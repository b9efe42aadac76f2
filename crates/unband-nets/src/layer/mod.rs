//! Operations, one file per type: definition and shape rule. The methods of [`crate::Net`] that build them
//! are in `net/`.
//!
//! All values are channels, rows, columns. A linear layer is a 1×1 convolution; tokens are samples of an
//! image. Slopes, factors and the like are 64 bits wide, as in Python: 0.2 in 32 bits is a different number.

pub mod activation;
pub mod arithmetic;
pub mod arrange;
pub mod attention;
pub mod banded_deform_conv;
pub mod conv;
pub mod deform_conv;
pub mod norm;
pub mod pool;
pub mod resample;
