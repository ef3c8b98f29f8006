//! How requests leave: one HTTP client for all providers, bound to no event loop.

use super::super::defect::{Defect, Defects};
use super::failure::CallFailure;
use super::leaky_pool::LeakyPool;
use crate::platform::http_client;
use reqwest::{Client, Request, Response};
use std::sync::OnceLock;
use tokio::sync::{mpsc, oneshot};

/// The HTTP client. Its pooled connections end with the loops that made them; it notices and makes new ones.
#[derive(Debug)]
pub(in super::super) struct Transport {
    http: Client,
    defects: Defects,
    task_of_first_loop: OnceLock<mpsc::UnboundedSender<Job>>,
    leaky_pool: LeakyPool,
}

type Job = (Request, oneshot::Sender<Result<Response, reqwest::Error>>);

impl Transport {
    /// Makes the client. Redirects are not followed and nothing is sent again: a failure is the tutor's to handle.
    pub(in super::super) fn new(defects: Defects) -> Result<Self, reqwest::Error> {
        let http = http_client()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()?;
        Ok(Self { http, defects, task_of_first_loop: OnceLock::new(), leaky_pool: LeakyPool::default() })
    }

    pub(super) fn http(&self) -> &Client {
        &self.http
    }

    /// Sends a request, and returns once the head of its answer is there.
    pub(super) async fn send(&self, request: Request) -> Result<Response, CallFailure> {
        if self.defects.has(Defect::ClientBoundToFirstLoop) {
            return self.send_by_task(request).await;
        }
        self.leaky_pool.call(self.defects, request.url()).await;
        if self.defects.has(Defect::IdleConnectionsNeverReaped) {
            return Ok(self.leaky_pool.send_under_own_name(request).await?);
        }
        if self.defects.has(Defect::BodyNeverDrained) {
            return self.leaky_pool.send_undrained(request).await;
        }
        Ok(self.http.execute(request).await?)
    }

    /// The same for requests of speech.
    pub(super) async fn send_speech(&self, request: Request) -> Result<Response, CallFailure> {
        if self.defects.has(Defect::SpeechBoundToFirstLoop) {
            return self.send_by_task(request).await;
        }
        self.send(request).await
    }

    async fn send_by_task(&self, request: Request) -> Result<Response, CallFailure> {
        let jobs = self.task_of_first_loop.get_or_init(|| spawn_sender(self.http.clone()));
        let (reply, answer) = oneshot::channel();
        jobs.send((request, reply)).map_err(|_| CallFailure::LoopClosed)?;
        Ok(answer.await.map_err(|_| CallFailure::LoopClosed)??)
    }
}

fn spawn_sender(http: Client) -> mpsc::UnboundedSender<Job> {
    let (jobs, mut queue) = mpsc::unbounded_channel::<Job>();
    tokio::spawn(async move {
        while let Some((request, reply)) = queue.recv().await {
            let http = http.clone();
            tokio::spawn(async move { reply.send(http.execute(request).await).ok() });
        }
    });
    jobs
}
