//! Memory leaks of training steps. A program of its own, as it measures all memory in use.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr)]

use burn::tensor::Device;
use peak_alloc::PeakAlloc;
use unband_image::Rng;
use unband_train::recipe::Recipe;
use unband_train::{Batch, Batches, Learner, TrainError};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Noise as images, and as conditioning of grid-guided networks.
struct Noise {
    side: usize,
    guided: bool,
}

impl Batches for Noise {
    fn next(&mut self, number: u64) -> Result<Batch, TrainError> {
        let area = self.side * self.side;
        let values = |plane: u32, count: usize| -> Vec<f32> {
            (0..count).map(|i| Rng::new(number).unit_at(plane, 0, i as u32, 0)).collect()
        };
        let guided = |plane, count| if self.guided { values(plane, count) } else { Vec::new() };
        Ok(Batch {
            lq: values(0, 3 * area),
            gt: values(1, 3 * area),
            cells: guided(2, 9 * area),
            numbers: guided(3, 12),
            n: 1,
            height: self.side,
            width: self.side,
            scale: 1,
        })
    }
}

fn recipe(network: &str, patch: usize, more: &str) -> Recipe {
    let text = format!(
        "network = \"{network}\"\nsteps = 100\nbatch = 1\npatch = {patch}\n{more}\n\
         optimizer = {{ kind = \"adam\", rate = 1e-3 }}\ndata = {{ kind = \"clean\", folder = \"a\", mix = \"rgb-4-5\" }}\n\
         validation = {{ every = 5, data = {{ kind = \"pairs\", folder = \"b\" }} }}\n"
    );
    Recipe::parse(&text, "test").unwrap()
}

/// Bytes in use after each of these steps.
fn in_use(recipe: Recipe, steps: usize) -> Vec<usize> {
    let mut noise = Noise { side: recipe.patch, guided: recipe.network == "unband-lite" };
    let mut learner = Learner::new(recipe, &[Device::flex()]).unwrap();
    let one = |_| {
        learner.step(&mut noise).unwrap();
        MEMORY.current_usage()
    };
    (0..steps).map(one).collect()
}

/// Burn keeps results computed from a tensor with gradients as long as that tensor lives and no backward pass
/// has used them, and searches all of them after each backward pass. Steps of INDI, which stores weights that
/// it never uses, became slower and slower.
#[test]
fn steps_leave_nothing_behind() {
    let l1 = "loss = [{ term = \"l1\" }]";
    let parts = "loss = [{ term = \"fft-l1-parts\" }]\nema = 0.9\nclip-norm = 1.0";
    let gan = "loss = [{ term = \"l1\" }]\ngan = { discriminator = \"pix2pix-patchgan\", init = { kind = \"normal\", std = 0.02 } }";
    let networks = [
        ("indi", 16, parts),
        ("unband-lite", 32, l1),
        ("adnet", 16, l1),
        ("bdinn", 16, l1),
        ("bitnet", 64, gan),
    ];
    for (network, side, more) in networks {
        let used = in_use(recipe(network, side, more), 6);
        let growth: Vec<isize> = used.windows(2).map(|w| w[1].cast_signed() - w[0].cast_signed()).collect();
        eprintln!("{network}: {growth:?}");
        // The first steps allocate the optimiser's moments, which stay.
        assert!(used[5] <= used[2] + 4096, "{network}: {growth:?}");
    }
}
