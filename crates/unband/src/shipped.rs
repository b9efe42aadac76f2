//! Networks whose numbers are part of the program: see the cards in `weights/`.

use unband_infer::{Engine, models};
use unband_nets::arch::Architecture;

use crate::Error;

/// Our own networks that enlarge, by scale.
static UPSCALERS: [(usize, &[u8]); 2] = [
    (2, include_bytes!("../../../weights/unband-sr-lite-x2.safetensors")),
    (4, include_bytes!("../../../weights/unband-sr-lite-x4.safetensors")),
];

/// Our own network for that many times the size.
///
/// # Errors
/// A scale that there is none for; numbers that cannot be read: a fault of the build.
pub fn upscaler(scale: usize) -> Result<(&'static Architecture, Engine), Error> {
    let found = UPSCALERS.iter().find(|(has, _)| *has == scale);
    let (_, bytes) = found.ok_or(Error::NoUpscaler { scale })?;
    models::built_in(bytes).map_err(|what| {
        let path = format!("the built-in weights for ×{scale}");
        Error::Setting(unband_image::ParamError::File { path, what, hint: None })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_enlarges_as_it_is_listed() {
        for (scale, _) in UPSCALERS {
            let (architecture, engine) = upscaler(scale).unwrap();
            assert_eq!((architecture.name, engine.graph().scale()), ("unband-sr-lite", Some(scale)));
        }
        assert!(matches!(upscaler(3), Err(Error::NoUpscaler { scale: 3 })));
    }
}
