//! What finds faces and tells them apart: a trait, so that another licensed model can take the place of ours.

use zeroize::Zeroizing;

use crate::{Area, Landmarks, Picture, Score, align::Aligned};

/// A face that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The box round it.
    pub area: Area,
    /// Its five points.
    pub landmarks: Landmarks,
    /// How sure the detector is, 0 to 1.
    pub confidence: f32,
}

/// What finds faces and tells them apart.
pub trait Engine: Send + Sync {
    /// All faces of a picture, the surest first, each once.
    ///
    /// # Errors
    /// [`EngineError`] when the model cannot be run.
    fn find(&self, picture: &Picture) -> Result<Vec<Found>, EngineError>;

    /// The template of an aligned face.
    ///
    /// # Errors
    /// [`EngineError`] when the model cannot be run or gives no numbers.
    fn embed(&self, aligned: &Aligned) -> Result<Embedding, EngineError>;
}

/// A model that does not do what it should. Its text never holds anything of a picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the face model {model} failed: {reason}")]
pub struct EngineError {
    /// Which one.
    pub model: &'static str,
    /// What it said.
    pub reason: String,
}

impl EngineError {
    pub(crate) fn new(model: &'static str, reason: impl ToString) -> Self {
        Self { model, reason: reason.to_string() }
    }
}

/// The template of a face: personal data of the most sensitive kind. Wiped when dropped; neither copied nor shown.
pub struct Embedding(Zeroizing<Vec<f32>>);

impl Embedding {
    /// A template of these values, brought to length one.
    ///
    /// `None` when there are no values, one is no number, or all are zero.
    #[must_use]
    pub fn new(mut values: Zeroizing<Vec<f32>>) -> Option<Self> {
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_finite() || length <= f32::EPSILON {
            return None;
        }
        for value in values.iter_mut() {
            *value /= length;
        }
        Some(Self(values))
    }

    /// Its values; together they have length one.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// How alike two are. Templates of different models are as different as can be.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Score {
        if self.0.len() != other.0.len() {
            return Score::LOWEST;
        }
        Score::new(self.0.iter().zip(other.0.iter()).map(|(a, b)| a * b).sum())
    }
}
