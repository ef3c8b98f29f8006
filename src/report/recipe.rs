//! What each kind of finding means and what usually helps.

use crate::model::FindingKind;

/// What a kind of finding means and what usually helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipe {
    /// The kind of finding that it is for.
    pub kind: FindingKind,
    /// What it means, in a sentence.
    pub means: &'static str,
    /// What it costs to leave it.
    pub impact: &'static str,
    /// What most likely causes it.
    pub usual_cause: &'static str,
    /// What to do, most helpful first.
    pub fix: &'static [&'static str],
}

/// The recipe for a kind of finding.
pub fn recipe(kind: FindingKind) -> Recipe {
    match kind {
        FindingKind::Broken => BROKEN,
        FindingKind::OrderDependent => ORDER_DEPENDENT,
        FindingKind::Intermittent => INTERMITTENT,
        FindingKind::EnvironmentDependent => ENVIRONMENT_DEPENDENT,
        FindingKind::Undiagnosed => UNDIAGNOSED,
        FindingKind::Disagrees => DISAGREES,
        FindingKind::NonIdempotent => NON_IDEMPOTENT,
        FindingKind::LoopBound => LOOP_BOUND,
        FindingKind::Leak => LEAK,
        FindingKind::Skipped => SKIPPED,
    }
}

const BROKEN: Recipe = Recipe {
    kind: FindingKind::Broken,
    means: "The case fails from a fresh start every time: no chance and no order is involved.",
    impact: "Every run is red until the case or the system is put right; while it is red it hides what else it would find.",
    usual_cause: "The system does not do what the case says, or the case says what is no longer wanted.",
    fix: &[
        "Run the command: the same failure shows on the first try.",
        "Compare what was expected with what was there at the place named, and decide which of the two is wrong.",
    ],
};

const ORDER_DEPENDENT: Recipe = Recipe {
    kind: FindingKind::OrderDependent,
    means: "The case's result depends on what ran before it.",
    impact: "It turns red when cases are added, moved, filtered or run side by side, and blames a change that is innocent.",
    usual_cause: "State outlives the case that made it: a module global, a cache, a row, a file, an environment variable, a client \
                  that keeps its connections.",
    fix: &[
        "Look at what the polluter changes and does not put back; undo it there, in a teardown that also runs when it fails.",
        "Let the victim make the state that it relies on itself, instead of relying on what it finds.",
        "If a cleaner is named, what it resets is the state in question.",
    ],
};

const INTERMITTENT: Recipe = Recipe {
    kind: FindingKind::Intermittent,
    means: "The case fails sometimes, and no order makes a difference that can be told.",
    impact: "Every run fails with this probability for no reason that a change could have caused, and people learn to run again.",
    usual_cause: "A race, a timeout that is too close, an unordered collection, the clock, randomness without a seed, or a \
                  shared outside resource.",
    fix: &[
        "Repeat it (`steadfast repro` with `--times 50`) until it shows; a busy machine makes races show more often.",
        "Wait for a condition with a deadline, never for a time; compare sets where order is not promised.",
        "Hand the clock and the seed in, so that the case can fix them.",
    ],
};

const ENVIRONMENT_DEPENDENT: Recipe = Recipe {
    kind: FindingKind::EnvironmentDependent,
    means: "The case's result depends on something outside its process: a file, a port, a clock, a time zone.",
    impact: "It passes on one machine and fails on another, or passes once and fails from then on, whatever the code does.",
    usual_cause: "A file or database at a fixed place that an earlier run left, a port that is still taken, the machine's time zone \
                  or locale.",
    fix: &[
        "Make what it needs anew for each run: a temporary folder, port 0, a database of its own.",
        "Hand the clock, the time zone and the locale in, instead of taking the machine's.",
    ],
};

const UNDIAGNOSED: Recipe = Recipe {
    kind: FindingKind::Undiagnosed,
    means: "The case failed, and was not examined to the end: why it fails is not known yet.",
    impact: "It may be broken, depend on the order, or fail by chance. Nothing is claimed that was not proven.",
    usual_cause: "Time was up, the run was stopped, or more cases failed than there was time to examine.",
    fix: &[
        "Run the command: it goes on from what this run has seen, and examines the case to the end.",
        "Give the run more time (`--max-time`), or mend the findings that are proven first and run again.",
    ],
};

const DISAGREES: Recipe = Recipe {
    kind: FindingKind::Disagrees,
    means: "The suite's own runner, started without steadfast, comes to another result for this case.",
    impact: "Steadfast's surroundings may be what makes the difference, so the case is not accused.",
    usual_cause: "The case depends on how it is started: its arguments, its environment, plugins, the folder that it runs in.",
    fix: &[
        "Compare the two outputs: what differs is what the case depends on.",
        "If nothing of yours explains it, please report it: it may be a fault of steadfast.",
    ],
};

const NON_IDEMPOTENT: Recipe = Recipe {
    kind: FindingKind::NonIdempotent,
    means: "The case passes once and fails where a case runs a second time in the same process.",
    impact: "No order in which each case runs once shows it. It turns up with retries, with `--count`, or once a case is copied.",
    usual_cause: "What the first run leaves behind is in the way of the second: a registered name, a row, a counter.",
    fix: &["Undo in a teardown what the case makes.", "Or make it under a name that is new each time."],
};

const SKIPPED: Recipe = Recipe {
    kind: FindingKind::Skipped,
    means: "The case is skipped in some orders and runs in others.",
    impact: "What it checks is not checked in every run, and nobody is told.",
    usual_cause: "A mark makes it depend on another case's having run before.",
    fix: &[
        "Let the case make what it depends on itself.",
        "Or run the cases that belong together in one case, step by step.",
    ],
};

const LOOP_BOUND: Recipe = Recipe {
    kind: FindingKind::LoopBound,
    means: "The case leaves something behind that belongs to an event loop which has ended.",
    impact: "The next case that touches it fails with \"event loop is closed\" or hangs, in one order and not in another.",
    usual_cause: "A client, pool, lock or queue is made once, on the first loop, and kept in a module global or a singleton.",
    fix: &[
        "Make the client when the loop starts and close it before the loop ends (a lifespan, a fixture of the loop's scope).",
        "Or keep one per loop, keyed by the running loop, and drop it with the loop.",
        "Await the closing: a client that is dropped leaves its connections to the garbage collector.",
    ],
};

const LEAK: Recipe = Recipe {
    kind: FindingKind::Leak,
    means: "The case leaves a resource behind, and more of it with each trial.",
    impact: "A long-lived process runs out of descriptors, threads, tasks or memory, far from the code that leaks.",
    usual_cause: "Something that is opened is not closed on every path: an answer's body not read to its end, a task never joined, \
                  a process never waited for.",
    fix: &[
        "Close it where it is opened, in a form that holds on errors and on cancellation too.",
        "The owner and the place named with the leak are where it was opened.",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_recipe() {
        for kind in FindingKind::ALL {
            assert_eq!(recipe(kind).kind, kind);
            assert!(!recipe(kind).fix.is_empty());
        }
    }
}
