//! Elements that repeat under their name without an element around them; and the one that must not.

use super::{
    FieldProblem, FieldProblemKind, MAX_FIELD_CHARS,
    record::{Record, write_record},
};
use crate::xml_tree::{Element, XmlText};

/// The only element of that name.
pub(crate) fn one_element<'e>(parent: &'e Element, name: &'static str) -> Result<&'e Element, FieldProblem> {
    let mut found = parent.children.iter().filter(|child| child.name == name);
    let first = found.next().ok_or(FieldProblem { element: name, kind: FieldProblemKind::Missing })?;
    match found.next() {
        Some(_) => Err(FieldProblem { element: name, kind: FieldProblemKind::Repeated }),
        None => Ok(first),
    }
}

/// What stands under a name, once or many times; in JSON the items of the array have no name.
fn repeated<'e>(parent: &'e Element, name: &'static str) -> impl Iterator<Item = &'e Element> {
    parent.children.iter().filter(move |child| child.name == name).flat_map(|child| {
        let is_array = child.children.first().is_some_and(|item| item.name.is_empty());
        let is_nothing = child.children.is_empty() && child.text.trim().is_empty();
        if is_array {
            child.children.iter()
        } else {
            std::slice::from_ref(child)[usize::from(is_nothing)..].iter()
        }
    })
}

/// Reads records that repeat without an element around them.
pub(crate) fn read_repeated<R: Record>(parent: &Element, name: &'static str) -> Result<Vec<R>, FieldProblem> {
    repeated(parent, name).map(R::read_fields).collect()
}

/// Reads leaves that repeat.
pub(crate) fn read_texts(parent: &Element, name: &'static str) -> Result<Vec<String>, FieldProblem> {
    let text = |leaf: &Element| match leaf.children.is_empty() && leaf.text.chars().count() <= MAX_FIELD_CHARS
    {
        true => Ok(leaf.text.clone()),
        false => Err(FieldProblem { element: name, kind: FieldProblemKind::Format }),
    };
    repeated(parent, name).map(text).collect()
}

pub(crate) fn write_repeated<R: Record>(out: &mut XmlText, name: &'static str, records: &[R]) {
    records.iter().for_each(|record| write_record(out, name, record));
}

pub(crate) fn write_texts(out: &mut XmlText, name: &'static str, texts: &[String]) {
    texts.iter().for_each(|text| out.leaf(name, text));
}
