//! A sheet with the 二次元バーコード of an address, to hang up or hand out.

use super::canvas::{self, Canvas, Frame, Ink, PAGE_WIDTH, Style};
use super::fonts::Fonts;
use crate::{Error, Result};

/// Side of the code, millimetres: read from half a metre away.
const SIDE: f32 = 90.0;
const TOP: f32 = 90.0;
const LEFT: f32 = 20.0;
/// Most modules on a side that a code can have.
const MODULES_MAX: usize = 177;

/// The sheet's content.
#[derive(Clone)]
pub struct CodeSheet<'a> {
    /// What the address leads to.
    pub title: &'a str,
    /// 医療機関等名称.
    pub institution_name: &'a str,
    /// What it is for, e.g. 訪問診療等.
    pub purpose: &'a str,
    /// The address, in letters.
    pub address: &'a str,
    /// Rows of the code's modules; `true` is dark.
    pub modules: &'a [Vec<bool>],
}

impl CodeSheet<'_> {
    /// The sheet as PDF.
    ///
    /// # Errors
    /// [`Error::Name`] for a code that is none; [`Error::Glyph`] for a character no font has.
    pub fn pdf(&self, fonts: &Fonts) -> Result<Vec<u8>> {
        if self.modules.is_empty() || self.modules.len() > MODULES_MAX {
            return Err(Error::Name("the code"));
        }
        canvas::document(self.title, self.institution_name, fonts, |page| self.draw(page))
    }

    fn draw(&self, page: &mut Canvas<'_, '_>) -> Result<()> {
        let width = PAGE_WIDTH - 2.0 * LEFT;
        page.centred(44.0, Style::bold(26.0), self.title)?;
        page.centred(58.0, Style::text(16.0), self.purpose)?;
        // Modules of a code are few hundred at most.
        let module = SIDE / self.modules.len() as f32;
        let left = (PAGE_WIDTH - SIDE) / 2.0;
        for (line, row) in self.modules.iter().enumerate() {
            for (column, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
                page.filled(Frame {
                    x: left + column as f32 * module,
                    y: TOP + line as f32 * module,
                    width: module,
                    height: module,
                });
            }
        }
        let name = Style::bold(20.0);
        let room = page.width(name, self.institution_name)?.min(width);
        page.fitted((PAGE_WIDTH - room) / 2.0, TOP + SIDE + 22.0, width, name, self.institution_name)?;
        let address = Style::text(9.0);
        let room = page.width(address, self.address)?.min(width);
        page.fitted((PAGE_WIDTH - room) / 2.0, TOP + SIDE + 34.0, width, address, self.address)?;
        page.line((LEFT, 250.0), (PAGE_WIDTH - LEFT, 250.0), 0.15, Ink::Grey);
        let note = "スマートフォンなどのカメラで読み取ってください。マイナンバーカードと、4桁の暗証番号をご用意ください。";
        page.paragraph((LEFT, 258.0), width, 5.6, Style::text(10.0), note).map(drop)
    }
}
