//! Records: structs whose fields are elements, declared once for reading, writing, JSON and documentation.

use jiff::civil::DateTime;
use serde::ser::{Serialize, SerializeMap, Serializer};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema, schema::Type};

use super::{
    MAX_FIELD_CHARS,
    result::ConsentInfo,
    value::{Code, Leaf, Text},
};
use crate::xml_tree::{Element, XmlText};

/// What is wrong with one element of a message. It never carries the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{element}: {kind}")]
pub struct FieldProblem {
    /// The element's name.
    pub element: &'static str,
    /// What is wrong with it.
    pub kind: FieldProblemKind,
}

/// The ways an element can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblemKind {
    /// Mandatory, but absent or empty.
    #[error("missing")]
    Missing,
    /// Not of the element's format.
    #[error("wrong format")]
    Format,
    /// Longer than the limit.
    #[error("too long")]
    TooLong,
    /// More than once, where it may stand once.
    #[error("given more than once")]
    Repeated,
}

/// A struct that stands in a message as an element with child elements.
pub(crate) trait Record: Sized {
    fn write_fields(&self, out: &mut XmlText);
    fn read_fields(element: &Element) -> Result<Self, FieldProblem>;
}

/// The text of a leaf; `None` when absent or empty.
pub(crate) fn leaf_text<'e>(
    parent: &'e Element,
    name: &'static str,
) -> Result<Option<&'e str>, FieldProblem> {
    let problem = |kind| FieldProblem { element: name, kind };
    let mut found = parent.children.iter().filter(|child| child.name == name);
    let Some(child) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(problem(FieldProblemKind::Repeated));
    }
    if !child.children.is_empty() {
        return Err(problem(FieldProblemKind::Format));
    }
    if child.text.len() > MAX_FIELD_CHARS && child.text.chars().count() > MAX_FIELD_CHARS {
        return Err(problem(FieldProblemKind::TooLong));
    }
    Ok((!child.text.is_empty()).then_some(child.text.as_str()))
}

pub(crate) fn read_optional<T: Leaf>(
    parent: &Element,
    name: &'static str,
) -> Result<Option<T>, FieldProblem> {
    let Some(text) = leaf_text(parent, name)? else { return Ok(None) };
    T::read(text).map(Some).ok_or(FieldProblem { element: name, kind: FieldProblemKind::Format })
}

pub(crate) fn read_required<T: Leaf>(parent: &Element, name: &'static str) -> Result<T, FieldProblem> {
    read_optional(parent, name)?.ok_or(FieldProblem { element: name, kind: FieldProblemKind::Missing })
}

pub(crate) fn read_optional_record<R: Record>(
    parent: &Element,
    name: &'static str,
) -> Result<Option<R>, FieldProblem> {
    let mut found = parent.children.iter().filter(|child| child.name == name);
    let Some(child) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(FieldProblem { element: name, kind: FieldProblemKind::Repeated });
    }
    if child.children.is_empty() && child.text.trim().is_empty() {
        return Ok(None);
    }
    let record = R::read_fields(child)?;
    // Nothing but elements that are not known says as little as an empty one.
    let mut written = XmlText::blank();
    record.write_fields(&mut written);
    Ok((!written.is_blank()).then_some(record))
}

pub(crate) fn read_record<R: Record>(parent: &Element, name: &'static str) -> Result<R, FieldProblem> {
    read_optional_record(parent, name)?.ok_or(FieldProblem { element: name, kind: FieldProblemKind::Missing })
}

/// Reads a list: in XML the items stand inside the list's element under their name; in JSON the items of the
/// array have no name, and hold the item either directly or under its name.
pub(crate) fn read_list<R: Record>(
    parent: &Element,
    list: &'static str,
    item: &'static str,
) -> Result<Vec<R>, FieldProblem> {
    let items = parent.children.iter().filter(|child| child.name == list).flat_map(|child| &child.children);
    let mut records = Vec::new();
    for child in items {
        if child.name == item {
            records.push(R::read_fields(child)?);
        } else if child.name.is_empty() {
            let inner = child.children.iter().find(|inner| inner.name == item);
            records.push(R::read_fields(inner.unwrap_or(child))?);
        }
    }
    Ok(records)
}

pub(crate) fn write_optional<T: Leaf>(out: &mut XmlText, name: &'static str, value: Option<&T>) {
    let Some(value) = value else { return };
    let text = value.text();
    if !text.is_empty() {
        out.leaf(name, &text);
    }
}

pub(crate) fn write_list<R: Record>(
    out: &mut XmlText,
    list: &'static str,
    item: &'static str,
    records: &[R],
) {
    if records.is_empty() {
        return;
    }
    out.open(list);
    for record in records {
        write_record(out, item, record);
    }
    out.close(list);
}

pub(crate) fn write_record<R: Record>(out: &mut XmlText, name: &'static str, record: &R) {
    out.open(name);
    record.write_fields(out);
    out.close(name);
}

pub(crate) fn read_consent(
    parent: &Element,
    names: [&'static str; 3],
) -> Result<Option<ConsentInfo>, FieldProblem> {
    let [flag, consented_at, available_until] = names;
    let Some(flag) = read_optional::<Code<_>>(parent, flag)? else { return Ok(None) };
    let consented_at: Option<DateTime> = read_optional(parent, consented_at)?;
    Ok(Some(ConsentInfo { flag, consented_at, available_until: read_optional(parent, available_until)? }))
}

pub(crate) fn write_consent(out: &mut XmlText, names: [&'static str; 3], consent: Option<&ConsentInfo>) {
    let Some(consent) = consent else { return };
    write_optional(out, names[0], Some(&consent.flag));
    write_optional(out, names[1], consent.consented_at.as_ref());
    write_optional(out, names[2], consent.available_until.as_ref());
}

/// A leaf in JSON: always a string, as in XML.
pub(crate) struct JsonText<'a>(pub(crate) Text<'a>);

impl Serialize for JsonText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A list item in JSON under its own name: `{"Item": {…}}`.
pub(crate) struct Named<'a, R>(pub(crate) &'static str, pub(crate) &'a R);

impl<R: Serialize> Serialize for Named<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, self.1)?;
        map.end()
    }
}

pub(crate) fn json_optional<M: SerializeMap, T: Leaf>(
    map: &mut M,
    name: &'static str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    match value.map(Leaf::text) {
        Some(text) if !text.is_empty() => map.serialize_entry(name, &JsonText(text)),
        _ => Ok(()),
    }
}

pub(crate) fn json_consent<M: SerializeMap>(
    map: &mut M,
    names: [&'static str; 3],
    consent: Option<&ConsentInfo>,
) -> Result<(), M::Error> {
    let Some(consent) = consent else { return Ok(()) };
    json_optional(map, names[0], Some(&consent.flag))?;
    json_optional(map, names[1], consent.consented_at.as_ref())?;
    json_optional(map, names[2], consent.available_until.as_ref())
}

pub(crate) type NamedSchema = (String, RefOr<Schema>);

pub(crate) fn string_schema() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

pub(crate) fn schema_ref<R: utoipa::ToSchema>() -> Ref {
    Ref::from_schema_name(R::name())
}

/// `{"Item": {…}}` as a schema.
pub(crate) fn named_schema<R: utoipa::ToSchema>(name: &'static str) -> ObjectBuilder {
    ObjectBuilder::new().property(name, schema_ref::<R>()).required(name)
}

pub(crate) fn array_of(item: impl Into<RefOr<Schema>>) -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::ArrayBuilder::new().items(item.into()).build()
}

pub(crate) fn push_schema<R: utoipa::ToSchema>(schemas: &mut Vec<NamedSchema>) {
    schemas.push((R::name().into_owned(), R::schema()));
    R::schemas(schemas);
}

/// Declares a record. Each field: how it stands in the message, its Rust name and type, its element.
///
/// `required`, `optional`: a leaf. `record`, `optional_record`: an element with children. `wrapped_list`,
/// `plain_list`: a list element with items; in JSON an array whose items stand under their name, or plain.
/// `repeated`, `texts`: records or leaves that repeat under their name; in JSON an array under it.
/// `consent`: three leaves that share a stem.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident { $(
        $(#[$fmeta:meta])* $kind:ident $field:ident : $ty:ty = $element:literal $(/ $item:literal)?,
    )+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty,)+ }

        impl $crate::message::record::Record for $name {
            fn write_fields(&self, out: &mut $crate::xml_tree::XmlText) {
                $($crate::message::record::field!(write $kind self.$field, out, $element $(, $item)?);)+
            }
            fn read_fields(element: &$crate::xml_tree::Element) -> Result<Self, $crate::message::FieldProblem> {
                Ok(Self { $($field: $crate::message::record::field!(read $kind element, $element $(, $item)?),)+ })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $($crate::message::record::field!(json $kind self.$field, map, $element $(, $item)?);)+
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let element = $crate::message::json::element(deserializer)?;
                $crate::message::record::Record::read_fields(&element).map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let object = utoipa::openapi::ObjectBuilder::new();
                $(let object = $crate::message::record::field!(schema $kind $ty, object, $element $(, $item)?);)+
                object.into()
            }
        }

        impl utoipa::ToSchema for $name {
            #[allow(unused_variables, reason = "a record of leaves has no schemas below it")]
            fn schemas(schemas: &mut Vec<$crate::message::record::NamedSchema>) {
                $($crate::message::record::field!(schemas $kind $ty, schemas);)+
            }
        }
    };
}

/// What each kind of field does, one arm per kind and task.
macro_rules! field {
    (write required $v:expr, $out:ident, $name:literal) => {
        $out.leaf($name, &$crate::message::value::Leaf::text(&$v))
    };
    (write optional $v:expr, $out:ident, $name:literal) => {
        $crate::message::record::write_optional($out, $name, $v.as_ref())
    };
    (write record $v:expr, $out:ident, $name:literal) => {
        $crate::message::record::write_record($out, $name, &$v)
    };
    (write optional_record $v:expr, $out:ident, $name:literal) => {
        if let Some(record) = &$v {
            $crate::message::record::write_record($out, $name, record);
        }
    };
    (write wrapped_list $v:expr, $out:ident, $name:literal, $item:literal) => {
        $crate::message::record::write_list($out, $name, $item, &$v)
    };
    (write plain_list $v:expr, $out:ident, $name:literal, $item:literal) => {
        $crate::message::record::write_list($out, $name, $item, &$v)
    };
    (write repeated $v:expr, $out:ident, $name:literal) => {
        $crate::message::record_repeated::write_repeated($out, $name, &$v)
    };
    (write texts $v:expr, $out:ident, $name:literal) => {
        $crate::message::record_repeated::write_texts($out, $name, &$v)
    };
    (write consent $v:expr, $out:ident, $stem:literal) => {
        $crate::message::record::write_consent(
            $out,
            $crate::message::record::consent_names!($stem),
            $v.as_ref(),
        )
    };

    (read required $e:ident, $name:literal) => {
        $crate::message::record::read_required($e, $name)?
    };
    (read optional $e:ident, $name:literal) => {
        $crate::message::record::read_optional($e, $name)?
    };
    (read record $e:ident, $name:literal) => {
        $crate::message::record::read_record($e, $name)?
    };
    (read optional_record $e:ident, $name:literal) => {
        $crate::message::record::read_optional_record($e, $name)?
    };
    (read wrapped_list $e:ident, $name:literal, $item:literal) => {
        $crate::message::record::read_list($e, $name, $item)?
    };
    (read plain_list $e:ident, $name:literal, $item:literal) => {
        $crate::message::record::read_list($e, $name, $item)?
    };
    (read repeated $e:ident, $name:literal) => {
        $crate::message::record_repeated::read_repeated($e, $name)?
    };
    (read texts $e:ident, $name:literal) => {
        $crate::message::record_repeated::read_texts($e, $name)?
    };
    (read consent $e:ident, $stem:literal) => {
        $crate::message::record::read_consent($e, $crate::message::record::consent_names!($stem))?
    };

    (json required $v:expr, $map:ident, $name:literal) => {
        $map.serialize_entry(
            $name,
            &$crate::message::record::JsonText($crate::message::value::Leaf::text(&$v)),
        )?
    };
    (json optional $v:expr, $map:ident, $name:literal) => {
        $crate::message::record::json_optional(&mut $map, $name, $v.as_ref())?
    };
    (json record $v:expr, $map:ident, $name:literal) => {
        $map.serialize_entry($name, &$v)?
    };
    (json optional_record $v:expr, $map:ident, $name:literal) => {
        if let Some(record) = &$v {
            $map.serialize_entry($name, record)?;
        }
    };
    (json wrapped_list $v:expr, $map:ident, $name:literal, $item:literal) => {
        if !$v.is_empty() {
            let items: Vec<_> =
                $v.iter().map(|record| $crate::message::record::Named($item, record)).collect();
            $map.serialize_entry($name, &items)?;
        }
    };
    (json plain_list $v:expr, $map:ident, $name:literal, $item:literal) => {
        if !$v.is_empty() {
            $map.serialize_entry($name, &$v)?;
        }
    };
    (json repeated $v:expr, $map:ident, $name:literal) => {
        if !$v.is_empty() {
            $map.serialize_entry($name, &$v)?;
        }
    };
    (json texts $v:expr, $map:ident, $name:literal) => {
        if !$v.is_empty() {
            $map.serialize_entry($name, &$v)?;
        }
    };
    (json consent $v:expr, $map:ident, $stem:literal) => {
        $crate::message::record::json_consent(
            &mut $map,
            $crate::message::record::consent_names!($stem),
            $v.as_ref(),
        )?
    };

    (schema required $ty:ty, $o:ident, $name:literal) => {
        $o.property($name, $crate::message::record::string_schema()).required($name)
    };
    (schema optional $ty:ty, $o:ident, $name:literal) => {
        $o.property($name, $crate::message::record::string_schema())
    };
    (schema record $ty:ty, $o:ident, $name:literal) => {
        $o.property($name, $crate::message::record::schema_ref::<$ty>()).required($name)
    };
    (schema optional_record $ty:ty, $o:ident, $name:literal) => {
        $o.property(
            $name,
            $crate::message::record::schema_ref::<<$ty as $crate::message::record::Inner>::Item>(),
        )
    };
    (schema wrapped_list $ty:ty, $o:ident, $name:literal, $item:literal) => {
        $o.property(
            $name,
            $crate::message::record::array_of($crate::message::record::named_schema::<
                <$ty as $crate::message::record::Inner>::Item,
            >($item)),
        )
    };
    (schema plain_list $ty:ty, $o:ident, $name:literal, $item:literal) => {
        $o.property(
            $name,
            $crate::message::record::array_of($crate::message::record::schema_ref::<
                <$ty as $crate::message::record::Inner>::Item,
            >()),
        )
    };
    (schema repeated $ty:ty, $o:ident, $name:literal) => {
        $crate::message::record::field!(schema plain_list $ty, $o, $name, "")
    };
    (schema texts $ty:ty, $o:ident, $name:literal) => {
        $o.property($name, $crate::message::record::array_of($crate::message::record::string_schema()))
    };
    (schema consent $ty:ty, $o:ident, $stem:literal) => {{
        let [flag, at, until] = $crate::message::record::consent_names!($stem);
        $o.property(flag, $crate::message::record::string_schema())
            .property(at, $crate::message::record::string_schema())
            .property(until, $crate::message::record::string_schema())
    }};

    (schemas record $ty:ty, $s:ident) => {
        $crate::message::record::push_schema::<$ty>($s)
    };
    (schemas optional_record $ty:ty, $s:ident) => {
        $crate::message::record::push_schema::<<$ty as $crate::message::record::Inner>::Item>($s)
    };
    (schemas wrapped_list $ty:ty, $s:ident) => {
        $crate::message::record::push_schema::<<$ty as $crate::message::record::Inner>::Item>($s)
    };
    (schemas plain_list $ty:ty, $s:ident) => {
        $crate::message::record::push_schema::<<$ty as $crate::message::record::Inner>::Item>($s)
    };
    (schemas repeated $ty:ty, $s:ident) => {
        $crate::message::record::push_schema::<<$ty as $crate::message::record::Inner>::Item>($s)
    };
    (schemas $kind:ident $ty:ty, $s:ident) => {};
}

/// What an `Option` or a `Vec` holds.
pub(crate) trait Inner {
    type Item;
}
impl<T> Inner for Option<T> {
    type Item = T;
}
impl<T> Inner for Vec<T> {
    type Item = T;
}

macro_rules! consent_names {
    ($stem:literal) => {
        [concat!($stem, "ConsFlg"), concat!($stem, "ConsTime"), concat!($stem, "AvailableTime")]
    };
}

pub(crate) use consent_names;
pub(crate) use field;
pub(crate) use record;
