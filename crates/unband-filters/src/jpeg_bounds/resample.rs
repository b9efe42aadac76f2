//! Resampling from components to pixels such that the encoder's means reproduce the samples.

use unband_image::Window;
use unband_simd::Level;

use super::component::Component;
use crate::area::{Area, Upsampling, repeat};

/// Changes at full size, one area per component.
#[derive(Default)]
pub(super) struct Resampled {
    pub planes: [Area; 3],
}

impl Component {
    /// The change of each pixel of `core` when the component changes from `decoded` to `restored` (both over
    /// the same blocks). A decoder's triangle filter blurs, so the means of its pixels differ from the
    /// samples; here they match.
    pub(super) fn to_pixels(
        &self,
        level: Level,
        restored: &Area,
        decoded: &Area,
        core: Window,
        out: &mut Area,
    ) {
        out.reshape(core.x0, core.y0, core.width(), core.height());
        let (lx, ly) = self.lead();
        if self.scale() == (1, 1) {
            let (dx, dy) = (core.x0 + lx - restored.x0, core.y0 + ly - restored.y0);
            for y in 0..out.height {
                let (new, old) = (&restored.row(dy + y)[dx..], &decoded.row(dy + y)[dx..]);
                for (out, (new, old)) in out.row_mut(y).iter_mut().zip(new.iter().zip(old)) {
                    *out = new - old;
                }
            }
            return;
        }
        let (sx, sy) = self.scale();
        let own = core.on_plane(sx, sy).grown(self.blur(), self.size.0, self.size.1);
        let take = |area: &Area| {
            let mut part = Area::default();
            part.reshape(own.x0, own.y0, own.width(), own.height());
            let (dx, dy) = (own.x0 + lx - area.x0, own.y0 + ly - area.y0);
            for y in 0..part.height {
                let row = &area.row(dy + y)[dx..];
                part.row_mut(y).iter_mut().zip(row).for_each(|(part, row)| *part = *row);
            }
            part
        };
        let (new, old) = (take(restored), take(decoded));
        // The encoder's means at an odd end cover only the existing pixels.
        let (width, height) = self.pixels();
        let end =
            ((width - sx * own.x0).min(sx * own.width()), (height - sy * own.y0).min(sy * own.height()));
        let before = self.upscale(level, &old, end);
        // One sharpening by the error of the means, then the remaining error is spread evenly.
        let mut sharper = new.clone();
        let mut large = self.upscale(level, &sharper, end);
        add_missing(&mut sharper, &new, &large, (sx, sy));
        large = self.upscale(level, &sharper, end);
        let mut rest = new.clone();
        rest.data.fill(0.0);
        add_missing(&mut rest, &new, &large, (sx, sy));
        let (dx, dy) = (core.x0 - sx * own.x0, core.y0 - sy * own.y0);
        let mut evenly = vec![0.0f32; large.width];
        let mut last = usize::MAX;
        for y in 0..out.height {
            let at = dy + y;
            if at / sy != last {
                last = at / sy;
                repeat(&mut evenly, rest.row(last), sx);
            }
            let (large, before, rest) = (&large.row(at)[dx..], &before.row(at)[dx..], &evenly[dx..]);
            for (out, ((large, before), rest)) in
                out.row_mut(y).iter_mut().zip(large.iter().zip(before).zip(rest))
            {
                *out = large + rest - before;
            }
        }
    }

    /// Triangle filter for factors of two, repeated samples for others. The result has `end` columns and
    /// rows.
    ///
    /// Source: libjpeg-turbo `jdsample.c` (which ratios are interpolated).
    fn upscale(&self, level: Level, source: &Area, end: (usize, usize)) -> Area {
        let (sx, sy) = self.scale();
        let across = sx == 2 && sy <= 2 && self.size.0 > 2;
        let down = sy == 2 && (sx == 1 || across);
        let by = Upsampling { scale: (sx, sy), across, down };
        source.upsampled(level, by, end)
    }
}

/// Adds the missing difference between the means of `large` and `wanted` to `target`.
fn add_missing(target: &mut Area, wanted: &Area, large: &Area, scale: (usize, usize)) {
    let means = large.reduced(scale);
    for ((target, wanted), mean) in target.data.iter_mut().zip(&wanted.data).zip(&means.data) {
        *target += wanted - mean;
    }
}
