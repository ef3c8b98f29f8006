//! What is too old is forgotten.

use crate::history::{History, HistoryError};
use jiff::Timestamp;

impl History {
    /// Forgets the runs that began before a time, and says how many they were. The file becomes smaller.
    ///
    /// # Errors
    /// If the file can't be written; then nothing is forgotten.
    pub fn forget_before(&mut self, time: Timestamp) -> Result<usize, HistoryError> {
        let path = self.path().to_owned();
        let mut forget = || -> rusqlite::Result<usize> {
            let transaction = self.begin()?;
            let gone = transaction.execute("DELETE FROM runs WHERE started_us < ?1", [time.as_microsecond()])?;
            transaction.execute("DELETE FROM names WHERE number NOT IN (SELECT name FROM cases)", [])?;
            transaction.commit()?;
            if gone > 0 {
                self.connection().execute_batch("VACUUM")?;
            }
            Ok(gone)
        };
        forget().map_err(HistoryError::of(&path))
    }
}
