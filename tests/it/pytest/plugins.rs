//! Beside the plugins that suites have, all of them installed at once: what depends on order is found in each suite, what
//! passes passes, and whatever would shuffle, repeat or spread out the tests is switched off with a note. Needs the
//! packages of `tests/plugins/requirements.txt` in `STEADFAST_PLUGINS_PYTHON`.

use crate::cli::kit::{Project, case};
use crate::pytest::kit::{notes, sequences};
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(900);

/// A pair that depends on order, and a test beside.
const PAIR: &str = "import random\nstate = []\ndef test_victim(): assert not state\ndef test_between(): \
                    assert random.random() < 2\ndef test_polluter(): state.append(1)\n";

/// A suite with the pair and these files; nothing where the plugins are not.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn suite(files: &[(&str, &str)]) -> Option<Project> {
    if std::env::var_os("STEADFAST_PLUGINS_PYTHON").is_none() {
        eprintln!("skipped: STEADFAST_PLUGINS_PYTHON names no Python with tests/plugins/requirements.txt");
        return None;
    }
    let project = Project::new().with("suite/test_pair.py", PAIR);
    Some(files.iter().fold(project, |project, (name, text)| project.with(&format!("suite/{name}"), text)))
}

/// The pair is found, the rest is as `truth` says, and the notes say `noted`.
fn check(files: &[(&str, &str)], truth: &[(&str, &str)], noted: &[&str]) {
    let Some(project) = suite(files) else { return };
    let python = std::env::var("STEADFAST_PLUGINS_PYTHON").expect("it was there");
    let arguments = ["run", "--suite", "pytest:suite", "--python", &python, "--seed", "1", "--rounds", "4"];
    project.start(&arguments).wait_within(PATIENCE).exits(1);
    let report = project.report();
    let victim = case(&report, "test_pair.py::test_victim");
    assert_eq!(victim["verdict"], "order_dependent", "{victim:#}");
    assert_eq!(sequences(victim, "polluters"), [["test_polluter"]], "{victim:#}");
    for (id, verdict) in [("test_pair.py::test_between", "stable"), ("test_pair.py::test_polluter", "stable")] {
        assert_eq!(case(&report, id)["verdict"], verdict, "{id}");
    }
    // Its line is for a shell in the project's folder, and shows it there.
    let shows = victim["remarks"].as_array().into_iter().flatten().filter_map(|remark| remark.as_str());
    let line = shows.filter_map(|remark| remark.strip_prefix("pytest alone shows it: ")).next().expect("a line");
    let ran = Command::new("sh").args(["-c", line]).current_dir(project.path("")).output().expect("a shell");
    let wrote = String::from_utf8_lossy(&ran.stdout);
    assert!(
        wrote.contains("FAILED test_pair.py::test_victim") && wrote.contains("1 failed, 1 passed"),
        "{line}: {wrote}"
    );
    let repeat = victim["brief"]["repeat"].as_str().unwrap_or_default();
    assert!(repeat.starts_with("cd suite && pytest ") && repeat.ends_with("test_pair.py::test_victim"), "{repeat}");
    for (id, verdict) in truth {
        let found = case(&report, id);
        assert_eq!(&found["verdict"], verdict, "{found:#}");
    }
    let told = notes(&project);
    for text in noted.iter().chain(&["plain pytest agrees"]) {
        assert!(told.iter().any(|note| note.contains(text)), "`{text}` is not in {told:#?}");
    }
    project.assert_nothing_left();
}

#[test]
fn pytest_asyncio() {
    let text = "import asyncio, pytest, pytest_asyncio\n\
                @pytest_asyncio.fixture(scope='module', loop_scope='module')\nasync def held(): yield asyncio.get_running_loop()\n\
                @pytest.mark.asyncio(loop_scope='module')\nasync def test_shares(held): assert held is asyncio.get_running_loop()\n\
                @pytest.mark.asyncio\nasync def test_own(): await asyncio.sleep(0)\n";
    let truth = [("test_async.py::test_shares", "stable"), ("test_async.py::test_own", "stable")];
    check(&[("test_async.py", text)], &truth, &[]);
}

#[test]
fn anyio() {
    let text = "import anyio, pytest\npytestmark = pytest.mark.anyio\n\
                @pytest.fixture\nasync def held(): yield 1\n\
                async def test_one(held):\n    await anyio.sleep(0)\n    assert held == 1\n";
    let conftest = "import pytest\n@pytest.fixture(scope='session')\ndef anyio_backend(): return 'asyncio'\n";
    check(&[("test_async.py", text), ("conftest.py", conftest)], &[("test_async.py::test_one", "stable")], &[]);
}

#[test]
fn pytest_xdist() {
    check(&[("pytest.ini", "[pytest]\naddopts = -n 2\n")], &[], &["pytest-xdist is switched off"]);
}

#[test]
fn pytest_randomly_and_pytest_random_order() {
    let noted = ["pytest-randomly does not shuffle", "pytest-random-order does not shuffle"];
    check(&[("pytest.ini", "[pytest]\naddopts = --random-order\n")], &[], &noted);
}

#[test]
fn pytest_rerunfailures() {
    let text = "import os, pytest\nseen = []\n@pytest.mark.flaky(reruns=5)\ndef test_first_fails():\n    \
                seen.append(1)\n    assert len(seen) > 1\n";
    let files = [("pytest.ini", "[pytest]\naddopts = --reruns 3\n"), ("test_rerun.py", text)];
    // That it passes where it ran before in the same process is an experiment: no order of single runs lets it pass.
    check(&files, &[("test_rerun.py::test_first_fails", "broken")], &["pytest-rerunfailures is switched off"]);
}

#[test]
fn pytest_cov() {
    check(
        &[("pytest.ini", "[pytest]\naddopts = --cov=. --cov-fail-under=99\n")],
        &[],
        &["pytest-cov measures nothing"],
    );
}

#[test]
fn pytest_timeout() {
    let text = "import time\ndef test_is_quick(): time.sleep(0.01)\n";
    let files = [("pytest.ini", "[pytest]\ntimeout = 60\n"), ("test_time.py", text)];
    check(&files, &[("test_time.py::test_is_quick", "stable")], &[]);
}

#[test]
fn pytest_django() {
    let settings = "SECRET_KEY = 'x'\nINSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth', 'shop']\n\
                    DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}\n\
                    DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'\nUSE_TZ = True\n";
    let models =
        "from django.db import models\nclass Product(models.Model):\n    name = models.CharField(max_length=9)\n";
    let text = "import pytest\nfrom django.core.cache import cache\nfrom shop.models import Product\n\
                pytestmark = pytest.mark.django_db\n\
                def test_empty(): assert Product.objects.count() == 0\n\
                def test_adds():\n    Product.objects.create(name='a')\n    assert Product.objects.count() == 1\n\
                @pytest.mark.django_db(transaction=True)\ndef test_commits():\n    Product.objects.create(name='b')\n    \
                assert Product.objects.count() == 1\n\
                def test_cache_victim(): assert cache.get('x') is None\n\
                def test_cache_polluter(): cache.set('x', 1)\n";
    let files = [
        ("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = settings\npythonpath = .\n"),
        ("settings.py", settings),
        ("shop/__init__.py", ""),
        ("shop/models.py", models),
        ("test_db.py", text),
    ];
    let truth = [
        ("test_db.py::test_empty", "stable"),
        ("test_db.py::test_adds", "stable"),
        ("test_db.py::test_commits", "stable"),
        ("test_db.py::test_cache_victim", "order_dependent"),
    ];
    check(&files, &truth, &[]);
}
