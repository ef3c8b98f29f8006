//! A copy of a tree, laid over the tree itself for some processes: they find the copy at the tree's path.
//!
//! # Rationale
//!
//! It is done by `unshare` and `mount`, which come with every Linux, in a mount namespace of the process's own: nobody else
//! sees it, and it ends with the process. Where nobody may do that, as in most containers, there is no [`Laid`].

use crate::adapter::shared::mirror::left_out;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Lays `$2` over `$1`, with the folders of `$1` that are named then and have no copy, and becomes the rest in folder `$3`.
const SCRIPT: &str = r#"
set -e
tree=$1 copy=$2 folder=$3 inner=$4
shift 4
while [ "$inner" -gt 0 ]; do
    mount --rbind "$tree/$1" "$copy/$1"
    shift
    inner=$((inner - 1))
done
mount --rbind "$copy" "$tree"
cd "$folder"
exec "$@"
"#;

/// What a process may do that lays the copy, and whoever it becomes may not.
const WITHOUT: [&str; 4] = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--"];

/// A copy that processes find in the place of a tree.
#[derive(Debug)]
pub(super) struct Laid {
    tree: PathBuf,
    copy: PathBuf,
    /// Folders of the tree that the copy has not, relative to it: they are reached through it.
    inner: Vec<PathBuf>,
    whose: Whose,
}

/// Whose right it is to lay something over a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The process's own, as root's.
    Own,
    /// One that it has in a user namespace of its own.
    OfUser,
}

impl Laid {
    /// A copy over a tree, if that can be done here.
    pub fn over(tree: &Path, copy: &Path) -> Option<Self> {
        // What is written below the copy must be found where it is.
        if copy.starts_with(tree) {
            return None;
        }
        let inner = left_out(tree, copy);
        [Whose::Own, Whose::OfUser].into_iter().find_map(|whose| {
            let laid = Self { tree: tree.to_owned(), copy: copy.to_owned(), inner: inner.clone(), whose };
            laid.works().then_some(laid)
        })
    }

    fn works(&self) -> bool {
        let mut command = Command::new("true");
        command.current_dir(&self.tree);
        let mut tried = self.enclosed(&command);
        tried.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.make_places().is_ok() && tried.status().is_ok_and(|status| status.success())
    }

    /// Makes empty folders in the copy for what is reached through it.
    pub fn make_places(&self) -> io::Result<()> {
        self.inner.iter().try_for_each(|folder| fs::create_dir_all(self.copy.join(folder)))
    }

    /// The command as it is started, so that it finds the copy at the tree's path.
    pub fn enclosed(&self, command: &Command) -> Command {
        let mut enclosed = Command::new("unshare");
        enclosed.args(["--mount", "--propagation", "private"]);
        if self.whose == Whose::OfUser {
            enclosed.args(["--user", "--map-current-user", "--keep-caps"]);
        }
        let folder = command.get_current_dir().unwrap_or(&self.tree);
        enclosed.args(["--", "sh", "-c", SCRIPT, "sh"]).args([&self.tree, &self.copy]).arg(folder);
        enclosed.arg(self.inner.len().to_string()).args(&self.inner);
        if self.whose == Whose::OfUser {
            enclosed.args(WITHOUT);
        }
        enclosed.arg(command.get_program()).args(command.get_args()).current_dir("/");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => enclosed.env(name, value),
                None => enclosed.env_remove(name),
            };
        }
        enclosed
    }
}
