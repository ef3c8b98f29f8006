//! Seeded noise around a round.

use crate::model::{Seed, Stress, TrialKey};
use crate::provider::{Behaviour, ProviderScript, Script};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The most that a provider's answer is late under [`Stress::Latency`]: far below every timeout that a scenario sets.
const LATEST: Duration = Duration::from_millis(20);

/// The longest stretch of work, and of rest, of a busy thread.
const STRETCH: Duration = Duration::from_millis(40);

/// Threads that are busy until this is dropped.
#[derive(Debug)]
pub(in crate::adapter) struct Noise {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Noise {
    /// As many busy threads as there are cores, with stretches that derive from the seed; none without stress on the CPU.
    pub fn around(stress: Option<Stress>, seed: Seed) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let cores = match stress {
            Some(Stress::Cpu) => crate::platform::cores(),
            Some(Stress::Latency) | None => 0,
        };
        let start = |number: usize| {
            let (over, seed) = (Arc::clone(&over), seed.derive(&format!("noise {number}")));
            std::thread::spawn(move || make_noise(&over, seed))
        };
        let threads = (0..cores).map(start).collect();
        Self { over, threads }
    }
}

impl Drop for Noise {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A thread that does nothing but count can't panic.
            let _ = thread.join();
        }
    }
}

fn make_noise(over: &AtomicBool, seed: Seed) {
    for turn in 0_u64.. {
        let busy = Instant::now() + share(STRETCH, seed.hash(&turn.to_le_bytes()));
        while Instant::now() < busy {
            std::hint::spin_loop();
        }
        if over.load(Ordering::Relaxed) {
            return;
        }
        std::thread::park_timeout(share(STRETCH, seed.derive("rest").hash(&turn.to_le_bytes())));
    }
}

/// The script with answers that come later, under [`Stress::Latency`]; else as it is.
pub(in crate::adapter) fn delayed(mut script: Script, stress: Option<Stress>, seed: Seed, key: TrialKey) -> Script {
    if stress != Some(Stress::Latency) {
        return script;
    }
    let seed = seed.derive(&format!("latency {key}"));
    let mut number = 0_u64;
    let mut delay = |behaviour: &mut Behaviour| {
        number += 1;
        behaviour.after += share(LATEST, seed.hash(&number.to_le_bytes()));
    };
    for provider in script.providers.values_mut().chain(script.any.as_mut()) {
        match provider {
            ProviderScript::Always(behaviour) => delay(behaviour),
            ProviderScript::Sequence(behaviours) => behaviours.iter_mut().for_each(&mut delay),
            ProviderScript::Rules(rules) => rules.iter_mut().for_each(|(_, behaviour)| delay(behaviour)),
            // A tape has the pauses that were recorded.
            ProviderScript::Replay(_) => {}
        }
    }
    script
}

/// A share of a duration that derives from 64 random bits.
fn share(most: Duration, bits: u64) -> Duration {
    most.mul_f64(bits as f64 / u64::MAX as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Position, RoundId};
    use crate::provider::{Answer, ProviderName};

    fn script() -> Script {
        let hang = ProviderScript::Always(Behaviour::plain(Answer::Hang));
        let providers = ["claude", "mistral"].map(|name| (ProviderName::new(name), hang.clone()));
        Script { providers: providers.into(), ..Script::default() }
    }

    fn delays(stress: Option<Stress>, seed: u64) -> Vec<Duration> {
        let key = TrialKey { round: RoundId(1), position: Position(2) };
        let script = delayed(script(), stress, Seed::new(seed), key);
        let after = |script: &ProviderScript| match script {
            ProviderScript::Always(behaviour) => behaviour.after,
            ProviderScript::Sequence(_) | ProviderScript::Rules(_) | ProviderScript::Replay(_) => Duration::MAX,
        };
        script.providers.values().map(after).collect()
    }

    #[test]
    fn answers_are_late_by_what_the_seed_says() {
        assert_eq!(delays(None, 1), [Duration::ZERO; 2]);
        assert_eq!(delays(Some(Stress::Cpu), 1), [Duration::ZERO; 2]);
        let late = delays(Some(Stress::Latency), 1);
        assert!(late.iter().all(|delay| *delay > Duration::ZERO && *delay <= LATEST) && late[0] != late[1], "{late:?}");
        assert_eq!(late, delays(Some(Stress::Latency), 1));
        assert_ne!(late, delays(Some(Stress::Latency), 2));
    }

    #[test]
    fn noise_ends_when_it_is_dropped() {
        let noise = Noise::around(Some(Stress::Cpu), Seed::new(1));
        let over = Arc::clone(&noise.over);
        assert!(!noise.threads.is_empty());
        drop(noise);
        assert_eq!(Arc::strong_count(&over), 1, "a thread is left");
        assert!(Noise::around(Some(Stress::Latency), Seed::new(1)).threads.is_empty());
    }
}
