//! The scenario format: files in, checked cases out.

mod case;
mod expectation;
mod step;
mod system;
mod vocabulary;

pub use case::{Case, DEFAULT_LEARNER, Given, LeakAllowance, Learner};
pub use expectation::{
    CallExpectation, CallExpectations, CallField, CallProperty, Expectation, LOG_PATIENCE, Matcher, StreamSubject,
    Subject,
};
pub use step::{Action, Auth, Capture, HttpBody, HttpRequest, Step};
pub use system::{Binding, BindingAuth, Process, Reset, StreamBinding, System, SystemKind};
pub use vocabulary::{Capability, REFUSAL_FIELDS, Verb};
