//! Numbers in words: the same in every format.

use crate::event::EarlierRounds;
use crate::verdict::Evidence;

/// A share as percent, with as many digits as it deserves: `45 %`, `4.9 %`, `0.1 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 9.95 || percent == 0.0 {
        return format!("{percent:.0} %");
    }
    // One digit that counts below one percent, two below ten.
    let places = if percent >= 0.95 { 1 } else { (-percent.log10()).ceil().clamp(1.0, 9.0) as usize };
    let text = format!("{percent:.places$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{} %", if text.is_empty() { "0" } else { text })
}

/// A share that was reached, never rounded up: what is not complete is not 100 %.
pub(super) fn reached(share: f64) -> String {
    match (share * 100.0 + 1e-9).floor() {
        0.0 if share > 0.0 => "under 1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

/// A time in words: `340 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`.
pub(super) fn duration(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{}.{} s", seconds, millis % 1000 / 100),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A count with its noun, and digits in groups: `1 case`, `2,800 trials`.
pub fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// A number with its digits in groups of three.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The evidence in a sentence. `findings` is how many cases have one.
pub(super) fn evidence(evidence: &Evidence, findings: usize) -> String {
    let confidence = percent(evidence.confidence);
    let upper = percent(evidence.round_rate_upper);
    let rounds = format!("{}{}", count(evidence.rounds_counted as usize, "round"), earlier(evidence));
    let sentence = match (evidence.rounds_counted, evidence.rounds_failed) {
        (0, _) => "no shuffled round was completed: no rate of intermittent failures is excluded".to_owned(),
        (_, 0) if findings == 0 => format!(
            "no finding in {rounds}; an intermittent failure in more than {upper} of rounds is excluded with \
             {confidence} confidence"
        ),
        (_, 0) => format!(
            "no failure in {rounds} that were shuffled; besides the findings, an intermittent failure in more than \
             {upper} of rounds is excluded with {confidence} confidence"
        ),
        (counted, failed) if counted == failed => {
            format!("every shuffled round had a failure ({failed} of {counted}): nothing can be said of what is rare")
        }
        (counted, failed) => format!(
            "{failed} of {counted} shuffled rounds{} had a failure; with {confidence} confidence at most {upper} of rounds do",
            earlier(evidence)
        ),
    };
    match evidence.held_back {
        0 => sentence,
        held_back => format!("{sentence} ({} in quarantine left out)", count(held_back as usize, "case")),
    }
}

/// ` (200 of them from 4 earlier runs in which nothing differed, 2026-11-01 to 2026-11-20)`; nothing without any.
pub(super) fn earlier(evidence: &Evidence) -> String {
    evidence.earlier.map_or_else(String::new, |earlier| {
        let (number, runs) = (grouped(earlier.rate.trials() as usize), earlier_runs(&earlier));
        format!(" ({number} of them from {runs}, {})", days(&earlier))
    })
}

/// `, nor in 200 shuffled rounds of 4 earlier runs of unchanged cases (2026-11-01 to 2026-11-20)`, behind a number of rounds
/// of this run alone; nothing without any.
pub(super) fn nor_earlier(evidence: &Evidence) -> String {
    evidence.earlier.map_or_else(String::new, |earlier| {
        let rounds = count(earlier.rate.trials() as usize, "shuffled round");
        format!(", nor in {rounds} of {} ({})", earlier_runs(&earlier), days(&earlier))
    })
}

fn earlier_runs(earlier: &EarlierRounds) -> String {
    format!("{} of unchanged cases", count(earlier.runs as usize, "earlier run"))
}

fn days(earlier: &EarlierRounds) -> String {
    let (since, until) = (day(earlier.since), day(earlier.until));
    if since == until { since } else { format!("{since} to {until}") }
}

/// The day of a time, in UTC.
pub(super) fn day(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// How many rounds without a failure exclude a rate: the n for which (1 − rate)^n is below 1 − confidence.
pub(super) fn rounds_to_exclude(rate: f64, confidence: f64) -> u32 {
    let rounds = ((1.0 - confidence).ln() / (1.0 - rate).ln()).ceil();
    if rounds.is_finite() && rounds > 0.0 { rounds as u32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_have_the_digits_they_deserve() {
        let cases = [
            (0.4507, "45 %"),
            (1.0, "100 %"),
            (0.0, "0 %"),
            (0.00997, "1 %"),
            (0.049, "4.9 %"),
            (0.000_999_7, "0.1 %"),
            (0.000_1, "0.01 %"),
        ];
        for (share, expected) in cases {
            assert_eq!(percent(share), expected);
        }
        assert_eq!(reached(0.9999), "99 %");
        assert_eq!(reached(1.0), "100 %");
        assert_eq!(reached(0.001), "under 1 %");
    }

    #[test]
    fn certainty_has_the_known_price() {
        assert_eq!(rounds_to_exclude(0.05, 0.95), 59);
        assert_eq!(rounds_to_exclude(0.01, 0.95), 299);
        assert_eq!(rounds_to_exclude(0.001, 0.95), 2995);
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(1, "case"), "1 case");
        assert_eq!(count(1_234_567, "trial"), "1,234,567 trials");
        assert_eq!(duration(340), "340 ms");
        assert_eq!(duration(4_250), "4.2 s");
        assert_eq!(duration(185_000), "3 min 5 s");
        assert_eq!(duration(7_800_000), "2 h 10 min");
    }

    #[test]
    fn the_evidence_is_the_promised_sentence() {
        let five = Evidence {
            rounds_counted: 5,
            rounds_failed: 0,
            earlier: None,
            held_back: 0,
            confidence: 0.95,
            round_rate_upper: 1.0 - 0.05_f64.powf(0.2),
            case_rate_upper_corrected: 1.0,
        };
        assert_eq!(
            evidence(&five, 0),
            "no finding in 5 rounds; an intermittent failure in more than 45 % of rounds is excluded with 95 % confidence"
        );
    }
}
