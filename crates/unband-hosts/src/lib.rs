//! unband in hosts: one library that `VapourSynth`, frei0r's hosts and programs in C load. Each looks for its
//! own entry points; all stand on the same frames.

mod c;
mod colors;
mod frame;
mod frei0r;
mod guard;
mod owned;
mod vapoursynth;
