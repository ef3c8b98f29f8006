//! What the search costs on subjects whose truth is known, beside the figures of other tools.
//!
//! `cargo bench --bench minimise` prints medians over seeded subjects of 1,000 cases. It measures probes, not time:
//! the figures are the same on every machine.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::collections::BTreeSet;
use std::time::Duration;
use steadfast::minimise::simulated::{Chain, Simulated, Truth};
use steadfast::minimise::{Conclusion, Limits, Minimised, Oracle, Phase, Problem, Question, minimise};
use steadfast::model::{CaseIndex, Seed};

const CASES: CaseIndex = CaseIndex(1_000);

/// Numbers from a seed.
struct Draws(Seed, u64);

impl Draws {
    fn below(&mut self, bound: CaseIndex) -> CaseIndex {
        self.1 += 1;
        CaseIndex((self.0.hash(&self.1.to_le_bytes()) % u64::from(bound.0)) as u32)
    }

    fn distinct(&mut self, count: usize, bound: CaseIndex) -> BTreeSet<CaseIndex> {
        let mut drawn = BTreeSet::new();
        while drawn.len() < count {
            drawn.insert(self.below(bound));
        }
        drawn
    }
}

struct Row {
    exact: usize,
    runs: usize,
    reproduce: Vec<u32>,
    search: Vec<u32>,
    confirm: Vec<u32>,
    seconds: Vec<f64>,
}

fn measure(runs: usize, polluters: usize, rate: f64, costs: (Duration, Duration), limits: Limits) -> Row {
    let mut row = Row { exact: 0, runs, reproduce: vec![], search: vec![], confirm: vec![], seconds: vec![] };
    for run in 0..runs {
        let mut draws = Draws(Seed::new(run as u64).derive("bench"), 0);
        let members = draws.distinct(polluters, CASES);
        let truth = Truth::victim(CASES, vec![Chain::Together(members.clone())]).with_rate(rate);
        let mut subject = Simulated::new(truth, Seed::new(run as u64));
        subject.costs = costs;
        let problem: Problem = subject.problem();
        let mut searched = Duration::ZERO;
        let mut oracle = |question: &Question| {
            let reply = subject.probe(question);
            if question.phase == Phase::Search {
                searched += reply.took;
            }
            reply
        };
        let found = minimise(&problem, limits, &mut oracle);
        row.exact += usize::from(is_exact(&found, &members));
        row.reproduce.push(found.probes.reproduce);
        row.search.push(found.probes.search);
        row.confirm.push(found.probes.confirm);
        row.seconds.push(searched.as_secs_f64());
    }
    row
}

fn is_exact(found: &Minimised, members: &BTreeSet<CaseIndex>) -> bool {
    match &found.conclusion {
        Conclusion::Confirmed { sequences, .. } => {
            sequences.len() == 1 && sequences[0].members.iter().copied().collect::<BTreeSet<CaseIndex>>() == *members
        }
        _ => false,
    }
}

fn quantile<T: PartialOrd + Copy>(values: &mut [T], share: f64) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
    values[((values.len() - 1) as f64 * share).round() as usize]
}

fn print(name: &str, mut row: Row, others: &str) {
    println!(
        "{name:<26} {:>6} {:>6} {:>6} | {:>9} {:>7} | {:>6.1} % of {:>5} | {:>8.0} s | {others}",
        quantile(&mut row.search, 0.5),
        quantile(&mut row.search, 0.9),
        row.search.last().expect("a run"),
        quantile(&mut row.reproduce, 0.5),
        quantile(&mut row.confirm, 0.5),
        100.0 * row.exact as f64 / row.runs as f64,
        row.runs,
        quantile(&mut row.seconds, 0.5),
    );
}

fn main() {
    let flat = (Duration::from_secs(1), Duration::ZERO);
    let suite = (Duration::from_millis(500), Duration::from_millis(55));
    let limits = Limits { probes: 5_000, time: Duration::from_secs(1_000_000), cleaners: 0, ..Limits::default() };
    println!("search: median, 90 %, most | reproduce, confirm: medians | exact | search, median");
    let published = [
        "13 prefixes, 17 rspec, 18 ddmin, bound 10",
        "23 prefixes, 29 rspec, ~100 ddmin, bound 19",
        "34 prefixes, 40 rspec, 169 ddmin, bound 28",
        "43 prefixes, 53 rspec, 275 ddmin, bound 36",
    ];
    for (polluters, others) in (1..).zip(published) {
        print(&format!("{polluters} polluters"), measure(1_000, polluters, 1.0, flat, limits), others);
    }
    for (polluters, others) in (1..).zip(published) {
        print(&format!("{polluters} polluters, 55 s suite"), measure(1_000, polluters, 1.0, suite, limits), others);
    }
    let q50 = "30 Bayes, 61 bisection, bound 31";
    let q20 = "86 Bayes, 178 bisection, bound 88";
    let noisy = Limits { sequences: 1, ..limits };
    print("1 polluter, q = 0.5", measure(1_000, 1, 0.5, flat, noisy), q50);
    print("1 polluter, q = 0.2", measure(1_000, 1, 0.2, flat, noisy), q20);
    print("2 polluters, q = 0.5", measure(300, 2, 0.5, flat, noisy), "");
    print("2 polluters, q = 0.2", measure(300, 2, 0.2, flat, noisy), "");
    print("1 polluter, q = 0.5, 55 s", measure(300, 1, 0.5, suite, noisy), "");
}
