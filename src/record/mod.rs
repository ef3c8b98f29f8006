//! What a journal says, folded.
