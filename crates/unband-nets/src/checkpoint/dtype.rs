//! Element types, and tensors read from stored bytes.

use half::{bf16, f16};

use super::error::TensorFault;
use crate::{Data, Tensor};

/// Element type; little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// IEEE 754, 16 bits.
    F16,
    /// The upper half of 32-bit floats.
    Bf16,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// One byte, 0 or 1.
    Bool,
}

impl Dtype {
    /// Bytes per element.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }

    /// Bytes per element as stored in [`Data`].
    pub(super) fn held(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 | Self::F32 => 4,
            _ => 8,
        }
    }

    /// Decodes bytes; an incomplete element at the end is dropped.
    fn decode(self, bytes: &[u8]) -> Data {
        match self {
            Self::F16 => Data::F32(each(bytes, |b| f16::from_le_bytes(b).to_f32())),
            Self::Bf16 => Data::F32(each(bytes, |b| bf16::from_le_bytes(b).to_f32())),
            Self::F32 => Data::F32(each(bytes, f32::from_le_bytes)),
            Self::F64 => Data::F64(each(bytes, f64::from_le_bytes)),
            Self::I8 => Data::I64(each(bytes, |b| i8::from_le_bytes(b).into())),
            Self::I16 => Data::I64(each(bytes, |b| i16::from_le_bytes(b).into())),
            Self::I32 => Data::I64(each(bytes, |b| i32::from_le_bytes(b).into())),
            Self::I64 => Data::I64(each(bytes, i64::from_le_bytes)),
            Self::U8 => Data::I64(each(bytes, |b| u8::from_le_bytes(b).into())),
            Self::U16 => Data::I64(each(bytes, |b| u16::from_le_bytes(b).into())),
            Self::U32 => Data::I64(each(bytes, |b| u32::from_le_bytes(b).into())),
            Self::Bool => Data::I64(each(bytes, |b: [u8; 1]| (b[0] != 0).into())),
        }
    }
}

fn each<const N: usize, T>(bytes: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|&chunk| convert(chunk)).collect()
}

/// The elements of a storage that a tensor views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub offset: i64,
    pub shape: Vec<i64>,
    pub stride: Vec<i64>,
}

/// PyTorch allows 64 dimensions; networks have up to five.
pub(super) const MOST_DIMS: usize = 16;

/// A validated layout: all elements are inside the storage.
#[derive(Debug)]
struct Checked {
    first: usize,
    shape: Vec<usize>,
    stride: Vec<usize>,
    len: usize,
}

impl Layout {
    /// Number of elements; `None` for an invalid layout.
    pub(super) fn len(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(1u64, |len, &d| len.checked_mul(u64::try_from(d).ok()?))
            .filter(|_| self.shape.len() <= MOST_DIMS && self.shape.len() == self.stride.len())
    }

    fn check(&self, stored: usize) -> Result<Checked, TensorFault> {
        let wrong = || TensorFault::Layout {
            shape: self.shape.clone(),
            stride: self.stride.clone(),
            offset: self.offset,
        };
        let len = self.len().and_then(|len| usize::try_from(len).ok()).ok_or_else(wrong)?;
        let whole = |v: &[i64]| v.iter().map(|&x| usize::try_from(x).ok()).collect::<Option<Vec<_>>>();
        let shape = whole(&self.shape).ok_or_else(wrong)?;
        let stride = whole(&self.stride).ok_or_else(wrong)?;
        let first = usize::try_from(self.offset).map_err(|_| wrong())?;
        if len > 0 {
            let last = shape
                .iter()
                .zip(&stride)
                .try_fold(first, |last, (&d, &s)| last.checked_add((d - 1).checked_mul(s)?))
                .ok_or_else(wrong)?;
            if last >= stored {
                return Err(TensorFault::Outside { last: last as u64, stored: stored as u64 });
            }
        }
        Ok(Checked { first, shape, stride, len })
    }
}

/// Reads a tensor from the bytes of its storage.
pub(super) fn take(bytes: &[u8], dtype: Dtype, layout: &Layout) -> Result<Tensor, TensorFault> {
    let Checked { first, shape, stride, len } = layout.check(bytes.len() / dtype.size())?;
    if len == 0 {
        return Ok(Tensor { shape, data: dtype.decode(&[]) });
    }
    let size = dtype.size();
    if is_contiguous(&shape, &stride) {
        let data = dtype.decode(&bytes[first * size..(first + len) * size]);
        return Ok(Tensor { shape, data });
    }
    let mut gathered = Vec::with_capacity(len * size);
    let mut at = vec![0; shape.len()];
    let mut place = first;
    for _ in 0..len {
        gathered.extend_from_slice(&bytes[place * size..(place + 1) * size]);
        for d in (0..shape.len()).rev() {
            at[d] += 1;
            place += stride[d];
            if at[d] < shape[d] {
                break;
            }
            place -= stride[d] * shape[d];
            at[d] = 0;
        }
    }
    Ok(Tensor { shape, data: dtype.decode(&gathered) })
}

fn is_contiguous(shape: &[usize], stride: &[usize]) -> bool {
    let mut step = 1;
    for (&d, &s) in shape.iter().zip(stride).rev() {
        if d != 1 && s != step {
            return false;
        }
        step *= d;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(n: usize) -> Vec<u8> {
        (0..n).flat_map(|i| (i as f32).to_le_bytes()).collect()
    }

    fn layout(offset: i64, shape: &[i64], stride: &[i64]) -> Layout {
        Layout { offset, shape: shape.to_vec(), stride: stride.to_vec() }
    }

    #[test]
    fn strides_turn_and_repeat_elements() {
        let turned = take(&bytes(6), Dtype::F32, &layout(0, &[3, 2], &[1, 3])).unwrap();
        assert_eq!(turned.to_f32(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        let part = take(&bytes(12), Dtype::F32, &layout(5, &[2, 2], &[4, 1])).unwrap();
        assert_eq!(part.to_f32(), [5.0, 6.0, 9.0, 10.0]);
        let repeated = take(&bytes(2), Dtype::F32, &layout(1, &[3], &[0])).unwrap();
        assert_eq!(repeated.to_f32(), [1.0; 3]);
        let single = take(&bytes(4), Dtype::F32, &layout(2, &[], &[])).unwrap();
        assert_eq!((single.shape.len(), single.to_f32()), (0, vec![2.0]));
    }

    #[test]
    fn nothing_outside_the_storage_is_read() {
        let of = |offset, shape: &[i64], stride: &[i64]| {
            take(&bytes(6), Dtype::F32, &layout(offset, shape, stride))
        };
        assert_eq!(of(1, &[6], &[1]), Err(TensorFault::Outside { last: 6, stored: 6 }));
        assert!(of(0, &[2, 2], &[1, 5]).is_err());
        assert!(of(-1, &[2], &[1]).is_err());
        assert!(of(0, &[-2], &[1]).is_err());
        assert!(of(5, &[2], &[-1]).is_err());
        assert!(of(0, &[i64::MAX, i64::MAX], &[0, 0]).is_err());
        assert!(of(i64::MAX, &[2], &[i64::MAX]).is_err());
        assert!(of(0, &[2], &[1, 1]).is_err());
        assert!(of(0, &[1; 17], &[1; 17]).is_err());
        assert_eq!(of(9, &[0, 7], &[7, 1]).unwrap().shape, [0, 7]);
    }

    #[test]
    fn all_kinds_of_numbers_are_widened() {
        let one = |dtype, bytes: &[u8]| take(bytes, dtype, &layout(0, &[1], &[1])).unwrap().data;
        assert_eq!(one(Dtype::F16, &0x3800u16.to_le_bytes()), Data::F32(vec![0.5]));
        assert_eq!(one(Dtype::Bf16, &0xc000u16.to_le_bytes()), Data::F32(vec![-2.0]));
        assert_eq!(one(Dtype::F64, &0.1f64.to_le_bytes()), Data::F64(vec![0.1]));
        assert_eq!(one(Dtype::I8, &[0xff]), Data::I64(vec![-1]));
        assert_eq!(one(Dtype::U8, &[0xff]), Data::I64(vec![255]));
        assert_eq!(one(Dtype::I16, &[0xfe, 0xff]), Data::I64(vec![-2]));
        assert_eq!(one(Dtype::U16, &[0xfe, 0xff]), Data::I64(vec![65534]));
        assert_eq!(one(Dtype::I32, &(-7i32).to_le_bytes()), Data::I64(vec![-7]));
        assert_eq!(one(Dtype::U32, &u32::MAX.to_le_bytes()), Data::I64(vec![i64::from(u32::MAX)]));
        assert_eq!(one(Dtype::I64, &i64::MIN.to_le_bytes()), Data::I64(vec![i64::MIN]));
        assert_eq!(one(Dtype::Bool, &[3]), Data::I64(vec![1]));
    }
}
