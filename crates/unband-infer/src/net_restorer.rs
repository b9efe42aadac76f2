//! Networks as restorers: windows of pictures in, windows out.

use std::num::NonZeroU32;
use std::sync::Arc;

use unband_image::{Context, Image, Model, Needs, RestoreError, Restorer, TileIn, TileOut, Window};
use unband_nets::Shape;
use unband_nets::arch::Architecture;

use crate::deepdeband::{self, DeepdebandError, Variant};
use crate::engine::Engine;
use crate::indi;
use crate::map::Map;
use crate::run::{Mode, RunError};

/// Columns that Winograd's tiles span; windows that begin on multiples of them, at the coarsest samples, give the same bits as
/// the whole picture.
const TILE: usize = 4;

/// Halos up to this are wide enough for the bits of the whole picture; deeper networks get a halo of their receptive field,
/// and windows differ from the whole by rounding.
const FAR: usize = 256;

/// How a network is run over a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Once.
    Once,
    /// In so many steps ([`indi::sample`]).
    Steps(NonZeroU32),
    /// deepDeband's: the whole picture, or weighed patches; with the seed of dropout.
    DeepDeband {
        /// Patches?
        weighted: bool,
        /// As published, or mended.
        variant: Variant,
        /// Seed.
        seed: u64,
    },
}

/// A network that gives pictures of the size it takes.
pub struct NetRestorer {
    name: &'static str,
    engine: Arc<Engine>,
    range: (f32, f32),
    way: Way,
    needs: Needs,
    /// Sides of what the network takes are multiples of this.
    multiple: usize,
}

impl NetRestorer {
    /// For red, green and blue.
    ///
    /// # Errors
    /// Networks that do not give a picture like the one they take, as text for people.
    pub fn new(architecture: &Architecture, engine: Arc<Engine>, way: Way) -> Result<Self, RestoreError> {
        let name = architecture.name;
        let fault = |what: String| RestoreError::Unsupported { method: name, what };
        let graph = engine.graph();
        let multiple =
            graph.size_multiple().ok_or_else(|| fault("takes pictures of one size only".into()))?;
        let shapes = graph.shapes(multiple * 4, multiple * 4).map_err(|e| fault(e.to_string()))?;
        let out = graph.outputs.first().map(|(_, value)| shapes[value.index()]);
        if out != Some(Shape::new(3, multiple * 4, multiple * 4)) {
            return Err(fault("does not give a picture of the size it takes".into()));
        }
        let align = TILE * graph.coarsest_step().max(multiple).next_power_of_two();
        // Every step looks as far again.
        let times = if let Way::Steps(steps) = way { steps.get() as usize } else { 1 };
        let exact = engine.exact_radius().filter(|radius| radius * times <= FAR);
        let needs = match exact.or(graph.receptive_radius()) {
            Some(radius) => Needs {
                halo: (radius * times).next_multiple_of(align),
                align,
                full_width: false,
                whole_image: false,
            },
            None => Needs { halo: 0, align, full_width: true, whole_image: true },
        };
        Ok(Self { name, engine, range: architecture.use_as.range, way, needs, multiple })
    }

    /// The network's picture for a window, cut to the window.
    fn picture(&self, image: &Image, window: Window, ctx: &Context<'_>) -> Result<Map<f32>, RestoreError> {
        let unsupported = |what: String| RestoreError::Unsupported { method: self.name, what };
        let run = |inputs: &[Map<f32>], mode: Mode| {
            let made = self.engine.run(inputs, mode, ctx).map_err(|error| match error {
                RunError::Stopped(error) => error,
                other => unsupported(other.to_string()),
            })?;
            made.into_iter().next().ok_or_else(|| unsupported("gave nothing".into()))
        };
        if let Way::DeepDeband { weighted, variant, seed } = self.way {
            let picture = fetched(image, window, 1, (0.0, 1.0));
            let made = if weighted {
                let patch = |map, number| run(&[map], variant.mode(seed.wrapping_add(number as u64)));
                deepdeband::weighted(&picture, variant, patch)
            } else {
                deepdeband::full(&picture, variant, |map| run(&[map], variant.mode(seed)))
            };
            return made.map_err(|error| match error {
                DeepdebandError::Run(error) => error,
                other => unsupported(other.to_string()),
            });
        }
        let map = fetched(image, window, self.multiple, self.range);
        let mut made = if let Way::Steps(steps) = self.way {
            let shape = map.shape;
            let one = |picture: &[f32], t: f32| {
                let time = Map { shape: Shape::new(1, 1, 1), data: vec![t] };
                Ok(run(&[Map { shape, data: picture.to_vec() }, time], Mode::default())?.data)
            };
            Map { shape, data: indi::sample(map.data, steps, one)? }
        } else {
            run(&[map], Mode::default())?
        };
        let (low, high) = self.range;
        for v in &mut made.data {
            *v = (*v - low) / (high - low);
        }
        Ok(made)
    }
}

/// A window as red, green and blue in a network's range, mirrored at the right and at the bottom up to a multiple.
fn fetched(image: &Image, window: Window, multiple: usize, (low, high): (f32, f32)) -> Map<f32> {
    let (width, height) =
        (window.width().next_multiple_of(multiple), window.height().next_multiple_of(multiple));
    let mut map = Map::zeros(Shape::new(3, height, width));
    for (c, plane) in map.data.chunks_mut(width * height).enumerate() {
        let from = &image.planes[c.min(image.planes.len() - 1)];
        for (y, row) in plane.chunks_mut(width).enumerate() {
            let source = &from.row(window.y0 + reflected(y, window.height()))[window.x0..window.x1];
            for (x, v) in row.iter_mut().enumerate() {
                *v = low + source[reflected(x, source.len())] * (high - low);
            }
        }
    }
    map
}

/// Place `i` of a line of `n` samples that is mirrored at its end, without repeating the last one.
fn reflected(i: usize, n: usize) -> usize {
    if n == 1 {
        return 0;
    }
    let i = i % (2 * (n - 1));
    if i < n { i } else { 2 * (n - 1) - i }
}

impl Restorer for NetRestorer {
    fn needs(&self) -> Needs {
        self.needs
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        if matches!(input.image.color.model, Model::Yuv { .. }) {
            let what = "takes red, green and blue: convert the picture first".to_owned();
            return Err(RestoreError::Unsupported { method: self.name, what });
        }
        let made = self.picture(input.image, input.outer, ctx)?;
        let (core, outer) = (input.core, input.outer);
        let grey = output.planes.len() == 1;
        for (c, plane) in output.planes.iter_mut().enumerate() {
            let rows = plane.data.chunks_exact_mut(plane.width.max(1));
            for (y, row) in rows.enumerate() {
                let from = |channel: usize| {
                    &made.plane(channel)[(core.y0 - outer.y0 + y) * made.shape.width + core.x0 - outer.x0..]
                };
                for (x, v) in row.iter_mut().enumerate() {
                    *v = if grey { (from(0)[x] + from(1)[x] + from(2)[x]) / 3.0 } else { from(c)[x] };
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband_image::Plane;
    use unband_image::tile::restore_in_place;
    use unband_nets::arch;
    use unband_nets::state::{Weights, fill};

    fn picture(width: usize, height: usize, planes: usize) -> Image {
        let codes: Vec<u8> =
            fill::picture(planes, height, width).iter().map(|v| (v * 255.0).round() as u8).collect();
        if planes == 1 {
            return Image::from_gray(width, height, &codes).unwrap();
        }
        let area = width * height;
        let rgb: Vec<u8> =
            (0..area).flat_map(|i| (0..3).map(move |c| c * area + i)).map(|i| codes[i]).collect();
        Image::from_rgb8(width, height, &rgb).unwrap()
    }

    fn restorer(name: &str) -> NetRestorer {
        let architecture = arch::find(name).unwrap();
        let graph = (architecture.build)().unwrap();
        let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
        let engine = Engine::new(graph, weights, unband_simd::Level::best());
        NetRestorer::new(architecture, Arc::new(engine), Way::Once).unwrap()
    }

    fn restored(image: &Image, restorer: &dyn Restorer, tile: usize, threads: usize) -> Vec<Plane> {
        let mut image = image.clone();
        let ctx = Context { threads, ..Context::default() };
        restore_in_place(&mut image, restorer, tile, &mut |_, _| {}, &ctx).unwrap();
        image.planes
    }

    #[test]
    fn windows_give_the_bits_of_the_whole_picture() {
        let image = picture(208, 136, 3);
        let adnet = restorer("adnet");
        let whole = restored(&image, &adnet, 4096, 2);
        for (tile, threads) in [(64, 1), (40, 3)] {
            assert!(restored(&image, &adnet, tile, threads) == whole, "windows of {tile}");
        }
        assert!(whole != image.planes);
    }

    #[test]
    fn grey_pictures_stay_grey() {
        let grey = picture(40, 30, 1);
        assert_eq!(restored(&grey, &restorer("adnet"), 64, 1).len(), 1);
    }

    #[test]
    fn any_size_comes_back_as_it_was() {
        for (width, height) in [(1, 1), (17, 5), (33, 70)] {
            let image = picture(width, height, 3);
            let made = restored(&image, &restorer("ggdbn"), 4096, 2);
            assert_eq!((made[0].width, made[0].height), (width, height));
            assert!(made.iter().all(|p| p.data.iter().all(|v| v.is_finite())));
        }
    }

    #[test]
    fn a_network_that_enlarges_is_refused() {
        let architecture = arch::find("rrdbnet").unwrap();
        let graph = unband_nets::arch::rrdbnet::build(&arch::rrdbnet::Config {
            nf: 8,
            nb: 1,
            gc: 4,
            ..arch::rrdbnet::Config::default()
        })
        .unwrap();
        let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
        let engine = Engine::new(graph, weights, unband_simd::Level::best());
        assert!(NetRestorer::new(architecture, Arc::new(engine), Way::Once).is_err());
    }

    #[test]
    fn steps_follow_the_network() {
        let architecture = arch::find("indi").unwrap();
        let graph = (architecture.build)().unwrap();
        let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
        let engine = Arc::new(Engine::new(graph, weights, unband_simd::Level::best()));
        let image = picture(24, 18, 3);
        let run = |steps| {
            let way = Way::Steps(NonZeroU32::new(steps).unwrap());
            restored(&image, &NetRestorer::new(architecture, engine.clone(), way).unwrap(), 4096, 1)
        };
        let time = Map { shape: Shape::new(1, 1, 1), data: vec![1.0] };
        let window = Window { x0: 0, y0: 0, x1: 24, y1: 18 };
        let once =
            engine.run(&[fetched(&image, window, 1, (0.0, 1.0)), time], Mode::default(), &Context::default());
        assert!(run(1).iter().flat_map(|p| p.data.clone()).eq(once.unwrap()[0].data.iter().copied()));
        assert!(run(2) != run(1));
    }

    #[test]
    fn mirroring_repeats_no_border() {
        let places: Vec<usize> = (0..8).map(|i| reflected(i, 4)).collect();
        assert_eq!(places, [0, 1, 2, 3, 2, 1, 0, 1]);
        assert_eq!(reflected(5, 1), 0);
    }
}
