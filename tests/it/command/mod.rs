//! Suites with runners of their own: the fixtures, whose truth is known, run as a user runs them.

mod ctest;
mod endings;
mod go;
mod javascript;
mod kit;
mod libtest;
mod orders;
mod providers;
mod rspec;
mod told;
mod unittest;
