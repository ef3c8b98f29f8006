//! A unified diff of lines that are added to a file.

/// How many lines around a change are shown.
const CONTEXT: usize = 3;

/// Lines that come before a line of a file, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Addition {
    pub before: usize,
    pub lines: Vec<String>,
}

/// The diff for `patch -p1` and `git apply`, of a file with these lines and additions in order of their places.
pub(super) fn unified(path: &str, lines: &[&str], additions: &[Addition]) -> String {
    let mut out = format!("--- a/{path}\n+++ b/{path}\n");
    let (mut grown, mut rest) = (0, additions);
    while let Some(first) = rest.first() {
        let mut count = 1;
        while count < rest.len() && rest[count].before <= rest[count - 1].before + 2 * CONTEXT {
            count += 1;
        }
        let (together, later) = rest.split_at(count);
        let last = together.last().map_or(first.before, |addition| addition.before);
        let (start, end) = (first.before.saturating_sub(CONTEXT), (last + CONTEXT).min(lines.len()));
        let added: usize = together.iter().map(|addition| addition.lines.len()).sum();
        let (old, new) = (end - start, end - start + added);
        out.push_str(&format!("@@ -{},{old} +{},{new} @@\n", start + usize::from(old > 0), start + grown + 1));
        let mut at = start;
        for addition in together {
            lines[at..addition.before].iter().for_each(|line| out.push_str(&format!(" {line}\n")));
            addition.lines.iter().for_each(|line| out.push_str(&format!("+{line}\n")));
            at = addition.before;
        }
        lines[at..end].iter().for_each(|line| out.push_str(&format!(" {line}\n")));
        grown += added;
        rest = later;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(before: usize, line: &str) -> Addition {
        Addition { before, lines: vec![line.to_owned()] }
    }

    #[test]
    fn additions_that_are_near_share_a_hunk_and_later_ones_count_what_came_before() {
        let lines: Vec<String> = (1..=20).map(|number| number.to_string()).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let diff = unified("x", &lines, &[added(1, "a"), added(3, "b"), added(18, "c")]);
        let expected = "--- a/x\n+++ b/x\n@@ -1,6 +1,8 @@\n 1\n+a\n 2\n 3\n+b\n 4\n 5\n 6\n\
                        @@ -16,5 +18,6 @@\n 16\n 17\n 18\n+c\n 19\n 20\n";
        assert_eq!(diff, expected);
    }
}
