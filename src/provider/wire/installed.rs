//! The models that a local provider has installed.

/// The models that are installed in a case.
pub(crate) struct Installed<'a>(pub(crate) &'a [String]);

impl Installed<'_> {
    /// Whether the case says what is installed.
    pub(crate) fn is_known(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether a model is installed: `x` is `x:latest`.
    pub(crate) fn has(&self, model: &str) -> bool {
        self.0.iter().any(|installed| full_name(installed) == full_name(model))
    }
}

/// A model's name with its tag.
pub(crate) fn full_name(model: &str) -> String {
    if model.contains(':') { model.to_owned() } else { format!("{model}:latest") }
}
