//! Sends commands and does what every command needs: GET RESPONSE, wrong Le, reading whole files.

use zeroize::Zeroizing;

use crate::apdu::{Command, LE_SHORT_MAX, Response, StatusWord, ins};
use crate::session::SessionError;
use crate::tlv;
use crate::transport::{CardTransport, Disposition};

/// The largest file that is read; the card's own are a few kilobytes.
const MAX_FILE: usize = 32 * 1024;
/// Parts of one answer that are fetched by GET RESPONSE before the card is called broken.
const MAX_PARTS: usize = 256;
/// Bytes read first to learn a file's length: a tag of up to three and a length of up to three.
const HEADER: u32 = 7;

pub(crate) struct Client<T: CardTransport> {
    transport: T,
}

impl<T: CardTransport> Client<T> {
    pub(crate) fn new(transport: T) -> Self {
        Self { transport }
    }

    pub(crate) fn disconnect(&mut self, disposition: Disposition) -> Result<(), SessionError> {
        Ok(self.transport.disconnect(disposition)?)
    }

    /// Sends one command and completes its answer: `61xx` is fetched, `6Cxx` is asked again with that length.
    pub(crate) fn send(&mut self, command: &Command) -> Result<Response, SessionError> {
        let mut response = self.transmit(command)?;
        // A secret is sent once, whatever the card answers.
        let may_repeat = !matches!(command.ins, ins::VERIFY | ins::CHANGE_PIN);
        if response.status.0 >> 8 == 0x6C && may_repeat {
            let exact = short_length(response.status);
            response = self.transmit(&command.clone().le(exact))?;
        }
        let mut data = std::mem::take(&mut *response.data);
        for _ in 0..MAX_PARTS {
            if response.status.0 >> 8 != 0x61 {
                return Ok(Response { data: Zeroizing::new(data), status: response.status });
            }
            let more = Command::new(0x00, ins::GET_RESPONSE, 0, 0).le(short_length(response.status));
            response = self.transmit(&more)?;
            data.extend_from_slice(&response.data);
        }
        Err(SessionError::BadFile("an answer without end"))
    }

    /// Sends one command that must succeed.
    pub(crate) fn expect(
        &mut self,
        doing: &'static str,
        command: &Command,
    ) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        let response = self.send(command)?;
        match response.status {
            StatusWord::OK => Ok(response.data),
            StatusWord::SECURITY_STATUS => Err(SessionError::PinRequired),
            status => Err(SessionError::Status { doing, status }),
        }
    }

    /// Reads the selected file: as much as the element at its beginning says.
    pub(crate) fn read_selected(&mut self) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        let mut file = Zeroizing::new(self.read_at(0, HEADER)?.to_vec());
        let total =
            tlv::total_length(&file).map_err(|_| SessionError::BadFile("no length at its beginning"))?;
        if total > MAX_FILE {
            return Err(SessionError::BadFile("too long"));
        }
        file.truncate(total);
        while file.len() < total {
            let wanted = LE_SHORT_MAX.min((total - file.len()) as u32);
            let part = self.read_at(file.len(), wanted)?;
            if part.is_empty() {
                return Err(SessionError::BadFile("shorter than it says"));
            }
            file.extend_from_slice(&part);
            file.truncate(total);
        }
        Ok(file)
    }

    fn read_at(&mut self, offset: usize, length: u32) -> Result<Zeroizing<Vec<u8>>, SessionError> {
        let [p1, p2] = (offset as u16).to_be_bytes();
        let command = Command::new(0x00, ins::READ_BINARY, p1, p2).le(length);
        let response = self.send(&command)?;
        match response.status {
            StatusWord::OK | StatusWord::END_OF_FILE => Ok(response.data),
            StatusWord::SECURITY_STATUS => Err(SessionError::PinRequired),
            status => Err(SessionError::Status { doing: "read the file", status }),
        }
    }

    fn transmit(&mut self, command: &Command) -> Result<Response, SessionError> {
        let bytes = command.write()?;
        let response = Response::parse(&Zeroizing::new(self.transport.transmit(&bytes)?))?;
        // Headers and lengths only: bodies may be secrets or a person's data.
        tracing::trace!(target: "card::apdu", ?command, ?response);
        Ok(response)
    }
}

fn short_length(status: StatusWord) -> u32 {
    match status.0 & 0xFF {
        0 => LE_SHORT_MAX,
        length => u32::from(length),
    }
}

/// What stands before a SHA-256 digest when it is signed with PKCS #1 v1.5.
pub(crate) const DIGEST_INFO_SHA256: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// The 51 bytes the card pads and signs for this text.
pub(crate) fn digest_info_sha256(text: &[u8]) -> Vec<u8> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text);
    [&DIGEST_INFO_SHA256[..], digest.as_ref()].concat()
}
