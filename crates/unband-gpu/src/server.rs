//! Requests and replies, one after the other.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::thread;

use burn::tensor::{Device, Tensor, TensorData};
use unband_infer::card::wire::{self, Opened, Reply, Request};
use unband_nets::Graph;
use unband_train::Model;
use unband_train::devices::{self, FoundDevice};

use crate::memory::{self, Limits};

/// Where the system does not tell them: those of small cards.
const ASSUMED: Limits = Limits { memory: 2 << 30, largest: 1 << 30 };

/// Share of the memory for values; weights, buffers for transfers and other programs take the rest.
const FOR_VALUES: f64 = 0.7;

/// Requests that are read ahead: one arrives while another is computed.
const AHEAD: usize = 2;

/// Serves requests until the input ends.
pub(crate) fn serve(
    device: &str,
    limit: Option<u64>,
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
) -> io::Result<()> {
    let Some(found) = chosen(device) else {
        let reason = match device {
            "software" => "there is no software Vulkan (Mesa's lavapipe)".to_owned(),
            "0" => "no graphics card found".to_owned(),
            other => format!("there is no graphics card {other}"),
        };
        return wire::send(&mut to, &Reply::Failed(reason), &[]);
    };
    let limits = memory::limits(&found.name).unwrap_or(ASSUMED);
    let memory = limit.unwrap_or((limits.memory as f64 * FOR_VALUES) as u64);
    let opened = Opened { version: wire::VERSION, name: found.name, memory, largest: limits.largest };
    wire::send(&mut to, &Reply::Ready(opened), &[])?;
    // Panics of the device are replies.
    panic::set_hook(Box::new(|_| {}));
    let (requests, ahead) = mpsc::sync_channel::<io::Result<(Request, Vec<f32>)>>(AHEAD);
    let (replies, made) = mpsc::sync_channel::<(Reply, Vec<Vec<f32>>)>(AHEAD);
    let writer = thread::spawn(move || -> io::Result<()> {
        for (reply, samples) in made {
            wire::send(&mut to, &reply, &samples.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        }
        Ok(())
    });
    // It ends with the program, as it may wait for requests that never come.
    thread::spawn(move || {
        while let Some(request) = wire::receive(&mut from).transpose() {
            if requests.send(request).is_err() {
                return;
            }
        }
        // The results of requests that are left have no reader.
        #[allow(clippy::exit)] // a run on a card cannot be interrupted otherwise
        std::process::exit(0);
    });
    let mut card = Server { device: found.device, networks: HashMap::new() };
    for request in ahead {
        let (request, samples) = request?;
        let Some(reply) = card.answer(request, samples) else { continue };
        let ends = !matches!(reply.0, Reply::Outputs(_) | Reply::Refused(_));
        if replies.send(reply).is_err() || ends {
            break;
        }
    }
    drop(replies);
    writer.join().unwrap_or(Ok(()))
}

fn chosen(device: &str) -> Option<FoundDevice> {
    devices::find(if device == "software" { None } else { Some(device.parse().ok()?) })
}

/// Reason why a request has no outputs.
enum Fault {
    /// The network cannot run here.
    Refused(String),
    Run(String),
}

/// Channels, rows and columns of each output, and its samples.
type Outputs = (Vec<[usize; 3]>, Vec<Vec<f32>>);

struct Server {
    device: Device,
    /// A network, or the reason why it cannot run.
    networks: HashMap<u64, Result<Model, String>>,
}

impl Server {
    fn answer(&mut self, request: Request, samples: Vec<f32>) -> Option<(Reply, Vec<Vec<f32>>)> {
        let caught = panic::catch_unwind(AssertUnwindSafe(|| match request {
            Request::Load { network, graph, params } => {
                let model = self.loaded(&graph, samples, &params);
                self.networks.insert(network, model);
                Ok(None)
            }
            Request::Drop { network } => {
                self.networks.remove(&network);
                Ok(None)
            }
            Request::Run { network, inputs } => match self.networks.get(&network) {
                Some(Err(reason)) => Err(Fault::Refused(reason.clone())),
                Some(Ok(model)) => self.made(model, &inputs, samples).map(Some).map_err(Fault::Run),
                None => Err(Fault::Run("an unknown network".to_owned())),
            },
        }));
        let failed = |reason: String| {
            let reply = if is_memory(&reason) { Reply::Memory } else { Reply::Failed(reason) };
            Some((reply, Vec::new()))
        };
        match caught {
            Ok(Ok(made)) => made.map(|(shapes, samples)| (Reply::Outputs(shapes), samples)),
            Ok(Err(Fault::Refused(reason))) => Some((Reply::Refused(reason), Vec::new())),
            Ok(Err(Fault::Run(reason))) => failed(reason),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
                failed(text.unwrap_or_else(|| "the device failed".to_owned()))
            }
        }
    }

    fn loaded(&self, graph: &str, samples: Vec<f32>, params: &[usize]) -> Result<Model, String> {
        let graph: Graph = serde_json::from_str(graph).map_err(|error| error.to_string())?;
        let rows = wire::divided(samples, params).ok_or("parameters were lost")?;
        Model::fixed(graph, rows, &self.device).map_err(|error| error.to_string())
    }

    fn made(&self, model: &Model, shapes: &[[usize; 3]], samples: Vec<f32>) -> Result<Outputs, String> {
        let lengths: Vec<usize> = shapes.iter().map(|shape| shape.iter().product()).collect();
        let parts = wire::divided(samples, &lengths).ok_or("inputs were lost")?;
        let tensor = |(data, &[channels, height, width]): (Vec<f32>, &[usize; 3])| {
            Tensor::<4>::from_data(TensorData::new(data, [1, channels, height, width]), &self.device)
        };
        let inputs: Vec<Tensor<4>> = parts.into_iter().zip(shapes).map(tensor).collect();
        let outputs = model.run(&inputs).map_err(|error| error.to_string())?;
        let read = |output: Tensor<4>| -> Result<_, String> {
            let [_, channels, height, width] = output.dims();
            let data = output.try_into_vec_as::<f32>().map_err(|error| error.to_string())?;
            Ok(([channels, height, width], data))
        };
        let made = outputs.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(made.into_iter().unzip())
    }
}

/// Whether the device's memory was too small. Burn tells it as text alone.
fn is_memory(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["out of memory", "out of device memory", "out-of-memory", "not enough memory", "can't allocate buffer"]
        .iter()
        .any(|words| reason.contains(words))
}
