//! The listener's places: how many connections there may be, and, when few are left, how many of one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::identity::limits::subscriber;

/// Connections that wait for a request or answer one. Viewers on WebSocket have left HTTP and do not count: the hub
/// bounds them. Event streams count, and have a bound of their own far below this one (`super::live`). One more
/// connection waits in the system's queue.
pub const CONNECTIONS: usize = 8_192;

/// Where fewer places than this are left, a connection is closed behind its answer instead of waiting for another
/// request: when everybody comes back at once, the next one need not wait for the last one's idle line. And then no
/// address has more than [`OF_ONE_ADDRESS`].
const CROWDED: usize = CONNECTIONS / 2;

/// Places of one address when few are left: a machine that takes one after the other must not keep all others out,
/// and the many behind a town hall's address are answered one after the other.
const OF_ONE_ADDRESS: usize = CONNECTIONS / 8;

/// The places of a listener.
#[derive(Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    crowded: usize,
    of_one_address: usize,
    /// Reverse proxies, behind which everybody may be.
    proxies: Box<[IpAddr]>,
    /// As many as there are connections at most.
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// One of them; dropping it gives it back.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    /// Where it counts for an address.
    address: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

/// An address that has as many places as it gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused;

impl Places {
    /// As many as a node has. The machine itself and these reverse proxies may have all of them.
    pub fn new(proxies: &[IpAddr]) -> Arc<Self> {
        let proxies = [IpAddr::from([127, 0, 0, 1]), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)]
            .into_iter()
            .chain(proxies.iter().map(IpAddr::to_canonical));
        Arc::new(Self::of(CONNECTIONS, CROWDED, OF_ONE_ADDRESS, proxies.collect()))
    }

    fn of(all: usize, crowded: usize, of_one_address: usize, proxies: Box<[IpAddr]>) -> Self {
        Self { free: Arc::new(Semaphore::new(all)), crowded, of_one_address, proxies, taken: Mutex::default() }
    }

    /// Waits until a place is free.
    pub async fn free(&self) -> OwnedSemaphorePermit {
        loop {
            // The semaphore is never closed.
            if let Ok(permit) = Arc::clone(&self.free).acquire_owned().await {
                return permit;
            }
        }
    }

    /// Whether few are left.
    pub fn are_few(&self) -> bool {
        self.free.available_permits() < self.crowded
    }

    /// Gives a free place to a connection from this peer.
    ///
    /// # Errors
    /// [`Refused`] where few are left and its address has enough of them.
    pub fn take(self: &Arc<Self>, permit: OwnedSemaphorePermit, peer: IpAddr) -> Result<Place, Refused> {
        let address = Some(peer.to_canonical()).filter(|peer| !self.proxies.contains(peer)).map(subscriber);
        if let Some(address) = address {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            let of_address = taken.entry(address).or_default();
            if *of_address >= self.of_one_address && self.are_few() {
                return Err(Refused);
            }
            *of_address += 1;
        }
        Ok(Place { places: Arc::clone(self), address, _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_address) = taken.get_mut(&address) {
            *of_address -= 1;
            if *of_address == 0 {
                taken.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn where_few_places_are_left_one_address_does_not_take_them_all() {
        let proxy = IpAddr::from([192, 0, 2, 200]);
        let places = Arc::new(Places::of(10, 4, 2, [proxy].into()));
        let enter = async |address: IpAddr| places.take(places.free().await, address);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let mut held = Vec::new();
        // As long as there is room, nobody is counted out.
        for _ in 0..6 {
            held.push(enter(one).await.unwrap());
        }
        assert!(!places.are_few());
        // The permit that somebody holds at this moment is the one that makes it crowded.
        assert_eq!(enter(one).await.unwrap_err(), Refused);
        held.push(enter(other).await.unwrap());
        held.push(enter(other).await.unwrap());
        assert_eq!(enter(other).await.unwrap_err(), Refused);
        held.push(enter(proxy).await.unwrap());
        held.push(enter(proxy).await.unwrap());
        assert_eq!(places.free.available_permits(), 0, "who was refused keeps no place");

        held.clear();
        assert!(places.taken.lock().unwrap().is_empty());
        assert_eq!(places.free.available_permits(), 10);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_the_machine_itself_is_none() {
        let places = Places::new(&[]);
        let permit = || Arc::clone(&places.free).try_acquire_owned().unwrap();
        let held: Vec<_> = ["2001:db8::1", "2001:db8::2", "127.0.0.1", "::1", "::ffff:127.0.0.1"]
            .map(|address| places.take(permit(), address.parse().unwrap()).unwrap())
            .into();
        assert_eq!(places.taken.lock().unwrap().values().copied().collect::<Vec<_>>(), [2]);
        drop(held);
    }
}
