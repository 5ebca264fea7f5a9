//! Editions of the interface, where they differ in the elements of a result.

use super::ResultMessage;

/// Which elements of consent a result carries. A receipt computer made for an older edition may refuse names it does
/// not know, so a terminal can be told which edition its own reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsentElements {
    /// Four kinds: 特定健診, 薬剤, 診療, 手術.
    Edition2023,
    /// Six more stand by themselves: 傷病名, 感染症, その他アレルギー, 薬剤アレルギー, 検査, 処方.
    #[default]
    Edition2025,
}

impl ResultMessage {
    /// The message with the elements of consent that this edition knows; nothing else changes.
    #[must_use]
    pub fn in_edition(mut self, edition: ConsentElements) -> Self {
        if edition == ConsentElements::Edition2025 {
            return self;
        }
        for result in &mut self.body.results {
            result.disease_name = None;
            result.infection = None;
            result.allergy = None;
            result.drug_allergy = None;
            result.test = None;
            result.prescription = None;
        }
        self
    }
}
