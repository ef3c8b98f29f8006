//! Audio as mocks make and read it: WAV files in 16 bit, whose samples tell whose they are.
//!
//! # Rationale
//!
//! A transcript carries its mark as text. Audio has no text, so a mark stands in the samples: two that make a signature,
//! then one for each of the mark's characters. Whoever joins pieces of audio joins their marks, in the same order.

use crate::provider::mark::Mark;
use std::time::Duration;

/// The samples before a mark: no tone that a mock makes is as loud.
const SIGNATURE: [i16; 2] = [23_456, -23_456];
const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// The number of characters of a mark.
const LENGTH: usize = 10;
/// From one digit's sample to the next: a change of volume does not turn one into another.
const STEP: i16 = 512;
/// How loud the tone behind a mark is.
const TONE: i16 = 400;

/// A WAV file, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wav<'a> {
    /// Samples a second, of each channel.
    pub rate: u32,
    /// The number of channels.
    pub channels: u16,
    /// Bits of a sample.
    pub bits: u16,
    /// The samples as they stand in the file.
    pub data: &'a [u8],
}

impl<'a> Wav<'a> {
    /// Reads a file; `None` if it is no PCM in a RIFF, or has no samples' rate.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
        let mut format = None;
        loop {
            let (id, behind) = rest.split_at_checked(4)?;
            let (length, behind) = behind.split_at_checked(4)?;
            let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
            // The last chunk of a file that is still being written may claim more than there is.
            let chunk = &behind[..length.min(behind.len())];
            match id {
                b"fmt " => format = Some(chunk),
                b"data" => return Self::of(format?, chunk),
                _ => {}
            }
            rest = behind.get(length + length % 2..)?;
        }
    }

    fn of(format: &[u8], data: &'a [u8]) -> Option<Self> {
        let short = |at: usize| Some(u16::from_le_bytes(format.get(at..at + 2)?.try_into().ok()?));
        let rate = u32::from_le_bytes(format.get(4..8)?.try_into().ok()?);
        let wav = Self { rate, channels: short(2)?, bits: short(14)?, data };
        (short(0)? == 1 && wav.bytes_per_second() > 0).then_some(wav)
    }

    fn bytes_per_second(&self) -> u64 {
        u64::from(self.rate) * u64::from(self.channels) * u64::from(self.bits / 8)
    }

    /// How long it plays.
    pub fn duration(&self) -> Duration {
        let nanos = self.data.len() as u128 * 1_000_000_000 / u128::from(self.bytes_per_second().max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The marks in its samples, in sequence.
    pub fn marks(&self) -> Vec<Mark> {
        let samples: Vec<i16> = self.data.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let at_signature = samples.windows(SIGNATURE.len() + LENGTH).filter(|window| window.starts_with(&SIGNATURE));
        at_signature.filter_map(|window| mark_of(&window[SIGNATURE.len()..])).collect()
    }
}

fn mark_of(samples: &[i16]) -> Option<Mark> {
    let digits =
        samples.iter().map(|sample| DIGITS.get(usize::try_from(sample / STEP).ok()?).map(|digit| *digit as char));
    let digits: String = digits.collect::<Option<_>>()?;
    Mark::find(&format!("[sf-{digits}]")).first().copied()
}

/// The samples that say a mark, and a soft tone behind them until so much time is over.
pub(crate) fn speak(mark: Option<Mark>, rate: u32, length: Duration) -> Vec<u8> {
    let mut samples: Vec<i16> = Vec::new();
    if let Some(mark) = mark {
        let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte).unwrap_or_default();
        samples.extend(SIGNATURE);
        let said = mark.as_str().bytes().map(|byte| i16::try_from(digit(byte)).unwrap_or_default() * STEP + STEP / 2);
        samples.extend(said);
    }
    let wanted = usize::try_from(u128::from(rate) * length.as_millis() / 1000).unwrap_or_default();
    let half_wave = (rate / 440 / 2).max(1) as usize;
    while samples.len() < wanted {
        samples.push(if (samples.len() / half_wave).is_multiple_of(2) { TONE } else { -TONE });
    }
    wav(rate, &samples)
}

/// A WAV file of one channel.
fn wav(rate: u32, samples: &[i16]) -> Vec<u8> {
    let length = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(44 + samples.len() * 2);
    bytes.extend(b"RIFF");
    bytes.extend(length.saturating_add(36).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend(rate.saturating_mul(2).to_le_bytes());
    bytes.extend(2_u16.to_le_bytes());
    bytes.extend(16_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Position, RoundId, Seed, TrialKey};
    use proptest::prelude::*;

    fn mark(attempt: u32) -> Mark {
        Mark::of(Seed::new(7), TrialKey { round: RoundId(1), position: Position(2) }, attempt)
    }

    #[test]
    fn audio_says_whose_it_is_how_long_and_at_which_rate() {
        let bytes = speak(Some(mark(3)), 22_050, Duration::from_millis(500));
        let wav = Wav::read(&bytes).expect("a WAV");
        assert_eq!((wav.rate, wav.channels, wav.bits), (22_050, 1, 16));
        assert_eq!(wav.duration(), Duration::from_millis(500));
        assert_eq!(wav.marks(), [mark(3)]);
    }

    #[test]
    fn pieces_that_are_joined_tell_their_marks_in_order() {
        let piece = |attempt| speak(Some(mark(attempt)), 16_000, Duration::from_millis(20))[44..].to_vec();
        let data = [piece(2), piece(0), piece(1)].concat();
        let wav = Wav { rate: 16_000, channels: 1, bits: 16, data: &data };
        assert_eq!(wav.marks(), [mark(2), mark(0), mark(1)]);
    }

    #[test]
    fn without_a_mark_there_is_only_a_tone() {
        let bytes = speak(None, 16_000, Duration::from_millis(20));
        assert_eq!(Wav::read(&bytes).map(|wav| wav.marks()), Some(vec![]));
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..80, at in 0_usize..44, to in any::<u8>()) {
            let _ = Wav::read(&bytes).map(|wav| (wav.duration(), wav.marks()));
            let mut changed = speak(Some(mark(0)), 8_000, Duration::ZERO);
            changed[at] = to;
            changed.truncate(cut);
            let _ = Wav::read(&changed).map(|wav| (wav.duration(), wav.marks()));
        }
    }
}
