//! What runs in a Python process, on its own: needs a Python with aiohttp and httpx.

use crate::cli::kit::{Project, case};
use std::process::Command;

/// A Python that can import all of `modules`: `STEADFAST_SDK_PYTHON`, else `python3`. Nothing, said in a line, without.
fn python(modules: &str) -> Option<String> {
    let python = std::env::var("STEADFAST_SDK_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if found.is_ok_and(|found| found.status.success()) {
        return Some(python);
    }
    #[allow(clippy::print_stderr, reason = "a test that skips says so")]
    {
        eprintln!("skipped: needs a Python with {modules} (STEADFAST_SDK_PYTHON names one)");
    }
    None
}

fn probe_holds(loops: &[&str]) {
    let output = |python: &str| {
        let root = env!("CARGO_MANIFEST_DIR");
        let script = format!("{root}/tests/python/probe_check.py");
        let mut command = Command::new(python);
        command.arg("-B").arg(script).arg(format!("{root}/src/adapter/shared/python")).args(loops);
        command.output().expect("python runs")
    };
    let modules = ["aiohttp", "httpx"].iter().chain(loops).copied().collect::<Vec<_>>().join(", ");
    let Some(python) = python(&modules) else { return };
    let output = output(&python);
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{errors}");
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), 10, "{told}\n{errors}");
}

#[test]
fn the_probe_names_what_outlives_its_loop_and_spares_what_does_not() {
    probe_holds(&[]);
}

#[test]
fn the_probe_holds_on_uvloop_too() {
    probe_holds(&["uvloop"]);
}

/// An application whose client lives in a module. With `renews` it looks whether its loop is still the one that runs.
fn service(python: &str, renews: &str) -> Project {
    let application = "\
import asyncio, json, os
import aiohttp

RENEWS = os.environ.get('RENEWS') == 'yes'

class Client:
    session = None
    loop = None

    async def ask(self, message):
        if RENEWS and self.session is not None and self.loop is not asyncio.get_running_loop():
            await self.session.close()
            self.session = None
        if self.session is None:
            self.session = aiohttp.ClientSession()
            self.loop = asyncio.get_running_loop()
        body = {'model': 'm', 'max_tokens': 9, 'messages': [{'role': 'user', 'content': message}]}
        url = os.environ['ANTHROPIC_BASE_URL'] + '/v1/messages'
        headers = {'x-api-key': 'k', 'anthropic-version': '2023-06-01'}
        async with self.session.post(url, json=body, headers=headers) as answer:
            return (await answer.json())['content'][0]['text']

CLIENT = Client()

async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        while True:
            message = await receive()
            await send({'type': message['type'] + '.complete'})
            if message['type'] == 'lifespan.shutdown':
                if RENEWS and CLIENT.session is not None:
                    await CLIENT.session.close()
                return
    status, answer = 200, {}
    if scope['path'] == '/chat':
        asked = json.loads((await receive())['body'])
        answer = {'text': await CLIENT.ask(asked['message']), 'provider': 'claude'}
    body = json.dumps(answer).encode()
    await send({'type': 'http.response.start', 'status': status, 'headers': [(b'content-type', b'application/json')]})
    await send({'type': 'http.response.body', 'body': body})
";
    let system = format!(
        "system: service\nprocess: {{ asgi: service:app, directory: ., python: {python:?}, env: {{ RENEWS: {renews:?} }} }}\n\
         providers:\n  claude: {{ wire: anthropic, hosts: [api.anthropic.com], env: ANTHROPIC_BASE_URL }}\ncan: [journal]\nverbs:\n  chat: {{ \
         post: /chat, auth: none, body: {{ message: \"${{message}}\", language: \"${{language}}\" }}, answer: [text, provider] }}\n"
    );
    let chat = |name: &str| {
        format!(
            "scenario: {name}\nproviders: {{ claude: {{ reply: Hello }} }}\nsteps:\n  - chat: {{ language: en, message: Hi }}\n    \
             expect: {{ status: 200, text: Hello }}\n"
        )
    };
    Project::new()
        .with("service.py", application)
        .with("service.yaml", system)
        .with("scenarios/1-first.yaml", chat("the first"))
        .with("scenarios/2-second.yaml", chat("the second"))
}

const ON_THE_SERVICE: &[&str] = &["run", "--system", "service.yaml", "--seed", "1", "--rounds", "2"];

#[test]
fn a_client_of_a_service_that_is_bound_to_the_first_event_loop_is_named() {
    let Some(python) = python("aiohttp") else { return };
    let project = service(&python, "no");
    project.run(ON_THE_SERVICE).exits(1);
    project.assert_nothing_left();
    let report = project.report();
    let second = case(&report, "2-second");
    assert_eq!(second["verdict"], "order_dependent", "{second:#}");
    assert!(second.to_string().contains("1-first"), "{second:#}");

    let journal = project.read("reports/latest/events.jsonl");
    assert!(journal.contains("Event loop is closed"), "{journal}");
    let leak = &case(&report, "1-first")["leaks"][0];
    assert_eq!(leak["owner"], "service: CLIENT -> Client.session", "{leak:#}");
    assert!(leak["where"].as_str().is_some_and(|place| place.contains("service.py:")), "{leak:#}");
}

#[test]
fn a_client_of_a_service_that_ends_with_its_event_loop_is_spared() {
    let Some(python) = python("aiohttp") else { return };
    let project = service(&python, "yes");
    project.run(ON_THE_SERVICE).exits(0);
    project.assert_nothing_left();
    assert!(!project.read("reports/latest/report.json").contains("\"leaks\""));
}

#[test]
fn an_application_that_can_not_be_loaded_is_an_error_that_says_why() {
    let Some(python) = python("json") else { return };
    let project = service(&python, "no").with("service.py", "import no_such_module\n");
    project.run(ON_THE_SERVICE).exits(4).says(&["no_such_module"]);
}

/// An application that keeps a lock of its first event loop in a module, and a client for each request.
const LOCKED: &str = "\
import asyncio, json, os
import aiohttp

RENEWS = os.environ.get('RENEWS') == 'yes'

class Gate:
    lock = asyncio.Lock()

async def pass_through():
    async with Gate.lock:
        await asyncio.sleep(0)

async def ask(message):
    if RENEWS:
        Gate.lock = asyncio.Lock()
    await asyncio.gather(pass_through(), pass_through())
    body = {'model': 'm', 'max_tokens': 9, 'messages': [{'role': 'user', 'content': message}]}
    headers = {'x-api-key': 'k', 'anthropic-version': '2023-06-01'}
    async with aiohttp.ClientSession() as session:
        async with session.post(os.environ['ANTHROPIC_BASE_URL'] + '/v1/messages', json=body, headers=headers) as answer:
            return (await answer.json())['content'][0]['text']

async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        while True:
            message = await receive()
            await send({'type': message['type'] + '.complete'})
            if message['type'] == 'lifespan.shutdown':
                return
    answer = {}
    if scope['path'] == '/chat':
        answer = {'text': await ask(json.loads((await receive())['body'])['message']), 'provider': 'claude'}
    body = json.dumps(answer).encode()
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-type', b'application/json')]})
    await send({'type': 'http.response.body', 'body': body})
";

#[test]
fn whatever_an_application_keeps_of_an_earlier_loop_and_fails_with_is_named() {
    let Some(python) = python("aiohttp, asyncio.mixins") else { return };
    for (renews, exit) in [("no", 1), ("yes", 0)] {
        let project = service(&python, renews).with("service.py", LOCKED);
        project.run(ON_THE_SERVICE).exits(exit);
        let report = project.report();
        let second = case(&report, "2-second");
        if renews == "yes" {
            assert_eq!(second["verdict"], "stable", "{second:#}");
            continue;
        }
        assert_eq!(second["verdict"], "order_dependent", "{second:#}");
        let leak = second["leaks"][0].to_string();
        assert!(leak.contains("service.Gate.lock._loop -> closed loop"), "{second:#}");
    }
}
