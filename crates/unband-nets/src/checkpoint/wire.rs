//! Protocol buffer wire format: numbered fields without a schema.

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// Fields with their numbers, in order; `None`, and then the end, where the bytes form no valid field.
pub(super) fn fields(bytes: &[u8]) -> impl Iterator<Item = Option<(u64, Field<'_>)>> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let mut left = rest.take().filter(|left| !left.is_empty())?;
        let field = one(&mut left);
        rest = field.is_some().then_some(left);
        Some(field)
    })
}

fn one<'a>(rest: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let tag = varint(rest)?;
    let field = match tag & 7 {
        0 => Field::Varint(varint(rest)?),
        1 => Field::Fixed64(u64::from_le_bytes(array(rest)?)),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Field::Bytes(take(rest, length)?)
        }
        5 => Field::Fixed32(u32::from_le_bytes(array(rest)?)),
        _ => return None,
    };
    Some((tag >> 3, field))
}

/// Varint: seven bits per byte, lowest first; `None` for more than 64 bits.
pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for i in 0..10 {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        let bits = u64::from(byte & 0x7f);
        if i == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * i);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// The next `length` bytes.
pub(super) fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    take(rest, N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_bytes_as_they_need_and_no_more_than_64_bits() {
        let read = |mut bytes: &[u8]| varint(&mut bytes);
        assert_eq!(read(&[0x96, 1]), Some(150));
        assert_eq!(read(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]), Some(u64::MAX));
        assert_eq!(read(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 2]), None);
        assert_eq!(read(&[0x80; 11]), None);
        assert_eq!(read(&[0x80]), None);
    }

    #[test]
    fn fields_are_read_to_the_first_that_is_none() {
        let read = |bytes: &'static [u8]| fields(bytes).collect::<Vec<_>>();
        let all = read(&[8, 150, 1, 0x12, 2, b'h', b'i', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0]);
        let want = [
            Some((1, Field::Varint(150))),
            Some((2, Field::Bytes(b"hi"))),
            Some((3, Field::Fixed32(1))),
            Some((4, Field::Fixed64(2))),
        ];
        assert_eq!(all, want);
        assert_eq!(read(&[8, 1, 0x12, 3, b'h']), [Some((1, Field::Varint(1))), None]);
        assert_eq!(read(&[0x0b]), [None]);
        assert_eq!(read(&[]), []);
    }
}
