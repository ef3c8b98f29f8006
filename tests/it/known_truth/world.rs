//! A simulated suite: cases that write and read variables, so that what is true of each is known.

use std::collections::BTreeMap;
use steadfast::model::{Aftermath, CaseId, CaseIndex, MarkKind, RoundKind, Seed, StateMark};
use steadfast::plan::{
    Additions, AftermathOrder, Alone, MarksLeft, Orders, Plan, PlanRequest, PlannedCase, Strategy, Twice,
};

/// What a case does to a variable.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    Set(u32),
    /// Sets these bits of the state.
    Add(u32),
    /// Sets the second value where the variable has the first.
    If(u32, u32),
}

/// When a case fails.
#[derive(Debug, Clone, Copy)]
pub enum Fails {
    Always,
    If(usize, u32),
    Unless(usize, u32),
}

/// A case that depends on others: minimal sequences after which it fails, or passes if it fails alone.
#[derive(Debug, Clone)]
pub struct Dependent {
    pub case: u32,
    pub causes: Vec<Vec<u32>>,
    pub is_brittle: bool,
}

/// Cases by their bare numbers, with which the worlds reckon.
pub fn numbers(order: &[CaseIndex]) -> Vec<u32> {
    order.iter().map(|case| case.0).collect()
}

/// Cases by their numbers in declared order.
#[derive(Debug, Clone)]
pub struct World {
    acts: Vec<Vec<(usize, Act)>>,
    fails: Vec<Vec<Fails>>,
    pub dependent: Vec<Dependent>,
    free: Vec<u32>,
    variables: usize,
    draws: (Seed, u64),
}

/// How often each case ended how in a plan, and what ran before it.
#[derive(Debug, Default)]
pub struct Seen {
    pub passed: BTreeMap<u32, Vec<Vec<u32>>>,
    pub failed: BTreeMap<u32, Vec<Vec<u32>>>,
    /// In runs of one case.
    pub cost: usize,
}

impl World {
    pub fn new(cases: u32, seed: u64) -> Self {
        let draws = (Seed::new(seed).derive("world"), 0);
        let count = cases as usize;
        let mut world = Self {
            acts: vec![Vec::new(); count],
            fails: vec![Vec::new(); count],
            dependent: Vec::new(),
            free: (0..cases).collect(),
            variables: 0,
            draws,
        };
        for last in (1..count).rev() {
            let other = world.below(last + 1);
            world.free.swap(last, other);
        }
        world
    }

    pub fn cases(&self) -> u32 {
        self.acts.len() as u32
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.draws.1 += 1;
        (self.draws.0.hash(&self.draws.1.to_le_bytes()) % bound as u64) as usize
    }

    /// Cases that do nothing yet.
    pub fn take<const N: usize>(&mut self) -> [u32; N] {
        std::array::from_fn(|_| self.free.pop().expect("more cases than take part in anything"))
    }

    pub fn variable(&mut self) -> usize {
        self.variables += 1;
        self.variables - 1
    }

    pub fn does(&mut self, case: u32, variable: usize, act: Act) {
        self.acts[case as usize].push((variable, act));
    }

    pub fn fails(&mut self, case: u32, when: Fails) {
        self.fails[case as usize].push(when);
    }

    /// A case that fails where a variable has a value, which these sequences give it.
    pub fn victim(&mut self, case: u32, variable: usize, value: u32, causes: Vec<Vec<u32>>) {
        self.fails(case, Fails::If(variable, value));
        self.dependent.push(Dependent { case, causes, is_brittle: false });
    }

    /// `count` cases that do nothing else clean a variable up. They may clean several.
    pub fn cleaners(&mut self, variable: usize, count: usize) {
        let mut left = self.free.clone();
        for _ in 0..count.min(left.len()) {
            let place = self.below(left.len());
            let cleaner = left.swap_remove(place);
            self.does(cleaner, variable, Act::Set(0));
        }
    }

    fn step(&self, case: u32, state: &mut [u32]) -> bool {
        let fails = self.fails[case as usize].iter().any(|when| match *when {
            Fails::Always => true,
            Fails::If(variable, value) => state[variable] == value,
            Fails::Unless(variable, value) => state[variable] != value,
        });
        for (variable, act) in &self.acts[case as usize] {
            let value = &mut state[*variable];
            *value = match *act {
                Act::Set(new) => new,
                Act::Add(bits) => *value | bits,
                Act::If(old, new) if *value == old => new,
                Act::If(..) => *value,
            };
        }
        fails
    }

    /// Whether the last case of an order fails.
    pub fn last_fails(&self, order: &[u32]) -> bool {
        let mut state = vec![0; self.variables];
        order.iter().map(|case| self.step(*case, &mut state)).last().unwrap_or(false)
    }

    fn marks(&self) -> MarksLeft {
        let each = (0..self.cases()).map(|case| {
            let mut state = vec![0; self.variables];
            self.step(case, &mut state);
            let changed = state.iter().enumerate().filter(|(_, value)| **value != 0);
            let mark = |(variable, value): (usize, &u32)| {
                let (before, after) = (Some("0".to_owned()), Some(value.to_string()));
                StateMark::new(MarkKind::Variable, format!("v{variable}"), before, after)
            };
            (CaseIndex(case), changed.map(mark).collect::<Vec<_>>())
        });
        each.filter(|(_, marks)| !marks.is_empty()).collect()
    }

    fn run(&self, order: &[u32], seen: &mut Seen) {
        let mut state = vec![0; self.variables];
        self.go_on(&[], order, &mut state, seen);
    }

    fn go_on(&self, before: &[u32], order: &[u32], state: &mut [u32], seen: &mut Seen) {
        seen.cost += order.len();
        for (place, case) in order.iter().enumerate() {
            let kept = if self.step(*case, state) { &mut seen.failed } else { &mut seen.passed };
            if self.dependent.iter().any(|dependent| dependent.case == *case) {
                kept.entry(*case).or_default().push([before, &order[..place]].concat());
            }
        }
    }

    fn run_aftermath(&self, order: &[u32], shape: &Aftermath, seen: &mut Seen) {
        let (marking, _) = order.split_at(shape.marking as usize);
        let mut left = vec![0; self.variables];
        self.go_on(&[], marking, &mut left, seen);
        for fork in shape.forks(order.len()) {
            self.go_on(marking, &order[fork.start.index()..fork.end.index()], &mut left.clone(), seen);
        }
    }

    fn planned(&self) -> Vec<PlannedCase> {
        let case = |number| PlannedCase {
            id: CaseId::from(format!("case {number}")),
            file: format!("file {}", number / 20),
            module: String::new(),
            tags: Vec::new(),
        };
        (0..self.cases()).map(case).collect()
    }

    /// Plays a plan, and as many rounds more as `added` says.
    pub fn play(&self, request: PlanRequest, added: usize) -> Seen {
        let plan = Plan::new(request, &self.planned()).expect("a plan");
        let marks = self.marks();
        let everybody = CaseIndex::list(0..self.cases());
        let mut marking = plan.marking_orders(&marks);
        let mut seen = Seen::default();
        for round in plan.rounds() {
            if round.kind() != RoundKind::Aftermath {
                self.run(&numbers(&plan.order(round.id)), &mut seen);
            } else if marking.marking() > 0 {
                let AftermathOrder { order, shape } =
                    AftermathOrder::new(marking.next_order(), everybody.iter().copied(), None);
                self.run_aftermath(&numbers(&order), &shape, &mut seen);
            }
        }
        let mut additions = Additions::new(&plan, &marks, everybody, None);
        for left in (0..added).rev() {
            let Some(addition) = additions.next(left + 1) else { break };
            match &addition.shape {
                Some(shape) => self.run_aftermath(&numbers(&addition.order), shape, &mut seen),
                None => self.run(&numbers(&addition.order), &mut seen),
            }
        }
        seen
    }
}

impl Seen {
    /// Whether it was seen to fail and to pass.
    pub fn has_found(&self, case: u32) -> bool {
        self.failed.contains_key(&case) && self.passed.contains_key(&case)
    }
}

/// The default plan of a suite.
pub fn default_plan(seed: u64) -> PlanRequest {
    PlanRequest { alone: Alone::EveryCase, aftermath: 2, ..PlanRequest::new(Seed::new(seed)) }
}

/// Declared, reverse and six shuffles.
pub fn six_shuffles(seed: u64) -> PlanRequest {
    PlanRequest { rounds: Some(8), twice: Twice::Never, ..PlanRequest::new(Seed::new(seed)) }
}

/// The first rows of a row-complete square: every case directly after as many others.
pub fn tuscan_orders(seed: u64, orders: u32) -> PlanRequest {
    let by_pairs = Orders::By(Strategy::Pairs);
    PlanRequest { orders: by_pairs, rounds: Some(orders), twice: Twice::Never, ..PlanRequest::new(Seed::new(seed)) }
}
