//! Arguments, environment, terminal; nothing else reads them.
