//! Where the system's library was missing at the build, readers say so.

use card::transport::{PcscTransport, TransportError};

#[test]
fn a_program_without_readers_says_so() {
    assert_eq!(PcscTransport::connect(None).err(), Some(TransportError::NotBuiltIn));
}
