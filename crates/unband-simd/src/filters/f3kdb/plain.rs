//! Generic kernels of `f3kdb` for any reach and margins: scattered loads for each sample, with positions
//! computed per block.

use super::{Around, Code, Places};
use crate::dispatch;

/// Samples per block.
const BLOCK: usize = 64;

dispatch! {
    /// 8-bit samples; all positions read must exist.
    pub(super) fn row_u8(level, refs: [&mut [u8]; 4], around: &Around<'_, u8>,
        places: &Places<'_>) = row::<u8>;
    /// 16-bit samples; all positions read must exist.
    pub(super) fn row_u16(level, refs: [&mut [u16]; 4], around: &Around<'_, u16>,
        places: &Places<'_>) = row::<u16>;
}

#[inline(always)]
fn row<T: Code>(refs: [&mut [T]; 4], around: &Around<'_, T>, places: &Places<'_>) {
    let stride = around.stride as i32;
    let count = refs[0].len();
    let [plus, minus, plus2, minus2] = refs;
    let mut by = [0i32; BLOCK];
    for from in (0..count).step_by(BLOCK) {
        let n = BLOCK.min(count - from);
        let part = from..from + n;
        let by = &mut by[..n];
        // SAFETY: the row starts inside `samples`.
        let first = unsafe { around.samples.as_ptr().add(around.start + from) };
        let pair = |by: &[i32], plus: &mut [T], minus: &mut [T]| {
            for (i, ((plus, minus), &by)) in plus.iter_mut().zip(minus).zip(by).enumerate() {
                // SAFETY: the caller guarantees that all samples read exist.
                (*plus, *minus) = unsafe {
                    (*first.offset(i as isize + by as isize), *first.offset(i as isize - by as isize))
                };
            }
        };
        let set = |by: &mut [i32], across: &[i8], down: &[i8], sign: i32| {
            for (by, (&x, &y)) in by.iter_mut().zip(across.iter().zip(down)) {
                *by = i32::from(x) + sign * i32::from(y) * stride;
            }
        };
        match places {
            Places::Column { down } => {
                by.iter_mut().zip(&down[part.clone()]).for_each(|(by, &y)| *by = i32::from(y) * stride);
                pair(by, &mut plus[part.clone()], &mut minus[part]);
            }
            Places::Row { across } => {
                by.iter_mut().zip(&across[part.clone()]).for_each(|(by, &x)| *by = i32::from(x));
                pair(by, &mut plus[part.clone()], &mut minus[part]);
            }
            Places::Cross { across, down } => {
                by.iter_mut().zip(&down[part.clone()]).for_each(|(by, &y)| *by = i32::from(y) * stride);
                pair(by, &mut plus[part.clone()], &mut minus[part.clone()]);
                by.iter_mut().zip(&across[part.clone()]).for_each(|(by, &x)| *by = i32::from(x));
                pair(by, &mut plus2[part.clone()], &mut minus2[part]);
            }
            Places::Square { across, down } => {
                set(by, &across[0][part.clone()], &down[1][part.clone()], 1);
                pair(by, &mut plus[part.clone()], &mut minus[part.clone()]);
                set(by, &across[1][part.clone()], &down[0][part.clone()], -1);
                pair(by, &mut plus2[part.clone()], &mut minus2[part]);
            }
        }
    }
}
