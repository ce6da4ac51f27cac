use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::middleware::from_fn_with_state;
use futures_util::stream;
use http_body_util::BodyExt;
use tower::ServiceExt;

use uuid::Uuid;

use super::*;
use crate::domain::clock::{SystemClock, SystemEntropy};
use crate::domain::ids::StaffId;
use crate::domain::office::OfficeCode;
use crate::domain::staff::Role;
use crate::http::router::admit;
use crate::identity::caller::StaffCaller;
use crate::identity::tests::{Fixture, fixture};
use crate::media::samples::jpeg_with_gps;
use crate::media::store::Limits;

struct Bench {
    _folder: tempfile::TempDir,
    router: Router,
}

impl Bench {
    fn new(limits: Limits, per_minute: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = MediaState {
            store: Store::open(&folder.path().join("media"), limits).unwrap(),
            clock: Arc::new(SystemClock),
            quota: Arc::new(AddressLimit::per_minute(per_minute, &SystemEntropy)),
            patience: Patience::default(),
        };
        Self { _folder: folder, router: routes().with_state(state).split_for_parts().0 }
    }

    /// With the middleware that asks the access table.
    fn guarded(fixture: &Fixture) -> Self {
        let Self { _folder, router } = Self::new(Limits::default(), 0);
        Self { _folder, router: router.layer(from_fn_with_state(Arc::clone(&fixture.identity), admit)) }
    }

    async fn call(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
    }

    async fn upload(&self, body: impl Into<Body>) -> (StatusCode, serde_json::Value) {
        let mut request = Request::post("/api/media").body(body.into()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4000))));
        let (status, _, body) = self.call(request).await;
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = headers.iter().fold(Request::get(path), |r, (name, value)| r.header(*name, *value));
        self.call(request.body(Body::empty()).unwrap()).await
    }
}

fn jpeg() -> Vec<u8> {
    jpeg_with_gps((374_947, 10_000), (1_399_298, 10_000))
}

#[tokio::test]
async fn an_upload_tells_what_the_file_is_and_where_it_was_taken() {
    let bench = Bench::new(Limits::default(), 0);
    let (status, body) = bench.upload(jpeg()).await;
    assert_eq!((status, &body["kind"], &body["thumbnail"]), (StatusCode::CREATED, &"jpeg".into(), &true.into()));
    assert_eq!(body["evidence"]["source"], "media");
    assert_eq!(body["taken_at"], "2026-07-01T12:30:00Z");
    let (status, again) = bench.upload(jpeg()).await;
    assert_eq!((status, again), (StatusCode::OK, body));
}

#[tokio::test]
async fn originals_are_for_offices_by_token_or_by_ticket() {
    let fixture = fixture().await;
    let bench = Bench::guarded(&fixture);
    let id = bench.upload(jpeg()).await.1["id"].as_str().unwrap().to_owned();
    fixture.account("guest", Role::Viewer).await;
    let access = fixture.sign_in("guest").await.access;
    let caller = fixture.identity.caller(&access).unwrap();
    let ticket = fixture.identity.media_ticket(&caller).unwrap().0;
    let bearer = |token: &str| format!("Bearer {token}");
    for path in [format!("/api/media/{id}"), format!("/api/media/{id}/thumbnail"), "/api/media/nonsense".to_owned()] {
        let found = if path.contains(&id) { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let by = |query: &str| format!("{path}{query}");
        assert_eq!(bench.get(&path, &[]).await.0, StatusCode::UNAUTHORIZED, "strangers do not learn what is there");
        assert_eq!(bench.get(&path, &[("authorization", &bearer("bad"))]).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(bench.get(&by("?ticket=bad"), &[]).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(bench.get(&by(&format!("?ticket={access}")), &[]).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(bench.get(&path, &[("authorization", &bearer(&ticket))]).await.0, StatusCode::UNAUTHORIZED);
        let both = bench.get(&by(&format!("?ticket={ticket}")), &[("authorization", &bearer("bad"))]).await.0;
        assert_eq!(both, StatusCode::UNAUTHORIZED, "a bad token is not made good by a ticket");
        assert_eq!(bench.get(&by("?ticket=a&ticket=b"), &[]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(bench.get(&path, &[("authorization", &bearer(&access))]).await.0, found);
        assert_eq!(bench.get(&by(&format!("?ticket={ticket}")), &[]).await.0, found);
    }
}

#[tokio::test]
async fn a_file_that_the_disk_has_cut_off_is_a_problem_and_not_half_an_answer() {
    let bench = Bench::new(Limits::default(), 0);
    let id = bench.upload(jpeg()).await.1["id"].as_str().unwrap().to_owned();
    let file = bench._folder.path().join("media/sha256").join(&id[..2]).join(&id[2..4]).join(&id);
    for left in [100, 0] {
        std::fs::File::options().write(true).open(&file).unwrap().set_len(left).unwrap();
        for headers in [&[][..], &[("range", "bytes=0-9")][..], &[("range", "bytes=150-")][..]] {
            let (status, _, body) = bench.get(&format!("/api/media/{id}"), headers).await;
            let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((status, &problem["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &"internal".into()));
        }
    }
}

#[tokio::test]
async fn what_people_sent_is_never_sniffed_run_or_shared() {
    let bench = Bench::new(Limits::default(), 0);
    let id = bench.upload(jpeg()).await.1["id"].as_str().unwrap().to_owned();
    let path = format!("/api/media/{id}");
    assert_eq!(bench.get("/api/media/nonsense", &[]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(bench.get(&format!("/api/media/{}", "0".repeat(64)), &[]).await.0, StatusCode::NOT_FOUND);

    let (status, headers, body) = bench.get(&path, &[]).await;
    assert_eq!((status, body), (StatusCode::OK, jpeg()));
    assert_eq!(headers["content-type"], "image/jpeg");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(headers["cache-control"], "private, max-age=31536000, immutable");
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("inline; filename=\"sokuho-"));

    let (status, headers, body) = bench.get(&format!("{path}/thumbnail"), &[]).await;
    assert_eq!((status, &headers["content-type"]), (StatusCode::OK, &HeaderValue::from_static("image/jpeg")));
    assert!(body.starts_with(&[0xFF, 0xD8]) && body != jpeg());
}

#[tokio::test]
async fn parts_are_served_and_entity_tags_are_heeded() {
    let bench = Bench::new(Limits::default(), 0);
    let file = jpeg();
    let id = bench.upload(file.clone()).await.1["id"].as_str().unwrap().to_owned();
    let path = format!("/api/media/{id}");
    let tag = format!("\"{id}\"");

    let (status, headers, body) = bench.get(&path, &[("range", "bytes=5-9"), ("if-range", &tag)]).await;
    assert_eq!((status, body.as_slice()), (StatusCode::PARTIAL_CONTENT, &file[5..10]));
    assert_eq!(headers["content-range"].to_str().unwrap(), format!("bytes 5-9/{}", file.len()));
    assert_eq!(headers["content-length"], "5");

    let (status, _, body) = bench.get(&path, &[("range", "bytes=5-9"), ("if-range", "\"other\"")]).await;
    assert_eq!((status, body.len()), (StatusCode::OK, file.len()));
    let (status, headers, _) = bench.get(&path, &[("range", "bytes=99999999-")]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(headers["content-range"].to_str().unwrap(), format!("bytes */{}", file.len()));
    assert_eq!(bench.get(&path, &[("if-none-match", &tag)]).await.0, StatusCode::NOT_MODIFIED);

    let (status, headers, body) = bench.call(Request::head(&path).body(Body::empty()).unwrap()).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0));
    assert_eq!(headers["content-length"].to_str().unwrap(), file.len().to_string());
}

#[tokio::test]
async fn bad_uploads_are_refused_by_name() {
    let limits = Limits { photo_bytes: 9_000, video_bytes: 20_000, ..Limits::default() };
    let bench = Bench::new(limits, 0);
    let cut = jpeg()[..1000].to_vec();
    let large = [jpeg(), vec![0; 10_000]].concat();
    for (body, code) in [
        (b"PK\x03\x04 called .jpg".repeat(20), "media_unsupported"),
        (Vec::new(), "media_unsupported"),
        (cut, "media_damaged"),
        (large, "media_too_large"),
    ] {
        let (status, problem) = bench.upload(body).await;
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(status.as_u16().into())));
    }
}

#[tokio::test]
async fn a_stated_length_over_the_limit_is_refused_before_the_body() {
    let bench = Bench::new(Limits::default(), 0);
    let body = Body::from_stream(stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    let request = Request::post("/api/media").header("content-length", "600000000").body(body).unwrap();
    assert_eq!(bench.call(request).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_bad_request() {
    let bench = Bench::new(Limits::default(), 0);
    let broken = stream::iter([Ok(bytes::Bytes::from(jpeg()[..500].to_vec())), Err(std::io::Error::other("reset"))]);
    let (status, problem) = bench.upload(Body::from_stream(broken)).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("malformed_request")));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_body_is_given_up() {
    let stalled = Body::from_stream(stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    let mut chunks = Box::pin(patiently(stalled, Patience::default()));
    let began = tokio::time::Instant::now();
    assert!(matches!(chunks.next().await, Some(Err(BodyError::Stalled))));
    assert_eq!(began.elapsed().as_secs(), 60);
    assert!(chunks.next().await.is_none());
    assert_eq!(code_of(&MediaError::from(BodyError::Stalled)), Code::Timeout);
}

/// Sends a body of so many bytes in chunks of `chunk`, one each so many milliseconds; how it ended, and after how many
/// seconds.
async fn sent(bytes: usize, chunk: usize, every_ms: u64) -> (Result<(), BodyError>, u64) {
    let piece = bytes::Bytes::from(vec![7; chunk]);
    let body = stream::unfold(bytes.div_ceil(chunk), move |left| {
        let piece = piece.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(every_ms)).await;
            (left > 0).then(|| (Ok::<_, std::io::Error>(piece), left - 1))
        }
    });
    let began = tokio::time::Instant::now();
    let mut chunks = Box::pin(patiently(Body::from_stream(body), Patience::default()));
    while let Some(chunk) = chunks.next().await {
        if let Err(error) = chunk {
            return (Err(error), began.elapsed().as_secs());
        }
    }
    (Ok(()), began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_given_up_and_a_slow_honest_line_is_not() {
    let (dripping, after) = sent(1_000_000, 1, 29_000).await;
    assert!(matches!(dripping, Err(BodyError::Stalled)));
    assert!(after <= 60, "{after} s");
    let (half_the_rate, after) = sent(10_000_000, 2_000, 1_000).await;
    assert!(matches!(half_the_rate, Err(BodyError::Stalled)));
    assert!(after <= 180, "{after} s");

    let (whole, after) = sent(500 << 20, 125_000, 1_000).await;
    assert!(whole.is_ok(), "the largest video at 1 Mbit/s: {whole:?} after {after} s");
    let (photo, _) = sent(3_000_000, 5_000, 1_000).await;
    assert!(photo.is_ok(), "a photo at 40 kbit/s");
    let (holes, _) = sent(40 << 20, 1 << 20, 55_000).await;
    assert!(holes.is_ok(), "a line that is gone for the better part of a minute, again and again");
}

#[tokio::test]
async fn uploads_of_one_address_are_rationed() {
    let bench = Bench::new(Limits::default(), 2);
    assert_eq!(bench.upload(jpeg()).await.0, StatusCode::CREATED);
    assert_eq!(bench.upload(jpeg()).await.0, StatusCode::OK);
    let (status, problem) = bench.upload(jpeg()).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::TOO_MANY_REQUESTS, Some("too_many_requests")));

    let mut request = Request::post("/api/media").body(jpeg().into()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4000))));
    let office: OfficeCode = "07202".parse().unwrap();
    request.extensions_mut().insert(Caller::Staff(StaffCaller {
        id: StaffId(Uuid::nil()),
        name: String::new(),
        employer: office.clone(),
        home: None,
        acting: office,
        role: Role::Field,
        check_in: None,
        session: Uuid::nil(),
    }));
    assert_eq!(bench.call(request).await.0, StatusCode::OK, "staff are not strangers");
}
