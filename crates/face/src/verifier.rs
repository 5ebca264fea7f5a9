//! Looking at a picture: exactly one face, large and sharp enough, and its template.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use rten::ThreadPool;
use zeroize::Zeroizing;

use crate::{
    Area, Embedding, Engine, EngineError, Found, Landmarks, ModelError, ModelFiles, Picture, Point, Score,
    align::{Aligned, align},
    model,
    sface::Recogniser,
    yunet::Detector,
};

/// What a face must be like to be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demands {
    /// Pixels between the eyes, at least.
    pub eye_distance: f32,
    /// [`Aligned::sharpness`], at least.
    pub sharpness: f32,
}

impl Demands {
    /// A frame of the camera.
    pub const CAMERA: Self = Self { eye_distance: 60.0, sharpness: 20.0 };
    /// The photo of a card: small, and pressed hard.
    pub const PHOTO: Self = Self { eye_distance: 30.0, sharpness: 10.0 };
}

/// Another face counts when it is at least this wide, as a share of the widest. Who passes far behind does not.
const BYSTANDER: f32 = 0.4;

/// Why there is nobody to compare.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoFace {
    /// No face at all.
    #[error("there is no face")]
    Nobody,
    /// More than one face; nobody can tell which one is meant.
    #[error("there is more than one face")]
    Several,
    /// Too far away.
    #[error("the face is too small")]
    TooSmall,
    /// Partly outside of the picture.
    #[error("the face is cut off")]
    CutOff,
    /// Out of focus, or moved.
    #[error("the face is not sharp")]
    Blurred,
    /// The model failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Looks at pictures. One for the whole program; may be used by several threads at once.
pub struct Verifier {
    engine: Box<dyn Engine>,
    camera: Demands,
    photo: Demands,
}

/// What was seen of one face. Wiped when dropped; neither copied nor shown.
pub struct Looked {
    /// The box round the face.
    pub area: Area,
    /// Its five points.
    pub landmarks: Landmarks,
    /// [`Aligned::sharpness`].
    pub sharpness: f32,
    /// The face, very small.
    pub thumbnail: Thumbnail,
    /// Its template.
    pub embedding: Embedding,
}

impl Looked {
    /// How far the head is turned: [`Landmarks::yaw`].
    #[must_use]
    pub fn yaw(&self) -> f32 {
        self.landmarks.yaw()
    }

    /// How alike two faces are.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Score {
        self.embedding.compare(&other.embedding)
    }
}

/// The whole picture in 32 by 32 steps of grey, to see whether anything moves. Wiped when dropped.
pub struct Thumbnail(Zeroizing<Vec<f32>>);

impl Thumbnail {
    /// Its width and height.
    pub const SIDE: usize = 32;

    /// Of a picture: each value is the mean of a part of it.
    #[must_use]
    pub fn of(picture: &Picture) -> Self {
        let mut sums = Zeroizing::new(vec![0.0_f32; Self::SIDE * Self::SIDE]);
        let mut counts = vec![0.0_f32; Self::SIDE * Self::SIDE];
        for (place, pixel) in picture.pixels().chunks_exact(3).enumerate() {
            let (x, y) = (place % picture.width(), place / picture.width());
            let cell = y * Self::SIDE / picture.height() * Self::SIDE + x * Self::SIDE / picture.width();
            sums[cell] += pixel.iter().map(|value| f32::from(*value)).sum::<f32>() / 3.0;
            counts[cell] += 1.0;
        }
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum /= f32::max(count, 1.0);
        }
        Self(sums)
    }

    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Mean change from one to the other, in steps of grey, 0 to 255.
    #[must_use]
    pub fn change(&self, other: &Self) -> f32 {
        let changes = self.0.iter().zip(other.0.iter()).map(|(a, b)| (a - b).abs());
        changes.sum::<f32>() / 1024.0
    }
}

impl Verifier {
    /// With the two models of this project, run on one thread.
    ///
    /// # Errors
    /// [`ModelError`] when a file is missing, is another one than the pinned one, or cannot be run.
    pub fn load(files: &ModelFiles) -> Result<Self, ModelError> {
        let threads = Arc::new(ThreadPool::with_num_threads(1));
        let detector =
            Detector::new(model::load(&files.detector)?, Arc::clone(&threads)).map_err(|error| {
                ModelError::Refused { path: files.detector.path.clone(), reason: error.reason }
            })?;
        let recogniser = Recogniser::new(model::load(&files.recogniser)?, threads);
        Ok(Self::with_engine(Box::new(Both { detector, recogniser })))
    }

    /// With another engine, whose bands are its own.
    #[must_use]
    pub fn with_engine(engine: Box<dyn Engine>) -> Self {
        Self { engine, camera: Demands::CAMERA, photo: Demands::PHOTO }
    }

    /// Looks at a frame of the camera.
    ///
    /// # Errors
    /// [`NoFace`] unless there is exactly one face that meets [`Demands::CAMERA`].
    pub fn look(&self, picture: &Picture) -> Result<Looked, NoFace> {
        self.look_with(picture, &self.camera)
    }

    /// Looks at the photo of a card.
    ///
    /// # Errors
    /// [`NoFace`] unless there is exactly one face that meets [`Demands::PHOTO`].
    pub fn look_at_photo(&self, picture: &Picture) -> Result<Looked, NoFace> {
        self.look_with(picture, &self.photo)
    }

    /// Looks at a picture with demands of one's own.
    ///
    /// # Errors
    /// [`NoFace`] unless there is exactly one face that meets them.
    pub fn look_with(&self, picture: &Picture, demands: &Demands) -> Result<Looked, NoFace> {
        // Pictures come from outside: a mistake in the runtime must not end the program.
        catch_unwind(AssertUnwindSafe(|| self.look_unguarded(picture, demands)))
            .unwrap_or_else(|_| Err(EngineError::new("runtime", "it panicked").into()))
    }

    fn look_unguarded(&self, picture: &Picture, demands: &Demands) -> Result<Looked, NoFace> {
        let found = only_one(&self.engine.find(picture)?)?;
        if found.landmarks.eye_distance() < demands.eye_distance {
            return Err(NoFace::TooSmall);
        }
        if !found.landmarks.points().iter().all(|point| is_inside(*point, picture)) {
            return Err(NoFace::CutOff);
        }
        let aligned = align(picture, &found.landmarks).ok_or(NoFace::Nobody)?;
        let sharpness = aligned.sharpness();
        if sharpness < demands.sharpness {
            return Err(NoFace::Blurred);
        }
        Ok(Looked {
            area: found.area,
            landmarks: found.landmarks,
            sharpness,
            thumbnail: Thumbnail::of(picture),
            embedding: self.engine.embed(&aligned)?,
        })
    }
}

fn only_one(faces: &[Found]) -> Result<Found, NoFace> {
    let widest = faces.iter().max_by(|a, b| a.area.width.total_cmp(&b.area.width)).ok_or(NoFace::Nobody)?;
    let counting = faces.iter().filter(|face| face.area.width >= BYSTANDER * widest.area.width);
    if counting.count() > 1 { Err(NoFace::Several) } else { Ok(*widest) }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of pixels, far below 2^24")]
fn is_inside(point: Point, picture: &Picture) -> bool {
    let within = |value: f32, limit: usize| value >= 0.0 && value < limit as f32;
    within(point.x, picture.width()) && within(point.y, picture.height())
}

/// `YuNet` and `SFace`.
struct Both {
    detector: Detector,
    recogniser: Recogniser,
}

impl Engine for Both {
    fn find(&self, picture: &Picture) -> Result<Vec<Found>, EngineError> {
        self.detector.find(picture)
    }

    fn embed(&self, aligned: &Aligned) -> Result<Embedding, EngineError> {
        self.recogniser.embed(aligned)
    }
}
