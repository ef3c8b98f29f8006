//! What must be seen of each defect.

use crate::app::selfcheck::Expectation;
use crate::tutor::Defect;

/// What must be seen of a defect.
pub fn expectation(defect: Defect) -> Expectation {
    let broken = Expectation::broken;
    match defect {
        Defect::StaleHealth => Expectation::victims("fallback/*", "", "fallback/*", "fallback/*"),
        Defect::CacheIgnoresLanguage => {
            Expectation::victims("conversations/*", "", "conversations/*", "conversations/*")
        }
        Defect::BudgetCarriedOver => Expectation::victims("budget/*", "", "budget/*", "budget/*"),
        Defect::SettingsCarriedOver => Expectation::victims("budget/*", "", "budget/*", "budget/*"),
        Defect::ClientBoundToFirstLoop => Expectation::victims("languages/*", "", "languages/*", "languages/*"),
        Defect::TimeoutCarriedOver => Expectation::victims("faults/*", "", "faults/*", "faults/*"),
        Defect::LimitCarriedOver => Expectation::victims("budget/*", "", "budget/*", "budget/*"),
        Defect::LocalModelByHashMap => Expectation::by_chance("models/*", ""),
        _ => broken("*", ""),
    }
}
