//! One question in JSON with its answer, typed.

use serde::{Serialize, de::DeserializeOwned};

use super::{Central, CentralError, patiently};

/// Asks until there is an answer or patience ends. The question carries its own id where that matters, so that asking
/// again is the same question.
pub(crate) async fn ask<C: Central, A: DeserializeOwned>(
    central: &C,
    path: &'static str,
    question: &impl Serialize,
) -> Result<A, CentralError> {
    let question = serde_json::to_vec(question)
        .map_err(|_| CentralError::NotUnderstood("the question cannot be written".into()))?;
    let answer = patiently(|| central.post(path, question.clone())).await?;
    serde_json::from_slice(&answer).map_err(|_| CentralError::NotUnderstood("unexpected body".into()))
}
