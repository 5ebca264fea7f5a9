//! The printed lines of the card's face as one-bit PNG images.
//!
//! Real cards hold the print itself. Without a font, each character is drawn as a box with its code point in
//! hexadecimal digits: unmistakably simulated, and checkable.

/// Width and height of one character's box, in pixels.
const CELL: usize = 24;
/// Characters a line may have; further ones are left out.
const MAX_CHARACTERS: usize = 60;
/// Hexadecimal digits, three pixels wide and five high, one bit a pixel, top row first.
const DIGITS: [u16; 16] = [
    0b111_101_101_101_111,
    0b010_110_010_010_111,
    0b111_001_111_100_111,
    0b111_001_111_001_111,
    0b101_101_111_001_001,
    0b111_100_111_001_111,
    0b111_100_111_101_111,
    0b111_001_001_010_010,
    0b111_101_111_101_111,
    0b111_101_111_001_111,
    0b010_101_111_101_101,
    0b110_101_110_101_110,
    0b111_100_100_100_111,
    0b110_101_101_101_110,
    0b111_100_110_100_111,
    0b111_100_110_100_100,
];

/// Draws a line of text as a one-bit greyscale PNG.
pub(crate) fn text_png(text: &str) -> Vec<u8> {
    let characters: Vec<char> = text.chars().take(MAX_CHARACTERS).collect();
    let width = CELL * characters.len().max(1);
    let stride = width.div_ceil(8);
    // One filter byte (none) begins each row; white paper.
    let mut rows = vec![0xFF; (stride + 1) * CELL];
    rows.iter_mut().step_by(stride + 1).for_each(|filter| *filter = 0);
    let mut ink = |x: usize, y: usize| rows[y * (stride + 1) + 1 + x / 8] &= !(0x80 >> (x % 8));
    for (position, character) in characters.iter().enumerate() {
        draw_box(&mut ink, position * CELL, u32::from(*character));
    }
    png(width as u32, CELL as u32, &rows)
}

fn draw_box(ink: &mut impl FnMut(usize, usize), left: usize, code: u32) {
    for edge in 1..CELL - 1 {
        for (x, y) in [(edge, 1), (edge, CELL - 2), (1, edge), (CELL - 2, edge)] {
            ink(left + x, y);
        }
    }
    // Six digits in two rows of three.
    for place in 0..6 {
        let digit = DIGITS[(code >> (20 - 4 * place) & 0xF) as usize];
        let (x, y) = (left + 4 + 6 * (place % 3), 5 + 9 * (place / 3));
        for dot in 0..15 {
            if digit >> (14 - dot) & 1 == 1 {
                ink(x + dot % 3, y + dot / 3);
            }
        }
    }
}

fn png(width: u32, height: u32, rows: &[u8]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    // One bit a pixel, greyscale, deflate, adaptive filters, not interlaced.
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    chunk(&mut out, b"IHDR", &header);
    chunk(&mut out, b"IDAT", &stored_zlib(rows));
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let begin = out.len();
    out.extend_from_slice(kind);
    out.extend_from_slice(data);
    let check = crc32(&out[begin..]);
    out.extend_from_slice(&check.to_be_bytes());
}

/// A zlib stream of one stored block: an image of a line stays far below its 65535 bytes.
fn stored_zlib(data: &[u8]) -> Vec<u8> {
    let length = data.len() as u16;
    let mut out = vec![0x78, 0x01, 0x01];
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(data);
    let (a, b) = data.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    out.extend_from_slice(&(b << 16 | a).to_be_bytes());
    out
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}
