//! The OQSCD code tables (annex 5-1): each a closed enum with its code and its Japanese label.
//!
//! Reading an unknown code is an error at the edge (`wire` decides what to tolerate); inside the domain
//! only known values exist.

/// A code outside its table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{table}: unknown code {code:?}")]
pub struct UnknownCode {
    /// The table, e.g. `OQSCD006`.
    pub table: &'static str,
    /// What was read.
    pub code: String,
}

/// Declares one table: the enum, `code()`, `label()`, `from_code()`, `ALL`, and serde as the code text.
macro_rules! code_table {
    ($(#[$meta:meta])* $name:ident = $table:literal { $($(#[$vmeta:meta])* $variant:ident = $code:literal $label:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* #[doc = $label] $variant,)+ }

        impl $name {
            /// The table's official id.
            pub const TABLE: &'static str = $table;
            /// Every value, in table order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as written in messages.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $(Self::$variant => $code,)+ } }

            /// The Japanese label.
            #[must_use]
            pub const fn label(self) -> &'static str { match self { $(Self::$variant => $label,)+ } }

            /// Reads a code.
            ///
            /// # Errors
            /// [`UnknownCode`] when the table has no such code.
            pub fn from_code(code: &str) -> Result<Self, UnknownCode> {
                match code { $($code => Ok(Self::$variant),)+ _ => Err(UnknownCode { table: $table, code: code.to_owned() }) }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(self.code()) }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let code = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                Self::from_code(&code).map_err(serde::de::Error::custom)
            }
        }
    };
}

mod assistance;
mod care;
mod eligibility;

pub use assistance::*;
pub use care::*;
pub use eligibility::*;
