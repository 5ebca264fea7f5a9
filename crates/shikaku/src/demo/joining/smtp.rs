//! A mail server that takes every mail and puts it into the mailbox. Only this machine reaches it.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use super::Mailbox;

/// Longest line of a conversation, bytes.
const LINE_BYTES_MAX: u64 = 8 * 1024;
/// Longest mail, bytes.
const MAIL_BYTES_MAX: usize = 1024 * 1024;
/// Longest silence.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves until the end.
pub(super) async fn serve(listener: TcpListener, mailbox: Mailbox, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let (mailbox, stop) = (mailbox.clone(), stop.clone());
        tokio::spawn(async move {
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                ended = converse(stream, &mailbox) => ended,
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a mail conversation broke off");
            }
        });
    }
}

async fn converse(stream: TcpStream, mailbox: &Mailbox) -> Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    write.write_all(b"220 demo mailbox\r\n").await?;
    loop {
        let line = line(&mut read).await?;
        let command = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match command.as_slice() {
            b"EHLO" => b"250-demo\r\n250 8BITMIME\r\n",
            b"HELO" | b"MAIL" | b"RCPT" | b"RSET" | b"NOOP" => b"250 OK\r\n",
            b"DATA" => {
                write.write_all(b"354 end with a dot\r\n").await?;
                let mail = mail(&mut read).await?;
                let mailbox = mailbox.clone();
                tokio::task::spawn_blocking(move || mailbox.put(&mail)).await??;
                b"250 taken\r\n"
            }
            b"QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"500 what?\r\n",
        };
        write.write_all(answer).await?;
    }
}

type Lines = BufReader<tokio::net::tcp::OwnedReadHalf>;

async fn line(read: &mut Lines) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut limited = read.take(LINE_BYTES_MAX);
    let length = tokio::time::timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await??;
    if length == 0 || !line.ends_with(b"\n") {
        bail!("no whole line");
    }
    Ok(line)
}

/// Up to the line with a dot; a dot that begins another line was doubled.
async fn mail(read: &mut Lines) -> Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let line = line(read).await?;
        if line == b".\r\n" {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if mail.len() > MAIL_BYTES_MAX {
            bail!("the mail is too long");
        }
    }
}
