//! What Sokuho's tests, demonstration and bench have in common: they know only the shipped binary, its
//! command line and the wire (docs/wire.md, docs/openapi.json), as any other client does.
//!
//! [`server`] runs the binary and watches its log, [`client`] speaks to every door over HTTP, [`viewer`]
//! and [`events`] watch the live stream, [`region`] and [`report`] give tests their data, [`pictures`]
//! draws photos by code, [`postgres`] gives tests databases of their own, [`line`] leads to them and can be
//! cut, [`cluster`] is a server of one test alone, [`disk`] a disk that fills up, [`minting`] makes the tokens that no client can come by. [`soak`] ends a node under load again and
//! again, with [`senders`] that remember what they were promised and [`screen`]s that keep a picture.

pub mod client;
pub mod cluster;
pub mod disk;
pub mod events;
pub mod features;
pub mod films;
pub mod line;
pub mod minting;
pub mod pictures;
pub mod postgres;
pub mod random;
pub mod region;
pub mod report;
pub mod screen;
pub mod senders;
pub mod server;
pub mod skipped;
pub mod soak;
pub mod tiles;
pub mod time;
pub mod viewer;
