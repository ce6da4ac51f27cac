//! From where a request comes: the peer, or what a trusted proxy says of it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

/// Addresses of the reverse proxies whose `X-Forwarded-For` is believed; put into the extensions of
/// every request by the router.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub std::sync::Arc<[IpAddr]>);

/// The client's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
        let trusted = parts.extensions.get::<TrustedProxies>().is_some_and(|proxies| proxies.0.contains(&peer));
        // The rightmost address is the one that our own proxy has seen; those before it anybody can write.
        let forwarded = || {
            parts
                .headers
                .get_all("x-forwarded-for")
                .iter()
                .last()?
                .to_str()
                .ok()?
                .rsplit(',')
                .next()?
                .trim()
                .parse()
                .ok()
        };
        Ok(Self(if trusted { forwarded().unwrap_or(peer) } else { peer }))
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
