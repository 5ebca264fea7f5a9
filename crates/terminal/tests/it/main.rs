//! The terminal through its public doors: the drop folder and the reader link.

mod answers;
mod centre;
mod certificate;
mod config;
mod counter;
mod cut_line;
mod facility_files;
#[allow(unreachable_pub, reason = "public for the fuzz targets that share it")]
#[path = "../../../../fuzz/bodies/terminal.rs"]
mod fuzz_bodies;
#[allow(unreachable_pub, reason = "shared by several crates")]
#[path = "../../../../fuzz/replay.rs"]
mod fuzz_replay;
mod fuzz_seeds;
mod gateway;
mod hostile;
mod hostile_forms;
mod hostile_staging;
mod issuing_centre;
mod kill;
mod lying_centre;
mod many_files;
mod many_rows;
mod promises;
mod reader_link;
mod reader_report;
mod real_authority;
mod smb;
mod system;
mod trouble;
