//! The kiosk through its public doors: a simulated card on an imaginary reader, a real terminal, a real centre.

mod card_trouble;
mod desk;
mod line;
mod machine;
mod mode;
mod screen;
mod sessions;
mod settings;
