//! What must be seen of each defect.

use crate::app::selfcheck::Expectation;
use crate::model::FindingKind;
use crate::tutor::Defect;

/// What must be seen of a defect. The first pattern is the cases that must be found, the last one all that are run.
#[rustfmt::skip] // A row per defect.
pub fn expectation(defect: Defect) -> Expectation {
    let (broken, victims, by_chance) = (Expectation::broken, Expectation::victims, Expectation::by_chance);
    let leaks = Expectation::leaks;
    match defect {
        // What is carried from case to case.
        Defect::StaleHealth => victims("fallback/*", "", "fallback/*", "fallback/*"),
        Defect::CacheIgnoresLanguage => victims("conversations/*", "cached: expected false, was true", "conversations/*", "conversations/*"),
        Defect::BudgetCarriedOver => victims("budget/*", "used_budget: expected", "budget/*", "budget/*"),
        Defect::SettingsCarriedOver => victims("budget/*", "", "budget/*enforcement*, budget/*override*, budget/automatic-*, budget/remedies-*, budget/calls-that-race-*, budget/used-is-the-sum-*", "budget/*"),
        Defect::ClientBoundToFirstLoop => victims("languages/*", "status: expected 200, was 503", "languages/*", "languages/*").with(FindingKind::LoopBound),
        Defect::TimeoutCarriedOver => victims("faults/the-default-timeout-is-patient", "status: expected 200, was 503", "faults/a-hanging-provider-times-out", "faults/the-default-*, faults/a-slow-*, faults/a-hanging-provider-times-out"),
        // Routing.
        Defect::FrenchAsksClaudeFirst => broken("languages/other-use-cases-tie-and-keep-the-tables-order", "provider: expected", "languages/*"),
        Defect::RegionRoutesAsLanguage => broken("languages/any-other-tag-has-claude-alone", "provider: expected", "languages/*"),
        Defect::TieGoesToTheLast => broken("languages/other-use-cases-tie-and-keep-the-tables-order", "provider: expected", "languages/*"),
        Defect::LowBudgetAtTenDollars => broken("languages/low-budget-begins-below-ten-dollars", "provider: expected", "languages/*"),
        // Boundaries.
        Defect::LastCentRefused => broken("budget/an-estimate-that-just-fits-is-admitted", "status: expected 200, was 402", "budget/an-*"),
        Defect::FullBudgetIsRed => broken("budget/alert-boundaries", "alert_level: expected \"CRITICAL\", was \"RED\"", "budget/*"),
        Defect::OverBudgetAtTheLimit => broken("budget/over-budget-is-more-than-the-limit", "is_over_budget: expected false", "budget/*"),
        // Charging.
        Defect::FailedAnswersAreCharged => broken("budget/a-failed-answer-is-not-charged", "used_budget: expected", "budget/a-*"),
        Defect::EstimatesAreCharged => broken("budget/an-answer-is-charged-what-it-used", "cost: expected", "budget/an-*"),
        Defect::CostsRoundedToCents => broken("budget/an-answer-is-charged-what-it-used", "cost: expected", "budget/an-*"),
        Defect::TokensSwapped => broken("budget/an-answer-is-charged-what-it-used", "cost: expected", "budget/an-*"),
        Defect::SettledTwice => broken("budget/real-usage-may-exceed-the-estimate", "used_budget: expected", "budget/r*"),
        Defect::StreamedAnswersAreFree => broken("budget/a-streamed-answer-is-charged-what-it-used", "used_budget: expected", "budget/a-*"),
        Defect::MonthTurnsInAnotherZone => broken("budget/the-month-turns-at-midnight-utc", "used_budget: expected", "budget/the-*"),
        Defect::BudgetCheckedThenTaken => broken("budget/calls-that-race-share-what-is-left", "provider: expected claude: 3, ollama: 5", "budget/*race*"),
        // Trying again.
        Defect::NoFallback => broken("fallback/a-failure-goes-to-ollama-not-to-the-next-cloud-provider", "status: expected 200, was 503", "fallback/a-*"),
        Defect::RateLimitRetried => broken("faults/after-the-cloud-ollama-is-tried-once", "", "faults/after-*, fallback/*"),
        Defect::OverloadTakenForRateLimit => broken("fallback/only-a-429-is-a-rate-limit", "reason: expected \"api_unavailable\", was \"rate_limited\"", "fallback/*"),
        Defect::UnhealthyForever => broken("providers/after-five-minutes-a-provider-is-asked-again", "healthy: expected true, was false", "providers/*"),
        // Caching.
        Defect::CacheIgnoresLearner => broken("conversations/the-cache-is-each-learners-own", "cached: expected false, was true", "conversations/*"),
        Defect::CacheIgnoresPrivacy => broken("conversations/the-cache-keeps-privacy", "cached: expected false, was true", "conversations/*"),
        Defect::CacheNeverExpires => broken("conversations/the-cache-lasts-a-day", "cached: expected false, was true", "conversations/*"),
        // Names and contracts.
        Defect::RetiredModel => broken("providers/each-provider-is-asked-for-its-model", "was \"claude-instant-1.2\"", "providers/*"),
        Defect::RetiredProviderAccepted => broken("providers/the-retired-name-is-refused-with-a-hint", "status: expected 422", "providers/*"),
        Defect::BudgetFieldRenamed => broken("budget/*", "used_budget: expected", "budget/an-*"),
        Defect::ArgumentNotMigrated => broken("models/a-learners-choice-goes-first", "model: expected", "models/*"),
        Defect::LocalModelByHashMap => by_chance("models/a-tie-goes-to-the-name-that-sorts-first", "selected: expected", "models/a-tie-goes-to-the-name-that-sorts-first, models/the-use-case-decides"),
        // Answers that are none.
        Defect::CannedAnswer => broken("faults/a-failing-ollama-is-a-503", "status: expected 503, was 200", "faults/a-failing-*, faults/an-*"),
        Defect::WrongProviderNamed => broken("fallback/a-failure-goes-to-ollama-not-to-the-next-cloud-provider", "provider: expected \"ollama\"", "fallback/*"),
        Defect::LastChunkLost => broken("streaming/an-answer-is-streamed", "text: expected", "streaming/*"),
        Defect::RestartToldTwice => broken("streaming/a-failure-midway-restarts-the-text", "", "streaming/*"),
        // Speech.
        Defect::CannedTranscript => broken("speech/a-failed-transcription-is-a-503", "status: expected 503, was 200", "speech/a-failed-*"),
        Defect::TranscriptChargedTwice => broken("speech/two-transcripts-add-up", "used_budget: expected", "speech/two-*"),
        Defect::VoiceSilentlyReplaced => broken("speech/only-installed-voices-are-asked-for", "voice: expected \"en_US-lessac-medium\"", "speech/only-*"),
        Defect::PiecesInWrongOrder => broken("speech/a-long-text-is-spoken-in-order", "not in the order in which they were spoken", "speech/a-long-*"),
        Defect::SpeechBoundToFirstLoop => victims("speech/*", "status: expected 200, was 503", "speech/*", "speech/speech-goes-on-*, speech/the-voice-that-fits-*").with(FindingKind::LoopBound),
        // Learners.
        Defect::ConversationsOfAnyone => broken("auth/another-learners-conversation-is-not-found", "status: expected 404, was 200", "auth/a*"),
        Defect::LanguagesWithoutToken => broken("auth/nothing-without-a-token", "status: expected 401, was 200", "auth/*"),
        // What is left behind.
        Defect::PollerPerRequest => leaks("providers/each-*", "+1 task per trial", "providers/each-*, providers/s*").with(FindingKind::LoopBound),
        Defect::TimerNeverCancelled => leaks("providers/each-*", "+1 task per trial", "providers/each-*, providers/s*").with(FindingKind::LoopBound),
        Defect::IdleConnectionsNeverReaped => leaks("providers/each-*", "+1 connection per trial over 10 trials: to mock provider", "providers/each-*, providers/s*"),
        Defect::BodyNeverDrained => leaks("fallback/a-failure-goes-to-ollama-not-to-the-next-cloud-provider", "+1 connection per trial over 10 trials: to mock provider", "fallback/a-*"),
        Defect::PoolWithoutLimit => leaks("providers/each-*", "+1 connection per trial over 10 trials: to mock provider", "providers/each-*, providers/s*"),
        Defect::TemporaryFilePerRequest => leaks("providers/each-*", "+1 temporary file per trial over 10 trials: tutor-call-", "providers/each-*, providers/s*"),
        Defect::ThreadPerRequest => leaks("providers/each-*", "+1 thread per trial over 10 trials: tutor-call-", "providers/each-*, providers/s*"),
        Defect::ListenerLeftOpen => leaks("providers/each-*", "+1 listener per trial", "providers/each-*, providers/s*"),
        Defect::ChildLeftRunning => leaks("providers/each-*", "+1 child process per trial over 10 trials: sleep", "providers/each-*, providers/s*"),
        Defect::MemoryPerRequest => leaks("providers/each-*", "KiB of memory per trial", "providers/each-*, providers/s*"),
        // No bugs: nothing of them is to be seen, so that nothing can be expected of a self-check that tries them.
        Defect::BoundedPool | Defect::CacheFilledOnce | Defect::CacheFilledSlowly | Defect::HelperThread | Defect::TaskThatEndsLater => leaks("", "", "providers/each-*"),
        Defect::TokensNeverExpire => broken("auth/a-token-expires", "status: expected 401, was 200", "auth/a*"),
    }
}
