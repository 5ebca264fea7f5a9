//! A line of text as black and white pixels, for pictures that have no fonts of their own.

use rustybuzz::Face;
use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};

use super::fonts::{Fonts, characters, choose};
use crate::{Error, Result};

/// Straight pieces that a curve is drawn with.
const CURVE_STEPS: u16 = 8;
/// How far below the top of a line its baseline is, in units of its height.
const BASELINE: f32 = 0.82;

/// Pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPicture {
    /// Pixels a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row by row; `true` is dark.
    pub dark: Vec<bool>,
}

/// A straight piece of an outline, in pixels, y downwards.
#[derive(Clone, Copy)]
struct Edge {
    from: (f32, f32),
    to: (f32, f32),
}

struct Outline {
    edges: Vec<Edge>,
    start: (f32, f32),
    at: (f32, f32),
    origin: (f32, f32),
    scale: f32,
}

impl Outline {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        (self.origin.0 + x * self.scale, self.origin.1 - y * self.scale)
    }

    fn to(&mut self, to: (f32, f32)) {
        self.edges.push(Edge { from: self.at, to });
        self.at = to;
    }

    /// `point`: of the curve, at 0 to 1.
    fn curve(&mut self, point: impl Fn(f32) -> (f32, f32)) {
        for step in 1..=CURVE_STEPS {
            self.to(point(f32::from(step) / f32::from(CURVE_STEPS)));
        }
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.at = self.place(x, y);
        self.start = self.at;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.to(self.place(x, y));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (a, b, c) = (self.at, self.place(x1, y1), self.place(x, y));
        let mix = |t: f32, a: f32, b: f32, c: f32| {
            let u = 1.0 - t;
            u * u * a + 2.0 * u * t * b + t * t * c
        };
        self.curve(|t| (mix(t, a.0, b.0, c.0), mix(t, a.1, b.1, c.1)));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b, c, d) = (self.at, self.place(x1, y1), self.place(x2, y2), self.place(x, y));
        let mix = |t: f32, a: f32, b: f32, c: f32, d: f32| {
            let u = 1.0 - t;
            u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
        };
        self.curve(|t| (mix(t, a.0, b.0, c.0, d.0), mix(t, a.1, b.1, c.1, d.1)));
    }

    fn close(&mut self) {
        self.to(self.start);
    }
}

/// One character, ready to be drawn.
struct Letter<'f> {
    face: &'f Face<'f>,
    glyph: GlyphId,
    /// In units of the text's size.
    advance: f32,
}

impl Fonts {
    /// A line of bold text, `height` pixels high, smaller where it would be wider than `width_max`.
    ///
    /// # Errors
    /// [`Error::Glyph`] for a character that no font has.
    pub fn picture(&self, line: &str, height: u32, width_max: u32) -> Result<TextPicture> {
        let faces = self.bold_faces()?;
        let mut letters = Vec::new();
        for (base, selector) in characters(line) {
            let face = &faces[choose(&faces, base, selector).ok_or(Error::Glyph(base))?];
            let varied = selector.and_then(|selector| face.glyph_variation_index(base, selector));
            let glyph = varied.or_else(|| face.glyph_index(base)).ok_or(Error::Glyph(base))?;
            let units = face.glyph_hor_advance(glyph).unwrap_or(0);
            let advance = f32::from(units) / units_of(face);
            letters.push(Letter { face, glyph, advance });
        }
        let ems: f32 = letters.iter().map(|letter| letter.advance).sum();
        // Both are a few thousand at most.
        let (height, room) = (height as f32, width_max as f32);
        let size = if ems * height > room { room / ems } else { height };
        Ok(draw(&letters, size, ems))
    }
}

fn draw(letters: &[Letter<'_>], size: f32, ems: f32) -> TextPicture {
    let width = (ems * size).ceil().max(1.0) as usize;
    let height = size.ceil().max(1.0) as usize;
    let mut outline = Outline {
        edges: Vec::new(),
        start: (0.0, 0.0),
        at: (0.0, 0.0),
        origin: (0.0, size * BASELINE),
        scale: 1.0,
    };
    for letter in letters {
        outline.scale = size / units_of(letter.face);
        // A blank has no outline.
        let _ = letter.face.outline_glyph(letter.glyph, &mut outline);
        outline.origin.0 += letter.advance * size;
    }
    let mut dark = vec![false; width * height];
    for (line, row) in dark.chunks_mut(width).enumerate() {
        fill(row, &outline.edges, line as f32 + 0.5);
    }
    TextPicture { width, height, dark }
}

/// Darkens what lies within the outlines at this height: where they wind around it.
fn fill(row: &mut [bool], edges: &[Edge], y: f32) {
    let mut crossings: Vec<(f32, i32)> = edges
        .iter()
        .filter(|edge| (edge.from.1 <= y) != (edge.to.1 <= y))
        .map(|edge| {
            let t = (y - edge.from.1) / (edge.to.1 - edge.from.1);
            let x = edge.from.0 + t * (edge.to.0 - edge.from.0);
            (x, if edge.from.1 < edge.to.1 { 1 } else { -1 })
        })
        .collect();
    crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut winding = 0;
    for pair in crossings.windows(2) {
        winding += pair[0].1;
        if winding != 0 {
            let pixel = |x: f32| ((x - 0.5).ceil().max(0.0) as usize).min(row.len());
            let (begin, end) = (pixel(pair[0].0), pixel(pair[1].0));
            if begin < end {
                row[begin..end].fill(true);
            }
        }
    }
}

/// Units of a font's square: 16 to 16384.
fn units_of(face: &Face<'_>) -> f32 {
    face.units_per_em().max(1) as f32
}
