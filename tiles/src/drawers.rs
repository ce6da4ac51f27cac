//! Long work, such as drawing, on threads that may be kept busy: so much at once and no more, so that what else such
//! threads are for (uploads, files) goes on beside it, and so much that waits and no more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

/// Why work was not done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotDone<E> {
    /// As much waits as may wait.
    #[error("too many wait for what is drawn")]
    Busy,
    /// It ended before its end: it panicked, or the node stops.
    #[error("drawing ended before its end")]
    Broken,
    /// It failed.
    #[error("{0}")]
    Failed(E),
}

/// Who draws: so many at once, and so many pieces of work may wait for them.
#[derive(Debug)]
pub struct Drawers {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    may_wait: usize,
}

impl Drawers {
    /// So many, at least one.
    pub fn new(at_once: usize, may_wait: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once.max(1))), waiting: AtomicUsize::new(0), may_wait }
    }

    /// Does the work when its turn comes. Who goes away while it waits gives the place back; work that was begun is
    /// done to its end, and keeps its turn as long.
    ///
    /// # Errors
    /// [`NotDone`]
    pub async fn draw<T: Send + 'static, E: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, NotDone<E>> {
        let turn = self.turn().await.ok_or(NotDone::Busy)?;
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        working.await.map_err(|_| NotDone::Broken)?.map_err(NotDone::Failed)
    }

    /// `None`: as many wait as may.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Some(turn);
        }
        let _waits = Waits::beside(&self.waiting, self.may_wait)?;
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }
}

/// One that waits, counted as long.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn beside(others: &'a AtomicUsize, at_most: usize) -> Option<Self> {
        let one_more = |waiting: usize| (waiting < at_most).then_some(waiting + 1);
        others.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok().map(|_| Self(others))
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Something that is made once: by whoever asks first, and the others wait for it. If that one goes away while it is
/// being made, it is made all the same, and once.
#[derive(Debug)]
pub struct Once<T> {
    made: OnceLock<T>,
    making: Arc<Mutex<()>>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { made: OnceLock::new(), making: Arc::default() }
    }
}

impl<T> From<T> for Once<T> {
    fn from(made: T) -> Self {
        Self { made: OnceLock::from(made), making: Arc::default() }
    }
}

impl<T: Clone + Send + Sync + 'static> Once<T> {
    /// What was made; `make` makes it where there is nothing yet.
    ///
    /// # Errors
    /// [`NotDone`]; the next who asks tries again.
    pub async fn get<E: Send + 'static>(
        self: &Arc<Self>,
        drawers: &Drawers,
        make: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, NotDone<E>> {
        if let Some(made) = self.made.get() {
            return Ok(made.clone());
        }
        let making = Arc::clone(&self.making).lock_owned().await;
        if let Some(made) = self.made.get() {
            return Ok(made.clone());
        }
        let once = Arc::clone(self);
        let work = move || {
            let _making = making;
            let made = make()?;
            Ok(once.made.get_or_init(|| made).clone())
        };
        drawers.draw(work).await
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::convert::Infallible;
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    /// Work that says when it begins, and goes on when it is told to.
    pub(crate) struct Held {
        pub(crate) begun: oneshot::Receiver<()>,
        go_on: mpsc::Sender<()>,
    }

    impl Held {
        /// Holds what comes behind `hold()`; whatever happens for no longer than a test may take.
        pub(crate) fn new() -> (Self, impl FnOnce() + Send + 'static) {
            let ((say, begun), (go_on, told)) = (oneshot::channel(), mpsc::channel());
            let hold = move || {
                let _ = say.send(());
                let _ = told.recv_timeout(Duration::from_secs(20));
            };
            (Self { begun, go_on }, hold)
        }

        pub(crate) fn let_go(&self) {
            self.go_on.send(()).unwrap();
        }
    }

    fn done<T: Send + 'static>(value: T) -> impl FnOnce() -> Result<T, Infallible> + Send + 'static {
        move || Ok(value)
    }

    /// Lets everything else run that can.
    async fn settle() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_is_beyond_the_queue_is_refused_and_the_rest_is_done_in_its_turn() {
        let drawers = Arc::new(Drawers::new(1, 1));
        let (mut first, hold) = Held::new();
        let draw = |work: Box<dyn FnOnce() -> Result<u8, Infallible> + Send>| {
            let drawers = Arc::clone(&drawers);
            tokio::spawn(async move { drawers.draw(work).await })
        };
        let drawing = draw(Box::new(move || {
            hold();
            Ok(1)
        }));
        (&mut first.begun).await.unwrap();
        let waiting = draw(Box::new(done(2)));
        settle().await;
        assert!(!waiting.is_finished());
        assert_eq!(drawers.draw(done(3)).await, Err(NotDone::Busy));
        first.let_go();
        assert_eq!((drawing.await.unwrap(), waiting.await.unwrap()), (Ok(1), Ok(2)));
        assert_eq!(drawers.draw(done(4)).await, Ok(4));
    }

    #[tokio::test]
    async fn who_goes_away_gives_back_the_place_and_what_was_begun_keeps_its_turn() {
        let drawers = Arc::new(Drawers::new(1, 1));
        let (mut first, hold) = Held::new();
        let drawing = tokio::spawn({
            let drawers = Arc::clone(&drawers);
            async move {
                let work = move || {
                    hold();
                    Ok::<_, Infallible>(())
                };
                drawers.draw(work).await
            }
        });
        (&mut first.begun).await.unwrap();
        drawing.abort();
        assert!(drawing.await.is_err());
        for _ in 0..3 {
            let drawers = Arc::clone(&drawers);
            let waiting = tokio::spawn(async move { drawers.draw(done(2)).await });
            settle().await;
            assert!(!waiting.is_finished(), "the first is still at work");
            waiting.abort();
            assert!(waiting.await.is_err());
        }
        first.let_go();
        assert_eq!(drawers.draw(done(3)).await, Ok(3));
    }

    #[tokio::test]
    async fn work_that_panics_harms_nobody_else() {
        let drawers = Drawers::new(1, 1);
        let broken = drawers.draw(|| -> Result<u8, Infallible> { panic!("out of paper") }).await;
        assert_eq!(broken, Err(NotDone::Broken));
        assert_eq!(drawers.draw(done(2)).await, Ok(2));
    }

    #[tokio::test]
    async fn what_is_being_made_for_one_who_goes_away_is_not_made_again() {
        let (drawers, once) = (Arc::new(Drawers::new(4, 4)), Arc::new(Once::<u8>::default()));
        let (mut first, hold) = Held::new();
        let asking = tokio::spawn({
            let (drawers, once) = (Arc::clone(&drawers), Arc::clone(&once));
            async move {
                let make = move || {
                    hold();
                    Ok::<_, Infallible>(1)
                };
                once.get(&drawers, make).await
            }
        });
        (&mut first.begun).await.unwrap();
        let second = tokio::spawn({
            let (drawers, once) = (Arc::clone(&drawers), Arc::clone(&once));
            async move { once.get(&drawers, done(2)).await }
        });
        asking.abort();
        assert!(asking.await.is_err());
        settle().await;
        first.let_go();
        assert_eq!(second.await.unwrap(), Ok(1));
        assert_eq!(once.get(&drawers, done(3)).await, Ok(1));
    }

    #[tokio::test]
    async fn what_fails_is_tried_again() {
        let (drawers, once) = (Drawers::new(1, 1), Arc::new(Once::<u8>::default()));
        assert_eq!(once.get(&drawers, || Err("out of paper")).await, Err(NotDone::Failed("out of paper")));
        assert_eq!(once.get(&drawers, done(2)).await, Ok(2));
        assert_eq!(Arc::new(Once::from(5_u8)).get(&drawers, done(2)).await, Ok(5));
    }
}
