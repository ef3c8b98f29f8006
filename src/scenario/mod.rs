//! The scenario format: files in, checked cases out.

mod audio;
mod case;
mod cells;
mod expectation;
mod filter;
mod json_path;
mod kinds;
mod load;
mod openapi;
mod problem;
mod project;
mod provider_file;
mod read;
mod schema;
mod scope;
mod source;
mod step;
mod suggest;
mod system;
mod system_file;
mod template;
mod vocabulary;
mod yaml;

pub use audio::{Audio, NotAudio};
pub use case::{Answers, Case, DEFAULT_LEARNER, Given, Learner};
pub use expectation::{
    CallExpectation, CallExpectations, CallField, CallProperty, Expectation, LOG_PATIENCE, Matcher, StreamSubject,
    Subject,
};
pub use filter::{Filter, FilterError, parse_filter};
pub use json_path::{JsonPathError, parse_json_path};
pub use load::{Loaded, SCENARIO_FOLDER, load, load_text};
pub use openapi::{Begun, begin_system};
pub use problem::{Problem, Problems};
pub use project::{Project, ProjectError};
pub use provider_file::{ProviderFile, load_providers};
pub use schema::{schema, system_schema};
pub(crate) use source::SourceFile;
pub use step::{Action, Auth, Capture, HttpBody, HttpRequest, Step};
pub(crate) use suggest::{did_you_mean, nearest};
pub use system::{
    Binding, BindingAuth, CarriedForm, FieldPath, Process, RESET_NAMES, Reset, StreamBinding, System, SystemKind,
};
pub use system_file::{BUILT_IN, load_system};
pub use template::{Part, closing_brace};
pub use vocabulary::{Capability, REFUSAL_FIELDS, Verb};
pub(crate) use yaml::Span;
