//! XML as the interface uses it: elements and text. Read into a small tree under hard limits, written as text.
//!
//! What is not well-formed XML 1.0 is refused, and so is a DTD, so that there are no entities to expand. Attributes,
//! comments and processing instructions must be well-formed, too, and are then passed over (serialisers put namespace
//! declarations on the root).
//!
//! Taken all the same, because receipt computers write it, or because it says nothing: a byte order mark; a declaration
//! that calls Windows-31J or UTF-8 by another of its names, and none at all (UTF-8 then); blanks before the `>` of a
//! tag (which XML allows); prefixes that no namespace declaration explains (XML 1.0 allows them, namespaces do not);
//! elements that nobody knows.

use quick_xml::{Reader, events::Event};

use crate::{
    charset::{self, GETA, Substitution},
    message::Layout,
    well_formed::{self, is_blank, is_name, is_xml_char},
};

/// Longest message, bytes.
pub(crate) const MAX_MESSAGE_BYTES: usize = 10 * 1024 * 1024;
/// Deepest nesting of elements.
pub(crate) const MAX_DEPTH: usize = 32;
/// Most elements in one message.
pub(crate) const MAX_ELEMENTS: usize = 200_000;
/// Longest bulk result, bytes: ten thousand rows with everything that can stand in one.
const MAX_BULK_RESULT_BYTES: usize = 96 * 1024 * 1024;
/// Most elements in one bulk result.
const MAX_BULK_RESULT_ELEMENTS: usize = 1_000_000;
/// Longest tag with its attributes, bytes.
pub(crate) const MAX_TAG_BYTES: usize = 4 * 1024;
/// Longest element name, bytes.
const MAX_NAME_BYTES: usize = 128;

/// How much of one message is read.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) bytes: usize,
    pub(crate) elements: usize,
}

/// Of every message that comes from outside.
pub(crate) const MESSAGE: Limits = Limits { bytes: MAX_MESSAGE_BYTES, elements: MAX_ELEMENTS };
/// Of the results that answer a bulk file.
pub(crate) const BULK_RESULT: Limits =
    Limits { bytes: MAX_BULK_RESULT_BYTES, elements: MAX_BULK_RESULT_ELEMENTS };

/// Why bytes cannot be read as a message at all. Such a file gets no result, only an `.err` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unreadable {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// More than the size limit.
    #[error("the file is larger than 10 MiB")]
    TooLarge,
    /// The XML declaration names an encoding that is neither UTF-8 nor Shift_JIS.
    #[error("the declared encoding is neither UTF-8 nor Shift_JIS")]
    UnknownEncoding,
    /// A byte order mark says one encoding, the declaration another.
    #[error("byte order mark and declared encoding contradict each other")]
    ContradictoryEncoding,
    /// Bytes that are no characters in the declared encoding, e.g. a truncated multi-byte character.
    #[error("bytes that are no text in the declared encoding")]
    NotText,
    /// A character XML forbids, e.g. NUL.
    #[error("a character that XML forbids")]
    ForbiddenCharacter,
    /// A document type declaration.
    #[error("a document type declaration (DOCTYPE)")]
    Doctype,
    /// An entity other than the five of XML.
    #[error("an entity that XML does not define")]
    Entity,
    /// `&#…;` that names no XML character.
    #[error("a character reference that names no XML character")]
    CharacterReference,
    /// Elements nested too deep.
    #[error("elements are nested deeper than 32")]
    TooDeep,
    /// Too many elements.
    #[error("too many elements")]
    TooManyElements,
    /// A tag with too much in it.
    #[error("a tag is too long")]
    TagTooLong,
    /// Attributes that are not `name="value"`.
    #[error("an attribute is not written as name=\"value\"")]
    Attribute,
    /// Two attributes of the same name in one tag.
    #[error("a tag has an attribute twice")]
    RepeatedAttribute,
    /// An XML declaration that is not the first thing in the file, or not one.
    #[error("the XML declaration does not stand first or is not well-formed")]
    Declaration,
    /// Not well-formed.
    #[error("the XML is not well-formed")]
    NotWellFormed,
    /// Well-formed, but another message.
    #[error("the XML is not a message of this kind")]
    WrongLayout,
}

/// An element: its name, its own text, its children.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), text: String::new(), children: Vec::new() }
    }

    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Reads decoded text as one element with everything below it.
pub(crate) fn parse(text: &str) -> Result<Element, Unreadable> {
    parse_within(text, MAX_ELEMENTS)
}

/// The same with another limit on elements.
pub(crate) fn parse_within(text: &str, most_elements: usize) -> Result<Element, Unreadable> {
    if !text.chars().all(is_xml_char) {
        return Err(Unreadable::ForbiddenCharacter);
    }
    let mut reader = Reader::from_str(text);
    let mut tree = Tree { open: Vec::new(), root: None, elements: 0, most_elements };
    loop {
        let at = reader.buffer_position();
        match reader.read_event().map_err(|_| Unreadable::NotWellFormed)? {
            Event::Start(tag) => {
                tree.open(tag.name().as_ref(), tag.len())?;
                well_formed::attributes(tag.attributes_raw())?;
            }
            Event::Empty(tag) => {
                tree.open(tag.name().as_ref(), tag.len())?;
                well_formed::attributes(tag.attributes_raw())?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) if text.contains("]]>") => return Err(Unreadable::NotWellFormed),
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::CData(text) => tree.characters(&text.xml10_content())?,
            Event::GeneralRef(name) => {
                let c = well_formed::referred(&name)?;
                tree.characters(c.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(Unreadable::Doctype),
            Event::Comment(comment) => well_formed::comment(&comment)?,
            Event::PI(instruction) => well_formed::instruction(&instruction)?,
            Event::Decl(_) if at > 0 => return Err(Unreadable::Declaration),
            Event::Decl(declaration) => well_formed::declaration(&declaration)?,
            Event::Eof => return tree.finish(),
        }
    }
}

/// The tree under construction.
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    most_elements: usize,
}

impl Tree {
    fn open(&mut self, name: &str, tag_bytes: usize) -> Result<(), Unreadable> {
        if tag_bytes > MAX_TAG_BYTES || name.len() > MAX_NAME_BYTES {
            return Err(Unreadable::TagTooLong);
        }
        if !is_name(name) || self.root.is_some() {
            return Err(Unreadable::NotWellFormed);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Unreadable::TooDeep);
        }
        self.elements += 1;
        if self.elements > self.most_elements {
            return Err(Unreadable::TooManyElements);
        }
        self.open.push(Element::new(name));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        let mut element = self.open.pop().ok_or(Unreadable::NotWellFormed)?;
        if !element.children.is_empty() && element.text.trim().is_empty() {
            element.text = String::new();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    /// Plain text; between the declaration and the root, and behind it, there are blanks only.
    fn text(&mut self, text: &str) -> Result<(), Unreadable> {
        if self.open.is_empty() && is_blank(text) { Ok(()) } else { self.characters(text) }
    }

    /// Text that stands within an element, blank or not: what is behind a reference or in CDATA.
    fn characters(&mut self, text: &str) -> Result<(), Unreadable> {
        let element = self.open.last_mut().ok_or(Unreadable::NotWellFormed)?;
        element.text.push_str(text);
        Ok(())
    }

    fn finish(self) -> Result<Element, Unreadable> {
        if !self.open.is_empty() {
            return Err(Unreadable::NotWellFormed);
        }
        self.root.ok_or(Unreadable::NotWellFormed)
    }
}

/// XML being written. Leaf tags never hold anything but their text.
pub(crate) struct XmlText {
    text: String,
    layout: Layout,
    depth: usize,
    substitutions: Vec<Substitution>,
}

impl XmlText {
    pub(crate) fn new(encoding: &str, layout: Layout) -> Self {
        let mut xml = Self { text: String::with_capacity(4096), layout, depth: 0, substitutions: Vec::new() };
        xml.text.push_str("<?xml version=\"1.0\" encoding=\"");
        xml.text.push_str(encoding);
        xml.text.push_str("\" standalone=\"no\"?>\n");
        xml
    }

    /// Without a declaration, for seeing whether anything is written at all.
    pub(crate) const fn blank() -> Self {
        Self { text: String::new(), layout: Layout::Compact, depth: 0, substitutions: Vec::new() }
    }

    /// Whether nothing was written yet.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn open(&mut self, name: &str) {
        self.indent();
        self.tag("<", name);
        self.end_line();
        self.depth += 1;
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.indent();
        self.tag("</", name);
        self.end_line();
    }

    pub(crate) fn leaf(&mut self, name: &str, text: &str) {
        self.indent();
        self.tag("<", name);
        for c in text.chars() {
            self.escaped(c);
        }
        self.tag("</", name);
        self.end_line();
    }

    pub(crate) fn finish(self) -> (String, Vec<Substitution>) {
        (self.text, self.substitutions)
    }

    fn escaped(&mut self, c: char) {
        match c {
            '&' => self.text.push_str("&amp;"),
            '<' => self.text.push_str("&lt;"),
            '>' => self.text.push_str("&gt;"),
            // A bare CR would be read back as LF.
            '\r' => self.text.push_str("&#13;"),
            c if is_xml_char(c) => self.text.push(c),
            c => {
                self.text.push(GETA);
                charset::note(&mut self.substitutions, c.to_string(), GETA.to_string());
            }
        }
    }

    fn tag(&mut self, start: &str, name: &str) {
        self.text.push_str(start);
        self.text.push_str(name);
        self.text.push('>');
    }

    fn indent(&mut self) {
        if self.layout == Layout::Indented {
            for _ in 0..self.depth {
                self.text.push_str("  ");
            }
        }
    }

    fn end_line(&mut self) {
        if self.layout == Layout::Indented {
            self.text.push('\n');
        }
    }
}
