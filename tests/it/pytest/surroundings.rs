//! The surroundings are those of the plain runner, what hides is seen, and a verdict that only our surroundings
//! explain accuses nobody.

use crate::cli::kit::case;
use crate::pytest::kit::{Suite, notes, sequences};
use serde_json::Value;

fn of<'r>(report: &'r Value, id: &str) -> &'r Value {
    case(report, id)
}

#[test]
fn what_the_suite_s_settings_write_is_not_written_over_the_user_s_files() {
    let Some(suite) = Suite::empty() else { return };
    let settings = "[pytest]\naddopts = --junitxml=made/results.xml --basetemp=made/temporary\nlog_file = made/tests.log\n\
                    log_file_level = INFO\n";
    let text = "import logging\nBASKET = []\ndef test_fills(tmp_path):\n    logging.getLogger('till').info('x')\n    \
                (tmp_path / 'receipt').write_text('tea')\n    BASKET.append('tea')\n\
                def test_is_empty(tmp_path):\n    assert not BASKET and not list(tmp_path.iterdir())\n";
    let suite = suite.with("pytest.ini", settings).with("test_basket.py", text).with("made/results.xml", "mine");
    let before = suite.files();
    suite.command("list", &[]).exits(0);
    suite.command("run", &["--seed", "1"]).exits(1).says(&["plain pytest agrees 2 of 2"]);
    let report = suite.project.report();
    let victim = of(&report, "test_basket.py::test_is_empty");
    assert_eq!(sequences(victim, "polluters"), [["test_fills"]], "{victim:#}");
    let repro = victim["repro"].as_str().expect("a repro");
    suite.again(&["repro", &format!("reports/latest/{repro}")]).exits(1).says(&["shows (5 of 5)"]);
    assert_eq!(suite.files(), before, "something was written beside the tests");
    assert_eq!(suite.project.read("suite/made/results.xml"), "mine");
}

#[test]
fn paths_below_temporary_folders_are_short_enough_for_sockets_and_equally_long_in_every_round() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import os, pathlib, socket, sys, tempfile\nLOG = pathlib.Path(__file__).parent.parent / 'lengths'\n\
                def bind(path):\n    with socket.socket(socket.AF_UNIX) as listener: listener.bind(path)\n\
                def test_tmp_path(tmp_path):\n    bind(str(tmp_path / ('s' * 25)))\n\
                def test_temporary_folder():\n    folder = tempfile.mkdtemp()\n    bind(os.path.join(folder, 's' * 25))\n    \
                with LOG.open('a') as log: log.write('%d\\n' % len(folder))\n\
                def test_arguments_and_environment():\n    assert len([name for name in os.environ if 'STEADFAST' in name]) <= 1\n    \
                assert not [word for word in sys.argv if 'steadfast' in word]\n";
    let suite = suite.with("test_paths.py", text);
    suite.command("run", &["--seed", "1", "--no-leaks"]).exits(0).says(&["plain pytest agrees 3 of 3"]);
    let lengths: std::collections::BTreeSet<String> =
        suite.project.read("lengths").lines().map(str::to_owned).collect();
    // Rounds have one length; plain pytest, and what accounts for resources, may have another.
    assert!(lengths.len() <= 2, "{lengths:?}");
}

#[test]
fn a_port_that_an_earlier_run_left_behind_is_named_and_nobody_is_called_broken() {
    let Some(suite) = Suite::empty() else { return };
    if !std::path::Path::new("/proc/net/tcp").exists() {
        return;
    }
    // The port is one that is free now, and is the same in both runs.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = port.expect("a free port").port();
    let text = format!(
        "import socket, threading\nPORT = {port}\ndef test_greets():\n    listener = socket.socket()\n    \
         listener.bind(('127.0.0.1', PORT))\n    listener.listen()\n    def answer():\n        peer, _ = listener.accept()\n        \
         peer.sendall(b'hello')\n        peer.close()\n    thread = threading.Thread(target=answer)\n    thread.start()\n    \
         with socket.create_connection(('127.0.0.1', PORT)) as client: assert client.recv(9) == b'hello'\n    \
         thread.join()\n    listener.close()\ndef test_other(): assert PORT > 0\n"
    );
    let suite = suite.with("test_greeting.py", &text);
    for seed in ["1", "2"] {
        suite.command("run", &["--seed", seed, "--no-leaks"]).exits(1);
        let report = suite.project.report();
        let greets = of(&report, "test_greeting.py::test_greets");
        assert_eq!(greets["verdict"], "environment_dependent", "seed {seed}: {greets:#}");
        let reason = greets["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(&format!("port {port} is in TIME_WAIT")) && reason.contains("60 s"), "{reason}");
        assert_eq!(of(&report, "test_greeting.py::test_other")["verdict"], "stable");
        assert!(!notes(&suite.project).iter().any(|note| note.contains("fault of steadfast")));
    }
}

#[test]
fn a_case_about_which_plain_pytest_disagrees_is_accused_of_nothing() {
    let Some(suite) = Suite::empty() else { return };
    // They ask what runs them, which no test should.
    let text = "import sys\nIS_PLAIN = getattr(sys.modules.get('steadfast_pytest'), '_MODE', 'plain') == 'plain'\n\
                def test_differs_here(): assert IS_PLAIN\ndef test_differs_there(): assert not IS_PLAIN\n\
                def test_agrees(): assert True\n";
    let suite = suite.with("test_differs.py", text);
    suite.command("run", &["--seed", "1"]).exits(3);
    let report = suite.project.report();
    for (name, said) in [("differs_here", "plain pytest says passed"), ("differs_there", "plain pytest says failed")] {
        let found = of(&report, &format!("test_differs.py::test_{name}"));
        assert_eq!(found["verdict"], "disagrees", "{found:#}");
        assert!(found["reason"].as_str().is_some_and(|reason| reason.contains(said)), "{found:#}");
    }
    assert_eq!(of(&report, "test_differs.py::test_agrees")["verdict"], "stable");
    let told = notes(&suite.project);
    assert!(told.iter().any(|note| note.contains("tried again it is the same (3 of 3)")), "{told:#?}");
}

#[test]
fn what_fails_by_chance_in_either_runner_is_no_fault_of_steadfast() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import random\ndef test_by_chance(): assert random.SystemRandom().random() < 0.5\n\
                def test_steady(): assert True\n";
    let suite = suite.with("test_chance.py", text);
    for seed in ["1", "2"] {
        suite.command("run", &["--seed", seed]);
        let told = notes(&suite.project);
        assert!(!told.iter().any(|note| note.contains("fault of steadfast")), "{told:#?}");
        let report = suite.project.report();
        assert_ne!(of(&report, "test_chance.py::test_by_chance")["verdict"], "disagrees");
    }
}

#[test]
fn a_pair_that_brings_plain_pytest_down_is_told_as_that() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import os\nSEEN = []\ndef test_leaves(): SEEN.append(1)\n\
                def test_ends_the_process():\n    if SEEN: os._exit(7)\n";
    let suite = suite.with("test_end.py", text);
    suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    let remarks = of(&report, "test_end.py::test_ends_the_process")["remarks"].to_string();
    assert!(!remarks.contains("behaves differently"), "{remarks}");
}

#[test]
fn where_every_test_fails_for_one_reason_the_run_stops_with_that_reason() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import pytest, socket\n@pytest.fixture\ndef shop():\n    free = socket.create_server(('127.0.0.1', 0))\n    \
                port = free.getsockname()[1]\n    free.close()\n    return socket.create_connection(('127.0.0.1', port))\n\
                def test_a(shop): pass\ndef test_b(shop): pass\ndef test_c(shop): pass\ndef test_d(shop): pass\n";
    let suite = suite.with("test_shop.py", text);
    suite
        .command("run", &["--seed", "1"])
        .exits(4)
        .says(&["all 4 cases of the first round failed for one reason", "--keep-going"]);
    let rounds = suite.project.report()["rounds"].as_u64();
    assert_eq!(rounds, Some(1), "it stops after one round");
    suite.command("run", &["--seed", "1", "--keep-going"]).exits(1);
    let report = suite.project.report();
    assert_eq!(of(&report, "test_shop.py::test_a")["verdict"], "broken", "{report:#}");
}

/// A module that can't be imported beside them changes nothing of that; a first test that passes, and may be what the others
/// fail for, does.
#[test]
fn one_that_fails_otherwise_keeps_no_run_going_and_one_that_passes_does() {
    let down = "import pytest, shop\n@pytest.mark.parametrize('n', range(24))\n\
                def test_asks(n): shop.ask()\n";
    let shop = "DOWN = %\ndef ask():\n    if DOWN: raise ConnectionError('the shop is down')\n";
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("shop.py", &shop.replace('%', "True")).with("test_shop.py", down);
    let suite = suite.with("test_other.py", "import nowhere\ndef test_a(): pass\n");
    let told = "all 25 cases of the first round failed, 24 of them for one reason";
    suite.command("run", &["--seed", "1"]).exits(4).says(&[told]);
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("shop.py", &shop.replace('%', "False")).with("test_shop.py", down);
    let suite = suite.with("test_close.py", "import shop\ndef test_closes(): shop.DOWN = True\n");
    suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    let asks = of(&report, "test_shop.py::test_asks[7]");
    assert_eq!(sequences(asks, "polluters"), [["test_closes"]], "{asks:#}");
}

#[test]
fn a_session_that_fails_though_no_test_does_proves_nothing() {
    let Some(suite) = Suite::empty() else { return };
    let conftest = "def pytest_sessionfinish(session): session.exitstatus = 1\n";
    let suite = suite.with("test_a.py", "def test_a(): pass\n").with("conftest.py", conftest);
    suite.command("run", &["--seed", "1"]).exits(3).says(&["pytest fails though none of its cases does (exit code 1)"]);
}

#[test]
fn examples_that_one_round_found_are_not_there_in_the_next_one() {
    let Some(suite) = Suite::with_plugins() else { return };
    let text = "from hypothesis import given, settings, strategies as st\n@settings(max_examples=30, deadline=None)\n\
                @given(st.integers(0, 255), st.integers(0, 3))\ndef test_rare(a, b): assert not (a % 64 == 37 and b == 2)\n\
                def test_other(): assert True\n";
    let suite = suite.with("test_rare.py", text);
    let before = suite.files();
    suite.command("run", &["--seed", "1", "--rounds", "60", "--no-leaks"]);
    let report = suite.project.report();
    let rare = of(&report, "test_rare.py::test_rare");
    assert!(
        ["intermittent", "undiagnosed", "stable"].contains(&rare["verdict"].as_str().unwrap_or_default()),
        "{rare:#}"
    );
    assert!(rare["failures"].as_u64() < rare["trials"].as_u64(), "{rare:#}");
    assert!(!notes(&suite.project).iter().any(|note| note.contains("fault of steadfast")));
    assert_eq!(suite.files(), before, "something was written beside the tests");
}

/// With fixed examples nothing is left to chance, so that a rare one is never met: that is said, and only there.
#[test]
fn examples_that_are_the_same_in_every_round_are_told() {
    let profile = "from hypothesis import settings\nsettings.register_profile('fixed', derandomize=True)\n\
                   settings.load_profile('fixed')\n";
    for conftest in [
        profile,
        "from hypothesis import settings\nsettings.register_profile('any', derandomize=False)\n\
                               settings.load_profile('any')\n",
    ] {
        let Some(suite) = Suite::with_plugins() else { return };
        let text =
            "from hypothesis import given, strategies as st\n@given(st.integers())\ndef test_any(a): assert a == a\n";
        let suite = suite.with("test_any.py", text).with("conftest.py", conftest);
        suite.command("run", &["--seed", "1", "--rounds", "1", "--orders", "declared", "--no-leaks"]).exits(0);
        let told = notes(&suite.project).iter().any(|note| note.contains("draws the same examples in every round"));
        assert_eq!(told, conftest == profile, "{:#?}", notes(&suite.project));
    }
}

#[test]
fn a_plugin_that_tries_again_does_not_hide_what_fails_the_first_time() {
    let Some(suite) = Suite::with_plugins() else { return };
    let text = "import random, pytest\n@pytest.mark.flaky(retries=4, delay=0)\ndef test_by_chance(): \
                assert random.SystemRandom().random() < 0.5\ndef test_steady(): assert True\n";
    let suite = suite.with("test_chance.py", text);
    suite.command("run", &["--seed", "1", "--rounds", "12"]).exits(1);
    let report = suite.project.report();
    assert_eq!(of(&report, "test_chance.py::test_by_chance")["verdict"], "intermittent", "{report:#}");
    let told = notes(&suite.project);
    assert!(told.iter().any(|note| note.contains("its first attempt counts")), "{told:#?}");
}

#[test]
fn skips_that_marks_ask_for_are_a_remark() {
    let Some(suite) = Suite::with_plugins() else { return };
    let text = "import pytest\nORDERED = set()\n@pytest.mark.dependency()\ndef test_orders(): ORDERED.add('tea')\n\
                @pytest.mark.dependency(depends=['test_orders'])\ndef test_pays(): assert ORDERED\n\
                def test_other(): assert True\n";
    let suite = suite.with("test_steps.py", text);
    suite.command("run", &["--seed", "1"]).exits(0);
    let report = suite.project.report();
    let pays = of(&report, "test_steps.py::test_pays");
    assert_eq!(pays["verdict"], "stable", "{pays:#}");
    assert!(pays["remarks"].to_string().contains("skipped in some orders"), "{pays:#}");
    assert!(pays["remarks"].to_string().contains("test_orders"), "{pays:#}");
}

#[test]
fn a_temporary_folder_that_is_named_relatively_is_one_folder_for_all_that_is_started() {
    let Some(suite) = Suite::empty() else { return };
    let text = "def test_one(tmp_path, pytestconfig):\n    (tmp_path / 'f').write_text('x')\n    \
                pytestconfig.cache.set('mine/key', 1)\n    assert pytestconfig.cache.get('mine/key', 0) == 1\n";
    let suite = suite.with("test_one.py", text);
    suite.project.write("tmp/kept", "");
    let before = suite.files();
    let arguments = ["run", "--suite", "pytest:suite", "--python", suite.python(), "--effort", "quick", "--seed", "1"];
    let mut command = suite.project.command(&arguments);
    command.env("TMPDIR", "tmp");
    crate::cli::kit::Running::of(command).wait().exits(0);
    assert_eq!(case(&suite.project.report(), "test_one.py::test_one")["verdict"], "stable");
    assert_eq!(suite.files(), before, "something was written beside the tests");
    assert_eq!(suite.project.files("tmp"), [suite.project.path("tmp/kept")]);
}

/// A path that a module makes when it is collected lies in the TMPDIR of the process that collected, which forks every
/// round: what a round leaves there is not there in the next one.
#[test]
fn what_a_round_leaves_where_the_suite_was_collected_is_not_there_in_the_next_one() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import os, tempfile\nFILE = os.path.join(tempfile.gettempdir(), 'basket')\n\
                def test_is_empty(): assert not os.path.exists(FILE)\ndef test_apart(): assert FILE\n\
                def test_fills(): open(FILE, 'w').close()\n";
    let suite = suite.with("test_basket.py", text);
    suite.command("run", &["--seed", "1", "--effort", "quick", "--no-leaks"]).exits(1);
    let report = suite.project.report();
    let victim = of(&report, "test_basket.py::test_is_empty");
    assert_eq!(sequences(victim, "polluters"), [["test_fills"]], "{victim:#}");
}

/// Hypothesis remembers the object of which a method was run, and a second run in one process has another one.
#[test]
fn a_method_with_examples_can_run_twice_and_a_skipped_part_does_not_skip_its_test() {
    let Some(suite) = Suite::with_plugins() else { return };
    let text = "import unittest\nfrom hypothesis import given, settings, strategies as st\n\
                class Shop(unittest.TestCase):\n    @settings(max_examples=5, deadline=None)\n    @given(st.text())\n    \
                def test_text(self, text): self.assertEqual(text, text)\n    def test_parts(self):\n        \
                for n in range(2):\n            with self.subTest(n=n):\n                \
                if n: self.skipTest('not today')\n";
    let suite = suite.with("test_shop.py", text);
    suite.command("run", &["--seed", "1", "--effort", "quick", "--no-leaks"]).exits(0);
    let report = suite.project.report();
    for name in ["test_text", "test_parts"] {
        assert_eq!(of(&report, &format!("test_shop.py::Shop::{name}"))["verdict"], "stable", "{report:#}");
    }
}
