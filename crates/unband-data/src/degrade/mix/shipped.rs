//! Built-in recipes.

/// A recipe of `recipes/degrade`.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// File name without extension.
    pub name: &'static str,
    /// Text of the file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),*) => {
        &[$(Shipped { name: $name, text: include_str!(concat!("../../../../../recipes/degrade/", $name, ".toml")) }),*]
    };
}

impl Shipped {
    /// All built-in recipes.
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

    /// Their names, separated by commas.
    pub fn names() -> String {
        Self::ALL.iter().map(|shipped| shipped.name).collect::<Vec<_>>().join(", ")
    }

    /// The recipe with this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|shipped| shipped.name == name).copied()
    }
}
