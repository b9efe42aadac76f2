//! INDI: a U-net with sine activations, conditioned on a time `t` and run in steps (inversion by direct
//! iteration).

use super::{Architecture, Options, Passes, Purpose, Settings, Use, Variant, count_numbered};
use crate::layer::activation::Activation;
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::param::Form;
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "indi",
    title: "Debanding by direct iteration",
    source: "ksasso1028/indi-debanding, commit c99454d; Delbracio & Milanfar, arXiv 2303.11435",
    use_as: Use { passes: Passes::Steps, ..Use::for_purpose(Purpose::Deband) },
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| {
        let config = Config::from_state(state)?;
        if state.names().any(|name| name.starts_with("bottleneck.")) {
            return Some(Err(BuildError {
                net: "indi".to_owned(),
                at: "bottleneck".to_owned(),
                what: "attention over the whole image (`neck=True`) is not supported: its memory grows with the square \
                       of the area, and the published configuration has none"
                    .to_owned(),
            }));
        }
        Some(build(&config))
    },
    variants: &[Variant::small(|o| build(&Config { channels: 16, factor: 16, ..Config::default() }.with(o)))],
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    ..Architecture::PLAIN
};

/// Widths, depth and the form of stored weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels at full size, and length of the time embedding.
    pub channels: usize,
    /// Channels added by each halving of the size.
    pub factor: usize,
    /// Number of halvings.
    pub blocks: usize,
    /// Form of the first convolution's weight.
    pub first_form: Form,
    /// Form of the weights in the blocks.
    pub form: Form,
}

impl Default for Config {
    fn default() -> Self {
        Self { channels: 24, factor: 24, blocks: 4, first_form: Form::WeightNorm, form: Form::WeightNorm }
    }
}

impl Config {
    /// Settings by name, for display.
    fn settings(&self) -> Settings {
        vec![
            ("channels", self.channels.to_string()),
            ("factor", self.factor.to_string()),
            ("blocks", self.blocks.to_string()),
        ]
    }

    /// `norm`: `none` for weights without normalisation.
    fn with(self, o: &Options) -> Self {
        let form = if o.text("norm") == Some("none") { Form::Plain } else { self.form };
        let (channels, factor) = (o.get("channels", self.channels), o.get("factor", self.factor));
        Self { channels, factor, blocks: o.get("blocks", self.blocks), first_form: form, form }
    }

    /// Derived from names and shapes; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let form = |name: &str| {
            let plain = state.get(&format!("{name}.depth.weight")).is_some();
            if plain { Form::Plain } else { Form::WeightNorm }
        };
        let channels = *state.shape("linear.bias")?.first()?;
        let next = *state.shape("encoder.0.conv1.depth.bias")?.first()?;
        let blocks = count_numbered(state, "encoder.");
        state.get(&format!("decoder.{}.conv4.depth.bias", blocks.checked_sub(1)?))?;
        state.get("process.weight")?;
        Some(Self {
            channels,
            factor: next.checked_sub(channels)?,
            blocks,
            first_form: form("conv"),
            form: form("encoder.0.conv1"),
        })
    }
}

/// 1,353,963 parameters, of which 49,656 are stored and never used. Inputs: an image `[3, H, W]`, any size,
/// and the scalar `t`: 1 for a banded image, 0 for a clean one. `[3, H, W] → [3, H, W]`, the clean image.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("indi");
    let image = net.input("image", 3);
    let t = net.point_input("t", 1);
    let time = net.linear("linear", t, config.channels);
    let time = net.activation(time, Activation::Silu);
    let first = net.conv("conv.depth", image, config.channels, ConvSpec::new(3).form(config.first_form));
    let first = net.activation(first, Activation::Silu);
    let mut features = vec![first];
    let mut x = first;
    for i in 0..config.blocks {
        x = net.scope(format!("encoder.{i}"), |net| {
            let output = net.channels(x) + config.factor;
            let spec = ConvSpec::new(3).form(config.form);
            let y = net.conv("conv1.depth", x, output, spec.stride(2));
            block(net, y, time, ["conv2.depth", "conv3.depth"], spec)
        });
        features.push(x);
    }
    for i in 0..config.blocks {
        x = net.scope(format!("decoder.{i}"), |net| {
            let feature = features[config.blocks - i];
            // The upward path starts from the deepest feature, so it is used twice.
            let cropped = if i == 0 { x } else { net.crop_like(x, feature) };
            let y = net.add(cropped, feature);
            let y = net.upsample_nearest(y, 2);
            let output = net.channels(y).saturating_sub(config.factor);
            let spec = ConvSpec::new(3).form(config.form);
            let y = net.conv("conv2.depth", y, output, spec);
            block(net, y, time, ["conv3.depth", "conv4.depth"], spec)
        });
    }
    let deepest = config.channels + config.blocks * config.factor;
    net.scope("linearAct", |net| net.trainable("scale", &[1, deepest]));
    let y = net.crop_like(x, first);
    let y = net.add(first, y);
    let out = net.conv1x1("process", y, 3);
    net.finish(&[("image", out)])
}

/// h = sin(x) + a vector derived from the time; sin(conv(sin(conv(h)))) + h.
fn block(net: &mut Net, x: Value, time: Value, names: [&str; 2], spec: ConvSpec) -> Value {
    let channels = net.channels(x);
    let h = net.activation(x, Activation::Sin);
    let of_time = net.linear("emb_layer.1", time, channels);
    let h = net.add(h, of_time);
    let mut y = h;
    for name in names {
        y = net.conv(name, y, channels, spec);
        y = net.activation(y, Activation::Sin);
    }
    // Stored in every block, never used.
    net.scope("one.depth", |net| {
        net.weight("weight", &[channels, channels, 1, 1], spec.form);
        net.trainable("bias", &[channels]);
    });
    net.add(y, h)
}
