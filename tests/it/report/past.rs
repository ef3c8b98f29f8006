//! What reports say of earlier runs, and of rounds that are not what their word promises.

use super::sample::{Teller, context, failed, judged};
use steadfast::event::{EarlierRounds, KnownFinding, Past, RunEnd};
use steadfast::model::statistics::Tally;
use steadfast::model::{CaseIndex, FindingKind, Outcome, RoundKind};
use steadfast::record::Record;
use steadfast::report::{Style, comment, terminal};

const WIDE: Style = Style { color: false, width: 1000 };

fn shown(record: &Record) -> String {
    terminal(record, &judged(record), &context(), WIDE)
}

fn all_pass(rounds: &[(RoundKind, &[u32])], past: Option<Past>) -> Record {
    let mut teller = Teller::new(&["a.yaml", "b.yaml"]);
    for (kind, order) in rounds {
        teller.round(*kind, order, |_, _| Some(Outcome::Passed));
    }
    teller.header().background.past = past;
    teller.record(Some(RunEnd::Completed))
}

#[test]
fn rounds_of_earlier_runs_are_none_of_this_runs() {
    let day = "2026-07-31T10:00:00Z".parse().unwrap();
    let rounds = EarlierRounds { rate: Tally::new(0, 197), runs: 1, since: day, until: day };
    let past = Past { runs: 1, rounds: Some(rounds), ..Past::default() };
    let text = shown(&all_pass(&[(RoundKind::Declared, &[0, 1]), (RoundKind::Shuffle, &[1, 0])], Some(past)));
    let expected = "nothing failed in 2 rounds (declared, 1 shuffled), nor in 197 shuffled rounds of 1 earlier run of unchanged \
                    cases (2026-07-31); a failure in 1 of";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn twice_in_one_process_is_said_only_where_it_is() {
    for (order, word) in
        [([0, 0, 1, 1], "(twice, 1 shuffled)"), ([0, 1, 0, 1], "(twice in separate processes, 1 shuffled)")]
    {
        let text = shown(&all_pass(&[(RoundKind::Twice, &order), (RoundKind::Shuffle, &[1, 0])], None));
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn a_known_case_that_fails_again_is_known_and_seen_again_though_time_was_up() {
    let mut teller = Teller::new(&["a.yaml", "b.yaml", "c.yaml"]);
    for round in 0..2 {
        teller.round(RoundKind::Shuffle, &[0, 1, 2], |case, _| match (case, round) {
            (0, _) | (_, 0) => Some(Outcome::Passed),
            _ => Some(failed(&format!("it is {} wrong", ["", "quite", "rather"][case as usize]), "b.yaml", case)),
        });
    }
    let day = "2026-07-31T10:00:00Z".parse().unwrap();
    let known = |case, kind| KnownFinding {
        case: CaseIndex(case),
        kind,
        run: "earlier".to_owned(),
        since: day,
        until: day,
        runs: 2,
    };
    let known =
        vec![known(0, FindingKind::Intermittent), known(1, FindingKind::Intermittent), known(2, FindingKind::Leak)];
    teller.header().background.past = Some(Past { runs: 2, known, ..Past::default() });
    let record = teller.record(Some(RunEnd::TimeLimit));
    let body = comment(&record, &judged(&record), &context()).body;
    let part = |heading: &str| body.split(heading).nth(1).and_then(|part| part.split("**").next()).unwrap_or_default();
    assert!(part("**Known before (1)**").contains("b.yaml"), "{body}");
    assert!(part("**New (1)**").contains("c.yaml"), "a leak is no failure\n{body}");
    assert!(part("**Not seen again (1)**").contains("a.yaml"), "{body}");
}
