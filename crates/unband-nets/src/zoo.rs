//! Published checkpoints: names, sources, licences and checksums.
//!
//! None is part of unband and none is downloaded: users get a file from its publisher and import it.

use crate::arch::{self, Architecture};
use crate::convention::Convention;

/// A published checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Name in unband, kebab case.
    pub name: &'static str,
    /// The network's name in [`arch::ARCHITECTURES`], or [`FORESTS`].
    pub architecture: &'static str,
    /// Name of the file or folder at the publisher.
    pub file: &'static str,
    /// Author.
    pub author: &'static str,
    /// Licence; states explicitly when none is given.
    pub licence: &'static str,
    /// Place of publication.
    pub place: &'static str,
    /// Size in bytes, if known.
    pub bytes: Option<u64>,
    /// SHA-256 as returned by [`CheckpointFiles::sha256`](crate::checkpoint::CheckpointFiles::sha256):
    /// complete, its first eight digits, or empty if unknown.
    pub sha256: &'static str,
}

impl Published {
    /// The network; `None` for forests.
    pub fn network(&self) -> Option<&'static Architecture> {
        arch::find(self.architecture)
    }

    /// How its authors' scripts pass images to it. ADNet's `test_c.py` and `dataset.py` read images by
    /// `OpenCV` and do not exchange red and blue.
    pub(crate) fn convention(&self) -> Convention {
        Convention { bgr: self.architecture == arch::adnet::ENTRY.name, ..Convention::default() }
    }

    /// Whether a file with that SHA-256 is this one; `None` if the publisher's is unknown.
    pub fn is(&self, sha256: &str) -> Option<bool> {
        (!self.sha256.is_empty()).then(|| sha256.starts_with(self.sha256))
    }
}

/// Architecture name of published checkpoints that are not networks: regression forests.
pub const FORESTS: &str = "regression-forests";

const KAIR: &str = "github.com/cszn/KAIR, release v1.0";
const KAIR_LICENCE: &str = "the repository's, MIT (BSRGAN: Apache-2.0); none for the weights alone";
const COMPARED: &str = "the authors' repository's; none for the weights alone";
const REAL_ESRGAN: &str = "BSD-3-Clause";
const DEEP_DEBAND: &str =
    "github.com/RaymondLZhou/deepDeband, pytorch-CycleGAN-and-pix2pix/checkpoints (Git LFS)";
const DEEP_DEBAND_LICENCE: &str = "MIT, 2022 Raymond Zhou";
const ADNET: &str = "Tian et al.";
const ADNET_LICENCE: &str = "none given";
const TORCHVISION: &str = "download.pytorch.org/models";
const TORCHVISION_LICENCE: &str = "BSD-3-Clause; trained on ImageNet, which has its own terms";

const fn compact(name: &'static str, file: &'static str) -> Published {
    Published {
        name,
        architecture: "compact",
        file,
        author: "Wang, Xie, Dong, Shan",
        licence: REAL_ESRGAN,
        place: "github.com/xinntao/Real-ESRGAN, release v0.2.5.0",
        bytes: None,
        sha256: "",
    }
}

const fn swinir(name: &'static str, file: &'static str) -> Published {
    Published {
        name,
        architecture: "swinir",
        file,
        author: "Liang et al.",
        licence: "Apache-2.0",
        place: "github.com/JingyunLiang/SwinIR, release v0.0",
        bytes: None,
        sha256: "",
    }
}

const fn kair(
    name: &'static str,
    file: &'static str,
    author: &'static str,
    licence: &'static str,
    known: (Option<u64>, &'static str),
) -> Published {
    let (bytes, sha256) = known;
    Published { name, architecture: "rrdbnet", file, author, licence, place: KAIR, bytes, sha256 }
}

const fn adnet(name: &'static str, place: &'static str, sha256: &'static str) -> Published {
    Published {
        name,
        architecture: "adnet",
        file: "model_70.pth",
        author: ADNET,
        licence: ADNET_LICENCE,
        place,
        bytes: Some(2_108_861),
        sha256,
    }
}

const fn deep_deband(
    name: &'static str,
    architecture: &'static str,
    file: &'static str,
    bytes: u64,
    sha256: &'static str,
) -> Published {
    Published {
        name,
        architecture,
        file,
        author: "Zhou, Athar, Wang, Wang",
        licence: DEEP_DEBAND_LICENCE,
        place: DEEP_DEBAND,
        bytes: Some(bytes),
        sha256,
    }
}

const fn torchvision(name: &'static str, file: &'static str, sha256: &'static str) -> Published {
    Published {
        name,
        architecture: name,
        file,
        author: "torchvision",
        licence: TORCHVISION_LICENCE,
        place: TORCHVISION,
        bytes: None,
        sha256,
    }
}

/// All published checkpoints.
pub static PUBLISHED: &[Published] = &[
    Published {
        name: "ggdbn",
        architecture: "ggdbn",
        file: "best.pth",
        author: "SCUT-SuFM",
        licence: "MIT, 2024 SCUT-SuFM",
        place: "github.com/SCUT-SuFM/GGDBN, a link in its README",
        bytes: None,
        sha256: "",
    },
    Published {
        name: "indi",
        architecture: "indi",
        file: "scripted-deband-net-final.pt",
        author: "Kevin Sasso",
        licence: "MIT, 2024 Kevin Sasso",
        place: "github.com/ksasso1028/indi-debanding, weights",
        bytes: None,
        sha256: "",
    },
    deep_deband(
        "deepdeband-f",
        "deepdeband-f",
        "latest_net_G.pth",
        217_727_257,
        "d08eb72299a688c81205b51e9ad54e8b55577e410bc6e14fd05f8267a116bfdf",
    ),
    deep_deband(
        "deepdeband-w",
        "deepdeband-w",
        "latest_net_G.pth",
        217_727_283,
        "b8fa4bc367d633fc7313d64b7583aaa34aafec1be6e613362e4abd5cf7ca89c5",
    ),
    deep_deband(
        "deepdeband-f-discriminator",
        "pix2pix-patchgan",
        "latest_net_D.pth",
        11_089_132,
        "913559ab218f4acb5c46e3f1a3b4b3622c877ae953e3c206673cb6855a972b59",
    ),
    deep_deband(
        "deepdeband-w-discriminator",
        "pix2pix-patchgan",
        "latest_net_D.pth",
        11_089_053,
        "3b40927370625e7293d51d7afa036467a9ee83c101072e1a859a265fc6090578",
    ),
    kair(
        "bsrgan-x4",
        "BSRGAN.pth",
        "Zhang, Liang, Van Gool, Timofte",
        KAIR_LICENCE,
        (Some(67_046_751), "5d505a0766160921e0388d76e1ddf08cb114303990f9080432bf2b1c988b1c54"),
    ),
    kair(
        "bsrgan-x2",
        "BSRGANx2.pth",
        "Zhang, Liang, Van Gool, Timofte",
        KAIR_LICENCE,
        (Some(66_894_171), "614f68bcafcf123a1ea51cc75ae5741640a8b1d49dd75757ad3ad531f772c736"),
    ),
    kair("bsrnet-x4", "BSRNet.pth", "Zhang, Liang, Van Gool, Timofte", KAIR_LICENCE, (None, "")),
    kair("rrdb-x4", "RRDB.pth", "Wang et al. (ESRGAN)", COMPARED, (None, "")),
    kair("esrgan-x4", "ESRGAN.pth", "Wang et al. (ESRGAN)", COMPARED, (None, "")),
    kair("fssr-dped-x4", "FSSR_DPED.pth", "Fritsche, Gu, Timofte", COMPARED, (None, "")),
    kair("fssr-jpeg-x4", "FSSR_JPEG.pth", "Fritsche, Gu, Timofte", COMPARED, (None, "")),
    kair("realsr-dped-x4", "RealSR_DPED.pth", "Ji et al.", COMPARED, (None, "")),
    kair("realsr-jpeg-x4", "RealSR_JPEG.pth", "Ji et al.", COMPARED, (None, "")),
    Published {
        name: "real-esrgan-x4",
        architecture: "rrdbnet",
        file: "RealESRGAN_x4plus.pth",
        author: "Wang, Xie, Dong, Shan",
        licence: REAL_ESRGAN,
        place: "github.com/xinntao/Real-ESRGAN, release v0.1.0",
        bytes: Some(67_040_989),
        sha256: "4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
    },
    Published {
        name: "real-esrgan-x2",
        architecture: "rrdbnet",
        file: "RealESRGAN_x2plus.pth",
        author: "Wang, Xie, Dong, Shan",
        licence: REAL_ESRGAN,
        place: "github.com/xinntao/Real-ESRGAN, release v0.2.1",
        bytes: Some(67_061_725),
        sha256: "49fafd45f8fd7aa8d31ab2a22d14d91b536c34494a5cfe31eb5d89c2fa266abb",
    },
    swinir("swinir-classical-x2", "001_classicalSR_DF2K_s64w8_SwinIR-M_x2.pth"),
    swinir("swinir-classical-x4", "001_classicalSR_DF2K_s64w8_SwinIR-M_x4.pth"),
    swinir("swinir-real-x4", "003_realSR_BSRGAN_DFO_s64w8_SwinIR-M_x4_GAN.pth"),
    swinir("swinir-real-large-x4", "003_realSR_BSRGAN_DFOWMFC_s64w8_SwinIR-L_x4_GAN.pth"),
    Published {
        name: "span-x4",
        architecture: "span",
        file: "spanx4_ch48.pth",
        author: "Wan et al.",
        licence: "Apache-2.0",
        place: "github.com/hongyuanyu/SPAN, a link in its README",
        bytes: None,
        sha256: "",
    },
    compact("realesr-animevideov3", "realesr-animevideov3.pth"),
    compact("realesr-general-x4v3", "realesr-general-x4v3.pth"),
    compact("realesr-general-wdn-x4v3", "realesr-general-wdn-x4v3.pth"),
    adnet(
        "adnet-c15",
        "github.com/hellloxiaotian/ADNet, color/c15",
        "1a184df785d84dd810a609ec5802109149a03d3b4445a96d17c795ec428fd032",
    ),
    adnet(
        "adnet-c25",
        "github.com/hellloxiaotian/ADNet, color/c25",
        "57f3210b938a7fbc7f299bbb91b26de06d7dce0e03bc179cc9f9f098795469c6",
    ),
    adnet(
        "adnet-c35",
        "github.com/hellloxiaotian/ADNet, color/c35",
        "258aa4ae9a9b522436c0e3455c88f1089bd1172b4123c29b2135bd3f6e2ea65c",
    ),
    adnet(
        "adnet-c50",
        "github.com/hellloxiaotian/ADNet, color/c50",
        "e0586deb17740eb3aed4ebfa0c4b87492f61940cb570ad5f351a5128a992833e",
    ),
    adnet(
        "adnet-c75",
        "github.com/hellloxiaotian/ADNet, color/c75",
        "6d84c27d67c623cd68c22d5ff3c9566dce9fe73ecb8cc1e006c64b39a2469ec0",
    ),
    adnet(
        "adnet-blind",
        "github.com/hellloxiaotian/ADNet, color/cblind",
        "2ecc32bf21612c49add97d431fae5854207303da06a81ac5f00f7e53f85d3537",
    ),
    Published {
        name: "uformer16-sidd",
        architecture: "uformer-t",
        file: "uformer16_denoising_sidd.pth",
        author: "Wang et al.",
        licence: "MIT",
        place: "github.com/ZhendongWang6/Uformer, a link in its README; trained on noise, not on banding",
        bytes: None,
        sha256: "",
    },
    Published {
        name: "dbi",
        architecture: "dbi",
        file: "model",
        author: "Kapoor, Sapra, Wang",
        licence: "none given",
        place: "github.com/akshay-kap/Meng-699-Image-Banding-detection, Pre-trained-models (a folder of TensorFlow)",
        bytes: Some(102_187),
        sha256: "6b7b72b7c2891c44aa83a56f8f971197b0ea2ae7124cb6423d85aee7af69596f",
    },
    Published {
        name: "nrqm",
        architecture: FORESTS,
        file: "model.mat",
        author: "Ma, Yang, Yang, Yang",
        licence: "MIT, 2020 Chao Ma",
        place: "github.com/chaoma99/sr-metric",
        bytes: None,
        sha256: "",
    },
    torchvision("alexnet", "alexnet-owt-7be5be79.pth", "7be5be79"),
    torchvision("vgg16", "vgg16-397923af.pth", "397923af"),
    torchvision("vgg19", "vgg19-dcbb9e9d.pth", "dcbb9e9d"),
    torchvision("squeezenet", "squeezenet1_1-b8a52dc0.pth", "b8a52dc0"),
];

/// The checkpoint of that name.
pub fn find(name: &str) -> Option<&'static Published> {
    PUBLISHED.iter().find(|published| published.name == name)
}

/// The checkpoint with that SHA-256.
pub fn with_sha256(sha256: &str) -> Option<&'static Published> {
    PUBLISHED.iter().find(|published| published.is(sha256) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::CheckpointFiles;

    #[test]
    fn every_checkpoint_is_of_a_known_network_and_has_a_name_of_its_own() {
        let mut names: Vec<&str> = PUBLISHED.iter().map(|p| p.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PUBLISHED.len());
        for published in PUBLISHED {
            let known = published.network().is_some() || published.architecture == FORESTS;
            assert!(known, "{}: {}", published.name, published.architecture);
            assert!(
                published.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
            assert!([0, 8, 64].contains(&published.sha256.len()), "{}", published.name);
            assert!(published.sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        }
    }

    #[test]
    fn only_the_files_of_adnet_are_run_in_blue_green_red() {
        let bgr: Vec<&str> = PUBLISHED.iter().filter(|p| p.convention().bgr).map(|p| p.name).collect();
        assert_eq!(bgr, ["adnet-c15", "adnet-c25", "adnet-c35", "adnet-c50", "adnet-c75", "adnet-blind"]);
        assert!(PUBLISHED.iter().all(|p| p.convention().is_plain() || p.bytes.is_some()));
    }

    #[test]
    fn a_file_is_known_by_its_sum() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(CheckpointFiles::File(Vec::new()).sha256(), empty);
        assert!(with_sha256(empty).is_none());
        let known = find("bsrgan-x4").unwrap();
        assert_eq!(with_sha256(known.sha256), Some(known));
        assert_eq!(known.is(empty), Some(false));
        assert_eq!(find("ggdbn").unwrap().is(empty), None);
        assert_eq!(with_sha256(&format!("dcbb9e9d{}", &empty[8..])), find("vgg19"));
    }
}
