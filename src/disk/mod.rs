//! Files as they must be treated where others can write too: folders of our own that nobody else enters, outputs that
//! destroy nothing, and reads that end.

mod limit;
mod output;
mod private;
mod read;

pub use limit::{Limit, Needs, too_tight};
pub use output::{OutputKind, Refused, append_output, check_output, replace, replace_private, write_output};
pub use private::{
    RANDOM_LETTERS, is_private, make_folder, make_folders, make_report_folders, private_folder, short_name,
    temporary_folder, write_new, write_private,
};
pub use read::{LONGEST_INPUT, LONGEST_RESULT, Unreadable, open_regular, read_bytes, read_text};
