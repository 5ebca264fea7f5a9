//! ONNX files with weights in blocks of eight bits, made into ones with plain weights.
//!
//! The runtime does not know blocked quantisation; the two models have all their weights so. This reads just enough of
//! the file to replace each `DequantizeLinear` over constants by the constant it computes, drops what nobody uses then,
//! and leaves the sizes of pictures open. Everything else is passed on byte for byte.

mod protobuf;
mod tensor;

use std::collections::{HashMap, HashSet};

use protobuf::{Field, fields, put_bytes};
use tensor::Tensor;

/// What is wrong with a model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A length or a number goes beyond the file's end.
    #[error("cut off or not a protocol buffer")]
    Protobuf,
    /// A name is not text.
    #[error("a name is not UTF-8")]
    Name,
    /// There is no graph, or more than one.
    #[error("not exactly one graph")]
    Graph,
    /// A tensor's bytes do not fit its sizes.
    #[error("a tensor's bytes do not fit its sizes")]
    Tensor,
    /// A quantised weight of a kind that these models do not have.
    #[error("a kind of quantisation that is not understood")]
    Quantisation,
}

const MODEL_GRAPH: u64 = 7;
const GRAPH_NODE: u64 = 1;
const GRAPH_INITIALIZER: u64 = 5;
const GRAPH_INPUT: u64 = 11;
const GRAPH_OUTPUT: u64 = 12;
const GRAPH_VALUE_INFO: u64 = 13;
const NODE_INPUT: u64 = 1;
const NODE_OUTPUT: u64 = 2;
const NODE_OPERATOR: u64 = 4;
const NODE_ATTRIBUTE: u64 = 5;
const ATTRIBUTE_NAME: u64 = 1;
const ATTRIBUTE_INTEGER: u64 = 3;
const VALUE_NAME: u64 = 1;
const VALUE_TYPE: u64 = 2;
/// How many times as long as it was a graph may become: eight bits become 32, and something for the rest.
const MOST_GROWTH: usize = 8;
/// The type "tensor of 32-bit floats", of whatever size.
const FLOATS_OF_ANY_SIZE: &[u8] = &[0x0a, 0x02, 0x08, 0x01];

/// The model with plain weights.
///
/// # Errors
/// [`Malformed`]; never panics, whatever the bytes are, and takes at most a few times their memory.
pub fn with_plain_weights(model: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut graph = None;
    let mut plain = Vec::new();
    for field in fields(model) {
        let field = field?;
        if field.number != MODEL_GRAPH {
            plain.extend_from_slice(field.raw);
            continue;
        }
        if graph.replace(field.bytes()?).is_some() {
            return Err(Malformed::Graph);
        }
    }
    let graph = plain_graph(graph.ok_or(Malformed::Graph)?)?;
    put_bytes(&mut plain, MODEL_GRAPH, &graph);
    Ok(plain)
}

struct Node<'a> {
    inputs: Vec<&'a str>,
    outputs: Vec<&'a str>,
    operator: &'a str,
    axis: i64,
    block: i64,
}

impl<'a> Node<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        // The default axis of the operator is 1.
        let mut node = Self { inputs: Vec::new(), outputs: Vec::new(), operator: "", axis: 1, block: 0 };
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                NODE_INPUT => node.inputs.push(field.text()?),
                NODE_OUTPUT => node.outputs.push(field.text()?),
                NODE_OPERATOR => node.operator = field.text()?,
                NODE_ATTRIBUTE => node.note_attribute(field.bytes()?)?,
                _ => {}
            }
        }
        Ok(node)
    }

    fn note_attribute(&mut self, bytes: &'a [u8]) -> Result<(), Malformed> {
        let (mut name, mut integer) = ("", 0);
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                ATTRIBUTE_NAME => name = field.text()?,
                ATTRIBUTE_INTEGER => integer = field.varint()?.cast_signed(),
                _ => {}
            }
        }
        match name {
            "axis" => self.axis = integer,
            "block_size" => self.block = integer,
            _ => {}
        }
        Ok(())
    }

    fn is_blocked_weight(&self) -> bool {
        self.operator == "DequantizeLinear" && self.block != 0
    }
}

fn plain_graph(graph: &[u8]) -> Result<Vec<u8>, Malformed> {
    let all = fields(graph).collect::<Result<Vec<_>, _>>()?;
    let mut constants = HashMap::new();
    for field in all.iter().filter(|field| field.number == GRAPH_INITIALIZER) {
        let tensor = Tensor::read(field.bytes()?)?;
        constants.insert(tensor.name, tensor);
    }
    let mut plain = Vec::new();
    let mut used = HashSet::new();
    for field in all.iter().filter(|field| field.number == GRAPH_NODE) {
        let node = Node::read(field.bytes()?)?;
        if node.is_blocked_weight() {
            put_bytes(&mut plain, GRAPH_INITIALIZER, &constant_of(&node, &constants)?);
            // One weight named by many nodes must not fill the memory.
            if plain.len() > MOST_GROWTH * graph.len() {
                return Err(Malformed::Quantisation);
            }
        } else {
            plain.extend_from_slice(field.raw);
            used.extend(node.inputs);
        }
    }
    for field in &all {
        pass_on(field, &constants, &used, &mut plain)?;
    }
    Ok(plain)
}

fn constant_of(node: &Node<'_>, constants: &HashMap<&str, Tensor<'_>>) -> Result<Vec<u8>, Malformed> {
    let &[values, scales, zeros] = node.inputs.as_slice() else {
        return Err(Malformed::Quantisation);
    };
    let &[name] = node.outputs.as_slice() else {
        return Err(Malformed::Quantisation);
    };
    let constant = |name| constants.get(name).ok_or(Malformed::Quantisation);
    tensor::dequantised(
        name,
        constant(values)?,
        constant(scales)?,
        constant(zeros)?,
        usize::try_from(node.axis).map_err(|_| Malformed::Quantisation)?,
        usize::try_from(node.block).map_err(|_| Malformed::Quantisation)?,
    )
}

fn pass_on(
    field: &Field<'_>,
    constants: &HashMap<&str, Tensor<'_>>,
    used: &HashSet<&str>,
    plain: &mut Vec<u8>,
) -> Result<(), Malformed> {
    match field.number {
        // Done already, and sizes on the way that would not be true any more.
        GRAPH_NODE | GRAPH_VALUE_INFO => {}
        GRAPH_INITIALIZER => {
            if used.contains(Tensor::read(field.bytes()?)?.name) {
                plain.extend_from_slice(field.raw);
            }
        }
        GRAPH_INPUT => {
            let name = value_name(field.bytes()?)?;
            // The names of the original weights are inputs, too, though nobody uses them.
            if used.contains(name) && !constants.contains_key(name) {
                put_bytes(plain, GRAPH_INPUT, &of_any_size(name));
            }
        }
        GRAPH_OUTPUT => put_bytes(plain, GRAPH_OUTPUT, &of_any_size(value_name(field.bytes()?)?)),
        _ => plain.extend_from_slice(field.raw),
    }
    Ok(())
}

fn value_name(bytes: &[u8]) -> Result<&str, Malformed> {
    let mut name = "";
    for field in fields(bytes) {
        let field = field?;
        if field.number == VALUE_NAME {
            name = field.text()?;
        }
    }
    Ok(name)
}

fn of_any_size(name: &str) -> Vec<u8> {
    let mut value = Vec::new();
    put_bytes(&mut value, VALUE_NAME, name.as_bytes());
    put_bytes(&mut value, VALUE_TYPE, FLOATS_OF_ANY_SIZE);
    value
}
