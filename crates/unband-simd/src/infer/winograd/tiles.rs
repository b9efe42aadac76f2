//! Tiles of four output rows: transformed, multiplied with the weights, and transformed back.
// Bodies must be compiled into the functions that have the instructions; indices name frequencies, tiles and
// vectors.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

use super::transforms::{back, forth};
use super::{Band, LANES, Shape, TILE, Taps, apart};
use crate::lanes::Lanes;
use crate::precision::Products;

/// Prefetch distance in tiles: a tile's samples are requested this many tiles ahead, since rows are seldom in
/// near caches.
const AHEAD: usize = 2;
/// Prefetch distance in weights, in floats.
const WEIGHTS_AHEAD: usize = 2048;

/// A run of [`super::four_rows`], checked.
pub(super) struct Quad<'a, 'b> {
    pub shape: Shape,
    pub bands: &'a mut [Band<'b>],
    pub padded: usize,
    pub packed: &'a [f32],
    pub bias: &'a [f32],
    pub scratch: &'a mut [f32],
}

/// All tiles of four rows: `P` at a time, the last ones in the smallest group that holds them.
#[inline(always)]
pub(super) unsafe fn all<V: Lanes, K: Products<V>, const P: usize, const Q: usize, const R: usize>(
    quad: &mut Quad<'_, '_>,
) {
    // SAFETY: the same as the caller's.
    unsafe {
        match quad.shape.taps {
            Taps::Two => sides::<V, K, 5, P, Q, R>(quad),
            Taps::Three => sides::<V, K, 6, P, Q, R>(quad),
        }
    }
}

/// [`all`] for tiles of `S` products a side.
#[inline(always)]
unsafe fn sides<V: Lanes, K: Products<V>, const S: usize, const P: usize, const Q: usize, const R: usize>(
    quad: &mut Quad<'_, '_>,
) {
    let (tiles, most) = (quad.bands.len() * quad.shape.tiles(), quad.shape.batch());
    // SAFETY: the caller has the instructions; R divides `TOGETHER`.
    unsafe {
        for first in (0..tiles).step_by(most) {
            batch::<V, K, S, P, Q, R>(quad, first, most.min(tiles - first).next_multiple_of(R));
        }
    }
}

/// Tiles whose transforms are kept at once: each weight is read once for all of them.
#[inline(always)]
unsafe fn batch<V: Lanes, K: Products<V>, const S: usize, const P: usize, const Q: usize, const R: usize>(
    quad: &mut Quad<'_, '_>,
    first: usize,
    count: usize,
) {
    // SAFETY: see `sides`.
    unsafe {
        transform::<V, K, S>(quad, first, count);
        for start in (0..quad.shape.outputs).step_by(quad.shape.outputs_at_once()) {
            multiply::<V, K, S, P, Q, R>(quad, first, count, start);
        }
    }
}

/// Input tiles into the scratch: by frequency, tile and channel.
#[inline(always)]
unsafe fn transform<V: Lanes, K: Products<V>, const S: usize>(
    quad: &mut Quad<'_, '_>,
    first: usize,
    count: usize,
) {
    let (padded, to) = (quad.padded, quad.scratch.as_mut_ptr().cast::<K::Number>());
    // SAFETY: rows hold the last sample up to a whole vector. A part's last vector may write beyond its
    // channels: that is inside the scratch, and is overwritten by the next part or the next tile, which come
    // later.
    unsafe {
        let across = quad.shape.tiles();
        let tiles = quad.bands.len() * across;
        // Tiles that only fill the last group keep numbers of earlier ones.
        for p in 0..count.min(tiles - first) {
            let (band, tile) = ((first + p) / across, (first + p) % across);
            let start = quad.shape.start(tile);
            let mut before = 0;
            for part in quad.bands[band].parts {
                let step = quad.shape.dilation * part.step;
                let from: [*const f32; S] =
                    std::array::from_fn(|y| part.rows[y].as_ptr().add(start * part.step));
                let ahead = quad.shape.start(tile + AHEAD) * part.step;
                for c in (0..part.channels).step_by(V::LEN) {
                    for row in &part.rows[..S] {
                        for j in S - TILE..S {
                            V::prefetch(row.as_ptr().wrapping_add(ahead + j * step + c));
                        }
                    }
                    // Down first: its columns stay in registers.
                    let mut lines = [[V::splat(0.0); S]; S];
                    for (j, line) in lines.iter_mut().enumerate() {
                        *line = forth::<V, S>(std::array::from_fn(|y| V::load(from[y].add(j * step + c))));
                    }
                    for y in 0..S {
                        let across = forth::<V, S>(std::array::from_fn(|j| lines[j][y]));
                        for (x, v) in across.into_iter().enumerate() {
                            K::keep(v, to.add((x * S + y) * apart(count, padded) + p * padded + before + c));
                        }
                    }
                }
                before += part.channels;
            }
        }
    }
}

/// Products of all frequencies for the outputs from `start` on, and the inverse transform to samples. `P`
/// tiles at a time, the last ones in the smallest group that holds them.
#[inline(always)]
unsafe fn multiply<
    V: Lanes,
    K: Products<V>,
    const S: usize,
    const P: usize,
    const Q: usize,
    const R: usize,
>(
    quad: &mut Quad<'_, '_>,
    first: usize,
    count: usize,
    start: usize,
) {
    let (inputs, padded) = (quad.shape.inputs, quad.padded);
    let here = (quad.shape.outputs - start).min(quad.shape.outputs_at_once());
    let vectors = here.div_ceil(V::LEN);
    let all = count * vectors;
    // SAFETY: see `sides`; blocks of two vectors, and of one where that suffices, hold the weights of all
    // frequencies and inputs; the scratch holds the products after the tiles.
    unsafe {
        let products = quad.scratch.as_mut_ptr().add(S * S * apart(count, padded));
        let halves = products.add(S * all * V::LEN);
        for across in 0..S {
            for down in 0..S {
                let frequency = across * S + down;
                let tiles = quad.scratch.as_ptr().cast::<K::Number>().add(frequency * apart(count, padded));
                for vector in (0..vectors).step_by(2) {
                    let block = (start + vector * V::LEN) * S * S * inputs / K::EACH;
                    let made = products.add((down * all + vector) * V::LEN);
                    let run = Sums { inputs, padded, step: vectors * V::LEN };
                    if vectors - vector > 1 {
                        let w = quad.packed.as_ptr().add(block + frequency * 2 * V::LEN * inputs / K::EACH);
                        groups::<V, K, P, Q, R, 2>(tiles, count, run, w, made);
                    } else {
                        let w = quad.packed.as_ptr().add(block + frequency * V::LEN * inputs / K::EACH);
                        groups::<V, K, P, Q, R, 1>(tiles, count, run, w, made);
                    }
                }
            }
            for k in 0..all {
                let q: [V; S] = std::array::from_fn(|down| V::load(products.add((down * all + k) * V::LEN)));
                for (row, v) in back(q).into_iter().enumerate() {
                    v.store(halves.add(((row * S + across) * all + k) * V::LEN));
                }
            }
        }
        let (tiles, across) = (quad.bands.len() * quad.shape.tiles(), quad.shape.tiles());
        for row in 0..TILE {
            // Tiles that only fill the last group have no place.
            for k in 0..all.min((tiles - first) * vectors) {
                let at = |across: usize| halves.add(((row * S + across) * all + k) * V::LEN);
                let samples = back::<V, S>(std::array::from_fn(|across| V::load(at(across))));
                let (band, tile) = ((first + k / vectors) / across, (first + k / vectors) % across);
                let place_of = (band, row, quad.shape.start(tile));
                place(quad, place_of, start + k % vectors * V::LEN, samples);
            }
        }
    }
}

/// Numbers of channels and floats of [`sums`].
#[derive(Clone, Copy)]
struct Sums {
    inputs: usize,
    /// From tile to tile of the transformed input.
    padded: usize,
    /// From tile to tile of the products.
    step: usize,
}

/// Sums of one frequency of all tiles, for one block of outputs.
#[inline(always)]
unsafe fn groups<V: Lanes, K: Products<V>, const P: usize, const Q: usize, const R: usize, const B: usize>(
    tiles: *const K::Number,
    count: usize,
    run: Sums,
    w: *const f32,
    made: *mut f32,
) {
    let mut tile = 0;
    // SAFETY: see `multiply`.
    unsafe {
        while tile < count {
            let (from, to, left) = (tiles.add(tile * run.padded), made.add(tile * run.step), count - tile);
            tile += if left <= R {
                sums::<V, K, R, B>(from, run, w, to);
                R
            } else if left <= Q {
                sums::<V, K, Q, B>(from, run, w, to);
                Q
            } else {
                sums::<V, K, P, B>(from, run, w, to);
                P
            };
        }
    }
}

/// Sums of one frequency over all channels, of `P` tiles and a block of outputs.
#[inline(always)]
unsafe fn sums<V: Lanes, K: Products<V>, const P: usize, const B: usize>(
    tiles: *const K::Number,
    Sums { inputs, padded, step }: Sums,
    mut w: *const f32,
    to: *mut f32,
) {
    // SAFETY: see `multiply`.
    unsafe {
        let mut s = [[V::splat(0.0); B]; P];
        for i in (0..inputs).step_by(K::EACH) {
            let wv: [V; B] = std::array::from_fn(|n| V::load(w.add(n * V::LEN)));
            w = w.add(B * V::LEN);
            for n in 0..B {
                V::prefetch(w.wrapping_add(WEIGHTS_AHEAD + n * V::LEN));
            }
            for (p, s) in s.iter_mut().enumerate() {
                let v = K::repeat(tiles.add(p * padded + i));
                for (s, &wv) in s.iter_mut().zip(&wv) {
                    *s = K::dot(v, wv, *s);
                }
            }
        }
        for (p, s) in s.iter().enumerate() {
            for (b, v) in s.iter().enumerate() {
                v.store(to.add(p * step + b * V::LEN));
            }
        }
    }
}

/// Four samples of a tile's row with their bias, clipped to the image.
#[inline(always)]
unsafe fn place<V: Lanes>(
    quad: &mut Quad<'_, '_>,
    (band, row, first): (usize, usize, usize),
    o: usize,
    samples: [V; TILE],
) {
    let Shape { outputs, width, out_step, dilation, .. } = quad.shape;
    if o >= outputs {
        return;
    }
    let here = V::LEN.min(outputs - o);
    let inside = width.saturating_sub(first).div_ceil(dilation).min(TILE);
    let out = quad.bands[band].out[row].as_mut_ptr();
    // SAFETY: rows of the result hold `width` samples, slices hold a vector where one is read or written.
    unsafe {
        if here == V::LEN {
            // Tiles beyond the image's width have no samples inside.
            let (bias, to) = (V::load(quad.bias.as_ptr().add(o)), out.wrapping_add(first * out_step + o));
            for (j, v) in samples.into_iter().enumerate().take(inside) {
                v.add(bias).store(to.wrapping_add(j * dilation * out_step));
            }
            return;
        }
        let mut whole = [0.0f32; LANES];
        for (j, &v) in samples.iter().enumerate().take(inside) {
            v.store(whole.as_mut_ptr());
            for (n, (&v, &b)) in whole[..here].iter().zip(&quad.bias[o..]).enumerate() {
                *out.add((first + j * dilation) * out_step + o + n) = v + b;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::{__m256, __m512};

    use super::Quad;
    use crate::precision::{Half, Single};

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
    pub(in super::super) unsafe fn avx512(quad: &mut Quad<'_, '_>) {
        // SAFETY: this function has the instructions; the caller checked the slices.
        unsafe { super::all::<__m512, Single, 12, 8, 4>(quad) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
    pub(in super::super) unsafe fn bf16(quad: &mut Quad<'_, '_>) {
        // SAFETY: as above.
        unsafe { super::all::<__m512, Half, 12, 8, 4>(quad) }
    }

    #[target_feature(enable = "avx2,fma")]
    pub(in super::super) unsafe fn avx2(quad: &mut Quad<'_, '_>) {
        // SAFETY: as above.
        unsafe { super::all::<__m256, Single, 6, 4, 2>(quad) }
    }
}
