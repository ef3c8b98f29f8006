//! The line with which a runner alone shows a finding, tried once.

use crate::adapter::command::CommandSpec;
use crate::adapter::command::fields::{Fields, fill};
use crate::adapter::command::launch::folder;
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::process::{Process, Silence};
use crate::adapter::command::profile::{ARGS, CASES, OwnRun, Profile, RunOrder, is_shipped_profile};
use crate::adapter::command::stretch::Cutter;
use crate::adapter::subject::{OwnLine, RunnerAlone};
use crate::event::{RunnerLine, ShellLine};
use crate::model::{CaseIndex, Failure, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Longer lines are nobody's: so many cases are named at most.
const MOST: usize = 20;

/// How long a runner may take besides the time of its cases: it may have to compile them.
const AROUND: Duration = Duration::from_secs(60);

/// How many seeds are tried to have a runner run its cases in an order that shows a finding, and how long.
const SEEDS: u64 = 24;
const SEARCH: Duration = Duration::from_secs(45);

/// The pause between two looks at it.
const LOOK: Duration = Duration::from_millis(20);

/// The line that shows a finding, or why none does; nothing where the profile has none.
pub(super) fn own_line(
    spec: &CommandSpec,
    profile: &Profile,
    cases: &[ListedCase],
    finding: &OwnLine<'_>,
) -> Option<RunnerAlone> {
    let Some(own) = &profile.own else {
        return is_shipped_profile(&spec.profile).then(|| {
            RunnerAlone::Otherwise(format!(
                "no line of {} alone runs just these cases: use the steadfast command",
                spec.profile
            ))
        });
    };
    let order = finding.order;
    let is_listed = order.is_sorted_by(|one, other| one < other);
    let is_other = own.always_shuffles && order.len() > 1 || own.order == RunOrder::AsListed && !is_listed;
    if is_other && has_one_twice(order) {
        return Some(RunnerAlone::Otherwise(format!(
            "{} alone runs each of its cases once: use the steadfast command",
            spec.profile
        )));
    }
    if is_other && own.shuffled.is_empty() {
        return Some(RunnerAlone::Otherwise(format!(
            "{} alone runs its cases in an order of its own, not in this one: use the steadfast command",
            program(own)
        )));
    }
    let asked: Vec<&ListedCase> = order.iter().filter_map(|case| cases.get(case.index())).collect();
    if asked.len() > MOST || asked.len() < order.len() {
        return None;
    }
    let template = if is_other && !own.shuffled_command.is_empty() { &own.shuffled_command } else { &own.command };
    let Some(line) = words(spec, own, template, &asked) else {
        return Some(RunnerAlone::Otherwise(format!(
            "{} alone takes no line that names these cases only, which are in several places: use the steadfast command",
            program(own)
        )));
    };
    let within = finding.case_deadline * u32::try_from(asked.len()).unwrap_or(u32::MAX) + AROUND;
    let seen = finding.record.failures.get(order.last()?).and_then(|seen| {
        seen.iter()
            .map(|seen| &seen.outcome)
            .find(|outcome| outcome.failure().is_some_and(|failure| failure.fingerprint == finding.fingerprint))
    });
    // What does not end has nothing to show.
    if seen.is_some_and(|outcome| matches!(outcome, Outcome::TimedOut(_))) {
        return None;
    }
    let message = seen.and_then(Outcome::failure).map(first_words);
    let folder = folder(spec, profile);
    let plainly = BTreeMap::new();
    let variables = if is_other { &own.shuffled_env } else { &plainly };
    let shows = |words: &[String]| {
        let (mut command, scratch) = command(profile, own, &folder, words)?;
        command.envs(variables);
        let (failed, wrote) = tried((command, scratch), within)?;
        Some(failed && message.as_ref().is_none_or(|message| wrote.contains(message)))
    };
    if is_other {
        // Each seed is another order; a case that fails by itself would fail in any.
        let until = Instant::now() + SEARCH;
        // Where it is known which order a seed gives, its first try is the right one.
        let known = Cutter { profile, cases, order, unshuffled: &BTreeSet::new() }.seed_of(order);
        for seed in known.into_iter().chain(1..=SEEDS) {
            let shuffled = shuffled(own, &line, seed);
            if shows(&shuffled)? {
                return Some(shows_it(profile, own, written(&folder, variables, &shuffled)));
            }
            if Instant::now() > until {
                break;
            }
        }
        return Some(RunnerAlone::Otherwise(format!(
            "{} alone runs its cases in an order of its own, and none of its first seeds shows it: use the steadfast command",
            program(own)
        )));
    }
    if shows(&line)? {
        return Some(shows_it(profile, own, written(&folder, variables, &line)));
    }
    shows_nothing(own, finding.by_chance)
}

/// What one try says in which the case passed: nothing of a case that fails by chance.
fn shows_nothing(own: &OwnRun, by_chance: bool) -> Option<RunnerAlone> {
    (!by_chance).then(|| {
        RunnerAlone::Otherwise(format!(
            "{} alone, started with these cases only, behaves differently: use the steadfast command",
            program(own)
        ))
    })
}

fn shows_it(profile: &Profile, own: &OwnRun, line: String) -> RunnerAlone {
    let folder = Some(profile.folder.display().to_string());
    RunnerAlone::Shows(RunnerLine { runner: program(own).to_owned(), line, folder })
}

/// Whether an order has a case twice: no shuffle of a runner has.
fn has_one_twice(order: &[CaseIndex]) -> bool {
    let distinct: BTreeSet<&CaseIndex> = order.iter().collect();
    distinct.len() < order.len()
}

/// The line with what has the runner shuffle by this seed.
fn shuffled(own: &OwnRun, line: &[String], seed: u64) -> Vec<String> {
    let fields: Fields = [("seed".to_owned(), seed.to_string())].into();
    let more = own.shuffled.iter().map(|word| fill(word, &fields).unwrap_or_else(|_| word.clone()));
    line.iter().cloned().chain(more).collect()
}

/// The line as a user types it.
fn written(folder: &Path, variables: &BTreeMap<String, String>, words: &[String]) -> String {
    let words = words.iter().map(|word| ShellLine::quoted(word)).collect();
    let folder = Some(ShellLine::quoted(&folder.display().to_string()));
    let variables = variables.iter().map(|(name, value)| format!("{name}={}", ShellLine::quoted(value))).collect();
    ShellLine { folder, variables, words }.to_string()
}

/// What runs a line, with temporary files of its own: what the runner keeps there, a cache say, goes with it.
fn command(profile: &Profile, own: &OwnRun, folder: &Path, words: &[String]) -> Option<(Command, tempfile::TempDir)> {
    let scratch = tempfile::tempdir().ok()?;
    let fields: Fields = [("scratch".to_owned(), scratch.path().display().to_string())].into();
    let more: Vec<String> = own.tried_with.iter().map(|word| fill(word, &fields).ok()).collect::<Option<_>>()?;
    let mut command = Command::new(words.first()?);
    command.args(words.get(1..).unwrap_or_default()).args(more).current_dir(folder).env("TMPDIR", scratch.path());
    for (name, value) in profile.env.iter().filter(|(_, value)| !value.contains("${")) {
        command.env(name, value);
    }
    Some((command, scratch))
}

/// The runner's name: the program, without what starts it.
fn program(own: &OwnRun) -> &str {
    let starts = |word: &&String| {
        !["npx", "${python}"].contains(&word.as_str()) && !word.contains('$') && !word.starts_with('-')
    };
    own.command.iter().find(starts).map_or("the runner", String::as_str)
}

fn words(spec: &CommandSpec, own: &OwnRun, template: &[String], asked: &[&ListedCase]) -> Option<Vec<String>> {
    let python = spec.python.as_ref().map_or_else(|| "python3".to_owned(), |python| python.display().to_string());
    let written: Vec<String> = asked.iter().map(|case| fill(&own.case, &case.fields).ok()).collect::<Option<_>>()?;
    let fields = |case: &ListedCase| {
        let mut fields: Fields = case.fields.clone();
        fields.insert("python".to_owned(), python.clone());
        fields.extend(own.join.as_ref().map(|join| ("cases".to_owned(), written.join(join))));
        fields
    };
    let mut words = Vec::new();
    for word in template {
        match word.as_str() {
            ARGS => words.extend(spec.arguments.iter().cloned()),
            CASES if own.join.is_none() => words.extend(written.iter().cloned()),
            word => {
                // What the line says of a case by itself, it says of all: they must agree in it.
                let mut filled = asked.iter().map(|case| fill(word, &fields(case)).ok());
                let first = filled.next()??;
                if filled.any(|other| other.as_ref() != Some(&first)) {
                    return None;
                }
                words.push(first);
            }
        }
    }
    Some(words)
}

/// Runs it: whether it failed, and what it wrote; nothing if it can't be run to its end.
fn tried((command, _scratch): (Command, tempfile::TempDir), within: Duration) -> Option<(bool, String)> {
    let mut process = Process::start(command, "").ok()?;
    let deadline = Instant::now() + within;
    let mut wrote = Vec::new();
    loop {
        match process.line(LOOK) {
            Ok(line) => wrote.extend(line),
            Err(Silence::Gone) if process.has_ended() => break,
            Err(_) if Instant::now() > deadline => return None,
            Err(Silence::Overdue) => _ = process.has_ended(),
            Err(Silence::Gone) => std::thread::sleep(LOOK),
        }
    }
    let status = process.end()?;
    let text = format!("{}\n{}", String::from_utf8_lossy(&wrote), process.tail());
    Some((!status.success(), text))
}

/// The first line of a message, which any runner prints as it stands.
fn first_words(failure: &Failure) -> String {
    failure.message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, file: &str) -> ListedCase {
        let fields = [("id".to_owned(), id.to_owned()), ("file".to_owned(), file.to_owned())].into();
        ListedCase { fields, ..ListedCase::by_name(id, file) }
    }

    #[test]
    fn a_line_names_its_cases_and_what_they_have_in_common() {
        let own: OwnRun = serde_saphyr::from_str(
            "{ command: [npx, jest, '${file}', -t, '^(${cases})$$'], case: '${id|regex}', join: '|' }",
        )
        .expect("a command");
        let spec: CommandSpec = serde_json::from_str(r#"{"root": "/p", "profile": "jest"}"#).expect("a spec");
        let (a, b, c) = (case("a+", "x.js"), case("b", "x.js"), case("c", "y.js"));
        let expected = ["npx", "jest", "x.js", "-t", "^(a\\+|b)$"].map(str::to_owned).to_vec();
        assert_eq!(words(&spec, &own, &own.command, &[&a, &b]), Some(expected));
        assert_eq!(words(&spec, &own, &own.command, &[&a, &c]), None, "they are in two files");
        assert_eq!(program(&own), "jest");
    }

    #[test]
    fn a_case_that_fails_by_chance_may_pass_in_the_one_try() {
        let own: OwnRun = serde_saphyr::from_str("{ command: [npx, jest, '${cases}'] }").expect("a command");
        assert!(shows_nothing(&own, true).is_none());
        let Some(RunnerAlone::Otherwise(why)) = shows_nothing(&own, false) else { panic!("it says why") };
        assert!(why.starts_with("jest alone, started with these cases only, behaves differently"), "{why}");
    }

    #[test]
    fn a_line_is_tried() {
        let shell = |text: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", text]);
            (command, tempfile::tempdir().expect("a folder"))
        };
        let failed = tried(shell("echo no match; exit 1"), Duration::from_secs(60)).expect("it ends");
        assert!(failed.0 && failed.1.contains("no match"), "{failed:?}");
        assert!(!tried(shell("exit 0"), Duration::from_secs(60)).expect("it ends").0);
        assert_eq!(tried(shell("exec sleep 600"), Duration::from_millis(1)), None);
    }
}
