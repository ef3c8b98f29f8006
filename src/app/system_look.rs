//! `steadfast system`: does a system file say what it should, and how is one begun.

use crate::adapter::{ScenarioSpec, SystemLook, Tried, scenario_spec, try_system};
use crate::app::{AppError, ToolInfo};
use crate::disk::read_text;
use crate::scenario::begin_system;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// The most that is read of an OpenAPI document, in bytes.
const LONGEST: u64 = 8 << 20;

/// How long a server may take to send its document.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many ids of cases are shown for a reason.
const SHOWN: usize = 2;

/// Starts a system, tries each of its verbs once, and says what was seen; and whether every verb was answered.
///
/// # Errors
/// What is wrong with the files, or why the system can't be started.
pub fn look_at_system(root: &Path, system: &str, tool: &ToolInfo) -> Result<(String, bool), AppError> {
    let spec = ScenarioSpec {
        program: tool.program.clone(),
        secrets: tool.environment.clone(),
        python_path: tool.python_path.clone(),
        virtual_env: tool.virtual_env.clone(),
        ..scenario_spec(root, &[], system, None)
    };
    let folder = crate::disk::temporary_folder().map_err(AppError::io(&tool.temporary))?;
    let mark = format!("STEADFAST_OWNER=system-{}", std::process::id());
    let look = try_system(spec, folder.path(), &mark)?;
    let is_well =
        look.tried.iter().all(|tried| tried.problem.is_none() && tried.absent.is_empty() && tried.strangers.is_empty());
    Ok((rendered(&look), is_well))
}

fn rendered(look: &SystemLook) -> String {
    let mut out = format!("the system `{}`\n\n", look.name);
    let widest = |of: fn(&Tried) -> usize| look.tried.iter().map(of).max().unwrap_or(0);
    let (verbs, requests) = (widest(|tried| tried.what.len()), widest(|tried| tried.request.chars().count()));
    for tried in &look.tried {
        let status = tried.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let read: Vec<String> = tried.read.iter().map(|(field, value)| format!("{field} {value}")).collect();
        let said = match &tried.problem {
            Some(problem) => format!("FAILED: {}", problem.replace('\n', "\n    ")),
            None if tried.what == "reset" => "done".to_owned(),
            None if read.is_empty() => "nothing is read".to_owned(),
            None => read.join(", "),
        };
        // Writing to a text can't fail.
        let _ = writeln!(out, "{:verbs$}  {:requests$}  {status:3}  {said}", tried.what, tried.request);
        if !tried.absent.is_empty() {
            let _ = writeln!(out, "{:verbs$}  NOT THERE: {}", "", tried.absent.join(", "));
        }
    }
    let strangers: BTreeSet<&String> = look.tried.iter().flat_map(|tried| &tried.strangers).collect();
    for name in strangers {
        let _ = writeln!(
            out,
            "\nNO PROVIDER: {name:?} is none of the file's; say whose word it is: names: {{ provider: {{ {name}: … }} }}"
        );
    }
    if !look.unbound.is_empty() {
        let unbound: Vec<&str> = look.unbound.iter().map(|verb| verb.as_str()).collect();
        let _ = writeln!(out, "\nnot bound: {}", unbound.join(", "));
    }
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, reason) in &look.cases {
        if let Some(reason) = reason {
            reasons.entry(reason).or_default().push(id);
        }
    }
    let skipped: usize = reasons.values().map(Vec::len).sum();
    let _ = writeln!(out, "\n{} of {} cases can run", look.cases.len() - skipped, look.cases.len());
    let mut reasons: Vec<(&str, Vec<&str>)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    for (reason, ids) in reasons {
        let more = if ids.len() > SHOWN { ", …" } else { "" };
        let shown = ids.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "{:5} can't: {reason}\n        {shown}{more}", ids.len());
    }
    out
}

/// Begins a system file from an OpenAPI document: a file, or the URL of a server on this machine.
///
/// # Errors
/// If the document can't be read or is none.
pub fn begin_system_file(document: &str) -> Result<String, AppError> {
    let text = match document.strip_prefix("http://") {
        Some(rest) => fetched(rest).map_err(|error| AppError::Usage(format!("{document}: {error}")))?,
        None => {
            let path = Path::new(document);
            read_text(path, LONGEST).map_err(|error| AppError::Usage(format!("{document}: {error}")))?
        }
    };
    let wrong = |why: String| AppError::Usage(format!("{document}: {why}"));
    let json: Value = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("this is no JSON document ({error}); FastAPI serves one at /openapi.json")))?;
    let begun =
        begin_system(&json).ok_or_else(|| wrong("this is no OpenAPI document: it has no `paths`".to_owned()))?;
    Ok(begun.text)
}

/// Why a document can't be had from a server.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("only this machine is asked: save the document and name the file")]
    OtherMachine,
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("it was answered with {0}")]
    Refused(String),
    #[error("it sent no answer")]
    Silent,
}

/// The body of a GET, from this machine only.
fn fetched(rest: &str) -> Result<String, FetchError> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, "openapi.json"));
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    if !matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
        return Err(FetchError::OtherMachine);
    }
    let address = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    let mut stream = TcpStream::connect(&address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    std::io::Write::write_all(
        &mut stream,
        format!("GET /{path} HTTP/1.0\r\nHost: {authority}\r\nAccept: application/json\r\n\r\n").as_bytes(),
    )?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.split(' ').nth(1) == Some("200") => Ok(body.to_owned()),
        Some((head, _)) => Err(FetchError::Refused(head.lines().next().unwrap_or_default().to_owned())),
        None => Err(FetchError::Silent),
    }
}
