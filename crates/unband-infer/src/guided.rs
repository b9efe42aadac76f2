//! Networks that are told of cells as restorers: the smooth surface of a window, where its samples lie, the network.

use std::sync::Arc;

use unband_image::inspect::Findings;
use unband_image::tile::restored_window;
use unband_image::{Context, Needs, Plane, RestoreError, Restorer, TileIn, TileOut, Window};
use unband_nets::Shape;
use unband_nets::arch::Architecture;
use unband_nets::arch::unband_lite::{CELL_NUMBERS, CELL_PLANES};

use crate::cells::Cells;
use crate::engine::Engine;
use crate::map::Map;
use crate::run::Mode;
use crate::window;

/// Rows of which is found out at once what the network is told: work for a thread, of any network's alignment.
const STRIP: usize = 128;

/// A network of [`Sees::Cells`](unband_nets::arch::Sees) for one picture.
pub struct GuidedRestorer {
    name: &'static str,
    engine: Arc<Engine>,
    /// Makes the smooth surface.
    surface: Box<dyn Restorer>,
    cells: Cells,
    /// How much of the change is made.
    strength: f32,
    needs: Needs,
    /// Samples around a window that the network is given.
    rim: usize,
    multiple: usize,
}

impl GuidedRestorer {
    /// For the red, green and blue (or grey) picture that has these findings and this restorer of its smooth surface. `strength`:
    /// how much of the change is made, 0 to 1.
    ///
    /// # Errors
    /// Networks of one size only or that look at all of the picture.
    pub fn new(
        architecture: &Architecture,
        engine: Arc<Engine>,
        surface: Box<dyn Restorer>,
        findings: &Findings,
        strength: f32,
    ) -> Result<Self, RestoreError> {
        let name = architecture.name;
        let fault = |what: &str| RestoreError::Unsupported { method: name, what: what.into() };
        let graph = engine.graph();
        let multiple = graph.size_multiple().ok_or_else(|| fault("takes pictures of one size only"))?;
        // One sample at least of the coarsest.
        let multiple = multiple.max(graph.coarsest_step());
        let radius = graph.receptive_radius().ok_or_else(|| fault("looks at the whole picture"))?;
        let before = surface.needs();
        let align = before.align.max(engine.align());
        let rim = radius.next_multiple_of(align);
        let needs = Needs { halo: rim + before.halo, align, full_width: false, whole_image: false };
        Ok(Self { name, engine, surface, cells: Cells::new(findings), strength, needs, rim, multiple })
    }

    /// Sides as the network takes them.
    fn padded(&self, (width, height): (usize, usize)) -> (usize, usize) {
        (width.next_multiple_of(self.multiple), height.next_multiple_of(self.multiple))
    }

    fn inputs(
        &self,
        input: &TileIn<'_>,
        outer: Window,
        ctx: &Context<'_>,
    ) -> Result<[Map<f32>; 3], RestoreError> {
        let (width, height) = (outer.width(), outer.height());
        let known = ctx.map(height.div_ceil(STRIP), |i| {
            let (y0, y1) = (outer.y0 + i * STRIP, (outer.y0 + (i + 1) * STRIP).min(outer.y1));
            let strip = Window { y0, y1, ..outer };
            let surface: Vec<Plane> = restored_window(input.image, &*self.surface, strip, ctx)?;
            Ok(self.cells.planes(input.image, &surface, strip))
        });
        let known = known.into_iter().collect::<Result<Vec<_>, RestoreError>>()?;
        let cells = window::extended(CELL_PLANES, (width, height), self.multiple, |c, y| {
            let strip = &known[y / STRIP];
            let rows = strip.len() / (CELL_PLANES * width);
            &strip[(c * rows + y % STRIP) * width..][..width]
        });
        drop(known);
        let numbers = Map { shape: Shape::new(CELL_NUMBERS, 1, 1), data: self.cells.numbers().to_vec() };
        Ok([window::fetched(input.image, outer, self.multiple, (0.0, 1.0)), cells, numbers])
    }
}

impl Restorer for GuidedRestorer {
    fn needs(&self) -> Needs {
        self.needs
    }

    fn working_bytes(&self, size: (usize, usize), at_once: usize, ctx: &Context<'_>) -> u64 {
        let (width, height) = self.padded(size);
        let run = self.engine.peak_bytes(height, width, Mode::default(), ctx.threads).unwrap_or(0) as u64;
        let maps = (width * height * 4 * (CELL_PLANES + 9)) as u64;
        8 * self.engine.graph().parameter_count() as u64 + (run + maps).saturating_mul(at_once as u64)
    }

    fn touches(&self, input: &TileIn<'_>) -> bool {
        self.surface.touches(input)
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        window::refuse_yuv(self.name, input.image)?;
        let outer = input.core.grown(self.rim, input.image.width(), input.image.height());
        let inputs = self.inputs(input, outer, ctx)?;
        let made = self.engine.run(&inputs, Mode::default(), ctx);
        let made = made.map_err(|error| window::failed(self.name, error))?;
        window::lay(&window::first(self.name, made)?, outer, input.core, output);
        if self.strength < 1.0 {
            for (p, plane) in output.planes.iter_mut().enumerate() {
                for y in 0..plane.height {
                    let source = input.core_row(p, input.core_on(p).y0 + y);
                    let pairs = plane.row_mut(y).iter_mut().zip(source);
                    pairs.for_each(|(v, &s)| *v = s + self.strength * (*v - s));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband_image::Image;
    use unband_image::tile::restore_in_place;
    use unband_nets::arch::unband_lite::{Config, ENTRY, build};
    use unband_nets::state::{Weights, fill};

    /// Stands for the smooth surface: each sample takes the mean with its left neighbour.
    struct Left;

    impl Restorer for Left {
        fn needs(&self) -> Needs {
            Needs::halo(4)
        }

        fn restore(
            &self,
            input: &TileIn<'_>,
            output: &mut TileOut,
            _: &Context<'_>,
        ) -> Result<(), RestoreError> {
            for (p, plane) in output.planes.iter_mut().enumerate() {
                for y in 0..plane.height {
                    let row = input.image.planes[p].row(input.core.y0 + y);
                    for x in 0..plane.width {
                        let at = input.core.x0 + x;
                        plane.data[y * plane.width + x] = 0.5 * (row[at] + row[at.saturating_sub(1)]);
                    }
                }
            }
            Ok(())
        }
    }

    fn restored(image: &Image, silent: bool, tile: usize) -> Vec<Plane> {
        restored_by(image, silent, tile, 1.0)
    }

    fn restored_by(image: &Image, silent: bool, tile: usize, strength: f32) -> Vec<Plane> {
        let graph = build(&Config { widths: [4, 5, 6, 7], ..Config::default() }).unwrap();
        let mut state = fill::golden(&graph.stored());
        if silent {
            for name in ["tail.weight", "tail.bias"] {
                let mut tensor = state.get(name).unwrap().clone();
                tensor.data = unband_nets::Data::F32(vec![0.0; tensor.to_f32().len()]);
                state.insert(name.to_owned(), tensor);
            }
        }
        let weights = Weights::bind(&graph, &state).unwrap();
        let engine = Arc::new(Engine::new(graph, weights, unband_simd::Level::best()));
        let findings = Findings::plain(image.planes.len(), 8);
        let restorer = GuidedRestorer::new(&ENTRY, engine, Box::new(Left), &findings, strength).unwrap();
        let mut image = image.clone();
        restore_in_place(&mut image, &restorer, tile, &mut |_, _| {}, &Context::default()).unwrap();
        image.planes
    }

    fn picture(width: usize, height: usize) -> Image {
        let codes: Vec<u8> = (0..3 * width * height).map(|i| (i * 7 % 251) as u8).collect();
        Image::from_rgb8(width, height, &codes).unwrap()
    }

    fn apart(a: &[Plane], b: &[Plane]) -> f32 {
        let pairs = a.iter().zip(b).flat_map(|(a, b)| a.data.iter().zip(&b.data));
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_silent_network_gives_the_surface() {
        let image = picture(70, 41);
        let mut want = image.clone();
        restore_in_place(&mut want, &Left, 64, &mut |_, _| {}, &Context::default()).unwrap();
        assert!(apart(&restored(&image, true, 4096), &want.planes) < 1e-5);
        assert!(apart(&restored(&image, false, 4096), &want.planes) > 1e-4);
    }

    #[test]
    fn half_the_strength_makes_half_the_change() {
        let image = picture(70, 41);
        assert!(apart(&restored_by(&image, false, 4096, 0.0), &image.planes) == 0.0);
        let (half, whole) = (restored_by(&image, false, 4096, 0.5), restored(&image, false, 4096));
        for (p, plane) in half.iter().enumerate() {
            for ((a, b), c) in plane.data.iter().zip(&whole[p].data).zip(&image.planes[p].data) {
                assert!((a - 0.5 * (b + c)).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn windows_give_what_the_whole_picture_gives() {
        let image = picture(1200, 130);
        assert!(apart(&restored(&image, false, 128), &restored(&image, false, 4096)) < 1e-6);
    }

    #[test]
    fn any_size_and_grey_pictures_come_back_as_they_were() {
        for (width, height) in [(1, 1), (5, 33)] {
            let made = restored(&picture(width, height), false, 64);
            assert_eq!((made.len(), made[0].width, made[0].height), (3, width, height));
            assert!(made.iter().all(|p| p.data.iter().all(|v| v.is_finite())));
        }
        let grey = Image::from_gray(40, 36, &[90u8; 40 * 36]).unwrap();
        assert_eq!(restored(&grey, false, 64).len(), 1);
    }
}
