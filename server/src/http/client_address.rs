//! From where a request comes: the peer, or what a trusted proxy says of it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

/// Addresses of the reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; put
/// into the extensions of every request by the router.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub std::sync::Arc<[IpAddr]>);

impl TrustedProxies {
    /// Whether the peer of a request with these extensions is one of them.
    pub fn sent(extensions: &Extensions) -> bool {
        let peer = peer(extensions);
        // A node that listens on [::] sees IPv4 peers as ::ffff:192.0.2.1.
        let is_peer = |proxy: &IpAddr| proxy.to_canonical() == peer;
        extensions.get::<Self>().is_some_and(|proxies| proxies.0.iter().any(is_peer))
    }
}

fn peer(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip().to_canonical())
}

/// The client's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The client's address of a request with these extensions and headers.
    pub fn of(extensions: &Extensions, headers: &HeaderMap) -> Self {
        let peer = peer(extensions);
        // The rightmost address is the one that our own proxy has seen; those before it anybody can write.
        let forwarded = || {
            let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
            last.rsplit(',').next()?.trim().parse().ok().map(|address: IpAddr| address.to_canonical())
        };
        Self(if TrustedProxies::sent(extensions) { forwarded().unwrap_or(peer) } else { peer })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions, &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn address(peer: impl Into<IpAddr>, trusted: &[&str], forwarded: &str) -> IpAddr {
        let trusted: Vec<IpAddr> = trusted.iter().map(|a| a.parse().unwrap()).collect();
        let mut parts = axum::http::Request::builder()
            .header("x-forwarded-for", forwarded)
            .extension(ConnectInfo(SocketAddr::new(peer.into(), 1)))
            .extension(TrustedProxies(trusted.into()))
            .body(())
            .unwrap()
            .into_parts()
            .0;
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(&mut parts, &()).await;
        address
    }

    #[tokio::test]
    async fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        let stranger = address([192, 0, 2, 9], &["127.0.0.1"], "198.51.100.7").await;
        assert_eq!(stranger, IpAddr::from([192, 0, 2, 9]));
        let proxied = address([127, 0, 0, 1], &["127.0.0.1"], "203.0.113.1, 198.51.100.7").await;
        assert_eq!(proxied, IpAddr::from([198, 51, 100, 7]));
    }

    #[tokio::test]
    async fn an_ipv4_proxy_is_known_also_where_the_node_listens_on_ipv6() {
        let mapped: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        assert_eq!(address(mapped, &["127.0.0.1"], "198.51.100.7").await, IpAddr::from([198, 51, 100, 7]));
        assert_eq!(address([127, 0, 0, 1], &["::ffff:127.0.0.1"], "x").await, IpAddr::from([127, 0, 0, 1]));
        assert_eq!(address(mapped, &[], "198.51.100.7").await, IpAddr::from([127, 0, 0, 1]), "one form for one peer");
    }
}
