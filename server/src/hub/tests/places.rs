//! Who finds a place where there are few.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_full_node_says_so_and_has_room_again_when_somebody_goes() {
    let Stage { hub, .. } = stage(Settings { max_viewers: 1, kept_for_offices: 0, ..two_writers() });
    let mut first = Client::connect(&hub, 4_096);
    first.subscribe(json!({})).await;
    first.frame("snapshot").await;
    let mut second = Client::connect(&hub, 4_096);
    assert_eq!(second.last_words().await, ("full".to_owned(), 4003));
    drop(first);
    while hub.viewers() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(hub.ticket(None).is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_address_does_not_take_all_places_and_offices_behind_it_do_not_count() {
    let Stage { hub, .. } = stage(Settings { max_public_per_address: Some(2), ..two_writers() });
    let address = |n: u8| Some(std::net::IpAddr::from([192, 0, 2, n]));
    let enter = |from, audience| hub.ticket(from).and_then(|mut ticket| ticket.known(audience).map(|()| ticket));
    let mut public: Vec<_> = (0..2).map(|_| enter(address(1), Audience::Public).unwrap()).collect();
    assert!(enter(address(1), Audience::Public).is_err());
    assert_eq!(hub.viewers(), 2, "who is refused has no place");
    let offices: Vec<_> = (0..50).map(|_| enter(address(1), Audience::Office).unwrap()).collect();
    assert!(enter(address(2), Audience::Public).is_ok());
    assert!(enter(None, Audience::Public).is_ok(), "an address that nobody knows");

    // Who says nothing is bounded as well, and keeps nobody else of the address out.
    let silent: Vec<_> = (0..2).map(|_| hub.ticket(address(1)).unwrap()).collect();
    assert!(hub.ticket(address(1)).is_err() && hub.ticket(address(2)).is_ok());
    drop(silent);
    public.pop();
    assert!(enter(address(1), Audience::Public).is_ok());
    drop((public, offices));
    assert_eq!(hub.viewers(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_public_does_not_take_the_places_kept_for_offices() {
    let Stage { hub, .. } = stage(Settings { max_viewers: 5, kept_for_offices: 2, ..two_writers() });
    let mut public = Vec::new();
    for _ in 0..3 {
        let mut viewer = Client::connect(&hub, 4_096);
        viewer.subscribe(json!({})).await;
        viewer.frame("snapshot").await;
        public.push(viewer);
    }
    let mut refused = Client::connect(&hub, 4_096);
    refused.subscribe(json!({})).await;
    assert_eq!(refused.last_words().await, ("full".to_owned(), 4003));
    drop(refused);
    let mut offices = Vec::new();
    for _ in 0..2 {
        let mut wall = Client::connect(&hub, 4_096);
        wall.subscribe(json!({ "token": "office" })).await;
        wall.frame("snapshot").await;
        offices.push(wall);
    }
    let mut one_too_many = Client::connect(&hub, 4_096);
    assert_eq!(one_too_many.last_words().await, ("full".to_owned(), 4003));
    offices.pop();
    public.pop();
    while hub.viewers() > 3 {
        tokio::task::yield_now().await;
    }
    let mut another = Client::connect(&hub, 4_096);
    another.subscribe(json!({})).await;
    another.frame("snapshot").await;
}
