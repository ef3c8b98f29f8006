//! Plans as their users see them.

use proptest::prelude::*;
use std::collections::BTreeSet;
use steadfast::model::statistics::{Confidence, Rate};
use steadfast::model::{CaseId, CaseIndex, RoundId, RoundKind, Seed};
use steadfast::plan::{
    Alone, Coverage, Grouping, Orders, PairCoverage, Plan, PlanError, PlanRequest, PlannedCase, Strategy, Twice,
    orders_for_pairs, resolve_order,
};

fn case(number: usize, module: usize) -> PlannedCase {
    PlannedCase {
        id: CaseId::from(format!("m{module}/test.yaml[{number}]")),
        file: format!("m{module}/test.yaml"),
        module: format!("m{module}"),
        tags: vec![format!("tag {}", number % 3)],
    }
}

fn cases(count: usize) -> Vec<PlannedCase> {
    (0..count).map(|number| case(number, number / 5)).collect()
}

fn request() -> PlanRequest {
    PlanRequest::new(Seed::new(42))
}

fn plan(request: PlanRequest, count: usize) -> Plan {
    Plan::new(request, &cases(count)).expect("a plan")
}

fn kinds(plan: &Plan) -> Vec<RoundKind> {
    plan.rounds().iter().map(|round| round.kind()).collect()
}

fn orders(plan: &Plan) -> Vec<Vec<CaseIndex>> {
    plan.rounds().iter().map(|round| plan.order(round.id)).collect()
}

fn coverage(plan: &Plan) -> Coverage {
    let mut pairs = PairCoverage::new(plan.cases().len());
    orders(plan).iter().for_each(|order| pairs.add(order));
    pairs.coverage()
}

#[test]
fn the_default_plan_is_declared_reverse_three_shuffles_and_twice() {
    use RoundKind::{Declared, Reverse, Shuffle, Twice};
    let plan = plan(request(), 20);
    assert_eq!(kinds(&plan), [Declared, Reverse, Shuffle, Shuffle, Shuffle, Twice]);
    assert_eq!(plan.order(RoundId(0)), CaseIndex::list(0..20));
    let twice = plan.order(RoundId(5));
    assert!(twice.chunks(2).all(|pair| pair[0] == pair[1]), "{twice:?}");
    let once: Vec<CaseIndex> = twice.iter().copied().step_by(2).collect();
    assert!((0..5).all(|round| plan.order(RoundId(round)) != once), "an order of its own: {once:?}");
    assert_eq!(once.iter().collect::<BTreeSet<_>>().len(), 20);
    assert_eq!(orders(&plan).into_iter().collect::<BTreeSet<_>>().len(), 6);
    assert_eq!(coverage(&plan).before, 1.0);
    assert_eq!(plan.trials(), 7 * 20);
}

#[test]
fn each_case_runs_alone_if_asked() {
    let plan = plan(PlanRequest { alone: Alone::EveryCase, ..request() }, 4);
    assert_eq!(orders(&plan)[2..6], [0, 1, 2, 3].map(|case| [CaseIndex(case)]));
}

#[test]
fn aftermath_rounds_follow_the_cases_alone_and_come_before_the_shuffles() {
    use RoundKind::{Aftermath, Alone as One, Declared, Reverse, Shuffle, Twice};
    let mixed = plan(PlanRequest { alone: Alone::EveryCase, aftermath: 2, ..request() }, 2);
    assert_eq!(kinds(&mixed), [Declared, Reverse, One, One, Aftermath, Aftermath, Shuffle, Shuffle, Shuffle, Twice]);
    assert_eq!(mixed.order(RoundId(4)), [], "its order is not known before the marks are");
    let without = plan(PlanRequest { alone: Alone::SuspectsOnly, aftermath: 2, ..request() }, 2);
    assert!(!kinds(&without).contains(&Aftermath));
}

#[test]
fn a_flake_rate_sizes_the_plan() {
    let rate = Some(Rate::new(0.01).expect("in range"));
    let plan = plan(PlanRequest { max_flake_rate: rate, rounds: Some(10), ..request() }, 8);
    assert_eq!(plan.rounds().iter().filter(|round| round.counts_as_trial()).count(), 299);
    let seeds: BTreeSet<Seed> = plan.rounds().iter().map(|round| round.seed).collect();
    assert_eq!(seeds.len(), plan.rounds().len());
}

#[test]
fn a_round_count_is_filled_up_with_shuffles() {
    let count = |strategy, rounds| {
        let request = PlanRequest { rounds: Some(rounds), twice: Twice::Never, ..request().with_strategy(strategy) };
        kinds(&plan(request, 6)).into_iter().filter(|kind| *kind == RoundKind::Shuffle).count()
    };
    assert_eq!(count(Strategy::Mixed, 10), 8);
    assert_eq!(count(Strategy::Mixed, 1), 0);
    assert_eq!(count(Strategy::Shuffle, 10), 10);
    assert_eq!(count(Strategy::Pairs, 10), 4);
    assert_eq!(count(Strategy::Declared, 10), 0);
}

#[test]
fn a_single_case_is_not_reversed_and_not_run_alone_again() {
    use RoundKind::{Declared, Shuffle, Twice};
    let plan = plan(PlanRequest { alone: Alone::EveryCase, ..request() }, 1);
    assert_eq!(kinds(&plan), [Declared, Shuffle, Shuffle, Shuffle, Twice]);
}

#[test]
fn shuffles_of_few_cases_use_every_order_before_one_comes_again() {
    let plan = plan(PlanRequest { rounds: Some(6), twice: Twice::Never, ..request() }, 3);
    assert_eq!(orders(&plan).into_iter().collect::<BTreeSet<_>>().len(), 6);
}

#[test]
fn all_orders_of_six_cases_are_720_and_seven_cases_are_refused() {
    let plan = plan(request().with_strategy(Strategy::All), 6);
    assert_eq!(orders(&plan).into_iter().collect::<BTreeSet<_>>().len(), 720);
    let error = Plan::new(request().with_strategy(Strategy::All), &cases(7)).expect_err("too many");
    assert_eq!(error, PlanError::TooManyToPermute { cases: 7, rounds_for_pairs: 8 });
    assert!(error.to_string().contains("--orders pairs (8 rounds)"), "{error}");
}

#[test]
fn pairs_within_and_between_groups_are_covered() {
    let request = PlanRequest { grouping: Grouping::Module, ..request().with_strategy(Strategy::Pairs) };
    let plan = plan(request, 23);
    let orders = orders(&plan);
    assert_eq!(orders.len(), 6);
    let module = |case: &CaseIndex| case.0 / 5;
    let (mut cases, mut modules) = (BTreeSet::new(), BTreeSet::new());
    for order in &orders {
        let blocks: Vec<&[CaseIndex]> = order.chunk_by(|a, b| module(a) == module(b)).collect();
        assert_eq!(blocks.len(), 5, "groups stay together: {order:?}");
        modules.extend(blocks.windows(2).map(|pair| (module(&pair[0][0]), module(&pair[1][0]))));
        cases.extend(blocks.iter().flat_map(|block| block.windows(2)).map(|pair| (pair[0], pair[1])));
    }
    assert_eq!(modules.len(), 5 * 4);
    assert_eq!(cases.len(), 4 * (5 * 4) + 3 * 2);
}

#[test]
fn groups_stay_together_in_a_shuffle() {
    let request = PlanRequest { grouping: Grouping::File, ..request().with_strategy(Strategy::Shuffle) };
    for order in orders(&plan(request, 40)) {
        assert_eq!(order.chunk_by(|a, b| a.0 / 5 == b.0 / 5).count(), 8, "{order:?}");
    }
}

#[test]
fn a_given_order_may_repeat_cases_and_must_name_cases() {
    let list = |order: &[u32]| CaseIndex::list(order.iter().copied());
    let given = |order: &[u32]| PlanRequest { orders: Orders::Given(list(order)), ..request() };
    assert_eq!(orders(&plan(given(&[2, 0, 2]), 3)), [list(&[2, 0, 2])]);
    assert_eq!(Plan::new(given(&[]), &cases(3)), Err(PlanError::EmptyOrder));
    assert_eq!(Plan::new(given(&[3]), &cases(3)), Err(PlanError::NoSuchCase { case: CaseIndex(3), cases: 3 }));
}

#[test]
fn a_written_order_is_resolved_as_far_as_its_cases_exist() {
    let cases = cases(3);
    let gone = CaseId::from("gone");
    let resolved = resolve_order(&[cases[2].id.clone(), gone.clone(), cases[0].id.clone()], &cases);
    assert_eq!((resolved.order, resolved.missing), (CaseIndex::list([2, 0]), vec![gone]));
}

#[test]
fn what_can_not_be_planned_is_refused() {
    let refuse = |request, count| Plan::new(request, &cases(count)).expect_err("no plan").to_string();
    assert_eq!(refuse(request(), 0), "there are no cases to plan for: write a scenario, or select more");
    assert!(refuse(PlanRequest { rounds: Some(0), ..request() }, 3).contains("at least one"));
    let rate = Some(Rate::new(0.01).expect("in range"));
    let fixed = PlanRequest { max_flake_rate: rate, ..request().with_strategy(Strategy::Reverse) };
    assert!(refuse(fixed, 3).contains("--orders reverse has none"));
    let tiny = Some(Rate::new(1e-12).expect("in range"));
    assert!(refuse(PlanRequest { max_flake_rate: tiny, ..request() }, 3).contains("more than a run can number"));
    let twins = [case(1, 1), case(1, 1)];
    assert!(matches!(Plan::new(request(), &twins), Err(PlanError::DuplicateId(_))));
}

#[test]
fn a_plan_is_the_same_on_every_machine() {
    let plan = plan(PlanRequest { alone: Alone::EveryCase, ..request() }, 12);
    assert_eq!(plan.hash().as_str(), "474dc94a09585e9eb8fe379b3d9f07f2");
    assert_eq!(plan.order(RoundId(14)), CaseIndex::list([8, 3, 1, 2, 0, 5, 6, 4, 7, 11, 9, 10]));
    let header = serde_json::to_string(&plan.header()).expect("plain data");
    assert_eq!(serde_json::from_str::<steadfast::plan::PlanHeader>(&header).expect("its own text"), plan.header());
}

#[test]
fn a_thousand_rounds_of_a_hundred_thousand_cases_are_planned_without_their_orders() {
    let cases: Vec<PlannedCase> = (0..100_000).map(|number| case(number, number / 100)).collect();
    let request = PlanRequest { rounds: Some(1_000), grouping: Grouping::Module, ..request() };
    let plan = Plan::new(request, &cases).expect("a plan");
    let mut last = plan.order(RoundId(999));
    last.sort_unstable();
    assert!(last.into_iter().eq(CaseIndex::first(100_000)));
}

fn strategies() -> impl proptest::strategy::Strategy<Value = Strategy> {
    prop_oneof![Just(Strategy::Mixed), Just(Strategy::Shuffle), Just(Strategy::Pairs)]
}

fn groupings() -> impl proptest::strategy::Strategy<Value = Grouping> {
    prop_oneof![Just(Grouping::None), Just(Grouping::File), Just(Grouping::Module), Just(Grouping::Tag)]
}

proptest! {
    #![proptest_config(crate::properties::same_inputs())]

    #[test]
    fn pairs_cover_every_adjacent_pair_in_the_stated_number_of_orders(n in 2_usize..=200, seed in any::<u64>()) {
        let plan = plan(PlanRequest { seed: Seed::new(seed), ..request().with_strategy(Strategy::Pairs) }, n);
        prop_assert_eq!(plan.rounds().len(), orders_for_pairs(n));
        prop_assert_eq!(plan.rounds().len(), n + n % 2);
        prop_assert_eq!(coverage(&plan).adjacent, 1.0);
    }

    #[test]
    fn each_round_has_each_case_as_often_as_it_says(
        n in 1_usize..40, seed in any::<u64>(), strategy in strategies(), grouping in groupings()
    ) {
        let request = PlanRequest {
            seed: Seed::new(seed), grouping, alone: Alone::EveryCase, ..request().with_strategy(strategy)
        };
        let plan = plan(request, n);
        for round in plan.rounds() {
            let mut order = plan.order(round.id);
            order.sort_unstable();
            let all = CaseIndex::first(n);
            match round.kind() {
                RoundKind::Twice => prop_assert!(order.into_iter().eq(all.flat_map(|case| [case, case]))),
                RoundKind::Alone => prop_assert_eq!(order.len(), 1),
                _ => prop_assert!(order.into_iter().eq(all)),
            }
        }
    }

    #[test]
    fn another_case_leaves_the_shuffles_of_the_rest_in_order(n in 33_usize..60, seed in any::<u64>()) {
        let request = PlanRequest { seed: Seed::new(seed), ..request().with_strategy(Strategy::Shuffle) };
        let (fewer, more) = (plan(request.clone(), n), plan(request, n + 1));
        for round in fewer.rounds() {
            let mut rest = more.order(round.id);
            rest.retain(|case| case.index() < n);
            prop_assert_eq!(rest, fewer.order(round.id));
        }
    }

    #[test]
    fn a_plan_is_sized_so_that_its_bound_holds(rate in 0.001..0.5_f64, confidence in 0.5..0.99_f64) {
        let (rate, confidence) = (Rate::new(rate).expect("in range"), Confidence::new(confidence).expect("in range"));
        let request = PlanRequest { max_flake_rate: Some(rate), confidence, ..request().with_strategy(Strategy::Shuffle) };
        let trials = plan(request, 2).rounds().len() as i32;
        prop_assert!((1.0 - rate.share()).powi(trials) <= 1.0 - confidence.share() + 1e-9);
    }
}
