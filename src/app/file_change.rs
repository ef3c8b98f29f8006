//! A change of one file as a patch, for `git apply` and `patch -p1`.

/// How many unchanged lines stand around a change.
const AROUND: usize = 3;

/// The patch that makes one text of the other; empty where they are the same. `None` before is a file that is not there.
pub(super) fn patch(file: &str, before: Option<&str>, after: &str) -> String {
    let old: Vec<&str> = before.unwrap_or_default().split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    if old == new {
        return String::new();
    }
    let start = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (rest_old, rest_new) = (&old[start..], &new[start..]);
    let end = rest_old.iter().rev().zip(rest_new.iter().rev()).take_while(|(one, other)| one == other).count();
    let (changed_old, changed_new) = (old.len() - end, new.len() - end);
    let from = start.saturating_sub(AROUND);
    let (to_old, to_new) = ((changed_old + AROUND).min(old.len()), (changed_new + AROUND).min(new.len()));
    let mut out = match before {
        Some(_) => format!("--- a/{file}\n+++ b/{file}\n"),
        None => format!("--- /dev/null\n+++ b/{file}\n"),
    };
    out.push_str(&format!("@@ -{} +{} @@\n", range(from, to_old), range(from, to_new)));
    let parts = [
        (' ', &old[from..start]),
        ('-', &old[start..changed_old]),
        ('+', &new[start..changed_new]),
        (' ', &old[changed_old..to_old]),
    ];
    for (sign, lines) in parts {
        for line in lines {
            out.push(sign);
            out.push_str(line);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

/// Lines as a patch counts them: from 1, and an empty range by the line before it.
fn range(from: usize, to: usize) -> String {
    let count = to - from;
    format!("{},{count}", if count == 0 { from } else { from + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_at_the_end_has_the_lines_before_it() {
        assert_eq!(
            patch("q", Some("a\nb\nc\nd\n"), "a\nb\nc\nd\ne\n"),
            "--- a/q\n+++ b/q\n@@ -2,3 +2,4 @@\n b\n c\n d\n+e\n"
        );
        assert_eq!(patch("q", None, "a\nb\n"), "--- /dev/null\n+++ b/q\n@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(patch("q", Some("a\n"), "a\n"), "");
        let expected = "--- a/q\n+++ b/q\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n";
        assert_eq!(patch("q", Some("a\nb"), "a\nb\n"), expected);
    }
}
