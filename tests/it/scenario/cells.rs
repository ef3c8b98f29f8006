//! Matrices, examples, exclusions; ids.

use super::{Files, cases, problems};

/// The ids of the cases of a file with these cells; `x` and `y` are used.
fn check(cells: &str, expected: &[&str]) {
    let text = format!("scenario: s\n{cells}\nsteps: [chat: {{ message: \"${{x}}\", language: \"${{y}}\" }}]\n");
    let ids: Vec<String> = cases(&text).iter().map(|case| case.id.to_string()).collect();
    assert_eq!(ids, expected, "{cells}");
}

fn check_wrong(cells: &str, expected: &[&str]) {
    let text = format!("scenario: s\n{cells}\nsteps: [chat: {{ message: \"${{x}}\", language: \"${{y}}\" }}]\n");
    assert_eq!(problems(&text), expected, "{cells}");
}

#[test]
fn a_matrix_is_a_product_in_the_order_of_writing() {
    check("matrix: { y: [b, a], x: [c, d] }", &["m/s[y=b,x=c]", "m/s[y=b,x=d]", "m/s[y=a,x=c]", "m/s[y=a,x=d]"]);
}

#[test]
fn lists_in_a_row_of_examples_multiply() {
    check("examples: [{ x: [a, b], y: c }, { x: d, y: e }]", &["m/s[x=a,y=c]", "m/s[x=b,y=c]", "m/s[x=d,y=e]"]);
}

#[test]
fn matrix_and_examples_multiply() {
    check(
        "examples: [{ x: a }, { x: b }]\nmatrix: { y: [c, d] }",
        &["m/s[y=c,x=a]", "m/s[y=c,x=b]", "m/s[y=d,x=a]", "m/s[y=d,x=b]"],
    );
}

#[test]
fn excluded_cells_are_gone() {
    check(
        "matrix: { x: [a, b], y: [c, d] }\nexclude: [{ x: a, y: c }]",
        &["m/s[x=a,y=d]", "m/s[x=b,y=c]", "m/s[x=b,y=d]"],
    );
    check("matrix: { x: [a, b, e], y: [c] }\nexclude: [{ x: [a, b] }]", &["m/s[x=e,y=c]"]);
}

#[test]
fn what_is_ambiguous_in_an_id_is_escaped() {
    check(
        "matrix: { x: ['a,b', 'c]=d', \"e\\nf\", '50%'], y: [ü z] }",
        &["m/s[x=a%2Cb,y=ü z]", "m/s[x=c%5D%3Dd,y=ü z]", "m/s[x=e%0Af,y=ü z]", "m/s[x=50%25,y=ü z]"],
    );
}

#[test]
fn cells_that_are_wrong_are_told() {
    check_wrong("matrix: { x: [a, a], y: [b] }", &["2:18 `x` has this value twice"]);
    check_wrong("examples: [{ x: a, y: b }, { y: b, x: a }]", &["2:28 the cell [y=b,x=a] is there twice"]);
    check_wrong("matrix: { x: [], y: [b] }", &["2:14 `x` has no values, so that there is no case at all"]);
    check_wrong("matrix: { x: a, y: [b] }", &["2:14 `x` needs a list of values"]);
    check_wrong("matrix: { x: [a], y: [b] }\nexclude: [{ x: a }]", &["2:1 this expands to no case at all"]);
    check_wrong("matrix: { x: [a], y: [b] }\nexclude: [{ x: c }]", &["3:11 this excludes nothing"]);
    check_wrong("matrix: { x: [a], y: [b] }\nexclude: [{ z: c }]", &["3:13 there is no variable `z`"]);
    check_wrong("matrix: { x: [a], y: [b], z: [c] }", &["2:27 the variable `z` is never used"]);
    check_wrong("examples: [{ x: a, y: b }, { x: c }]", &["2:28 the row does not say `y`"]);
    check_wrong("examples: [{ x: a, y: b }, { x: c, y: d, z: e }]", &["2:42 the first row does not have `z`"]);
    check_wrong("matrix: { x: [a] }\nexamples: [{ x: b, y: c }]", &["3:14 the variable `x` is there already"]);
    check_wrong("matrix: { x: [a], y: [b], trial: [c] }", &["2:27 `trial` has a meaning of its own"]);
    check_wrong("matrix: { x: [[a]], y: [b] }", &["3:26 a text is wanted, not a list"]);
}

#[test]
fn an_empty_matrix_expands_to_nothing() {
    assert_eq!(problems("scenario: s\nmatrix: {}\nsteps: [budget: ]\n"), ["2:1 this expands to no case at all"]);
    assert_eq!(problems("scenario: s\nexamples: []\nsteps: [budget: ]\n"), ["2:1 this expands to no case at all"]);
}

#[test]
fn a_mistake_of_one_cell_names_the_cell() {
    let text = "scenario: s\nmatrix: { p: [claude, x] }\nproviders: { \"${p}\": { reply: a } }\nsteps: [budget: ]\n";
    let found = Files::new(&[("scenarios/s.yaml", text)]).load().unwrap_err();
    let problem = found.iter().next().unwrap();
    assert_eq!(problem.message(), "unknown provider `x`");
    assert!(problem.suggestion().unwrap().contains("in the case [p=x]"), "{:?}", problem.suggestion());
}

#[test]
fn a_key_that_is_there_twice_once_values_are_filled_in_is_told() {
    let text = "scenario: s\nmatrix: { p: [claude] }\ncalls: { claude: 0, \"${p}\": 1 }\nsteps: [budget: ]\n";
    assert_eq!(problems(text), ["3:21 the key `claude` is given twice"]);
}

#[test]
fn too_many_cells_are_refused_before_they_are_made() {
    let values = (0..200).map(|n| format!("v{n}")).collect::<Vec<_>>().join(", ");
    let text = format!("matrix:\n  x: [{values}]\n  y: [{values}]");
    check_wrong(&text, &["4:3 this expands to more than 10000 cases"]);
}

#[test]
fn files_are_read_in_the_order_of_their_paths() {
    let text = "scenario: s\nsteps: [budget: ]\n";
    let files = Files::new(&[
        ("scenarios/b.yaml", text),
        ("scenarios/a/z.yaml", text),
        ("scenarios/a.yml", text),
        ("scenarios/.hidden.yaml", "x"),
        ("scenarios/README.md", "x"),
        ("other/c.yaml", text),
    ]);
    let loaded = files.load_paths(&["scenarios", "other/c.yaml", "scenarios/b.yaml"]).unwrap();
    let ids: Vec<&str> = loaded.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids, ["other/c", "a", "a/z", "b"]);
    assert_eq!(loaded.files, 4);
    let modules: Vec<&str> = loaded.cases.iter().map(|case| case.module.as_str()).collect();
    assert_eq!(modules, ["other", "", "a", ""]);
}

#[test]
fn a_case_changes_its_hash_with_its_text_its_cell_and_its_fixtures() {
    let text =
        "scenario: s\nmatrix: { f: [a, b] }\nproviders: { ollama: { fixture: \"f/${f}.json\" } }\nsteps: [budget: ]\n";
    let hashes = |a: &str| {
        let files = Files::new(&[("scenarios/s.yaml", text), ("f/a.json", a), ("f/b.json", "{}")]);
        files.load().unwrap().cases.iter().map(|case| case.hash.clone()).collect::<Vec<_>>()
    };
    let (first, again, changed) = (hashes("{}"), hashes("{}"), hashes("[]"));
    assert_eq!(first, again);
    assert_ne!(first[0], first[1]);
    assert_ne!(first[0], changed[0]);
    assert_eq!(first[1], changed[1]);
}
