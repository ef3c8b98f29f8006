//! Mock model providers that speak the real wire formats over real sockets.
