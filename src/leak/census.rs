//! What is held at one moment.

use crate::model::ResourceKind;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// By what a thing is told from every other of its kind, for as long as it lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// A task, by the number of its spawning.
    Task(u64),
    /// A connection, by the mock provider that accepted it and that provider's number for it.
    Connection(String, u64),
    /// A socket, by the process that holds it and its inode.
    Socket(i32, u64),
    /// Another descriptor, by its process, its number and what it leads to.
    Descriptor(i32, i32, String),
    /// A thread, by its process and its own id.
    Thread(i32, i32),
    /// A process, by its id and its start in clock ticks since the machine's.
    Process(i32, u64),
    /// An open file, by its path.
    File(PathBuf),
}

/// What reports say of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The kind of resource.
    pub kind: ResourceKind,
    /// Whose it is, in words that are the same from trial to trial.
    pub owner: String,
    /// Where it was made or what it is called.
    pub place: Option<String>,
}

/// What is held at one moment.
pub type Census = BTreeMap<Identity, Item>;

/// A name with everything that counts or is drawn by lot replaced by `*`, so that things of one kind have one name:
/// `request-17.json` and `request-18.json`, `tmpk3x_9a2b` and `tmpqq71zz0c`.
pub fn common_name(name: &str) -> String {
    let mut common = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let in_word = |c: char| c.is_alphanumeric() || (c == '_' && rest.starts_with("tmp"));
        if !first.is_alphanumeric() {
            common.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.len() > 3 && word.starts_with("tmp") {
            common.push_str("tmp*");
        } else if word.chars().any(|c| c.is_ascii_digit()) {
            let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
            common.push_str(if name.chars().any(|c| c.is_ascii_digit()) { "" } else { name });
            common.push('*');
        } else {
            common.push_str(word);
        }
        rest = after;
    }
    common
}

#[cfg(test)]
mod tests {
    use super::common_name;

    #[test]
    fn things_of_one_kind_have_one_name() {
        assert_eq!(common_name("request-17.json"), common_name("request-18.json"));
        assert_eq!(common_name("/tmp/a/tmpk3x_9a2b"), common_name("/tmp/a/tmpqqabzzcd"));
        assert_eq!(common_name(".tmpAbCdEf"), ".tmp*");
        assert_eq!(common_name("8f3a-22bc"), "*-*");
        assert_eq!(common_name("worker17 of python3"), "worker* of python*");
    }

    #[test]
    fn things_of_different_kinds_keep_their_names_apart() {
        assert_ne!(common_name("upload-1.json"), common_name("request-1.json"));
        assert_eq!(common_name("/var/log/ürün.txt"), "/var/log/ürün.txt");
    }
}
