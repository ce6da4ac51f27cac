//! Under which address a client reaches this node: the beginning of absolute links.

use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Uri};

use super::client_address::TrustedProxies;
use super::error::ApiError;
use crate::wire::problem::Code;

/// Characters of a host with its port; a name has 253 at most.
const HOST_CHARS: usize = 260;

/// `http://HOST` or `https://HOST`, as the client named the node; no slash at the end. A proxy passes
/// `Host` on; whether the client spoke TLS with it says `X-Forwarded-Proto`, which is believed from trusted
/// proxies only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BaseUrl(pub String);

impl<S: Send + Sync> FromRequestParts<S> for BaseUrl {
    type Rejection = ApiError;

    /// Errors: [`Code::MalformedRequest`] for a `Host` that is none.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let host = host(&parts.uri, &parts.headers).filter(|host| is_host(host));
        let host = host.ok_or_else(|| ApiError::new(Code::MalformedRequest).detail("Host is no host name"))?;
        let scheme = if spoke_tls(&parts.extensions, &parts.headers) { "https" } else { "http" };
        Ok(Self(format!("{scheme}://{host}")))
    }
}

/// An address in the request line goes before `Host` (RFC 9112, 3.2.2).
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = headers.get_all(HOST).iter();
    hosts.next().filter(|_| hosts.next().is_none())?.to_str().ok()
}

/// A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port: nothing that could end a
/// text or begin a path.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.rfind(':') {
        Some(at) if !text.ends_with(']') => (&text[..at], Some(&text[at + 1..])),
        _ => (text, None),
    };
    let name_is_good = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    };
    text.len() <= HOST_CHARS && name_is_good && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn spoke_tls(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let last = headers.get_all("x-forwarded-proto").iter().next_back().and_then(|value| value.to_str().ok());
    let last = last.and_then(|protocols| protocols.rsplit(',').next());
    TrustedProxies::sent(extensions) && last.is_some_and(|protocol| protocol.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use axum::extract::ConnectInfo;
    use axum::http::Request;
    use rstest::rstest;

    use super::*;

    async fn base(uri: &str, trusted: &[&str], headers: &[(&str, &str)]) -> Option<String> {
        let trusted: Vec<IpAddr> = trusted.iter().map(|address| address.parse().unwrap()).collect();
        let mut request = Request::builder()
            .uri(uri)
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))))
            .extension(TrustedProxies(trusted.into()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        BaseUrl::from_request_parts(&mut parts, &()).await.ok().map(|base| base.0)
    }

    #[rstest]
    #[case::name("sokuho.example.jp")]
    #[case::port("localhost:8080")]
    #[case::ipv4("192.0.2.7:80")]
    #[case::ipv6("[2001:db8::7]")]
    #[case::ipv6_with_port("[::1]:8080")]
    #[tokio::test]
    async fn the_host_that_the_client_names_is_the_beginning_of_links(#[case] host: &str) {
        assert_eq!(base("/ogc", &[], &[("host", host)]).await, Some(format!("http://{host}")));
        assert_eq!(base(&format!("http://{host}/ogc"), &[], &[]).await, Some(format!("http://{host}")));
    }

    #[rstest]
    #[case::empty("")]
    #[case::text_that_ends_an_attribute("a\"><script>")]
    #[case::path("a/b")]
    #[case::user("user@host")]
    #[case::port("a:99999")]
    #[case::no_port("a:")]
    #[case::ipv6_without_brackets("::1")]
    #[case::brackets_around_anything("[a]")]
    #[case::spaces("a b")]
    #[tokio::test]
    async fn a_host_that_is_none_is_refused(#[case] host: &str) {
        assert_eq!(base("/ogc", &[], &[("host", host)]).await, None);
    }

    #[tokio::test]
    async fn two_hosts_or_none_are_refused() {
        assert_eq!(base("/ogc", &[], &[]).await, None);
        assert_eq!(base("/ogc", &[], &[("host", "a"), ("host", "b")]).await, None);
    }

    #[tokio::test]
    async fn only_a_trusted_proxy_says_that_the_client_spoke_tls() {
        let host = ("host", "sokuho.example.jp");
        let said = |protocol| [host, ("x-forwarded-proto", protocol)];
        let (plain, tls) = ("http://sokuho.example.jp".to_owned(), "https://sokuho.example.jp".to_owned());
        assert_eq!(base("/ogc", &[], &said("https")).await, Some(plain.clone()));
        assert_eq!(base("/ogc", &["127.0.0.1"], &said("https")).await, Some(tls.clone()));
        assert_eq!(base("/ogc", &["127.0.0.1"], &said("http, HTTPS")).await, Some(tls));
        for protocol in ["http", "https, http", "javascript"] {
            assert_eq!(base("/ogc", &["127.0.0.1"], &said(protocol)).await, Some(plain.clone()), "{protocol}");
        }
    }
}
