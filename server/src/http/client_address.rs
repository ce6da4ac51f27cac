//! From where a request comes: the peer, or what a trusted proxy says of it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

/// Addresses of the reverse proxies whose `X-Forwarded-For` is believed; put into the extensions of
/// every request by the router.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub std::sync::Arc<[IpAddr]>);

/// The client's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The client's address of a request with these extensions and headers.
    pub fn of(extensions: &Extensions, headers: &HeaderMap) -> Self {
        let peer = extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
        let trusted = extensions.get::<TrustedProxies>().is_some_and(|proxies| proxies.0.contains(&peer));
        // The rightmost address is the one that our own proxy has seen; those before it anybody can write.
        let forwarded = || {
            let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
            last.rsplit(',').next()?.trim().parse().ok()
        };
        Self(if trusted { forwarded().unwrap_or(peer) } else { peer })
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

    async fn address(peer: [u8; 4], trusted: &[[u8; 4]], forwarded: &str) -> IpAddr {
        let trusted: Vec<IpAddr> = trusted.iter().map(|a| IpAddr::from(*a)).collect();
        let mut parts = axum::http::Request::builder()
            .header("x-forwarded-for", forwarded)
            .extension(ConnectInfo(SocketAddr::from((peer, 1))))
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
        let stranger = address([192, 0, 2, 9], &[[127, 0, 0, 1]], "198.51.100.7").await;
        assert_eq!(stranger, IpAddr::from([192, 0, 2, 9]));
        let proxied = address([127, 0, 0, 1], &[[127, 0, 0, 1]], "203.0.113.1, 198.51.100.7").await;
        assert_eq!(proxied, IpAddr::from([198, 51, 100, 7]));
    }
}
