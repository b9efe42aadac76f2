//! Files with a few bytes changed.

use std::sync::LazyLock;

use proptest::prelude::*;
use unband_nets::checkpoint;

use super::build::goldens;

static GOLDENS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(goldens);

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_cause_no_panic(
        file in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        head in any::<bool>(),
    ) {
        let mut bytes = file.get(&GOLDENS).1.clone();
        // Half of the cases hit names and sizes, the most sensitive bytes.
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
