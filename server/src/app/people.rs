//! Who is known to a node, and the keys by which it knows again what residents sent.

use std::sync::Arc;

use crate::config::Config;
use crate::identity::demo::{self, Demo};
use crate::identity::registry::Registry;
use crate::identity::{Identity, Settings};
use crate::intake::digest::Digests;
use crate::intake::receipt::ReceiptKeys;
use crate::live::Live;
use crate::region::Region;

/// Staff and walls by their accounts and tokens, residents by their receipts.
pub(super) struct People {
    pub(super) identity: Arc<Identity>,
    /// What the demonstration has, if this node is one.
    pub(super) demo: Option<Demo>,
    /// Keys of the links on receipts.
    pub(super) receipts: ReceiptKeys,
    /// Digests of contact details.
    pub(super) digests: Digests,
}

impl People {
    /// Those of the registry; where they are on duty, the world knows.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn of(
        registry: Registry,
        live: Arc<Live>,
        region: &Region,
        config: &Config,
    ) -> anyhow::Result<Self> {
        let demo = if config.demo { Some(demo::ensure(&registry, region.offices()).await?) } else { None };
        let receipts = ReceiptKeys::new(&registry.derived_key("receipt keys"));
        let digests = Digests::new(&registry.derived_key("digests of contact details"));
        let identity = Arc::new(Identity::new(registry, live, Settings::default()).await?);
        Ok(Self { identity, demo, receipts, digests })
    }
}
