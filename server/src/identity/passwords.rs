//! Password hashing: argon2id with the parameters that OWASP's Password Storage Cheat Sheet names as
//! the minimum (19 MiB, 2 passes, 1 lane), as PHC strings.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use super::error::IdentityError;
use crate::domain::clock::Entropy;

/// Bytes of the shortest password that can be set.
pub const SHORTEST: usize = 10;

/// Bytes of the longest password; longer ones are refused before they cost anything.
pub const LONGEST: usize = 256;

/// Hashes that run at once: each takes 19 MiB and a whole core for some tens of milliseconds.
const AT_ONCE: usize = 2;

/// People who may wait for their hash; one more is told [`IdentityError::Busy`].
const WAITING: usize = 256;

/// Hashes and checks passwords, a few at a time, away from the threads that serve requests.
#[derive(Clone)]
pub struct Passwords {
    entropy: Arc<dyn Entropy>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    decoy: Arc<str>,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}

impl Passwords {
    /// Makes a hasher. It hashes once, so that there is a decoy for accounts that do not exist.
    ///
    /// # Errors
    /// [`IdentityError::Hash`].
    pub async fn new(entropy: Arc<dyn Entropy>) -> Result<Self, IdentityError> {
        let mut passwords = Self {
            entropy,
            running: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            decoy: Arc::from(""),
        };
        let mut nobody_knows = [0_u8; 32];
        passwords.entropy.fill(&mut nobody_knows);
        passwords.decoy = passwords.hash(&hex::encode(nobody_knows)).await?.into();
        Ok(passwords)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`IdentityError::BadPassword`] by length, [`IdentityError::Busy`], [`IdentityError::Hash`].
    pub async fn hash(&self, password: &str) -> Result<String, IdentityError> {
        if !(SHORTEST..=LONGEST).contains(&password.len()) {
            return Err(IdentityError::BadPassword);
        }
        let mut salt = [0_u8; 16];
        self.entropy.fill(&mut salt);
        let password = password.to_owned();
        self.run(move || {
            let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(failed)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password is the one that was hashed. `None` stands for an account that does not
    /// exist or may not sign in: the answer is no, and it costs the same.
    ///
    /// # Errors
    /// [`IdentityError::Busy`]; [`IdentityError::Hash`] for a stored hash that cannot be read.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, IdentityError> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let password = password.to_owned();
        self.run(move || {
            let hash = PasswordHash::new(&hash).map_err(|e| IdentityError::Hash(e.to_string()))?;
            Ok(known & hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| IdentityError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| IdentityError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work, not by who waits for it: a caller that goes away frees no core.
            let _running = running;
            work()
        });
        done.await.map_err(|e| IdentityError::Hash(e.to_string()))?
    }
}

fn hasher() -> Result<Argon2<'static>, IdentityError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| IdentityError::Hash(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: argon2::password_hash::Error) -> IdentityError {
    IdentityError::Hash(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::SystemEntropy;

    #[tokio::test]
    async fn only_the_right_password_fits_and_the_hash_says_how_it_was_made() {
        let passwords = Passwords::new(Arc::new(SystemEntropy)).await.unwrap();
        let hash = passwords.hash("correct horse").await.unwrap();
        for hash in [&*hash, &*passwords.decoy] {
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        }
        assert!(passwords.verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horsf", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horse", None).await.unwrap());
        assert!(!passwords.verify(&"x".repeat(LONGEST + 1), Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn refuses_passwords_that_are_too_short_or_too_long() {
        let passwords = Passwords::new(Arc::new(SystemEntropy)).await.unwrap();
        for bad in ["short", &"x".repeat(LONGEST + 1)] {
            assert!(matches!(passwords.hash(bad).await, Err(IdentityError::BadPassword)));
        }
    }

    #[tokio::test]
    async fn when_too_many_wait_the_next_one_is_told_so() {
        let passwords = Passwords::new(Arc::new(SystemEntropy)).await.unwrap();
        let others = passwords.waiting.acquire_many(WAITING as u32).await.unwrap();
        assert!(matches!(passwords.verify("correct horse", None).await, Err(IdentityError::Busy)));
        drop(others);
        assert!(!passwords.verify("correct horse", None).await.unwrap());
    }
}
