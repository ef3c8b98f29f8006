//! `steadfast comment` against servers on the loopback interface that answer as GitHub and GitLab do: pages,
//! refusals, busy moments.

use crate::cli::kit::{BROKEN, Project};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// What a server keeps: comments and what was asked of it.
#[derive(Default)]
struct Kept {
    comments: Vec<(u64, String)>,
    asked: Vec<String>,
    /// Answers that come first, whatever is asked.
    first: Vec<StatusCode>,
    /// Whether the token may only read.
    read_only: bool,
    /// Comments of others, which nobody else may change.
    foreign: Vec<u64>,
    told: Vec<Value>,
}

type Shared = State<Arc<Mutex<Kept>>>;

/// A server that ends with the test.
struct Server {
    address: String,
    kept: Arc<Mutex<Kept>>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start(kept: Kept) -> Self {
        let kept = Arc::new(Mutex::new(kept));
        let app = Router::new()
            .route("/repos/{owner}/{name}/issues/{number}/comments", get(github_list).post(create))
            .route("/repos/{owner}/{name}/issues/comments/{id}", patch(github_change))
            .route("/api/v4/projects/{project}/merge_requests/{number}/notes", get(gitlab_list).post(create))
            .route("/api/v4/projects/{project}/merge_requests/{number}/notes/{id}", put(gitlab_change))
            .route("/hook", post(hook))
            .with_state(kept.clone());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { address, kept, _runtime: runtime }
    }

    fn bodies(&self) -> Vec<String> {
        self.kept.lock().expect("no test panicked with it").comments.iter().map(|(_, body)| body.clone()).collect()
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.kept.lock().expect("no test panicked with it").asked)
    }
}

/// Writes down what was asked; the answer, where it is not the usual one.
fn note(kept: &mut Kept, what: String, headers: &HeaderMap) -> Option<Response> {
    let github = headers.get("authorization").is_some_and(|token| token == "Bearer secret-of-github");
    let gitlab = headers.get("private-token").is_some_and(|token| token == "secret-of-gitlab");
    kept.asked.push(what);
    if !kept.first.is_empty() {
        return Some((kept.first.remove(0), [("retry-after", "0")]).into_response());
    }
    (!github && !gitlab).then(|| StatusCode::UNAUTHORIZED.into_response())
}

/// Two comments a page, however many are asked for.
fn page(kept: &Kept, query: &BTreeMap<String, String>) -> (Vec<Value>, Option<usize>) {
    let page: usize = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    let all: Vec<Value> = kept.comments.iter().map(|(id, body)| json!({ "id": id, "body": body })).collect();
    let more = (all.len() > page * 2).then_some(page + 1);
    (all.into_iter().skip((page - 1) * 2).take(2).collect(), more)
}

async fn github_list(
    State(kept): Shared,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let mut kept = kept.lock().expect("no test panicked with it");
    if let Some(other) = note(&mut kept, "GET".to_owned(), &headers) {
        return other;
    }
    let (listed, more) = page(&kept, &query);
    match more {
        Some(next) => (
            [("link", format!("<http://x/?page={next}>; rel=\"next\", <http://x/?page=9>; rel=\"last\""))],
            Json(listed),
        )
            .into_response(),
        None => Json(listed).into_response(),
    }
}

async fn gitlab_list(
    State(kept): Shared,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let mut kept = kept.lock().expect("no test panicked with it");
    if let Some(other) = note(&mut kept, "GET".to_owned(), &headers) {
        return other;
    }
    let (listed, more) = page(&kept, &query);
    ([("x-next-page", more.map_or_else(String::new, |next| next.to_string()))], Json(listed)).into_response()
}

async fn create(State(kept): Shared, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let mut kept = kept.lock().expect("no test panicked with it");
    if let Some(other) = note(&mut kept, "POST".to_owned(), &headers) {
        return other;
    }
    if kept.read_only {
        let text = json!({ "message": "Resource not accessible by integration" });
        return (StatusCode::FORBIDDEN, Json(text)).into_response();
    }
    let id = 100 + kept.comments.len() as u64;
    kept.comments.push((id, body["body"].as_str().expect("a text").to_owned()));
    (StatusCode::CREATED, Json(json!({ "id": id }))).into_response()
}

fn change(kept: &mut Kept, what: &str, id: u64, headers: &HeaderMap, body: &Value) -> Response {
    if let Some(other) = note(kept, format!("{what} {id}"), headers) {
        return other;
    }
    if kept.foreign.contains(&id) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(comment) = kept.comments.iter_mut().find(|comment| comment.0 == id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    comment.1 = body["body"].as_str().expect("a text").to_owned();
    Json(json!({ "id": id })).into_response()
}

async fn github_change(
    State(kept): Shared,
    Path((_, _, id)): Path<(String, String, u64)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    change(&mut kept.lock().expect("no test panicked with it"), "PATCH", id, &headers, &body)
}

async fn gitlab_change(
    State(kept): Shared,
    Path((_, _, id)): Path<(String, u64, u64)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    change(&mut kept.lock().expect("no test panicked with it"), "PUT", id, &headers, &body)
}

async fn hook(State(kept): Shared, Json(message): Json<Value>) -> StatusCode {
    kept.lock().expect("no test panicked with it").told.push(message);
    StatusCode::OK
}

/// A project with a run that found something.
fn project() -> Project {
    let project =
        Project::that_passes().with("scenarios/wrong.yaml", BROKEN).with("CODEOWNERS", "/scenarios/ @scenarists\n");
    project.run(&["run", "--rounds", "1", "--no-alone", "--jobs", "1"]).exits(1);
    project
}

fn on_github(server: &Server) -> Vec<(&'static str, String)> {
    vec![
        ("GITHUB_API_URL", server.address.clone()),
        ("GITHUB_REPOSITORY", "a/b".to_owned()),
        ("GITHUB_REF", "refs/pull/7/merge".to_owned()),
        ("GITHUB_TOKEN", "secret-of-github".to_owned()),
    ]
}

fn others(number: u64) -> Kept {
    Kept { comments: (1..=number).map(|id| (id, format!("comment {id}"))).collect(), ..Kept::default() }
}

#[test]
fn one_comment_is_written_and_then_kept_up_to_date() {
    let project = project();
    let server = Server::start(others(3));
    let environment = on_github(&server);
    project.run_with(&["comment"], &environment).exits(0).says(&["wrote a comment"]);
    assert_eq!(server.asked(), ["GET", "GET", "POST"], "all pages are looked through before one is written");
    let bodies = server.bodies();
    let body = bodies.last().expect("one was written");
    for said in
        ["### FAILED", "**New (1)**", "| cause |", "| where |", "| repeat |", "| sure |", "| remedy |", "@scenarists"]
    {
        assert!(body.contains(said), "`{said}` is missing in\n{body}");
    }
    assert!(!body.contains("secret-of-github"));
    project.run(&["run", "--rounds", "1", "--no-alone", "--jobs", "1"]).exits(1);
    project.run_with(&["comment"], &environment).exits(0).says(&["brought the comment up to date"]);
    assert_eq!(server.asked(), ["GET", "GET", "PATCH 103"]);
    assert_eq!(server.bodies().len(), 4, "there is still one of ours");
    assert!(server.bodies()[3].contains("**Known before (1)**"), "{}", server.bodies()[3]);
    project.write("scenarios/wrong.yaml", BROKEN.replace("{ status: 200, provider: mistral }", "{ status: 200 }"));
    project.run(&["run", "--rounds", "1", "--no-alone", "--jobs", "1"]).exits(0);
    project.run_with(&["comment"], &environment).exits(0).says(&["brought the comment up to date"]);
    let body = &server.bodies()[3];
    assert!(body.contains("### PASSED") && body.contains("**Not seen again (1)**"), "{body}");
}

#[test]
fn a_token_that_may_only_read_ends_in_the_summary_and_not_in_a_failure() {
    let project = project();
    let server = Server::start(Kept { read_only: true, ..others(1) });
    let mut environment = on_github(&server);
    project.run_with(&["comment"], &environment).exits(0).says(&["the service refused", "403", "### FAILED"]);
    environment.push(("GITHUB_STEP_SUMMARY", project.path("summary.md").display().to_string()));
    project.run_with(&["comment"], &environment).exits(0).says(&["stands in the job's summary"]);
    assert!(project.read("summary.md").contains("### FAILED"));
    assert!(Command::new("mkfifo").arg(project.path("pipe")).status().is_ok_and(|status| status.success()));
    environment.push(("GITHUB_STEP_SUMMARY", project.path("pipe").display().to_string()));
    // Nobody reads it: that is told, after a while.
    let ended = project.run_with(&["comment"], &environment).exits(2);
    assert!(ended.err.contains("pipe"), "{}", ended.err);
    assert_eq!(server.bodies().len(), 1);
}

#[test]
fn a_comment_of_somebody_else_is_left_alone_and_a_busy_service_asked_again() {
    let project = project();
    let marker = project.run(&["comment", "--dry-run"]).exits(0).out.lines().next().expect("a marker").to_owned();
    let kept = Kept {
        comments: vec![(1, format!("> {marker}\nquoted"))],
        foreign: vec![1],
        first: vec![StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY],
        ..Kept::default()
    };
    let server = Server::start(kept);
    project.run_with(&["comment"], &on_github(&server)).exits(0).says(&["wrote a comment"]);
    assert_eq!(server.asked(), ["GET", "GET", "GET", "PATCH 1", "POST"]);
}

#[test]
fn gitlab_is_told_in_its_own_way() {
    let project = project();
    let server = Server::start(others(4));
    let environment = vec![
        ("GITLAB_CI", "true".to_owned()),
        ("CI_API_V4_URL", format!("{}/api/v4", server.address)),
        ("CI_PROJECT_ID", "12".to_owned()),
        ("CI_MERGE_REQUEST_IID", "3".to_owned()),
        ("GITLAB_TOKEN", "secret-of-gitlab".to_owned()),
    ];
    project.run_with(&["comment"], &environment).exits(0).says(&["wrote a comment"]);
    project.run_with(&["comment"], &environment).exits(0).says(&["brought the comment up to date"]);
    assert_eq!(server.asked(), ["GET", "GET", "POST", "GET", "GET", "GET", "PUT 104"]);
}

#[test]
fn webhooks_are_told_in_slacks_words_or_as_json() {
    let project = project();
    let server = Server::start(Kept::default());
    let hook = format!("{}/hook", server.address);
    project.run(&["comment", "--webhook", &hook]).exits(0).says(&["told 1 webhook"]);
    project.run(&["comment", "--webhook", &hook, "--webhook-format", "slack"]).exits(0);
    let told = server.kept.lock().expect("no test panicked with it").told.clone();
    assert_eq!((&told[0]["version"], &told[0]["gate"]), (&json!(1), &json!("failed")));
    assert_eq!(told[0]["findings"][0]["case"], "wrong");
    assert_eq!(told[0]["findings"][0]["owners"], json!(["@scenarists"]));
    let text = told[1]["text"].as_str().expect("a text");
    assert!(text.starts_with("*FAILED: 1 finding") && text.contains("`wrong`") && text.contains("repeat: "), "{text}");
    project.run(&["comment"]).exits(0).says(&["nobody was told"]);
}

#[test]
fn a_service_that_does_not_answer_is_told_with_what_to_look_at() {
    let project = project();
    let closed = "http://127.0.0.1:1/hook";
    let told = project.run(&["comment", "--webhook", closed]);
    told.exits(4).says(&["telling the webhook", "look whether the address is right"]);
}
