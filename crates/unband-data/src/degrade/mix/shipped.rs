//! Mixes that are built in.

/// A mix of `recipes/degrade`.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// The name of its file without ending.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),*) => {
        &[$(Shipped { name: $name, text: include_str!(concat!("../../../../../recipes/degrade/", $name, ".toml")) }),*]
    };
}

impl Shipped {
    /// All of them.
    pub const ALL: &'static [Self] = shipped![
        "default",
        "banding",
        "fhd",
        "fhd-ffmpeg",
        "rgb",
        "rgb-4-5",
        "pictures",
        "codecs",
        "bsrgan",
        "bsrgan-x2",
        "bsrgan-plus",
        "bsrgan-plus-x2",
        "bsrgan-face",
        "upscaling",
        "upscaling-x2",
        "bicubic",
        "srmd",
        "dpsr",
        "usrnet"
    ];

    /// Their names for people, with commas.
    pub fn names() -> String {
        Self::ALL.iter().map(|shipped| shipped.name).collect::<Vec<_>>().join(", ")
    }

    /// The one of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|shipped| shipped.name == name).copied()
    }
}
