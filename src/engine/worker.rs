//! The worker's side: units of work in, facts out, over pipes.

use crate::engine::orphans::Reaper;
use crate::engine::protocol::{Reply, Request};
use crate::engine::scratch::lineage;
use crate::engine::subject::MakeSubject;
use crate::engine::{Owned, Prepare, Reports, Subject, end_orphans};
use crate::event::{Note, TrialReport};
use crate::model::Position;
use crate::platform::Lineage;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How long a worker whose engine is gone may take to end by itself.
const GRACE: Duration = Duration::from_secs(3);

/// How often dead orphans are looked for.
const REAP_EVERY: Duration = Duration::from_millis(250);

/// Serves one engine until its pipe ends, and tells it `notes` first. When the pipe ends in the middle of a round, the round
/// is given up; what does not end within three seconds is ended by `exit`, after everything that was started has been killed.
///
/// # Errors
/// If the pipes break in any other way than by their end, or the engine speaks another protocol.
pub fn serve(
    input: impl Read + Send + 'static,
    output: impl Write,
    notes: Vec<Note>,
    make: MakeSubject<'_>,
    exit: impl Fn() + Send + 'static,
) -> io::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let owned = Arc::new(Mutex::new(Vec::new()));
    let (sender, requests) = mpsc::channel();
    let (done, finished) = mpsc::channel::<()>();
    let given_up = Arc::new(AtomicBool::new(false));
    let watch = Watch { stop: Arc::clone(&stop), owned: Arc::clone(&owned), given_up: Arc::clone(&given_up), finished };
    // Not joined: it ends with its pipe, and the pipe ends no later than the process.
    std::thread::Builder::new().name("requests".into()).spawn(move || read_requests(input, sender, watch, exit))?;
    let (served, serving) = mpsc::channel::<()>();
    let started = Arc::clone(&owned);
    let reap = move || {
        let mut reaper = Reaper::default();
        while let Err(mpsc::RecvTimeoutError::Timeout) = serving.recv_timeout(REAP_EVERY) {
            reaper.look(&started.lock().unwrap_or_else(PoisonError::into_inner));
        }
    };
    let reaper = std::thread::Builder::new().name("reaper".into()).spawn(reap)?;

    let mut wire = WireReports { output, stop, owned, given_up, broken: None };
    notes.into_iter().for_each(|note| wire.note(note));
    let mut subject: Option<Box<dyn Subject>> = None;
    for request in &requests {
        match (request?, subject.as_mut()) {
            (Request::Prepare(prepare), _) => match make(in_line(prepare)) {
                Ok(made) => {
                    wire.send(&Reply::Prepared(made.prepared()));
                    subject = Some(made);
                }
                Err(error) => wire.send(&Reply::Refused { reason: error.to_string() }),
            },
            (Request::Run(unit), Some(subject)) => {
                let end = subject.run(&unit, &mut wire);
                wire.send(&Reply::RoundEnded { end });
            }
            (Request::Run(_), None) => return Err(io::Error::other("a round came before the subject")),
        }
        if wire.broken.is_some() || wire.stop_wanted() {
            break;
        }
    }
    subject.iter_mut().for_each(|subject| subject.shutdown());
    drop(subject);
    drop(served);
    let _ = reaper.join();
    end_orphans();
    drop(done);
    Ok(())
}

/// What the subject starts bears the run's number, by which the next run knows it if both this process and the engine are killed.
fn in_line(prepare: Prepare) -> Prepare {
    lineage(&prepare.mark).into_iter().for_each(Lineage::hand_down);
    prepare
}

/// What the thread that reads requests does when they end.
struct Watch {
    stop: Arc<AtomicBool>,
    owned: Arc<Mutex<Vec<Owned>>>,
    given_up: Arc<AtomicBool>,
    finished: mpsc::Receiver<()>,
}

fn read_requests(input: impl Read, sender: mpsc::Sender<io::Result<Request>>, watch: Watch, exit: impl Fn()) {
    for line in BufReader::new(input).lines() {
        let request = line.and_then(|line| serde_json::from_str(&line).map_err(io::Error::other));
        let failed = request.is_err();
        if sender.send(request).is_err() || failed {
            break;
        }
    }
    watch.stop.store(true, Ordering::SeqCst);
    // Whoever waits for the next request learns that there is none: only a round under way needs the grace.
    drop(sender);
    if let Err(mpsc::RecvTimeoutError::Timeout) = watch.finished.recv_timeout(GRACE) {
        // From here on nothing is reported: what dies now does so by this hand.
        watch.given_up.store(true, Ordering::SeqCst);
        for owned in watch.owned.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            owned.kill();
        }
        end_orphans();
        exit();
    }
}

/// Writes reports to the pipe. A pipe that is broken stops the round: there is nobody to report to.
struct WireReports<W> {
    output: W,
    stop: Arc<AtomicBool>,
    owned: Arc<Mutex<Vec<Owned>>>,
    given_up: Arc<AtomicBool>,
    broken: Option<io::Error>,
}

impl<W: Write> WireReports<W> {
    fn send(&mut self, reply: &Reply) {
        if self.broken.is_some() || self.given_up.load(Ordering::SeqCst) {
            return;
        }
        let written = serde_json::to_vec(reply).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.output.write_all(&line)?;
            self.output.flush()
        });
        if let Err(error) = written {
            self.broken = Some(error);
        }
    }
}

impl<W: Write> Reports for WireReports<W> {
    fn started(&mut self, position: Position, deadline: Duration) {
        let deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        self.send(&Reply::TrialStarted { position, deadline_ms });
    }

    fn finished(&mut self, position: Position, report: TrialReport) {
        self.send(&Reply::TrialFinished { position, report: Box::new(report) });
    }

    fn note(&mut self, note: Note) {
        self.send(&Reply::Noted(note));
    }

    fn owns(&mut self, owned: Owned) {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner).push(owned.clone());
        self.send(&Reply::Owns(owned));
    }

    fn stop_wanted(&self) -> bool {
        self.broken.is_some() || self.stop.load(Ordering::SeqCst)
    }
}
