//! A picture in memory, within limits, wiped when dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zeroize::Zeroizing;
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use crate::Point;

/// The longest JPEG file that is decoded, in bytes.
pub const MAX_JPEG_BYTES: usize = 2 * 1024 * 1024;
/// The greatest width or height of a picture, in pixels.
pub const MAX_SIDE: u32 = 2048;
/// The smallest width or height of a picture, in pixels.
pub const MIN_SIDE: u32 = 32;

/// Red, green and blue pixels. Wiped when dropped; neither copied nor shown by `Debug`.
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Zeroizing<Vec<u8>>,
}

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Longer than [`MAX_JPEG_BYTES`].
    #[error("the picture's file is too long")]
    TooLong,
    /// A side below [`MIN_SIDE`] or above [`MAX_SIDE`].
    #[error("the picture's size is not acceptable")]
    Size,
    /// Not as many bytes as width and height ask for.
    #[error("the picture's bytes do not fit its size")]
    Length,
    /// Not a JPEG file, or a broken one.
    #[error("the picture cannot be decoded")]
    Malformed,
}

impl Picture {
    /// Decodes a frame of the camera.
    ///
    /// # Errors
    /// [`PictureError`]; never panics, whatever the bytes are.
    pub fn from_jpeg(jpeg: &[u8]) -> Result<Self, PictureError> {
        if jpeg.len() > MAX_JPEG_BYTES {
            return Err(PictureError::TooLong);
        }
        // A frame is input from outside: a mistake in the decoder must not end the program.
        catch_unwind(AssertUnwindSafe(|| decode(jpeg))).unwrap_or(Err(PictureError::Malformed))
    }

    /// A grey picture, as the card's photo is: `width × height` bytes, row by row from the top.
    ///
    /// # Errors
    /// [`PictureError::Size`], [`PictureError::Length`].
    pub fn from_grey(width: u32, height: u32, grey: &[u8]) -> Result<Self, PictureError> {
        let (width, height) = acceptable(width, height)?;
        if grey.len() != width * height {
            return Err(PictureError::Length);
        }
        let mut pixels = Zeroizing::new(Vec::with_capacity(3 * grey.len()));
        pixels.extend(grey.iter().flat_map(|value| [*value; 3]));
        Ok(Self { width, height, pixels })
    }

    /// A coloured picture: `3 × width × height` bytes, row by row from the top, red, green and blue.
    ///
    /// # Errors
    /// [`PictureError::Size`], [`PictureError::Length`].
    pub fn from_rgb(width: u32, height: u32, pixels: Zeroizing<Vec<u8>>) -> Result<Self, PictureError> {
        let (width, height) = acceptable(width, height)?;
        if pixels.len() != 3 * width * height {
            return Err(PictureError::Length);
        }
        Ok(Self { width, height, pixels })
    }

    /// Pixels from left to right.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels from top to bottom.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// `3 × width × height` bytes, row by row from the top: red, green, blue.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Red, green and blue at a place between pixels; black outside of the picture.
    pub(crate) fn between(&self, at: Point) -> [f32; 3] {
        let (left, top) = (at.x.floor(), at.y.floor());
        let (right_part, lower_part) = (at.x - left, at.y - top);
        let mut mixed = [0.0; 3];
        for (down, part_down) in [(0.0, 1.0 - lower_part), (1.0, lower_part)] {
            for (right, part_right) in [(0.0, 1.0 - right_part), (1.0, right_part)] {
                let Some(pixel) = self.at(left + right, top + down) else {
                    continue;
                };
                for (sum, value) in mixed.iter_mut().zip(pixel) {
                    *sum += f32::from(*value) * part_right * part_down;
                }
            }
        }
        mixed
    }

    fn at(&self, x: f32, y: f32) -> Option<&[u8]> {
        let (x, y) = (index(x, self.width)?, index(y, self.height)?);
        let from = 3 * (y * self.width + x);
        self.pixels.get(from..from + 3)
    }
}

/// A whole number as a place below `limit`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared with both ends before")]
fn index(value: f32, limit: usize) -> Option<usize> {
    let inside = (0.0..65_536.0).contains(&value);
    let place = if inside { value as usize } else { limit };
    (place < limit).then_some(place)
}

fn acceptable(width: u32, height: u32) -> Result<(usize, usize), PictureError> {
    let sides = MIN_SIDE..=MAX_SIDE;
    if !sides.contains(&width) || !sides.contains(&height) {
        return Err(PictureError::Size);
    }
    let side = |value: u32| usize::try_from(value).map_err(|_| PictureError::Size);
    Ok((side(width)?, side(height)?))
}

fn decode(jpeg: &[u8]) -> Result<Picture, PictureError> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
    decoder.decode_headers().map_err(|_| PictureError::Malformed)?;
    let (width, height) = decoder.dimensions().ok_or(PictureError::Malformed)?;
    let side = |value: usize| u32::try_from(value).map_err(|_| PictureError::Size);
    let (width, height) = (side(width)?, side(height)?);
    let (columns, rows) = acceptable(width, height)?;
    let mut pixels = Zeroizing::new(vec![0; 3 * columns * rows]);
    if decoder.output_buffer_size() != Some(pixels.len()) {
        return Err(PictureError::Malformed);
    }
    decoder.decode_into(&mut pixels).map_err(|_| PictureError::Malformed)?;
    Picture::from_rgb(width, height, pixels)
}
