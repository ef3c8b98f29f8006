//! The head of a request to a proxy, read and rewritten by hand: what follows it goes on as it is.

use crate::provider::proxy::route::Target;

/// The largest head that is read.
pub(crate) const MAX_HEAD: usize = 64 << 10;

/// What a proxy is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A tunnel to a host.
    Connect(Target),
    /// To pass a request on: to whom, the path and query, and the head as the server is to get it.
    Forward(Target, String, Vec<u8>),
    /// Something that a proxy can't do.
    Neither,
}

/// The length of the head at the beginning of `bytes`, if it is all there.
pub(crate) fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Reads a whole head.
pub(crate) fn asked(head: &[u8]) -> Asked {
    let Ok(text) = std::str::from_utf8(head) else { return Asked::Neither };
    let mut lines = text.trim_end_matches("\r\n").split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(uri), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Asked::Neither;
    };
    if method == "CONNECT" {
        return Target::parse(uri, 443).map_or(Asked::Neither, Asked::Connect);
    }
    let scheme = uri.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
    let Some(rest) = scheme.and_then(|_| uri.get(7..)) else { return Asked::Neither };
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let Some(target) = Target::parse(authority, 80) else { return Asked::Neither };
    // One request per connection: the next one may be for another host.
    let mut rewritten = format!("{method} {path} {version}\r\nConnection: close\r\n");
    for line in lines.filter(|line| !is_of_the_connection(line)) {
        rewritten.push_str(line);
        rewritten.push_str("\r\n");
    }
    rewritten.push_str("\r\n");
    Asked::Forward(target, path, rewritten.into_bytes())
}

fn is_of_the_connection(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
    ["connection", "proxy-connection", "keep-alive", "proxy-authorization"].contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target(host: &str, port: u16) -> Target {
        Target { host: host.to_owned(), port }
    }

    #[test]
    fn a_tunnel_names_its_host() {
        let head = b"CONNECT api.mistral.ai:443 HTTP/1.1\r\nHost: api.mistral.ai:443\r\n\r\n";
        assert_eq!(head_length(head), Some(head.len()));
        assert_eq!(asked(head), Asked::Connect(target("api.mistral.ai", 443)));
    }

    #[test]
    fn a_plain_request_is_passed_on_with_its_path_and_ends_its_connection() {
        let head = b"POST http://example.com?x=1 HTTP/1.1\r\nHost: example.com\r\nProxy-Connection: keep-alive\r\n\r\n";
        let rewritten = b"POST /?x=1 HTTP/1.1\r\nConnection: close\r\nHost: example.com\r\n\r\n".to_vec();
        assert_eq!(asked(head), Asked::Forward(target("example.com", 80), "/?x=1".to_owned(), rewritten));
    }

    #[test]
    fn what_is_meant_for_a_server_is_not_for_a_proxy() {
        for head in
            ["GET / HTTP/1.1\r\n\r\n", "GET ftp://x/ HTTP/1.1\r\n\r\n", "\r\n\r\n", "CONNECT x:y HTTP/1.1\r\n\r\n"]
        {
            assert_eq!(asked(head.as_bytes()), Asked::Neither, "{head:?}");
        }
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn no_head_panics(head in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (head_length(&head), asked(&head));
        }

        #[test]
        fn no_address_panics(uri in "(http://)?\\PC*") {
            let _ = asked(format!("GET {uri} HTTP/1.1\r\n\r\n").as_bytes());
        }
    }
}
