//! Errors in words.

use std::error::Error;

/// An error with all its causes: what went wrong first is often the one thing that tells what to do.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::with_causes;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("no thread")]
    struct NoThread(#[source] io::Error);

    #[test]
    fn each_cause_is_told_once() {
        let cause = || io::Error::other("the limit is reached");
        assert_eq!(with_causes(&NoThread(cause())), "no thread: the limit is reached");
        assert_eq!(with_causes(&cause()), "the limit is reached");
    }
}
