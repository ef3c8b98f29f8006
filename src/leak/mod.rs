//! Resource accounting: what a case leaves behind.
