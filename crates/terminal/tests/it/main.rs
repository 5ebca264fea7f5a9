//! The terminal through its public doors: the drop folder and the reader link.

mod answers;
mod centre;
mod config;
mod counter;
mod cut_line;
mod hostile;
mod kill;
mod many_files;
mod reader_link;
mod smb;
mod system;
mod trouble;
