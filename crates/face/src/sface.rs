//! `SFace`: the template of an aligned face.

use std::sync::Arc;

use rten::{Model, RunOptions, ThreadPool};
use rten_tensor::{NdTensor, NdTensorView};
use zeroize::Zeroizing;

use crate::{
    Embedding, EngineError,
    align::{Aligned, SIDE},
};

const NAME: &str = "SFace";
/// Numbers in a template.
const LENGTH: usize = 128;

pub(crate) struct Recogniser {
    model: Model,
    threads: Arc<ThreadPool>,
}

impl Recogniser {
    pub(crate) fn new(model: Model, threads: Arc<ThreadPool>) -> Self {
        Self { model, threads }
    }

    pub(crate) fn embed(&self, aligned: &Aligned) -> Result<Embedding, EngineError> {
        let input = NdTensorView::from_data([1, 3, SIDE, SIDE], aligned.planes());
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let value = self
            .model
            .run_one(input.into(), Some(options))
            .map_err(|reason| EngineError::new(NAME, reason))?;
        let tensor: NdTensor<f32, 2> =
            value.try_into().map_err(|_| EngineError::new(NAME, "an output of another kind"))?;
        let values = Zeroizing::new(tensor.into_data());
        if values.len() != LENGTH {
            return Err(EngineError::new(NAME, "an output of another size"));
        }
        Embedding::new(values).ok_or_else(|| EngineError::new(NAME, "no numbers"))
    }
}
