//! The page: one file that opens from a disk, needs no network, works without JavaScript and better with it.
//!
//! Everything that must be read stands in the HTML, the grid of rounds included (as an SVG of a few paths). A script adds
//! filter, sort, the copy buttons, and the highlighting of a case and its polluters over all rounds; for that it gets the
//! orders in a compact text form. Templates, style and script are files under `templates/`.

mod card;
mod colours;
mod difference;
mod grid;
mod hosts;
mod matrix;
mod page;
mod sides;

pub use page::html;
