//! What is asked of plain pytest: whether it agrees with the declared round, and whether it shows a finding.

use crate::adapter::pytest::error::PytestError;
use crate::adapter::pytest::{KnownTest, PlainRun, PytestSpec, plain_run};
use crate::adapter::{AskedOfRunner, OwnLine, Plain, RunnerAlone};
use crate::event::{CaseInfo, RunnerLine, ShellLine};
use crate::model::{CaseId, CaseIndex, Outcome};
use std::collections::BTreeMap;
use std::time::Duration;

/// The exit code by which pytest says that tests failed.
const TESTS_FAILED: i32 = 1;

/// Runs plain pytest once: how it ended each case of the run.
pub(super) fn plain(spec: &PytestSpec, asked: &AskedOfRunner<'_>) -> Result<Plain, PytestError> {
    let record = asked.record;
    let spec = PytestSpec { known: record.header.cases.iter().map(KnownTest::from).collect(), ..spec.clone() };
    let PlainRun { outcomes, cut_short, code, .. } = plain_run(&spec, asked.declared.hash_seed, asked.case_deadline)?;
    // What fails though no test does: a hook at the session's end, say, or a threshold of coverage.
    let is_whole = code == Some(TESTS_FAILED) && !outcomes.iter().any(|(_, outcome)| outcome.is_failure());
    let places: BTreeMap<&CaseId, CaseIndex> =
        record.header.cases.iter().map(|info| &info.id).zip(CaseIndex::all()).collect();
    let outcomes = outcomes.into_iter().filter_map(|(id, outcome)| Some((*places.get(&id)?, outcome)));
    Ok(Plain {
        outcomes: outcomes.collect(),
        is_like_ours: true,
        cut_short,
        failed_whole: is_whole.then(|| format!("exit code {TESTS_FAILED}")),
    })
}

/// The line that shows a finding with pytest alone, tried once; or that pytest alone does not show it.
pub(super) fn own_line(spec: &PytestSpec, finding: &OwnLine<'_>) -> Option<RunnerAlone> {
    let OwnLine { record, order, fingerprint, hash_seed, case_deadline, by_chance } = *finding;
    let infos: Vec<_> = order.iter().filter_map(|case| record.case(*case)).collect();
    let ids: Vec<String> = infos.iter().map(|info| as_argument(info.id.as_str(), &info.file)).collect();
    let mut distinct = ids.clone();
    distinct.sort();
    distinct.dedup();
    if distinct.len() < ids.len() || ids.len() > 50 {
        return None;
    }
    let options = spec.arguments.iter().filter(|argument| !names_a_path(spec, argument)).cloned();
    let arguments: Vec<String> = options.chain(ids).collect();
    let fresh = PytestSpec { arguments: arguments.clone(), filter: None, ..spec.clone() };
    let last = infos.last().map(|info| &info.id)?;
    let as_asked = |plain: &PlainRun| {
        plain.outcomes.iter().map(|(id, _)| id).eq(infos.iter().map(|info| &info.id))
            && plain
                .outcomes
                .last()
                .and_then(|(_, outcome)| outcome.failure())
                .is_some_and(|failure| failure.fingerprint == fingerprint)
    };
    let same_end = |plain: &PlainRun| plain.cut_short.as_ref().is_some_and(|how| how.contains(last.as_str()));
    match plain_run(&fresh, hash_seed, case_deadline) {
        Ok(plain) if as_asked(&plain) || same_end(&plain) => {
            let line = line(spec, hash_seed, &[plain.switches, arguments].concat());
            Some(RunnerAlone::Shows(RunnerLine { runner: "pytest".to_owned(), line, folder: None }))
        }
        Ok(PlainRun { cut_short: Some(how), .. }) => {
            otherwise(format!("pytest alone, started with these tests only, does not come to its end, since {how}"))
        }
        Ok(_) if by_chance => None,
        Ok(_) => otherwise(
            "pytest alone, started with these tests only, behaves differently (it imports less, or orders them \
             otherwise): use the steadfast command"
                .to_owned(),
        ),
        Err(error) => {
            let error = error.to_string();
            let error = error.lines().next().unwrap_or_default();
            otherwise(format!("pytest alone can't be started with these tests only: {error}"))
        }
    }
}

fn otherwise(why: String) -> Option<RunnerAlone> {
    Some(RunnerAlone::Otherwise(why))
}

/// Whether a test passes in plain pytest, alone, under a hash seed.
pub(super) fn passes_by_itself(
    spec: &PytestSpec,
    info: &CaseInfo,
    hash_seed: Option<u32>,
    case_deadline: Duration,
) -> bool {
    let options = spec.arguments.iter().filter(|argument| !names_a_path(spec, argument)).cloned();
    let arguments = options.chain([as_argument(info.id.as_str(), &info.file)]).collect();
    let alone = PytestSpec { arguments, filter: None, ..spec.clone() };
    let passed = |(id, outcome): &(CaseId, Outcome)| *id == info.id && *outcome == Outcome::Passed;
    plain_run(&alone, hash_seed, case_deadline).is_ok_and(|plain| plain.outcomes.iter().any(passed))
}

/// A test as an argument of pytest in the suite's folder: its id is relative to pytest's root folder, which
/// may be another.
fn as_argument(id: &str, file: &str) -> String {
    id.split_once("::").map_or_else(|| file.to_owned(), |(_, name)| format!("{file}::{name}"))
}

fn names_a_path(spec: &PytestSpec, argument: &str) -> bool {
    let path = argument.split("::").next().unwrap_or(argument);
    !argument.starts_with('-') && spec.folder.join(path).exists()
}

fn line(spec: &PytestSpec, hash_seed: Option<u32>, arguments: &[String]) -> String {
    let zone = spec.time_zone(hash_seed).map(|zone| format!("TZ={zone}"));
    let python = [ShellLine::quoted(&spec.python.display().to_string()), "-m".to_owned(), "pytest".to_owned()];
    let line = ShellLine {
        folder: (!spec.place.is_empty()).then(|| ShellLine::quoted(&spec.place)),
        variables: zone.into_iter().chain(hash_seed.map(|seed| format!("PYTHONHASHSEED={seed}"))).collect(),
        words: python.into_iter().chain(arguments.iter().map(|argument| ShellLine::quoted(argument))).collect(),
    };
    line.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_named_from_the_folder_that_pytest_starts_in() {
        assert_eq!(as_argument("tests/a.py::T::test[x::y]", "a.py"), "a.py::T::test[x::y]");
        assert_eq!(as_argument("tests/broken.py", "broken.py"), "broken.py");
    }
}
