//! Codes behind samples in floating point.

use crate::color::Color;
use crate::depth::Depth;
use crate::image::{Image, Plane};
use crate::light_codes::LightCodes;
use crate::origin::Origin;
use crate::whole_steps::WholeSteps;

/// The codes behind the samples of an image in floating point. Images are inspected and restored as codes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FloatCodes {
    /// Whole metres or the like.
    Steps(WholeSteps),
    /// Codes in linear light.
    Light(LightCodes),
}

/// The samples of an image before they became codes.
#[derive(Clone, Debug)]
pub struct Uncoded {
    planes: Vec<Plane>,
    alpha: Option<Plane>,
    color: Color,
    origin: Origin,
}

impl FloatCodes {
    /// The codes behind an image, if any.
    pub fn find(image: &Image) -> Option<Self> {
        let steps = WholeSteps::find(image).map(Self::Steps);
        steps.or_else(|| LightCodes::find(image).map(Self::Light))
    }

    /// The whole steps.
    pub fn steps(&self) -> Option<&WholeSteps> {
        if let Self::Steps(steps) = self { Some(steps) } else { None }
    }

    /// The codes in linear light.
    pub fn light(&self) -> Option<&LightCodes> {
        if let Self::Light(light) = self { Some(light) } else { None }
    }

    /// Depth of the codes.
    pub fn depth(&self) -> Depth {
        match self {
            Self::Steps(steps) => steps.depth(),
            Self::Light(light) => light.depth(),
        }
    }

    /// The image of codes.
    #[must_use]
    pub fn coded(&self, image: &Image) -> Image {
        let mut coded = Image::new(image.planes.clone(), image.color.model, image.depth);
        coded.color = image.color;
        coded.origin.clone_from(&image.origin);
        self.encode(&mut coded);
        coded.alpha.clone_from(&image.alpha);
        coded
    }

    /// Turns the samples of an image into codes. Missing samples continue the others and become transparent.
    pub fn put_codes(&self, image: &mut Image) -> Uncoded {
        let source = Uncoded {
            planes: image.planes.clone(),
            alpha: image.alpha.clone(),
            color: image.color,
            origin: image.origin.clone(),
        };
        self.encode(image);
        source
    }

    fn encode(&self, image: &mut Image) {
        match self {
            Self::Steps(steps) => steps.put_codes(image),
            Self::Light(light) => light.put_codes(image),
        }
    }

    /// Turns codes into samples again: `source` as it was, moved by as much as its codes. Missing samples
    /// stay.
    pub fn put_back(&self, image: &mut Image, source: Uncoded) {
        match self {
            Self::Steps(steps) => steps.put_back(&mut image.planes, &source.planes),
            Self::Light(light) => light.put_back(&mut image.planes, &source.planes),
        }
        (image.alpha, image.color, image.origin) = (source.alpha, source.color, source.origin);
        image.depth = Depth::F32;
    }

    /// A source and its result as codes of the source's depth: results are not rounded. Missing samples that
    /// differ become NaN.
    #[must_use]
    pub fn both_coded(&self, source: &Image, result: &Image) -> (Image, Image) {
        let coded = self.coded(source);
        let mut after = coded.clone();
        after.depth = Depth::F32;
        let pairs = source.planes.iter().zip(&result.planes).zip(&mut after.planes);
        for ((before, result), plane) in pairs {
            let samples = plane.data.iter_mut().zip(before.data.iter().zip(&result.data));
            match self {
                Self::Steps(steps) => samples.for_each(|(code, (&before, &result))| {
                    steps.moved_code(code, before, result);
                }),
                Self::Light(light) => samples.for_each(|(code, (&before, &result))| {
                    light.moved_code(code, before, result);
                }),
            }
        }
        (coded, after)
    }
}
