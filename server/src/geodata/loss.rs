//! So that one mistyped file does not take away what a region has.

/// Whether an import would leave a region with nothing, or with fewer than half of what an earlier import brought it.
/// `before`: `None` where nothing was imported; what the program brings along itself does not count.
pub fn is_loss(now: usize, before: Option<usize>) -> bool {
    now == 0 || before.is_some_and(|before| now < before.div_ceil(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_than_half_is_a_loss_and_half_is_none() {
        assert!(is_loss(0, None) && is_loss(0, Some(0)) && is_loss(2, Some(5)));
        assert!(!is_loss(1, None) && !is_loss(3, Some(5)) && !is_loss(3, Some(6)) && !is_loss(9, Some(6)));
    }
}
