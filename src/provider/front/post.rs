//! A provider as its front serves it, and the headers that stay with a connection.

use crate::provider::delivery::{CALL_HEADER, DELIVERY_HEADER};
use crate::provider::engine::TOO_LARGE_HEADER;
use crate::provider::front::upstream::Upstream;
use crate::provider::shared::{Shared, Site};
use http::{HeaderName, header};
use std::sync::Arc;

/// A provider as its front serves it.
pub(crate) struct Post {
    pub(crate) shared: Arc<Shared>,
    pub(crate) site: Arc<Site>,
    pub(crate) upstream: Arc<Upstream>,
}

/// Headers that speak of the connection, or that only we may send.
pub(crate) fn is_ours(name: &HeaderName) -> bool {
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
