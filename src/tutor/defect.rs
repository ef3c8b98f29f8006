//! Bugs on purpose, one or a few lines each at the place where such a bug would really be. They prove that scenarios
//! notice. Only code that holds a [`Defects`] value can switch one on: no flag, variable, setting or request can.

/// One built-in bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Defect {
    /// The administrator's reset forgets the health cache: marks of failed calls and Ollama's kept models live on.
    StaleHealth,
    /// The key of the response cache lacks the language, and the reset forgets the cache.
    CacheIgnoresLanguage,
    /// The reset forgets the month's settled costs.
    BudgetCarriedOver,
    /// The reset forgets learners' settings, so that the next learner of the same rank in order of
    /// registration inherits them.
    SettingsCarriedOver,
    /// Provider calls go through a task that lives on the event loop of the first call.
    ClientBoundToFirstLoop,
    /// The routing table's row of French has its two candidates the wrong way round.
    FrenchAsksClaudeFirst,
    /// A tag with a region is routed like its language, though the table has no such row.
    RegionRoutesAsLanguage,
    /// Candidates with the same score are tried in the reverse of the table's order.
    TieGoesToTheLast,
    /// The budget is low from 10 USD left, where it should be below: `<=` for `<`.
    LowBudgetAtTenDollars,
    /// An estimate of exactly what is left does not fit: `<` for `<=`.
    LastCentRefused,
    /// The alert is RED at exactly 100 %, where it should be CRITICAL: `>` for `>=`.
    FullBudgetIsRed,
    /// The budget is told to be exceeded at exactly its limit: `>=` for `>`.
    OverBudgetAtTheLimit,
    /// A failed call is charged its estimate.
    FailedAnswersAreCharged,
    /// An answer is charged its estimate, whatever its provider says that it used.
    EstimatesAreCharged,
    /// A cost is rounded to cents before it is charged, so that most answers are free.
    CostsRoundedToCents,
    /// Tokens of prompt and of completion are taken for each other.
    TokensSwapped,
    /// A settlement beyond its estimate is tried again, as after a busy store, though the first one was booked.
    SettledTwice,
    /// The cost of a streamed answer is told and not booked.
    StreamedAnswersAreFree,
    /// A cloud provider that fails is not followed by Ollama.
    NoFallback,
    /// A provider that refused for too many requests is asked again at once.
    RateLimitRetried,
    /// Every status from 429 on is taken for a rate limit.
    OverloadTakenForRateLimit,
    /// The mark of a failed call never ends.
    UnhealthyForever,
    /// The key of the response cache lacks the learner.
    CacheIgnoresLearner,
    /// Where only the local provider may be asked, a cloud provider's cached answer is given all the same.
    CacheIgnoresPrivacy,
    /// Cached answers are given for ever.
    CacheNeverExpires,
    /// The month turns at midnight an hour east of Greenwich.
    MonthTurnsInAnotherZone,
    /// The budget is looked at, then others get their turn, then the estimate is reserved.
    BudgetCheckedThenTaken,
    /// Claude is asked for a model that was retired.
    RetiredModel,
    /// The retired provider name is accepted for the one that replaced it.
    RetiredProviderAccepted,
    /// `used_budget` is called `total_usage` in the budget's status.
    BudgetFieldRenamed,
    /// One of two callers was not told that the choice of a local model needs the learner's own models.
    ArgumentNotMigrated,
    /// Where Ollama fails as well, a canned text is answered with status 200.
    CannedAnswer,
    /// After a fallback the answer names the provider that was tried first.
    WrongProviderNamed,
    /// A stream holds one piece back and forgets it at the end.
    LastChunkLost,
    /// A stream that begins anew says so twice.
    RestartToldTwice,
    /// A conversation is found whoever's it is, and its history goes along.
    ConversationsOfAnyone,
    /// One path asks for no token.
    LanguagesWithoutToken,
    /// A token is good for ever.
    TokensNeverExpire,
    /// The first two local models are compared in the order of a hash map, so that their tie falls by chance.
    LocalModelByHashMap,
    /// A reset forgets the provider timeout.
    TimeoutCarriedOver,
    /// Each call of a provider spawns a task that watches the provider's health and never ends.
    PollerPerRequest,
    /// Each call of a provider sets a timer for an alarm, and nobody cancels it.
    TimerNeverCancelled,
    /// The HTTP client is used first on an event loop that ends at once, and its pool's reaper with it: under a host
    /// name of its own for each call, idle connections add up.
    IdleConnectionsNeverReaped,
    /// The body of a refusal is not read, and its answer is kept: its connection never returns to the pool.
    BodyNeverDrained,
    /// A connection is opened ahead for each call and put aside, however many there are.
    PoolWithoutLimit,
    /// Each call writes a temporary file that nobody takes away.
    TemporaryFilePerRequest,
    /// Each call starts a thread that waits for ever.
    ThreadPerRequest,
    /// Each call opens a port for an answer that never comes.
    ListenerLeftOpen,
    /// Each call starts a program that is never waited for.
    ChildLeftRunning,
    /// Each call keeps a buffer.
    MemoryPerRequest,
    /// Where a recording can't be heard, a canned sentence is answered with status 200.
    CannedTranscript,
    /// A transcript is charged when it comes, and again when it is answered.
    TranscriptChargedTwice,
    /// A voice that a request names is asked for, installed or not: Piper then speaks in its default voice.
    VoiceSilentlyReplaced,
    /// The pieces of a long text are joined the last one first.
    PiecesInWrongOrder,
    /// Piper is asked through a task that lives on the event loop of the first request.
    SpeechBoundToFirstLoop,
    /// No bug, see [`Defect::HARMLESS`]. Connections are opened ahead and kept, four at the most.
    BoundedPool,
    /// No bug. The first call fills a cache of some megabytes.
    CacheFilledOnce,
    /// No bug. Each of the first twenty calls adds some megabytes to a cache.
    CacheFilledSlowly,
    /// No bug. The first call starts a thread that helps all others.
    HelperThread,
    /// No bug. Each call spawns a task that ends 200 ms after the answer.
    TaskThatEndsLater,
}

impl Defect {
    /// Every defect that can be switched on.
    pub const ALL: [Self; 55] = [
        Self::StaleHealth,
        Self::CacheIgnoresLanguage,
        Self::BudgetCarriedOver,
        Self::SettingsCarriedOver,
        Self::ClientBoundToFirstLoop,
        Self::FrenchAsksClaudeFirst,
        Self::RegionRoutesAsLanguage,
        Self::TieGoesToTheLast,
        Self::LowBudgetAtTenDollars,
        Self::LastCentRefused,
        Self::FullBudgetIsRed,
        Self::OverBudgetAtTheLimit,
        Self::FailedAnswersAreCharged,
        Self::EstimatesAreCharged,
        Self::CostsRoundedToCents,
        Self::TokensSwapped,
        Self::SettledTwice,
        Self::StreamedAnswersAreFree,
        Self::NoFallback,
        Self::RateLimitRetried,
        Self::OverloadTakenForRateLimit,
        Self::UnhealthyForever,
        Self::CacheIgnoresLearner,
        Self::CacheIgnoresPrivacy,
        Self::CacheNeverExpires,
        Self::MonthTurnsInAnotherZone,
        Self::BudgetCheckedThenTaken,
        Self::RetiredModel,
        Self::RetiredProviderAccepted,
        Self::BudgetFieldRenamed,
        Self::ArgumentNotMigrated,
        Self::CannedAnswer,
        Self::WrongProviderNamed,
        Self::LastChunkLost,
        Self::RestartToldTwice,
        Self::ConversationsOfAnyone,
        Self::LanguagesWithoutToken,
        Self::TokensNeverExpire,
        Self::LocalModelByHashMap,
        Self::TimeoutCarriedOver,
        Self::PollerPerRequest,
        Self::TimerNeverCancelled,
        Self::IdleConnectionsNeverReaped,
        Self::BodyNeverDrained,
        Self::PoolWithoutLimit,
        Self::TemporaryFilePerRequest,
        Self::ThreadPerRequest,
        Self::ListenerLeftOpen,
        Self::ChildLeftRunning,
        Self::MemoryPerRequest,
        Self::CannedTranscript,
        Self::TranscriptChargedTwice,
        Self::VoiceSilentlyReplaced,
        Self::PiecesInWrongOrder,
        Self::SpeechBoundToFirstLoop,
    ];

    /// What looks like a leak and is none: whoever looks for leaks must not accuse a tutor for one of these.
    pub const HARMLESS: [Self; 5] = [
        Self::BoundedPool,
        Self::CacheFilledOnce,
        Self::CacheFilledSlowly,
        Self::HelperThread,
        Self::TaskThatEndsLater,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::StaleHealth => "stale_health",
            Self::CacheIgnoresLanguage => "cache_ignores_language",
            Self::BudgetCarriedOver => "budget_carried_over",
            Self::SettingsCarriedOver => "settings_carried_over",
            Self::ClientBoundToFirstLoop => "client_bound_to_first_loop",
            Self::FrenchAsksClaudeFirst => "french_asks_claude_first",
            Self::RegionRoutesAsLanguage => "region_routes_as_language",
            Self::TieGoesToTheLast => "tie_goes_to_the_last",
            Self::LowBudgetAtTenDollars => "low_budget_at_ten_dollars",
            Self::LastCentRefused => "last_cent_refused",
            Self::FullBudgetIsRed => "full_budget_is_red",
            Self::OverBudgetAtTheLimit => "over_budget_at_the_limit",
            Self::FailedAnswersAreCharged => "failed_answers_are_charged",
            Self::EstimatesAreCharged => "estimates_are_charged",
            Self::CostsRoundedToCents => "costs_rounded_to_cents",
            Self::TokensSwapped => "tokens_swapped",
            Self::SettledTwice => "settled_twice",
            Self::StreamedAnswersAreFree => "streamed_answers_are_free",
            Self::NoFallback => "no_fallback",
            Self::RateLimitRetried => "rate_limit_retried",
            Self::OverloadTakenForRateLimit => "overload_taken_for_rate_limit",
            Self::UnhealthyForever => "unhealthy_forever",
            Self::CacheIgnoresLearner => "cache_ignores_learner",
            Self::CacheIgnoresPrivacy => "cache_ignores_privacy",
            Self::CacheNeverExpires => "cache_never_expires",
            Self::MonthTurnsInAnotherZone => "month_turns_in_another_zone",
            Self::BudgetCheckedThenTaken => "budget_checked_then_taken",
            Self::RetiredModel => "retired_model",
            Self::RetiredProviderAccepted => "retired_provider_accepted",
            Self::BudgetFieldRenamed => "budget_field_renamed",
            Self::ArgumentNotMigrated => "argument_not_migrated",
            Self::CannedAnswer => "canned_answer",
            Self::WrongProviderNamed => "wrong_provider_named",
            Self::LastChunkLost => "last_chunk_lost",
            Self::RestartToldTwice => "restart_told_twice",
            Self::ConversationsOfAnyone => "conversations_of_anyone",
            Self::LanguagesWithoutToken => "languages_without_token",
            Self::TokensNeverExpire => "tokens_never_expire",
            Self::LocalModelByHashMap => "local_model_by_hash_map",
            Self::TimeoutCarriedOver => "timeout_carried_over",
            Self::PollerPerRequest => "poller_per_request",
            Self::TimerNeverCancelled => "timer_never_cancelled",
            Self::IdleConnectionsNeverReaped => "idle_connections_never_reaped",
            Self::BodyNeverDrained => "body_never_drained",
            Self::PoolWithoutLimit => "pool_without_limit",
            Self::TemporaryFilePerRequest => "temporary_file_per_request",
            Self::ThreadPerRequest => "thread_per_request",
            Self::ListenerLeftOpen => "listener_left_open",
            Self::ChildLeftRunning => "child_left_running",
            Self::MemoryPerRequest => "memory_per_request",
            Self::CannedTranscript => "canned_transcript",
            Self::TranscriptChargedTwice => "transcript_charged_twice",
            Self::VoiceSilentlyReplaced => "voice_silently_replaced",
            Self::PiecesInWrongOrder => "pieces_in_wrong_order",
            Self::SpeechBoundToFirstLoop => "speech_bound_to_first_loop",
            Self::BoundedPool => "bounded_pool",
            Self::CacheFilledOnce => "cache_filled_once",
            Self::CacheFilledSlowly => "cache_filled_slowly",
            Self::HelperThread => "helper_thread",
            Self::TaskThatEndsLater => "task_that_ends_later",
        }
    }
}

/// The defects that a tutor is built with; usually none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Defects(u128);

impl Defects {
    /// A healthy tutor.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether the tutor has this one.
    pub fn has(self, defect: Defect) -> bool {
        self.0 & bit(defect) != 0
    }
}

/// A defect's own bit: there are far fewer defects than bits.
fn bit(defect: Defect) -> u128 {
    1 << defect as u32
}

impl FromIterator<Defect> for Defects {
    fn from_iter<I: IntoIterator<Item = Defect>>(defects: I) -> Self {
        Self(defects.into_iter().fold(0, |bits, defect| bits | bit(defect)))
    }
}

impl From<Defect> for Defects {
    fn from(defect: Defect) -> Self {
        Self::from_iter([defect])
    }
}
