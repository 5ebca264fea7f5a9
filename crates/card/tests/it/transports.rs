//! The in-process transport and the bridge to vpcd, against a reader played by the test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use card::applications::Application;
use card::transport::{CardTransport, Disposition, InProcessTransport, TransportError};
use card::vpcd::{self, BridgeEvent};

use crate::persona::{card, shared};

#[test]
fn an_ended_connection_answers_that_the_card_is_gone() {
    let mut transport = InProcessTransport::new(card());
    assert_eq!(transport.atr().unwrap()[..2], [0x3B, 0xE0]);
    transport.reset().unwrap();
    transport.disconnect(Disposition::Unpower).unwrap();
    assert_eq!(transport.transmit(&[0, 0xA4, 4, 0x0C]), Err(TransportError::Removed));
    assert_eq!(transport.atr(), Err(TransportError::Removed));
    assert_eq!(transport.disconnect(Disposition::Leave), Err(TransportError::Removed));
}

/// The bridge on its thread; stopped and waited for when dropped.
struct Bridge(Arc<AtomicBool>, Option<JoinHandle<Vec<bool>>>);

impl Bridge {
    fn to(listener: &TcpListener) -> Self {
        let (address, stop) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let (card, seen) = (shared(), stop.clone());
        let thread = std::thread::spawn(move || {
            let mut insertions = Vec::new();
            vpcd::run(&card, address, &seen, |event| {
                insertions.push(matches!(event, BridgeEvent::Inserted));
            });
            insertions
        });
        Self(stop, Some(thread))
    }

    fn end(mut self) -> Vec<bool> {
        self.0.store(true, Ordering::Relaxed);
        self.1.take().unwrap().join().unwrap()
    }
}

fn send(stream: &mut TcpStream, message: &[u8]) {
    stream.write_all(&(message.len() as u16).to_be_bytes()).unwrap();
    stream.write_all(message).unwrap();
}

fn ask(stream: &mut TcpStream, message: &[u8]) -> Vec<u8> {
    send(stream, message);
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).unwrap();
    answer
}

#[test]
fn the_bridge_speaks_the_virtual_readers_protocol_and_dials_again() {
    let reader = TcpListener::bind("127.0.0.1:0").unwrap();
    let bridge = Bridge::to(&reader);
    let select = [&[0x00, 0xA4, 0x04, 0x0C, 0x0A], &Application::Jpki.aid()[..]].concat();
    // The last connection stands until the bridge has ended: otherwise it might see the card pulled once more.
    let mut last = None;
    for _ in 0..2 {
        drop(last.take());
        let mut stream = reader.accept().unwrap().0;
        send(&mut stream, &[0x01]);
        assert_eq!(ask(&mut stream, &[0x04]), card::simulator::ATR);
        assert_eq!(ask(&mut stream, &[0x00, 0xB0, 0x88, 0x00, 0x00]), [0x6A, 0x82], "nothing selected yet");
        assert_eq!(ask(&mut stream, &select), [0x90, 0x00]);
        send(&mut stream, &[0x02]);
        assert_eq!(ask(&mut stream, &[0x00, 0xB0, 0x88, 0x00, 0x00]), [0x8F, 0x8F, 0x00, 0x90, 0x00]);
        send(&mut stream, &[0x00]);
        assert_eq!(ask(&mut stream, &[0x00, 0xB0, 0x88, 0x00, 0x00]), [0x6A, 0x82], "power off forgets");
        last = Some(stream);
    }
    assert_eq!(bridge.end(), [true, false, true], "inserted, pulled, inserted again");
    drop(last);
}
