//! Recordings: what they are, by their content, and how long they play.

use std::time::Duration;

/// The largest recording, in bytes.
pub(in super::super) const MOST_BYTES: usize = 25 * 1024 * 1024;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(15 * 60);
const RATES: std::ops::RangeInclusive<u32> = 8_000..=48_000;
/// Bytes a second of a compressed recording: 32 kbit.
const COMPRESSED: u64 = 4_000;

/// What a recording is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Format {
    Wav,
    Mp3,
    Flac,
    Ogg,
    Webm,
}

/// A recording that can be transcribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Recording {
    pub(super) format: Format,
    pub(super) duration: Duration,
}

/// Why a recording is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum Unusable {
    #[error("the recording is empty")]
    Empty,
    #[error("the recording has more than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("the recording is none of wav, mp3, flac, ogg and webm")]
    Unknown,
    #[error("the WAV file is broken: {0}")]
    Broken(&'static str),
    #[error("the WAV file has {0} samples a second; 8000 to 48000 can be read")]
    Rate(u32),
    #[error("the recording is shorter than 0.1 seconds")]
    TooShort,
    #[error("the recording is longer than 15 minutes")]
    TooLong,
}

impl Format {
    /// All of them.
    pub(in super::super) const ALL: [Self; 5] = [Self::Wav, Self::Mp3, Self::Flac, Self::Ogg, Self::Webm];

    /// Its name, which is also the usual end of a file's name.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
            Self::Flac => "flac",
            Self::Ogg => "ogg",
            Self::Webm => "webm",
        }
    }

    /// What the first bytes of a file say that it is.
    fn of(bytes: &[u8]) -> Option<Self> {
        let is_frame =
            |bytes: &[u8]| matches!(bytes, [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 != 0);
        match bytes {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some(Self::Wav),
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Ogg),
            [0x1a, 0x45, 0xdf, 0xa3, ..] => Some(Self::Webm),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            bytes if is_frame(bytes) => Some(Self::Mp3),
            _ => None,
        }
    }
}

impl Recording {
    /// Looks at a recording; its name says nothing.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Unusable> {
        if bytes.is_empty() {
            return Err(Unusable::Empty);
        }
        if bytes.len() > MOST_BYTES {
            return Err(Unusable::TooLarge);
        }
        let format = Format::of(bytes).ok_or(Unusable::Unknown)?;
        if format != Format::Wav {
            let millis = (bytes.len() as u64 * 1000).div_ceil(COMPRESSED);
            return Ok(Self { format, duration: Duration::from_millis(millis) });
        }
        let sound = Sound::read(bytes)?;
        if !RATES.contains(&sound.rate) {
            return Err(Unusable::Rate(sound.rate));
        }
        match sound.duration() {
            duration if duration < SHORTEST => Err(Unusable::TooShort),
            duration if duration > LONGEST => Err(Unusable::TooLong),
            duration => Ok(Self { format, duration }),
        }
    }
}

/// A WAV file, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Sound<'a> {
    pub(super) rate: u32,
    channels: u16,
    bits: u16,
    samples: &'a [u8],
}

impl<'a> Sound<'a> {
    /// Reads a RIFF with PCM in it.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Unusable> {
        let broken = Unusable::Broken;
        let mut rest = bytes.get(12..).ok_or(broken("its head is cut short"))?;
        let mut format: Option<&[u8]> = None;
        loop {
            let head = rest.get(..8).ok_or(broken("it has no samples"))?;
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let chunk = rest.get(8..8 + length).ok_or(broken("it is cut short"))?;
            match &head[..4] {
                b"fmt " => format = Some(chunk),
                b"data" => return Self::of(format.ok_or(broken("it does not tell its format"))?, chunk),
                _ => {}
            }
            rest = rest.get(8 + length + length % 2..).unwrap_or_default();
        }
    }

    fn of(format: &[u8], samples: &'a [u8]) -> Result<Self, Unusable> {
        let [code, _, channels, _, a, b, c, d, _, _, _, _, _, _, bits, _, ..] = *format else {
            return Err(Unusable::Broken("its format is cut short"));
        };
        if code != 1 || format[1] != 0 {
            return Err(Unusable::Broken("it is not PCM"));
        }
        let sound =
            Self { rate: u32::from_le_bytes([a, b, c, d]), channels: channels.into(), bits: bits.into(), samples };
        if sound.rate == 0 || sound.bytes_per_frame() == 0 || !sound.bits.is_multiple_of(8) {
            return Err(Unusable::Broken("its format is none"));
        }
        Ok(sound)
    }

    fn bytes_per_frame(&self) -> u64 {
        u64::from(self.channels) * u64::from(self.bits / 8)
    }

    /// How long it plays, to the millisecond.
    pub(super) fn duration(&self) -> Duration {
        let frames = self.samples.len() as u64 / self.bytes_per_frame().max(1);
        Duration::from_millis(frames * 1000 / u64::from(self.rate.max(1)))
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.rate, self.channels, self.bits) == (other.rate, other.channels, other.bits)
    }
}

/// Pieces of sound as one file, one behind the other; `None` if they are not alike, or there are none.
pub(in super::super) fn joined(pieces: &[Sound<'_>]) -> Option<(Vec<u8>, Duration)> {
    let first = pieces.first()?;
    if !pieces.iter().all(|piece| piece.is_like(first)) {
        return None;
    }
    let samples: Vec<u8> = pieces.iter().flat_map(|piece| piece.samples).copied().collect();
    let whole = Sound { samples: &samples, ..*first };
    let length = u32::try_from(samples.len()).ok()?;
    let frame = u32::try_from(first.bytes_per_frame()).ok()?;
    let mut file = Vec::with_capacity(44 + samples.len());
    file.extend(b"RIFF");
    file.extend(length.checked_add(36)?.to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(first.channels.to_le_bytes());
    file.extend(first.rate.to_le_bytes());
    file.extend(first.rate.checked_mul(frame)?.to_le_bytes());
    file.extend(u16::try_from(frame).ok()?.to_le_bytes());
    file.extend(first.bits.to_le_bytes());
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    file.extend(&samples);
    Some((file, whole.duration()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of silence in 16 bit.
    fn wav(rate: u32, milliseconds: u32) -> Vec<u8> {
        let samples = vec![0; (u64::from(rate) * u64::from(milliseconds) / 1000 * 2) as usize];
        joined(&[Sound { rate, channels: 1, bits: 16, samples: &samples }]).expect("a file").0
    }

    fn check(bytes: &[u8], expected: Result<(Format, u64), Unusable>) {
        let seen = Recording::of(bytes).map(|recording| (recording.format, recording.duration.as_millis() as u64));
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_wav_is_measured_and_its_limits_are_the_last_that_pass() {
        check(&wav(16_000, 1_234), Ok((Format::Wav, 1_234)));
        check(&wav(8_000, 100), Ok((Format::Wav, 100)));
        check(&wav(8_000, 99), Err(Unusable::TooShort));
        check(&wav(8_000, 900_000), Ok((Format::Wav, 900_000)));
        check(&wav(8_000, 900_001), Err(Unusable::TooLong));
        check(&wav(48_000, 200), Ok((Format::Wav, 200)));
        check(&wav(7_999, 200), Err(Unusable::Rate(7_999)));
        check(&wav(48_001, 200), Err(Unusable::Rate(48_001)));
    }

    #[test]
    fn other_formats_are_told_by_their_content_and_estimated() {
        let of = |head: &[u8]| [head, &vec![0; 4_000 - head.len()]].concat();
        check(&of(b"ID3"), Ok((Format::Mp3, 1_000)));
        check(&of(&[0xff, 0xfb]), Ok((Format::Mp3, 1_000)));
        check(&of(b"fLaC"), Ok((Format::Flac, 1_000)));
        check(&of(b"OggS"), Ok((Format::Ogg, 1_000)));
        check(&of(&[0x1a, 0x45, 0xdf, 0xa3]), Ok((Format::Webm, 1_000)));
        check(&of(b"<html>"), Err(Unusable::Unknown));
        check(&[0xff, 0xe0], Err(Unusable::Unknown));
        check(b"", Err(Unusable::Empty));
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_whatever_it_is() {
        check(&vec![0; MOST_BYTES + 1], Err(Unusable::TooLarge));
    }

    #[test]
    fn a_broken_wav_is_refused_with_what_is_wrong() {
        let whole = wav(16_000, 200);
        let changed = |at: usize, to: u8| {
            let mut bytes = whole.clone();
            bytes[at] = to;
            bytes
        };
        check(&whole[..whole.len() - 1], Err(Unusable::Broken("it is cut short")));
        check(&whole[..40], Err(Unusable::Broken("it has no samples")));
        check(&changed(20, 3), Err(Unusable::Broken("it is not PCM")));
        check(&changed(34, 12), Err(Unusable::Broken("its format is none")));
        check(&changed(22, 0), Err(Unusable::Broken("its format is none")));
        check(&changed(12, b'x'), Err(Unusable::Broken("it does not tell its format")));
    }

    #[test]
    fn pieces_are_joined_in_their_order_if_they_are_alike() {
        let piece = |samples: &'static [u8], rate| Sound { rate, channels: 1, bits: 16, samples };
        let (file, duration) = joined(&[piece(&[1, 1], 8_000), piece(&[2, 2, 3, 3], 8_000)]).expect("one file");
        assert_eq!(Sound::read(&file).expect("a file").samples, [1, 1, 2, 2, 3, 3]);
        assert_eq!(duration, Duration::ZERO);
        assert_eq!(joined(&[piece(&[1, 1], 8_000), piece(&[2, 2], 8_001)]), None);
        assert_eq!(joined(&[]), None);
    }
}
