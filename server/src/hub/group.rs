//! Groups: viewers of one audience with one interest. What one of them hears all of them hear, so that a
//! frame is built once and its bytes are shared.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::frame::Frame;
use super::interest::Interest;
use crate::domain::entry::Seq;
use crate::wire::Audience;

/// A group. Lives as long as a viewer holds it.
#[derive(Debug)]
pub struct Group {
    /// Its number, never used again.
    pub id: u64,
    /// What it may see.
    pub audience: Audience,
    /// What it wants to hear of.
    pub interest: Interest,
    registry: Weak<Groups>,
}

type Key = (Audience, Interest);

/// All groups.
#[derive(Debug, Default)]
pub struct Groups {
    known: Mutex<HashMap<Key, Weak<Group>>>,
    last_id: AtomicU64,
}

impl Groups {
    /// The group of this audience and interest; made if nobody is in it yet.
    pub fn join(self: &Arc<Self>, audience: Audience, interest: Interest) -> Arc<Group> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (audience, interest);
        if let Some(group) = known.get(&key).and_then(Weak::upgrade) {
            return group;
        }
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let group = Arc::new(Group { id, audience, interest: key.1.clone(), registry: Arc::downgrade(self) });
        known.insert(key, Arc::downgrade(&group));
        group
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(registry) = self.registry.upgrade() else { return };
        let mut known = registry.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (self.audience, std::mem::take(&mut self.interest));
        // Another may have been made under the same key since the last holder let go.
        if known.get(&key).is_some_and(|group| group.strong_count() == 0) {
            known.remove(&key);
        }
    }
}

/// One step of a cursor: the frame to send, if anything was of interest, and where the cursor stands then.
#[derive(Clone, Debug)]
pub struct Step {
    /// The frame.
    pub frame: Option<Arc<Frame>>,
    /// The cursor after it.
    pub seq: Seq,
}

/// The last steps of all groups, by where they begin. Bounded by bytes; the oldest go first.
#[derive(Debug)]
pub struct StepCache {
    steps: HashMap<(u64, Seq), Step>,
    order: VecDeque<(u64, Seq)>,
    bytes: usize,
    max_bytes: usize,
}

/// What a step takes besides its text: its places in the map and the queue, roughly.
const STEP_BYTES: usize = 192;

fn size(step: &Step) -> usize {
    STEP_BYTES + step.frame.as_ref().map_or(0, |frame| frame.websocket.len())
}

impl StepCache {
    /// An empty cache of at most so many bytes.
    pub fn new(max_bytes: usize) -> Self {
        Self { steps: HashMap::new(), order: VecDeque::new(), bytes: 0, max_bytes }
    }

    /// The step that begins at the cursor, does not go beyond `limit`, and whose frame does not begin
    /// after what its viewer was told.
    pub fn get(&self, group: u64, cursor: Seq, told: Seq, limit: Seq) -> Option<Step> {
        let fits = |step: &&Step| step.seq <= limit && step.frame.as_ref().is_none_or(|frame| frame.after <= told);
        self.steps.get(&(group, cursor)).filter(fits).cloned()
    }

    /// Keeps a step. A longer one replaces a shorter one.
    pub fn keep(&mut self, group: u64, cursor: Seq, step: &Step) {
        let key = (group, cursor);
        self.bytes += size(step);
        match self.steps.insert(key, step.clone()) {
            Some(old) => self.bytes -= size(&old),
            None => self.order.push_back(key),
        }
        while self.bytes > self.max_bytes {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(old) = self.steps.remove(&oldest) {
                self.bytes -= size(&old);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_wishes_share_a_group_and_it_goes_with_its_last_viewer() {
        let groups = Arc::new(Groups::default());
        let a = groups.join(Audience::Office, Interest::default());
        let b = groups.join(Audience::Office, Interest::default());
        let public = groups.join(Audience::Public, Interest::default());
        assert!(Arc::ptr_eq(&a, &b) && a.id != public.id);
        drop((a, public));
        assert_eq!(groups.len(), 1);
        drop(b);
        assert!(groups.is_empty());
    }

    #[test]
    fn the_cache_lets_go_of_the_oldest_beyond_its_bytes() {
        let mut cache = StepCache::new(3 * STEP_BYTES);
        for cursor in 0..10 {
            cache.keep(1, cursor, &Step { frame: None, seq: cursor + 1 });
        }
        assert!(cache.get(1, 6, 6, Seq::MAX).is_none());
        assert_eq!(cache.get(1, 9, 9, Seq::MAX).unwrap().seq, 10);
        assert!(cache.get(1, 9, 9, 9).is_none(), "it would go beyond the limit");
        assert_eq!((cache.order.len(), cache.bytes), (3, 3 * STEP_BYTES));
    }
}
