//! Discriminators for adversarial training.

use super::{Architecture, Options, Purpose, Settings, Use, Variant, count_numbered, outputs_of};
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::param::Form;
use crate::{Graph, StateDict, Value};

/// Patches of 70×70, with batch normalisation: deepDeband's.
pub const PIX2PIX: Architecture = Architecture {
    name: "pix2pix-patchgan",
    title: "Discriminator of pix2pix and deepDeband, patches of 70×70",
    source: "Isola et al., CVPR 2017; pytorch-CycleGAN-and-pix2pix models/networks.py",
    use_as: Use { range: (-1.0, 1.0), ..Use::for_purpose(Purpose::Discriminate) },
    build: |o| pix2pix(o.get("width", 64)),
    detect: |state: &StateDict| match state.shape("model.0.weight")? {
        [width, 6, 4, 4] if state.get("model.11.weight").is_some() => Some(pix2pix(*width)),
        _ => None,
    },
    settings: |state| outputs_of(state, "width", "model.0.weight"),
    ..Architecture::PLAIN
};

/// An encoder and decoder with spectral normalisation: BSRGAN's.
pub(crate) const UNET: Architecture = Architecture {
    name: "unet-sn",
    title: "Discriminator of BSRGAN: encoder and decoder with spectral normalisation",
    source: "Wang et al., Real-ESRGAN, ICCVW 2021; cszn/KAIR models/network_discriminator.py",
    use_as: Use::for_purpose(Purpose::Discriminate),
    build: |o| unet(o.get("width", 64)),
    detect: |state: &StateDict| match state.shape("conv0.weight")? {
        [width, 3, 3, 3] if state.get("conv8.weight_orig").is_some() => Some(unet(*width)),
        _ => None,
    },
    variants: &[Variant {
        name: "small",
        title: "A quarter as wide, for trial trainings",
        build: |o| unet(o.get("width", 16)),
    }],
    settings: |state| outputs_of(state, "width", "conv0.weight"),
    ..Architecture::PLAIN
};

/// Patches of 70×70, with spectral normalisation.
pub(crate) const PATCHGAN: Architecture = Architecture {
    name: "patchgan-sn",
    title: "Discriminator on patches of 70×70 with spectral or batch normalisation",
    source: "Isola et al., CVPR 2017; cszn/KAIR models/network_discriminator.py",
    use_as: Use::for_purpose(Purpose::Discriminate),
    build: |o| patchgan(&PatchGan::default().with(o)),
    detect: |state: &StateDict| Some(patchgan(&PatchGan::from_state(state)?)),
    settings: |state| PatchGan::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    assumed: "no instance normalisation, which would have no tensors",
    ..Architecture::PLAIN
};

/// A classifier of images of one size: ESRGAN's.
pub const VGG: Architecture = Architecture {
    name: "vgg-discriminator",
    title: "Discriminator of ESRGAN for images of 128×128",
    source: "Wang et al., ESRGAN, ECCVW 2018; cszn/KAIR models/network_discriminator.py",
    use_as: Use::for_purpose(Purpose::Discriminate),
    build: |o| vgg(128, o.get("width", 64)),
    detect: |state: &StateDict| detect_vgg(state),
    variants: &[
        Variant { name: "96", title: "For images of 96×96", build: |o| vgg(96, o.get("width", 64)) },
        Variant { name: "192", title: "For images of 192×192", build: |o| vgg(192, o.get("width", 64)) },
        Variant {
            name: "128-sn",
            title: "For images of 128×128, with spectral normalisation",
            build: |o| vgg_spectral(o.get("width", 64)),
        },
    ],
    settings: |state| {
        outputs_of(state, "width", if is_spectral(state) { "conv0.weight_orig" } else { "features.0.weight" })
    },
    ..Architecture::PLAIN
};

/// 2,768,705 parameters for a width of 64. `[6, H, W]`, the banded image and the image to judge, → logits of
/// patches.
///
/// # Errors
/// A width of 0.
pub fn pix2pix(width: usize) -> Result<Graph, BuildError> {
    let mut net = Net::new("pix2pix-patchgan");
    check(&mut net, width);
    let pair = net.input("pair", 6);
    let spec = ConvSpec::new(4).stride(2).padding(1);
    let out = net.scope("model", |net| {
        let mut y = net.conv("0", pair, width, spec);
        y = net.lrelu(y, 0.2);
        for (place, factor, stride) in [(2, 2, 2), (5, 4, 2), (8, 8, 1)] {
            y = net.conv(place.to_string(), y, factor * width, spec.stride(stride).no_bias());
            y = net.batch_norm((place + 1).to_string(), y, 1e-5);
            y = net.lrelu(y, 0.2);
        }
        net.conv("11", y, 1, spec.stride(1))
    });
    net.finish(&[("logits", out)])
}

/// KAIR's PatchGAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchGan {
    /// Channels after the first layer.
    pub width: usize,
    /// Normalisation.
    pub norm: PatchGanNorm,
    /// Layers are named `model.childN.0`, as since 2021, rather than `model.N`.
    pub children: bool,
}

/// Normalisation of KAIR's PatchGAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchGanNorm {
    /// Nothing.
    None,
    /// Weights are divided by their spectral norm.
    Spectral,
    /// The three layers in the middle have batch normalisation.
    Batch,
    /// Both.
    BatchSpectral,
    /// Instance normalisation, which has no tensors; recognised but not supported.
    Instance,
}

impl Default for PatchGan {
    fn default() -> Self {
        Self { width: 64, norm: PatchGanNorm::Spectral, children: true }
    }
}

impl PatchGan {
    /// Settings by name, for display.
    fn settings(&self) -> Settings {
        let norm = match self.norm {
            PatchGanNorm::None => "none",
            PatchGanNorm::Spectral => "spectral",
            PatchGanNorm::Batch => "batch",
            PatchGanNorm::BatchSpectral => "batch and spectral",
            PatchGanNorm::Instance => "instance",
        };
        vec![("width", self.width.to_string()), ("norm", norm.to_owned())]
    }

    fn with(self, o: &Options) -> Self {
        let norm = o.read("norm", "none, spectral, batch or batchspectral", self.norm, |text| match text {
            "none" => Some(PatchGanNorm::None),
            "spectral" => Some(PatchGanNorm::Spectral),
            "batch" => Some(PatchGanNorm::Batch),
            "batchspectral" => Some(PatchGanNorm::BatchSpectral),
            _ => None,
        });
        Self { width: o.get("width", self.width), norm, children: o.get("children", self.children) }
    }

    /// Derived from names and shapes; `None` for another network.
    fn from_state(state: &StateDict) -> Option<Self> {
        let has = |name: &str| state.get(name).is_some();
        let children = state.names().any(|name| name.starts_with("model.child0.0."));
        let first = if children { "model.child0.0" } else { "model.0" };
        let spectral = has(&format!("{first}.weight_orig"));
        let weight = if spectral { "weight_orig" } else { "weight" };
        let &[width, 3, 4, 4] = state.shape(&format!("{first}.{weight}"))? else { return None };
        let batch = has(if children { "model.child1.1.running_var" } else { "model.3.running_var" });
        let norm = match (spectral, batch) {
            (true, true) => PatchGanNorm::BatchSpectral,
            (true, false) => PatchGanNorm::Spectral,
            (false, true) => PatchGanNorm::Batch,
            // Gaps in the indices of a sequence reveal layers without tensors.
            (false, false) if children || has("model.11.weight") => PatchGanNorm::Instance,
            (false, false) => PatchGanNorm::None,
        };
        Some(Self { width, norm, children })
    }

    fn has_batch_norm(&self) -> bool {
        matches!(self.norm, PatchGanNorm::Batch | PatchGanNorm::BatchSpectral)
    }

    /// Name of a layer, from its index in a sequence of layers, normalisations and rectifiers.
    fn name(&self, layer: usize) -> String {
        match layer {
            n if self.children => format!("model.child{n}.0"),
            n if self.has_batch_norm() => format!("model.{}", (3 * n).saturating_sub(1)),
            n => format!("model.{}", 2 * n),
        }
    }
}

/// 2,764,737 parameters for a width of 64 and spectral norms. `[3, H, W]` → logits of patches.
///
/// # Errors
/// A width of 0, and instance normalisation.
pub fn patchgan(config: &PatchGan) -> Result<Graph, BuildError> {
    let &PatchGan { width, norm, children } = config;
    let mut net = Net::new("patchgan-sn");
    check(&mut net, width);
    if norm == PatchGanNorm::Instance {
        net.fault("instance normalisation is not supported".into());
    }
    let spectral = matches!(norm, PatchGanNorm::Spectral | PatchGanNorm::BatchSpectral);
    let form = if spectral { Form::SpectralNorm } else { Form::Plain };
    let mut y = net.input("image", 3);
    let layers = [(width, 2), (2 * width, 2), (4 * width, 2), (8 * width, 1), (1, 1)];
    for (n, (channels, stride)) in layers.into_iter().enumerate() {
        y = if n > 0 { net.lrelu(y, 0.2) } else { y };
        let spec = ConvSpec::new(4).stride(stride).padding(2).form(form);
        let normalised = config.has_batch_norm() && (1..4).contains(&n);
        // Before 2021, a layer before a normalisation had no bias.
        let spec = if normalised && !children { spec.no_bias() } else { spec };
        y = net.conv(config.name(n), y, channels, spec);
        if normalised {
            let behind = if children { format!("model.child{n}.1") } else { format!("model.{}", 3 * n) };
            y = net.batch_norm(behind, y, 1e-5);
        }
    }
    net.finish(&[("logits", y)])
}

/// 4,376,897 parameters for a width of 64. `[3, H, W] → [1, H, W]`, one logit per sample.
///
/// Differs: takes any size. The original takes sides that are multiples of 8; for those, both give the same
/// result.
///
/// # Errors
/// A width of 0.
pub fn unet(width: usize) -> Result<Graph, BuildError> {
    let mut net = Net::new("unet-sn");
    check(&mut net, width);
    let image = net.input("image", 3);
    let normed = |kernel: usize| ConvSpec::new(kernel).no_bias().form(Form::SpectralNorm);
    let layer = |net: &mut Net, name: &str, x: Value, channels: usize, spec: ConvSpec| {
        let y = net.conv(name, x, channels, spec);
        net.lrelu(y, 0.2)
    };
    let mut y = layer(&mut net, "conv0", image, width, ConvSpec::new(3));
    let mut skips = vec![y];
    for n in 1..=3 {
        y = layer(&mut net, &format!("conv{n}"), y, width << n, normed(4).stride(2).padding(1));
        skips.push(y);
    }
    skips.pop();
    for (n, &skip) in skips.iter().rev().enumerate() {
        let larger = net.bilinear_like(y, skip);
        let channels = net.channels(skip);
        let made = layer(&mut net, &format!("conv{}", 4 + n), larger, channels, normed(3));
        y = net.add(made, skip);
    }
    y = layer(&mut net, "conv7", y, width, normed(3));
    y = layer(&mut net, "conv8", y, width, normed(3));
    let out = net.conv3x3("conv9", y, 1);
    net.finish(&[("logits", out)])
}

/// 14,502,281 parameters for a side of 128 and a width of 64, 14,143,881 for 96, 20,700,553 for 192. → one
/// logit.
///
/// # Errors
/// A width of 0, and any other side.
pub fn vgg(side: usize, width: usize) -> Result<Graph, BuildError> {
    let mut net = Net::new(format!("vgg-discriminator:{side}"));
    check(&mut net, width);
    if ![96, 128, 192].contains(&side) {
        net.fault(format!("supported sides are 96, 128 and 192, got {side}"));
    }
    let image = net.input("image", 3);
    let mut place = 0;
    let mut y = image;
    let pairs = pairs(side);
    net.scope("features", |net| {
        for pair in 0..pairs {
            let channels = width << pair.min(3);
            for spec in [ConvSpec::new(3), ConvSpec::new(4).stride(2).padding(1)] {
                y = net.conv(place.to_string(), y, channels, spec);
                place += 1;
                // The first convolution is followed directly by the second.
                if place > 1 {
                    y = net.batch_norm(place.to_string(), y, 1e-4);
                    y = net.lrelu(y, 0.2);
                    place += 2;
                }
            }
        }
    });
    let rest = side >> pairs;
    let flat = net.flatten(y, rest, rest);
    let out = net.scope("classifier", |net| {
        let y = net.linear("0", flat, 100);
        let y = net.lrelu(y, 0.2);
        net.linear("2", y, 1)
    });
    net.finish(&[("logits", out)])
}

/// Convolutions with spectral instead of batch normalisation, and a rectifier after the first one too.
/// 14,496,521 parameters for a width of 64, `[3, 128, 128]` → one logit.
fn vgg_spectral(width: usize) -> Result<Graph, BuildError> {
    let mut net = Net::new("vgg-discriminator:128-sn");
    check(&mut net, width);
    let mut y = net.input("image", 3);
    for n in 0..10 {
        let spec = if n % 2 == 0 { ConvSpec::new(3) } else { ConvSpec::new(4).stride(2).padding(1) };
        y = net.conv(format!("conv{n}"), y, width << (n / 2).min(3), spec.form(Form::SpectralNorm));
        y = net.lrelu(y, 0.2);
    }
    let flat = net.flatten(y, 4, 4);
    let y = net.linear_in("linear0", flat, 100, Form::SpectralNorm);
    let y = net.lrelu(y, 0.2);
    let out = net.linear_in("linear1", y, 1, Form::SpectralNorm);
    net.finish(&[("logits", out)])
}

fn is_spectral(state: &StateDict) -> bool {
    state.get("linear1.weight_orig").is_some()
}

fn detect_vgg(state: &StateDict) -> Option<Result<Graph, BuildError>> {
    if is_spectral(state) {
        let &[width, 3, 3, 3] = state.shape("conv0.weight_orig")? else { return None };
        return (state.shape("conv9.weight_orig")? == [8 * width, 8 * width, 4, 4])
            .then(|| vgg_spectral(width));
    }
    let &[width, again, 4, 4] = state.shape("features.1.weight")? else { return None };
    let &[100, inputs] = state.shape("classifier.0.weight")? else { return None };
    if width != again {
        return None;
    }
    let side = [96, 128, 192].into_iter().find(|&side| {
        let rest = side >> pairs(side);
        // Indices with tensors: the first convolution, then each further one and its normalisation.
        8 * width * rest * rest == inputs
            && count_numbered(state, "features.") == 1 + 2 * (2 * pairs(side) - 1)
    })?;
    Some(vgg(side, width))
}

/// Pairs of convolutions; each halves the image.
fn pairs(side: usize) -> usize {
    if side == 192 { 6 } else { 5 }
}

fn check(net: &mut Net, width: usize) {
    if width == 0 {
        net.fault("no channels".into());
    }
}
