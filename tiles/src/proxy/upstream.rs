//! Asking a source for a tile. Nothing that it answers is believed: not its type, not its length, not where it says
//! that the tile lies instead.

use std::io;
use std::sync::Arc;

use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};

use super::Limits;
use super::source::{Kind, Source};
use crate::Tile;
use crate::format::{Flaw, Format, is_gzip, unpack};

/// What went wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No connection, no answer in time, an answer that broke off.
    #[error("the source {source_id} does not answer: {why}")]
    Unreachable {
        /// The source.
        source_id: String,
        /// Why.
        why: String,
    },
    /// It answers that it cannot, or sends elsewhere.
    #[error("the source {source_id} answers with status {status}")]
    Status {
        /// The source.
        source_id: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer is longer than a tile may be.
    #[error("the source {source_id} sends more than a tile may have")]
    TooLarge {
        /// The source.
        source_id: String,
    },
    /// The answer is a picture that nobody should draw.
    #[error("the source {source_id} sends a picture that {flaw}")]
    Picture {
        /// The source.
        source_id: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The answer is no tile, or one of another kind.
    #[error("the source {source_id} sends {found} instead of a tile")]
    NoTile {
        /// The source.
        source_id: String,
        /// What it is, if it is known.
        found: &'static str,
    },
}

impl UpstreamError {
    /// Whether the source may have the other tiles: it refuses this one (4xx, but for those that say who or how often
    /// one may ask at all: 401, 407, 408, 429), or has a damaged picture there.
    pub fn is_of_one_tile(&self) -> bool {
        match self {
            Self::Status { status, .. } => (400..500).contains(status) && ![401, 407, 408, 429].contains(status),
            Self::Picture { .. } => true,
            Self::Unreachable { .. } | Self::TooLarge { .. } | Self::NoTile { .. } => false,
        }
    }
}

/// What a source has at a place.
pub(super) enum Fetched {
    /// A tile, unpacked.
    Tile(Vec<u8>),
    /// Nothing.
    Nothing,
}

pub(super) struct Upstream {
    http: reqwest::Client,
    tile: usize,
}

impl Upstream {
    pub(super) fn new(limits: Limits) -> io::Result<Self> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(trust()?)
            .redirect(Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.patience)
            .pool_max_idle_per_host(super::AT_ONCE)
            .referer(false)
            .user_agent(concat!("sokuho/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { http, tile: limits.tile })
    }

    pub(super) async fn fetch(&self, source: &Source, tile: Tile) -> Result<Fetched, UpstreamError> {
        let source_id = || source.id.clone();
        let unreachable = |error: reqwest::Error| {
            // Without the address, which the library writes into its sentence.
            let why = innermost(&error.without_url());
            UpstreamError::Unreachable { source_id: source_id(), why }
        };
        let mut answer = self.http.get(source.address(tile)).send().await.map_err(unreachable)?;
        match answer.status().as_u16() {
            200 => {}
            204 | 404 | 410 => return Ok(Fetched::Nothing),
            status => return Err(UpstreamError::Status { source_id: source_id(), status }),
        }
        let too_large = || UpstreamError::TooLarge { source_id: source_id() };
        if answer.content_length().is_some_and(|length| length > self.tile as u64) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(unreachable)? {
            if bytes.len() + part.len() > self.tile {
                return Err(too_large());
            }
            bytes.extend_from_slice(&part);
        }
        if is_gzip(&bytes) {
            bytes = unpack(&bytes, self.tile).map_err(|error| match error.kind() {
                io::ErrorKind::FileTooLarge => too_large(),
                _ => UpstreamError::NoTile { source_id: source_id(), found: "a broken packing" },
            })?;
        }
        if bytes.is_empty() && source.kind == Kind::Vector {
            return Ok(Fetched::Nothing);
        }
        match Format::of(&bytes).filter(|_| !bytes.is_empty()) {
            Some(format) if source.takes(format) => match format.flaw(&bytes) {
                None => Ok(Fetched::Tile(bytes)),
                Some(flaw) => Err(UpstreamError::Picture { source_id: source_id(), flaw }),
            },
            found => {
                let found = found.map_or("something else", Format::content_type);
                Err(UpstreamError::NoTile { source_id: source_id(), found })
            }
        }
    }
}

/// The authorities that the system trusts, with ring.
fn trust() -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!("the system has no certificates of authorities: no source can be reached by TLS");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(config.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth())
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
