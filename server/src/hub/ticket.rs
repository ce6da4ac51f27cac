//! The places of a node: how many viewers there are, whose, and from where.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::core::Hub;
use crate::wire::Audience;

/// Those that are taken.
#[derive(Default)]
pub(super) struct Places {
    last_id: AtomicU32,
    viewers: AtomicUsize,
    /// Of them the public.
    public: AtomicUsize,
    nobody_left: Notify,
    addresses: Mutex<HashMap<IpAddr, OfAddress>>,
}

impl Places {
    /// How many there are.
    pub(super) fn taken(&self) -> usize {
        self.viewers.load(Ordering::Acquire)
    }

    /// Waits until nobody has one.
    pub(super) async fn empty(&self) {
        while self.taken() > 0 {
            self.nobody_left.notified().await;
        }
    }
}

/// The node has as many viewers as it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node has as many viewers as it takes")]
pub struct Refused;

/// What one address has; offices do not count.
#[derive(Debug, Default, PartialEq, Eq)]
struct OfAddress {
    /// Connections that have not said who they are.
    unknown: usize,
    public: usize,
}

/// As whom a ticket counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Holder {
    /// Not known yet: a token comes with the first frame.
    Unknown,
    Public,
    Office,
}

/// A viewer's place among the viewers; dropping it makes room.
#[derive(Debug)]
pub struct Ticket {
    hub: Arc<Hub>,
    /// Where addresses are counted, and the holder counts.
    address: Option<Box<IpAddr>>,
    holder: Holder,
    /// The viewer's number.
    pub id: u32,
}

impl Ticket {
    /// Makes known whose place it is. The public has its share of all places, so that it never takes those kept for
    /// offices, and each address a part of that share.
    ///
    /// # Errors
    /// [`Refused`] where the public, or this address of it, has as many places as it gets; the ticket should then be
    /// dropped.
    pub fn known(&mut self, audience: Audience) -> Result<(), Refused> {
        match audience {
            _ if self.holder != Holder::Unknown => {}
            Audience::Office => {
                self.leave_address();
                self.holder = Holder::Office;
            }
            Audience::Public => {
                self.become_public().inspect_err(|Refused| self.hub.meters.refused.increment(1))?;
                self.holder = Holder::Public;
            }
        }
        Ok(())
    }

    fn become_public(&self) -> Result<(), Refused> {
        let settings = &self.hub.settings;
        let share = settings.max_viewers.saturating_sub(settings.kept_for_offices);
        let take = |public: usize| (public < share).then_some(public + 1);
        let public = &self.hub.places.public;
        public.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).map_err(|_| Refused)?;
        if let (Some(max), Some(address)) = (settings.max_public_per_address, &self.address) {
            let mut addresses = self.hub.places.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            let of_address = addresses.entry(**address).or_default();
            if of_address.public >= max {
                drop(addresses);
                public.fetch_sub(1, Ordering::AcqRel);
                return Err(Refused);
            }
            of_address.public += 1;
            of_address.unknown -= 1;
        }
        Ok(())
    }

    fn leave_address(&mut self) {
        let Some(address) = self.address.take() else { return };
        let mut addresses = self.hub.places.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_address) = addresses.get_mut(&address) {
            match self.holder {
                Holder::Unknown => of_address.unknown -= 1,
                Holder::Public => of_address.public -= 1,
                Holder::Office => {}
            }
            if *of_address == OfAddress::default() {
                addresses.remove(&address);
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.leave_address();
        if self.holder == Holder::Public {
            self.hub.places.public.fetch_sub(1, Ordering::AcqRel);
        }
        if self.hub.places.viewers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.hub.places.nobody_left.notify_one();
        }
    }
}

impl Hub {
    /// A place for one more viewer, of whom nothing is known yet; see [`Ticket::known`]. `address` is the viewer's (of
    /// IPv6, its /64), as far as it is known.
    ///
    /// # Errors
    /// [`Refused`] where there is none, or too many from this address have not said yet who they are.
    pub fn ticket(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Ticket, Refused> {
        let max = self.settings.max_viewers;
        let take = |viewers: usize| (viewers < max).then_some(viewers + 1);
        let refused = |_| {
            self.meters.refused.increment(1);
            Refused
        };
        self.places.viewers.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).map_err(refused)?;
        let id = self.places.last_id.fetch_add(1, Ordering::Relaxed);
        let mut ticket = Ticket { hub: Arc::clone(self), address: None, holder: Holder::Unknown, id };
        if let (Some(max), Some(address)) = (self.settings.max_public_per_address, address) {
            let mut addresses = self.places.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            let of_address = addresses.entry(address).or_default();
            if of_address.unknown >= max {
                drop(addresses);
                return Err(refused(max));
            }
            of_address.unknown += 1;
            ticket.address = Some(Box::new(address));
        }
        Ok(ticket)
    }
}
