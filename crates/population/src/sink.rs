//! Where a population goes.

use eligibility::{coverage::Coverage, insurer::Insurer};

pub use wire::insurer_file::CardRecord as Card;

/// Takes a population, person by person. Person keys never fall; the coverages of one person come together,
/// then the cards.
pub trait Sink {
    /// Why something could not be taken.
    type Error;

    /// Takes an insurer. All insurers come before the first coverage.
    ///
    /// # Errors
    /// The sink's own.
    fn insurer(&mut self, insurer: &Insurer) -> Result<(), Self::Error>;

    /// Takes one coverage.
    ///
    /// # Errors
    /// The sink's own.
    fn coverage(&mut self, coverage: &Coverage) -> Result<(), Self::Error>;

    /// Takes one card certificate.
    ///
    /// # Errors
    /// The sink's own.
    fn card(&mut self, card: &Card) -> Result<(), Self::Error>;
}
