//! An HTTP client for every door, as plain as a client can be.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::events::EventViewer;
use crate::region::Region;
use crate::time::new_id;
use crate::viewer::{PATIENCE, Subscribe, Viewer};

/// A client, with or without a token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    http: reqwest::Client,
    token: Option<String>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// If it is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }

    /// The body as text, whatever it is.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The JSON body of a good answer, `null` for an empty one.
    ///
    /// # Errors
    /// If the answer is not 2xx.
    pub fn good(&self) -> Result<Value> {
        ensure!((200..300).contains(&self.status), "refused with {}: {}", self.status, self.text());
        if self.body.is_empty() { Ok(Value::Null) } else { self.json() }
    }

    /// The problem of an answer that must be a refusal with this status and code.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn refused(&self, status: u16, code: &str) -> Result<Value> {
        ensure!(self.status == status, "expected {status} {code}, got {}: {}", self.status, self.text());
        let kind = self.header("content-type");
        ensure!(kind.starts_with("application/problem+json"), "a problem of type {kind:?}");
        let problem = self.json()?;
        ensure!(problem["code"] == code, "expected {code}, got {problem}");
        ensure!(problem["type"] == format!("urn:sokuho:problem:{code}"), "type and code differ: {problem}");
        ensure!(problem["status"] == status, "status and answer differ: {problem}");
        Ok(problem)
    }
}

impl Client {
    /// A client without a token. `base` is the server's address without a slash at the end.
    pub fn new(base: impl Into<String>) -> Self {
        // Built with the server, the library could speak TLS too, and wants to know how before it is asked for anything.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A kept-alive line would be dead after the server was started again.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap_or_default();
        Self { base: base.into(), http, token: None }
    }

    /// The same client with a token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// Its token, if it has one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The server's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request that is still to be finished; for what the shorter forms do not cover.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await? })
    }

    /// GET.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Asks again and again until the answer has this status, and returns it: what another process wrote,
    /// the running node sees a moment later, and says nothing about it.
    ///
    /// # Errors
    /// If it does not come to that in time.
    pub async fn until(&self, path: &str, status: u16) -> Result<Answer> {
        let ask = async {
            loop {
                let answer = self.get(path).await?;
                if answer.status == status {
                    return anyhow::Ok(answer);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ask).await.with_context(|| format!("{path} never answered {status}"))?
    }

    /// POST of a JSON body.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// POST of raw bytes that are called JSON.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn post_raw(&self, path: &str, body: impl Into<reqwest::Body>) -> Result<Answer> {
        self.send(self.request(Method::POST, path).header("content-type", "application/json").body(body)).await
    }

    /// DELETE.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn delete(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Signs in and returns a client with the access token.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn sign_in(&self, name: &str, password: &str) -> Result<Self> {
        let tokens = self.post("/api/sessions", &json!({ "name": name, "password": password })).await?.good()?;
        let token = tokens["access_token"].as_str().context("no access token")?;
        Ok(self.with_token(token))
    }

    /// What the server says of its region.
    ///
    /// # Errors
    /// If it refuses or says something else.
    pub async fn region(&self) -> Result<Region> {
        Region::parse(&self.get("/api/region").await?.good()?)
    }

    /// Files a report and returns its receipt.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn file(&self, report: &Value) -> Result<Value> {
        self.post("/api/reports", report).await?.good()
    }

    /// Uploads a photo or video and returns what the server says of it.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn upload(&self, bytes: impl Into<reqwest::Body>, content_type: &str) -> Result<Value> {
        self.try_upload(bytes, content_type).await?.good()
    }

    /// Uploads a photo or video and returns the answer, whatever it is.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn try_upload(&self, bytes: impl Into<reqwest::Body>, content_type: &str) -> Result<Answer> {
        self.send(self.request(Method::POST, "/api/media").header("content-type", content_type).body(bytes)).await
    }

    /// Checks in at an office and returns the check-in.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn check_in(&self, office: &str) -> Result<Value> {
        let receipt = self.post("/api/check-ins", &json!({ "id": new_id(), "office": office })).await?.good()?;
        Ok(receipt["check_in"].clone())
    }

    /// Changes an incident's status and returns the answer, whatever it is.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn set_status(&self, incident: &str, status: &str) -> Result<Answer> {
        let body = json!({ "id": new_id(), "status": status });
        self.post(&format!("/api/incidents/{incident}/status"), &body).await
    }

    /// Names the office that answers for an incident from now on, and returns the answer, whatever it is.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn set_responsible(&self, incident: &str, office: &str) -> Result<Answer> {
        let body = json!({ "id": new_id(), "office": office });
        self.post(&format!("/api/incidents/{incident}/responsible"), &body).await
    }

    /// The roster of an office.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn roster(&self, office: &str) -> Result<Value> {
        self.get(&format!("/api/offices/{office}/roster")).await?.good()
    }

    /// Opens a drill and returns its id.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn open_drill(&self, name: &str) -> Result<Uuid> {
        let id = new_id();
        self.post("/api/operations", &json!({ "id": id, "kind": "drill", "name": name })).await?.good()?;
        Ok(id)
    }

    /// Watches the live stream with this client's token, from now on.
    ///
    /// # Errors
    /// If there is no stream.
    pub async fn watch(&self) -> Result<Viewer> {
        self.watch_as(Subscribe::default()).await
    }

    /// Watches the live stream with this client's token and whatever else the subscription says.
    ///
    /// # Errors
    /// If there is no stream.
    pub async fn watch_as(&self, subscribe: Subscribe) -> Result<Viewer> {
        let token = subscribe.token.clone().or_else(|| self.token.clone());
        Viewer::connect(&self.base, Subscribe { token, ..subscribe }).await
    }

    /// Watches the live stream over SSE.
    ///
    /// # Errors
    /// If there is no stream.
    pub async fn watch_events(&self, query: &str) -> Result<EventViewer> {
        EventViewer::open(self.request(Method::GET, &format!("/api/live/events{query}"))).await
    }
}
