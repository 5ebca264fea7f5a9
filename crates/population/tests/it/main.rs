//! The synthetic population: repeatable, plausible, valid; and the personas keep their promises.

mod collected;
mod every_element;
mod files;
mod persona_promises;
mod plausibility;
mod repeatability;
mod validity;
