//! Signed tokens: JWT (RFC 7519) with HS256 and nothing else. A token only names a session or a wall
//! token; whether that lives, and whom it stands for, the directory knows.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{IdentityError, TokenError};
use super::keys::Secret;
use crate::domain::ids::NodeId;

/// Bytes of the longest token that is looked at; ours have less than half.
const LONGEST: usize = 1_024;

/// Bearer tokens whose signature and claims were found good and need not be computed again: a phone sends
/// the same one with everything for a quarter of an hour. When so many are known, all are forgotten.
const KNOWN: usize = 4_096;

/// What a token is for; the claim `aud`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Purpose {
    /// Requests of a staff member's session.
    Access,
    /// Requests of a wall display.
    Wall,
    /// Fetching media in the name of either.
    Media,
}

/// What a token says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    /// The node.
    iss: String,
    /// What for.
    pub(super) aud: Purpose,
    /// Id of the session or wall token.
    pub(super) sub: Uuid,
    /// Made at, seconds since 1970.
    pub(super) iat: i64,
    /// Of an access token: the generation of the refresh token that was given with it.
    #[serde(rename = "gen", default, skip_serializing_if = "Option::is_none")]
    pub(super) generation: Option<i64>,
    /// Ends at, seconds since 1970.
    exp: i64,
}

impl Claims {
    /// The claims, as long as their time is not over.
    fn at(self, now: Timestamp) -> Result<Self, TokenError> {
        if self.exp <= now.as_second() { Err(TokenError::Expired) } else { Ok(self) }
    }
}

/// Signs and checks tokens.
pub(super) struct Signer {
    issuer: String,
    header: Header,
    signing: EncodingKey,
    checking: DecodingKey,
    bearer: Validation,
    media: Validation,
    known: RwLock<HashMap<Box<str>, Claims>>,
}

impl Signer {
    /// The signer of a node.
    pub(super) fn new(secret: &Secret, node: NodeId) -> Self {
        let key = secret.derive(&[b"sokuho token signing"]);
        let issuer = node.to_string();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(hex::encode(&secret.derive(&[b"sokuho token key id"])[..8]));
        let validation = |audience: &[&str]| {
            let mut validation = Validation::new(Algorithm::HS256);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            validation.set_issuer(&[&issuer]);
            validation.set_audience(audience);
            // The library would read the machine's clock; `check` compares with the time it is given.
            validation.validate_exp = false;
            validation
        };
        Self {
            bearer: validation(&["access", "wall"]),
            media: validation(&["media"]),
            known: RwLock::default(),
            header,
            signing: EncodingKey::from_secret(&key),
            checking: DecodingKey::from_secret(&key),
            issuer,
        }
    }

    /// Signs a token. The same arguments give the same token.
    pub(super) fn sign(
        &self,
        aud: Purpose,
        sub: Uuid,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<String, IdentityError> {
        self.sign_with(aud, sub, from, until, None)
    }

    /// Signs an access token that is given together with the session's refresh token of this generation.
    pub(super) fn sign_access(
        &self,
        session: Uuid,
        generation: i64,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<String, IdentityError> {
        self.sign_with(Purpose::Access, session, from, until, Some(generation))
    }

    fn sign_with(
        &self,
        aud: Purpose,
        sub: Uuid,
        from: Timestamp,
        until: Timestamp,
        generation: Option<i64>,
    ) -> Result<String, IdentityError> {
        let (iss, iat, exp) = (self.issuer.clone(), from.as_second(), until.as_second());
        let claims = Claims { iss, aud, sub, iat, generation, exp };
        jsonwebtoken::encode(&self.header, &claims, &self.signing).map_err(IdentityError::Sign)
    }

    /// Checks a bearer token; it is for access or a wall.
    pub(super) fn check_bearer(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned();
        if let Some(claims) = known {
            return claims.at(now);
        }
        let claims = self.check(token, &self.bearer, now)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(token.into(), claims.clone());
        Ok(claims)
    }

    /// Checks a media ticket; tells whose.
    pub(super) fn check_media(&self, token: &str, now: Timestamp) -> Result<Uuid, TokenError> {
        self.check(token, &self.media, now).map(|claims| claims.sub)
    }

    fn check(&self, token: &str, validation: &Validation, now: Timestamp) -> Result<Claims, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Invalid);
        }
        let data =
            jsonwebtoken::decode::<Claims>(token, &self.checking, validation).map_err(|_| TokenError::Invalid)?;
        if data.header.kid != self.header.kid {
            return Err(TokenError::Invalid);
        }
        data.claims.at(now)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jiff::ToSpan;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::clock::SystemEntropy;

    const NODE: NodeId = NodeId(Uuid::from_u128(7));
    const SESSION: Uuid = Uuid::from_u128(1);

    fn now() -> Timestamp {
        "2026-07-01T00:00:00Z".parse().unwrap()
    }

    struct Fixture {
        signer: Signer,
        key: [u8; 32],
    }

    fn fixture() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let secret = Secret::load_or_make(folder.path(), &SystemEntropy).unwrap();
        Fixture { signer: Signer::new(&secret, NODE), key: secret.derive(&[b"sokuho token signing"]) }
    }

    impl Fixture {
        /// A token with our key, of any header and claims.
        fn forge(&self, header: &Header, claims: &Value) -> String {
            jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(&self.key)).unwrap()
        }

        fn claims(&self) -> Value {
            json!({
                "iss": NODE.to_string(), "aud": "access", "sub": SESSION,
                "iat": now().as_second(), "exp": now().as_second() + 60,
            })
        }
    }

    #[test]
    fn a_token_is_good_until_its_time_is_over_and_for_its_purpose_only() {
        let Fixture { signer, .. } = fixture();
        let until = now() + 15.minutes();
        let access = signer.sign(Purpose::Access, SESSION, now(), until).unwrap();
        for at in [now(), until - 1.second()] {
            let claims = signer.check_bearer(&access, at).unwrap(); // the second time it is known
            assert_eq!((claims.aud, claims.sub), (Purpose::Access, SESSION));
        }
        assert_eq!(signer.check_bearer(&access, until), Err(TokenError::Expired));
        assert_eq!(signer.check_media(&access, now()), Err(TokenError::Invalid));
        let ticket = signer.sign(Purpose::Media, SESSION, now(), until).unwrap();
        assert_eq!(signer.check_media(&ticket, now()), Ok(SESSION));
        assert_eq!(signer.check_bearer(&ticket, now()), Err(TokenError::Invalid));
    }

    #[rstest]
    #[case::another_issuer("iss", json!(Uuid::from_u128(8).to_string()))]
    #[case::no_issuer("iss", Value::Null)]
    #[case::another_audience("aud", json!("admin"))]
    #[case::no_audience("aud", Value::Null)]
    #[case::several_audiences("aud", json!(["access", "media"]))]
    #[case::no_subject("sub", Value::Null)]
    #[case::a_subject_that_is_no_id("sub", json!("admin"))]
    #[case::no_end("exp", Value::Null)]
    #[case::an_end_that_is_no_number("exp", json!("never"))]
    fn signed_with_our_key_but_with_a_wrong_claim_is_invalid(#[case] claim: &str, #[case] value: Value) {
        let fixture = fixture();
        let mut claims = fixture.claims();
        assert!(fixture.signer.check_bearer(&fixture.forge(&fixture.signer.header, &claims), now()).is_ok());
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(claim),
            other => claims.as_object_mut().unwrap().insert(claim.to_owned(), other),
        };
        let token = fixture.forge(&fixture.signer.header, &claims);
        assert_eq!(fixture.signer.check_bearer(&token, now()), Err(TokenError::Invalid));
    }

    #[test]
    fn another_algorithm_key_or_key_id_is_invalid() {
        let fixture = fixture();
        let claims = fixture.claims();
        let mut hs512 = fixture.signer.header.clone();
        hs512.alg = Algorithm::HS512;
        let mut no_key_id = fixture.signer.header.clone();
        no_key_id.kid = None;
        let mut other_key_id = fixture.signer.header.clone();
        other_key_id.kid = Some("0000000000000000".to_owned());
        let good = fixture.forge(&fixture.signer.header, &claims);
        let payload = good.split('.').nth(1).unwrap().to_owned();
        let signature = good.split('.').nth(2).unwrap().to_owned();
        let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
        let foreign = jsonwebtoken::encode(&fixture.signer.header, &claims, &EncodingKey::from_secret(&[9; 32]));
        let another_payload = URL_SAFE_NO_PAD.encode(json!({"iss": NODE, "aud": "wall"}).to_string());
        assert!(fixture.signer.check_bearer(&good, now()).is_ok(), "from now on it is known");
        for bad in [
            fixture.forge(&hs512, &claims),
            fixture.forge(&no_key_id, &claims),
            fixture.forge(&other_key_id, &claims),
            foreign.unwrap(),
            format!("{none}.{payload}."),
            format!("{none}.{payload}.{signature}"),
            good.replace(&payload, &another_payload),
            good[..good.len() - 4].to_owned(),
            String::new(),
            "a.b.c".to_owned(),
            "....".to_owned(),
            "x".repeat(1_000_000),
        ] {
            assert_eq!(fixture.signer.check_bearer(&bad, now()), Err(TokenError::Invalid), "{bad:.80}");
        }
    }
}
