//! The letters' fonts: which one has a character, and how a line of text becomes glyphs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};

use crate::{Error, Result, file_error};

/// Where the fonts are. Collections are read at their first face.
#[derive(Clone, Debug)]
pub struct FontFiles {
    /// The text's font: BIZ UDPGothic Regular, or another Japanese one.
    pub regular: PathBuf,
    /// The same family in bold.
    pub bold: PathBuf,
    /// Fonts for characters the family lacks, tried in this order.
    pub fallback: Vec<PathBuf>,
    /// The same for bold text.
    pub bold_fallback: Vec<PathBuf>,
}

/// The fonts, loaded.
pub struct Fonts {
    regular: Vec<Loaded>,
    bold: Vec<Loaded>,
}

/// Fonts that are in memory only while somebody draws with them: Japanese ones take some 50 MB, and letters are rare.
pub struct FontsOnDemand {
    files: FontFiles,
    in_use: Mutex<Weak<Fonts>>,
}

struct Loaded {
    data: Arc<Vec<u8>>,
    font: Font,
}

/// How heavy a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Part of a line in one font.
pub(super) struct Run {
    pub(super) font: Font,
    pub(super) text: String,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// In units of the font size.
    pub(super) width: f32,
}

impl Fonts {
    /// Loads all files.
    ///
    /// # Errors
    /// [`Error::File`], or [`Error::Font`] when a file is no font.
    pub fn load(files: &FontFiles) -> Result<Self> {
        let all = |first: &PathBuf, then: &[PathBuf]| -> Result<Vec<Loaded>> {
            std::iter::once(first).chain(then).map(|path| Loaded::read(path)).collect()
        };
        Ok(Self {
            regular: all(&files.regular, &files.fallback)?,
            bold: all(&files.bold, &files.bold_fallback)?,
        })
    }

    /// A line as glyphs, from as many fonts as it takes.
    ///
    /// # Errors
    /// [`Error::Glyph`] for a character that no font has: a letter with a box instead of a name is not sent.
    pub(super) fn shape(&self, weight: Weight, line: &str) -> Result<Vec<Run>> {
        let fonts = if weight == Weight::Bold { &self.bold } else { &self.regular };
        let faces: Vec<Face<'_>> = fonts.iter().map(Loaded::face).collect::<Result<_>>()?;
        let mut pieces: Vec<(usize, String)> = Vec::new();
        for (base, selector) in characters(line) {
            let index = choose(&faces, base, selector).ok_or(Error::Glyph(base))?;
            if pieces.last().is_none_or(|(last, _)| *last != index) {
                pieces.push((index, String::new()));
            }
            if let Some((_, text)) = pieces.last_mut() {
                text.push(base);
                text.extend(selector);
            }
        }
        pieces.into_iter().map(|(index, text)| Ok(shaped(&faces[index], &fonts[index].font, text))).collect()
    }

    /// The bold family, the font of the text first.
    pub(super) fn bold_faces(&self) -> Result<Vec<Face<'_>>> {
        self.bold.iter().map(Loaded::face).collect()
    }

    /// Width of a line, in units of the font size.
    pub(super) fn width(&self, weight: Weight, line: &str) -> Result<f32> {
        Ok(self.shape(weight, line)?.iter().map(|run| run.width).sum())
    }
}

/// Which characters the fonts have, without the fonts: small enough to keep.
#[derive(Clone, Debug)]
pub struct Repertoire(Vec<u32>);

impl Repertoire {
    /// Those that both the text's family and the bold one have.
    ///
    /// # Errors
    /// [`Error::Font`].
    pub fn of(fonts: &Fonts) -> Result<Self> {
        let bold = code_points(&fonts.bold)?;
        let mut both: Vec<u32> = code_points(&fonts.regular)?.intersection(&bold).copied().collect();
        both.shrink_to_fit();
        Ok(Self(both))
    }

    /// The characters of a text that cannot be printed, each once, in the order of the text.
    #[must_use]
    pub fn lacking(&self, text: &str) -> Vec<char> {
        let mut lacking = Vec::new();
        for (base, _) in characters(text) {
            if self.0.binary_search(&u32::from(base)).is_err() && !lacking.contains(&base) {
                lacking.push(base);
            }
        }
        lacking
    }
}

fn code_points(fonts: &[Loaded]) -> Result<BTreeSet<u32>> {
    let mut all = BTreeSet::new();
    for font in fonts {
        let face = font.face()?;
        for table in face.tables().cmap.iter().flat_map(|cmap| cmap.subtables) {
            if table.is_unicode() {
                // A table may name a character without a glyph for it.
                table.codepoints(|point| {
                    if table.glyph_index(point).is_some() {
                        all.insert(point);
                    }
                });
            }
        }
    }
    Ok(all)
}

impl FontsOnDemand {
    /// Tries every file now, so that a wrong one is told of at the start, and keeps none.
    ///
    /// # Errors
    /// As [`Fonts::load`].
    pub fn new(files: FontFiles) -> Result<Self> {
        Fonts::load(&files)?;
        Ok(Self { files, in_use: Mutex::default() })
    }

    /// The fonts: those that somebody draws with already, otherwise read anew, which blocks for a while. However many
    /// draw at once, they are in memory once.
    ///
    /// # Errors
    /// As [`Fonts::load`].
    pub fn take(&self) -> Result<Arc<Fonts>> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fonts) = in_use.upgrade() {
            return Ok(fonts);
        }
        let fonts = Arc::new(Fonts::load(&self.files)?);
        *in_use = Arc::downgrade(&fonts);
        Ok(fonts)
    }
}

impl Loaded {
    fn read(path: &Path) -> Result<Self> {
        let data = Arc::new(std::fs::read(path).map_err(file_error(path))?);
        let shared: Arc<dyn AsRef<[u8]> + Send + Sync> = data.clone();
        let font = Font::new(shared.into(), 0).ok_or_else(|| Error::Font(path.to_owned()))?;
        let loaded = Self { data, font };
        loaded.face().map_err(|_| Error::Font(path.to_owned()))?;
        Ok(loaded)
    }

    fn face(&self) -> Result<Face<'_>> {
        Face::from_slice(&self.data, 0).ok_or(Error::Malformed("a font"))
    }
}

fn is_selector(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Each character with the variation selector that follows it.
pub(super) fn characters(line: &str) -> Vec<(char, Option<char>)> {
    let mut found: Vec<(char, Option<char>)> = Vec::new();
    for character in line.chars() {
        match found.last_mut() {
            Some((_, selector @ None)) if is_selector(character) => *selector = Some(character),
            _ => found.push((character, None)),
        }
    }
    found
}

/// The first font that has this very form of the character.
pub(super) fn choose(faces: &[Face<'_>], base: char, selector: Option<char>) -> Option<usize> {
    let plain = || faces.iter().position(|face| face.glyph_index(base).is_some());
    let Some(selector) = selector else { return plain() };
    let exact = faces.iter().position(|face| {
        face.glyph_index(base).is_some() && face.glyph_variation_index(base, selector).is_some()
    });
    // No font knows this form: the usual one is the nearest, and what Unicode asks for.
    exact.or_else(plain)
}

fn shaped(face: &Face<'_>, font: &Font, text: String) -> Run {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(&text);
    buffer.guess_segment_properties();
    buffer.set_direction(Direction::LeftToRight);
    let output = rustybuzz::shape(face, &[], buffer);
    let units = font.units_per_em();
    // Advances of glyphs stay far below what f32 holds exactly.
    let scaled = |value: i32| value as f32 / units;
    let (infos, positions) = (output.glyph_infos(), output.glyph_positions());
    let mut glyphs = Vec::with_capacity(infos.len());
    for (index, (info, place)) in infos.iter().zip(positions).enumerate() {
        let next = infos[index..].iter().map(|later| later.cluster).find(|cluster| *cluster != info.cluster);
        let range = info.cluster as usize..next.map_or(text.len(), |cluster| cluster as usize);
        glyphs.push(KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            scaled(place.x_advance),
            scaled(place.x_offset),
            scaled(place.y_offset),
            scaled(place.y_advance),
            range,
            None,
        ));
    }
    let width = positions.iter().map(|place| scaled(place.x_advance)).sum();
    Run { font: font.clone(), text, glyphs, width }
}
