//! Constants of a model, and quantised ones made plain.

use super::{
    Malformed,
    protobuf::{fields, put_bytes, put_number},
};

const TENSOR_SIZES: u64 = 1;
const TENSOR_KIND: u64 = 2;
const TENSOR_NAME: u64 = 8;
const TENSOR_RAW: u64 = 9;
const KIND_F32: u64 = 1;
const KIND_I8: u64 = 3;

/// A constant, as far as it is read.
pub(super) struct Tensor<'a> {
    pub(super) name: &'a str,
    sizes: Vec<usize>,
    kind: u64,
    raw: &'a [u8],
}

impl<'a> Tensor<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut tensor = Self { name: "", sizes: Vec::new(), kind: 0, raw: &[] };
        let mut sizes = Vec::new();
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                TENSOR_SIZES => field.varints(&mut sizes)?,
                TENSOR_KIND => tensor.kind = field.varint()?,
                TENSOR_NAME => tensor.name = field.text()?,
                TENSOR_RAW => tensor.raw = field.bytes()?,
                _ => {}
            }
        }
        let size = |size: u64| usize::try_from(size).map_err(|_| Malformed::Tensor);
        tensor.sizes = sizes.into_iter().map(size).collect::<Result<_, _>>()?;
        Ok(tensor)
    }

    /// Its bytes, when they are of this kind and as many as the sizes say.
    fn content(&self, kind: u64, width: usize) -> Result<&'a [u8], Malformed> {
        if self.kind != kind {
            return Err(Malformed::Quantisation);
        }
        let expected = product(&self.sizes)?.checked_mul(width).ok_or(Malformed::Tensor)?;
        if self.raw.len() == expected { Ok(self.raw) } else { Err(Malformed::Tensor) }
    }
}

fn product(sizes: &[usize]) -> Result<usize, Malformed> {
    sizes.iter().try_fold(1_usize, |product, size| product.checked_mul(*size)).ok_or(Malformed::Tensor)
}

/// The constant `name` = (values - zeros) × scales, where `block` values along `axis` share one zero and one scale.
pub(super) fn dequantised(
    name: &str,
    values: &Tensor<'_>,
    scales: &Tensor<'_>,
    zeros: &Tensor<'_>,
    axis: usize,
    block: usize,
) -> Result<Vec<u8>, Malformed> {
    let along = *values.sizes.get(axis).ok_or(Malformed::Quantisation)?;
    if block == 0 {
        return Err(Malformed::Quantisation);
    }
    let blocks = along.div_ceil(block);
    let mut shared = values.sizes.clone();
    shared[axis] = blocks;
    if scales.sizes != shared || zeros.sizes != shared {
        return Err(Malformed::Quantisation);
    }
    let (scales, zeros) = (scales.content(KIND_F32, 4)?, zeros.content(KIND_I8, 1)?);
    let quantised = values.content(KIND_I8, 1)?;
    let inner = product(&values.sizes[axis + 1..])?;
    let mut plain = Vec::with_capacity(4 * quantised.len());
    for (at, value) in quantised.iter().enumerate() {
        // No tensor with a value in it has a size of zero, so neither `inner` nor `along` is.
        let (outer, place) = (at / (inner * along), at / inner % along);
        let shared = (outer * blocks + place / block) * inner + at % inner;
        let scale = scales.get(4 * shared..4 * shared + 4).ok_or(Malformed::Tensor)?;
        let scale = f32::from_le_bytes(scale.try_into().map_err(|_| Malformed::Tensor)?);
        let zero = zeros.get(shared).ok_or(Malformed::Tensor)?;
        let steps = i16::from(value.cast_signed()) - i16::from(zero.cast_signed());
        plain.extend_from_slice(&(f32::from(steps) * scale).to_le_bytes());
    }
    Ok(written(name, &values.sizes, &plain))
}

fn written(name: &str, sizes: &[usize], raw: &[u8]) -> Vec<u8> {
    let mut tensor = Vec::with_capacity(raw.len() + name.len() + 64);
    for size in sizes {
        put_number(&mut tensor, TENSOR_SIZES, *size as u64);
    }
    put_number(&mut tensor, TENSOR_KIND, KIND_F32);
    put_bytes(&mut tensor, TENSOR_NAME, name.as_bytes());
    put_bytes(&mut tensor, TENSOR_RAW, raw);
    tensor
}
