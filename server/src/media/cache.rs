//! A small bounded cache: two generations; when the young one is full it becomes the old one, and the old
//! one is forgotten. What is in use is carried over on its next reading.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Holds at most twice `generation` entries.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    generation: usize,
    maps: Mutex<(HashMap<K, V>, HashMap<K, V>)>,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    pub(super) fn new(generation: usize) -> Self {
        Self { generation, maps: Mutex::default() }
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = maps.0.get(key) {
            return Some(value.clone());
        }
        let value = maps.1.remove(key)?;
        insert(&mut maps, self.generation, key.clone(), value.clone());
        Some(value)
    }

    pub(super) fn put(&self, key: K, value: V) {
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        insert(&mut maps, self.generation, key, value);
    }

    pub(super) fn forget(&self, key: &K) {
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        maps.0.remove(key);
        maps.1.remove(key);
    }
}

fn insert<K: Hash + Eq, V>(maps: &mut (HashMap<K, V>, HashMap<K, V>), generation: usize, key: K, value: V) {
    if maps.0.len() >= generation {
        maps.1 = std::mem::take(&mut maps.0);
    }
    maps.0.insert(key, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_bounded_and_keeps_what_is_used() {
        let cache = Cache::new(10);
        for i in 0..1000 {
            cache.put(i, i);
            assert_eq!(cache.get(&0), Some(0), "used all the time, so kept");
        }
        let maps = cache.maps.lock().unwrap();
        assert!(maps.0.len() + maps.1.len() <= 20);
        assert!(!maps.0.contains_key(&5) && !maps.1.contains_key(&5));
    }
}
