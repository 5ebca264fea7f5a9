//! From a score to what follows from it.

/// How alike two faces are: the cosine of their embeddings, from -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Score(f32);

impl Score {
    /// What cannot be compared is as different as can be.
    pub const LOWEST: Self = Self(-1.0);

    /// A score of this value; what is no number counts as [`Score::LOWEST`].
    #[must_use]
    pub fn new(cosine: f32) -> Self {
        if cosine.is_nan() { Self::LOWEST } else { Self(cosine.clamp(-1.0, 1.0)) }
    }

    /// The cosine, from -1 to 1.
    #[must_use]
    pub fn value(self) -> f32 {
        self.0
    }
}

/// What a score means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The person of the photo.
    Same,
    /// Neither: try another frame, then PIN or staff.
    Unsure,
    /// Somebody else, as far as this can tell: PIN or staff.
    Different,
}

/// Where one verdict ends and the next begins. [`Bands::default`] is what `docs/FACE.md` has figures for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bands {
    accept: f32,
    retry: f32,
}

/// Bands that would let strangers in or make no sense.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "face bands must be {lowest} <= retry <= accept <= 1, not retry {retry} and accept {accept}",
    lowest = Bands::LOWEST_RETRY
)]
pub struct BandsError {
    accept: f32,
    retry: f32,
}

impl Bands {
    /// No band may begin below this score: pairs of strangers reach it.
    pub const LOWEST_RETRY: f32 = 0.3;

    /// Bands that accept from `accept` and try again from `retry`.
    ///
    /// # Errors
    /// [`BandsError`] where the numbers are in the wrong order, too low or no numbers.
    pub fn new(accept: f32, retry: f32) -> Result<Self, BandsError> {
        let in_order = Self::LOWEST_RETRY <= retry && retry <= accept && accept <= 1.0;
        if in_order { Ok(Self { accept, retry }) } else { Err(BandsError { accept, retry }) }
    }

    /// The lowest score that is [`Verdict::Same`].
    #[must_use]
    pub fn accept(&self) -> f32 {
        self.accept
    }

    /// The lowest score that is [`Verdict::Unsure`].
    #[must_use]
    pub fn retry(&self) -> f32 {
        self.retry
    }

    /// What this score means.
    #[must_use]
    pub fn verdict(&self, score: Score) -> Verdict {
        if score.0 >= self.accept {
            return Verdict::Same;
        }
        if score.0 >= self.retry { Verdict::Unsure } else { Verdict::Different }
    }
}

impl Default for Bands {
    fn default() -> Self {
        Self { accept: 0.45, retry: 0.35 }
    }
}
