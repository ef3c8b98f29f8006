//! The default plan on simulated suites whose truth is known: what cleaners hide in nearly every order is found, and
//! the search names who did it.

mod world;

use std::time::Duration;
use steadfast::minimise::{Answer, Limits, Problem, Question, Reply, minimise};
use steadfast::model::CaseIndex;
use steadfast::plan::PlanRequest;
use world::{Act, Dependent, Fails, Seen, World, default_plan, numbers, six_shuffles, tuscan_orders};

/// A suite of so many cases with one of each kind.
fn suite(cases: u32, seed: u64) -> World {
    let mut world = World::new(cases, seed);
    let mut cleaned = Vec::new();

    // A polluter that 39 of 40 others clean up after.
    let ([polluter, victim], v) = (world.take(), world.variable());
    world.does(polluter, v, Act::Set(1));
    world.victim(victim, v, 1, vec![vec![polluter]]);
    let hidden = v;

    // Two that act together.
    let ([first, second, victim], v) = (world.take(), world.variable());
    world.does(first, v, Act::Add(1));
    world.does(second, v, Act::Add(2));
    world.victim(victim, v, 3, vec![vec![first, second], vec![second, first]]);
    cleaned.push(v);

    // A, then B.
    let ([first, second, victim], v) = (world.take(), world.variable());
    world.does(first, v, Act::Set(1));
    world.does(second, v, Act::If(0, 4));
    world.does(second, v, Act::If(1, 2));
    world.victim(victim, v, 2, vec![vec![first, second]]);
    cleaned.push(v);

    // Three that contradict each other.
    let ([red, green, blue], v) = (world.take(), world.variable());
    for (value, polluter) in [(1, red), (2, green), (3, blue)] {
        world.does(polluter, v, Act::Set(value));
        let [victim] = world.take();
        world.victim(victim, v, value, vec![vec![polluter]]);
    }
    cleaned.push(v);

    // A polluter that fails itself.
    let ([polluter, victim], v) = (world.take(), world.variable());
    world.does(polluter, v, Act::Set(1));
    world.fails(polluter, Fails::Always);
    world.victim(victim, v, 1, vec![vec![polluter]]);
    cleaned.push(v);

    // A victim that a marking case heals.
    let ([polluter, healer, victim], v, other) = (world.take(), world.variable(), world.variable());
    world.does(polluter, v, Act::Set(1));
    world.does(healer, v, Act::Set(0));
    world.does(healer, other, Act::Set(1));
    world.victim(victim, v, 1, vec![vec![polluter]]);
    cleaned.push(v);

    // One that needs what another sets.
    let ([setter, brittle], v) = (world.take(), world.variable());
    world.does(setter, v, Act::Set(1));
    world.fails(brittle, Fails::Unless(v, 1));
    world.dependent.push(Dependent { case: brittle, causes: vec![vec![setter]], is_brittle: true });

    // Who cleans up leaves nothing else behind.
    for v in cleaned {
        let few = 2 + world.below(4);
        world.cleaners(v, few);
    }
    world.cleaners(hidden, (cases as usize - 25) * 39 / 40);
    world
}

/// The sequence that the search names first, from the shortest order that tells.
fn named(world: &World, seen: &Seen, dependent: &Dependent) -> Option<Vec<u32>> {
    let telling = if dependent.is_brittle { &seen.passed } else { &seen.failed };
    let before = telling.get(&dependent.case)?.iter().filter(|before| !before.contains(&dependent.case));
    let before = before.min_by_key(|before| before.len())?.iter().copied();
    let problem = Problem::new(CaseIndex(dependent.case), CaseIndex::list(before));
    let mut ask = |question: &Question| {
        let answer = if world.last_fails(&numbers(&question.order)) { Answer::Fails } else { Answer::Passes };
        Reply::new(answer, Duration::from_millis(1))
    };
    let limits = Limits { sequences: 1, cleaners: 0, ..Limits::default() };
    minimise(&problem, limits, &mut ask).sequences().first().map(|sequence| numbers(&sequence.members))
}

#[test]
fn the_default_plan_finds_what_depends_on_orders_and_the_search_names_who_did_it() {
    for seed in 0..200 {
        let cases = [40, 80, 160][seed as usize % 3];
        let world = suite(cases, seed);
        // A suite under a second has time for more than its plan.
        let seen = world.play(default_plan(seed), 12);
        for dependent in &world.dependent {
            assert!(seen.has_found(dependent.case), "seed {seed}, {cases} cases: missed {dependent:?}");
            let named = named(&world, &seen, dependent);
            assert!(
                named.as_ref().is_some_and(|members| dependent.causes.contains(members)),
                "seed {seed}: {named:?} instead of {dependent:?}"
            );
        }
    }
}

/// A suite made at random: up to ten victims, each with up to three polluters or a chain of two, and any
/// number of cleaners.
fn random_suite(seed: u64) -> World {
    let cases = [30, 100, 300, 1_000][seed as usize % 4];
    let mut world = World::new(cases, seed);
    let mut cleaned = Vec::new();
    for _ in 0..=world.below(if cases < 100 { 3 } else { 10 }) {
        let ([victim], v) = (world.take(), world.variable());
        if world.below(4) == 0 {
            let [first, second] = world.take();
            world.does(first, v, Act::Set(1));
            world.does(second, v, Act::If(1, 2));
            world.does(second, v, Act::If(0, 4));
            world.victim(victim, v, 2, vec![vec![first, second]]);
        } else {
            let count = 1 + world.below(3);
            let polluters: Vec<u32> = world.take::<3>().into_iter().take(count).collect();
            polluters.iter().for_each(|polluter| world.does(*polluter, v, Act::Set(1)));
            world.victim(victim, v, 1, polluters.into_iter().map(|polluter| vec![polluter]).collect());
        }
        cleaned.push(v);
    }
    for v in cleaned {
        // Few clean up as a rule, and sometimes most do.
        let most = [2, 10, cases as usize / 4, cases as usize][world.below(4)];
        let count = world.below(most);
        world.cleaners(v, count);
    }
    world
}

/// Victims found, all victims, and runs of a case for each case of the suites, over a hundred random suites.
fn share(request: fn(u64) -> PlanRequest) -> (usize, usize, f64) {
    let (mut found, mut all, mut cost, mut cases) = (0, 0, 0, 0);
    for seed in 0..100 {
        let world = random_suite(seed);
        let seen = world.play(request(seed), 0);
        found += world.dependent.iter().filter(|dependent| seen.has_found(dependent.case)).count();
        all += world.dependent.len();
        cost += seen.cost;
        cases += world.cases() as usize;
    }
    (found, all, cost as f64 / cases as f64)
}

#[test]
fn the_planned_part_finds_more_than_a_hundred_orders_and_costs_a_tenth() {
    let (ours, all, cost) = share(default_plan);
    let (shuffles, _, _) = share(six_shuffles);
    let (tuscan, _, tuscan_cost) = share(|seed| tuscan_orders(seed, 105));
    let told =
        format!("{ours} of {all} for {cost:.1}; six shuffles {shuffles}; 105 orders {tuscan} for {tuscan_cost:.1}");
    assert!(ours * 100 >= all * 99, "{told}");
    assert!(ours > shuffles && ours >= tuscan && cost <= 10.5, "{told}");
}
