//! Options of the banded convolutions as text: `bdinn:kernel=3x3,limits=none,angle=45`.

use super::{Config, Middle};
use crate::arch::Options;
use crate::layer::banded_deform_conv::BandedDeformSpec;

/// Keys and their values, for display.
pub const OPTIONS: &[(&str, &str)] = &[
    ("kernel", "rows and columns, odd: `3x5`, or one side: `3`"),
    ("limits", "minimum and maximum stretch: `0.5..3`, or `none`"),
    ("angle", "initial rotation in degrees"),
    ("rescale", "whether the kernel may grow as a whole: `true` or `false`"),
    ("groups", "groups of channels, a divisor of the 16 channels"),
    ("whole", "initial bias of `conv_whole`: 0 in the authors' code"),
];

/// The options of the published network.
pub const DEFAULTS: &str = "kernel=3x5,limits=0.5..3,angle=0,rescale=true,groups=1,whole=0.001";

/// A configuration with the given options; the others stay.
pub(super) fn with(options: &Options, mut config: Config) -> Config {
    if let Middle::Attention { kernel, .. } = &mut config.middle {
        for (key, expected) in OPTIONS {
            options.read(key, expected, (), |value| set(&mut config.banded, kernel, key, value));
        }
    }
    config
}

/// Sets one option; `None` for an invalid value.
fn set(spec: &mut BandedDeformSpec, kernel: &mut (usize, usize), key: &str, value: &str) -> Option<()> {
    let number = |text: &str| text.trim().parse::<f32>().ok().filter(|v| v.is_finite());
    match key {
        "kernel" => {
            let (rows, columns) = value.split_once(['x', '×', ' ']).unwrap_or((value, value));
            let side = |text: &str| {
                let side = text.trim().parse::<usize>().ok()?;
                (side % 2 == 1 && side <= super::LARGEST_KERNEL).then_some(side)
            };
            *kernel = (side(rows)?, side(columns)?);
        }
        "limits" if value == "none" => spec.limits = None,
        "limits" => {
            let (min, max) = value.split_once("..")?;
            let (min, max) = (number(min)?, number(max)?);
            spec.limits = (min < max).then_some(Some((min, max)))?;
        }
        "angle" => spec.init_angle = number(value)?,
        "rescale" => spec.rescale = value.parse().ok()?,
        "groups" => spec.groups = value.parse().ok().filter(|groups| *groups > 0)?,
        "whole" => spec.init_whole = number(value)?,
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch;
    use crate::checkpoint;
    use crate::state::init::{self, Init};

    #[test]
    fn the_defaults_are_those_of_the_network() {
        let config =
            Config { banded: BandedDeformSpec { groups: 2, ..Default::default() }, ..Config::default() };
        assert_eq!(with(&Options::from_text(DEFAULTS), config), Config::default());
        let named: Vec<&str> = DEFAULTS.split(',').filter_map(|o| o.split('=').next()).collect();
        assert_eq!(named, OPTIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn options_reach_every_layer_and_come_back_from_a_file() {
        let name = "bdinn:kernel=5x3,limits=none,angle=-20,rescale=false,groups=2";
        let graph = arch::build(name).unwrap().unwrap();
        let layers: Vec<_> = graph
            .nodes
            .iter()
            .filter_map(|node| match &node.op {
                crate::Op::BandedDeformConv(conv) => Some(conv),
                _ => None,
            })
            .collect();
        assert_eq!(layers.len(), 16);
        for conv in layers {
            assert_eq!((conv.kernel, conv.groups, conv.limits), ((5, 3), 2, None));
            assert!(conv.whole.is_none() && conv.init_angle.to_bits() == (-20.0f32).to_bits());
        }
        let state = init::state(&graph, &Init::default(), 1);
        let facts = [("network".to_owned(), name.to_owned())];
        let read = checkpoint::read(&checkpoint::write_safetensors(&state, &facts)).unwrap();
        assert_eq!(read.network().unwrap().graph, graph);
        // Without the name, limits and angle are those of the paper; the rest is in the shapes.
        let read = checkpoint::read(&checkpoint::write_safetensors(&state, &[])).unwrap();
        let plain = arch::build("bdinn:kernel=5x3,rescale=false,groups=2").unwrap().unwrap();
        assert_eq!(read.network().unwrap().graph, plain);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_right() {
        let says = |options: &str| arch::build(&format!("bdinn:{options}")).unwrap().unwrap_err().to_string();
        assert!(says("size=3").contains("kernel, limits, angle, rescale, groups, whole"));
        for wrong in ["kernel=2", "kernel=3x", "kernel=33x3", "limits=3..0.5", "limits=1..1", "limits=some"] {
            assert!(says(wrong).contains(wrong), "{wrong}");
        }
        for wrong in ["angle=nan", "angle=", "rescale=1", "groups=0", "whole=inf"] {
            assert!(says(wrong).contains(wrong), "{wrong}");
        }
        assert!(arch::build("bdinn:groups=3").unwrap().unwrap_err().to_string().contains("groups"));
        assert!(arch::build("bdinn:no-bdacb,kernel=3").unwrap().is_err());
        assert!(arch::build("adnet:kernel=3").unwrap().unwrap_err().to_string().contains("of width"));
    }
}
