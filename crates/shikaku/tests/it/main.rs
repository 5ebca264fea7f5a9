//! The program as its users meet it: as a process, through its command line, its pages and its files.

mod audit;
mod authority;
mod authority_of_a_server;
mod beside_a_demo;
mod catalogue;
mod contract;
mod demo;
mod doctor;
mod kill_nine;
mod lines;
mod open_files;
mod pages;
mod population;
mod private;
mod program;
mod register;
mod virtual_card;
mod without_a_place;
mod words;
