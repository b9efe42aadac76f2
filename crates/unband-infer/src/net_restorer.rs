//! Networks as restorers: window-wise inference.

use std::num::NonZeroU32;
use std::sync::Arc;

use unband_image::context::Piece;
use unband_image::{Context, Image, Needs, RestoreError, Restorer, TileIn, TileOut, Window, With};
use unband_nets::arch::Architecture;
use unband_nets::{Convention, Shape};

use crate::deepdeband::{self, DeepdebandError, Variant};
use crate::engine::Engine;
use crate::indi;
use crate::map::Map;
use crate::run::Mode;
use crate::window;

/// Halos up to this width make windows bit-identical to the whole image. Deeper networks get a halo of their
/// receptive field, and windows differ from the whole image by rounding.
pub(crate) const FAR: usize = 256;

/// Inference mode over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// One pass.
    Once,
    /// A number of steps ([`indi::sample`]).
    Steps(NonZeroU32),
    /// deepDeband's: the whole image, or weighted patches; with the seed of dropout.
    DeepDeband {
        /// Whether it uses patches.
        weighted: bool,
        /// As published, or corrected.
        variant: Variant,
        /// Seed.
        seed: u64,
    },
}

/// A network whose output has the size of its input.
pub struct NetRestorer {
    name: &'static str,
    engine: Arc<Engine>,
    range: (f32, f32),
    convention: Convention,
    way: Execution,
    needs: Needs,
    /// Sides of the network's input are multiples of this.
    multiple: usize,
}

impl NetRestorer {
    /// For red, green and blue.
    ///
    /// # Errors
    /// Networks whose output does not have the size of their input, as text for display.
    pub fn new(
        architecture: &Architecture,
        engine: Arc<Engine>,
        way: Execution,
    ) -> Result<Self, RestoreError> {
        let name = architecture.name;
        let fault = |what: String| RestoreError::Unsupported { method: name, what };
        let graph = engine.graph();
        let multiple = graph.size_multiple().ok_or_else(|| fault("accepts only one image size".into()))?;
        let shapes = graph.shapes(multiple * 4, multiple * 4).map_err(|e| fault(e.to_string()))?;
        let out = graph.outputs.first().map(|(_, value)| shapes[value.index()]);
        if out != Some(Shape::new(3, multiple * 4, multiple * 4)) {
            return Err(fault("does not return an image of its input's size".into()));
        }
        let align = engine.align();
        // Every step extends the receptive field.
        let times = if let Execution::Steps(steps) = way { steps.get() as usize } else { 1 };
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
        let convention = engine.convention();
        Ok(Self { name, engine, range: architecture.use_as.range, convention, way, needs, multiple })
    }

    /// With another convention than the engine's.
    #[must_use]
    pub fn with_convention(self, convention: Convention) -> Self {
        Self { convention, ..self }
    }

    /// The network's image for a window, and the auxiliary output that `ctx` requests; both of the network's
    /// input size.
    fn made(&self, image: &Image, outer: Window, ctx: &Context<'_>) -> Result<NetResult, RestoreError> {
        let outputs = &self.engine.graph().outputs;
        let wanted =
            ctx.extra_output.and_then(|extra| outputs.iter().position(|(name, _)| name == extra.name()));
        let mut other = None;
        // One of several runs of equal length.
        let convention = self.convention;
        let mut run = |inputs: &mut [Map<f32>], mode: Mode, (number, of): (usize, usize)| {
            let piece = Piece { all: ctx.progress, number, of };
            let ctx = (*ctx).but(|new| new.progress = &piece);
            if let Some(image) = inputs.first_mut() {
                convention.feed(&mut image.data, image.shape.height * image.shape.width);
            }
            let made = self.engine.run(inputs, mode, &ctx);
            let mut made = made.map_err(|error| window::failed(self.name, error))?;
            for output in &mut made {
                convention.take(&mut output.data, output.shape.height * output.shape.width);
            }
            ctx.progress.advance(1, 1);
            other = wanted.filter(|at| (1..made.len()).contains(at)).map(|at| made.swap_remove(at));
            window::first(self.name, made)
        };
        if let Execution::DeepDeband { weighted, variant, seed } = self.way {
            let painted = window::fetched(image, outer, 1, (0.0, 1.0));
            let made = if weighted {
                let patches = deepdeband::patches(painted.shape);
                let patch = |map, number| {
                    run(&mut [map], variant.mode(seed.wrapping_add(number as u64)), (number, patches))
                };
                deepdeband::weighted(&painted, variant, patch)
            } else {
                deepdeband::full(&painted, variant, |map| run(&mut [map], variant.mode(seed), (0, 1)))
            };
            let painted = made.map_err(|error| match error {
                DeepdebandError::Run(error) => error,
                other => RestoreError::unsupported(self.name, other),
            })?;
            return Ok(NetResult { painted, other: None });
        }
        let map = window::fetched(image, outer, self.multiple, self.range);
        let mut painted = if let Execution::Steps(steps) = self.way {
            let (shape, mut number) = (map.shape, 0);
            let one = |painted: &[f32], t: f32| {
                let time = Map { shape: Shape::new(1, 1, 1), data: vec![t] };
                let mut inputs = [Map { shape, data: painted.to_vec() }, time];
                let made = run(&mut inputs, Mode::default(), (number, steps.get() as usize))?;
                number += 1;
                Ok::<_, RestoreError>(made.data)
            };
            Map { shape, data: indi::sample(map.data, steps, one)? }
        } else {
            run(&mut [map], Mode::default(), (0, 1))?
        };
        let (low, high) = self.range;
        painted.data.iter_mut().for_each(|v| *v = (*v - low) / (high - low));
        Ok(NetResult { painted, other })
    }

    /// Bytes of one run over a window, including its surroundings.
    fn bytes_of_run(&self, (width, height): (usize, usize), threads: usize) -> u64 {
        let bytes = |height, width, mode| self.engine.peak_bytes(height, width, mode, threads);
        let whole = |multiple: usize| (height.next_multiple_of(multiple), width.next_multiple_of(multiple));
        let (run, (height, width), around) = match self.way {
            // The sum of patches in 64 bits, and their weights.
            Execution::DeepDeband { weighted: true, variant, seed } => (
                bytes(deepdeband::PATCH, deepdeband::PATCH, variant.mode(seed)),
                whole(deepdeband::PATCH),
                56,
            ),
            Execution::DeepDeband { variant, seed, .. } => {
                let (height, width) = whole(deepdeband::PATCH);
                (bytes(height, width, variant.mode(seed)), (height, width), 24)
            }
            // Between steps: the image, its copy for the network, and the estimate.
            Execution::Once | Execution::Steps(_) => {
                let (height, width) = whole(self.multiple);
                let copies = if self.way == Execution::Once { 12 } else { 36 };
                (bytes(height, width, Mode::default()), (height, width), copies)
            }
        };
        // An unsupported size is reported when the network runs.
        run.unwrap_or(0) as u64 + (height * width * around) as u64
    }
}

/// The network's result for a window.
struct NetResult {
    painted: Map<f32>,
    other: Option<Map<f32>>,
}

impl Restorer for NetRestorer {
    fn needs(&self) -> Needs {
        self.needs
    }

    fn working_bytes(&self, size: (usize, usize), at_once: usize, ctx: &Context<'_>) -> u64 {
        // Memory holds the weights as read and as packed by the engine.
        let numbers = 8 * self.engine.graph().parameter_count() as u64;
        numbers + self.bytes_of_run(size, ctx.threads).saturating_mul(at_once as u64)
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        window::refuse_yuv(self.name, input.image)?;
        let (outer, core) = (input.outer, input.core);
        let NetResult { painted, other } = self.made(input.image, outer, ctx)?;
        window::lay(&painted, outer, core, output);
        window::check_finite(self.name, output.planes.iter().map(|plane| &plane.data[..]))?;
        if let (Some(extra), Some(other)) = (ctx.extra_output, other) {
            let row = |channel, y| window::core_row(&other, channel, outer, core, y);
            let plane = |channel| (0..core.height()).flat_map(|y| row(channel, y)).copied().collect();
            let planes: Vec<Vec<f32>> = (0..other.shape.channels).map(plane).collect();
            extra.put(core, &planes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::window::fetched;
    use unband_image::Plane;
    use unband_image::context::{ExtraOutput, Progress};
    use unband_image::tile::restore_in_place;
    use unband_nets::arch;
    use unband_nets::state::{Weights, fill};

    fn painted(width: usize, height: usize, planes: usize) -> Image {
        let codes: Vec<u8> =
            fill::test_image(planes, height, width).iter().map(|v| (v * 255.0).round() as u8).collect();
        if planes == 1 {
            return Image::from_gray(width, height, &codes).unwrap();
        }
        let area = width * height;
        let rgb: Vec<u8> =
            (0..area).flat_map(|i| (0..3).map(move |c| c * area + i)).map(|i| codes[i]).collect();
        Image::from_rgb8(width, height, &rgb).unwrap()
    }

    fn made(name: &str) -> (&'static Architecture, Arc<Engine>) {
        let architecture = arch::find(name).unwrap();
        let graph = architecture.build().unwrap();
        let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
        (architecture, Arc::new(Engine::new(graph, weights, unband_simd::Level::best())))
    }

    fn restorer(name: &str) -> NetRestorer {
        let (architecture, engine) = made(name);
        NetRestorer::new(architecture, engine, Execution::Once).unwrap()
    }

    fn restored(image: &Image, restorer: &dyn Restorer, tile: usize, threads: usize) -> Vec<Plane> {
        let mut image = image.clone();
        let ctx = Context::with(|new| new.threads = threads);
        restore_in_place(&mut image, restorer, tile, &mut |_, _| {}, &ctx).unwrap();
        image.planes
    }

    #[test]
    fn windows_give_the_bits_of_the_whole_image() {
        let image = painted(208, 136, 3);
        let adnet = restorer("adnet");
        let whole = restored(&image, &adnet, 4096, 2);
        for (tile, threads) in [(64, 1), (40, 3)] {
            assert!(restored(&image, &adnet, tile, threads) == whole, "windows of {tile}");
        }
        assert!(whole != image.planes);
    }

    #[test]
    fn grey_images_stay_grey() {
        let grey = painted(40, 30, 1);
        assert_eq!(restored(&grey, &restorer("adnet"), 64, 1).len(), 1);
    }

    #[test]
    fn any_size_comes_back_as_it_was() {
        for (width, height) in [(1, 1), (17, 5), (33, 70)] {
            let image = painted(width, height, 3);
            let made = restored(&image, &restorer("ggdbn"), 4096, 2);
            assert_eq!((made[0].width, made[0].height), (width, height));
            assert!(made.iter().all(|p| p.data.iter().all(|v| v.is_finite())));
        }
    }

    #[test]
    fn a_network_that_upscales_is_refused() {
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
        assert!(NetRestorer::new(architecture, Arc::new(engine), Execution::Once).is_err());
    }

    #[test]
    fn steps_follow_the_network() {
        let (architecture, engine) = made("indi");
        let image = painted(24, 18, 3);
        let run = |steps| {
            let way = Execution::Steps(NonZeroU32::new(steps).unwrap());
            restored(&image, &NetRestorer::new(architecture, engine.clone(), way).unwrap(), 4096, 1)
        };
        let time = Map { shape: Shape::new(1, 1, 1), data: vec![1.0] };
        let window = Window { x0: 0, y0: 0, x1: 24, y1: 18 };
        let once =
            engine.run(&[fetched(&image, window, 1, (0.0, 1.0)), time], Mode::default(), &Context::default());
        assert!(run(1).iter().flat_map(|p| p.data.clone()).eq(once.unwrap()[0].data.iter().copied()));
        assert!(run(2) != run(1));
    }

    /// Observes progress and takes an output.
    #[derive(Default)]
    struct Ear(Mutex<Vec<(usize, usize)>>, Mutex<Vec<(Window, Vec<Vec<f32>>)>>);

    impl Progress for Ear {
        fn advance(&self, done: usize, total: usize) {
            self.0.lock().unwrap().push((done, total));
        }
    }

    impl ExtraOutput for Ear {
        fn name(&self) -> &'static str {
            "grad"
        }

        fn put(&self, window: Window, planes: &[&[f32]]) {
            let planes = planes.iter().map(|plane| plane.to_vec()).collect();
            self.1.lock().unwrap().push((window, planes));
        }
    }

    /// Reported progress, which never decreases.
    fn reported(restorer: &dyn Restorer, image: &Image, tile: usize) -> Vec<f64> {
        let ear = Ear::default();
        let ctx = Context::with(|new| {
            new.threads = 2;
            new.progress = &ear;
        });
        restore_in_place(&mut image.clone(), restorer, tile, &mut |_, _| {}, &ctx).unwrap();
        let mut shares: Vec<f64> =
            ear.0.into_inner().unwrap().into_iter().map(|(done, total)| done as f64 / total as f64).collect();
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)) && shares.last() == Some(&1.0));
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        shares
    }

    #[test]
    fn steps_patches_and_windows_report_progress() {
        let (architecture, engine) = made("indi");
        let way = Execution::Steps(NonZeroU32::new(4).unwrap());
        let indi = NetRestorer::new(architecture, engine, way).unwrap();
        let shares = reported(&indi, &painted(24, 18, 3), 4096);
        for share in [0.25, 0.5, 0.75] {
            assert!(shares.contains(&share), "{shares:?}");
        }
        assert!(reported(&restorer("adnet"), &painted(800, 70, 3), 32).len() > 4);
        assert_eq!(deepdeband::patches(Shape::new(3, 1080, 1920)), 135);
    }

    #[test]
    fn auxiliary_outputs_of_a_network_are_handed_on() {
        let (architecture, engine) = made("ggdbn");
        // Not a multiple of eight: the network reads more than the image.
        let image = painted(37, 21, 3);
        let restorer = NetRestorer::new(architecture, Arc::clone(&engine), Execution::Once).unwrap();
        let ear = Ear::default();
        let ctx = Context::with(|new| new.extra_output = Some(&ear));
        restore_in_place(&mut image.clone(), &restorer, 4096, &mut |_, _| {}, &ctx).unwrap();
        let window = Window { x0: 0, y0: 0, x1: 37, y1: 21 };
        let input = fetched(&image, window, 8, (0.0, 1.0));
        let want = engine.run(&[input], Mode::default(), &Context::default()).unwrap().swap_remove(1);
        let parts = ear.1.into_inner().unwrap();
        let [(at, planes)] = &parts[..] else { panic!("{} windows", parts.len()) };
        assert_eq!((*at, planes.len()), (window, 1));
        assert!((0..21).all(|y| planes[0][y * 37..][..37] == want.data[y * 40..][..37]));
    }

    #[test]
    fn larger_windows_and_more_of_them_need_more_memory() {
        let adnet = restorer("adnet");
        let bytes = |side, at_once| adnet.working_bytes((side, side), at_once, &Context::default());
        assert!(bytes(64, 1) < bytes(256, 1) && bytes(256, 1) < bytes(256, 2));
        let numbers = bytes(64, 0);
        assert_eq!(bytes(64, 3) - numbers, 3 * (bytes(64, 1) - numbers));
        let run = adnet.engine.peak_bytes(256, 256, Mode::default(), Context::default().threads).unwrap();
        assert!(bytes(256, 1) > run as u64);
    }
}
