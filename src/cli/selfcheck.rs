//! How the matrix of a self-check is shown.

use crate::app::{Healthy, Matrix, Progress, Row, Sentence};
use std::fmt::Write as _;

/// One line for what became known.
pub(super) fn progress(known: &Progress<'_>) -> String {
    match known {
        Progress::Healthy(healthy) => healthy_line(healthy),
        Progress::Tried(row) => {
            let said = match &row.sentence {
                Sentence::Found { message, .. } => message.lines().next().unwrap_or_default(),
                Sentence::Missed | Sentence::WrongCause { .. } | Sentence::NotRun { .. } => "",
            };
            let (name, sentence, took) = (row.defect.name(), row.sentence.as_str(), row.took.as_secs_f64());
            format!("{name}: {sentence} in {took:.1} s. {said}").trim_end().to_owned()
        }
    }
}

/// The matrix for a terminal.
pub(super) fn terminal_matrix(matrix: &Matrix) -> String {
    let mut text = String::new();
    let width = matrix.rows.iter().map(|row| row.defect.name().len()).max().unwrap_or(0);
    let heading = ("defect", "expected", "verdict", "rounds", "seconds", "first finding");
    let _ = writeln!(
        text,
        "{:width$}  {:15}  {:11}  {:>6}  {:>7}  {}",
        heading.0, heading.1, heading.2, heading.3, heading.4, heading.5
    );
    for row in &matrix.rows {
        let _ = writeln!(
            text,
            "{:width$}  {:15}  {:11}  {:>6}  {:>7.1}  {}",
            row.defect.name(),
            row.expectation.kind.as_str(),
            row.sentence.as_str(),
            row.rounds,
            row.took.as_secs_f64(),
            finding(row),
        );
    }
    let _ = writeln!(text, "\n{}", healthy_line(&matrix.healthy));
    for accused in &matrix.healthy.accused {
        let _ = writeln!(text, "  {accused}");
    }
    let _ = writeln!(text, "{}", summary(matrix));
    let _ = writeln!(text, "runs and repros: {}", matrix.folder.display());
    text
}

/// The matrix for documents.
pub(super) fn markdown_matrix(matrix: &Matrix) -> String {
    let mut text = String::from(
        "| defect | expected | verdict | first finding | rounds | trials | seconds |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in &matrix.rows {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} | {:.1} |",
            row.defect.name(),
            row.expectation.kind,
            row.sentence.as_str(),
            finding(row).replace('|', "\\|"),
            row.rounds,
            row.trials,
            row.took.as_secs_f64(),
        );
    }
    let _ = writeln!(text, "\n{}\n\n{}", healthy_line(&matrix.healthy), summary(matrix));
    text
}

fn finding(row: &Row) -> String {
    match &row.sentence {
        Sentence::Found { case, polluter: None, .. } => case.clone(),
        Sentence::Found { case, polluter: Some(polluter), .. } => format!("{case}, after {polluter}"),
        Sentence::Missed => {
            format!("none in {} rounds, {} trials; expected {}", row.rounds, row.trials, row.expectation)
        }
        Sentence::WrongCause { why } | Sentence::NotRun { why } => why.replace('\n', " "),
    }
}

fn healthy_line(healthy: &Healthy) -> String {
    let accused = match healthy.accused.len() {
        0 => "nothing is accused".to_owned(),
        count => format!("{count} accused"),
    };
    format!(
        "healthy tutor: {} cases, {} trials in {} shuffled rounds: {accused}, {:.1} s",
        healthy.cases,
        healthy.trials,
        healthy.rounds,
        healthy.took.as_secs_f64()
    )
}

fn summary(matrix: &Matrix) -> String {
    let ended = if matrix.interrupted { "; interrupted" } else { "" };
    format!(
        "{} of {} defects found for what they are in {:.0} s; seed {}{ended}",
        matrix.found(),
        matrix.rows.len(),
        matrix.took.as_secs_f64(),
        matrix.seed
    )
}
