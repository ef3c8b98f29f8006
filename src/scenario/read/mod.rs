//! From the tree as typed to the case as meant. Nothing here stops at a mistake: it is noted, and the reading goes on.

mod action;
mod behaviour;
mod calls;
mod expect;
mod given;
mod matcher;
mod prices;
mod providers;
mod reader;
mod scenario;
mod step;
mod tape;
mod values;

pub(crate) use action::{HTTP_KEYS, METHODS as HTTP_METHODS};
pub(crate) use behaviour::{ANSWER_KEYS, FAIL_KEYS, FAILURES, FAULT_KEYS, FINISHES, MALFORMED, behaviour_keys};
pub(crate) use calls::CALL_KEYS;
pub(crate) use expect::{EXPECT_KEYS, STREAM_KEYS};
pub(crate) use given::{BUDGET_KEYS, GIVEN_KEYS, settings_keys};
pub(crate) use matcher::{OPERATORS, TYPES};
pub(crate) use prices::PRICE_KEYS;
pub(crate) use providers::WHEN_KEYS;
pub(crate) use reader::{Names, Reader, quoted};
pub(crate) use scenario::{ANSWERS_KEYS, LEAK_KEYS, SCENARIO_KEYS, read_scenario};
pub(crate) use step::{MODIFIERS, OTHER_ACTIONS, action_keys};
