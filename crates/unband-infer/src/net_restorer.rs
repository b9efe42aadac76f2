//! Networks as restorers: windows of pictures in, windows out.

use std::num::NonZeroU32;

use unband_image::{Context, Image, Model, Needs, RestoreError, Restorer, TileIn, TileOut, Window};
use unband_nets::Shape;
use unband_nets::arch::{Architecture, Passes};

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

/// A network that gives pictures of the size it takes.
pub struct NetRestorer {
    name: &'static str,
    engine: Engine,
    range: (f32, f32),
    /// Steps, for networks that run in steps.
    steps: Option<NonZeroU32>,
    mode: Mode,
    needs: Needs,
    /// Sides of what the network takes are multiples of this.
    multiple: usize,
}

impl NetRestorer {
    /// For red, green and blue; `steps` count where the network runs in steps.
    ///
    /// # Errors
    /// Networks that do not give a picture like the one they take, as text for people.
    pub fn new(
        architecture: &Architecture,
        engine: Engine,
        steps: NonZeroU32,
        mode: Mode,
    ) -> Result<Self, RestoreError> {
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
        let once = architecture.use_as.passes == Passes::One;
        // Every step looks as far again.
        let times = if once { 1 } else { steps.get() as usize };
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
        let steps = (!once).then_some(steps);
        Ok(Self { name, engine, range: architecture.use_as.range, steps, mode, needs, multiple })
    }

    /// The network's picture for a window, cut to the window.
    fn picture(&self, image: &Image, window: Window, ctx: &Context<'_>) -> Result<Map<f32>, RestoreError> {
        let (width, height) =
            (window.width().next_multiple_of(self.multiple), window.height().next_multiple_of(self.multiple));
        let (low, high) = self.range;
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
        let run = |inputs: &[Map<f32>]| self.engine.run(inputs, self.mode, ctx);
        let mut made = match self.steps {
            None => run(&[map]).map(|mut all| all.swap_remove(0)),
            Some(steps) => {
                let shape = map.shape;
                let one = |picture: &[f32], t: f32| {
                    let time = Map { shape: Shape::new(1, 1, 1), data: vec![t] };
                    run(&[Map { shape, data: picture.to_vec() }, time]).map(|mut all| all.swap_remove(0).data)
                };
                indi::sample(map.data, steps, one).map(|data| Map { shape, data })
            }
        }
        .map_err(|error| match error {
            RunError::Stopped(error) => error,
            other => RestoreError::Unsupported { method: self.name, what: other.to_string() },
        })?;
        for v in &mut made.data {
            *v = (*v - low) / (high - low);
        }
        Ok(made)
    }
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
        NetRestorer::new(architecture, engine, NonZeroU32::new(2).unwrap(), Mode::default()).unwrap()
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
        let one = NonZeroU32::new(1).unwrap();
        assert!(NetRestorer::new(architecture, engine, one, Mode::default()).is_err());
    }

    #[test]
    fn mirroring_repeats_no_border() {
        let places: Vec<usize> = (0..8).map(|i| reflected(i, 4)).collect();
        assert_eq!(places, [0, 1, 2, 3, 2, 1, 0, 1]);
        assert_eq!(reflected(5, 1), 0);
    }
}
