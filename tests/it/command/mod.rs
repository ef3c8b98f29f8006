//! Suites with runners of their own: the fixtures, whose truth is known, run as a user runs them.

mod cargo;
mod causes;
mod ctest;
mod endings;
mod go;
mod gtest;
mod javascript;
pub mod kit;
mod libtest;
mod orders;
mod parallel;
mod phpunit;
mod plain;
mod providers;
mod repeats;
mod rspec;
mod told;
mod unittest;
