//! The search on subjects whose truth is known.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use steadfast::minimise::simulated::{Chain, Simulated, Truth};
use steadfast::minimise::{
    Answer, Conclusion, Limit, Limits, Minimised, Oracle, Phase, Problem, Question, Reply, Role, Search, Step,
    Verification, Verified, clusters, minimise,
};
use steadfast::model::{CaseIndex, Seed};
use steadfast::plan::{Plan, PlanRequest, PlannedCase};

/// Numbers from a seed.
struct Draws(Seed, u64);

impl Draws {
    fn new(seed: u64) -> Self {
        Self(Seed::new(seed).derive("draws"), 0)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.1 += 1;
        (self.0.hash(&self.1.to_le_bytes()) % bound as u64) as usize
    }

    /// `count` different numbers below `bound`, ascending.
    fn places(&mut self, count: usize, bound: usize) -> Vec<usize> {
        let mut places = BTreeSet::new();
        while places.len() < count {
            places.insert(self.below(bound));
        }
        places.into_iter().collect()
    }

    /// The cases 0 to `n − 1`, shuffled.
    fn order(&mut self, n: usize) -> Vec<CaseIndex> {
        let mut order: Vec<CaseIndex> = CaseIndex::first(n).collect();
        (1..n).rev().for_each(|last| order.swap(last, self.below(last + 1)));
        order
    }
}

/// A failing order of `n` cases, of which `members` (in that order) were drawn for the truth.
struct Setting {
    suspect: CaseIndex,
    before: Vec<CaseIndex>,
    members: Vec<CaseIndex>,
    seed: u64,
}

impl Setting {
    fn new(seed: u64, n: usize, members: usize) -> Self {
        let mut draws = Draws::new(seed);
        let before = draws.order(n);
        let members = draws.places(members, n).into_iter().map(|place| before[place]).collect();
        Self { suspect: CaseIndex::at(n), before, members, seed }
    }

    fn together(&self) -> Chain {
        Chain::Together(self.members.iter().copied().collect())
    }

    fn each(&self) -> Vec<Chain> {
        self.members.iter().map(|member| Chain::of(*member)).collect()
    }

    fn victim(&self, chains: Vec<Chain>) -> Truth {
        Truth::victim(self.suspect, chains)
    }

    fn problem(&self) -> Problem {
        Problem::new(self.suspect, self.before.iter().copied())
    }

    fn run(&self, truth: Truth) -> Minimised {
        self.run_with(truth, &self.problem(), limits())
    }

    fn run_with(&self, truth: Truth, problem: &Problem, limits: Limits) -> Minimised {
        minimise(problem, limits, &mut Simulated::new(truth, Seed::new(self.seed)))
    }
}

fn limits() -> Limits {
    Limits { probes: 5_000, time: Duration::from_secs(1_000_000), ..Limits::default() }
}

fn members(found: &Minimised) -> Vec<Vec<CaseIndex>> {
    let mut sequences: Vec<Vec<CaseIndex>> =
        found.sequences().iter().map(|sequence| sequence.members.clone()).collect();
    sequences.sort();
    sequences
}

/// Asserts that exactly these sequences were found, each in this order, and that they were called complete.
fn check(found: &Minimised, role: Role, mut sequences: Vec<Vec<CaseIndex>>) {
    sequences.sort();
    assert_eq!(members(found), sequences, "{found:?}");
    match &found.conclusion {
        Conclusion::Confirmed { role: said, complete, .. } => assert_eq!((*said, *complete), (role, true), "{found:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn cooperating_polluters_are_found_exactly() {
    for seed in 0..400 {
        let setting = Setting::new(seed, 40 + seed as usize % 60, 1 + seed as usize % 4);
        let found = setting.run(setting.victim(vec![setting.together()]));
        check(&found, Role::Victim, vec![setting.members]);
    }
}

#[test]
fn chains_that_act_in_one_order_only_are_found_in_that_order() {
    for seed in 0..300 {
        let setting = Setting::new(seed, 70, 2 + seed as usize % 2);
        let found = setting.run(setting.victim(vec![Chain::InOrder(setting.members.clone())]));
        check(&found, Role::Victim, vec![setting.members]);
    }
}

#[test]
fn interchangeable_polluters_are_all_found() {
    for seed in 0..200 {
        let setting = Setting::new(seed, 50, 1 + seed as usize % 3);
        let found = setting.run(setting.victim(setting.each()));
        check(&found, Role::Victim, setting.members.iter().map(|member| vec![*member]).collect());
    }
}

#[test]
fn of_four_interchangeable_polluters_three_are_named_and_more_are_announced() {
    for seed in 0..50 {
        let setting = Setting::new(seed, 50, 4);
        let found = setting.run(setting.victim(setting.each()));
        assert_eq!(members(&found).len(), 3);
        assert!(matches!(found.conclusion, Conclusion::Confirmed { complete: false, .. }), "{found:?}");
    }
}

#[test]
fn one_polluter_alone_and_two_together_are_both_found() {
    for seed in 0..200 {
        let setting = Setting::new(seed, 60, 3);
        let [a, b, c] = setting.members[..] else { unreachable!("three members were drawn") };
        let pair = Chain::Together(BTreeSet::from([a, c]));
        let found = setting.run(setting.victim(vec![pair, Chain::of(b)]));
        check(&found, Role::Victim, vec![vec![a, c], vec![b]]);
    }
}

#[test]
fn cleaners_are_named_beside_the_polluter() {
    for seed in 0..200 {
        // Two cleaners stand before the polluter, so that the order fails; a third ran after the victim.
        let setting = Setting::new(seed, 50, 3);
        let [first, second, polluter] = setting.members[..] else { unreachable!("three members were drawn") };
        let third = CaseIndex(1_000);
        let truth = setting.victim(vec![Chain::of(polluter)]).with_cleaners([first, second, third]);
        let problem = Problem { others: vec![CaseIndex(900), third, CaseIndex(901)], ..setting.problem() };
        let found = setting.run_with(truth, &problem, limits());
        check(&found, Role::Victim, vec![vec![polluter]]);
        let Conclusion::Confirmed { cleaners, .. } = found.conclusion else { unreachable!("checked before") };
        assert_eq!(cleaners, BTreeSet::from([first, second, third]).into_iter().collect::<Vec<CaseIndex>>());
    }
}

#[test]
fn a_polluter_that_a_cleaner_hides_in_the_order_is_found_too() {
    for seed in 0..200 {
        let setting = Setting::new(seed, 50, 3);
        let [hidden, cleaner, polluter] = setting.members[..] else { unreachable!("three members were drawn") };
        let truth = setting.victim(vec![Chain::of(hidden), Chain::of(polluter)]).with_cleaners([cleaner]);
        let found = setting.run(truth);
        check(&found, Role::Victim, vec![vec![hidden], vec![polluter]]);
    }
}

#[test]
fn brittle_cases_are_told_with_their_state_setters() {
    for seed in 0..200 {
        let setting = Setting::new(seed, 60, 1 + seed as usize % 3);
        let found = setting.run(Truth::brittle(setting.suspect, setting.each()));
        check(&found, Role::Brittle, setting.members.iter().map(|member| vec![*member]).collect());
        let found = setting.run(Truth::brittle(setting.suspect, vec![setting.together()]));
        check(&found, Role::Brittle, vec![setting.members]);
    }
}

#[test]
fn a_victim_that_fails_sometimes_is_minimised_in_99_percent() {
    let mut exact = 0;
    let runs = 300;
    for seed in 0..runs {
        let setting = Setting::new(seed, 100, 1 + seed as usize % 2);
        let rate = [0.2, 0.5, 0.8][seed as usize % 3];
        let limits = Limits { sequences: 1, ..limits() };
        let found =
            setting.run_with(setting.victim(vec![setting.together()]).with_rate(rate), &setting.problem(), limits);
        exact += u64::from(members(&found) == [setting.members]);
    }
    assert!(exact * 100 >= runs * 99, "{exact} of {runs}");
}

#[test]
fn a_brittle_case_that_fails_sometimes_is_minimised() {
    let exact = (0..60).filter(|seed| {
        let setting = Setting::new(*seed, 40, 1);
        let truth = Truth::brittle(setting.suspect, vec![setting.together()]).with_rate(0.7);
        let found = setting.run_with(truth, &setting.problem(), Limits { sequences: 1, ..limits() });
        members(&found) == [setting.members]
    });
    assert!(exact.count() >= 58);
}

#[test]
fn a_polluter_that_only_raises_a_rate_is_found() {
    let exact = (0..60).filter(|seed| {
        let setting = Setting::new(*seed, 40, 1);
        let truth = Truth { background: 0.05, ..setting.victim(vec![setting.together()]).with_rate(0.8) };
        let found = setting.run_with(truth, &setting.problem(), Limits { sequences: 1, ..limits() });
        members(&found) == [setting.members]
    });
    assert!(exact.count() >= 57);
}

#[test]
fn what_fails_at_one_rate_everywhere_is_intermittent_and_nobody_is_blamed() {
    let mut blamed = 0;
    for seed in 0..300 {
        let setting = Setting::new(seed, 30, 1);
        let rate = [0.1, 0.3, 0.6, 0.9][seed as usize % 4];
        let truth = Truth { background: rate, ..setting.victim(vec![]).with_rate(rate) };
        blamed += setting.run(truth).sequences().len();
    }
    assert!(blamed <= 3, "{blamed} of 300");
}

/// A toss of a coin looks like an order for a while: three heads after others, three tails alone. Whatever the search
/// that follows comes to, by then there is more to judge by.
#[test]
fn a_coin_is_not_taken_for_an_order() {
    let mut taken = Vec::new();
    for seed in 0..600 {
        let setting = Setting::new(seed, 8, 1);
        let rate = [0.3, 0.5, 0.65][seed as usize % 3];
        let truth = Truth { background: rate, ..setting.victim(vec![]).with_rate(rate) };
        let found = setting.run_with(truth, &setting.problem(), Limits::default());
        if !matches!(found.conclusion, Conclusion::Intermittent) {
            taken.push((rate, found));
        }
    }
    assert!(taken.len() <= 3, "{} of 600: {taken:#?}", taken.len());
}

/// The same where much speaks for some culprits beforehand: it is then that a search believes soonest.
#[test]
fn a_coin_is_not_taken_for_an_order_whatever_was_found_for_others() {
    let mut taken = Vec::new();
    for seed in 0..4_000 {
        let setting = Setting::new(seed, 8, 4);
        let rate = [0.2, 0.3, 0.5, 0.65][seed as usize % 4];
        let truth = Truth { background: rate, ..setting.victim(vec![]).with_rate(rate) };
        let [first, second, third, fourth] = setting.members[..] else { unreachable!("four members were drawn") };
        let hypotheses = vec![vec![first], vec![second], vec![third]];
        let problem = Problem { hypotheses, leads: vec![third, fourth], ..setting.problem() };
        let found = setting.run_with(truth, &problem, Limits::default());
        if !found.sequences().is_empty() {
            taken.push((rate, found));
        }
    }
    assert!(taken.len() <= 2, "{} of 4,000: {taken:#?}", taken.len());
}

#[test]
fn a_case_that_nobody_ran_before_is_no_victim() {
    for seed in 0..300 {
        let setting = Setting::new(seed, 0, 0);
        let truth = Truth { background: 0.5, ..setting.victim(vec![]).with_rate(0.5) };
        let found = setting.run_with(truth, &setting.problem(), Limits::default());
        assert_eq!(found.conclusion, Conclusion::Intermittent, "{seed}: {found:?}");
    }
}

#[test]
fn what_always_fails_and_what_never_fails_are_told_apart_from_order_dependence() {
    let setting = Setting::new(1, 30, 1);
    let healthy = setting.run(setting.victim(vec![]));
    assert_eq!(healthy.conclusion, Conclusion::DoesNotReproduce);
    assert_eq!((healthy.in_order.to_string(), healthy.alone.to_string()), ("0 of 29".to_owned(), "0 of 29".to_owned()));
    let broken = setting.run(Truth { background: 1.0, ..setting.victim(vec![]) });
    assert_eq!(broken.conclusion, Conclusion::FailsAlways);
}

/// A suite of which one case pollutes two others: in 10,000 trials of healthy cases none is accused, neither as a
/// suspect nor as a cause.
#[test]
fn in_ten_thousand_trials_no_healthy_case_is_accused() {
    const CASES: u32 = 30;
    let mut healthy_trials = 0;
    for seed in 0..60 {
        let [polluter, first, second] = Draws::new(seed).places(3, CASES as usize)[..] else { unreachable!("three") };
        let (polluter, victims) = (CaseIndex::at(polluter), BTreeSet::from([first, second].map(CaseIndex::at)));
        let truth = |victim: CaseIndex| Truth::victim(victim, vec![Chain::of(polluter)]);
        let cases: Vec<PlannedCase> = (0..CASES).map(planned).collect();
        let plan = Plan::new(PlanRequest::new(Seed::new(seed)), &cases).expect("a plan");
        let mut suspects: BTreeMap<CaseIndex, Vec<CaseIndex>> = BTreeMap::new();
        for round in plan.rounds() {
            let order = plan.order(round.id);
            for (place, case) in order.iter().enumerate() {
                healthy_trials += u32::from(!victims.contains(case));
                if victims.contains(case) && truth(*case).chance_after(&order[..place]) > 0.0 {
                    suspects.entry(*case).or_insert_with(|| order[..place].to_vec());
                }
            }
        }
        assert_eq!(suspects.keys().copied().collect::<BTreeSet<CaseIndex>>(), victims);
        for (suspect, before) in suspects {
            let found = minimise(
                &Problem::new(suspect, before),
                limits(),
                &mut Simulated::new(truth(suspect), Seed::new(seed)),
            );
            check(&found, Role::Victim, vec![vec![polluter]]);
        }
    }
    assert!(healthy_trials >= 10_000, "{healthy_trials}");
}

fn planned(number: u32) -> PlannedCase {
    PlannedCase { id: format!("case {number}").into(), file: String::new(), module: String::new(), tags: Vec::new() }
}

#[test]
fn a_median_search_of_1000_cases_keeps_within_its_figures() {
    for (polluters, most) in [(1, 13), (2, 23), (3, 34), (4, 43)] {
        let mut probes: Vec<u32> = (0..31)
            .map(|seed| {
                let setting = Setting::new(seed, 1_000, polluters);
                let limits = Limits { sequences: 1, cleaners: 0, ..limits() };
                setting.run_with(setting.victim(vec![setting.together()]), &setting.problem(), limits).probes.search
            })
            .collect();
        probes.sort_unstable();
        assert!(probes[15] <= most, "{polluters}: {probes:?}");
    }
}

#[test]
fn with_costs_a_late_polluter_is_found_in_far_less_than_a_suite_per_probe() {
    let mut subject = Simulated::new(Truth::victim(CaseIndex(1_000), vec![Chain::of(CaseIndex(950))]), Seed::new(1));
    subject.costs = (Duration::from_millis(500), Duration::from_millis(55));
    let problem = subject.problem();
    let mut searched = Duration::ZERO;
    let mut oracle = |question: &Question| {
        let reply = subject.probe(question);
        searched += if question.phase == Phase::Search { reply.took } else { Duration::ZERO };
        reply
    };
    check(&minimise(&problem, limits(), &mut oracle), Role::Victim, vec![CaseIndex::list([950])]);
    assert!(searched < Duration::from_secs(120), "{searched:?}");
}

#[test]
fn suspects_that_are_likelier_are_asked_about_first() {
    let setting = Setting::new(3, 1_000, 1);
    let polluter = setting.members[0];
    let mut problem = setting.problem();
    problem.weights = setting.before.iter().take(10).chain([&polluter]).map(|case| (*case, 200.0)).collect();
    let found = setting.run_with(setting.victim(setting.each()), &problem, limits());
    assert!(found.probes.search <= 6, "{found:?}");
    check(&found, Role::Victim, vec![vec![polluter]]);
}

#[test]
fn a_polluter_known_from_another_victim_is_tried_first() {
    let setting = Setting::new(4, 500, 2);
    let problem = Problem { hypotheses: vec![CaseIndex::list([1, 2]), setting.members.clone()], ..setting.problem() };
    let found = setting.run_with(setting.victim(vec![setting.together()]), &problem, limits());
    assert_eq!(found.probes.search, 2, "{found:?}");
    check(&found, Role::Victim, vec![setting.members]);
}

/// Answers the questions of a search, `width` at a time; returns the result and the number of waves.
fn drive(mut search: Search, oracle: &mut dyn Oracle, width: usize) -> (Minimised, usize) {
    for waves in 0.. {
        match search.step(width) {
            Step::Done(found) => return (found, waves),
            Step::Ask(questions) => {
                assert!((1..=width).contains(&questions.len()));
                for question in questions {
                    let reply = oracle.probe(&question);
                    search.record(question.order, reply);
                }
            }
        }
    }
    unreachable!("a search ends by its limits")
}

#[test]
fn asked_step_by_step_a_search_finds_the_same_as_when_answered_at_once() {
    for seed in 0..40 {
        let setting = Setting::new(seed, 40, 2);
        let truth = setting.victim(vec![setting.together()]).with_rate([1.0, 0.6][seed as usize % 2]);
        let at_once = setting.run(truth.clone());
        let search = Search::new(setting.problem(), limits());
        let (found, _) = drive(search, &mut Simulated::new(truth, Seed::new(seed)), 1);
        assert_eq!(found, at_once);
    }
}

#[test]
fn several_probes_at_once_need_fewer_waves() {
    let setting = Setting::new(5, 200, 2);
    let waves = |width| {
        let truth = setting.victim(vec![setting.together()]);
        let search = Search::new(setting.problem(), limits());
        let (found, waves) = drive(search, &mut Simulated::new(truth, Seed::new(1)), width);
        check(&found, Role::Victim, vec![setting.members.clone()]);
        waves
    };
    let (one, three) = (waves(1), waves(3));
    assert!(three * 2 <= one, "{three} waves instead of {one}");
}

#[test]
fn a_search_is_written_down_and_resumed_between_any_two_probes() {
    let setting = Setting::new(6, 60, 3);
    let mut subject = Simulated::new(setting.victim(vec![setting.together()]), Seed::new(1));
    let mut search = Search::new(setting.problem(), limits());
    let found = loop {
        let text = serde_json::to_string(&search).expect("plain data");
        search = serde_json::from_str(&text).expect("its own text");
        match search.step(1) {
            Step::Done(found) => break found,
            Step::Ask(questions) => {
                let reply = subject.probe(&questions[0]);
                search.record(questions[0].order.clone(), reply);
            }
        }
    };
    check(&found, Role::Victim, vec![setting.members]);
}

#[test]
fn a_limit_ends_a_search_with_the_best_so_far_and_a_larger_one_lets_it_go_on() {
    let setting = Setting::new(7, 200, 2);
    let mut subject = Simulated::new(setting.victim(vec![setting.together()]), Seed::new(1));
    let mut search = Search::new(setting.problem(), Limits { probes: 12, ..limits() });
    let mut asked = 0;
    let mut answer = |search: &mut Search| {
        loop {
            match search.step(1) {
                Step::Done(found) => return (found, asked),
                Step::Ask(questions) => {
                    asked += 1;
                    let reply = subject.probe(&questions[0]);
                    search.record(questions[0].order.clone(), reply);
                }
            }
        }
    };
    let (stopped, asked) = answer(&mut search);
    let Conclusion::Exhausted { by: Limit::Probes, best: Some(best) } = stopped.conclusion else {
        panic!("{stopped:?}");
    };
    assert_eq!(asked, 12);
    assert!(best.len() < 200 && setting.members.iter().all(|member| best.contains(member)), "{best:?}");
    let mut search = search.with_limits(limits());
    let (found, asked) = answer(&mut search);
    assert_eq!(asked, found.probes.total());
    check(&found, Role::Victim, vec![setting.members]);
}

#[test]
fn time_that_probes_took_counts_against_the_limit() {
    let setting = Setting::new(8, 50, 1);
    let limits = Limits { time: Duration::from_secs(4), ..limits() };
    let found = setting.run_with(setting.victim(setting.each()), &setting.problem(), limits);
    assert!(matches!(found.conclusion, Conclusion::Exhausted { by: Limit::Time, .. }), "{found:?}");
    assert_eq!(found.took, Duration::from_secs(4));
}

#[test]
fn what_was_confirmed_stays_when_a_limit_ends_the_search_for_more() {
    let setting = Setting::new(9, 50, 3);
    let whole = setting.run(setting.victim(setting.each()));
    let first = whole.probes.reproduce + whole.probes.search + whole.probes.confirm;
    let limits = Limits { probes: first + 1, ..limits() };
    let found = setting.run_with(setting.victim(setting.each()), &setting.problem(), limits);
    assert!(matches!(found.conclusion, Conclusion::Confirmed { complete: false, .. }), "{found:?}");
    assert_eq!(found.sequences(), &whole.sequences()[..1]);
}

#[test]
fn answers_that_are_unsure_are_asked_again_and_prove_nothing() {
    let setting = Setting::new(10, 50, 1);
    let mut subject = Simulated::new(setting.victim(setting.each()), Seed::new(1));
    let mut asked = 0;
    let mut shaky = |question: &Question| {
        asked += 1;
        let reply = subject.probe(question);
        if asked % 3 == 0 { Reply { answer: Answer::Unsure("port taken".to_owned()), ..reply } } else { reply }
    };
    let found = minimise(&setting.problem(), limits(), &mut shaky);
    check(&found, Role::Victim, vec![setting.members.clone()]);
    let mut never = |_: &Question| Reply::new(Answer::Unsure("did not start".to_owned()), Duration::ZERO);
    let found = minimise(&setting.problem(), limits(), &mut never);
    assert!(matches!(&found.conclusion, Conclusion::Untold { why } if why.contains("did not start")), "{found:?}");
    assert_eq!((found.unsure, found.in_order.trials() + found.alone.trials()), (1, 0));
}

#[test]
fn four_hundred_victims_of_one_defect_cost_one_search_and_a_probe_each() {
    let polluter = CaseIndex(7);
    let suspects: Vec<(CaseIndex, String)> =
        (100..500).map(|case| (CaseIndex(case), "fingerprint".to_owned())).collect();
    let [cluster] = &clusters(suspects)[..] else { panic!("one cluster") };
    let truth = |suspect| Truth::victim(suspect, vec![Chain::of(polluter)]);
    let mut subject = Simulated::new(truth(CaseIndex(100)), Seed::new(1));
    let found = minimise(&subject.problem(), limits(), &mut subject);
    let mut probes = 0;
    for other in &cluster.suspects[1..] {
        let mut verification = Verification::new(&found, *other).expect("something was confirmed");
        while let Some(question) = verification.question() {
            probes += 1;
            let reply = Simulated::new(truth(*other), Seed::new(1)).probe(&question);
            verification.learn(&reply.answer);
        }
        assert!(matches!(verification.verdict(), Verified::Shows(_)));
    }
    assert_eq!(probes, 399);
    let mut innocent = Verification::new(&found, CaseIndex(600)).expect("something was confirmed");
    let question = innocent.question().expect("one probe");
    assert_eq!(question.order, [polluter, CaseIndex(600)]);
    innocent.learn(&Answer::Passes);
    assert!(matches!(innocent.verdict(), Verified::NotShown(_)));
    assert_eq!(Verification::new(&found, polluter), None);
}

proptest! {
    #![proptest_config(crate::properties::same_inputs())]

    /// Whatever an oracle says, the search ends within its limits, and what it confirms was seen to show.
    #[test]
    fn no_oracle_confuses_a_search(seed in any::<u64>(), n in 0_usize..30, share in 0.0..1.0_f64, fixed in any::<bool>()) {
        let seed = Seed::new(seed);
        let mut asked = 0_u64;
        let mut failed = BTreeSet::new();
        let mut oracle = |question: &Question| {
            asked += 1;
            let text = format!("{:?} {}", question.order, if fixed { 0 } else { asked });
            let fails = ((seed.hash(text.as_bytes()) >> 11) as f64) < share * (1_u64 << 53) as f64;
            if fails {
                failed.insert(question.order.clone());
            }
            Reply::new(if fails { Answer::Fails } else { Answer::Passes }, Duration::from_millis(1))
        };
        let problem = Problem::new(CaseIndex::at(n), CaseIndex::first(n));
        let found = minimise(&problem, Limits { probes: 400, ..limits() }, &mut oracle);
        prop_assert!(found.probes.total() <= 400);
        if let Conclusion::Confirmed { role: Role::Victim, sequences, .. } = &found.conclusion {
            for sequence in sequences {
                let order = [&sequence.members[..], &[CaseIndex::at(n)]].concat();
                prop_assert!(failed.contains(&order));
                prop_assert_eq!(sequence.without.len(), sequence.members.len());
            }
        }
    }
}
