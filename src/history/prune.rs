//! What is too old is forgotten.

use crate::history::{History, HistoryError};
use jiff::Timestamp;

impl History {
    /// Forgets the runs that began before a time, and says how many they were. A file becomes smaller; of a folder, files go.
    ///
    /// # Errors
    /// If it can't be written; then nothing is forgotten.
    pub fn forget_before(&mut self, time: Timestamp) -> Result<u64, HistoryError> {
        if let Some(folder) = self.folder() {
            folder.forget_before(time)?;
        }
        let gone = self.database().write(|database| {
            let gone = database.execute("DELETE FROM runs WHERE started_us < ?1", &[time.as_microsecond().into()])?;
            database.execute("DELETE FROM names WHERE number NOT IN (SELECT name FROM cases)", &[])?;
            Ok(gone)
        })?;
        if gone > 0 {
            self.database().compact()?;
        }
        Ok(gone)
    }
}
