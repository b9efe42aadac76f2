//! Checkpoints: safetensors, PyTorch archives, legacy PyTorch files, TorchScript.
#![no_main]

use unband_image::Hint;
use unband_nets::checkpoint;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| match checkpoint::read(bytes) {
    Ok(read) => {
        for (name, tensor) in read.state.iter() {
            assert_eq!(tensor.shape.iter().product::<usize>(), tensor.data.len(), "{name}");
        }
        let again = checkpoint::read(&checkpoint::write_safetensors(&read.state, &read.facts));
        assert_eq!(again.expect("what was written").state.len(), read.state.len());
        let _ = read.network();
    }
    Err(error) => assert!(!error.to_string().is_empty() && error.hint().is_some()),
});
