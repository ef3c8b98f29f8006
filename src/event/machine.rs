//! A machine that rounds ran on, for a look at what is different where a case fails on one of them only.

use serde::{Deserialize, Serialize};

/// What is known of a machine. None of it decides whether a machine may take part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The version of its kernel; empty where it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kernel: String,
    /// The model of its processor; empty where it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub processor: String,
    /// How many cores this program may use.
    pub cores: u32,
    /// Its memory in MiB; 0 where it is not known.
    #[serde(default)]
    pub memory_mib: u64,
}

impl Machine {
    /// Its properties, by name, in words.
    pub fn properties(&self) -> [(&'static str, String); 4] {
        let or_unknown = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
        let memory = if self.memory_mib == 0 { "unknown".to_owned() } else { format!("{} MiB", self.memory_mib) };
        [
            ("kernel", or_unknown(&self.kernel)),
            ("processor", or_unknown(&self.processor)),
            ("cores", self.cores.to_string()),
            ("memory", memory),
        ]
    }
}
