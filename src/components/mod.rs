//! Pieces of markup that pages share.
