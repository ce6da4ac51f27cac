//! Server-sent events.

use super::super::interest::Interest;
use super::super::sse::Opening;
use super::*;

fn event(bytes: &Bytes) -> (String, Option<String>, Value) {
    let text = std::str::from_utf8(bytes).unwrap();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    (field("event: ").unwrap(), field("id: "), serde_json::from_str(&field("data: ").unwrap()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn server_sent_events_say_what_a_web_socket_says() {
    let Stage { hub, tokens, .. } = stage(two_writers());
    let mut dice = Dice(5);
    hub.publish((1..=50).map(|seq| slot(seq, &mut dice)).collect());
    let wish = interest(&mut Dice(3));
    let admission = hub.admit(Some("office")).unwrap();
    let opening =
        Opening { admission, interest: Interest::try_from(&wish).unwrap(), epoch: Some(EPOCH), since: Some(10) };
    let mut events = hub.stream(hub.ticket(None).unwrap(), opening);
    let mut client = Client::connect(&hub, 100_000);
    client.subscribe(json!({ "token": "office", "interest": wish, "epoch": EPOCH, "since": 10 })).await;
    assert_eq!(event(&events.recv().await.unwrap()).0, "hello");
    client.frame("hello").await;
    let mut last = 0;
    for seq in [51, 52] {
        let (kind, id, data) = event(&events.recv().await.unwrap());
        assert_eq!((kind.as_str(), &data), ("entries", &client.frame("entries").await));
        assert_eq!(id.unwrap(), format!("{EPOCH}:{}", data["seq"]));
        last = *seqs(&data).last().unwrap();
        hub.publish(vec![bell(seq)]);
    }
    assert_eq!(last, 51);
    assert_eq!(seqs(&event(&events.recv().await.unwrap()).2), [52]);
    tokens.revoked.store(true, Ordering::Relaxed);
    let (kind, id, data) = event(&events.recv().await.unwrap());
    assert_eq!((kind.as_str(), id, &data["reason"]), ("goodbye", None, &json!("token_revoked")));
    assert!(events.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_that_nobody_reads_gives_its_place_back() {
    let Stage { hub, .. } = stage(two_writers());
    let opening = Opening { admission: Admission::PUBLIC, interest: Interest::default(), epoch: None, since: None };
    let events = hub.stream(hub.ticket(None).unwrap(), opening);
    assert_eq!(hub.viewers(), 1);
    hub.publish((1..=10).map(bell).collect());
    let mut watcher = Client::connect(&hub, 4_096);
    watcher.subscribe(json!({})).await;
    let mut heartbeats = 0;
    while hub.viewers() > 1 {
        watcher.frame("heartbeat").await;
        heartbeats += 1;
        assert!(heartbeats < 4, "gone within 45 seconds");
    }
    drop(events);
}
