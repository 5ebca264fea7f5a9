//! 回線認証 (`www.lineauth.mnw`): the page that says whether a line is connected and connects it, and the gate that
//! lets requests through by their line.
//!
//! * [`lines`]: how the lines in use stand, in memory, so that no request waits for the database;
//! * [`slot`]: one line as one institution uses it;
//! * [`page`]: the page with 「希望する」 and 「希望しない」;
//! * [`presses`]: how often a line may change its mind.
//!
//! The address is that of the connection, never one that a header tells. A line says where a request comes from and
//! never who asks: that says the client certificate, and the line must be that institution's own.

pub mod lines;
mod page;
pub mod presses;
pub mod slot;

pub use lines::{LinePass, Lines};
pub use page::site;
pub use slot::LineRefusal;
