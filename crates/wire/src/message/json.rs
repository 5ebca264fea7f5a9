//! JSON of messages: the XML's element names as keys, every leaf a string, lists as arrays.
//!
//! Reading goes through the same tree as XML, so unknown keys are tolerated and any order is read.

use serde::{
    Deserialize, Serialize,
    de::{Deserializer, Error, MapAccess, SeqAccess, Visitor},
    ser::Serializer,
};

use super::ResultMessage;
use crate::xml_tree::{Element, MAX_DEPTH, MAX_ELEMENTS};

/// Reads any JSON value as a tree of elements; the top one has no name.
pub(crate) fn element<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Element, D::Error> {
    let mut budget = MAX_ELEMENTS;
    serde::de::DeserializeSeed::deserialize(
        Tree { name: String::new(), depth: MAX_DEPTH, budget: &mut budget },
        deserializer,
    )
}

struct Tree<'b> {
    name: String,
    depth: usize,
    budget: &'b mut usize,
}

impl Tree<'_> {
    /// A tree one level down, taking one element from the budget.
    fn below<E: Error>(&mut self, name: String) -> Result<Tree<'_>, E> {
        if self.depth == 0 || *self.budget == 0 {
            return Err(E::custom("too deep or too many elements"));
        }
        *self.budget -= 1;
        Ok(Tree { name, depth: self.depth - 1, budget: &mut *self.budget })
    }

    fn leaf(self, text: String) -> Element {
        Element { name: self.name, text, children: Vec::new() }
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Tree<'_> {
    type Value = Element;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Element, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Element;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object, an array or a text")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Element, E> {
        Ok(self.leaf(text.to_owned()))
    }
    fn visit_string<E: Error>(self, text: String) -> Result<Element, E> {
        Ok(self.leaf(text))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Element, E> {
        Ok(self.leaf(number.to_string()))
    }
    fn visit_unit<E: Error>(self) -> Result<Element, E> {
        Ok(self.leaf(String::new()))
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Element, A::Error> {
        let mut children = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            children.push(map.next_value_seed(self.below(key)?)?);
        }
        Ok(Element { name: self.name, text: String::new(), children })
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Element, A::Error> {
        let mut children = Vec::new();
        while let Some(child) = seq.next_element_seed(self.below(String::new())?)? {
            children.push(child);
        }
        Ok(Element { name: self.name, text: String::new(), children })
    }
}

/// A message under its root: `{"XmlMsg": {…}}`.
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct XmlMsg<M> {
    #[serde(rename = "XmlMsg")]
    message: M,
}

/// For `#[serde(with)]`: a result under its root.
pub(crate) mod under_root {
    use super::{Deserialize as _, Deserializer, ResultMessage, Serialize as _, Serializer, XmlMsg};

    pub(crate) fn serialize<S: Serializer>(
        message: &ResultMessage,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        XmlMsg { message }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ResultMessage, D::Error> {
        Ok(XmlMsg::<ResultMessage>::deserialize(deserializer)?.message)
    }
}
