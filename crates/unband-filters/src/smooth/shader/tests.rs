//! Tests of the shaders' headers, by the rules of libplacebo's parser.
#![allow(clippy::unwrap_used)]

use super::{ShaderSettings, ShaderVariant, text};

const VARIANTS: [ShaderVariant; 3] = [ShaderVariant::Full, ShaderVariant::Fast, ShaderVariant::Compat];

/// Header lines of each block, with the text after them.
fn blocks(shader: &str) -> Vec<(Vec<(&str, &str)>, String)> {
    let mut blocks: Vec<(Vec<(&str, &str)>, String)> = Vec::new();
    for line in shader.lines() {
        let Some(directive) = line.strip_prefix("//!") else {
            if let Some((_, body)) = blocks.last_mut() {
                body.push_str(line);
                body.push('\n');
            }
            continue;
        };
        if blocks.last().is_none_or(|(_, body)| !body.trim().is_empty()) {
            blocks.push(Default::default());
        }
        blocks.last_mut().unwrap().0.push(directive.split_once(' ').unwrap_or((directive, "")));
    }
    blocks
}

#[test]
fn every_texture_is_written_before_it_is_read() {
    for variant in VARIANTS {
        let shader = text(&ShaderSettings::new(variant));
        for hook in ["LUMA", "CHROMA", "RGB"] {
            // Chroma comes after luma, and finds its textures.
            let mut known = vec!["HOOKED".to_owned()];
            let planes: &[&str] = if hook == "CHROMA" { &["LUMA", "CHROMA"] } else { &[hook] };
            let mut passes = 0;
            for plane in planes {
                for (head, _) in blocks(&shader) {
                    let values = |name: &str| -> Vec<String> {
                        head.iter().filter(|line| line.0 == name).map(|line| line.1.to_owned()).collect()
                    };
                    known.extend([values("TEXTURE"), values("BUFFER")].concat());
                    if !values("HOOK").contains(&(*plane).to_owned()) {
                        continue;
                    }
                    for bound in values("BIND") {
                        assert!(known.contains(&bound), "{variant:?} {hook}: {bound} in {head:?}");
                    }
                    assert!(values("BIND").len() <= 16 && values("HOOK").len() <= 16, "{head:?}");
                    known.extend(values("SAVE"));
                    passes += 1;
                }
            }
            assert!(passes > 20, "{variant:?} {hook}: {passes} passes");
        }
    }
}

#[test]
fn headers_have_no_gaps_and_bodies_one_hook() {
    for variant in VARIANTS {
        for (head, body) in blocks(&text(&ShaderSettings::new(variant))) {
            if head.iter().any(|h| h.0 == "HOOK") {
                let compute = head.iter().any(|h| h.0 == "COMPUTE");
                let kind = if compute { "void hook() {" } else { "vec4 hook() {" };
                assert_eq!(body.matches(kind).count(), 1, "{head:?}");
                assert_eq!(body.matches('{').count(), body.matches('}').count(), "{head:?}");
                assert!(!body.trim_start().starts_with("//"), "{head:?}");
            }
        }
    }
}

#[test]
fn the_compatible_shader_needs_nothing_new() {
    let settings =
        ShaderSettings { bits: Some(6), strength: 0.5, ..ShaderSettings::new(ShaderVariant::Compat) };
    let shader = text(&settings);
    for newer in ["//!PARAM", "//!BUFFER", "//!COMPUTE", "//!STORAGE"] {
        assert!(!shader.contains(newer), "{newer}");
    }
    assert!(shader.contains("#define STEP T(4.047619 / 255.0)"));
    assert!(shader.contains("#define STRENGTH 0.5\n"));
}

#[test]
fn settings_are_the_parameters_at_the_start() {
    let settings = ShaderSettings { variant: ShaderVariant::Full, strength: 2.0, bits: Some(7), levels: 5 };
    let shader = text(&settings);
    let start = |name: &str| {
        let after = shader.split_once(&format!("//!PARAM {name}\n")).unwrap().1;
        after.lines().find(|line| !line.starts_with("//!")).unwrap().to_owned()
    };
    assert_eq!(["strength", "bits", "levels", "show"].map(start), ["2.0", "7", "5", "0"]);
}
