//! Parser of script calls: `clip = core.placebo.Deband(clip, planes=1)`.

/// Name and value of an argument.
pub(super) type Argument<'a> = (Option<&'a str>, &'a str);

/// The arguments of a call to a function whose dotted name ends in `function`. The clip is dropped, whether
/// it is the first argument or the receiver. `None` without such a call.
pub(super) fn arguments<'a>(text: &'a str, function: &str) -> Option<Vec<Argument<'a>>> {
    let (before, after) = text.split_once(function)?;
    let inside = after.trim_start().strip_prefix('(')?;
    // `core.x.F(clip, …)` and `x.F(clip, …)`, but `clip.x.F(…)`.
    let path = before.rsplit(|c: char| c.is_whitespace() || c == '=').next().unwrap_or("");
    let on_clip = !matches!(path.trim_end_matches('.'), "" | "core" | "vs.core");
    let end = inside.rfind(')').unwrap_or(inside.len());
    let all = inside[..end].split(',').map(str::trim).filter(|argument| !argument.is_empty());
    let named = all.map(|argument| match argument.split_once('=') {
        Some((name, value)) => (Some(name.trim()), value.trim().trim_matches(['"', '\''])),
        None => (None, argument.trim_matches(['"', '\''])),
    });
    let is_clip = |(i, (name, value)): (usize, &Argument<'_>)| {
        let number = value.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        matches!(name, Some("clip")) || (i == 0 && !on_clip && name.is_none() && !number)
    };
    let all: Vec<_> = named.collect();
    Some(all.iter().enumerate().filter(|&(i, a)| !is_clip((i, a))).map(|(_, &a)| a).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_clip_is_left_out_wherever_it_stands() {
        let want = vec![(None, "1"), (Some("grain"), "6")];
        for text in [
            "core.placebo.Deband(clip, 1, grain=6)",
            "clip = core.placebo.Deband(src, 1, grain = 6)",
            "placebo.Deband(clip=src, 1, grain=6)",
            "src.placebo.Deband(1, grain=\"6\")",
            "out = src.placebo.Deband (1, grain=6",
            "vs.core.placebo.Deband(clip, 1, grain=6,)",
            "placebo.Deband(1, grain=6)",
        ] {
            assert_eq!(arguments(text, "placebo.Deband"), Some(want.clone()), "{text}");
        }
        assert_eq!(arguments("core.placebo.Deband()", "placebo.Deband"), Some(Vec::new()));
        assert_eq!(arguments("core.placebo.Tonemap(clip)", "placebo.Deband"), None);
        assert_eq!(arguments("placebo.Deband", "placebo.Deband"), None);
    }
}
