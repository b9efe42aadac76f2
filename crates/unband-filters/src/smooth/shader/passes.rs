//! The passes of a shader, in their order: means, surfaces from coarse to fine, the gate, the sum.

use unband_simd::filters::smooth::{FORGET_TO, FORGET_WIDTH, LINK_TO, LINK_WIDTH};

use super::pass::{ShaderPass as Pass, float};
use super::statistic::{CODED, DEEP, LIMITED, OFF, STEPS, statistic};
use super::{GATE, GATE_MOST, GATE_SIDE, ShaderSettings, ShaderVariant, glsl};
use crate::smooth::gate::{NEAR_AXIS, WIDE, WIDE_AXIS};
use crate::smooth::surface::{LEVELS, PULL, PULL_OF_COLOUR};

/// Texture of the level changes, at a quarter of the size; across; then down.
const CHANGES: [&str; 3] = ["UNBAND_CHANGES", "UNBAND_CHANGES_X", "UNBAND_CHANGES_Y"];
/// Texture of the level changes at half the size.
const HALF: &str = "UNBAND_CHANGES_HALF";
/// Texture of the gate at half the size.
const GATE_HALF: &str = "UNBAND_GATE_HALF";
/// Texture of the gate's table with the strength applied.
const FACTORS: &str = "UNBAND_FACTORS";
/// Texture of luma's level changes, for chroma, and of the share of samples off the 8-bit codes.
const TEXTURE: &str = "UNBAND_TEXTURE";
/// Differences of neighbours beyond this, in intervals, are stored as this: all are far beyond a link.
const FAR: f32 = 4.0;
/// Shares of samples off the 8-bit codes between which the correction shrinks to that of deeper samples.
const OFF_SHARES: [f32; 2] = [0.002, 0.03];

/// All passes.
pub(super) fn passes(settings: &ShaderSettings) -> Vec<Pass> {
    let mut passes: Vec<Pass> = (1..LEVELS).map(|level| halve(settings, level)).collect();
    for level in (0..LEVELS).rev() {
        passes.extend(solve(settings, level));
    }
    if settings.variant != ShaderVariant::Compat {
        passes.splice(0..0, statistic(passes.len()));
    }
    passes
}

/// Texture of the means of a level.
fn means(level: usize) -> String {
    format!("UNBAND_MEANS{level}")
}

/// Texture of the surface of a level.
fn surface(level: usize) -> String {
    format!("UNBAND_SURFACE{level}")
}

/// Two textures of states that sweeps write in turn.
fn states(level: usize) -> [String; 2] {
    ["A", "B"].map(|turn| format!("UNBAND_STATE{level}{turn}"))
}

/// A pass that knows the step of the plane.
fn pass(settings: &ShaderSettings, title: impl Into<String>) -> Pass {
    let pass = Pass::new(title);
    let pass = if settings.variant == ShaderVariant::Compat {
        let step = settings.bits.map_or(CODED, |bits| 255.0 / ((1u32 << bits) - 1) as f32);
        pass.set("STEP", format!("T({} / 255.0)", float(step)))
            .set("CELLS", format!("T(255.0 / {})", float(step)))
            .set("LEVELS", settings.levels)
            .set("STRENGTH", float(settings.strength))
            .set("SHOW", 0)
    } else {
        let steps = |x: usize| format!("texelFetch({STEPS}_raw, ivec2({x}, 0), 0)");
        let pass = pass.bind(STEPS).set("STEP", steps(0) + ".CH").set("CELLS", steps(1) + ".CH");
        pass.set("LEVELS", "levels").set("STRENGTH", "strength").set("SHOW", "show")
    };
    pass.part(glsl!("samples"))
}

/// The middles of a level's intervals as `NAME(p)`, and their size.
fn values(pass: Pass, name: &str, level: usize) -> Pass {
    let size = format!("{name}_SIZE");
    if level == 0 {
        return pass.set(&format!("{name}(p)"), "original(p)").set(&size, "ivec2(HOOKED_size)");
    }
    let texture = means(level);
    pass.bind(&texture)
        .set(&size, format!("ivec2({texture}_size)"))
        .set(&format!("{name}(p)"), format!("VALUE_OF(texelFetch({texture}_raw, inside(p, {size}), 0))"))
}

/// A pass over a level.
fn at_level(settings: &ShaderSettings, title: &str, level: usize) -> Pass {
    let pass = values(pass(settings, format!("{title}, level {level}")), "VALUE", level).set("LEVEL", level);
    if level == 0 { pass } else { pass.sized(&format!("{}.d", means(level))) }
}

/// 2×2 means, and the share of samples off the 8-bit codes where no histogram tells it.
fn halve(settings: &ShaderSettings, level: usize) -> Pass {
    let finer = if level == 1 { "HOOKED".to_owned() } else { means(level - 1) };
    let pass = values(pass(settings, format!("means, level {level}")), "FINE", level - 1);
    let pass = match (settings.variant, level) {
        (ShaderVariant::Compat, 1) => {
            let off =
                format!("step({OFF}, min(off_codes(AT(stored(p), 0)).x, off_codes(AT(stored(p), 0)).y))");
            pass.set("LIMITED", float(LIMITED)).set("DEEP(p)", off).part(glsl!("codes"))
        }
        (ShaderVariant::Compat, _) => pass.set("DEEP(p)", format!("SHARE(texelFetch({finer}_raw, p, 0))")),
        _ => pass.set("DEEP(p)", "0.0"),
    };
    pass.part(glsl!("halve")).save(&means(level)).sized(&halved(&finer))
}

/// The coarser surface at a level.
fn start(pass: Pass, level: usize) -> Pass {
    let pass = pass.set("FORGET_TO", float(FORGET_TO)).set("FORGET_WIDTH", float(FORGET_WIDTH));
    let pass = if level + 1 < LEVELS { pass.read("COARSER", &surface(level + 1)) } else { pass };
    pass.part(glsl!("start"))
}

/// The passes of a level: the start, and four sweeps, of which the last at full size is in the pass of the
/// sum. The fast shader has one at full size and two at half size.
fn solve(settings: &ShaderSettings, level: usize) -> Vec<Pass> {
    let [a, b] = states(level);
    let begin = start(at_level(settings, "start", level), level);
    let begin = begin.set("FAR", float(FAR)).part(glsl!("begin"));
    let sweep = |from: &str| {
        at_level(settings, "sweep", level)
            .read("STATE", from)
            .set("LINK_TO", float(LINK_TO))
            .set("LINK_WIDTH", float(LINK_WIDTH))
            .set("PULL", float(PULL[level]))
            .set("PULL_OF_COLOUR", float(PULL_OF_COLOUR[level]))
            .part(glsl!("sweep"))
    };
    let once = |from: &str, to: &str| sweep(from).save(to).part(glsl!("swept"));
    let twice = |from: &str, to: &str| once(from, to).set("TWICE", "");
    let last = surface(level);
    let fast = settings.variant == ShaderVariant::Fast;
    match level {
        0 => {
            let mut passes = gate_half(settings);
            passes.push(begin.save(&a));
            if !fast {
                passes.extend([once(&a, &b), once(&b, &a), once(&a, &b)]);
            }
            passes.push(sum(settings, sweep(if fast { &a } else { &b })));
            passes
        }
        1 if fast => vec![begin.save(&a), once(&a, &b), once(&b, &last).set("SURFACE", "")],
        1 => {
            vec![begin.save(&a), once(&a, &b), once(&b, &a), once(&a, &b), once(&b, &last).set("SURFACE", "")]
        }
        _ => vec![begin.save(&a), twice(&a, &b), twice(&b, &last).set("SURFACE", "")],
    }
}

/// The gate at half size, from the level changes close to each sample and around it.
fn gate_half(settings: &ShaderSettings) -> Vec<Pass> {
    let half = at_level(settings, "level changes", 0).part(glsl!("changes_half")).save(HALF);
    let quarter = pass(settings, "level changes").read("FINE", HALF).part(glsl!("changes_quarter"));
    let along = |from: &str, to: &str, way: &str| {
        pass(settings, "level changes around")
            .read("NARROW", from)
            .set("ALONG", way)
            .set("WIDE", float((2 * WIDE + 1) as f32))
            .part(glsl!("changes_around"))
            .save(to)
            .sized(&format!("{from}.d"))
    };
    let gate = pass(settings, "gate")
        .read("NARROW", HALF)
        .read("WIDE_MAP", CHANGES[2])
        .read("FACTORS", FACTORS)
        .set("NEAR_END", float(NEAR_AXIS[NEAR_AXIS.len() - 1]))
        .set("WIDE_END", float(WIDE_AXIS[WIDE_AXIS.len() - 1]))
        .part(glsl!("gate"));
    vec![
        half.sized(&halved("HOOKED")),
        quarter.save(CHANGES[0]).sized(&halved(HALF)),
        texture(settings),
        along(CHANGES[0], CHANGES[1], "ivec2(1, 0)"),
        along(CHANGES[1], CHANGES[2], "ivec2(0, 1)"),
        factors(settings),
        gate.save(GATE_HALF).sized(&format!("{HALF}.d")),
    ]
}

/// Texture of luma or RGB, for chroma and for the sum.
fn texture(settings: &ShaderSettings) -> Pass {
    let pass = pass(settings, "texture").only(&["LUMA", "RGB"]).bind(CHANGES[0]);
    let pass = if settings.variant == ShaderVariant::Compat {
        let coarsest = means(LEVELS - 1);
        let share = format!("SHARE(textureLod({coarsest}_raw, HOOKED_pos, 0.0))");
        pass.bind(&coarsest).set("DEEP_SHARE", share)
    } else {
        pass.set("DEEP_SHARE", "0.0")
    };
    pass.set("CHANGES_MAP", format!("{}_raw", CHANGES[0]))
        .part(glsl!("texture"))
        .save(TEXTURE)
        .sized(&format!("{}.d", CHANGES[0]))
}

/// The gate's table with the strength applied; that of luma also serves chroma.
fn factors(settings: &ShaderSettings) -> Pass {
    pass(settings, "factors")
        .only(&["LUMA", "RGB"])
        .bind(GATE)
        .set("GATE_MOST", float(GATE_MOST))
        .part(glsl!("factors"))
        .save(FACTORS)
        .fixed(GATE_SIDE, GATE_SIDE)
}

/// Half the size of a texture, rounded up.
fn halved(texture: &str) -> String {
    format!("{texture}.d {texture}.d 2 % + 2 /")
}

/// Adds the correction to the plane.
fn sum(settings: &ShaderSettings, pass: Pass) -> Pass {
    let texture = format!("textureLod({TEXTURE}_raw, HOOKED_pos, 0.0)");
    let [low, high] = OFF_SHARES.map(float);
    let shrunk =
        format!("mix(1.0, min(1.0, DEEP / (255.0 * STEP.x)), smoothstep({low}, {high}, {texture}.y))");
    // Chroma's own levels are texture where luma is, unless a codec smoothed them.
    let following = format!(
        "(texelFetch({STEPS}_raw, ivec2(0), 0).a > 0.0 ? vec2(1.0) : \
         mix(vec2(clamp(2.0 - 2.0 * {texture}.x, 0.0, 1.0)), vec2(1.0), \
         greaterThan(STEP, vec2(2.0 / 255.0))))"
    );
    let compat = settings.variant == ShaderVariant::Compat;
    pass.bind(TEXTURE)
        .read("GATE", GATE_HALF)
        .set("GATE_MOST", float(GATE_MOST))
        .set("DEEP", float(DEEP))
        .set("SHRUNK", if compat { &shrunk } else { "1.0" })
        .set("FOLLOWING", if compat { "1.0" } else { &following })
        .part(glsl!("sum"))
}
