//! The html shell and the route table of pages.
