//! Devices other than the CPU that run networks.

/// Samples of a network's input or output, channel by channel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceTensor {
    /// Channels, rows, columns.
    pub shape: [usize; 3],
    /// Samples.
    pub data: Vec<f32>,
}

/// A network as an accelerator loads it.
pub trait PortableNetwork {
    /// Identity of the network and its weights within the process.
    fn id(&self) -> u64;
    /// The graph as JSON.
    ///
    /// # Errors
    /// Constants that JSON cannot hold, as text.
    fn graph(&self) -> Result<String, String>;
    /// Parameters as operations read them, in the graph's order.
    fn params(&self) -> Vec<&[f32]>;
}

/// Reason why an accelerator has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceleratorError {
    /// Its memory is too small for these inputs; smaller ones may fit.
    #[error("out of memory")]
    Memory,
    /// It cannot run this network.
    #[error("{0}")]
    Refused(String),
    /// The caller asked to stop.
    #[error("interrupted")]
    Stopped,
    /// It cannot be used any more.
    #[error("{0}")]
    Lost(String),
}

/// Outputs of a run that was started, when they are ready. The argument tells whether the caller asked to
/// stop.
pub type Pending<'a> = Box<dyn FnOnce(&dyn Fn() -> bool) -> Result<Vec<DeviceTensor>, AcceleratorError> + 'a>;

/// A device other than the CPU that runs networks, such as a graphics card. Called from many threads.
pub trait Accelerator: Sync {
    /// Its name.
    fn name(&self) -> &str;
    /// Memory for the values of a run, in bytes.
    fn memory(&self) -> u64;
    /// Maximum size of one value, in bytes.
    fn largest(&self) -> u64;
    /// Starts a run of a network on its inputs, in the graph's order. Several may be started before the first
    /// is waited for.
    ///
    /// # Errors
    /// A lost device.
    fn start(
        &self,
        network: &dyn PortableNetwork,
        inputs: Vec<DeviceTensor>,
    ) -> Result<Pending<'_>, AcceleratorError>;
    /// Reports that the CPU runs a network instead.
    fn replaced(&self, reason: &AcceleratorError);
}
