//! Digits on their way: typed as letters that mean nothing without the pad, kept in one place, wiped.

use rand::{Rng, seq::SliceRandom};
use zeroize::Zeroizing;

use crate::view::Pad;

/// What digits are for, and with it how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PadFor {
    Pin,
    Passcode,
    PrintedNumber,
}

impl PadFor {
    pub(super) fn digits(self) -> usize {
        match self {
            Self::Pin | Self::Passcode => 4,
            Self::PrintedNumber => 14,
        }
    }
}

/// A pad in use.
pub(super) struct Digits {
    keys: [char; 10],
    typed: Zeroizing<String>,
    of: usize,
}

impl Digits {
    pub(super) fn new(what: PadFor, random: &mut impl Rng) -> Self {
        let mut letters: Vec<char> = ('a'..='z').collect();
        letters.shuffle(random);
        let mut keys = ['a'; 10];
        keys.copy_from_slice(&letters[..10]);
        // With its room from the beginning: a string that grows leaves copies behind.
        Self { keys, typed: Zeroizing::new(String::with_capacity(16)), of: what.digits() }
    }

    /// Takes letters; what is none of the pad, or too many, is left out.
    pub(super) fn take(&mut self, letters: &str) {
        for letter in letters.chars() {
            let digit = self.keys.iter().position(|key| *key == letter);
            let digit = digit.and_then(|digit| char::from_digit(u32::try_from(digit).ok()?, 10));
            if let Some(digit) = digit.filter(|_| self.typed.len() < self.of) {
                self.typed.push(digit);
            }
        }
    }

    pub(super) fn delete(&mut self) {
        self.typed.pop();
    }

    /// The digits, when they are all there.
    pub(super) fn whole(&self) -> Option<&str> {
        (self.typed.len() == self.of).then_some(&*self.typed)
    }

    pub(super) fn view(&self) -> Pad {
        Pad { keys: self.keys, entered: self.typed.len() as u8, of: self.of as u8 }
    }
}
