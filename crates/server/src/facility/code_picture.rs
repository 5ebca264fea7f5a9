//! 二次元バーコード of an address: on the page, and as SVG, PNG and PDF with the institution's name under it.

use fast_qr::convert::{Builder as _, Shape, svg::SvgBuilder};
use fast_qr::qr::QRBuilder;
use pki::letter::{CodeSheet, Fonts};

/// White around the code, modules, as the standard asks.
const QUIET: usize = 4;
/// Pixels of a module in a PNG: a code of 41 modules is some 5 cm at 300 dpi.
const MODULE_PX: usize = 14;
/// Pixels of a line of text in a PNG.
const TEXT_PX: u32 = 44;
/// Pixels between code, lines and edge.
const GAP_PX: usize = 20;

/// A code that is ready to be drawn.
pub(crate) struct CodePicture {
    /// Rows of modules; `true` is dark.
    modules: Vec<Vec<bool>>,
    on_page: String,
}

/// What stands under a code.
#[derive(Clone, Copy)]
pub(crate) struct Caption<'a> {
    /// The institution's name.
    pub(crate) institution_name: &'a str,
    /// What the address is for, e.g. 訪問診療等.
    pub(crate) purpose: &'a str,
}

impl CodePicture {
    /// `None` when the address does not fit into a code.
    pub(crate) fn new(address: &str) -> Option<Self> {
        let code = QRBuilder::new(address).build().ok()?;
        let row = |line: usize| (0..code.size).map(|column| code[line][column].value()).collect();
        let on_page = SvgBuilder::default().margin(QUIET).shape(Shape::Square).to_str(&code);
        Some(Self { modules: (0..code.size).map(row).collect(), on_page })
    }

    /// For the page itself.
    pub(crate) fn on_page(&self) -> &str {
        &self.on_page
    }

    /// As a picture that can be printed at any size.
    pub(crate) fn svg(&self, caption: Caption<'_>) -> String {
        let side = self.modules.len() + 2 * QUIET;
        let height = side + 8;
        let mut dark = String::new();
        for (line, row) in self.modules.iter().enumerate() {
            for (column, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
                dark.push_str(&format!("M{} {}h1v1h-1z", column + QUIET, line + QUIET));
            }
        }
        let text = |y: usize, size: &str, line: &str| {
            format!(
                "<text x=\"{}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"middle\" textLength=\"{}\" \
                 lengthAdjust=\"spacingAndGlyphs\" font-family=\"'BIZ UDPGothic','Yu Gothic UI',sans-serif\">{}</text>",
                side as f32 / 2.0,
                text_width(line, size, side),
                escaped(line)
            )
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {height}\" \
             width=\"{}mm\" height=\"{}mm\"><rect width=\"{side}\" height=\"{height}\" fill=\"#fff\"/>\
             <path d=\"{dark}\" fill=\"#000\" shape-rendering=\"crispEdges\"/>{}{}</svg>\n",
            side * 2,
            height * 2,
            text(side + 2, "3", caption.institution_name),
            text(side + 6, "2.4", &purpose_line(caption)),
        )
    }

    /// As pixels. `None` when a character of the name has no glyph.
    pub(crate) fn png(&self, caption: Caption<'_>, fonts: &Fonts) -> Option<Vec<u8>> {
        let side = (self.modules.len() + 2 * QUIET) * MODULE_PX;
        let room = u32::try_from(side - 2 * GAP_PX).ok()?;
        let lines = [caption.institution_name.to_owned(), purpose_line(caption)];
        let lines: Vec<_> =
            lines.iter().map(|line| fonts.picture(line, TEXT_PX, room).ok()).collect::<Option<_>>()?;
        let text_height: usize = lines.iter().map(|line| line.height + GAP_PX).sum();
        let mut image = Image::white(side, side + text_height + GAP_PX);
        for (line, row) in self.modules.iter().enumerate() {
            for (column, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
                image.square((column + QUIET) * MODULE_PX, (line + QUIET) * MODULE_PX, MODULE_PX);
            }
        }
        let mut y = side;
        for line in &lines {
            let x = (side.saturating_sub(line.width)) / 2;
            for (at, _) in line.dark.iter().enumerate().filter(|(_, dark)| **dark) {
                image.dot(x + at % line.width.max(1), y + at / line.width.max(1));
            }
            y += line.height + GAP_PX;
        }
        Some(image.png())
    }

    /// As a page to hang up or hand out. `None` when a character of the name has no glyph.
    pub(crate) fn pdf(&self, caption: Caption<'_>, address: &str, fonts: &Fonts) -> Option<Vec<u8>> {
        let sheet = CodeSheet {
            title: "マイナ在宅受付Web",
            institution_name: caption.institution_name,
            purpose: caption.purpose,
            address,
            modules: &self.modules,
        };
        sheet
            .pdf(fonts)
            .inspect_err(|error| tracing::warn!(%error, "a sheet with a code could not be drawn"))
            .ok()
    }
}

fn purpose_line(caption: Caption<'_>) -> String {
    format!("マイナ在宅受付Web（{}）", caption.purpose)
}

/// A width that the line keeps whatever font there is, so that a long name never leaves the picture.
fn text_width(line: &str, size: &str, side: usize) -> f32 {
    let size: f32 = size.parse().unwrap_or(3.0);
    let ems: f32 = line.chars().map(|letter| if letter.is_ascii() { 0.6 } else { 1.0 }).sum();
    (ems * size).min(side as f32 - 2.0)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Black and white, one bit a pixel.
struct Image {
    width: usize,
    height: usize,
    dark: Vec<bool>,
}

impl Image {
    fn white(width: usize, height: usize) -> Self {
        Self { width, height, dark: vec![false; width * height] }
    }

    fn dot(&mut self, x: usize, y: usize) {
        if x < self.width && y < self.height {
            self.dark[y * self.width + x] = true;
        }
    }

    fn square(&mut self, x: usize, y: usize, side: usize) {
        for line in y..y + side {
            for column in x..x + side {
                self.dot(column, line);
            }
        }
    }

    /// PNG with stored (not compressed) data: a picture of this size has a hundred kilobytes at most.
    fn png(&self) -> Vec<u8> {
        let mut rows = Vec::with_capacity(self.height * (self.width / 8 + 2));
        for line in self.dark.chunks(self.width.max(1)) {
            // Filter 0: as it is.
            rows.push(0);
            rows.extend(line.chunks(8).map(|bits| {
                // A set bit is white.
                (0..8).fold(0_u8, |byte, at| byte << 1 | u8::from(!bits.get(at).copied().unwrap_or(false)))
            }));
        }
        let size = |value: usize| u32::try_from(value).unwrap_or(0).to_be_bytes();
        let mut header = [size(self.width), size(self.height)].concat();
        // One bit, grey, deflate, the usual filters, not interlaced.
        header.extend([1, 0, 0, 0, 0]);
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        chunk(&mut png, *b"IHDR", &header);
        chunk(&mut png, *b"IDAT", &stored(&rows));
        chunk(&mut png, *b"IEND", &[]);
        png
    }
}

/// A zlib stream of stored blocks.
fn stored(bytes: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 65_535;
    let mut out = vec![0x78, 0x01];
    let blocks = bytes.chunks(BLOCK).count();
    for (number, block) in bytes.chunks(BLOCK).enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(number + 1 == blocks));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    png.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    let begin = png.len();
    png.extend(kind);
    png.extend(data);
    let sum = crc32(&png[begin..]);
    png.extend(sum.to_be_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| {
                if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Caption, CodePicture, crc32, stored};
    use pki::letter::{FontFiles, Fonts};

    #[test]
    fn sums_are_those_of_the_formats() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(stored(b"Wikipedia")[stored(b"Wikipedia").len() - 4..], 0x11E6_0398_u32.to_be_bytes());
    }

    #[test]
    fn a_name_with_markup_stays_text() {
        let picture = CodePicture::new("https://zaitaku.mihon.example/visit/0").expect("it fits");
        let svg =
            picture.svg(Caption { institution_name: "<b>A & \"B\"</b>医院", purpose: "訪問診療等" });
        assert!(svg.contains("&lt;b&gt;A &amp; &quot;B&quot;&lt;/b&gt;医院") && !svg.contains("<b>"));
        assert!(CodePicture::new(&"x".repeat(5_000)).is_none());
    }

    /// Of the packages that the letters need, too.
    fn fonts() -> Fonts {
        let (gothic, noto) = ("/usr/share/fonts/truetype/bizud-gothic", "/usr/share/fonts/opentype/noto");
        let files = FontFiles {
            regular: format!("{gothic}/BIZUDPGothic-Regular.ttf").into(),
            bold: format!("{gothic}/BIZUDPGothic-Bold.ttf").into(),
            fallback: vec![format!("{noto}/NotoSansCJK-Regular.ttc").into()],
            bold_fallback: vec![format!("{noto}/NotoSansCJK-Bold.ttc").into()],
        };
        Fonts::load(&files).expect("apt-get install fonts-morisawa-bizud-gothic fonts-noto-cjk")
    }

    /// How many pixels are dark in each row, of one bit each; the data is stored as it is.
    fn dark_of_rows(png: &[u8], row_bytes: usize) -> Vec<u32> {
        let at = png.windows(4).position(|four| four == b"IDAT").expect("data") + 4;
        let (mut rest, mut rows) = (&png[at + 2..], Vec::new());
        loop {
            let length = usize::from(u16::from_le_bytes([rest[1], rest[2]]));
            rows.extend_from_slice(&rest[5..5 + length]);
            if rest[0] == 1 {
                break;
            }
            rest = &rest[5 + length..];
        }
        rows.chunks(1 + row_bytes).map(|row| row[1..].iter().map(|bits| bits.count_zeros()).sum()).collect()
    }

    /// What somebody reads on a page, without blanks.
    fn text_of(pdf: &[u8]) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("code.pdf");
        std::fs::write(&file, pdf).expect("written");
        let output = std::process::Command::new("pdftotext").arg(&file).arg("-").output();
        let output = output.expect("apt-get install poppler-utils");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text").split_whitespace().collect()
    }

    #[test]
    fn the_name_stands_under_the_code_also_when_it_is_long() {
        let address = "https://zaitaku.mihon.example/visit/7zzzzzzzzzzzzzzzzzzzzzzzzz";
        let picture = CodePicture::new(address).expect("it fits");
        let fonts = fonts();
        let mut below: Vec<Vec<u32>> = Vec::new();
        let long = "医療法人社団 髙橋会 𠮷祥寺駅前内科・消化器内科・在宅療養支援クリニック見本坂分院";
        for institution_name in ["見本坂内科", long] {
            let caption = Caption { institution_name, purpose: "訪問診療等" };
            let png = picture.png(caption, &fonts).expect("drawn");
            let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four"));
            assert_eq!((&png[..8], &png[12..16]), (&b"\x89PNG\r\n\x1a\n"[..], &b"IHDR"[..]));
            assert!(size(20) > size(16), "the text stands below the square");
            let rows = dark_of_rows(&png, size(16) as usize / 8 + usize::from(size(16) % 8 > 0));
            assert_eq!(rows.len(), size(20) as usize);
            let written: Vec<_> = rows[size(16) as usize..].to_vec();
            assert!(written.iter().sum::<u32>() > 1_000, "{institution_name} is not written");
            assert!(!below.contains(&written), "two names look alike");
            below.push(written);
            if let Some(folder) = std::env::var_os("SHIKAKU_SHOW_PICTURES") {
                let path = std::path::Path::new(&folder).join(format!("{}.png", institution_name.len()));
                std::fs::write(path, &png).expect("written");
            }
            let pdf = picture.pdf(caption, address, &fonts).expect("drawn");
            let text = text_of(&pdf);
            let bare: String = institution_name.split_whitespace().collect();
            assert!(text.contains(&bare) && text.contains("訪問診療等"), "{text}");
        }
        // Nobody gets a picture with another name than theirs.
        assert!(
            picture
                .png(Caption { institution_name: "\u{10FFFD}医院", purpose: "訪問診療等" }, &fonts)
                .is_none()
        );
    }
}
