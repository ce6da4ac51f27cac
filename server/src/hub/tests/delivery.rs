//! What a viewer is given: what it wants, once, in order, or the word that it is not.

use super::super::interest::Interest;
use super::*;

/// A viewer that reads, dawdles, breaks off and comes back, until it has entry `last`. Returns where it
/// began and what it was given.
async fn restless(
    hub: Arc<Hub>,
    mut dice: Dice,
    wish: wire::live::Interest,
    token: Option<&str>,
    last: u64,
) -> (u64, Vec<u64>) {
    let mut position: Option<u64> = None;
    let mut began = 0;
    let mut given = Vec::new();
    loop {
        let buffer = 64 + dice.roll(8_000) as usize;
        let mut client = match dice.roll(2) {
            0 => Client::connect(&hub, buffer),
            _ => Client::connect_choppy(&hub, buffer, dice.roll(u64::MAX)),
        };
        let mut subscribe = json!({ "interest": wish });
        if let Some(since) = position {
            subscribe["since"] = since.into();
            subscribe["epoch"] = EPOCH.to_string().into();
        }
        if let Some(token) = token {
            subscribe["token"] = token.into();
        }
        client.subscribe(subscribe).await;
        for _ in 0..dice.roll(40) + 2 {
            let Heard::Frame(frame) = client.next().await else { break };
            match frame["type"].as_str().unwrap() {
                "snapshot" => {
                    assert_eq!(position, None, "a snapshot only for who has no position");
                    began = frame["seq"].as_u64().unwrap();
                    position = Some(began);
                }
                "entries" => {
                    let here = position.expect("entries come after a position");
                    assert!(frame["after"].as_u64().unwrap() <= here, "no gap that the viewer could not explain");
                    let seq = frame["seq"].as_u64().unwrap();
                    let list = seqs(&frame);
                    assert!(!list.is_empty() && *list.first().unwrap() > here && *list.last().unwrap() <= seq);
                    given.extend(list);
                    position = Some(seq);
                    if seq == last {
                        return (began, given);
                    }
                }
                "resync" => panic!("nobody fell off"),
                _ => {}
            }
            for _ in 0..dice.roll(3) {
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn nobody_misses_anything(seed: u64) {
    let Stage { hub, .. } = stage(Settings { frame_cache_bytes: 64 * 1024, ..two_writers() });
    let mut dice = Dice(seed);
    const LAST: u64 = 3_000;
    let slots: Vec<Slot> = (1..LAST).map(|seq| slot(seq, &mut dice)).chain([bell(LAST)]).collect();
    let wishes: Vec<_> = (0..12).map(|_| interest(&mut dice)).collect();
    let viewers: Vec<_> = (0..60)
        .map(|n| {
            let wish = wishes[dice.roll(12) as usize].clone();
            let token = (n % 2 == 0).then_some("office");
            let viewer = restless(Arc::clone(&hub), Dice(dice.roll(u64::MAX)), wish.clone(), token, LAST);
            (wish, token, tokio::spawn(viewer))
        })
        .collect();
    let publisher = {
        let (hub, slots, mut dice) = (Arc::clone(&hub), slots.clone(), dice.clone());
        tokio::spawn(async move {
            let mut left = slots.as_slice();
            while !left.is_empty() {
                let (now, later) = left.split_at(left.len().min(1 + dice.roll(40) as usize));
                hub.publish(now.to_vec());
                left = later;
                for _ in 0..dice.roll(30) {
                    tokio::task::yield_now().await;
                }
            }
        })
    };
    publisher.await.unwrap();
    for (wish, token, viewer) in viewers {
        let (began, given) = viewer.await.unwrap();
        let wanted = Interest::try_from(&wish).unwrap();
        let sees = |slot: &&Slot| {
            let audience = if token.is_some() { Audience::Office } else { Audience::Public };
            slot.seq > began && (token.is_some() || slot.public.is_some()) && wanted.matches(&slot.facets, audience)
        };
        let expected: Vec<u64> = slots.iter().filter(sees).map(|slot| slot.seq).collect();
        assert_eq!(given, expected, "seed {seed}, {wish:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_viewer_gets_what_it_wants_once_and_in_order_however_its_socket_behaves() {
    for seed in 0..4 {
        nobody_misses_anything(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_viewer_gets_what_it_wants_once_and_in_order_with_writers_in_parallel() {
    for seed in 100..103 {
        nobody_misses_anything(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_frames_are_hello_and_a_snapshot_position() {
    let Stage { hub, .. } = stage(two_writers());
    hub.publish(vec![bell(1), bell(2)]);
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({})).await;
    let Heard::Frame(hello) = client.next().await else { panic!() };
    assert_eq!((&hello["type"], &hello["seq"], &hello["heartbeat_seconds"]), (&json!("hello"), &json!(2), &json!(15)));
    let Heard::Frame(snapshot) = client.next().await else { panic!() };
    assert_eq!(snapshot, json!({ "type": "snapshot", "epoch": EPOCH, "seq": 2, "href": "/api/snapshot?at_least=2" }));
    hub.publish(vec![bell(3)]);
    assert_eq!(
        client.next().await,
        Heard::Frame(json!({ "type": "entries", "after": 2, "seq": 3, "entries": [{ "seq": 3 }] }))
    );
}

#[tokio::test(start_paused = true)]
async fn a_position_that_cannot_be_resumed_gets_a_resync_by_name() {
    let Stage { hub, .. } = stage(Settings { ring_entries: 4, ..two_writers() });
    hub.publish((1..=10).map(bell).collect());
    let other = Uuid::from_u128(9);
    for (epoch, since, reason) in [(EPOCH, 5, "too_old"), (EPOCH, 11, "ahead_of_log"), (other, 10, "other_epoch")] {
        let mut client = Client::connect(&hub, 4_096);
        client.subscribe(json!({ "epoch": epoch, "since": since })).await;
        let resync = client.frame("resync").await;
        assert_eq!((&resync["reason"], &resync["seq"]), (&json!(reason), &json!(10)));
        assert_eq!(resync["href"], "/api/snapshot?at_least=10");
    }
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({ "epoch": EPOCH, "since": 6 })).await;
    assert_eq!(seqs(&client.frame("entries").await), [7, 8, 9, 10]);
}

#[tokio::test(start_paused = true)]
async fn who_falls_off_the_ring_is_told_and_goes_on_from_the_head() {
    let Stage { hub, .. } = stage(Settings { ring_entries: 8, ..two_writers() });
    let mut client = Client::connect(&hub, 64);
    client.subscribe(json!({})).await;
    client.frame("hello").await;
    for seq in 1..=200 {
        hub.publish(vec![bell(seq)]);
        tokio::task::yield_now().await;
    }
    let resync = client.frame("resync").await;
    assert_eq!((&resync["reason"], &resync["seq"]), (&json!("too_old"), &json!(200)));
    hub.publish(vec![bell(201)]);
    assert_eq!(seqs(&client.frame("entries").await), [201]);
}

#[tokio::test(start_paused = true)]
async fn a_ring_that_begins_anew_sends_everybody_for_a_snapshot_and_goes_on() {
    let Stage { hub, .. } = stage(two_writers());
    let mut clients: Vec<Client> = (0..3).map(|_| Client::connect(&hub, 4_096)).collect();
    for client in &mut clients {
        client.subscribe(json!({})).await;
        client.frame("hello").await;
    }
    hub.publish(vec![bell(1)]);
    for client in &mut clients {
        assert_eq!(seqs(&client.frame("entries").await), [1]);
    }
    hub.begin_after(2);
    hub.publish(vec![bell(3)]);
    for client in &mut clients {
        let resync = client.frame("resync").await;
        assert!(resync["seq"].as_u64() >= Some(2), "{resync}");
        // An entry that is in the snapshot already is not told again.
        let told = resync["seq"].as_u64().unwrap();
        hub.publish(vec![bell(hub.head() + 1)]);
        assert_eq!(seqs(&client.frame("entries").await).first(), Some(&(told + 1)));
    }
    let mut late = Client::connect(&hub, 4_096);
    late.subscribe(json!({ "epoch": EPOCH, "since": 1 })).await;
    assert_eq!(late.frame("resync").await["reason"], "too_old");
}

#[tokio::test(start_paused = true)]
async fn who_never_reads_disturbs_nobody_and_is_let_go() {
    let Stage { hub, .. } = stage(two_writers());
    let mut deaf: Vec<Client> = Vec::new();
    for _ in 0..4 {
        let mut client = Client::connect(&hub, 600);
        client.subscribe(json!({})).await;
        deaf.push(client);
    }
    let mut good = Client::connect(&hub, 100_000);
    good.subscribe(json!({})).await;
    good.frame("snapshot").await;
    for seq in 1..=500 {
        hub.publish(vec![bell(seq)]);
    }
    let mut got = Vec::new();
    while got.len() < 500 {
        got.extend(seqs(&good.frame("entries").await));
    }
    assert_eq!(got, (1..=500).collect::<Vec<_>>());
    assert_eq!(hub.viewers(), 5);
    // Heartbeats pass by until the deaf have gone; the paused clock runs ahead by itself.
    let mut heartbeats = 0;
    while hub.viewers() > 1 {
        good.frame("heartbeat").await;
        heartbeats += 1;
        assert!(heartbeats < 4, "the deaf are gone within 45 seconds");
    }
    drop(deaf);
}

#[tokio::test(start_paused = true)]
async fn another_interest_counts_from_the_present_position_on() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({ "interest": { "categories": ["hazard"] } })).await;
    client.frame("snapshot").await;
    let about = |seq, category| {
        let offices: Box<[_]> = Box::new([]);
        let incident = IncidentFacets {
            tile: None,
            coarse_tile: None,
            responsible: None,
            before: None,
            offices,
            category,
            operation: EVERYDAY,
        };
        Slot { facets: Facets { incident: Some(incident) }, ..bell(seq) }
    };
    hub.publish(vec![about(1, Category::Other), about(2, Category::Hazard)]);
    assert_eq!(seqs(&client.frame("entries").await), [2]);
    client.subscribe(json!({ "interest": { "categories": ["other"] } })).await;
    assert_eq!(client.frame("snapshot").await["seq"], 2);
    hub.publish(vec![about(3, Category::Other), about(4, Category::Hazard), bell(5)]);
    assert_eq!(
        client.next().await,
        Heard::Frame(json!({ "type": "entries", "after": 2, "seq": 5, "entries": [{ "seq": 3 }, { "seq": 5 }] }))
    );
}
