//! Tokens as only the node itself can make them, from its key file: for what no client can come by, such as
//! one whose time is over.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// The same token as the node gave, but ending at another time, seconds since 1970. `data`: the node's data
/// folder.
///
/// A token is a JWT with HS256 (RFC 7519, RFC 7518). Its key is the HMAC-SHA-256, under the secret in the
/// key file, of the words `sokuho token signing` after their length in eight bytes.
///
/// # Errors
/// If the token or the key file has another form.
pub fn ending_at(data: &Path, token: &str, end: i64) -> Result<String> {
    let (header, rest) = token.split_once('.').context("no header")?;
    let (claims, _) = rest.split_once('.').context("no signature")?;
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    claims["exp"] = end.into();
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));

    let file = std::fs::read_to_string(data.join("keys/token.key"))?;
    let secret: Vec<u8> = file.trim().as_bytes().chunks(2).map(hex).collect::<Result<_>>()?;
    let purpose = b"sokuho token signing";
    let key = sign(&secret, &[&(purpose.len() as u64).to_be_bytes(), purpose])?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(sign(&key, &[signed.as_bytes()])?)))
}

fn sign(key: &[u8], parts: &[&[u8]]) -> Result<Vec<u8>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key)?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac.finalize().into_bytes().to_vec())
}

fn hex(digits: &[u8]) -> Result<u8> {
    Ok(u8::from_str_radix(std::str::from_utf8(digits)?, 16)?)
}
