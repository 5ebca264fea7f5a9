//! Where a face is compared. How it is done is the business of whoever gives a [`Faces`]; here is when, and how often.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use card::photo::GreyImage;

use crate::machine::{FaceSaid, Ticket};

/// Compares faces with photos.
pub trait Faces: Send + Sync {
    /// Begins with the card's photo; `None` when no face is found in it.
    fn begin(&self, photo: &GreyImage) -> Option<Box<dyn FaceTalk>>;
}

/// One comparison, from the first frame to its end.
pub trait FaceTalk: Send {
    /// Looks at one frame of the camera, a JPEG that came at this moment. May take a while: not for async threads.
    fn frame(&mut self, jpeg: &[u8], at: Instant) -> FaceSaid;
}

/// A comparison, and of which session.
type GoingOn = (Ticket, Box<dyn FaceTalk>);

/// The comparison that goes on, one frame at a time.
#[derive(Clone)]
pub(crate) struct FaceDesk {
    faces: Option<Arc<dyn Faces>>,
    /// The session whose face is wanted. Set at once, while a frame of before may still be looked at.
    wanted: Arc<Mutex<Option<Ticket>>>,
    going_on: Arc<Mutex<Option<GoingOn>>>,
}

/// Why a frame is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotLooked {
    /// No comparison goes on.
    NotWanted,
    /// The frame before is still being looked at.
    Busy,
}

impl FaceDesk {
    pub(crate) fn new(faces: Option<Arc<dyn Faces>>) -> Self {
        Self { faces, wanted: Arc::default(), going_on: Arc::default() }
    }

    /// From now on this session's face is wanted.
    pub(crate) fn want(&self, ticket: Ticket) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(ticket);
    }

    fn wants(&self, ticket: Ticket) -> bool {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) == Some(ticket)
    }

    /// Begins anew; `false` when the photo shows no face, or nothing can compare it. Takes a while.
    pub(crate) fn begin(&self, ticket: Ticket, photo: Option<&GreyImage>) -> bool {
        let talk = self.faces.as_ref().zip(photo).and_then(|(faces, photo)| faces.begin(photo));
        let begun = talk.is_some();
        let mut going_on = self.going_on.lock().unwrap_or_else(PoisonError::into_inner);
        *going_on = talk.filter(|_| self.wants(ticket)).map(|talk| (ticket, talk));
        begun
    }

    /// Ends it; what it knew of the face is wiped with it, at the latest when the frame in hand is done.
    pub(crate) fn end(&self) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Ok(mut going_on) = self.going_on.try_lock() {
            *going_on = None;
        }
    }

    /// Looks at one frame. Takes a while.
    pub(crate) fn look(&self, jpeg: &[u8]) -> Result<(Ticket, FaceSaid), NotLooked> {
        let Ok(mut going_on) = self.going_on.try_lock() else { return Err(NotLooked::Busy) };
        let (ticket, talk) = going_on.as_mut().ok_or(NotLooked::NotWanted)?;
        let said = talk.frame(jpeg, Instant::now());
        let ticket = *ticket;
        if !matches!(said, FaceSaid::Ask(..)) || !self.wants(ticket) {
            *going_on = None;
        }
        Ok((ticket, said))
    }
}
