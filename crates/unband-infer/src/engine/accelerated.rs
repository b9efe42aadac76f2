//! Runs on an accelerator, over the whole image or in windows that fit its memory.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use unband_image::accelerator::{DeviceTensor, Pending, PortableNetwork};
use unband_image::{Accelerator, AcceleratorError, Context, RestoreError, Window};
use unband_nets::{Role, Shape};

use super::Engine;
use crate::map::Map;
use crate::{Mode, RunError};

/// Minimum side of a window. Smaller ones would mostly repeat their surroundings.
const LEAST: usize = 64;

/// Runs that are started before the first is waited for: one is transferred while another is computed.
const AT_ONCE: usize = 2;

/// Memory of a run over the memory of its values: accelerators keep freed blocks of other sizes.
const SPARE: f64 = 1.5;

/// Reason why windows have no result.
enum Failure {
    Device(AcceleratorError),
    Run(RunError),
}

impl From<AcceleratorError> for Failure {
    fn from(error: AcceleratorError) -> Self {
        Self::Device(error)
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        Self::Run(error.into())
    }
}

/// Division of an image into windows.
struct Windows {
    /// Columns and rows of the image.
    size: (usize, usize),
    /// Side of a window without its surroundings.
    side: usize,
    halo: usize,
}

impl Windows {
    fn cores(&self) -> Vec<Window> {
        let (width, height) = self.size;
        let starts = |all: usize| (0..all.max(1)).step_by(self.side.max(1));
        let core = |y0: usize, x0: usize| Window {
            x0,
            y0,
            x1: (x0 + self.side).min(width),
            y1: (y0 + self.side).min(height),
        };
        starts(height).flat_map(|y0| starts(width).map(move |x0| core(y0, x0))).collect()
    }

    fn outer(&self, core: Window) -> Window {
        core.grown(self.halo, self.size.0, self.size.1)
    }

    fn is_whole(&self) -> bool {
        self.side >= self.size.0.max(self.size.1)
    }
}

impl Engine {
    /// The outputs, computed by the context's accelerator. `None` where the CPU computes them: without an
    /// accelerator, with dropout or statistics of the image, and after a failure.
    pub(super) fn accelerated(
        &self,
        inputs: &[Map<f32>],
        mode: Mode,
        ctx: &Context<'_>,
    ) -> Result<Option<Vec<Map<f32>>>, RunError> {
        let usable = mode == Mode::default() && !self.refused.load(Ordering::Relaxed);
        let Some(device) = ctx.accelerator.filter(|_| usable) else { return Ok(None) };
        let shapes: Vec<Shape> = inputs.iter().map(|map| map.shape).collect();
        let (height, width) = crate::run::check(&self.graph, &shapes)?;
        let outputs = self.output_shapes(width, height)?;
        let halo = self.halo_of_windows(width, height, &outputs);
        let mut windows = Windows { size: (width, height), side: width.max(height), halo: halo.unwrap_or(0) };
        if halo.is_some() {
            windows.side = windows.side.min(self.window_side.load(Ordering::Relaxed));
            while self.exceeds(device, &windows)? && self.halve(&mut windows) {}
        }
        loop {
            match self.in_windows(device, inputs, &windows, &outputs, ctx) {
                Ok(outputs) => return Ok(Some(outputs)),
                Err(Failure::Run(error)) => return Err(error),
                Err(Failure::Device(AcceleratorError::Memory))
                    if halo.is_some() && self.halve(&mut windows) =>
                {
                    self.window_side.store(windows.side, Ordering::Relaxed);
                }
                Err(Failure::Device(error)) => {
                    // A stop ends the runs of all threads.
                    ctx.check()?;
                    let refused = matches!(error, AcceleratorError::Refused(_));
                    self.refused.fetch_or(refused, Ordering::Relaxed);
                    device.replaced(&error);
                    return Ok(None);
                }
            }
        }
    }

    /// Halves the windows; `false` if they are as small as useful.
    fn halve(&self, windows: &mut Windows) -> bool {
        let half = (windows.side / 2).next_multiple_of(self.align());
        if half < LEAST || half >= windows.side {
            return false;
        }
        windows.side = half;
        true
    }

    fn output_shapes(&self, width: usize, height: usize) -> Result<Vec<Shape>, RunError> {
        let shapes = self.graph.shapes(height, width)?;
        Ok(self.graph.outputs.iter().map(|(_, value)| shapes[value.index()]).collect())
    }

    /// Samples around a window that its result depends on; `None` if an image cannot be divided.
    fn halo_of_windows(&self, width: usize, height: usize, outputs: &[Shape]) -> Option<usize> {
        // Coarse results of a part must be those of the whole.
        let step = self.graph.coarsest_step().max(1);
        let whole_steps = width.is_multiple_of(step) && height.is_multiple_of(step);
        let scaled = |shape: &Shape| {
            let times = shape.width / width.max(1);
            times > 0 && (shape.width, shape.height) == (times * width, times * height)
        };
        let divisible = whole_steps && !self.graph.has_window_statistics() && outputs.iter().all(scaled);
        let radius = self.graph.receptive_radius().filter(|_| divisible)?;
        Some(radius.next_multiple_of(self.align()))
    }

    /// Whether a window's values exceed the accelerator's memory.
    fn exceeds(&self, device: &dyn Accelerator, windows: &Windows) -> Result<bool, RunError> {
        let reach = |all: usize| (windows.side + 2 * windows.halo).min(all);
        let (height, width) = (reach(windows.size.1), reach(windows.size.0));
        let largest = self.graph.shapes(height, width)?.iter().map(|shape| 4 * shape.len() as u64).max();
        let peak = self.graph.peak_bytes(height, width)?;
        Ok(largest > Some(device.largest()) || peak as f64 * SPARE > device.memory() as f64)
    }

    fn in_windows(
        &self,
        device: &dyn Accelerator,
        inputs: &[Map<f32>],
        windows: &Windows,
        shapes: &[Shape],
        ctx: &Context<'_>,
    ) -> Result<Vec<Map<f32>>, Failure> {
        let cores = windows.cores();
        let mut outputs: Vec<Map<f32>> = shapes.iter().copied().map(Map::zeros).collect();
        let mut started: VecDeque<(Pending<'_>, Window)> = VecDeque::new();
        let mut next = cores.iter();
        let mut done = 0;
        loop {
            // The first shows whether its size fits.
            while started.len() < if done == 0 { 1 } else { AT_ONCE }
                && let Some(&core) = next.next()
            {
                ctx.check()?;
                let outer = windows.outer(core);
                let cut = inputs.iter().map(|map| part(map, outer)).collect();
                started.push_back((device.start(self, cut)?, core));
            }
            let Some((pending, core)) = started.pop_front() else { return Ok(outputs) };
            let made = pending(&|| ctx.cancelled())?;
            if !self.fits(&made, windows.outer(core)) {
                return Err(AcceleratorError::Lost("returned results of another size".to_owned()).into());
            }
            if windows.is_whole() {
                for (to, from) in outputs.iter_mut().zip(made) {
                    to.data = from.data;
                }
            } else {
                for (to, from) in outputs.iter_mut().zip(&made) {
                    lay(to, from, core, windows.outer(core), windows.size.0);
                }
            }
            done += 1;
            ctx.progress.advance(done, cores.len());
        }
    }

    /// Whether results have the shapes of the network's outputs.
    fn fits(&self, made: &[DeviceTensor], outer: Window) -> bool {
        let wanted = self.output_shapes(outer.width(), outer.height()).unwrap_or_default();
        let fits = |(made, shape): (&DeviceTensor, &Shape)| {
            made.shape == [shape.channels, shape.height, shape.width] && made.data.len() == shape.len()
        };
        made.len() == wanted.len() && made.iter().zip(&wanted).all(fits)
    }
}

impl PortableNetwork for Engine {
    fn id(&self) -> u64 {
        self.id
    }

    fn graph(&self) -> Result<String, String> {
        let finite = |param: &unband_nets::Param| match &param.role {
            Role::Constant(values) => values.iter().all(|v| v.is_finite()),
            _ => true,
        };
        if !self.graph.params.iter().all(finite) {
            return Err("a constant of the network is not finite".to_owned());
        }
        serde_json::to_string(&self.graph).map_err(|error| error.to_string())
    }

    fn params(&self) -> Vec<&[f32]> {
        self.weights.all().collect()
    }
}

/// A window of an input; points have one position.
fn part(map: &Map<f32>, window: Window) -> DeviceTensor {
    let Shape { channels, height, width } = map.shape;
    if (width, height) == (window.width(), window.height()) || map.shape.is_point() {
        return DeviceTensor { shape: [channels, height, width], data: map.data.clone() };
    }
    let mut data = Vec::with_capacity(channels * window.width() * window.height());
    for plane in map.planes() {
        for row in plane.chunks_exact(width).skip(window.y0).take(window.height()) {
            data.extend_from_slice(&row[window.x0..window.x1]);
        }
    }
    DeviceTensor { shape: [channels, window.height(), window.width()], data }
}

/// Copies the core of a window's result to its place in an output, for images of that width.
fn lay(to: &mut Map<f32>, from: &DeviceTensor, core: Window, outer: Window, width: usize) {
    let times = to.shape.width / width.max(1);
    let (core, outer) = (core.times(times), outer.times(times));
    let [channels, _, _] = from.shape;
    let area = to.shape.height * to.shape.width;
    for channel in 0..channels {
        for y in core.y0..core.y1 {
            let start = (channel * outer.height() + y - outer.y0) * outer.width() + core.x0 - outer.x0;
            let row = &from.data[start..start + core.width()];
            to.data[channel * area + y * to.shape.width + core.x0..][..core.width()].copy_from_slice(row);
        }
    }
}
