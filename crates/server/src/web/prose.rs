//! Texts that are written in a small part of Markdown and compiled in: procedures and help. A title, headings,
//! paragraphs, numbered steps and points; no markup inside a line, so nothing of a text is ever HTML.

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// `## …`.
    Heading(String),
    /// A line.
    Paragraph(String),
    /// Lines `1. …`.
    Steps(Vec<String>),
    /// Lines `- …`.
    Points(Vec<String>),
    /// A line `![what is seen](pictures/file.png)`.
    Picture {
        /// What is seen, for who does not see it.
        alt: String,
        /// The file's name.
        file: String,
    },
}

/// A text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose {
    /// `# …`.
    pub title: String,
    /// What follows, in order.
    pub blocks: Vec<Block>,
}

impl Prose {
    /// Reads a text. Whatever is not one of the forms above is a paragraph.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut prose = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            prose.line(line);
        }
        prose
    }

    fn line(&mut self, line: &str) {
        if let Some((alt, file)) = picture(line) {
            self.blocks.push(Block::Picture { alt: alt.to_owned(), file: file.to_owned() });
            return;
        }
        let step = line.split_once(". ").filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
        if let Some(rest) = line.strip_prefix("# ") {
            rest.clone_into(&mut self.title);
        } else if let Some(rest) = line.strip_prefix("## ") {
            self.blocks.push(Block::Heading(rest.to_owned()));
        } else if let Some((_, rest)) = step {
            match self.blocks.last_mut() {
                Some(Block::Steps(steps)) => steps.push(rest.to_owned()),
                _ => self.blocks.push(Block::Steps(vec![rest.to_owned()])),
            }
        } else if let Some(rest) = line.strip_prefix("- ") {
            match self.blocks.last_mut() {
                Some(Block::Points(points)) => points.push(rest.to_owned()),
                _ => self.blocks.push(Block::Points(vec![rest.to_owned()])),
            }
        } else {
            self.blocks.push(Block::Paragraph(line.to_owned()));
        }
    }

    /// Everything it says, on one line.
    #[must_use]
    pub fn plain(&self) -> String {
        let said = |block: &Block| match block {
            Block::Heading(text) | Block::Paragraph(text) => text.clone(),
            Block::Steps(lines) | Block::Points(lines) => lines.join(" "),
            Block::Picture { alt, .. } => alt.clone(),
        };
        let body: Vec<String> = self.blocks.iter().map(said).collect();
        format!("{} {}", self.title, body.join(" "))
    }
}

/// What is seen, and in which file.
fn picture(line: &str) -> Option<(&str, &str)> {
    let (alt, file) = line.strip_prefix("![")?.strip_suffix(')')?.split_once("](pictures/")?;
    Some((alt, file)).filter(|_| !alt.is_empty() && !file.contains('/'))
}
