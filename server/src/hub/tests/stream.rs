//! What keeps a stream going, and what ends it.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use super::*;

#[tokio::test(start_paused = true)]
async fn bad_frames_end_the_stream_with_the_right_code() {
    let Stage { hub, .. } = stage(two_writers());
    let long = "x".repeat(20_000);
    let cases: [(&str, u8, &str, &str, u16); 8] = [
        ("garbage", 0x81, "garbage", "bad_frame", 4500),
        ("binary", 0x82, "{}", "bad_frame", 4500),
        ("unknown type", 0x81, r#"{"type":"publish"}"#, "bad_frame", 4500),
        ("unknown field", 0x81, r#"{"type":"subscribe","all":true}"#, "bad_frame", 4500),
        ("bad interest", 0x81, r#"{"type":"subscribe","interest":{"offices":["x"]}}"#, "bad_frame", 4500),
        ("too large", 0x81, &long, "frame_too_large", 4501),
        ("foreign token", 0x81, r#"{"type":"subscribe","token":"x"}"#, "token_invalid", 4503),
        ("old token", 0x81, r#"{"type":"subscribe","token":"old"}"#, "token_expired", 4504),
    ];
    for (name, first, payload, reason, code) in cases {
        let mut client = Client::connect(&hub, 4_096);
        client.send_raw(first, payload.as_bytes()).await;
        assert_eq!(client.last_words().await, (reason.to_owned(), code), "{name}");
        drop(client);
    }
    let mut unmasked = Client::connect(&hub, 4_096);
    unmasked.wire.write_all(&[0x81, 2, b'{', b'}']).await.unwrap();
    assert_eq!(unmasked.last_words().await, ("bad_frame".to_owned(), 4500));
    let mut silent = Client::connect(&hub, 4_096);
    assert_eq!(silent.last_words().await, ("no_subscribe".to_owned(), 4004));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_subscriptions_on_one_stream_end_it() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 100_000);
    for n in 0..10_000 {
        client.subscribe(json!({ "interest": { "offices": [format!("{n:05}")] } })).await;
    }
    assert_eq!(client.last_words().await, ("too_many_frames".to_owned(), 4502));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_tell_the_position_and_a_viewer_without_pong_goes() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({ "interest": { "offices": [] } })).await;
    client.frame("snapshot").await;
    let quiet = Slot { public: None, ..bell(1) };
    hub.publish(vec![quiet]);
    assert_eq!(client.frame("heartbeat").await["seq"], 1, "the position moves without a frame");
    let mut pings = 0;
    loop {
        match client.next().await {
            Heard::Ping => pings += 1,
            Heard::Frame(frame) if frame["type"] == "goodbye" => {
                assert_eq!(frame["reason"], "no_pong");
                break;
            }
            Heard::Frame(frame) => assert_eq!(frame["type"], "heartbeat"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(client.next().await, Heard::Close(4002));
    assert!((2..=3).contains(&pings), "{pings}");
}

#[tokio::test(start_paused = true)]
async fn a_viewer_that_answers_pings_stays_and_its_own_pings_are_answered() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({})).await;
    let mut pings = 0;
    while pings < 6 {
        match client.next().await {
            Heard::Ping => {
                pings += 1;
                client.send_raw(0x8A, b"").await;
            }
            Heard::Frame(_) => {}
            other => panic!("{other:?}"),
        }
    }
    client.send_raw(0x89, b"are you there").await;
    while client.next().await != Heard::Pong(b"are you there".to_vec()) {}
    client.send_raw(0x88, &1000_u16.to_be_bytes()).await;
    while client.next().await != Heard::Close(1000) {}
}

#[tokio::test(start_paused = true)]
async fn who_catches_up_for_minutes_is_pinged_meanwhile_and_stays_when_it_is_there() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({})).await;
    client.frame("snapshot").await;
    let heavy = |seq| {
        let text = Bytes::from(json!({ "seq": seq, "filler": "x".repeat(60_000) }).to_string());
        Slot { office: text.clone(), public: Some(text), ..bell(seq) }
    };
    hub.publish((1..=20).map(heavy).collect());
    let (mut pings, mut last, mut heartbeats) = (0, 0, 0);
    while heartbeats < 3 {
        match client.next().await {
            // A slow line: nine seconds for a frame. It answers no ping until it has everything.
            Heard::Frame(frame) if frame["type"] == "entries" => {
                last = *seqs(&frame).last().unwrap();
                tokio::time::sleep(Duration::from_secs(9)).await;
            }
            Heard::Frame(frame) => {
                assert_eq!((&frame["type"], last), (&json!("heartbeat"), 20), "{frame}");
                heartbeats += 1;
            }
            Heard::Ping => {
                pings += u32::from(last < 20);
                if last == 20 {
                    client.send_raw(0x8A, b"").await;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!((5..=12).contains(&pings), "{pings} in three minutes");
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_fails_ends_the_hub_so_that_the_node_stops() {
    let Stage { hub, tokens, running } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({ "token": "office" })).await;
    client.frame("snapshot").await;
    tokens.broken.store(true, Ordering::Relaxed);
    let ended = tokio::time::timeout(Duration::from_secs(60), running).await.expect("the hub goes on without a writer");
    assert!(ended.unwrap().unwrap_err().is_panic());
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_ends_the_stream_at_the_next_heartbeat() {
    let Stage { hub, tokens, .. } = stage(two_writers());
    let mut public = Client::connect(&hub, 4_096);
    public.subscribe(json!({})).await;
    let mut office = Client::connect(&hub, 4_096);
    office.subscribe(json!({ "token": "office" })).await;
    office.frame("heartbeat").await;
    tokens.revoked.store(true, Ordering::Relaxed);
    assert_eq!(office.last_words().await, ("token_revoked".to_owned(), 4505));
    public.frame("heartbeat").await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_says_goodbye_to_everybody_and_spreads_their_return() {
    let Stage { hub, .. } = stage(two_writers());
    let retries = Arc::new(std::sync::Mutex::new(Vec::new()));
    let ready = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..40)
        .map(|n| {
            let (hub, retries, ready) = (Arc::clone(&hub), Arc::clone(&retries), Arc::clone(&ready));
            tokio::spawn(async move {
                let mut client = Client::connect(&hub, 4_096);
                if n > 0 {
                    client.subscribe(json!({})).await;
                    client.frame("snapshot").await;
                }
                ready.fetch_add(1, Ordering::Relaxed);
                let goodbye = client.frame("goodbye").await;
                assert_eq!(goodbye["reason"], "shutdown");
                retries.lock().unwrap().push(goodbye["retry_after_ms"].as_u64().unwrap());
                assert_eq!(client.next().await, Heard::Close(4000));
            })
        })
        .collect();
    while ready.load(Ordering::Relaxed) < 40 {
        tokio::task::yield_now().await;
    }
    let began = tokio::time::Instant::now();
    hub.stop().await;
    assert!(began.elapsed() <= Duration::from_secs(5));
    assert_eq!(hub.viewers(), 0);
    for client in clients {
        client.await.unwrap();
    }
    let retries = retries.lock().unwrap();
    assert!(retries.iter().all(|ms| *ms <= 5_000));
    assert!(retries.iter().any(|ms| *ms < 1_500) && retries.iter().any(|ms| *ms > 3_500), "{retries:?}");
}
