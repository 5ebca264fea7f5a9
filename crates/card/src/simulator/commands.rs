//! What the simulated card answers to each command.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::apdu::{Command, LE_SHORT_MAX, Response, StatusWord, ins};
use crate::applications::{Application, FileId, jpki_files};
use crate::pin::{Pin, PinKind};
use crate::session::DIGEST_INFO_SHA256;
use crate::session::pinless::{
    CERTIFICATE, CERTIFICATE_BODY, CERTIFICATE_BODY_LENGTH, CERTIFICATE_SIGNATURE, CHALLENGE_LABEL,
    CHALLENGE_LENGTH,
};
use crate::simulator::card::{Powered, SimulatedCard};
use crate::simulator::counters::Secret;
use crate::simulator::files::File;
use crate::simulator::signing::{MAX_INPUT, ToSign};
use crate::tlv;

/// The shortest beginning of an application identifier that selects it.
const MIN_AID: usize = 5;
/// The longest secret the card looks at.
const MAX_SECRET: usize = 16;

type Answer = Result<Vec<u8>, StatusWord>;

impl SimulatedCard {
    /// Answers one command. Total: any bytes get an answer, unknown ones without changing the card's state.
    pub fn process(&mut self, apdu: &[u8]) -> Vec<u8> {
        let response = match Command::parse(apdu) {
            Err(_) => Response { data: Zeroizing::new(Vec::new()), status: StatusWord::WRONG_LENGTH },
            Ok(command) if command.ins == ins::READ_BINARY => self.checked(&command, Self::read_binary),
            Ok(command) => self.checked(&command, |card, command| {
                let data = card.dispatch(command)?;
                Ok(Response { data: Zeroizing::new(data), status: StatusWord::OK })
            }),
        };
        response.write()
    }

    fn checked(
        &mut self,
        command: &Command,
        act: impl FnOnce(&mut Self, &Command) -> Result<Response, StatusWord>,
    ) -> Response {
        let class = if command.cla & 0x7F == 0 { Ok(()) } else { Err(StatusWord::UNKNOWN_CLASS) };
        class
            .and_then(|()| act(self, command))
            .unwrap_or_else(|status| Response { data: Zeroizing::new(Vec::new()), status })
    }

    fn dispatch(&mut self, command: &Command) -> Answer {
        match (command.cla, command.ins) {
            (0x00, ins::SELECT) => self.select(command),
            (0x00, ins::READ_RECORD) => self.read_record(command),
            (0x00, ins::VERIFY) => self.verify(command),
            (0x00, ins::CHANGE_PIN) => self.change_pin(command),
            (0x80, ins::SIGN) => self.sign(command),
            (0x00, ins::GET_CHALLENGE) => self.get_challenge(command),
            (0x80, ins::TERMINAL_CERTIFICATE) => self.take_terminal_certificate(command),
            (0x00, ins::EXTERNAL_AUTHENTICATE) => self.external_authenticate(command),
            _ => Err(StatusWord::UNKNOWN_INSTRUCTION),
        }
    }

    fn select(&mut self, command: &Command) -> Answer {
        if !matches!(command.p2, 0x00 | 0x0C) {
            return Err(StatusWord::WRONG_PARAMETERS);
        }
        match command.p1 {
            0x04 => self.select_application(&command.data),
            0x02 => {
                let id = <[u8; 2]>::try_from(&command.data[..]).map_err(|_| StatusWord::WRONG_LENGTH)?;
                self.select_file(FileId::from_be_bytes(id))
            }
            _ => Err(StatusWord::WRONG_PARAMETERS),
        }
        .map(|()| Vec::new())
    }

    fn select_application(&mut self, aid: &[u8]) -> Result<(), StatusWord> {
        let found = Application::ALL.into_iter().find(|application| {
            aid.len() >= MIN_AID
                && application.aid().starts_with(aid)
                && self.files.keys().any(|(owner, _)| owner == application)
        });
        let found = found.ok_or(StatusWord::NOT_FOUND)?;
        if self.powered.application != Some(found) {
            // Leaving an application forgets what was verified in it.
            self.powered = Powered { application: Some(found), ..Powered::default() };
        }
        self.powered.file = None;
        Ok(())
    }

    fn select_file(&mut self, id: FileId) -> Result<(), StatusWord> {
        self.file(id).ok_or(StatusWord::NOT_FOUND)?;
        self.powered.file = Some(id);
        Ok(())
    }

    fn selected(&self) -> Result<&File, StatusWord> {
        self.powered.file.and_then(|id| self.file(id)).ok_or(StatusWord::NO_FILE_SELECTED)
    }

    /// `80` means the selected file, `80 | short identifier` selects one.
    fn refer(&mut self, p2: u8) -> Result<(), StatusWord> {
        match p2 {
            0x80 => Ok(()),
            0x81..=0x9E => self.select_file(FileId::from(p2 & 0x1F)),
            _ => Err(StatusWord::WRONG_PARAMETERS),
        }
    }

    fn read_binary(&mut self, command: &Command) -> Result<Response, StatusWord> {
        if command.cla != 0 {
            return Err(StatusWord::UNKNOWN_INSTRUCTION);
        }
        let wanted = command.le.filter(|_| command.data.is_empty()).ok_or(StatusWord::WRONG_LENGTH)?;
        let offset = if command.p1 & 0x80 == 0 {
            usize::from(u16::from_be_bytes([command.p1, command.p2]))
        } else {
            self.select_file(FileId::from(command.p1 & 0x1F))?;
            usize::from(command.p2)
        };
        let content = match self.selected()? {
            File::Binary { content, opened_by } => {
                let open =
                    opened_by.is_empty() || opened_by.iter().any(|s| self.powered.verified.contains(s));
                if open { content } else { return Err(StatusWord::SECURITY_STATUS) }
            }
            File::Closed => return Err(StatusWord::SECURITY_STATUS),
            _ => return Err(StatusWord::WRONG_FILE_KIND),
        };
        if offset >= content.len() {
            return Err(StatusWord::WRONG_OFFSET);
        }
        let rest = &content[offset..];
        let length = rest.len().min(wanted as usize);
        // "As many as there are" is satisfied by what is there; a number that cannot be met is told.
        let short = length < wanted as usize && wanted != LE_SHORT_MAX;
        let status = if short { StatusWord::END_OF_FILE } else { StatusWord::OK };
        Ok(Response { data: Zeroizing::new(rest[..length].to_vec()), status })
    }

    fn read_record(&mut self, command: &Command) -> Answer {
        if command.p2 & 0x07 != 0x04 {
            return Err(StatusWord::WRONG_PARAMETERS);
        }
        if command.p2 >> 3 != 0 {
            self.select_file(FileId::from(command.p2 >> 3))?;
        }
        match self.selected()? {
            File::Records(records) => {
                let number = usize::from(command.p1).checked_sub(1).ok_or(StatusWord::WRONG_PARAMETERS)?;
                records.get(number).cloned().ok_or(StatusWord::RECORD_NOT_FOUND)
            }
            File::Closed => Err(StatusWord::SECURITY_STATUS),
            _ => Err(StatusWord::WRONG_FILE_KIND),
        }
    }

    fn selected_secret(&mut self, p2: u8) -> Result<Secret, StatusWord> {
        self.refer(p2)?;
        match self.selected()? {
            File::Secret(secret) => Ok(*secret),
            _ => Err(StatusWord::WRONG_FILE_KIND),
        }
    }

    fn verify(&mut self, command: &Command) -> Answer {
        if command.p1 != 0 {
            return Err(StatusWord::WRONG_PARAMETERS);
        }
        let secret = self.selected_secret(command.p2)?;
        let left = self.counters.left(secret);
        if command.data.is_empty() {
            // Also when locked or verified: OpenSC binds to the card only if this is 63Cx.
            return Err(StatusWord::tries_left(left));
        }
        if command.data.len() > MAX_SECRET {
            return Err(StatusWord::WRONG_LENGTH);
        }
        if left == 0 {
            return Err(StatusWord::BLOCKED);
        }
        // The try is used up before the comparison, so that cutting the power in between gains nothing.
        self.set_counter(secret, left - 1);
        self.powered.verified.retain(|verified| *verified != secret);
        let expected = self.secrets.iter().find(|(s, _)| *s == secret).and_then(|(_, value)| value.as_ref());
        let equal = expected.is_some_and(|value| bool::from(value.ct_eq(&command.data)));
        if !equal {
            return Err(StatusWord::tries_left(left - 1));
        }
        self.set_counter(secret, self.full_tries(secret));
        self.powered.verified.push(secret);
        Ok(Vec::new())
    }

    fn change_pin(&mut self, command: &Command) -> Answer {
        if command.p1 != 0x01 {
            return Err(StatusWord::WRONG_PARAMETERS);
        }
        let secret = self.selected_secret(command.p2)?;
        let kind = match secret {
            Secret::AuthPin => PinKind::Authentication,
            Secret::SignPin => PinKind::Signature,
            Secret::TextPin => PinKind::Text,
            _ => return Err(StatusWord::CONDITIONS),
        };
        if !self.powered.verified.contains(&secret) {
            return Err(StatusWord::SECURITY_STATUS);
        }
        let new = std::str::from_utf8(&command.data).ok().and_then(|text| Pin::new(kind, text).ok());
        let new = new.ok_or(StatusWord::WRONG_DATA)?;
        if let Some((_, value)) = self.secrets.iter_mut().find(|(s, _)| *s == secret) {
            *value = Some(Zeroizing::new(new.bytes().to_vec()));
        }
        Ok(Vec::new())
    }

    fn sign(&mut self, command: &Command) -> Answer {
        let input = signing_input(command.p1, &command.data)?;
        let surface_or_text =
            matches!(self.powered.application, Some(Application::Surface | Application::Text));
        if surface_or_text && (command.p1, command.p2) == (0, 0) {
            // Internal authentication: proves that the card is genuine, needs no secret.
            return self.auth_key.sign(&input).ok_or(StatusWord::CONDITIONS);
        }
        self.refer(command.p2)?;
        let verified = |secret| self.powered.verified.contains(&secret);
        let (key, allowed, uses_pinless) = match self.selected()? {
            File::AuthKey => {
                let pin = verified(Secret::AuthPin);
                (Some(&self.auth_key), pin || self.powered.pinless_signature, !pin)
            }
            File::SignKey => (self.sign_key.as_ref(), verified(Secret::SignPin), false),
            _ => return Err(StatusWord::WRONG_FILE_KIND),
        };
        if !allowed {
            return Err(StatusWord::SECURITY_STATUS);
        }
        let signature = key.and_then(|key| key.sign(&input)).ok_or(StatusWord::CONDITIONS)?;
        if uses_pinless {
            self.powered.pinless_signature = false;
        }
        Ok(signature)
    }

    fn get_challenge(&mut self, command: &Command) -> Answer {
        if (command.p1, command.p2) != (0, 0) {
            return Err(StatusWord::WRONG_PARAMETERS);
        }
        let length = command.le.filter(|le| *le <= LE_SHORT_MAX).ok_or(StatusWord::WRONG_LENGTH)?;
        let mut challenge = vec![0; length as usize];
        aws_lc_rs::rand::fill(&mut challenge).map_err(|_| StatusWord::CONDITIONS)?;
        self.powered.challenge = Some(challenge.clone());
        Ok(challenge)
    }

    fn take_terminal_certificate(&mut self, command: &Command) -> Answer {
        if (command.p1, command.p2) != (0x00, 0xC1) {
            return Err(StatusWord::WRONG_PARAMETERS);
        }
        self.powered.terminal_key = None;
        if self.powered.application != Some(Application::Jpki)
            || self.powered.file != Some(jpki_files::TERMINAL_CA)
        {
            return Err(StatusWord::CONDITIONS);
        }
        let (body, signature) = split_certificate(&command.data).ok_or(StatusWord::WRONG_LENGTH)?;
        let root = self.pinless_root.ok_or(StatusWord::CONDITIONS)?;
        UnparsedPublicKey::new(&ED25519, root)
            .verify(body, signature)
            .map_err(|_| StatusWord::WRONG_NO_COUNTER)?;
        let mut key = [0; 32];
        key.copy_from_slice(&body[32..64]);
        self.powered.terminal_key = Some(key);
        Ok(Vec::new())
    }

    fn external_authenticate(&mut self, command: &Command) -> Answer {
        if (command.p1, command.p2) != (0x00, 0x80) {
            return Err(StatusWord::WRONG_PARAMETERS);
        }
        // Both are good for one attempt only.
        let (key, challenge) = (self.powered.terminal_key.take(), self.powered.challenge.take());
        let (Some(key), Some(challenge)) = (key, challenge) else { return Err(StatusWord::CONDITIONS) };
        if challenge.len() != CHALLENGE_LENGTH {
            return Err(StatusWord::CONDITIONS);
        }
        UnparsedPublicKey::new(&ED25519, key)
            .verify(&[CHALLENGE_LABEL, &challenge].concat(), &command.data)
            .map_err(|_| StatusWord::WRONG_NO_COUNTER)?;
        self.powered.pinless_signature = true;
        Ok(Vec::new())
    }
}

/// What is signed, by the way P1 asks for: as given, or hashed and wrapped by the card; from 04 on with PSS.
fn signing_input(p1: u8, data: &[u8]) -> Result<ToSign, StatusWord> {
    if data.is_empty() || (p1 == 0x00 && data.len() > MAX_INPUT) {
        return Err(StatusWord::WRONG_LENGTH);
    }
    let wrapped = |hash: &[u8]| [&DIGEST_INFO_SHA256[..], hash].concat();
    match p1 {
        0x00 => Ok(ToSign::Padded(data.to_vec())),
        0x01 => Ok(ToSign::Padded(digest(&SHA256, data).as_ref().to_vec())),
        0x02 | 0x04 if data.len() != 32 => Err(StatusWord::CONDITIONS),
        0x02 => Ok(ToSign::Padded(wrapped(data))),
        0x03 => Ok(ToSign::Padded(wrapped(digest(&SHA256, data).as_ref()))),
        0x04 => Ok(ToSign::Pss(data.to_vec())),
        0x05 => Ok(ToSign::Pss(digest(&SHA256, data).as_ref().to_vec())),
        _ => Err(StatusWord::WRONG_PARAMETERS),
    }
}

fn split_certificate(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (certificate, rest) = tlv::parse(bytes).ok()?;
    let parts = tlv::parse_all(certificate.value).ok()?;
    match (certificate.tag, rest, parts.as_slice()) {
        (CERTIFICATE, [], [body, signature])
            if body.tag == CERTIFICATE_BODY
                && body.value.len() == CERTIFICATE_BODY_LENGTH
                && signature.tag == CERTIFICATE_SIGNATURE =>
        {
            Some((body.value, signature.value))
        }
        _ => None,
    }
}
