//! The photo on the card: JPEG 2000 to grey pixels, within limits.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_jpeg2000::{ColorSpace, DecodeSettings, DecoderContext, Image};
use zeroize::Zeroizing;

/// The longest photo file that is decoded. Photos on cards have about two kilobytes.
pub const MAX_PHOTO_BYTES: usize = 32 * 1024;
/// The greatest width or height that is decoded, in pixels. Photos on cards are 378 by 472.
pub const MAX_PHOTO_SIDE: u32 = 1024;

/// Drawn test photos: cartoon faces of nobody, 378 by 472 pixels. `photos/draw.py` makes them.
pub const DRAWN: [&[u8]; 3] = [
    include_bytes!("../photos/drawn-1.jp2"),
    include_bytes!("../photos/drawn-2.jp2"),
    include_bytes!("../photos/drawn-3.jp2"),
];

/// A decoded photo; wiped when dropped. Not for keeping.
pub struct GreyImage {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width × height` bytes, row by row from the top, 0 black to 255 white.
    pub pixels: Zeroizing<Vec<u8>>,
}

/// Why a photo is not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// Longer than [`MAX_PHOTO_BYTES`].
    #[error("the photo's file is too long")]
    TooLong,
    /// Wider or higher than [`MAX_PHOTO_SIDE`], or empty.
    #[error("the photo's size is not acceptable")]
    Size,
    /// Not one channel of grey.
    #[error("the photo is not a grey image")]
    NotGrey,
    /// Not a JPEG 2000 file, or a broken one.
    #[error("the photo cannot be decoded")]
    Malformed,
}

/// Decodes the photo of a card.
///
/// # Errors
/// [`PhotoError`]; never panics, whatever the bytes are.
pub fn decode(jp2: &[u8]) -> Result<GreyImage, PhotoError> {
    if jp2.len() > MAX_PHOTO_BYTES {
        return Err(PhotoError::TooLong);
    }
    // A photo is input from outside: a mistake in the decoder must not end the program.
    catch_unwind(AssertUnwindSafe(|| decode_within_limits(jp2))).unwrap_or(Err(PhotoError::Malformed))
}

fn decode_within_limits(jp2: &[u8]) -> Result<GreyImage, PhotoError> {
    let image = Image::new(jp2, &DecodeSettings::default()).map_err(|_| PhotoError::Malformed)?;
    let (width, height) = (image.width(), image.height());
    let acceptable = 1..=MAX_PHOTO_SIDE;
    if !acceptable.contains(&width) || !acceptable.contains(&height) {
        return Err(PhotoError::Size);
    }
    if !matches!(image.color_space(), ColorSpace::Gray) || image.has_alpha() {
        return Err(PhotoError::NotGrey);
    }
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|_| PhotoError::Malformed)?;
    let pixels = Zeroizing::new(decoded.data_u8());
    if pixels.len() as u64 != u64::from(width) * u64::from(height) {
        return Err(PhotoError::Malformed);
    }
    Ok(GreyImage { width, height, pixels })
}
