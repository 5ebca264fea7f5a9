//! Plays a simulated card into vpcd, the virtual reader of pcscd: every PC/SC program then sees a card.
//!
//! The card dials the reader (vpcd listens). Messages are a big-endian 16-bit length and that many bytes;
//! one-byte messages are power off (0), power on (1), reset (2) and "what is your ATR" (4), which alone of
//! them is answered; everything else is a command APDU, answered by the response APDU.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::simulator::SharedCard;

/// Where vpcd listens for the card of its first slot.
pub const DEFAULT_PORT: u16 = 35963;
/// How long to wait before dialling again.
const RETRY: Duration = Duration::from_millis(200);
/// How often a waiting connection looks whether it should stop.
const POLL: Duration = Duration::from_millis(200);
/// How long a reader may take to accept a connection.
const DIAL: Duration = Duration::from_secs(2);

/// What happened to the bridge, for whoever shows it to people.
#[derive(Debug)]
pub enum BridgeEvent {
    /// The reader took the card.
    Inserted,
    /// The reader cannot be reached, or ended the connection; dialled again shortly.
    Waiting(io::Error),
}

/// Keeps the card in the reader at `reader` until `stop` is set: dials again whenever the connection ends.
/// Blocks; give it a thread of its own.
pub fn run(card: &SharedCard, reader: SocketAddr, stop: &AtomicBool, mut tell: impl FnMut(BridgeEvent)) {
    let mut was_waiting = false;
    while !stop.load(Ordering::Relaxed) {
        let outcome = TcpStream::connect_timeout(&reader, DIAL).and_then(|stream| {
            was_waiting = false;
            tell(BridgeEvent::Inserted);
            serve(card, stream, stop)
        });
        if let Ok(mut card) = card.lock() {
            card.power_off();
        }
        if let Err(error) = outcome {
            // Said once, not five times a second.
            if !std::mem::replace(&mut was_waiting, true) {
                tell(BridgeEvent::Waiting(error));
            }
            std::thread::sleep(RETRY);
        }
    }
}

/// Answers one connection until it ends (an error) or `stop` is set.
fn serve(card: &SharedCard, mut stream: TcpStream, stop: &AtomicBool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(POLL))?;
    let mut length = [0; 2];
    while read_exact(&mut stream, &mut length, stop)? {
        let mut message = Zeroizing::new(vec![0; usize::from(u16::from_be_bytes(length))]);
        if !read_exact(&mut stream, &mut message, stop)? {
            break;
        }
        let Some(answer) = answer(card, &message)? else { continue };
        let size = u16::try_from(answer.len()).map_err(|_| io::Error::other("the answer is too long"))?;
        // One write: two would wait for each other's acknowledgement.
        stream.write_all(&[&size.to_be_bytes()[..], &answer].concat())?;
    }
    Ok(())
}

fn answer(card: &SharedCard, message: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut card = card.lock().map_err(|_| io::Error::other("the simulated card is broken"))?;
    Ok(match message {
        [] => None,
        [0x00 | 0x01] => {
            card.power_off();
            None
        }
        [0x02] => {
            card.warm_reset();
            None
        }
        [0x04] => Some(card.atr().to_vec()),
        apdu => Some(card.process(apdu)),
    })
}

/// Fills the buffer; `false` when `stop` was set meanwhile.
fn read_exact(stream: &mut TcpStream, buffer: &mut [u8], stop: &AtomicBool) -> io::Result<bool> {
    let mut filled = 0;
    while filled < buffer.len() {
        if stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        acknowledge_at_once(stream);
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(error) if is_only_slow(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn is_only_slow(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// vpcd writes length and body separately and waits for the acknowledgement in between: delaying it costs
/// 44 ms a command. The setting wears off, so it is renewed before each read.
fn acknowledge_at_once(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::TcpStreamExt;
        // Slower without it, not wrong.
        let _ = stream.set_quickack(true);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}
