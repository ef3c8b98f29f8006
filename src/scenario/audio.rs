//! Recordings that a scenario makes: a tone, silence or noise of a given length, in a given format. None stands in a file.
//!
//! A WAV file is a real one. The other formats have the first bytes by which they are told, and as many bytes behind them
//! as a recording of that length has at 32 kbit a second: nobody decodes them.

use serde_json::{Map, Value};
use std::f64::consts::TAU;

/// The keys of a recording.
pub(crate) const AUDIO_KEYS: &[&str] = &["tone", "silence", "noise", "text", "seconds", "rate", "format", "cut"];
/// The formats by their words.
pub(crate) const AUDIO_FORMATS: &[&str] = &["wav", "mp3", "flac", "ogg", "webm"];

/// The longest recording in seconds: above what systems take, so that its refusal can be seen.
const LONGEST: f64 = 3_600.0;
const RATES: std::ops::RangeInclusive<u64> = 1_000..=192_000;
/// Bytes a second of a compressed recording.
const COMPRESSED: f64 = 4_000.0;
/// How loud a tone or noise is.
const LOUDNESS: f64 = 8_000.0;

/// What a recording sounds like.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sound {
    /// A tone of this frequency, in hertz.
    Tone(f64),
    Silence,
    /// Like speech: louder and softer four times a second.
    Noise,
}

/// A recording as a scenario describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    content: Content,
    /// How many bytes of the file are there; all without it.
    cut: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    /// A text where a recording is expected.
    Text(String),
    Sound {
        sound: Sound,
        seconds: f64,
        rate: u32,
        format: &'static str,
    },
}

/// Why a description is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAudio(String);

impl Audio {
    /// Reads a description.
    ///
    /// # Errors
    /// If something in it is not known, or missing.
    pub fn of(value: &Value) -> Result<Self, NotAudio> {
        let wrong = |text: String| NotAudio(text);
        let fields =
            value.as_object().ok_or_else(|| wrong("a recording is a mapping: { tone: 440, seconds: 1 }".into()))?;
        if let Some(key) = fields.keys().find(|key| !AUDIO_KEYS.contains(&key.as_str())) {
            return Err(wrong(format!("a recording has no `{key}`; it has {}", AUDIO_KEYS.join(", "))));
        }
        let cut = number(fields, "cut")?.map(|cut| cut as usize);
        if let Some(text) = fields.get("text") {
            let text = text.as_str().ok_or_else(|| wrong("`text` is a text".into()))?;
            return Ok(Self { content: Content::Text(text.to_owned()), cut });
        }
        let tone = number(fields, "tone")?;
        let is_set = |name: &str| fields.get(name) == Some(&Value::Bool(true));
        let sound = match (tone, is_set("silence"), is_set("noise")) {
            (Some(hertz), false, false) => Sound::Tone(hertz),
            (None, true, false) => Sound::Silence,
            (None, false, true) => Sound::Noise,
            _ => {
                return Err(wrong("a recording is one of: tone: HERTZ, silence: true, noise: true, text: TEXT".into()));
            }
        };
        let seconds = number(fields, "seconds")?.ok_or_else(|| wrong("`seconds` is missing".into()))?;
        if seconds > LONGEST {
            return Err(wrong(format!("a recording of {seconds} seconds is too long to be made; at most {LONGEST}")));
        }
        let rate = number(fields, "rate")?.map_or(16_000, |rate| rate as u64);
        if !RATES.contains(&rate) {
            return Err(wrong(format!("`rate` is {} to {} samples a second", RATES.start(), RATES.end())));
        }
        let named = fields.get("format").map_or("wav", |format| format.as_str().unwrap_or_default());
        let format = AUDIO_FORMATS.iter().find(|known| **known == named);
        let format = format.ok_or_else(|| wrong(format!("`format` is one of {}", AUDIO_FORMATS.join(", "))))?;
        let rate = u32::try_from(rate).unwrap_or(u32::MAX);
        Ok(Self { content: Content::Sound { sound, seconds, rate, format }, cut })
    }

    /// The bytes of the whole file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = match &self.content {
            Content::Text(text) => text.clone().into_bytes(),
            Content::Sound { sound, seconds, rate, format: "wav" } => wav(*sound, *seconds, *rate),
            Content::Sound { seconds, format, .. } => compressed(format, *seconds),
        };
        bytes.truncate(self.cut.unwrap_or(usize::MAX));
        bytes
    }

    /// How its file is called.
    pub fn file_name(&self) -> String {
        match &self.content {
            Content::Text(_) => "recording.txt".to_owned(),
            Content::Sound { format, .. } => format!("recording.{format}"),
        }
    }
}

/// A number that is not below zero.
fn number(fields: &Map<String, Value>, name: &str) -> Result<Option<f64>, NotAudio> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|number| *number >= 0.0);
    number.map(Some).ok_or_else(|| NotAudio(format!("`{name}` is a number that is not below zero")))
}

fn wav(sound: Sound, seconds: f64, rate: u32) -> Vec<u8> {
    let count = (seconds * f64::from(rate)).round() as u32;
    let length = count.saturating_mul(2);
    let mut bytes = Vec::with_capacity(44 + length as usize);
    bytes.extend(b"RIFF");
    bytes.extend(length.saturating_add(36).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend([1, 0, 1, 0]);
    bytes.extend(rate.to_le_bytes());
    bytes.extend(rate.saturating_mul(2).to_le_bytes());
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    let mut noise = 0x2545_f491_u32;
    for index in 0..count {
        let time = f64::from(index) / f64::from(rate);
        let sample = match sound {
            Sound::Silence => 0.0,
            Sound::Tone(hertz) => (time * hertz * TAU).sin() * LOUDNESS,
            Sound::Noise => {
                // Xorshift: the same noise every time.
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                (f64::from(noise) / f64::from(u32::MAX) * 2.0 - 1.0) * LOUDNESS * (time * 4.0 * TAU).sin().abs()
            }
        };
        bytes.extend((sample as i16).to_le_bytes());
    }
    bytes
}

fn compressed(format: &str, seconds: f64) -> Vec<u8> {
    let head: &[u8] = match format {
        "mp3" => b"ID3\x04\0\0\0\0\0\0",
        "flac" => b"fLaC",
        "ogg" => b"OggS",
        _ => &[0x1a, 0x45, 0xdf, 0xa3],
    };
    let mut bytes = head.to_vec();
    bytes.resize(((seconds * COMPRESSED).round() as usize).max(head.len()), 0x55);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bytes(value: Value) -> Vec<u8> {
        Audio::of(&value).expect("a recording").bytes()
    }

    #[test]
    fn a_wav_has_the_length_and_the_rate_that_were_asked_for_and_is_the_same_every_time() {
        for sound in [json!({"tone": 440}), json!({"silence": true}), json!({"noise": true})] {
            let mut described = sound.clone();
            described["seconds"] = json!(0.25);
            described["rate"] = json!(8_000);
            let file = bytes(described.clone());
            assert_eq!(
                (file.len(), &file[..4], &file[24..28]),
                (44 + 4_000, &b"RIFF"[..], &8_000_u32.to_le_bytes()[..])
            );
            assert_eq!(file, bytes(described));
            assert_eq!(file[44..].iter().all(|byte| *byte == 0), sound.get("silence").is_some());
        }
    }

    #[test]
    fn other_formats_have_their_first_bytes_and_a_length() {
        for (format, head) in [("mp3", &b"ID3"[..]), ("flac", b"fLaC"), ("ogg", b"OggS"), ("webm", &[0x1a, 0x45])] {
            let file = bytes(json!({"silence": true, "seconds": 2, "format": format}));
            assert_eq!((file.len(), file.starts_with(head)), (8_000, true), "{format}");
        }
    }

    #[test]
    fn files_can_be_cut_short_and_be_something_else() {
        assert_eq!(bytes(json!({"silence": true, "seconds": 1, "cut": 40})).len(), 40);
        assert_eq!(bytes(json!({"text": "no audio"})), b"no audio");
        assert_eq!(bytes(json!({"text": ""})), b"");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (value, words) in [
            (json!([]), "is a mapping"),
            (json!({"tone": 440}), "`seconds` is missing"),
            (json!({"tone": 440, "noise": true, "seconds": 1}), "one of"),
            (json!({"seconds": 1}), "one of"),
            (json!({"silence": true, "seconds": -1}), "not below zero"),
            (json!({"silence": true, "seconds": 3_601}), "too long"),
            (json!({"silence": true, "seconds": 1, "rate": 10}), "`rate` is"),
            (json!({"silence": true, "seconds": 1, "format": "aiff"}), "`format` is one of"),
            (json!({"sine": 440}), "no `sine`"),
        ] {
            let error = Audio::of(&value).expect_err("no recording").to_string();
            assert!(error.contains(words), "{value}: {error}");
        }
    }
}
