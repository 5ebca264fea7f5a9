//! A dictionary that short texts are packed with, as LZ4 blocks.
//!
//! `lz4_flex` reads the whole dictionary anew for each text, which takes longer than the text itself. Here it is read
//! once, and each text begins with a copy of what was found. What comes out is LZ4 as every decoder reads it.

use lz4_flex::block::compress_with_dict;

/// Places remembered, by a hash of the four bytes there; a later place takes that of an earlier one.
const PLACES: usize = 1 << 12;
/// Bytes of the shortest repetition that LZ4 writes.
const REPEATED_MIN: usize = 4;
/// Bytes at the end of a block that no repetition reaches.
const LAST_LITERALS: usize = 5;
/// Bytes at the end of a block in which no repetition begins.
const LAST_BEGINNING: usize = 12;
/// Dictionary and text together: LZ4 looks no further back.
const WINDOW_MAX: usize = 1 << 16;
/// A length from here on goes on in bytes of its own.
const SHORT: usize = 15;

/// The text, and where in it which four bytes stand.
pub(super) struct Dictionary {
    text: Vec<u8>,
    places: [u16; PLACES],
}

impl Dictionary {
    /// Reads the text, of which LZ4 uses the last 64 KiB.
    pub(super) fn new(text: Vec<u8>) -> Self {
        let mut places = [0; PLACES];
        for place in 0..text.len() {
            // One too far on is looked up like a hash that another text has.
            places[hash(four(&text, place))] = u16::try_from(place).unwrap_or(0);
        }
        Self { text, places }
    }

    /// The text.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Appends the LZ4 block of what stands in `window` behind this dictionary's text.
    pub(super) fn pack(&self, window: &[u8], packed: &mut Vec<u8>) {
        let (mut done, end) = (self.text.len(), window.len());
        if end > WINDOW_MAX {
            packed.extend(compress_with_dict(&window[done..], &self.text));
            return;
        }
        let mut places = self.places;
        let mut here = done;
        while here + LAST_BEGINNING <= end {
            let bytes = four(window, here);
            // Below WINDOW_MAX, so nothing is cut off.
            let before = usize::from(std::mem::replace(&mut places[hash(bytes)], here as u16));
            if before >= here || four(window, before) != bytes {
                here += 1;
                continue;
            }
            let length = common(&window[here..end - LAST_LITERALS], &window[before..]);
            put_sequence(packed, &window[done..here], Some((here - before, length)));
            here += length;
            done = here;
        }
        put_sequence(packed, &window[done..], None);
    }
}

/// The four bytes at a place; zeros at the end of the text.
fn four(text: &[u8], place: usize) -> [u8; REPEATED_MIN] {
    text.get(place..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default()
}

/// Knuth's multiplicative hash, its highest bits: below [`PLACES`].
fn hash(bytes: [u8; REPEATED_MIN]) -> usize {
    (u32::from_le_bytes(bytes).wrapping_mul(2_654_435_761) >> (u32::BITS - PLACES.ilog2())) as usize
}

/// How many bytes are the same from the beginning.
fn common(one: &[u8], other: &[u8]) -> usize {
    let mut length = 0;
    for (one, other) in one.as_chunks().0.iter().zip(other.as_chunks().0) {
        let difference = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if difference != 0 {
            return length + (difference.trailing_zeros() / u8::BITS) as usize;
        }
        length += size_of::<u64>();
    }
    length + one[length..].iter().zip(&other[length..]).take_while(|(one, other)| one == other).count()
}

/// Bytes as they are, then how far back to look and how many bytes to repeat; the last sequence has no repetition.
fn put_sequence(packed: &mut Vec<u8>, literals: &[u8], repeated: Option<(usize, usize)>) {
    let (back, more) = repeated.map_or((0, 0), |(back, length)| (back, length - REPEATED_MIN));
    packed.push((literals.len().min(SHORT) << 4 | more.min(SHORT)) as u8);
    put_rest(packed, literals.len());
    packed.extend_from_slice(literals);
    if repeated.is_some() {
        packed.extend_from_slice(&(back as u16).to_le_bytes());
        put_rest(packed, more);
    }
}

/// What of a length did not fit into its half byte.
fn put_rest(packed: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(SHORT) else { return };
    while rest >= usize::from(u8::MAX) {
        packed.push(u8::MAX);
        rest -= usize::from(u8::MAX);
    }
    packed.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use lz4_flex::block::decompress_with_dict;

    use super::*;

    fn comes_back(dictionary: &Dictionary, text: &[u8]) -> usize {
        let mut packed = Vec::new();
        dictionary.pack(&[dictionary.text(), text].concat(), &mut packed);
        let unpacked = decompress_with_dict(&packed, text.len(), dictionary.text()).expect("a block");
        assert!(unpacked == text, "{} bytes", text.len());
        packed.len()
    }

    #[test]
    fn every_text_comes_back() {
        let pieces: [&[u8]; 7] =
            [b"a", b"Flag\":\"1\"", &[0; 300], b"\"Time\":\"", b"0123456789abcdef", &[0xFF], b"Flag"];
        // A fixed sequence that looks like chance (Numerical Recipes): which piece, and how much of it.
        let mut seed = 1_u32;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as usize % below
        };
        let dictionaries = [&b""[..], b"abc", b"{\"Flag\":\"1\",\"Time\":\"0123456789abcdef"];
        for dictionary in dictionaries.map(|text| Dictionary::new(text.to_vec())) {
            for count in 0..400 {
                let mut text = Vec::new();
                for _ in 0..next(count + 1) {
                    let piece = pieces[next(pieces.len())];
                    text.extend_from_slice(&piece[..=next(piece.len())]);
                }
                comes_back(&dictionary, &text);
            }
            for long in [WINDOW_MAX - 40, WINDOW_MAX + 1, 2 * WINDOW_MAX] {
                comes_back(&dictionary, &pieces.concat().repeat(long / 300)[..long]);
            }
        }
    }

    #[test]
    fn what_the_dictionary_has_takes_next_to_nothing() {
        let text =
            b"\"SpecificHealthCheckupsInfoConsFlg\":\"1\",\"SpecificHealthCheckupsInfoConsTime\":\"@\"";
        let dictionary = Dictionary::new([&b"{"[..], text, b"}"].concat());
        assert!(comes_back(&dictionary, text) < 20);
        assert!(comes_back(&Dictionary::new(Vec::new()), text) > 40);
    }
}
