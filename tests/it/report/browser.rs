//! The page in a real browser: what its script does, and that it needs nothing but itself.
//!
//! A probe script is put into a copy of the page. It uses the page as a reader would and leaves what it found in the
//! document, which the browser then prints. These tests need `chromium`; CI runs them with `--ignored`.

use super::html::{failed_and_passed, large};
use super::sample::{ALERT_HIGH, IDS, SPEND, context, judged_findings};
use std::collections::BTreeMap;
use std::process::Command;
use steadfast::history::{CaseTrend, PastRun, SuiteTrend, Week, trends_html};
use steadfast::model::Verdict;
use steadfast::model::statistics::Tally;
use steadfast::report::html;
use steadfast::verdict::judge;

/// Runs before the page's own script: errors must not get lost.
const WATCH: &str = "<script>window.found = {}; window.problems = []; \
    addEventListener('error', (event) => problems.push(event.message)); \
    addEventListener('securitypolicyviolation', (event) => problems.push(event.violatedDirective)); \
    for (const level of ['error', 'warn']) console[level] = (text) => problems.push(String(text));</script>";

/// Opens the page with a probe and returns what the probe put into `found`.
fn probe(page: &str, dark: bool, script: &str) -> BTreeMap<String, serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let ending = format!(
        "<script>(async () => {{ try {{ {script} }} catch (error) {{ problems.push(String(error)); }} \
         found.problems = problems; \
         document.documentElement.dataset.found = encodeURIComponent(JSON.stringify(found)); }})();</script></body>"
    );
    let page = page.replacen("<style>", &format!("{WATCH}<style>"), 1).replacen("</body>", &ending, 1);
    std::fs::write(&file, page).unwrap();
    let output = Command::new("timeout")
        .args(["120", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--blink-settings=preferredColorScheme={}", if dark { 0 } else { 1 }))
        .args(["--virtual-time-budget=10000", "--window-size=1200,900", "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("chromium is installed");
    let dom = String::from_utf8_lossy(&output.stdout);
    let found = dom.split("data-found=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the probe has ended");
    let bytes: Vec<u8> = unescape(found);
    serde_json::from_slice(&bytes).unwrap()
}

/// Undoes what `encodeURIComponent` does.
fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        out.push(u8::from_str_radix(&part[..2], 16).unwrap());
        out.extend_from_slice(&part.as_bytes()[2..]);
    }
    out
}

#[test]
#[ignore = "needs chromium"]
fn a_reader_can_filter_sort_copy_and_see_the_polluter() {
    let (record, judgement) = judged_findings();
    let page = html(&record, &judgement, &context()).unwrap();
    let script = format!(
        r##"
        const $ = (selector) => document.querySelector(selector);
        const first = () => $("#table tbody th").textContent;
        const type = (input, text) => {{ input.value = text; input.dispatchEvent(new Event("input", {{ bubbles: true }})); }};
        found.ground = getComputedStyle(document.body).backgroundColor;
        type($("#filter"), "BUDGET/");
        found.filtered = [...document.querySelectorAll("#table tbody th")].map((cell) => cell.textContent);
        type($("#filter"), "");
        $("[value=broken]").click();
        found.without_broken = $("#table tbody").textContent.includes("broken");
        $("[value=broken]").click();
        $("[data-sort=id] button").click();
        found.first_by_id = first();
        found.sorted = $("[data-sort=id]").getAttribute("aria-sort");
        $("[data-sort=id] button").click();
        found.last_by_id = first();
        Object.defineProperty(navigator, "clipboard", {{ value: {{ writeText: async (text) => {{ found.clipboard = text; }} }} }});
        $(".copy").click();
        await new Promise((done) => setTimeout(done, 500));
        found.copied = $(".copy").textContent;
        const grid = $("#grid"), box = grid.getBoundingClientRect(), columns = grid.viewBox.baseVal.width, rows = grid.viewBox.baseVal.height;
        const at = (x, y) => new MouseEvent("mousemove", {{ clientX: box.left + (x + .5) / columns * box.width, clientY: box.top + (y + .5) / rows * box.height, bubbles: true }});
        grid.dispatchEvent(at({ALERT_HIGH}, 0));
        found.accused = $("#marked-accused").getAttribute("d");
        found.failed = $("#marked-failed").getAttribute("d");
        found.told = $("#told").textContent;
        grid.dispatchEvent(new MouseEvent("mouseleave"));
        found.cleared = $("#marked-accused").getAttribute("d");
        const key = (name) => $("#scroll").dispatchEvent(new KeyboardEvent("keydown", {{ key: name, bubbles: true, cancelable: true }}));
        key("ArrowRight"); key("ArrowRight"); key("Enter");
        found.held = $("#told").textContent;
        key("Escape");
        $("#theme").click();
        found.other_ground = getComputedStyle(document.body).backgroundColor;
        const chip = $("a.filter.leaky");
        chip.click();
        const seen = (selector) => [...document.querySelectorAll(selector)].filter((part) => !part.hidden).length;
        found.chip = [seen("article.card"), seen(".toc li"), document.querySelectorAll("#table tbody tr").length, chip.getAttribute("aria-current")];
        chip.click();
        found.unchip = seen("article.card");
        const hop = async (hash) => {{ location.hash = hash; await new Promise((done) => setTimeout(done, 300)); }};
        await hop($("#table [href*=alerts]").getAttribute("href"));
        found.page = [$("#page h2").textContent, $("#page article h3").textContent, $("#findings").hidden, $("#page tbody tr td").textContent];
        await hop("#findings");
        found.back = [$("#page").hidden, $("#findings").hidden, seen("#findings article.card")];
        found.loaded = performance.getEntriesByType("resource").length;
        "##
    );
    for dark in [false, true] {
        let found = probe(&page, dark, &script);
        assert_eq!(found["problems"], serde_json::json!([]));
        let grounds = ["rgb(255, 255, 255)", "rgb(13, 17, 23)"];
        assert_eq!(found["ground"], grounds[usize::from(dark)]);
        assert_eq!(found["other_ground"], grounds[usize::from(!dark)]);
        assert_eq!(found["filtered"].as_array().unwrap().len(), 2, "what is stable is shown on demand");
        assert_eq!(found["without_broken"], false);
        assert_eq!((&found["first_by_id"], &found["sorted"]), (&"auth/login.yaml".into(), &"ascending".into()));
        assert_eq!(found["last_by_id"], "streaming/slow.yaml");
        assert_eq!(found["copied"], "Copied");
        assert_eq!(found["clipboard"], "steadfast repro reports/runs/20260801-101112-c0ffee/repros/3.json");
        assert!(found["accused"].as_str().unwrap().starts_with(&format!("M{SPEND} 0h1")), "{}", found["accused"]);
        assert!(found["failed"].as_str().unwrap().starts_with(&format!("M{ALERT_HIGH} 0h1")), "{}", found["failed"]);
        assert!(found["told"].as_str().unwrap().contains("It fails after budget/spend.yaml"), "{}", found["told"]);
        assert_eq!(found["cleared"], "");
        assert!(found["held"].as_str().unwrap().starts_with(IDS[1]), "{}", found["held"]);
        assert_eq!(found["chip"], serde_json::json!([2, 2, 2, "true"]));
        assert_eq!(found["unchip"], 7);
        assert_eq!(found["page"], serde_json::json!([IDS[2], IDS[1], true, "failed"]));
        assert_eq!(found["back"], serde_json::json!([true, false, 7]));
        assert_eq!(found["loaded"], 0, "nothing is fetched");
    }
}

#[test]
#[ignore = "needs chromium"]
fn a_large_run_shows_its_worst_cases_first_and_more_on_demand() {
    let record = large(5_000, 50);
    let page = html(&record, &judge(&record), &context()).unwrap();
    let script = r##"
        await new Promise((done) => document.readyState === "complete" ? done() : addEventListener("load", done));
        found.folded = document.querySelectorAll("#table .badge.stable").length;
        document.querySelector("[value=stable]").click();
        found.rows = document.querySelectorAll("#table tbody tr").length;
        document.getElementById("more").click();
        found.more = document.querySelectorAll("#table tbody tr").length;
    "##;
    let found = probe(&page, false, script);
    assert_eq!(found["problems"], serde_json::json!([]));
    assert_eq!(found["folded"], 0, "what is stable is shown on demand");
    assert_eq!((&found["rows"], &found["more"]), (&200.into(), &1200.into()));
}

/// Wants the path of axe-core's `axe.min.js` in `AXE_CORE`.
#[test]
#[ignore = "needs chromium and axe-core"]
fn it_has_no_accessibility_violation() {
    let axe = std::env::var("AXE_CORE").expect("AXE_CORE names axe.min.js");
    let axe = std::fs::read_to_string(axe).unwrap();
    let (record, judgement) = judged_findings();
    let beside = failed_and_passed("a 1\nb\n", Some("a 2\nb\n"));
    let pages = [html(&record, &judgement, &context()).unwrap(), beside]
        .map(|page| page.replacen("</body>", &format!("<script>{axe}</script></body>"), 1));
    // The second is looked at as the page of its case.
    let script = r##"
        if (document.querySelectorAll("article").length === 1) location.hash = document.querySelector("h3 a").getAttribute("href");
        await new Promise((done) => setTimeout(done, 300));
        for (const folded of document.querySelectorAll("details")) folded.open = true;
        const result = await axe.run(document);
        found.violations = result.violations.map((violation) =>
            `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.target.join(" ") + " " + node.failureSummary).join("; ")}`);
        found.passes = result.passes.length;
    "##;
    for (page, dark) in pages.iter().flat_map(|page| [(page, false), (page, true)]) {
        let found = probe(page, dark, script);
        assert_eq!(found["problems"], serde_json::json!([]));
        assert_eq!(found["violations"], serde_json::json!([]), "dark: {dark}");
        assert!(found["passes"].as_u64().unwrap() > 10);
    }
}

/// The picture for the README, of the committed sample. `STEADFAST_BLESS=1` renews it.
#[test]
#[ignore = "needs chromium"]
fn the_picture_of_the_sample_can_be_taken_and_is_small() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let (page, committed) = (root.join("reports/sample.report.html"), root.join("docs/images/report.png"));
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("report.png");
    let output = Command::new("timeout")
        .args(["120", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--hide-scrollbars", "--window-size=1100,1400", "--blink-settings=preferredColorScheme=1"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--screenshot={}", taken.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("chromium is installed");
    let picture = std::fs::read(&taken).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    if std::env::var_os("STEADFAST_BLESS").is_some() {
        std::fs::create_dir_all(committed.parent().unwrap()).unwrap();
        std::fs::write(&committed, &picture).unwrap();
    }
    for picture in [picture, std::fs::read(&committed).expect("it is committed")] {
        assert!(picture.starts_with(b"\x89PNG") && picture.len() < 300_000, "{} bytes", picture.len());
    }
}

#[test]
#[ignore = "needs chromium"]
fn the_committed_sample_shows_no_error_in_either_colour_scheme() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample.report.html");
    let page = std::fs::read_to_string(path).unwrap();
    let mut backgrounds = Vec::new();
    for dark in [false, true] {
        let found = probe(
            &page,
            dark,
            "found.background = getComputedStyle(document.body).backgroundColor; \
            found.cards = document.querySelectorAll('article, .card').length;",
        );
        assert_eq!(found["problems"], serde_json::json!([]), "dark: {dark}");
        assert!(found["cards"].as_u64().is_some_and(|cards| cards == 4), "{found:?}");
        backgrounds.push(found["background"].clone());
    }
    assert_ne!(backgrounds[0], backgrounds[1], "the schemes differ");
}

/// A suite with two cases and two runs on two branches, in two weeks.
fn trend() -> SuiteTrend {
    let run = |name: &str, started: &str, branch: &str| PastRun {
        run: name.into(),
        started: started.parse().unwrap(),
        gate: "failed".into(),
        rate: Tally::new(1, 10),
        commit: Some("0abcde4aa".into()),
        branch: Some(branch.into()),
        millis: 1_000.0,
    };
    let runs = vec![run("one", "2026-11-10T00:00:00Z", "main"), run("two", "2026-11-24T00:00:00Z", "topic")];
    let week =
        |week: &str| Week { week: week.into(), runs: 1, failed_runs: 1, rate: Tally::new(1, 10), flake_rate: 0.1 };
    let case = |case: &str, verdict: Verdict, last: usize| CaseTrend {
        case: case.into(),
        verdict,
        findings: vec!["intermittent".into()],
        runs: 2,
        found_in: 1,
        first_seen: Some(runs[0].started),
        last_seen: Some(runs[last].started),
        weeks: vec![week("2026-W46")],
        last_runs: Vec::new(),
    };
    SuiteTrend {
        suite: "pytest".into(),
        runs: 2,
        first: runs[0].started,
        last: runs[1].started,
        weeks: vec![week("2026-W46"), week("2026-W48")],
        cases: vec![case("test_a.py::Test_Old", Verdict::Stable, 0), case("test_b.py::new", Verdict::Intermittent, 1)],
        last_runs: runs,
    }
}

#[test]
#[ignore = "needs chromium"]
fn trends_are_filtered_and_the_address_keeps_what_was_chosen() {
    let page = trends_html(&[trend()]).unwrap();
    let script = r##"
        const rows = (kind) => [...document.querySelectorAll(`tr[data-kind=${kind}]`)].filter((row) => !row.hidden).map((row) => row.cells[0].textContent);
        const choose = (name, value) => { const field = document.getElementById(name); field.value = value; field.dispatchEvent(new Event("input", { bubbles: true })); };
        found.all = [rows("case").length, rows("run").length, rows("week").length];
        choose("text", "test_old");
        found.text = rows("case");
        choose("text", "");
        choose("verdict", "intermittent");
        found.verdict = rows("case");
        choose("verdict", "");
        choose("branch", "main");
        found.branch = rows("run");
        choose("branch", "");
        choose("since", "2026-W48");
        found.since = [rows("case"), rows("run"), rows("week")];
        found.address = location.hash;
        found.shown = document.getElementById("shown").textContent;
        location.hash = "#verdict=stable";
        await new Promise((done) => setTimeout(done, 300));
        found.linked = rows("case");
        found.loaded = performance.getEntriesByType("resource").length;
    "##;
    let found = probe(&page, false, script);
    assert_eq!(found["problems"], serde_json::json!([]));
    assert_eq!(found["all"], serde_json::json!([2, 2, 2]));
    assert_eq!(found["text"], serde_json::json!(["test_a.py::Test_Old"]));
    assert_eq!(found["verdict"], serde_json::json!(["test_b.py::new"]));
    assert_eq!(found["branch"], serde_json::json!(["one"]));
    assert_eq!(found["since"], serde_json::json!([["test_b.py::new"], ["two"], ["2026-W48"]]));
    assert_eq!(found["address"], "#since=2026-W48");
    assert_eq!(found["shown"], "1 of 2 cases, 1 of 2 runs");
    assert_eq!(found["linked"], serde_json::json!(["test_a.py::Test_Old"]));
    assert_eq!(found["loaded"], 0, "nothing is fetched");
}
