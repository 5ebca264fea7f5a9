//! The card's photo while staff look at it, and while a face is compared with it. Wiped at the end of the session.

use std::sync::{Arc, Mutex, PoisonError};

use card::photo::GreyImage;
use zeroize::Zeroizing;

/// Bytes of a bitmap's headers, and of its table of 256 greys.
const HEADERS: u32 = 14 + 40;
const TABLE: u32 = 256 * 4;

/// The one photo there is, shared between the card's thread, the site and the comparison.
#[derive(Clone, Default)]
pub(crate) struct PhotoShown(Arc<Mutex<Option<Arc<GreyImage>>>>);

impl PhotoShown {
    pub(crate) fn put(&self, photo: Option<GreyImage>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = photo.map(Arc::new);
    }

    pub(crate) fn wipe(&self) {
        self.put(None);
    }

    /// The photo, while there is one.
    pub(crate) fn get(&self) -> Option<Arc<GreyImage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The photo as a bitmap of 256 greys (BMP), which every browser draws and nothing has to encode.
#[must_use]
pub(crate) fn bitmap(photo: &GreyImage) -> Zeroizing<Vec<u8>> {
    let row = photo.width.div_ceil(4) * 4;
    let size = HEADERS + TABLE + row * photo.height;
    let mut file = Zeroizing::new(Vec::with_capacity(size as usize));
    file.extend_from_slice(b"BM");
    for number in [size, 0, HEADERS + TABLE, 40, photo.width, photo.height] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    for number in [1_u16, 8] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    for number in [0_u32, row * photo.height, 2835, 2835, 256, 0] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    for grey in 0..=u8::MAX {
        file.extend_from_slice(&[grey, grey, grey, 0]);
    }
    let padding = (row - photo.width) as usize;
    // From the bottom up, as bitmaps are.
    for line in photo.pixels.chunks_exact(photo.width as usize).rev() {
        file.extend_from_slice(line);
        file.extend(std::iter::repeat_n(0, padding));
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bitmap_has_its_size_its_greys_and_its_lines_from_the_bottom() {
        let pixels = Zeroizing::new(vec![1, 2, 3, 4, 5, 6]);
        let file = bitmap(&GreyImage { width: 3, height: 2, pixels });
        assert_eq!(file.len(), 54 + 1024 + 8);
        assert_eq!(file[2..6], u32::try_from(file.len()).expect("short").to_le_bytes());
        assert_eq!(file[file.len() - 8..], [4, 5, 6, 0, 1, 2, 3, 0]);
        assert_eq!(file[54 + 4 * 200..54 + 4 * 200 + 4], [200, 200, 200, 0]);
    }

    #[test]
    fn a_photo_is_there_until_it_is_wiped() {
        let shown = PhotoShown::default();
        shown.put(Some(GreyImage { width: 1, height: 1, pixels: Zeroizing::new(vec![9]) }));
        assert!(shown.clone().get().is_some());
        shown.wipe();
        assert!(shown.get().is_none());
    }
}
