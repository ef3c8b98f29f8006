//! What a step expects of its answer, and what it takes from it.

use super::player::Player;
use super::problem::Problem;
use super::scene::Scene;
use crate::adapter::scenario::answer::Answer;
use crate::adapter::scenario::matching::{mismatch, shorten, show, tally};
use crate::adapter::scenario::needs::tells;
use crate::adapter::shared::template::Variables;
use crate::scenario::{Action, Expectation, LOG_PATIENCE, Matcher, Step, StreamSubject, Subject, System, SystemKind};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The pause between two looks at the log.
const LOOK: Duration = Duration::from_millis(10);

impl Player<'_> {
    /// Checks what the step expects. All that does not hold is told at once.
    pub(super) async fn check(&self, scene: &Scene<'_>, step: &Step, answer: Option<&Answer>) -> Result<(), Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        let told = step.expect.iter().filter(|expectation| tells(self.system, step, &expectation.subject));
        for expectation in told {
            let wrong = match &expectation.subject {
                Subject::Log => self.check_log(scene, expectation).await,
                _ => self.check_answer(step, expectation, answer),
            };
            problems.extend(wrong.map(|text| Problem::failed(&expectation.place, text)));
        }
        if problems.is_empty() {
            return Ok(());
        }
        let mut text: Vec<String> = problems.iter().map(|problem| problem.text.clone()).collect();
        if let Some(answer) = answer.filter(|answer| answer.status >= 400) {
            text.push(format!("the answer was {}: {}", answer.status, shorten(&answer.text)));
        }
        Err(Problem::failed(&problems[0].place, text.join("\n")))
    }

    fn check_answer(&self, step: &Step, expectation: &Expectation, answer: Option<&Answer>) -> Option<String> {
        let answer = answer?;
        let variables = self.variables.borrow();
        let name = name_of(&expectation.subject);
        if let (Action::Concurrently(_), Some(answers)) = (&step.action, answer.json.as_ref().and_then(Value::as_array))
        {
            return check_set(&expectation.subject, &expectation.matcher, answers, &variables)
                .map(|text| format!("{name}: {text}"));
        }
        if matches!(expectation.subject, Subject::Status) {
            let said = self.system.statuses_of(answer.status);
            let wrong = |status: &u16| mismatch(&expectation.matcher, Some(&Value::from(*status)), &variables);
            let wrong = said.iter().map(wrong).collect::<Option<Vec<_>>>()?;
            let wanted = wrong.into_iter().next().unwrap_or_default();
            let hint = said_in_another_way(&expectation.matcher, answer.status, self.system).unwrap_or_default();
            return Some(format!("{name}: expected {wanted}, was {}{hint}", answer.status));
        }
        let found = answer.value(&expectation.subject);
        let wanted = mismatch(&expectation.matcher, found.as_ref(), &variables)?;
        Some(format!("{name}: expected {wanted}, was {}", show(found.as_ref())))
    }

    /// What the system writes comes when it comes: what is expected of it may take a moment to hold.
    async fn check_log(&self, scene: &Scene<'_>, expectation: &Expectation) -> Option<String> {
        let deadline = Instant::now() + LOG_PATIENCE;
        loop {
            let text = Value::from(scene.output.since(scene.begun));
            let wanted = mismatch(&expectation.matcher, Some(&text), &self.variables.borrow())?;
            if Instant::now() >= deadline || matches!(expectation.matcher, Matcher::Not(_)) {
                return Some(format!("log: expected {wanted}, was {}", show(Some(&text))));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) fn capture(&self, step: &Step, answer: Option<&Answer>) -> Result<(), Problem> {
        for capture in &step.capture {
            // The value as it came, marks and all: it may go back to the system.
            let value = answer.and_then(|answer| match &capture.from {
                Subject::Field(name) => answer.field(name),
                subject => answer.value(subject),
            });
            let Some(value) = value else {
                let text = format!("capture {}: there is no {}", capture.name, name_of(&capture.from));
                return Err(Problem::failed(&capture.place, text));
            };
            self.variables.borrow_mut().insert(capture.name.clone(), value);
        }
        Ok(())
    }
}

/// What to say of a refusal by another status than the contract's, which may be the system's way to say it.
fn said_in_another_way(matcher: &Matcher, was: u16, system: &System) -> Option<String> {
    let Matcher::Equals(wanted) = matcher else { return None };
    let wanted = wanted.as_u64().filter(|wanted| (400..500).contains(wanted) && (400..500).contains(&was))?;
    let is_ours = matches!(system.kind, SystemKind::Embedded);
    let hint =
        format!(" (if that is how it says so: `statuses: {{ {wanted}: [{wanted}, {was}] }}` in the system file)");
    (!is_ours).then_some(hint)
}

/// Checks an expectation on the answers of lanes that ran side by side.
fn check_set(subject: &Subject, matcher: &Matcher, answers: &[Value], variables: &Variables) -> Option<String> {
    let values = |subject: &Subject| -> Vec<Value> {
        let of = |answer: &Value| match subject {
            Subject::Status => answer.get("status").cloned(),
            Subject::Field(name) => answer.get(name).cloned(),
            _ => None,
        };
        answers.iter().map(|answer| of(answer).unwrap_or(Value::Null)).collect()
    };
    match subject {
        Subject::Tally(inner) => {
            let found = Value::Array(values(inner));
            let wanted = mismatch(matcher, Some(&found), variables)?;
            let counts: Vec<String> =
                tally(Some(&found)).into_iter().map(|(value, count)| format!("{value}: {count}")).collect();
            Some(format!("expected {wanted}, was {}", counts.join(", ")))
        }
        Subject::Path(_, path) => {
            let all = Value::Array(answers.to_vec());
            let found = Value::Array(path.query(&all).all().into_iter().cloned().collect());
            let wanted = mismatch(matcher, Some(&found), variables)?;
            Some(format!("expected {wanted}, was {}", show(Some(&found))))
        }
        _ => values(subject).iter().find_map(|value| {
            let wanted = mismatch(matcher, Some(value), variables)?;
            Some(format!("expected {wanted} of every answer, was {}", show(Some(value))))
        }),
    }
}

fn name_of(subject: &Subject) -> String {
    match subject {
        Subject::Status => "status".into(),
        Subject::Field(name) | Subject::Path(name, _) => name.clone(),
        Subject::Header(name) => format!("header.{name}"),
        Subject::Body => "body".into(),
        Subject::Stream(StreamSubject::Events) => "stream.events".into(),
        Subject::Stream(StreamSubject::Text) => "stream.text".into(),
        Subject::Stream(StreamSubject::Chunks) => "stream.chunks".into(),
        Subject::Stream(StreamSubject::FirstWithin) => "stream.first_within (ms)".into(),
        Subject::Stream(StreamSubject::MaxGap) => "stream.max_gap (ms)".into(),
        Subject::Log => "log".into(),
        Subject::Tally(inner) => name_of(inner),
    }
}
