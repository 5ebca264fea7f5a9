//! Requests have one form: objects by name and never by position, days as `YYYY-MM-DD` and nothing like it.
//!
//! Whoever signs, logs or compares a request then sees the same as whoever answers it.

use std::{fmt, marker::PhantomData};

use eligibility::{Date, consent::ConsentChoice};
use serde::{
    Deserialize, Deserializer,
    de::{self, value::MapAccessDeserializer},
};

/// The first year a request may name: 明治元年, before which nobody now insured was born.
pub const EARLIEST_YEAR: i16 = 1868;
/// The last year a request may name: the interface has four digits.
pub const LATEST_YEAR: i16 = 9999;

/// A shape whose members serde reads, from an object or from anything else it takes.
pub(crate) trait Members<'de>: Sized {
    /// Reads them.
    fn read<D: Deserializer<'de>>(members: D) -> Result<Self, D::Error>;
}

impl<'de> Members<'de> for ConsentChoice {
    fn read<D: Deserializer<'de>>(members: D) -> Result<Self, D::Error> {
        Self::deserialize(members)
    }
}

/// Reads an object. A list of the members' values, which serde would take too, is refused.
pub(crate) fn object<'de, T: Members<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_map(ObjectOnly(PhantomData))
}

/// Reads a list of objects.
pub(crate) fn objects<'de, T: Members<'de>, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let items = Vec::<Item<T>>::deserialize(from)?;
    Ok(items.into_iter().map(|item| item.0).collect())
}

/// Reads a day: ten characters of ASCII, a day of the calendar, its year within [`EARLIEST_YEAR`]..=[`LATEST_YEAR`].
pub(crate) fn day<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    from.deserialize_str(Day)
}

struct Day;

impl de::Visitor<'_> for Day {
    type Value = Date;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a day as YYYY-MM-DD")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Date, E> {
        // The value is left out: a birthday must not reach a log.
        day_of(text).ok_or_else(|| E::custom("not a day as YYYY-MM-DD"))
    }
}

/// Reads a day that may be absent.
pub(crate) fn optional_day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    day_of(&text).map(Some).ok_or_else(|| de::Error::custom("not a day as YYYY-MM-DD"))
}

fn day_of(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let form = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !form {
        return None;
    }
    let year: i16 = text[..4].parse().ok()?;
    let day = Date::new(year, text[5..7].parse().ok()?, text[8..].parse().ok()?).ok()?;
    (EARLIEST_YEAR..=LATEST_YEAR).contains(&year).then_some(day)
}

struct Item<T>(T);

impl<'de, T: Members<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        object(from).map(Item)
    }
}

struct ObjectOnly<T>(PhantomData<T>);

impl<'de, T: Members<'de>> de::Visitor<'de> for ObjectOnly<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::read(MapAccessDeserializer::new(members))
    }
}

/// Makes shapes that derive serde's traits with `remote = "Self"` readable from objects only.
macro_rules! objects_only {
    ($($shape:ty),+) => {$(
        impl<'de> $crate::strict::Members<'de> for $shape {
            fn read<D: serde::Deserializer<'de>>(members: D) -> Result<Self, D::Error> {
                // The derived function, not the trait's below.
                <$shape>::deserialize(members)
            }
        }

        impl<'de> serde::Deserialize<'de> for $shape {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::strict::object(from)
            }
        }

        impl serde::Serialize for $shape {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                <$shape>::serialize(self, to)
            }
        }
    )+};
}

pub(crate) use objects_only;
