//! Faces compared by the library of `crates/face`: the challenge of one person, and then the comparison with the photo.

use std::time::Instant;

use card::photo::GreyImage;
use face::{
    Bands, Looked, ModelError, ModelFiles, NoFace, Picture, Verdict, Verifier,
    liveness::{Ask, Challenge, Settings},
};

use crate::{
    faces::{FaceTalk, Faces},
    machine::FaceSaid,
    view::{FaceAsk, FaceHint},
};

/// A library with its models, loaded once.
pub struct FaceVerifier {
    verifier: std::sync::Arc<Verifier>,
    bands: Bands,
}

impl FaceVerifier {
    /// Loads the models of a folder; each must be the very file that was measured.
    ///
    /// # Errors
    /// [`ModelError`]: a file is missing, or another.
    pub fn load(folder: &std::path::Path, bands: Bands) -> Result<Self, ModelError> {
        let verifier = Verifier::load(&ModelFiles::in_folder(folder))?;
        Ok(Self { verifier: verifier.into(), bands })
    }
}

impl Faces for FaceVerifier {
    fn begin(&self, photo: &GreyImage) -> Option<Box<dyn FaceTalk>> {
        let photo = Picture::from_grey(photo.width, photo.height, &photo.pixels).ok()?;
        let photo = self.verifier.look_at_photo(&photo).ok()?;
        let mut random = [0];
        // Without chance there is no challenge.
        aws_lc_rs::rand::fill(&mut random).ok()?;
        let began = Instant::now();
        let challenge = Challenge::new(Settings::default(), random[0], began.elapsed());
        let verifier = self.verifier.clone();
        Some(Box::new(Talk { verifier, bands: self.bands, photo, challenge: Some(challenge), began }))
    }
}

struct Talk {
    verifier: std::sync::Arc<Verifier>,
    bands: Bands,
    photo: Looked,
    challenge: Option<Challenge>,
    began: Instant,
}

impl FaceTalk for Talk {
    fn frame(&mut self, jpeg: &[u8], at: Instant) -> FaceSaid {
        let Some(challenge) = &mut self.challenge else { return FaceSaid::Failed };
        // A frame that is no picture is a frame without a face.
        let looked = match Picture::from_jpeg(jpeg) {
            Ok(picture) => self.verifier.look(&picture),
            Err(_) => Err(NoFace::Nobody),
        };
        let hint = looked.as_ref().err().and_then(hint);
        match challenge.frame(looked, at.saturating_duration_since(self.began)) {
            Ask::LookAhead => FaceSaid::Ask(FaceAsk::Ahead, hint),
            Ask::TurnLeft => FaceSaid::Ask(FaceAsk::Left, hint),
            Ask::TurnRight => FaceSaid::Ask(FaceAsk::Right, hint),
            Ask::Failed(_) => FaceSaid::Failed,
            Ask::Done => self.compare(),
        }
    }
}

impl Talk {
    fn compare(&mut self) -> FaceSaid {
        let subject = self.challenge.take().and_then(Challenge::into_subject);
        let verdict = subject.map(|subject| self.bands.verdict(subject.compare(&self.photo)));
        if verdict == Some(Verdict::Same) { FaceSaid::Same } else { FaceSaid::Failed }
    }
}

fn hint(why: &NoFace) -> Option<FaceHint> {
    match why {
        NoFace::Nobody => Some(FaceHint::NoFace),
        NoFace::Several => Some(FaceHint::Several),
        NoFace::TooSmall => Some(FaceHint::TooSmall),
        NoFace::CutOff => Some(FaceHint::TooLarge),
        NoFace::Blurred => Some(FaceHint::Blurred),
        NoFace::Engine(_) => None,
    }
}
