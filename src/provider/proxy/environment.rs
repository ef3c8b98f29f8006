//! What a program is told, so that it finds the proxy, the providers and their authority.

use crate::provider::providers::Providers;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Tells what Python programs try past the proxy.
const SITECUSTOMIZE: &str = include_str!("sitecustomize.py");

/// The same for Node.
const WATCH: &str = include_str!("watch.cjs");

/// The files that a program's environment names.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    authority: PathBuf,
    python: PathBuf,
    node: PathBuf,
}

impl Paths {
    /// Writes them into a folder.
    pub(crate) fn write(folder: &Path, authority: &str) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        let paths = Self {
            authority: folder.join("authority.pem"),
            python: folder.join("python"),
            node: folder.join("watch.cjs"),
        };
        crate::disk::make_folders(&paths.python)?;
        crate::disk::write_private(&paths.authority, authority)?;
        crate::disk::write_private(&paths.python.join("sitecustomize.py"), SITECUSTOMIZE)?;
        crate::disk::write_private(&paths.node, WATCH)?;
        Ok(paths)
    }
}

/// The variables and their values.
pub(crate) fn environment(port: u16, paths: &Paths, providers: &Providers) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: String| _ = variables.entry(name.to_owned()).or_insert(value);
    let proxy = format!("http://127.0.0.1:{port}");
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        set(name, proxy.clone());
        set(&name.to_lowercase(), proxy.clone());
    }
    for name in ["NO_PROXY", "no_proxy"] {
        set(name, "localhost,127.0.0.1,::1".to_owned());
    }
    // The run's authority alone: nobody else is there to be trusted.
    let authority = paths.authority.display().to_string();
    for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
        set(name, authority.clone());
    }
    // Node honours the proxy's variables from 22.21 and 24.5 on, if it is told to.
    set("NODE_USE_ENV_PROXY", "1".to_owned());
    set("NODE_OPTIONS", format!("--require \"{}\"", paths.node.display()));
    set("PYTHONPATH", paths.python.display().to_string());
    set("STEADFAST_PROXY", format!("127.0.0.1:{port}"));
    for decl in providers.decls() {
        let url = providers.url(&decl.name).unwrap_or_default();
        if let Some((name, behind)) = decl.wire.format().environment().base_url {
            set(name, format!("{url}{behind}"));
        }
    }
    variables
}
