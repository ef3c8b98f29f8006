//! An event loop that knows its tasks: which are alive, and where each was spawned.

use crate::leak::{Census, Identity, Item};
use crate::model::{ResourceKind, Retained};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Where the reference tutor's own sources are: tasks that were spawned elsewhere are a library's or the harness's.
const SUBJECT: &str = "src/tutor/";

/// Why tasks are not told, where they are not.
pub(in crate::adapter) const UNTOLD: &str =
    "built without `--cfg tokio_unstable`, without which tokio does not tell of tasks";

/// How long tasks are given to end.
const GRACE: Duration = Duration::from_millis(1_500);

/// The pauses between two looks grow up to this.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// An event loop.
#[derive(Debug)]
pub(in crate::adapter) struct EventLoop {
    pub runtime: Runtime,
    pub tasks: Tasks,
}

/// The tasks of an event loop.
#[derive(Debug, Clone, Default)]
pub(in crate::adapter) struct Tasks(Arc<Mutex<BTreeMap<u64, String>>>);

/// Whether this program can tell of tasks.
pub(in crate::adapter) fn tells_of_tasks() -> bool {
    cfg!(tokio_unstable)
}

impl EventLoop {
    /// Makes one. Nothing runs on it yet.
    pub fn new() -> io::Result<Self> {
        let tasks = Tasks::default();
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all();
        tasks.watch(&mut builder);
        Ok(Self { runtime: builder.build()?, tasks })
    }

    /// Goes on until the subject's tasks have ended, or have had every chance to; tells those that are alive then.
    pub fn settle(&mut self) -> Vec<Retained> {
        let until = Instant::now() + GRACE;
        let mut pause = Duration::from_millis(1);
        while !self.tasks.are_done() && Instant::now() < until {
            self.runtime.block_on(async { tokio::time::sleep(pause).await });
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.tasks.alive()
    }
}

impl Tasks {
    #[cfg(tokio_unstable)]
    fn watch(&self, builder: &mut tokio::runtime::Builder) {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        // A task has the number of its spawning as long as it lives; tokio's own ids may come again.
        let numbers: Arc<Mutex<BTreeMap<tokio::task::Id, u64>>> = Arc::default();
        let (tasks, known) = (self.clone(), Arc::clone(&numbers));
        builder.on_task_spawn(move |task| {
            let place = task.spawned_at();
            if !place.file().contains(SUBJECT) {
                return;
            }
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            known.lock().unwrap_or_else(PoisonError::into_inner).insert(task.id(), number);
            tasks.books().insert(number, format!("{}:{}", place.file(), place.line()));
        });
        let tasks = self.clone();
        builder.on_task_terminate(move |task| {
            let number = numbers.lock().unwrap_or_else(PoisonError::into_inner).remove(&task.id());
            if let Some(number) = number {
                tasks.books().remove(&number);
            }
        });
    }

    #[cfg(not(tokio_unstable))]
    fn watch(&self, _builder: &mut tokio::runtime::Builder) {}

    fn books(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether none of the subject's is alive.
    pub fn are_done(&self) -> bool {
        self.books().is_empty()
    }

    /// Enters those that are alive.
    pub fn enter(&self, census: &mut Census) {
        census.extend(self.books().iter().map(|(number, place)| {
            let item = Item { kind: ResourceKind::Task, owner: owner(place), place: Some(place.clone()) };
            (Identity::Task(*number), item)
        }));
    }

    /// Those that are alive, by their places.
    pub fn alive(&self) -> Vec<Retained> {
        let mut places: BTreeMap<String, u64> = BTreeMap::new();
        for place in self.books().values() {
            *places.entry(place.clone()).or_default() += 1;
        }
        let retained = |(place, count): (String, u64)| Retained {
            kind: ResourceKind::Task,
            owner: owner(&place),
            place: Some(place),
            count,
        };
        places.into_iter().map(retained).collect()
    }
}

fn owner(place: &str) -> String {
    format!("spawned at {place}")
}

#[cfg(all(test, tokio_unstable))]
mod tests {
    use super::*;

    #[test]
    fn tasks_of_the_harness_are_not_the_subjects() {
        let event_loop = EventLoop::new().expect("an event loop");
        event_loop.runtime.spawn(std::future::pending::<()>());
        assert!(event_loop.tasks.are_done());
    }
}
