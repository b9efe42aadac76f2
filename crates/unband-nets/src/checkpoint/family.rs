//! Families of networks that are recognised by names of tensors and not run.
//!
//! Source: the names that chaiNNer-org/spandrel (MIT) detects them by.

use crate::StateDict;

/// A family, and tensors that all of its files have and no family before it has.
const FAMILIES: &[(&str, &[&str])] = &[
    ("HAT", &["relative_position_index_SA", "layers.0.residual_group.blocks.0.conv_block.cab.0.weight"]),
    ("ATD", &["relative_position_index_SA", "layers.0.residual_group.td"]),
    ("DRCT", &["layers.0.swin1.attn.relative_position_bias_table"]),
    ("DAT", &["before_RG.1.weight", "layers.0.blocks.0.ffn.fc1.weight"]),
    ("RGT", &["before_RG.1.weight", "layers.0.blocks.0.gamma"]),
    ("Swin2SR", &["patch_embed.proj.weight", "layers.0.residual_group.blocks.0.mlp.fc1.bias"]),
    ("GRL", &["norm_start.weight", "layers.0.blocks.0.attn.window_attn.attn_transform.logit_scale"]),
    ("CRAFT", &["layers.0.residual_group.hf_blocks.0.attn.temperature"]),
    ("OmniSR", &["residual_layer.0.residual_layer.0.layer.0.fn.0.weight"]),
    ("SAFMN", &["to_feat.weight", "feats.0.safm.mfr.0.weight"]),
    ("RealPLKSR with DySample", &["feats.1.channel_mixer.0.weight", "to_img.init_pos"]),
    ("PLKSR", &["feats.1.channe_mixer.0.weight", "feats.1.refine.weight"]),
    ("MoSR", &["gblocks.0.weight", "gblocks.1.norm.weight"]),
    ("DITN", &["UFONE.0.ITLs.0.attn.temperature"]),
    ("Real-CUGAN", &["unet1.conv1.conv.0.weight", "unet1.conv1_down.weight"]),
    ("AuraSR", &["mid_attn.layers.0.0.to_out.weight"]),
    ("NAFNet", &["intro.weight", "middle_blks.0.beta"]),
    ("FBCNN", &["m_head.weight", "qf_pred.0.res.0.weight"]),
    ("DRUNet", &["m_head.weight", "m_body.0.res.0.weight"]),
    ("SCUNet", &["m_head.0.weight", "m_tail.0.weight"]),
];

/// The family of these tensors.
pub(super) fn family(state: &StateDict) -> Option<&'static str> {
    let all = |names: &[&str]| names.iter().all(|name| state.get(name).is_some());
    FAMILIES.iter().find(|(_, names)| all(names)).map(|&(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Data, Tensor};

    #[test]
    fn each_family_is_recognised_by_its_names_and_none_by_another_s() {
        for (name, keys) in FAMILIES {
            let tensor = || Tensor { shape: vec![1], data: Data::F32(vec![0.0]) };
            let state: StateDict = keys.iter().map(|&key| (key.to_owned(), tensor())).collect();
            assert_eq!(family(&state), Some(*name));
            assert!(crate::arch::detect(&state).is_none(), "{name}");
        }
    }
}
