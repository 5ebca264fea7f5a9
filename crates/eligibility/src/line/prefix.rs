//! Address prefixes (CIDR), IPv4 and IPv6 alike.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The shortest IPv4 prefix one line may have: shorter would be a whole carrier.
pub const SHORTEST_V4: u8 = 16;
/// The shortest IPv6 prefix one line may have: shorter would be a whole carrier.
pub const SHORTEST_V6: u8 = 40;

/// The addresses of one line: a network address and how many leading bits of it count. Written `2001:db8:1::/48`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressPrefix {
    network: IpAddr,
    length: u8,
}

/// A text that is not the prefix of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrefix {
    /// Not `address/length`.
    #[error("expected ADDRESS/LENGTH, e.g. 2001:db8:1::/48")]
    Form,
    /// The length does not fit the address.
    #[error("the length is at most 32 for IPv4 and 128 for IPv6")]
    Length,
    /// So short that it is no single line.
    #[error("a line's prefix has at least {SHORTEST_V4} (IPv4) or {SHORTEST_V6} (IPv6) bits")]
    TooWide,
    /// Bits beyond the length are set: the writer may have meant another length.
    #[error("the address has bits beyond the length of the prefix")]
    HostBits,
}

impl AddressPrefix {
    /// Reads `address/length`. An IPv4 address written inside IPv6 (`::ffff:192.0.2.0/120`) is taken as IPv4.
    ///
    /// # Errors
    /// [`InvalidPrefix`] names what is wrong; nothing is rounded silently.
    pub fn parse(text: &str) -> Result<Self, InvalidPrefix> {
        let (address, length) = text.trim().split_once('/').ok_or(InvalidPrefix::Form)?;
        let address: IpAddr = address.parse().map_err(|_| InvalidPrefix::Form)?;
        let plain = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
        let length: u8 = plain.then(|| length.parse().ok()).flatten().ok_or(InvalidPrefix::Form)?;
        let mapped = address.is_ipv6() && address.to_canonical().is_ipv4();
        let length = if mapped { length.checked_sub(96).ok_or(InvalidPrefix::TooWide)? } else { length };
        let prefix = Self::containing(address, length)?;
        if prefix.network == address.to_canonical() { Ok(prefix) } else { Err(InvalidPrefix::HostBits) }
    }

    /// The prefix of this length that holds the address.
    ///
    /// # Errors
    /// [`InvalidPrefix::Length`] or [`InvalidPrefix::TooWide`].
    pub fn containing(address: IpAddr, length: u8) -> Result<Self, InvalidPrefix> {
        let address = address.to_canonical();
        let (bits, shortest) = if address.is_ipv4() { (32, SHORTEST_V4) } else { (128, SHORTEST_V6) };
        if length > bits {
            return Err(InvalidPrefix::Length);
        }
        if length < shortest {
            return Err(InvalidPrefix::TooWide);
        }
        Ok(Self { network: network_of(address, length), length })
    }

    /// Whether the address lies in the prefix. A listener for both families names IPv4 peers
    /// `::ffff:a.b.c.d`; they are taken as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        network_of(address.to_canonical(), self.length) == self.network
    }

    /// Whether some address lies in both: two lines must never overlap.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.network) || other.contains(self.network)
    }

    /// The first address of the prefix.
    #[must_use]
    pub const fn network(&self) -> IpAddr {
        self.network
    }

    /// How many leading bits count.
    #[must_use]
    pub const fn length(&self) -> u8 {
        self.length
    }
}

/// The address with every bit beyond `length` cleared.
fn network_of(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

impl TryFrom<String> for AddressPrefix {
    type Error = InvalidPrefix;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
impl std::str::FromStr for AddressPrefix {
    type Err = InvalidPrefix;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
impl From<AddressPrefix> for String {
    fn from(prefix: AddressPrefix) -> Self {
        prefix.to_string()
    }
}
impl std::fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}
