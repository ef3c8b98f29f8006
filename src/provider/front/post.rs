//! A provider as its front serves it, and the headers that stay with a connection.

use crate::provider::delivery::{CALL_HEADER, DELIVERY_HEADER};
use crate::provider::engine::TOO_LARGE_HEADER;
use crate::provider::front::upstream::Upstream;
use crate::provider::shared::{Shared, Site};
use http::{HeaderMap, HeaderName, header};
use std::sync::Arc;

/// A provider as its front serves it.
pub(crate) struct Post {
    pub(crate) shared: Arc<Shared>,
    pub(crate) site: Arc<Site>,
    pub(crate) upstream: Arc<Upstream>,
}

/// The headers that go on with a call or an answer: all but those that speak of the connection, or that only we may send.
pub(crate) fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let theirs = headers.iter().filter(|(name, _)| !is_ours(name));
    theirs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Headers that speak of the connection, or that only we may send.
fn is_ours(name: &HeaderName) -> bool {
    let of_connection = [
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::EXPECT,
        header::HOST,
    ];
    of_connection.contains(name) || [CALL_HEADER, DELIVERY_HEADER, TOO_LARGE_HEADER].contains(&name.as_str())
}
