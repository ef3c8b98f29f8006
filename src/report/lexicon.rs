//! Words that reports and the terminal print and that need a sentence, not a recipe: labels, kinds of rounds, ends of a trial.

/// A word with what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The word as it is printed, with `_` for a space.
    pub name: &'static str,
    /// Other forms of it.
    pub forms: &'static [&'static str],
    /// What it means, in sentences.
    pub means: &'static str,
}

const fn word(name: &'static str, means: &'static str) -> Word {
    Word { name, forms: &[], means }
}

const fn forms(name: &'static str, forms: &'static [&'static str], means: &'static str) -> Word {
    Word { name, forms, means }
}

impl Word {
    /// The word of this name or form, or the one of which this is the plural.
    pub(super) fn named(name: &str) -> Option<Self> {
        let find = |name: &str| WORDS.iter().find(|word| word.name == name || word.forms.contains(&name)).copied();
        find(name).or_else(|| name.strip_suffix('s').and_then(find))
    }
}

/// All words: the labels of a finding, what stands around the findings, rounds, ends, and the rest.
pub(super) const WORDS: &[Word] = &[
    // The labels of a finding.
    word("cause", "Who leaves what, so that the case fails, or as much of that as is known."),
    word("where", "The place that failed, and what failed there."),
    word(
        "repeat",
        "The shortest line that shows the finding again: that of the suite's own runner where it was tried and shows it, else \
         one of steadfast's.",
    ),
    word("sure", "How often the case failed under which conditions: what the claim rests on."),
    word("remedy", "What to change. Where putting a state back was tried, it says how the case ended then."),
    word(
        "command",
        "The line with which steadfast shows the finding again, where `repeat` is a line of the suite's own runner.",
    ),
    word("title", "What the case says of itself."),
    word("or", "Another order after which the case fails as well. Behind `next`: what could be done instead."),
    word("hidden", "The case does not fail when one of these runs in between: they are cleaners."),
    word("also", "Other cases that fail for the same cause."),
    word("before_it", "What had run in the round in which the case failed, where no smaller order is known."),
    word("note", "Something to know of the run or of a case that is no finding."),
    forms("owner", &["owned"], "Who owns the file of the case: CODEOWNERS says it."),
    word("held_back", "Who keeps the finding from failing the gate, and until when: its entry in the quarantine."),
    word("new", "No earlier run that the history knows found it."),
    word("known", "Earlier runs found it too. The label `history` says since when, and in how many runs."),
    forms("gone", &["not_seen_again"], "Found by the newest earlier run that found anything, and not by this one."),
    forms("warns", &["warn"], "A finding that is told and does not fail the gate. `--fail-on` says which kinds do."),
    word(
        "confidence",
        "How often, at the least, a claim of this kind is right: 95 % unless `--confidence` says otherwise.",
    ),
    // What stands around the findings.
    word("coverage", "Which ordered pairs of cases were seen: one anywhere before the other, and one right before it."),
    forms("unmeasured", &["not_measured"], "What this run did not measure, and why."),
    word(
        "certainty",
        "How rare a failure could be that the rounds of this run have missed, and how many more would exclude a rarer one.",
    ),
    word("files", "The reports of the run, in its folder below reports/runs."),
    word("next", "What to do now."),
    word("gate", "What decides the exit code: whether a finding, or an entry of the quarantine, fails the run."),
    word(
        "quarantine",
        "Known findings that do not fail the gate until a day. `steadfast quarantine add` holds more of them back.",
    ),
    word("quarantined", "The finding does not fail the gate: an entry of the quarantine holds it back until its day."),
    word(
        "history",
        "What earlier runs of the suite found. `steadfast history` shows it; a finding's label says whether it is known.",
    ),
    forms(
        "flips",
        &["flip"],
        "Tests that failed and passed on one commit, in the results of other runners that `steadfast history import` has read.",
    ),
    word("seed", "The number that all orders of a run are drawn from: the same seed gives the same plan (`--seed`)."),
    word("forecast", "How long a round, and the whole run, is expected to take."),
    word(
        "diagnosed",
        "A failing case was examined, with so many probes: it is known what decides, or what is missing for that.",
    ),
    // Rounds.
    word(
        "round",
        "One order, played once from a fresh start. A finding's label of this name says how often it failed in each kind.",
    ),
    word("trial", "One case in one round."),
    word("case", "What is judged: a test or a scenario."),
    word("declared", "The round in the order in which the cases were loaded."),
    word(
        "reverse",
        "The round in declared order from its end: together with declared, every case has run before every other.",
    ),
    forms(
        "shuffle",
        &["shuffled"],
        "A round in an order drawn from the seed. Only such rounds prove how rare a failure is.",
    ),
    word(
        "twice",
        "A round that runs every case twice in a row, in one process: it shows `non_idempotent`. Where a runner takes another process \
         to run a case again, all cases run once and then once more, in separate processes.",
    ),
    word("alone", "A case that runs by itself, from a fresh start."),
    word(
        "aftermath",
        "A round in which each case runs in a fork of the state that the cases which leave marks have left.",
    ),
    forms(
        "pairs",
        &["pair"],
        "Rounds after which every case has run right after every other one; a pair is two cases in order.",
    ),
    word("permutation", "One of all orders of a few cases."),
    word("changed", "A round of the cases that a change touches, shuffled (`--since`)."),
    word("given", "A round in an order that was given (`--order`)."),
    word("survey", "A round that enters in a ledger what each case leaves open: it says who may leak."),
    word(
        "repeated",
        "A round in which a case that may leak runs several times over: what it leaves must grow to be a leak.",
    ),
    forms(
        "probe",
        &["probing"],
        "A question of the diagnosis: a few cases in one order, the suspect last, from a fresh start.",
    ),
    word("walk", "A question of the diagnosis: after how many cases of an order the suspect begins to fail."),
    // How a trial or a run ended.
    forms(
        "passed",
        &["pass"],
        "Of a trial: every expectation held. Of a run: nothing that it found fails the gate (exit 0).",
    ),
    forms(
        "failed",
        &["fails", "fail"],
        "Of a trial: an expectation did not hold. Of a run: a finding fails the gate (exit 1).",
    ),
    word("errored", "The case could not be carried through: a step could not be made, or a set-up or teardown failed."),
    forms("timed_out", &["timeout"], "The case did not end within its time."),
    forms("crashed", &["crash"], "The process that ran the case ended under it, or never told how the case ended."),
    word("error", "The run could not be made: what is tested did not start, or ended for good (exit 4)."),
    word("interrupted", "The run was stopped before its end. `steadfast run --resume latest` goes on."),
    word("stable", "The case passed in every trial."),
    // What cases leave.
    forms("mark", &["marking"], "What a case leaves changed in the process or beside it."),
    word("temporary_file", "A file in the temporary folder that a case made and left there."),
    word("descriptor", "An open file, pipe or socket of the process."),
    word("connection", "A connection of the process to another one, such as a provider."),
    word("listener", "A socket on which the process waits for connections."),
    word("thread", "A thread of the process that is still there."),
    word("task", "A task of an event loop that is still there."),
    word(
        "process",
        "A process that a case started and that still runs; else the program that runs the cases of a round.",
    ),
    word("memory", "What the process has allocated."),
    // The rest of the glossary.
    word("agreement", "Plain pytest, or another suite's own runner, ends each test as the first round did."),
    word("defect", "A bug that is built into the reference tutor, to be found by `steadfast selfcheck`."),
    word("finding", "What is wrong with a case, with its evidence."),
    word("journal", "events.jsonl, every fact of a run: all reports are made from it."),
    word("minimal", "No case can be taken out of the order without losing the failure."),
    word("repro", "A file with the smallest order that shows a finding; `steadfast repro FILE` plays it."),
];
