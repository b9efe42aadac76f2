//! Files with a few bytes changed.

use proptest::prelude::*;
use unband_nets::checkpoint;

use crate::build::goldens;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_do_no_harm(
        file in 0usize..20,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        head in any::<bool>(),
    ) {
        let all = goldens();
        let mut bytes = all[file % all.len()].1.clone();
        // Half of the cases among names and sizes, which are where it hurts.
        let length = if head { bytes.len().min(2000) } else { bytes.len() };
        for (at, byte) in flips {
            bytes[at.index(length)] = byte;
        }
        match checkpoint::read(&bytes) {
            Ok(read) => drop(read.network()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
