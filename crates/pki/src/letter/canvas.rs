//! One page of paper, in millimetres from its upper left corner.

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;

use super::fonts::{Fonts, Weight};
use crate::{Error, Result};

/// Width of A4 in millimetres.
pub(super) const PAGE_WIDTH: f32 = 210.0;
const PAGE_HEIGHT: f32 = 297.0;
const POINTS_PER_MM: f32 = 72.0 / 25.4;
const MM_PER_POINT: f32 = 25.4 / 72.0;
/// Characters that must not begin a line.
const NOT_FIRST: &str = "、。，．）」』】〉》・：；？！ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ)]}%";
/// Characters that must not end a line.
const NOT_LAST: &str = "（「『【〈《([{〒";

/// Colours of the letters.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Black,
    Grey,
    Accent,
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// Size in points.
    pub(super) size: f32,
    pub(super) weight: Weight,
    pub(super) ink: Ink,
    /// Extra space between characters, in units of the size.
    pub(super) spacing: f32,
}

impl Style {
    pub(super) const fn text(size: f32) -> Self {
        Self { size, weight: Weight::Regular, ink: Ink::Black, spacing: 0.0 }
    }
    pub(super) const fn bold(size: f32) -> Self {
        Self { size, weight: Weight::Bold, ink: Ink::Black, spacing: 0.0 }
    }
    pub(super) const fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }
    pub(super) const fn spaced(self, spacing: f32) -> Self {
        Self { spacing, ..self }
    }
}

/// A place and a size in millimetres.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

pub(super) struct Canvas<'a, 'f> {
    surface: Surface<'a>,
    fonts: &'f Fonts,
}

/// Makes a document of one page.
pub(super) fn document(
    title: &str,
    author: &str,
    fonts: &Fonts,
    draw: impl FnOnce(&mut Canvas<'_, '_>) -> Result<()>,
) -> Result<Vec<u8>> {
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(title.to_owned())
            .authors(vec![author.to_owned()])
            .language("ja-JP".to_owned())
            .producer("Shikaku".to_owned()),
    );
    let settings = PageSettings::from_wh(PAGE_WIDTH * POINTS_PER_MM, PAGE_HEIGHT * POINTS_PER_MM);
    let mut page = document.start_page_with(settings.ok_or(Error::Crypto("a page"))?);
    {
        let mut canvas = Canvas { surface: page.surface(), fonts };
        draw(&mut canvas)?;
        canvas.surface.finish();
    }
    page.finish();
    document.finish().map_err(|error| Error::Pdf(format!("{error:?}")))
}

impl Canvas<'_, '_> {
    /// A line of text; `y` is the baseline. Gives its width.
    pub(super) fn text(&mut self, x: f32, y: f32, style: Style, line: &str) -> Result<f32> {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill(style.ink)));
        let mut at = x * POINTS_PER_MM;
        for mut run in self.fonts.shape(style.weight, line)? {
            for glyph in &mut run.glyphs {
                glyph.x_advance += style.spacing;
            }
            let start = Point::from_xy(at, y * POINTS_PER_MM);
            self.surface.draw_glyphs(start, &run.glyphs, run.font, &run.text, style.size, false);
            at += run.glyphs.iter().map(|glyph| glyph.x_advance).sum::<f32>() * style.size;
        }
        Ok(at * MM_PER_POINT - x)
    }

    /// Width of a line in millimetres.
    pub(super) fn width(&self, style: Style, line: &str) -> Result<f32> {
        let characters = u16::try_from(line.chars().count()).unwrap_or(u16::MAX);
        let spaced = self.fonts.width(style.weight, line)? + style.spacing * f32::from(characters);
        Ok(spaced * style.size * MM_PER_POINT)
    }

    /// A line that ends at `right`.
    pub(super) fn text_to(&mut self, right: f32, y: f32, style: Style, line: &str) -> Result<()> {
        let width = self.width(style, line)?;
        self.text(right - width, y, style, line).map(drop)
    }

    /// A line in the middle of the page.
    pub(super) fn centred(&mut self, y: f32, style: Style, line: &str) -> Result<()> {
        let width = self.width(style, line)? - style.spacing * style.size * MM_PER_POINT;
        self.text((PAGE_WIDTH - width) / 2.0, y, style, line).map(drop)
    }

    /// A line that is set smaller until it fits.
    pub(super) fn fitted(&mut self, x: f32, y: f32, room: f32, style: Style, line: &str) -> Result<()> {
        let width = self.width(style, line)?;
        let size = if width > room { style.size * room / width } else { style.size };
        self.text(x, y, Style { size, ..style }, line).map(drop)
    }

    /// Text broken into lines of this width; `y` is the first baseline, `leading` the distance to the next.
    /// Gives the baseline after the last.
    pub(super) fn paragraph(
        &mut self,
        (x, y): (f32, f32),
        width: f32,
        leading: f32,
        style: Style,
        text: &str,
    ) -> Result<f32> {
        let mut y = y;
        for line in self.broken(width, style, text)? {
            self.text(x, y, style, &line)?;
            y += leading;
        }
        Ok(y)
    }

    fn broken(&self, width: f32, style: Style, text: &str) -> Result<Vec<String>> {
        let mut lines = vec![];
        let mut line = String::new();
        for character in text.chars() {
            let mut longer = line.clone();
            longer.push(character);
            let keeps = NOT_FIRST.contains(character) || line.is_empty();
            if keeps || self.width(style, &longer)? <= width {
                line = longer;
                continue;
            }
            let mut next = String::new();
            while line.chars().last().is_some_and(|last| {
                NOT_LAST.contains(last) || last.is_ascii_alphanumeric() && character.is_ascii_alphanumeric()
            }) && line.chars().count() > 1
            {
                next.insert(0, line.pop().unwrap_or_default());
            }
            next.push(character);
            lines.push(std::mem::replace(&mut line, next));
        }
        lines.push(line);
        Ok(lines)
    }

    /// A straight line of this thickness (millimetres).
    pub(super) fn line(&mut self, from: (f32, f32), to: (f32, f32), thickness: f32, ink: Ink) {
        let mut path = PathBuilder::new();
        path.move_to(from.0 * POINTS_PER_MM, from.1 * POINTS_PER_MM);
        path.line_to(to.0 * POINTS_PER_MM, to.1 * POINTS_PER_MM);
        self.stroke(path, thickness, ink);
    }

    /// The outline of a box.
    pub(super) fn outline(&mut self, frame: Frame, thickness: f32, ink: Ink) {
        if let Some(rect) = rect(frame) {
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            self.stroke(path, thickness, ink);
        }
    }

    /// A box filled with a pale tint.
    pub(super) fn tinted(&mut self, frame: Frame) {
        let Some(rect) = rect(frame) else { return };
        let mut path = PathBuilder::new();
        path.push_rect(rect);
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: rgb::Color::new(0xee, 0xf2, 0xf6).into(),
            opacity: NormalizedF32::ONE,
            rule: FillRule::NonZero,
        }));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    /// A black box.
    pub(super) fn filled(&mut self, frame: Frame) {
        let Some(rect) = rect(frame) else { return };
        let mut path = PathBuilder::new();
        path.push_rect(rect);
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: rgb::Color::new(0, 0, 0).into(),
            opacity: NormalizedF32::ONE,
            rule: FillRule::NonZero,
        }));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn stroke(&mut self, path: PathBuilder, thickness: f32, ink: Ink) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke {
            paint: colour(ink).into(),
            width: thickness * POINTS_PER_MM,
            ..Stroke::default()
        }));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }
}

fn rect(frame: Frame) -> Option<Rect> {
    let mm = |value: f32| value * POINTS_PER_MM;
    Rect::from_xywh(mm(frame.x), mm(frame.y), mm(frame.width), mm(frame.height))
}

fn colour(ink: Ink) -> rgb::Color {
    match ink {
        Ink::Black => rgb::Color::new(0x1a, 0x1a, 0x1a),
        Ink::Grey => rgb::Color::new(0x6b, 0x72, 0x7a),
        Ink::Accent => rgb::Color::new(0x1f, 0x4e, 0x79),
    }
}

fn fill(ink: Ink) -> Fill {
    Fill { paint: colour(ink).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}
