//! Bytes to domain values and back: receipt-computer XML, insurer CSV, terminal API shapes.
//!
//! Every function here is total: hostile bytes give a named error, never a panic. No I/O beyond the readers
//! and writers handed in.

pub mod bulk;
pub mod bulk_csv;
pub mod card_statement;
pub mod charset;
pub mod compose;
pub mod err_file;
pub mod facility;
pub mod file_name;
pub mod institution_certificate;
pub mod insurer_file;
pub mod kana;
pub mod message;
pub mod reader_link;
pub mod receipt;
pub mod strict;
pub mod terminal_api;
mod well_formed;
mod xml_tree;
