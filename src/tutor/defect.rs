//! Bugs on purpose, one or a few lines each at the place where such a bug would really be. They prove that scenarios
//! notice. Only code that holds a [`Defects`] value can switch one on: no flag, variable, setting or request can.

use std::collections::BTreeSet;

/// One built-in bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Defect {
    /// The administrator's reset forgets the health cache: marks of failed calls and Ollama's kept models live on.
    StaleHealth,
    /// The key of the response cache lacks the language, and the reset forgets the cache.
    CacheIgnoresLanguage,
    /// The reset forgets the month's settled costs.
    BudgetCarriedOver,
    /// The reset forgets learners' settings, so that the next learner of the same rank in order of registration
    /// inherits them.
    SettingsCarriedOver,
    /// Provider calls go through a task that lives on the event loop of the first call.
    ClientBoundToFirstLoop,
}

impl Defect {
    /// Every defect.
    pub const ALL: [Self; 5] = [
        Self::StaleHealth,
        Self::CacheIgnoresLanguage,
        Self::BudgetCarriedOver,
        Self::SettingsCarriedOver,
        Self::ClientBoundToFirstLoop,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::StaleHealth => "stale_health",
            Self::CacheIgnoresLanguage => "cache_ignores_language",
            Self::BudgetCarriedOver => "budget_carried_over",
            Self::SettingsCarriedOver => "settings_carried_over",
            Self::ClientBoundToFirstLoop => "client_bound_to_first_loop",
        }
    }
}

/// The defects that a tutor is built with; usually none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defects(BTreeSet<Defect>);

impl Defects {
    /// A healthy tutor.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether the tutor has this one.
    pub fn has(&self, defect: Defect) -> bool {
        self.0.contains(&defect)
    }
}

impl FromIterator<Defect> for Defects {
    fn from_iter<I: IntoIterator<Item = Defect>>(defects: I) -> Self {
        Self(defects.into_iter().collect())
    }
}

impl From<Defect> for Defects {
    fn from(defect: Defect) -> Self {
        Self::from_iter([defect])
    }
}
