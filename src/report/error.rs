//! Why a report can't be rendered.

/// Why a report can't be rendered. No run causes these: they say that a format's own machinery is at fault.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The JUnit XML could not be written, or not be read back to complete it.
    #[error("JUnit: {0}")]
    Junit(String),
    /// A buffer could not be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// `report.json` could not be written.
    #[error("report.json: {0}")]
    Json(#[from] serde_json::Error),
    /// A template of the HTML page is wrong.
    #[error("html: {0:#}")]
    Template(#[from] minijinja::Error),
}
