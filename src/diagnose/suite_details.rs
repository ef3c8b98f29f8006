//! What is told of a finding in a test suite beside the conclusion: the state that decides, where two runs part, and the
//! line with which the suite's own runner shows it.

use super::examine::Examiner;
use crate::adapter::{Explain, OwnLine, RunnerAlone};
use crate::diagnose::DiagnoseError;
use crate::diagnose::suspects::Suspect;
use crate::event::{Conclusion, RunnerLine, StateCause};
use crate::model::{CaseIndex, MarkKind, Position, StateMark};

/// How many members of a sequence are watched for what they change.
const WATCHED: usize = 3;

/// How many sequences are watched where nobody asks for all.
const SEQUENCES_WATCHED: usize = 3;

/// For so many milliseconds the paths of a case are followed by default, and where somebody asks for it.
const FOLLOWED_MS: (u32, u32) = (1_000, 60_000);

/// So many parts of the state are told where none is known to decide.
const MARKS_TOLD: usize = 20;

/// What is told of a finding in a test suite beside the conclusion.
#[derive(Debug, Clone, Default)]
pub(super) struct SuiteDetails {
    /// The state that decides.
    pub causes: Vec<StateCause>,
    pub remarks: Vec<String>,
    /// The line with which its own runner shows it.
    pub runner_line: Option<RunnerLine>,
    /// Where two runs of it part.
    difference: Option<String>,
}

impl SuiteDetails {
    /// Learns what a polluter or a state-setter leaves. Where a part of it decides, the rest is of no interest.
    fn learn(&mut self, case: CaseIndex, name: &str, marks: Vec<StateMark>) {
        // What is bound to a closed loop and could not be put back is told by the words of the failure.
        // A variable that could not be put back is the cause where the suspect reads it, or nothing else is left.
        let is_alone = marks.iter().filter(|mark| mark.only_seen).count() == 1;
        let decides = |mark: &StateMark| mark.decides == Some(true) || mark.kind == MarkKind::LoopBound;
        let is_tried = marks.iter().any(decides);
        let is_seen = |mark: &StateMark| !is_tried && mark.only_seen && (is_alone || mark.read_at.is_some());
        let is_cause = |mark: &StateMark| decides(mark) || is_seen(mark);
        let (deciding, others): (Vec<_>, Vec<_>) = marks.into_iter().partition(is_cause);
        if !deciding.is_empty() {
            self.causes.extend(deciding.into_iter().map(|mark| StateCause { case, mark }));
            return;
        }
        if others.is_empty() {
            self.remarks.push(format!(
                "no change of state was seen in {name}: what C extensions, other processes and servers keep is not looked at"
            ));
        }
        let were_tried = others.iter().any(|mark| mark.decides == Some(false));
        self.remarks.extend(others.iter().take(MARKS_TOLD).map(|mark| format!("{name} leaves {mark}")));
        if were_tried {
            self.remarks.push(format!(
                "none of what {name} leaves decides by itself: with all of it put back the next case ends the same"
            ));
        }
    }
}

impl Examiner<'_> {
    /// What can be told of a suite's test besides: what its polluter changes, which part of that decides, and the line
    /// for plain pytest.
    pub(super) fn suite_details(
        &mut self,
        suspect: &Suspect,
        conclusion: &Conclusion,
        order: &[CaseIndex],
    ) -> Result<SuiteDetails, DiagnoseError> {
        let (sequences, most) = match (conclusion, self.setting.subject.explains()) {
            (Conclusion::Victim { polluters, .. }, Some(Explain::Repro)) => (first(polluters), WATCHED),
            (Conclusion::Victim { polluters, .. }, Some(Explain::All)) => (polluters.as_slice(), usize::MAX),
            (Conclusion::Brittle { state_setters, .. }, Some(Explain::Repro)) => (first(state_setters), WATCHED),
            (Conclusion::Brittle { state_setters, .. }, Some(Explain::All)) => (state_setters.as_slice(), usize::MAX),
            (Conclusion::NonIdempotent { repeated }, Some(_)) if *repeated == [suspect.case] => {
                (std::slice::from_ref(repeated), WATCHED)
            }
            _ => (&[][..], 0),
        };
        let mut told = self.states(suspect.case, sequences, most)?;
        if told.difference.is_none() {
            told.difference = self.first_difference(conclusion, order)?;
        }
        if let Some(difference) = told.difference.take() {
            told.remarks.insert(0, difference);
        }
        if !matches!(
            conclusion,
            Conclusion::DoesNotReproduce | Conclusion::NotMinimised { .. } | Conclusion::Undiagnosed { .. }
        ) {
            let by_chance = matches!(conclusion, Conclusion::Intermittent | Conclusion::EnvironmentDependent { .. });
            match self.own_line(suspect, order, by_chance) {
                Some(RunnerAlone::Shows(line)) => told.runner_line = Some(line),
                Some(RunnerAlone::Otherwise(text)) => told.remarks.push(text),
                None => {}
            }
        }
        Ok(told)
    }

    fn followed_ms(&self) -> u32 {
        if self.setting.subject.follows_on_request() { FOLLOWED_MS.1 } else { FOLLOWED_MS.0 }
    }

    /// Where the paths of a suspect part: after what makes it end otherwise and alone, or where it passes and where it
    /// fails in one order.
    fn first_difference(
        &mut self,
        conclusion: &Conclusion,
        order: &[CaseIndex],
    ) -> Result<Option<String>, DiagnoseError> {
        if self.setting.subject.explains().is_none() || !self.setting.subject.follows_lines() {
            return Ok(None);
        }
        let order = match conclusion {
            Conclusion::Victim { .. } | Conclusion::Intermittent => order.to_vec(),
            Conclusion::Brittle { state_setters, .. } => {
                state_setters.first().into_iter().flatten().chain(order).copied().collect()
            }
            _ => return Ok(None),
        };
        let limit = self.followed_ms();
        self.prober.difference(&order, limit)
    }

    /// What the first `most` cases of each sequence leave before the suspect.
    fn states(
        &mut self,
        suspect: CaseIndex,
        sequences: &[Vec<CaseIndex>],
        most: usize,
    ) -> Result<SuiteDetails, DiagnoseError> {
        if let Some((case, known, told)) = &self.chart.states
            && *case == suspect
            && known == sequences
        {
            return Ok(told.clone());
        }
        let mut told = SuiteDetails::default();
        for sequence in sequences {
            let order: Vec<CaseIndex> = sequence.iter().copied().chain([suspect]).collect();
            for (place, culprit) in Position::all().zip(sequence).take(most) {
                let (marks, difference) = self.prober.marks(&order, place, self.followed_ms())?;
                told.difference = told.difference.or(difference);
                let name = self.record.case(*culprit).map_or("", |info| info.id.as_str());
                told.learn(*culprit, name, marks);
            }
        }
        self.chart.states = Some((suspect, sequences.to_vec(), told.clone()));
        Ok(told)
    }

    /// The line for the suite's own runner, which is tried once.
    fn own_line(&mut self, suspect: &Suspect, order: &[CaseIndex], by_chance: bool) -> Option<RunnerAlone> {
        if let Some((known, line)) = &self.chart.own_line
            && known == order
        {
            return line.clone();
        }
        let line = self.setting.subject.own_line(&OwnLine {
            record: self.record,
            order,
            fingerprint: &suspect.fingerprint,
            hash_seed: suspect.hash_seed,
            case_deadline: self.setting.case_timeout,
            by_chance,
        });
        self.chart.own_line = Some((order.to_vec(), line.clone()));
        line
    }
}

/// The sequences that are watched where nobody asks for all.
fn first(sequences: &[Vec<CaseIndex>]) -> &[Vec<CaseIndex>] {
    sequences.get(..sequences.len().min(SEQUENCES_WATCHED)).unwrap_or_default()
}
