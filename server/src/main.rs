//! The command line of the node.

fn main() {}
